import { describe, expect, test } from 'vitest';
import type { DType } from '../../../src/core/dtype.ts';
import {
  type Augmentation,
  augment,
  DataLoader,
  dropTokens,
  gaussianNoise,
  randomCrop,
  randomGain,
  randomHorizontalFlip,
  randomRotation,
  randomScale,
  randomShift,
  randomTimeShift,
  randomVerticalFlip,
  replaceTokens,
  swapTokens,
  TensorDataset,
} from '../../../src/data/index.ts';
import { ConfigError, DataError } from '../../../src/errors.ts';
import { arange, ones, rand, randint, tensor } from '../../../src/ops/index.ts';
import type { NestedArray, Tensor } from '../../../src/tensor.ts';

/** What the steps make of the samples of `x`. */
async function augmented(x: Tensor, steps: readonly Augmentation[], seed = 1, epoch = 0): Promise<Tensor> {
  const loader = new DataLoader(new TensorDataset(x), { batchSize: x.shape[0], transform: augment(steps), seed });
  return (await loader.epoch(epoch).next()).value![0];
}

const image = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);

/** One image as it comes out. */
async function one(x: Tensor, step: Augmentation, seed = 1): Promise<NestedArray> {
  return ((await augmented(x.reshape([1, ...x.shape]), [step], seed)).toArray() as NestedArray[])[0];
}

describe('images', () => {
  test('flips', async () => {
    expect(await one(image, randomHorizontalFlip({ p: 1 }))).toEqual([
      [3, 2, 1],
      [6, 5, 4],
    ]);
    expect(await one(image, randomVerticalFlip({ p: 1 }))).toEqual([
      [4, 5, 6],
      [1, 2, 3],
    ]);
    expect(await one(image, randomVerticalFlip({ p: 0 }))).toEqual(image.toArray());
    const channels = arange(8).reshape([2, 2, 2]);
    expect(await one(channels, randomVerticalFlip({ p: 1 }))).toEqual([
      [
        [2, 3],
        [0, 1],
      ],
      [
        [6, 7],
        [4, 5],
      ],
    ]);
  });

  test('a part of the samples is flipped', async () => {
    const x = tensor([[0, 1]])
      .expand([1000, 2])
      .reshape([1000, 1, 2]);
    const flipped = Array.from((await augmented(x, [randomHorizontalFlip({ p: 0.3 })])).data).filter(
      (v, i) => i % 2 === 0 && v === 1,
    );
    expect(flipped.length).toBeGreaterThan(250);
    expect(flipped.length).toBeLessThan(350);
  });

  test('a quarter turn counter-clockwise is exact, and so is half a turn of any size', async () => {
    const square = tensor([
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ]);
    expect(await one(square, randomRotation([90, 90]))).toEqual([
      [3, 6, 9],
      [2, 5, 8],
      [1, 4, 7],
    ]);
    expect(await one(image, randomRotation([180, 180]))).toEqual([
      [6, 5, 4],
      [3, 2, 1],
    ]);
    expect(await one(square, randomRotation([-360, -360]))).toEqual(square.toArray());
  });

  test('what is turned in from outside is fill, and a turn there and back is nearly nothing', async () => {
    const turned = await augmented(ones([1, 9, 9]), [randomRotation([45, 45], { fill: 7 })]);
    expect([turned.data[0], turned.data[40]]).toEqual([7, 1]);
    const smooth = tensor(
      Float32Array.from({ length: 21 * 21 }, (_, i) => Math.sin((i % 21) / 6) + Math.floor(i / 21) / 10),
      { shape: [1, 21, 21] },
    );
    const back = await augmented(smooth, [randomRotation([20, 20]), randomRotation([-20, -20])]);
    for (const at of [220, 200, 176, 264]) expect(back.data[at]).toBeCloseTo(smooth.data[at], 1);
  });

  test('scales about the middle, between pixels linearly', async () => {
    const row = tensor([[0, 2, 4, 6, 8]]);
    expect(await one(row, randomScale([2, 2]))).toEqual([[2, 3, 4, 5, 6]]);
    expect(await one(row, randomScale([0.5, 0.5], { fill: -1 }))).toEqual([[-1, 0, 4, 8, -1]]);
  });

  test('shifts and crops take every place, and only those', async () => {
    const x = tensor([[1]])
      .expand([400, 1])
      .reshape([400, 1, 1]);
    const shifted = await augmented(x, [randomCrop(3, { padding: 1 }), randomShift([0, 2], { fill: 9 })]);
    expect(shifted.shape).toEqual([400, 3, 3]);
    const places = new Set<string>();
    for (let i = 0; i < 400; i++) places.add(Array.from(shifted.data.subarray(9 * i + 3, 9 * i + 6)).join());
    expect([...places].sort()).toEqual(['0,1,0', '0,9,9', '1,0,9', '9,0,1', '9,9,0']);
    const crops = await augmented(
      arange(400 * 9)
        .remainder(9)
        .reshape([400, 3, 3]),
      [randomCrop([2, 1])],
    );
    expect(new Set(Array.from(crops.data).filter((_, i) => i % 2 === 0))).toEqual(new Set([0, 1, 2, 3, 4, 5]));
  });

  test('integers are rounded and end where they end', async () => {
    const x = tensor(Uint8Array.of(0, 255, 100, 101), { shape: [1, 1, 4] });
    const noisy = await augmented(x, [gaussianNoise(1e9)]);
    expect(noisy.dtype).toBe('uint8');
    expect(Array.from(noisy.data).every((value) => value === 0 || value === 255)).toBe(true);
    expect(await one(tensor(Uint8Array.of(0, 1, 1, 0), { shape: [1, 4] }), randomScale([2, 2]))).toEqual([
      [1, 1, 1, 1],
    ]);
  });
});

describe('noise', () => {
  test('has the deviation that was asked for, and ends at clip', async () => {
    const noisy = await augmented(ones([10, 2000]), [gaussianNoise(0.5)]);
    const values = Array.from(noisy.data);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean).toBeCloseTo(1, 1);
    expect(Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)).toBeCloseTo(0.5, 1);
    const clipped = Array.from((await augmented(ones([1, 500]), [gaussianNoise(3, { clip: [0, 1] })])).data);
    expect([Math.min(...clipped), Math.max(...clipped)]).toEqual([0, 1]);
  });
});

describe('tokens', () => {
  const tokens = tensor(Int32Array.of(1, 2, 3, 4, 0, 0));

  test('dropped, the rest moves up; padding stays', async () => {
    expect(await one(tokens, dropTokens(1, { padding: 0 }))).toEqual([0, 0, 0, 0, 0, 0]);
    expect(await one(tokens, dropTokens(0, { padding: 0 }))).toEqual([1, 2, 3, 4, 0, 0]);
    const many = await augmented(arange(1, 1001).reshape([1, 1000]), [dropTokens(0.2, { padding: -1 })]);
    const kept = Array.from(many.data).filter((id) => id > 0);
    expect(kept).toEqual([...kept].sort((a, b) => a - b));
    expect(Math.abs(kept.length - 800)).toBeLessThan(50);
    expect(Array.from(many.data.subarray(kept.length)).every((id) => id === -1)).toBe(true);
  });

  test('swapped with a neighbour', async () => {
    expect(await one(tokens, swapTokens(1, { padding: 0 }))).toEqual([2, 1, 4, 3, 0, 0]);
    const many = (await augmented(arange(1000).reshape([1, 1000]), [swapTokens(0.3)])).data;
    expect(Array.from(many).every((id, i) => Math.abs(id - i) <= 1)).toBe(true);
    expect(Array.from(many).sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(Array.from(many).some((id, i) => id !== i)).toBe(true);
  });

  test('replaced by ids up to a number, by one of a list, or by a mask', async () => {
    expect(await one(tokens, replaceTokens(1, { by: [99], padding: 0 }))).toEqual([99, 99, 99, 99, 0, 0]);
    const ids = Array.from((await augmented(ones([1, 500], { dtype: 'int32' }), [replaceTokens(1, { by: 4 })])).data);
    expect(new Set(ids)).toEqual(new Set([0, 1, 2, 3]));
  });
});

describe('waveforms', () => {
  test('shifted, all channels together, silence comes in', async () => {
    const wave = tensor([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ]);
    const seen = new Set<string>();
    for (let seed = 0; seed < 40; seed++) seen.add(JSON.stringify(await one(wave, randomTimeShift(1), seed)));
    expect([...seen].sort()).toEqual(
      ['[[0,1,2,3],[0,5,6,7]]', '[[1,2,3,4],[5,6,7,8]]', '[[2,3,4,0],[6,7,8,0]]'].sort(),
    );
  });

  test('gain', async () => {
    expect(await one(tensor([1, -2]), randomGain([3, 3]))).toEqual([3, -6]);
  });
});

describe('draws', () => {
  const steps = [randomCrop(6, { padding: 1 }), randomRotation(10), randomHorizontalFlip(), gaussianNoise(0.1)];
  const images = () => new TensorDataset(rand([20, 1, 6, 6]), arange(20));

  /** The augmented images by sample. */
  async function bySample(set: TensorDataset, options: object, epoch = 0): Promise<Map<number, string>> {
    const loader = new DataLoader(set, { batchSize: 3, seed: 4, transform: augment(steps), ...options });
    const found = new Map<number, string>();
    for await (const [x, y] of loader.epoch(epoch)) {
      y.data.forEach((sample, i) => {
        found.set(sample, x.data.subarray(36 * i, 36 * (i + 1)).join());
      });
    }
    await loader.close();
    return found;
  }

  test('depend on seed, epoch and sample, not on order, batches or thread', async () => {
    const set = images();
    const inOrder = await bySample(set, {});
    for (const options of [{ shuffle: true }, { batchSize: 20 }, { shuffle: true, prefetch: 2 }]) {
      expect(await bySample(set, options)).toEqual(inOrder);
    }
    expect(await bySample(set, { seed: 5 })).not.toEqual(inOrder);
    expect(await bySample(set, {}, 1)).not.toEqual(inOrder);
    expect(new Set((await bySample(new TensorDataset(ones([20, 1, 6, 6]), arange(20)), {})).values()).size).toBe(20);
  });

  test('leave the data set as it was, and other tensors of the batch', async () => {
    const set = images();
    const before = set.tensors[0].data.join();
    await bySample(set, {});
    expect(set.tensors[0].data.join()).toBe(before);
    const loader = new DataLoader(set, { transform: augment([gaussianNoise(1)], { column: 1 }) });
    const [x] = (await loader.epoch(0).next()).value!;
    expect(x.data).toEqual(set.tensors[0].data.slice(0, 36));
  });
});

describe('refuses', () => {
  test.each<[string, () => unknown]>([
    ['a probability above 1', () => randomHorizontalFlip({ p: 1.5 })],
    ['a range upside down', () => randomRotation([10, -10])],
    ['a factor of 0', () => randomScale([0, 1])],
    ['half a pixel', () => randomShift(0.5)],
    ['an empty crop', () => randomCrop(0)],
    ['a negative deviation', () => gaussianNoise(-1)],
    ['nothing to draw from', () => replaceTokens(0.5, { by: [] })],
    ['what is no step', () => augment([{ kind: 'toString', options: {} }])],
    ['a column that is none', () => augment([], { column: -1 })],
  ])('%s', (_, make) => {
    expect(make).toThrow(ConfigError);
  });

  test.each<[string, Tensor, Augmentation, RegExp]>([
    [
      'a crop larger than the image',
      ones([2, 4, 4]),
      randomCrop(6),
      /smaller than the crop: got \[4, 4\], expected at least 6 × 6/,
    ],
    ['a vector as an image', ones([2, 4]), randomRotation(5), /an image is \[C, H, W\] or \[H, W\]: got \[4\]/],
    ['an image as tokens', ones([2, 4, 4]), swapTokens(0.5), /tokens are a list of ids/],
    ['booleans', ones([2, 4], { dtype: 'bool' as DType }), gaussianNoise(1), /booleans are not augmented/],
  ])('%s', async (_, x, step, message) => {
    await expect(augmented(x, [step])).rejects.toThrow(DataError);
    await expect(augmented(x, [step])).rejects.toThrow(message);
  });

  test('a batch without that tensor', async () => {
    const loader = new DataLoader(new TensorDataset(randint(0, 5, [3])), { transform: augment([], { column: 2 }) });
    await expect(loader.epoch(0).next()).rejects.toThrow(
      /the batch has no such tensor: expected a list of tensors whose number 2/,
    );
  });
});
