/** A linear layer trained by descent: what the regressions share. */

import { defaultGenerator } from '../core/rng.ts';
import { DataLoader, TensorDataset } from '../data/index.ts';
import { ConfigError } from '../errors.ts';
import { Linear } from '../nn/index.ts';
import { binaryCrossEntropyWithLogits, crossEntropy, mean, square, sub, sum } from '../ops/index.ts';
import { SGD } from '../optim/index.ts';
import type { Tensor } from '../tensor.ts';
import { fit } from '../train/index.ts';

export interface DescentOptions {
  /** Learning rate. Default 0.1. */
  lr: number;
  /** The share of the last step's direction that is kept. Default 0. */
  momentum: number;
  /** Passes over the samples at most. Default 100. */
  epochs: number;
  /** Samples a step. Default: all of them. */
  batchSize: number;
  /** End once the mean loss of two epochs differs by less than this. Default 0: go through all epochs. */
  tolerance: number;
  /** Take the samples in random order, drawn from this seed. Without it they keep theirs. */
  seed: number | bigint;
}

export interface Descended {
  readonly linear: Linear;
  /** The mean loss over each epoch, the penalty left out. */
  readonly losses: readonly number[];
}

/** The mean loss of a batch, from the layer's outputs. */
const losses = {
  squared: (y: Tensor, target: Tensor) => mean(sum(square(sub(y, target)), 1)),
  logistic: (y: Tensor, target: Tensor) => binaryCrossEntropyWithLogits(y, target),
  softmax: (y: Tensor, target: Tensor) => crossEntropy(y, target),
} as const;

interface Task extends Partial<DescentOptions> {
  readonly outputs: number;
  readonly bias?: boolean;
  /** λ of the penalty ½λ‖W‖². */
  readonly l2?: number;
  readonly loss: keyof typeof losses;
}

const OPTIONS = ['lr', 'momentum', 'epochs', 'batchSize', 'tolerance', 'seed', 'outputs', 'bias', 'l2', 'loss'];

/**
 * Minimizes the mean loss, and the penalty on the weights, from W = 0 and b = 0.
 *
 * @throws ConfigError      for an unknown option or a bad value
 * @throws DivergenceError  if the loss is no longer finite: the rate is too high
 */
export async function descend(op: string, x: Tensor, y: Tensor, task: Task): Promise<Descended> {
  for (const name of Object.keys(task)) {
    if (!OPTIONS.includes(name)) throw new ConfigError({ op, problem: `unknown option ${name}` });
  }
  const { lr = 0.1, momentum = 0, epochs = 100, batchSize = x.shape[0], tolerance = 0, seed, l2 = 0 } = task;
  if (!(l2 >= 0 && l2 < Infinity)) throw new ConfigError({ op, problem: 'l2 must not be negative', got: l2 });
  const linear = zeroLayer(x, task);
  const others = linear.bias === null ? [] : [{ params: [linear.bias] }];
  const optimizer = new SGD([{ params: [linear.weight], weightDecay: l2 }, ...others], { lr, momentum });
  const loader = new DataLoader(new TensorDataset(x, y), {
    batchSize: Math.min(batchSize, x.shape[0]),
    ...(seed === undefined ? {} : { shuffle: true, seed }),
  });
  const history = await fit(linear, loader, {
    loss: losses[task.loss],
    optimizer,
    epochs,
    ...(tolerance > 0 ? { stop: { change: tolerance } } : {}),
    progress: false,
  });
  return { linear, losses: history.epochs.map(({ trainLoss }) => trainLoss) };
}

/** A layer of zeros. What a new layer draws is drawn back, so that the program's other draws stay what they were. */
function zeroLayer(x: Tensor, { outputs, bias = true }: Task): Linear {
  const state = defaultGenerator.getState();
  const linear = new Linear(x.shape[1], outputs, { bias, dtype: x.dtype as 'float32' | 'float64' });
  defaultGenerator.setState(state);
  for (const parameter of linear.parameters()) parameter.data.fill(0);
  return linear;
}
