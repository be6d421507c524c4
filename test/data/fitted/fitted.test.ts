import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  LabelEncoder,
  MinMaxScaler,
  OneHotEncoder,
  randomSplit,
  SimpleImputer,
  StandardScaler,
  TensorDataset,
  wholeBatch,
} from '../../../src/data/index.ts';
import { ConfigError, DataError, ShapeError } from '../../../src/errors.ts';
import { arange, randn, tensor } from '../../../src/ops/index.ts';
import type { Tensor } from '../../../src/tensor.ts';

const table = tensor([
  [1, 10, 5],
  [2, NaN, 5],
  [3, 40, 5],
]);

function column(x: Tensor, j: number): number[] {
  const width = x.shape[x.rank - 1];
  return Array.from(x.data).filter((_, i) => i % width === j);
}

describe('StandardScaler', () => {
  test('mean 0 and deviation 1 by feature; constant ones are shifted, missing ones left', () => {
    const scaler = new StandardScaler();
    const scaled = scaler.fitTransform(table);
    expect([scaler.mean, scaler.scale]).toEqual([
      [2, 25, 5],
      [Math.sqrt(2 / 3), 15, 1],
    ]);
    expect(column(scaled, 1)).toEqual([-1, NaN, 1]);
    expect(column(scaled, 2)).toEqual([0, 0, 0]);
    expect(scaled.dtype).toBe('float32');
  });

  test('a constant whose mean is rounded is still constant', () => {
    expect(new StandardScaler().fit(tensor(new Float64Array(7).fill(0.1))).scale).toEqual([1]);
  });

  test('is fitted on the training part alone, and undone', () => {
    const [train, test] = randomSplit(new TensorDataset(randn([50, 4]).mul(3).add(7)), [0.8, 0.2], { seed: 1 });
    const [[x], [other]] = [wholeBatch(train), wholeBatch(test)];
    const scaler = new StandardScaler().fit(x);
    expect(Math.abs(column(scaler.transform(x), 0).reduce((a, b) => a + b) / 40)).toBeLessThan(1e-6);
    expect(Math.abs(column(scaler.transform(other), 0).reduce((a, b) => a + b) / 10)).toBeGreaterThan(1e-3);
    const back = scaler.inverseTransform(scaler.transform(other));
    back.data.forEach((value, i) => {
      expect(value).toBeCloseTo(other.data[i], 4);
    });
  });

  test('features lie along any axis; a list is one feature', () => {
    const images = arange(24).reshape([2, 3, 2, 2]);
    const scaler = new StandardScaler({ featureAxis: 1 }).fit(images);
    expect(scaler.mean).toEqual([7.5, 11.5, 15.5]);
    expect(scaler.transform(images).shape).toEqual([2, 3, 2, 2]);
    expect(scaler.transform(images).data[0]).toBeCloseTo((0 - 7.5) / scaler.scale[0], 6);
    expect(new StandardScaler().fit(arange(5)).mean).toEqual([2]);
  });
});

test('MinMaxScaler fills its range, and may be held to it', () => {
  const scaler = new MinMaxScaler({ range: [-1, 1], clip: true }).fit(table);
  expect([scaler.min, scaler.max]).toEqual([
    [1, 10, 5],
    [3, 40, 5],
  ]);
  expect(scaler.transform(tensor([[2, 100, 5]])).toArray()).toEqual([[0, 1, -1]]);
  expect(
    new MinMaxScaler()
      .fit(table)
      .transform(tensor([[4, 25, 6]]))
      .toArray(),
  ).toEqual([[1.5, 0.5, 1]]);
  expect(scaler.inverseTransform(tensor([[0, 1, -1]])).toArray()).toEqual([[2, 40, 5]]);
});

test.each([
  ['mean', [[2], [2, 5, 5, 6]], 4.5],
  ['median', [[], [2, 5, 5, 6]], 5],
  ['mostFrequent', [[], [6, 5, 6, 5, 2]], 5],
  ['constant', [[], [2]], -3],
] as const)('SimpleImputer by %s', (strategy, [, values], expected) => {
  const imputer = new SimpleImputer({ strategy, fillValue: -3 }).fit(tensor([...values, NaN]));
  expect(imputer.fill).toEqual([expected]);
  expect(imputer.transform(tensor([NaN, 1])).toArray()).toEqual([expected, 1]);
});

test('scaling is undone for any values and ranges', () => {
  const values = fc.array(fc.tuple(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: -5, max: 5 })), {
    minLength: 1,
    maxLength: 20,
  });
  fc.assert(
    fc.property(values, (rows) => {
      const x = tensor(Float64Array.from(rows.flat()), { shape: [rows.length, 2] });
      for (const scaler of [new StandardScaler(), new MinMaxScaler({ range: [2, 7] })]) {
        const back = scaler.inverseTransform(scaler.fitTransform(x));
        back.data.forEach((value, i) => {
          expect(Math.abs(value - x.data[i])).toBeLessThan(1e-9);
        });
      }
    }),
    { numRuns: 50 },
  );
});

describe('OneHotEncoder', () => {
  const columns = [
    ['b', 'a', null, 'b'],
    [2, 10, 2, 2],
  ];

  test('a column a category, in order; what is missing is one', () => {
    const encoder = new OneHotEncoder();
    expect(encoder.fitTransform(columns).toArray()).toEqual([
      [0, 1, 0, 1, 0],
      [1, 0, 0, 0, 1],
      [0, 0, 1, 1, 0],
      [0, 1, 0, 1, 0],
    ]);
    expect(encoder.categories).toEqual([
      ['a', 'b', null],
      [2, 10],
    ]);
    expect(encoder.inverseTransform(encoder.transform(columns))).toEqual(columns);
  });

  test('what the training part lacks is an error, or zeros', () => {
    expect(() => new OneHotEncoder().fit(columns).transform([['c'], [2]])).toThrow(
      'column 0 has a value in row 0 that the training part lacks: got "c", expected one of "a", "b", null',
    );
    const lenient = new OneHotEncoder({ handleUnknown: 'ignore' }).fit(columns);
    expect(lenient.transform([['c'], [2]]).toArray()).toEqual([[0, 0, 0, 1, 0]]);
    expect(lenient.inverseTransform(tensor([[0, 0, 0, 1, 0]]))).toEqual([[null], [2]]);
  });
});

test('LabelEncoder', () => {
  const encoder = new LabelEncoder();
  const ids = encoder.fitTransform(['b', 'c', 'a', 'b']);
  expect([ids.dtype, ids.toArray(), encoder.classes]).toEqual(['int32', [1, 2, 0, 1], ['a', 'b', 'c']]);
  expect(encoder.inverseTransform(ids)).toEqual(['b', 'c', 'a', 'b']);
  expect(() => encoder.transform(['a', 'd'])).toThrow(/value 1 is no class that was fitted: got "d"/);
  expect(() => encoder.inverseTransform([3])).toThrow(DataError);
  expect(new LabelEncoder().fit([10, 9, true, 'x']).classes).toEqual([9, 10, true, 'x']);
});

test('a state is plain JSON, and what is made of it does the same', () => {
  const pass = <S>(state: S): S => JSON.parse(JSON.stringify(state));
  const scalers = [
    new StandardScaler({ featureAxis: -1 }),
    new MinMaxScaler({ range: [0, 9] }),
    new SimpleImputer(),
  ] as const;
  const [standard, minMax, imputer] = scalers.map((scaler) => scaler.fit(table));
  const remade = [
    StandardScaler.fromJSON(pass((standard as StandardScaler).toJSON())),
    MinMaxScaler.fromJSON(pass((minMax as MinMaxScaler).toJSON())),
    SimpleImputer.fromJSON(pass((imputer as SimpleImputer).toJSON())),
  ];
  remade.forEach((scaler, i) => {
    expect(scaler.transform(table).data).toEqual(scalers[i].transform(table).data);
  });
  const oneHot = new OneHotEncoder({ handleUnknown: 'ignore' }).fit([['x', null]]);
  expect(
    OneHotEncoder.fromJSON(pass(oneHot.toJSON()))
      .transform([['y', null]])
      .toArray(),
  ).toEqual([
    [0, 0],
    [0, 1],
  ]);
  expect(LabelEncoder.fromJSON(pass(new LabelEncoder().fit(['x']).toJSON())).classes).toEqual(['x']);
});

describe('refuses', () => {
  test.each<[string, () => unknown, new (...args: never[]) => Error]>([
    ['what was not fitted', () => new StandardScaler().transform(table), ConfigError],
    ['other features', () => new StandardScaler().fit(table).transform(tensor([[1, 2]])), ShapeError],
    ['a scalar', () => new MinMaxScaler().fit(tensor(1)), ShapeError],
    ['infinity', () => new StandardScaler().fit(tensor([1, Infinity])), DataError],
    ['a feature without values', () => new SimpleImputer().fit(tensor([[1, NaN]])), DataError],
    ['an empty range', () => new MinMaxScaler({ range: [1, 1] }), ConfigError],
    ['an unknown strategy', () => new SimpleImputer({ strategy: 'toString' as 'mean' }), ConfigError],
    ['an unknown policy', () => new OneHotEncoder({ handleUnknown: 'drop' as 'error' }), ConfigError],
    ['uneven columns', () => new OneHotEncoder().fit([['a'], ['b']]).transform([['a'], []]), ShapeError],
    ['a row of another width', () => new OneHotEncoder().fit([['a']]).inverseTransform(table), ShapeError],
    [
      'the state of another',
      () => StandardScaler.fromJSON(new MinMaxScaler().fit(table).toJSON() as never),
      ConfigError,
    ],
  ])('%s', (_, call, type) => {
    expect(call).toThrow(type);
  });
});
