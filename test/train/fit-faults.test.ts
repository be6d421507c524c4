/** What goes wrong in a training, and two of them at once: nothing is left half-done. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type BatchSource, DataLoader, moduleTransform, TensorDataset } from '../../src/data/index.ts';
import { BufferError, CheckpointError, ConfigError, ShapeError } from '../../src/errors.ts';
import { crossEntropy, evaluate, fit, manualSeed, mul, nn, ones, optim, type Tensor, tensor } from '../../src/index.ts';
import { loadCheckpoint } from '../../src/io/checkpoint.ts';
import { Accuracy, type Metric } from '../../src/metrics/index.ts';
import { temporaryFolder } from '../io/folder.ts';
import { adam, base, bitsOf, type ToyOptions as Options, quadrants, ToyLoader, toyModel } from './toy.ts';

const { x, y } = quadrants(40);
const set = new TensorDataset(tensor(x), tensor(y, { dtype: 'int32' }));
const loaderOf = (more: object = {}) =>
  new DataLoader<Tensor[], Tensor[]>(set, { batchSize: 8, shuffle: true, seed: 1, ...more });
const stepOf = (folder: string) => (loadCheckpoint(folder).documents.progress as { step: number }).step;

/** A source that tells whether its walk was ended. */
class Watched implements BatchSource<Tensor[]> {
  readonly length = 5;
  open = 0;
  readonly #loader = new ToyLoader(40, 8);

  async *epoch(n: number, from = 0): AsyncGenerator<Tensor[]> {
    this.open++;
    try {
      yield* this.#loader.epoch(n, from);
    } finally {
      this.open--;
    }
  }
}

describe('a fault on the way', () => {
  const fail = () => {
    throw new RangeError('mine');
  };
  test.each([
    ['onTrainBegin', 0],
    ['onEpochBegin', 0],
    ['onBatchEnd', 0],
    ['onEpochEnd', 0],
    ['onTrainEnd', 10],
  ])('in %s: the last checkpoint stays, the folder and the batches are given free', async (name, step) => {
    const folder = join(temporaryFolder(), 'run');
    const source = new Watched();
    const model = toyModel();
    model.children()[1].eval();
    const options = { ...base, epochs: 2, checkpoint: folder };
    await expect(fit(model, source, { ...options, callbacks: { [name]: fail } })).rejects.toThrow('mine');
    expect([source.open, existsSync(join(folder, '.lock'))]).toEqual([0, false]);
    expect(model.modules().map(({ training }) => training)).toEqual([true, true, false, true, true]);
    if (name === 'onTrainBegin') expect(existsSync(folder)).toBe(false);
    else expect(stepOf(folder)).toBe(step);
    // The same call goes on, with the bits of one that never failed.
    const [again, whole] = [toyModel(), toyModel()];
    await fit(again, source, { ...options, checkpoint: { folder, resume: true } });
    await fit(whole, new Watched(), { ...base, epochs: 2 });
    expect(bitsOf(again)).toBe(bitsOf(whole));
  });

  test('in a metric, in the loss, in a source that fails to end', async () => {
    const broken = (method: 'update' | 'compute'): Metric => ({
      name: 'broken',
      update: () => {},
      compute: () => 0,
      reset: () => {},
      [method]: fail,
    });
    for (const method of ['update', 'compute'] as const) {
      const source = new Watched();
      const folder = join(temporaryFolder(), 'run');
      const run = fit(toyModel(), source, { ...base, metrics: [broken(method)], checkpoint: folder });
      await expect(run).rejects.toThrow('mine');
      expect([source.open, existsSync(join(folder, '.lock')), stepOf(folder)]).toEqual([0, false, 0]);
    }
    const folder = join(temporaryFolder(), 'run');
    const stuck = {
      length: 5,
      async *epoch() {
        try {
          yield* new ToyLoader(40, 8).epoch(0);
        } finally {
          fail();
        }
      },
    };
    await expect(fit(toyModel(), stuck, { ...base, loss: fail, checkpoint: folder })).rejects.toThrow('mine');
    expect(existsSync(join(folder, '.lock'))).toBe(false);
  });

  test('a callback that throws ends the threads of a loader', async () => {
    const threads = () => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
    const before = threads();
    const transform = moduleTransform(new URL('../data/noisy-transform.ts', import.meta.url));
    const loader = loaderOf({ transform, prefetch: 2 });
    await expect(fit(toyModel(), loader, { ...base, callbacks: { onBatchEnd: fail } })).rejects.toThrow('mine');
    expect(threads()).toBe(before);
  });

  test('a signal that was given before, and in the first epoch', async () => {
    const folder = join(temporaryFolder(), 'run');
    const checkpoint = { folder, resume: true };
    const before = await fit(toyModel(), loaderOf(), { ...base, checkpoint, signal: AbortSignal.abort() });
    expect(before).toMatchObject({ interrupted: true, steps: 0, epochs: [] });
    const controller = new AbortController();
    const callbacks = { onBatchEnd: () => controller.abort() };
    const first = await fit(toyModel(), loaderOf(), { ...base, checkpoint, callbacks, signal: controller.signal });
    expect(first).toMatchObject({ interrupted: true, steps: 1, epochs: [] });
    const [model, whole] = [toyModel(), toyModel()];
    await fit(model, loaderOf(), { ...base, checkpoint });
    await fit(whole, loaderOf(), base);
    expect(bitsOf(model)).toBe(bitsOf(whole));
  });
});

describe('two at once', () => {
  test('one model is refused, and free again afterwards', async () => {
    const model = toyModel();
    const first = fit(model, loaderOf(), base);
    await expect(fit(model, loaderOf(), base)).rejects.toThrow(/is being trained by another call of fit/);
    await first;
    await expect(fit(model, loaderOf(), { ...base, epochs: 0 })).rejects.toThrow(/epochs/);
    await fit(model, loaderOf(), base);
  });

  test('two models share a loader', async () => {
    const loader = loaderOf();
    const run = async (source: DataLoader<Tensor[], Tensor[]>) => {
      const model = toyModel(0);
      await fit(model, source, { ...base, seed: undefined, epochs: 3 });
      return bitsOf(model);
    };
    const alone = await run(loaderOf());
    expect(await Promise.all([run(loader), run(loader)])).toEqual([alone, alone]);
  });
});

describe('batches', () => {
  test('one that is kept beyond its step is a BufferError', async () => {
    const wide = new TensorDataset(ones([16, 300]), ones([16, 300]));
    const kept: Tensor[] = [];
    const options = {
      optimizer: adam,
      step: (model: { forward(x: never): Tensor }, [input, target]: Tensor[]) => {
        kept.push(input);
        return model
          .forward(input as never)
          .sub(target)
          .square()
          .mean();
      },
    };
    const train = (more: object) =>
      fit(new nn.Linear(300, 300), new DataLoader(wide, { batchSize: 8 }), { ...options, ...more });
    await train({});
    expect(() => kept[0].data).toThrow(BufferError);
    kept.length = 0;
    await train({ recycle: false });
    expect(kept[0].data[0]).toBe(1);
  });

  test('none, and empty ones', async () => {
    const empty = new TensorDataset(ones([0, 2]), ones([0]));
    await expect(fit(toyModel(), new DataLoader(empty), base)).rejects.toThrow(/there are no batches/);
    await expect(fit(toyModel(), loaderOf({ batchSize: 50, dropLast: true }), base)).rejects.toThrow(/no batches/);
    const batches = [[ones([4, 2]), tensor([0, 1, 0, 1], { dtype: 'int32' })], [...empty.tensors]];
    await expect(fit(toyModel(), batches, base)).rejects.toThrow(/a batch has no samples \(epoch 1, batch 2\)/);
    await expect(evaluate(toyModel(), batches, { loss: crossEntropy })).rejects.toThrow(ConfigError);
    const { epochs } = await fit(toyModel(), loaderOf({ batchSize: 50 }), base);
    expect(epochs).toHaveLength(1);
  });
});

describe('what is monitored', () => {
  const metric = (values: unknown[]): Metric => {
    let at = 0;
    return { name: 'given', update: () => {}, compute: () => values[at++] as number, reset: () => {} };
  };
  const ends = (values: unknown[], mode: 'min' | 'max', more: Partial<Options> = {}) =>
    fit(toyModel(), loaderOf(), {
      ...base,
      epochs: values.length,
      metrics: [metric(values)],
      earlyStopping: { monitor: 'given', mode, patience: 2 },
      ...more,
    });

  test('a value that is not finite is never the best, and counts as none that is better', async () => {
    const none = await ends([NaN, NaN, 1], 'min');
    expect([none.reason, none.epochs.length, none.best]).toEqual(['early stopping', 2, null]);
    const late = await ends([NaN, 3, NaN, 2, 5, 5, 5], 'min');
    expect([late.epochs.length, late.best]).toEqual([6, { epoch: 4, value: 2 }]);
    const folder = join(temporaryFolder(), 'run');
    const infinite = await ends([1, Infinity], 'max', { checkpoint: folder });
    expect(infinite.best).toEqual({ epoch: 1, value: 1 });
    const more = await ends([2], 'max', { checkpoint: { folder, resume: true }, epochs: 3 });
    expect(more.best).toEqual({ epoch: 3, value: 2 });
  });

  test('what is no number is refused', async () => {
    await expect(ends([[1, 2]], 'min')).rejects.toThrow(/what is monitored must be a number: got given/);
  });
});

describe('what a checkpoint holds', () => {
  /** A loss that learns the weight of a class, and counts its calls. */
  class Learned extends nn.Module {
    readonly scale = new nn.Parameter(tensor([1, 1]));
    readonly calls = tensor([0]);

    forward(output: Tensor, target: Tensor): Tensor {
      this.calls.data[0]++;
      return crossEntropy(mul(output, this.scale), target);
    }
  }
  const withLoss = (loss: Learned, model: nn.Module) => new optim.Adam([...model.parameters(), ...loss.parameters()]);

  test('a loss that has parameters goes on too', async () => {
    const run = async (epochs: number, folder?: string) => {
      const [model, loss] = [toyModel(), new Learned()];
      const checkpoint = folder === undefined ? undefined : { folder, resume: true };
      const earlyStopping = { restoreBest: true };
      const optimizer = (m: nn.Module) => withLoss(loss, m);
      await fit(model, loaderOf(), { ...base, loss, optimizer, epochs, checkpoint, earlyStopping });
      return [bitsOf(model), bitsOf(loss)];
    };
    const whole = await run(3);
    const folder = join(temporaryFolder(), 'run');
    await run(1, folder);
    expect(await run(3, folder)).toEqual(whole);
    expect(whole[1]).not.toEqual(bitsOf(new Learned()));
    await expect(fit(toyModel(), loaderOf(), { ...base, checkpoint: { folder, resume: true } })).rejects.toThrow(
      CheckpointError,
    );
  });

  test('a parameter that would be missing is refused', async () => {
    const stray = new nn.Parameter(tensor([1]));
    const optimizer = (m: nn.Module) => new optim.SGD([...m.parameters(), stray], { lr: 0.1 });
    const folder = join(temporaryFolder(), 'run');
    await expect(fit(toyModel(), loaderOf(), { ...base, optimizer, checkpoint: folder })).rejects.toThrow(
      /parameter #4 of the optimizer belongs neither to the model nor to the loss/,
    );
    expect(existsSync(folder)).toBe(false);
    await fit(toyModel(), loaderOf(), { ...base, optimizer });
  });

  test('a buffer that is no longer finite is not saved; one that never was is', async () => {
    class Masked extends nn.Module {
      readonly mask = tensor([0, -Infinity]);
      readonly norm = new nn.BatchNorm1d(2);
      readonly out = new nn.Linear(2, 2);
      forward(input: Tensor): Tensor {
        return this.out.forward(this.norm.forward(input));
      }
    }
    const model = new Masked();
    const folder = join(temporaryFolder(), 'run');
    await fit(model, loaderOf(), { ...base, checkpoint: folder });
    expect(stepOf(folder)).toBe(5);
    const callbacks = { onBatchEnd: () => void (model.norm.running_var!.data[1] = Infinity) };
    const again = { ...base, epochs: 2, callbacks, checkpoint: { folder, resume: true } };
    await expect(fit(model, loaderOf(), again)).rejects.toThrow(/norm\.running_var is no longer finite.*is kept in/);
    expect(stepOf(folder)).toBe(5);
  });

  test('other data and other options are refused, more epochs are not', async () => {
    const folder = join(temporaryFolder(), 'run');
    const checkpoint = { folder, resume: true };
    const schedule = (o: optim.Optimizer) => new optim.ExponentialLR(o, 0.9);
    await fit(toyModel(), loaderOf(), { ...base, schedule, checkpoint });
    const again = (more: Partial<Options>, options: object = {}) =>
      fit(toyModel(), loaderOf(options), { ...base, schedule, checkpoint, epochs: 2, ...more });
    // Five batches still.
    await expect(again({}, { batchSize: 9 })).rejects.toThrow(/got batchSize 9, expected batchSize 8/);
    await expect(again({}, { seed: 2 })).rejects.toThrow(/got seed 2, expected seed 1/);
    await expect(again({ accumulate: 2 })).rejects.toThrow(/got accumulate 2, expected accumulate 1/);
    await expect(again({ schedule: undefined })).rejects.toThrow(/has the state of a schedule/);
    expect((await again({})).epochs).toHaveLength(2);
  });
});

test('a share whose samples cannot be told apart is refused; a whole batch is not', async () => {
  class Turned extends nn.Module {
    readonly drop = new nn.Dropout(0.5);
    readonly out = new nn.Linear(3, 2);
    forward(input: Tensor): Tensor {
      return this.out.forward(this.drop.forward(input.transpose(0, 1)).transpose(0, 1));
    }
  }
  manualSeed(1);
  const turned = new TensorDataset(ones([8, 3]), tensor(y.slice(0, 8), { dtype: 'int32' }));
  const train = (accumulate: number) =>
    fit(new Turned(), new DataLoader(turned, { batchSize: 4 }), { ...base, accumulate, metrics: [new Accuracy()] });
  await train(1);
  await expect(train(2)).rejects.toThrow(ShapeError);
});
