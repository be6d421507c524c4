/** Why a training ends, and what is left then. */

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DivergenceError } from '../../src/errors.ts';
import { fit, nn, ones, optim, type Tensor, tensor } from '../../src/index.ts';
import { loadCheckpoint } from '../../src/io/checkpoint.ts';
import { temporaryFolder } from '../io/folder.ts';
import { base, type ToyOptions as Options, ToyLoader, toyModel } from './toy.ts';

describe('fit ends', () => {
  /** A model whose loss is what the schedule of a test says. */
  class Scripted extends nn.Module {
    readonly w = new nn.Parameter(tensor([0]));
    readonly #losses: readonly number[];

    constructor(losses: readonly number[]) {
      super();
      this.#losses = losses;
    }

    /** Step by step the weight is one more, and the loss the next. */
    forward(x: Tensor): Tensor {
      const step = Math.round(this.w.item()) - (this.training ? 0 : 1);
      return x
        .mul(0)
        .add(this.#losses[step])
        .add(this.w.mul(0))
        .sub(this.training ? this.w.sub(this.w.detach()) : 0);
    }
  }
  const batches = [[ones([1]), ones([1])]];
  const optimizer = (model: nn.Module) => new optim.SGD(model.parameters(), { lr: 1 });
  const scripted = async (losses: number[], options: Partial<Options>) => {
    const model = new Scripted(losses);
    const history = await fit(
      model,
      { train: batches, validation: batches },
      {
        loss: (output: Tensor) => output.sum(),
        optimizer,
        epochs: losses.length,
        ...options,
      },
    );
    return { history, weight: model.w.item() };
  };

  test('early stopping: so many epochs without a better one, and the best weights', async () => {
    const losses = [5, 4, 3, 3.5, 3, 2.95, 2.99, 9, 1];
    const ends = async (options: object) => {
      const { history, weight } = await scripted(losses, { earlyStopping: options });
      return [history.epochs.length, history.reason, history.best!.epoch, weight];
    };
    expect(await ends({ patience: 2 })).toEqual([5, 'early stopping', 3, 5]);
    expect(await ends({ patience: 2, restoreBest: true })).toEqual([5, 'early stopping', 3, 3]);
    expect(await ends({ patience: 3 })).toEqual([9, 'epochs', 9, 9]);
    expect(await ends({ patience: 3, minDelta: 0.1 })).toEqual([6, 'early stopping', 3, 6]);
    expect(await ends({ patience: 3, mode: 'max', restoreBest: true })).toEqual([4, 'early stopping', 1, 1]);
  });

  test('a loss that stands still, a target, a callback', async () => {
    const losses = [5, 4, 3.9, 3.8, 2, 1.95, 1.9, 0.5];
    const ends = async (options: Partial<Options>) => {
      const { history } = await scripted(losses, options);
      return [history.epochs.length, history.reason];
    };
    expect(await ends({ stop: { change: 0.15 } })).toEqual([3, 'loss change']);
    expect(await ends({ stop: { change: 0.15, epochs: 2 } })).toEqual([4, 'loss change']);
    expect(await ends({ stop: { change: 0.15, epochs: 3 } })).toEqual([8, 'epochs']);
    expect(await ends({ stop: { target: 2 } })).toEqual([5, 'target']);
    const callbacks = {
      onEpochEnd: async ({ epoch }: { epoch: number }, state: { stop(): void }) => epoch === 6 && state.stop(),
    };
    expect(await ends({ callbacks: callbacks as never })).toEqual([6, 'callback']);
  });

  test('callbacks in order, in the middle of an epoch too', async () => {
    const calls: string[] = [];
    const note =
      (name: string) =>
      (...args: { step?: number; epoch?: number }[]) => {
        const { epoch, step } = args.at(-1)!;
        calls.push(`${name} ${epoch}.${step}`);
      };
    const callbacks = [
      {
        onTrainBegin: note('begin'),
        onEpochBegin: note('epoch'),
        onBatchEnd: note('batch'),
        onEpochEnd: note('closed'),
        onTrainEnd: note('end'),
      },
      { onBatchEnd: (_: unknown, state: { step: number; stop(): void }) => state.step === 4 && state.stop() },
    ];
    const history = await fit(toyModel(), new ToyLoader(24, 8), { ...base, epochs: 3, callbacks: callbacks as never });
    expect(calls.join(', ')).toBe(
      'begin 1.0, epoch 1.1, batch 1.1, batch 1.2, batch 1.3, closed 1.3, epoch 2.4, batch 2.4, end 2.4',
    );
    expect(history).toMatchObject({ reason: 'callback', steps: 4 });
  });

  test('divergence names the place, and the last good checkpoint stays', async () => {
    const folder = join(temporaryFolder(), 'run');
    const losses = [5, 4, 3, Number.NaN, 1];
    const diverging = scripted(losses, { checkpoint: folder });
    await expect(diverging).rejects.toThrow(DivergenceError);
    const { history } = loadCheckpoint(folder).documents.fit as { history: unknown[] };
    expect(history).toHaveLength(3);
    expect(loadCheckpoint(folder).weights.w.item()).toBe(3);
    await expect(scripted(losses, { checkpoint: { folder, resume: true } })).rejects.toThrow(
      /diverged in epoch 4, step 4: the loss is NaN.*is kept in/,
    );
    expect(loadCheckpoint(folder).weights.w.item()).toBe(3);
  });

  test('a gradient or a weight that is not finite', async () => {
    const model = toyModel();
    const step = (m: nn.Module) => m.parameters()[0].sum().sub(m.parameters()[0].sum().detach()).sqrt();
    await expect(fit(model, batches, { optimizer, step, clipGradNorm: 1 })).rejects.toThrow(
      /diverged in epoch 1, step 1: .*gradient norm (NaN|Infinity), first in 0.weight/,
    );
    const folder = join(temporaryFolder(), 'run');
    await expect(fit(toyModel(), batches, { optimizer, step, checkpoint: folder })).rejects.toThrow(/no longer finite/);
    expect((loadCheckpoint(folder).documents.progress as { step: number }).step).toBe(0);
  });
});
