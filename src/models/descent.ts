/** A linear layer trained by gradients: what the regressions share. */

import { backward } from '../autograd/index.ts';
import { checkPositiveInteger, type OptionNames } from '../core/options.ts';
import { defaultGenerator } from '../core/rng.ts';
import { DataLoader, TensorDataset } from '../data/index.ts';
import { ConfigError, DivergenceError } from '../errors.ts';
import { Linear } from '../nn/index.ts';
import { add, binaryCrossEntropyWithLogits, crossEntropy, mean, mul, square, sub, sum } from '../ops/index.ts';
import { LBFGS, SGD } from '../optim/index.ts';
import type { Tensor } from '../tensor.ts';
import { fit } from '../train/index.ts';

export interface DescentOptions {
  /** Learning rate. Default 0.1. */
  lr: number;
  /** The share of the last step's direction that is kept. Default 0. */
  momentum: number;
  /** Passes over the samples at most; iterations of L-BFGS. Default 100. */
  epochs: number;
  /** Samples a step. Default: all of them. */
  batchSize: number;
  /** End once the mean loss of two epochs differs by less than this. Default 0: go through all epochs. */
  tolerance: number;
  /** Take the samples in random order, drawn from this seed. Without it they keep theirs. */
  seed: number | bigint;
}

export const DESCENT_OPTIONS: OptionNames<DescentOptions> = {
  lr: true,
  momentum: true,
  epochs: true,
  batchSize: true,
  tolerance: true,
  seed: true,
};

export interface Descended {
  readonly linear: Linear;
  /** The mean loss over each epoch of a descent, the penalty left out; that of each evaluation by L-BFGS. */
  readonly losses: readonly number[];
}

/** The mean loss of a batch, from the layer's outputs. */
const losses = {
  squared: (y: Tensor, target: Tensor) => mean(sum(square(sub(y, target)), 1)),
  logistic: (y: Tensor, target: Tensor) => binaryCrossEntropyWithLogits(y, target),
  softmax: (y: Tensor, target: Tensor) => crossEntropy(y, target),
} as const;

/** How the weights are found: by L-BFGS over all samples, or by stochastic gradient descent. */
export type Minimizer = 'lbfgs' | 'descent';

interface Task extends Partial<DescentOptions> {
  readonly solver: Minimizer;
  readonly outputs: number;
  readonly bias?: boolean;
  /** λ of the penalty ½λ‖W‖². */
  readonly l2?: number;
  readonly loss: keyof typeof losses;
}

const DESCENT = ['lr', 'momentum', 'batchSize', 'seed'] as const;

/**
 * Minimizes the mean loss, and the penalty on the weights, from W = 0 and b = 0.
 *
 * @throws ConfigError      for a bad value, or an option that the solver does not take
 * @throws DivergenceError  if the loss is no longer finite: the rate is too high
 */
export async function descend(op: string, x: Tensor, y: Tensor, task: Task): Promise<Descended> {
  const { solver, l2 = 0, epochs = 100, tolerance = 0 } = task;
  const refuse = (problem: string, got: unknown, hint?: string) => new ConfigError({ op, problem, got, hint });
  if (!(l2 >= 0 && l2 < Infinity)) throw refuse('l2 must not be negative', l2);
  checkPositiveInteger(op, 'epochs', epochs);
  if (!(tolerance >= 0)) throw refuse('tolerance must not be negative', tolerance);
  if (solver === 'descent') return bySteps(x, y, task, zeroLayer(x, task));
  if (solver !== 'lbfgs') throw refuse('unknown solver', solver, 'lbfgs | descent');
  const foreign = DESCENT.find((name) => task[name] !== undefined);
  if (foreign !== undefined) throw refuse('an option of descent', foreign, "solver: 'descent' takes it");
  return byCurvature(op, x, y, task, zeroLayer(x, task));
}

async function bySteps(x: Tensor, y: Tensor, task: Task, linear: Linear): Promise<Descended> {
  const { lr = 0.1, momentum = 0, epochs = 100, batchSize = x.shape[0], tolerance = 0, seed, l2 = 0 } = task;
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

function byCurvature(op: string, x: Tensor, y: Tensor, task: Task, linear: Linear): Descended {
  const { epochs = 100, tolerance = 0, l2 = 0, loss } = task;
  const seen: number[] = [];
  const optimizer = new LBFGS(linear.parameters(), {
    maxIter: epochs,
    historySize: 10,
    lineSearchFn: 'strong_wolfe',
    ...(tolerance > 0 ? { toleranceChange: tolerance } : {}),
  });
  optimizer.step(() => {
    optimizer.zeroGrad();
    const plain = losses[loss](linear.forward(x), y);
    seen.push(plain.item());
    if (!Number.isFinite(seen[seen.length - 1])) {
      throw new DivergenceError({ op, problem: `the loss of evaluation ${seen.length} is ${seen[seen.length - 1]}` });
    }
    const whole = l2 > 0 ? add(plain, mul(sum(square(linear.weight)), l2 / 2)) : plain;
    backward(whole);
    return whole;
  });
  return { linear, losses: seen };
}

/** A layer of zeros. What a new layer draws is drawn back, so that the program's other draws stay what they were. */
function zeroLayer(x: Tensor, { outputs, bias = true }: Task): Linear {
  const state = defaultGenerator.getState();
  const linear = new Linear(x.shape[1], outputs, { bias, dtype: x.dtype as 'float32' | 'float64' });
  defaultGenerator.setState(state);
  for (const parameter of linear.parameters()) parameter.data.fill(0);
  return linear;
}
