import { spawnSync } from 'node:child_process';
import { afterAll, describe, expect, test } from 'vitest';
import { manualSeed } from '../../src/core/rng.ts';
import {
  ArrayDataset,
  DataLoader,
  type DataLoaderOptions,
  map,
  moduleTransform,
  TensorDataset,
  WeightedRandomSampler,
} from '../../src/data/index.ts';
import { BufferError, ConfigError, DataError } from '../../src/errors.ts';
import { arange, randn, zeros } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';
import { root } from '../support/package.ts';

const N = 23;
const noisy = new URL('./noisy-transform.ts', import.meta.url);

/** Samples wide enough that their batches are handed over, and ones that are copied. */
function dataset(width = 200): TensorDataset {
  return new TensorDataset(arange(N * width, undefined, 1, { dtype: 'float32' }).reshape([N, width]), arange(N));
}

async function batchesOf(source: AsyncIterable<Tensor[]>): Promise<number[][][]> {
  const out: number[][][] = [];
  for await (const batch of source) out.push(batch.map((x) => Array.from(x.data)));
  return out;
}

type Options = DataLoaderOptions<Tensor[], Tensor[], Tensor[]>;

function loaderOf(options: Options = {}): DataLoader<Tensor[], Tensor[], Tensor[]> {
  return new DataLoader(dataset(), { batchSize: 4, shuffle: true, seed: 5, ...options });
}

async function labelsOf(loader: DataLoader<Tensor[]>, epoch: number): Promise<number[]> {
  const labels: number[] = [];
  for await (const [, y] of loader.epoch(epoch)) labels.push(...y.data);
  return labels;
}

async function fault(loader: AsyncIterable<unknown>): Promise<DataError> {
  try {
    for await (const _ of loader);
  } catch (error) {
    expect(error).toBeInstanceOf(DataError);
    return error as DataError;
  }
  throw new Error('nothing was thrown');
}

describe('order', () => {
  test('an epoch has every sample once, another order than the next, and the same one again', async () => {
    const loader = loaderOf();
    const [first, second] = [await labelsOf(loader, 0), await labelsOf(loader, 1)];
    expect([...first].sort((a, b) => a - b)).toEqual(Array.from({ length: N }, (_, i) => i));
    expect(second).not.toEqual(first);
    expect(await labelsOf(loaderOf(), 1)).toEqual(second);
    expect(await labelsOf(loaderOf({ seed: 6 }), 1)).not.toEqual(second);
  });

  test('rows of a batch are the samples of its labels', async () => {
    for await (const [x, y] of loaderOf().epoch(3)) {
      expect(Array.from(x.data).filter((_, i) => i % 200 === 0)).toEqual(Array.from(y.data, (label) => label * 200));
    }
  });

  test('the loader itself walks its next epoch', async () => {
    const loader = loaderOf();
    for (const epoch of [0, 1, 2]) expect(await batchesOf(loader)).toEqual(await batchesOf(loaderOf().epoch(epoch)));
  });

  test('memory is taken back when the next batch is asked for, if that was wanted', async () => {
    const kept = batchesOf(loaderOf().epoch(0));
    const walked = loaderOf().epoch(0, 0, { recycle: true });
    const [first] = (await walked.next()).value!;
    expect([Array.from(first.data)]).toEqual((await kept).slice(0, 1).map(([x]) => x));
    expect((await walked.next()).value![0].data).toHaveLength(800);
    expect(() => first.data).toThrow(BufferError);
    expect(await batchesOf(loaderOf().epoch(0, 0, { recycle: true }))).toEqual(await kept);
  });

  test('the last batch may be smaller, or left out', async () => {
    const sizes = async (options: Options) => (await batchesOf(loaderOf(options))).map(([, y]) => y.length);
    expect(await sizes({})).toEqual([4, 4, 4, 4, 4, 3]);
    expect(await sizes({ dropLast: true })).toEqual([4, 4, 4, 4, 4]);
    expect([loaderOf().length, loaderOf({ dropLast: true }).length, loaderOf({ batchSize: 50 }).length]).toEqual([
      6, 5, 1,
    ]);
    expect(await sizes({ batchSize: 50, dropLast: true })).toEqual([]);
  });

  test('without a seed it is that of the default generator, from which nothing is drawn', async () => {
    manualSeed(5);
    const before = JSON.stringify(manualSeed(5).getState());
    expect(await labelsOf(loaderOf({ seed: undefined }), 2)).toEqual(await labelsOf(loaderOf(), 2));
    expect(JSON.stringify(manualSeed(5).getState())).toBe(before);
    manualSeed(0);
  });

  test('a sampler decides', async () => {
    const loader = new DataLoader(dataset(), {
      batchSize: 5,
      sampler: new WeightedRandomSampler([0, 1, 0, 3], 10),
      seed: 1,
    });
    expect(loader.length).toBe(2);
    expect(new Set(await labelsOf(loader, 0))).toEqual(new Set([1, 3]));
  });
});

describe.each([
  ['no transform', undefined],
  ['a function', async ([x, y]: Tensor[]) => [x.mul(2), y]],
  ['a module', moduleTransform(noisy)],
] as const)('%s', (_, transform) => {
  test('the same bits with and without prefetch, by one thread or two, and from any batch on', async () => {
    const plain = await batchesOf(loaderOf({ transform } as Options).epoch(1));
    expect(plain).toHaveLength(6);
    const loader = loaderOf({ transform, prefetch: 3, workers: 2 } as Options);
    for (const from of [0, 1, 2, 3, 4, 5, 6]) {
      expect(await batchesOf(loader.epoch(1, from))).toEqual(plain.slice(from));
    }
    await loader.close();
  });
});

describe('on another thread', () => {
  const options = (made?: unknown): Options => ({ transform: moduleTransform(noisy, made), prefetch: 2 });

  describe('which all of these share: a thread takes long to start', () => {
    const given: { batch: (indices: Int32Array) => Tensor[] } = { batch: () => [] };
    const views = { length: 16, get: () => [], batch: (indices: Int32Array) => given.batch(indices) };
    const loader = new DataLoader<Tensor[], Tensor[], Tensor[]>(views, { batchSize: 4, ...options({ keep: true }) });
    afterAll(() => loader.close());

    test('the data set and what the transform keeps stay as they are', async () => {
      const set = new TensorDataset(randn([N, 400]), arange(N));
      const before = Array.from(set.tensors[0].data);
      given.batch = (indices) => set.batch(indices);
      const batches = await batchesOf(loader.epoch(0));
      for (const [, , kept] of batches) expect(kept).toEqual(batches[0][2]);
      expect(Array.from(set.tensors[0].data)).toEqual(before);
    });

    test('views that a data set gives as a batch are copied, not taken from it', async () => {
      const whole = dataset();
      given.batch = () => [...whole.tensors];
      await batchesOf(loader.epoch(0));
      expect(whole.tensors[0].data[1]).toBe(1);
    });

    test('memory that was taken back, and is now somebody else’s, is not handed over', async () => {
      const wide = new DataLoader(dataset(2000), { batchSize: 4 });
      for await (const _ of wide.epoch(0, 0, { recycle: true }));
      const kept = Array.from({ length: 4 }, () => zeros([4, 2000]));
      given.batch = ([i]) => [kept[i / 4], arange(4)];
      await batchesOf(loader.epoch(0));
      for (const x of kept) expect(x.data.every((value) => value === 0)).toBe(true);
      expect(kept.map(({ data }) => data.length)).toEqual([8000, 8000, 8000, 8000]);
    });

    test('epochs walked at the same time have the batches of one walked alone', async () => {
      const set = dataset();
      given.batch = (indices) => set.batch(indices);
      const alone = [await batchesOf(loader.epoch(1)), await batchesOf(loader.epoch(2))];
      expect(await Promise.all([batchesOf(loader.epoch(1)), batchesOf(loader.epoch(2))])).toEqual(alone);
    });

    test('an error in one epoch leaves another that is being walked its thread', async () => {
      const set = dataset();
      given.batch = (indices) => set.batch(indices);
      const other = loader.epoch(3);
      await other.next();
      given.batch = () => [(() => 0) as never];
      const error = await fault(loader.epoch(4));
      expect(error.message).toMatch(/batch 0 of epoch 4 .* the batch cannot be sent to its thread: /);
      given.batch = (indices) => set.batch(indices);
      expect(await batchesOf(other)).toHaveLength(3);
    });

    test('leaving early ends the thread', async () => {
      const threads = () => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
      const walked = loader.epoch(0);
      await walked.next();
      const before = threads();
      await walked.return();
      expect(threads()).toBeLessThan(before);
    });
  });

  const expectBroken = (error: DataError) => {
    expect(error.message).toBe(
      'DataLoader: the transform failed in batch 2 of epoch 4 (samples 8, 9, 10, 11): sample 11 is broken',
    );
    expect([error.code, error.index, error.cause instanceof RangeError]).toEqual(['ERR_DATA', 11, true]);
  };

  test('an error names the batch and the sample, without a thread', async () => {
    expectBroken(await fault(loaderOf({ ...options({ failAt: 11 }), shuffle: false, prefetch: 0 }).epoch(4)));
  });

  test('with one too; a batch that cannot leave it, and one that ends it: the next epoch has a new one', async () => {
    const loader = loaderOf({ ...options({ failAt: 11, unsendableAt: 17, exitAt: 22 }), shuffle: false });
    // An epoch that is being walked keeps the thread for those that fail.
    await loader.epoch(0).next();
    expectBroken(await fault(loader.epoch(4)));
    expect((await fault(loader.epoch(0, 4))).message).toMatch(
      /batch 4 of epoch 0 .*the batch cannot leave its thread: DataCloneError/,
    );
    expect((await fault(loader.epoch(0, 5))).message).toMatch(/batch 5 of epoch 0 .*its thread ended with exit code 3/);
    expect((await loader.epoch(0, 1).next()).value).toHaveLength(2);
    await loader.close();
  });

  test.each([
    ['no module there', [0, 1], new URL('./nothing.ts', import.meta.url), {}, /nothing\.ts/],
    ['an export that is none', [0], noisy, { exportName: 'absent' }, /exports no function absent/],
    [
      'an export that is no function',
      [0],
      noisy,
      { exportName: 'notAFunction' },
      /exports no function notAFunction: got 7/,
    ],
    ['a function that makes no transform', [0], noisy, { exportName: 'makesNothing' }, /made none: got 7/],
  ])('%s is an error (prefetch %j)', async (_, prefetches, module, named, message) => {
    for (const prefetch of prefetches) {
      const loader = loaderOf({ transform: moduleTransform(module, undefined, named), prefetch });
      expect((await fault(loader)).message).toMatch(message);
      await loader.close();
    }
  });

  test('a process ends with its program, and with an epoch half walked', () => {
    const program = `
      import { DataLoader, moduleTransform, TensorDataset } from './src/data/index.ts';
      import { arange, zeros } from './src/ops/index.ts';
      const set = new TensorDataset(zeros([${N}, 300]), arange(${N}));
      const options = { batchSize: 4, prefetch: 2, transform: moduleTransform(${JSON.stringify(noisy.href)}) };
      const loader = new DataLoader(set, options);
      for await (const batch of loader);
      const half = loader.epoch(0);
      console.log((await half.next()).value[0].shape.join());`;
    const run = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      cwd: root,
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect([run.status, run.stdout, run.stderr]).toEqual([0, '4,300\n', '']);
  });
});

describe('refuses', () => {
  test.each([
    [{ batchSize: 0 }, /batchSize is out of range: got 0/],
    [{ batchSize: 2.5 }, /batchSize/],
    [{ prefetch: -1 }, /prefetch/],
    [{ workers: 0 }, /workers/],
    [{ seed: -1 }, /seed/],
    [{ sampler: new WeightedRandomSampler([1], 1) }, /a sampler decides the order/],
    [{ batch_size: 4 }, /unknown option: got batch_size/],
  ])('%j', (options, message) => {
    expect(() => loaderOf(options as Options)).toThrow(message);
    expect(() => loaderOf(options as Options)).toThrow(ConfigError);
  });

  test('an epoch or a batch that there is not', () => {
    for (const [n, from] of [
      [-1, 0],
      [0.5, 0],
      [2 ** 28, 0],
      [0, 7],
      [0, -1],
    ]) {
      expect(() => loaderOf().epoch(n, from)).toThrow(ConfigError);
    }
  });

  test('a sample that throws, by its index; those before it still come', async () => {
    const broken = map(new ArrayDataset([0, 1, 2, 3, 4]), (x) => {
      if (x === 3) throw new TypeError('no such file');
      return x;
    });
    const loader = new DataLoader(broken, { batchSize: 2 });
    const error = await fault(loader);
    expect([error.message, error.index]).toEqual(['DataLoader: sample 3 cannot be had: no such file', 3]);
    const walked = loader.epoch(0);
    expect((await walked.next()).value?.toArray()).toEqual([0, 1]);
  });

  test('samples that make no batch', async () => {
    const uneven = new DataLoader(new ArrayDataset([[1], [1, 2]]), { batchSize: 2 });
    expect((await fault(uneven)).message).toMatch(/samples 0, 1 make no batch: .*unlike the first: got a list of 2/);
  });
});
