import { describe, expect, test } from 'vitest';
import {
  ArrayDataset,
  ConcatDataset,
  collate,
  DataLoader,
  map,
  RandomSampler,
  SequentialSampler,
  Subset,
  TensorDataset,
  WeightedRandomSampler,
  wholeBatch,
  windows,
} from '../../src/data/index.ts';
import { ConfigError, ShapeError } from '../../src/errors.ts';
import { arange, tensor, zeros } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';

const pairs = () => new TensorDataset(arange(6).reshape([3, 2]), tensor([7, 8, 9]));
const arrays = (batch: readonly Tensor[]) => batch.map((x) => x.toArray());

describe('TensorDataset', () => {
  test('samples are rows as views, batches copies', () => {
    const x = arange(6).reshape([3, 2]);
    const set = new TensorDataset(x, tensor([7, 8, 9]));
    expect(arrays(set.get(2))).toEqual([[4, 5], 9]);
    set.get(0)[0].data[0] = 100;
    expect(x.data[0]).toBe(100);
    const [batch] = set.batch(Int32Array.of(2, 0, 2));
    expect(batch.toArray()).toEqual([
      [4, 5],
      [100, 1],
      [4, 5],
    ]);
    batch.data[0] = -1;
    expect(x.data[4]).toBe(4);
  });

  test('rows of any width and dtype', () => {
    for (const dtype of ['float32', 'float64', 'int32', 'uint8', 'bool'] as const) {
      for (const width of [0, 1, 23, 24, 300]) {
        const x = arange(4 * width)
          .remainder(2)
          .to(dtype)
          .reshape([4, width]);
        const [batch] = new TensorDataset(x).batch(Int32Array.of(3, 1));
        expect([batch.dtype, batch.shape]).toEqual([dtype, [2, width]]);
        expect([...batch.data]).toEqual([...x.data.subarray(3 * width), ...x.data.subarray(width, 2 * width)]);
      }
    }
  });

  test('a slice of a larger tensor, and one without samples', () => {
    const [x] = new TensorDataset(arange(10).reshape([5, 2]).narrow(0, 2, 3)).batch(Int32Array.of(0));
    expect(x.toArray()).toEqual([[4, 5]]);
    expect(new TensorDataset(zeros([0, 3])).batch(new Int32Array())[0].shape).toEqual([0, 3]);
  });

  test('refuses', () => {
    expect(() => new TensorDataset()).toThrow(ShapeError);
    expect(() => new TensorDataset(tensor(1))).toThrow(/along the first axis/);
    expect(() => new TensorDataset(zeros([2]), zeros([3]))).toThrow(/differ in their number of samples: got 2, 3/);
    for (const index of [-1, 3, 0.5, NaN]) expect(() => pairs().get(index)).toThrow(/no such sample/);
    expect(() => pairs().batch(Int32Array.of(0, 3))).toThrow(/no such sample: got 3, expected 0 to 2/);
  });
});

describe('data sets of data sets', () => {
  test('map', () => {
    const doubled = map(new ArrayDataset([1, 2, 3]), (x, i) => [x * 2, i]);
    expect([doubled.length, doubled.get(2)]).toEqual([3, [6, 2]]);
  });

  test('Subset, of a subset too, hands batches on', () => {
    const subset = new Subset(new Subset(pairs(), [2, 1, 0]), [1, 0]);
    expect(arrays(subset.get(1))).toEqual([[4, 5], 9]);
    expect(arrays(subset.batch!(Int32Array.of(1, 1)))).toEqual([
      [
        [4, 5],
        [4, 5],
      ],
      [9, 9],
    ]);
    expect(new Subset(new ArrayDataset(['a', 'b']), [1]).batch).toBeUndefined();
    expect(() => new Subset(pairs(), [3])).toThrow(ShapeError);
    expect(() => subset.get(2)).toThrow(ShapeError);
    expect(() => subset.batch!(Int32Array.of(2))).toThrow(ShapeError);
  });

  test('ConcatDataset, empty ones among them', () => {
    const whole = new ConcatDataset([new ArrayDataset([1, 2]), new ArrayDataset<number>([]), new ArrayDataset([3])]);
    expect([0, 1, 2].map((i) => whole.get(i))).toEqual([1, 2, 3]);
    expect(whole.length).toBe(3);
    expect(() => whole.get(3)).toThrow(ShapeError);
    expect(() => new ConcatDataset([])).toThrow(ConfigError);
  });

  test('whole batches, gathered or collated', async () => {
    expect(arrays(wholeBatch(new Subset(pairs(), [2, 0])))).toEqual([
      [
        [4, 5],
        [0, 1],
      ],
      [9, 7],
    ]);
    const joined = new ConcatDataset([pairs(), pairs()]);
    expect(wholeBatch(joined)[1].toArray()).toEqual([7, 8, 9, 7, 8, 9]);
    const batches: unknown[] = [];
    for await (const [, y] of new DataLoader(joined, { batchSize: 4 })) batches.push(y.toArray());
    expect(batches).toEqual([
      [7, 8, 9, 7],
      [8, 9],
    ]);
  });
});

describe('collate', () => {
  test('tensors, numbers, booleans, typed arrays, lists, objects, anything else', () => {
    const batch = collate([
      { x: tensor([1, 2]), y: 3, flag: true, name: 'a', list: [Float32Array.of(1), 5] as const, none: null },
      { x: tensor([3, 4]), y: 4, flag: false, name: 'b', list: [Float32Array.of(2), 6] as const, none: null },
    ]);
    expect(batch.x.toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect([batch.y.dtype, batch.y.toArray(), batch.flag.toArray()]).toEqual(['float32', [3, 4], [true, false]]);
    expect([batch.name, batch.none]).toEqual([
      ['a', 'b'],
      [null, null],
    ]);
    expect([batch.list[0].toArray(), batch.list[1].toArray()]).toEqual([
      [[1], [2]],
      [5, 6],
    ]);
    expect(collate([Int32Array.of(1), Int32Array.of(2)]).dtype).toBe('int32');
  });

  test.each<[string, unknown[], RegExp]>([
    ['shapes', [tensor([1]), tensor([1, 2])], /place 1 .*got float32 \[2\], expected float32 \[1\]/],
    ['dtypes', [tensor([1]), tensor([1], { dtype: 'int32' })], /got int32 \[1\]/],
    ['a tensor and none', [tensor([1]), 1], /got number/],
    ['a number and none', [1, 'a'], /got string, expected number/],
    ['lists', [[1], [1, 2]], /got a list of 2, expected a list of 1/],
    ['objects', [{ a: 1 }, { b: 1 }], /got \{ b \}, expected \{ a \}/],
    ['typed arrays', [Float32Array.of(1), Float32Array.of(1, 2)], /got float32 \[2\]/],
  ])('refuses different %s', (_, samples, message) => {
    expect(() => collate(samples)).toThrow(message);
    expect(() => collate(samples)).toThrow(ShapeError);
  });
});

describe('samplers', () => {
  test('in order, or any order', () => {
    expect([...new SequentialSampler(3).indices()]).toEqual([0, 1, 2]);
    const sampler = new RandomSampler(50);
    expect([...sampler.indices(0, 1n)].sort((a, b) => a - b)).toEqual([...new SequentialSampler(50).indices()]);
    expect(sampler.indices(1, 1n)).not.toEqual(sampler.indices(0, 1n));
    const few = new RandomSampler(50, { numSamples: 10 }).indices(2, 1n);
    expect([few.length, new Set(few).size]).toEqual([10, 10]);
    expect(new RandomSampler(3, { replacement: true, numSamples: 100 }).indices(0, 1n)).toHaveLength(100);
    expect(() => new RandomSampler(3, { numSamples: 4 })).toThrow(ConfigError);
  });

  test('by weight: as often as the weights say', () => {
    const drawn = new WeightedRandomSampler([1, 0, 3], 20_000).indices(0, 5n);
    const counts = [0, 0, 0];
    for (const i of drawn) counts[i]++;
    expect(counts[1]).toBe(0);
    expect(Math.abs(counts[2] / 20_000 - 0.75)).toBeLessThan(0.015);
  });

  test('by weight, each once: first the heavy ones', () => {
    let first = 0;
    for (let epoch = 0; epoch < 2000; epoch++) {
      const drawn = new WeightedRandomSampler([1, 0, 3], 2, { replacement: false }).indices(epoch, 5n);
      expect([...drawn].sort()).toEqual([0, 2]);
      if (drawn[0] === 2) first++;
    }
    expect(Math.abs(first / 2000 - 0.75)).toBeLessThan(0.04);
  });

  test('refuses weights that are none', () => {
    expect(() => new WeightedRandomSampler([1, -1], 1)).toThrow(/weight 1 is out of range: got -1/);
    expect(() => new WeightedRandomSampler([0, 0], 1)).toThrow(/no weight is above 0/);
    expect(() => new WeightedRandomSampler([1, 0], 2, { replacement: false })).toThrow(ConfigError);
    expect(() => new WeightedRandomSampler([NaN], 1)).toThrow(ConfigError);
  });
});

describe('windows', () => {
  test('what was seen and what came next, as views and as batches', () => {
    const set = windows(arange(12).reshape([6, 2]), { length: 2, horizon: 1, stride: 2 });
    expect(set.length).toBe(2);
    expect(arrays(set.get(1))).toEqual([
      [
        [4, 5],
        [6, 7],
      ],
      [[8, 9]],
    ]);
    expect(arrays(set.batch(Int32Array.of(1, 0)))).toEqual([
      [
        [
          [4, 5],
          [6, 7],
        ],
        [
          [0, 1],
          [2, 3],
        ],
      ],
      [[[8, 9]], [[4, 5]]],
    ]);
  });

  test('batches are the samples, whatever the options', () => {
    for (const [length, horizon, stride] of [
      [1, 0, 1],
      [3, 2, 1],
      [4, 1, 3],
      [10, 0, 1],
      [5, 5, 2],
    ]) {
      const set = windows(arange(10), { length, horizon, stride, target: arange(10).mul(10) });
      expect(set.length).toBe(Math.floor((10 - length - horizon) / stride) + 1);
      expect(arrays(wholeBatch(set))).toEqual(
        [0, 1].map((part) => Array.from({ length: set.length }, (_, i) => set.get(i)[part].toArray())),
      );
    }
  });

  test('refuses', () => {
    expect(() => windows(arange(3), { length: 3 })).toThrow(/shorter than one window: got 3, expected 4 steps or more/);
    expect(() => windows(arange(3), { length: 0 })).toThrow(ConfigError);
    expect(() => windows(arange(3), { length: 1, target: arange(4) })).toThrow(ShapeError);
    expect(() => windows(arange(3), { length: 1 }).get(2)).toThrow(ShapeError);
  });
});
