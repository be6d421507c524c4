import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ArrayDataset,
  type Dataset,
  kFold,
  randomSplit,
  type Subset,
  splitByTime,
  stratifiedSplit,
  TensorDataset,
  trainTestSplit,
} from '../../src/data/index.ts';
import { ConfigError, ShapeError } from '../../src/errors.ts';
import { tensor } from '../../src/index.ts';

const samples = (n: number) => new ArrayDataset(Array.from({ length: n }, (_, i) => i));
const all = (n: number) => Array.from({ length: n }, (_, i) => i);
const indicesOf = (parts: readonly Subset<number, unknown>[]): number[] => parts.flatMap(({ indices }) => [...indices]);
const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);
const valuesOf = (set: Dataset<number, unknown>) => all(set.length).map((i) => set.get(i));

/** Labels with classes of very different sizes. */
const labelLists = fc.array(
  fc.nat({ max: 4 }).map((x) => (x === 4 ? 0 : x)),
  { minLength: 4, maxLength: 80 },
);

function countIn(part: Subset<number, unknown>, labels: readonly number[], label: number): number {
  return part.indices.reduce((n, i) => n + (labels[i] === label ? 1 : 0), 0);
}

describe('randomSplit', () => {
  test('sizes and fractions, as PyTorch rounds them', () => {
    expect(randomSplit(samples(10), [7, 2, 1]).map(({ length }) => length)).toEqual([7, 2, 1]);
    expect(randomSplit(samples(11), [0.5, 0.25, 0.25]).map(({ length }) => length)).toEqual([6, 3, 2]);
    expect(randomSplit(samples(10), [0.7, 0.2, 0.1]).map(({ length }) => length)).toEqual([7, 2, 1]);
    expect(randomSplit(samples(1), [1]).map(({ length }) => length)).toEqual([1]);
    expect(randomSplit(samples(3), [0, 1]).map(({ length }) => length)).toEqual([0, 3]);
  });

  test('every sample once, by the seed', () => {
    const parts = randomSplit(samples(30), [0.6, 0.4], { seed: 3 });
    expect(sorted(indicesOf(parts))).toEqual(all(30));
    expect(indicesOf(randomSplit(samples(30), [0.6, 0.4], { seed: 3 }))).toEqual(indicesOf(parts));
    expect(indicesOf(randomSplit(samples(30), [0.6, 0.4], { seed: 4 }))).not.toEqual(indicesOf(parts));
    expect(valuesOf(parts[1])).toEqual([...parts[1].indices]);
  });

  test.each([[[5, 6]], [[0.5, 0.4]], [[-0.5, 1.5]], [[]], [[Infinity]]])('refuses %j', (parts) => {
    expect(() => randomSplit(samples(10), parts)).toThrow(ConfigError);
  });
});

test('stratifiedSplit: every sample once, in each part each class within two of its share', () => {
  fc.assert(
    fc.property(
      labelLists,
      fc.constantFrom([0.8, 0.2], [0.5, 0.5], [0.7, 0.15, 0.15], [0.34, 0.33, 0.33]),
      fc.nat(),
      (labels, parts, seed) => {
        const split = stratifiedSplit(samples(labels.length), labels, parts, { seed });
        expect(sorted(indicesOf(split))).toEqual(all(labels.length));
        for (const label of new Set(labels)) {
          const members = labels.filter((other) => other === label).length;
          split.forEach((part, i) => {
            const share = (part.length / labels.length) * members;
            expect(Math.abs(countIn(part, labels, label) - share), `part ${i}`).toBeLessThan(2);
          });
        }
      },
    ),
    { numRuns: 100 },
  );
});

test('stratifiedSplit: classes that divide evenly are divided so', () => {
  const labels = all(150).map((i) => Math.floor(i / 50));
  const [train, test] = stratifiedSplit(samples(150), labels, [0.8, 0.2], { seed: 1 });
  for (const label of [0, 1, 2])
    expect([countIn(train, labels, label), countIn(test, labels, label)]).toEqual([40, 10]);
  expect(train.indices.slice(0, 9)).not.toEqual(Int32Array.from(sorted([...train.indices.slice(0, 9)])));
  expect(() => stratifiedSplit(samples(3), [1, 2], [0.5, 0.5])).toThrow(ShapeError);
});

describe('kFold', () => {
  test('each sample is held out once and trained on otherwise; folds differ by one sample', () => {
    const options = fc.record({
      n: fc.integer({ min: 2, max: 60 }),
      k: fc.integer({ min: 2, max: 10 }),
      seed: fc.nat(),
      shuffle: fc.boolean(),
    });
    fc.assert(
      fc.property(options, ({ n, k, seed, shuffle }) => {
        fc.pre(n >= k);
        const folds = kFold(samples(n), { k, seed, shuffle });
        expect(folds).toHaveLength(k);
        expect(sorted(indicesOf(folds.map(({ validation }) => validation)))).toEqual(all(n));
        for (const { train, validation } of folds) {
          expect(sorted(indicesOf([train, validation]))).toEqual(all(n));
          expect(Math.abs(validation.length - n / k)).toBeLessThan(1);
          if (!shuffle)
            expect([...validation.indices]).toEqual(all(validation.length).map((i) => validation.indices[0] + i));
        }
      }),
      { numRuns: 60 },
    );
  });

  test('stratified, each class is spread evenly, and so is the whole', () => {
    fc.assert(
      fc.property(labelLists, fc.integer({ min: 2, max: 4 }), fc.boolean(), (labels, k, shuffle) => {
        const folds = kFold(samples(labels.length), { k, shuffle, stratify: labels, seed: 1 });
        expect(sorted(indicesOf(folds.map(({ validation }) => validation)))).toEqual(all(labels.length));
        for (const label of new Set(labels)) {
          const members = labels.filter((other) => other === label).length;
          for (const { validation } of folds) {
            expect(Math.abs(countIn(validation, labels, label) - members / k)).toBeLessThan(1);
            expect(Math.abs(validation.length - labels.length / k)).toBeLessThan(1);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('by the seed', () => {
    const first = (seed: number) => [...kFold(samples(20), { seed })[0].validation.indices];
    expect(first(1)).toEqual(first(1));
    expect(first(1)).not.toEqual(first(2));
  });

  test('refuses', () => {
    expect(() => kFold(samples(3), { k: 4 })).toThrow(ConfigError);
    expect(() => kFold(samples(3), { k: 1 })).toThrow(ConfigError);
    expect(() => kFold(samples(3), { k: 2, stratify: [1] })).toThrow(ShapeError);
  });
});

test('trainTestSplit', () => {
  const { train, test: held } = trainTestSplit(samples(10), { seed: 1 });
  expect([train.length, held.length, sorted(indicesOf([train, held]))]).toEqual([7, 3, all(10)]);
  expect(trainTestSplit(samples(10), { testSize: 4 }).test.length).toBe(4);
  const labels = all(20).map((i) => i % 2);
  expect(countIn(trainTestSplit(samples(20), { testSize: 0.5, stratify: labels, seed: 2 }).test, labels, 1)).toBe(5);
  for (const testSize of [0, 10, 2.5, -0.1])
    expect(() => trainTestSplit(samples(10), { testSize })).toThrow(ConfigError);
});

test('splitByTime keeps the order, and may leave gaps', () => {
  expect(splitByTime(samples(10), [0.6, 0.2, 0.2]).map(valuesOf)).toEqual([
    [0, 1, 2, 3, 4, 5],
    [6, 7],
    [8, 9],
  ]);
  expect(splitByTime(samples(10), [0.5, 0.5], { gap: 2 }).map(valuesOf)).toEqual([
    [0, 1, 2, 3],
    [6, 7, 8, 9],
  ]);
  expect(splitByTime(samples(10), [5, 3], { gap: 2 }).map(valuesOf)).toEqual([
    [0, 1, 2, 3, 4],
    [7, 8, 9],
  ]);
  expect(() => splitByTime(samples(3), [0.5, 0.5], { gap: 4 })).toThrow(ConfigError);
});

test.each([
  ['kFold', () => kFold(samples(9), 3 as never), 'options come as an object: got 3'],
  ['kFold', () => kFold(samples(9), { folds: 3 } as object), 'unknown option: got folds'],
  ['trainTestSplit', () => trainTestSplit(samples(9), { test_size: 2 } as object), 'did you mean testSize?'],
  ['randomSplit', () => randomSplit(tensor([1, 2]) as never, [1, 1]), 'this is no data set: got a Tensor'],
  ['stratifiedSplit', () => stratifiedSplit([1, 2] as never, [0, 0], [1, 1]), 'this is no data set: got a list'],
  ['splitByTime', () => splitByTime(samples(9), [1], { gaps: 1 } as object), 'did you mean gap?'],
])('%s says what is wrong with its arguments', (op, call, problem) => {
  expect(call).toThrow(ConfigError);
  expect(call).toThrow(`${op}: `);
  expect(call).toThrow(problem);
});

test('parts print as what they are parts of', () => {
  const [part] = randomSplit(
    new TensorDataset(
      tensor([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
      tensor([0, 1, 0]),
    ),
    [2, 1],
  );
  expect(inspect(part)).toBe('Subset(2 of TensorDataset(3 × float32 [2], float32 []))');
});
