/** Batch and instance normalisation: modules that keep running statistics of their channels. */

import { checkOptions, checkPositiveInteger, type OptionNames } from '../core/options.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { ConfigError, ShapeError } from '../errors.ts';
import { batchNorm, full, instanceNorm, written } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { checkEps, checkFloatDType, constantParameter, type FloatDType } from './make-parameter.ts';
import { Module } from './module.ts';
import type { Parameter } from './parameter.ts';

interface NormOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number;
  /** Learn a scale and an offset for each channel. */
  affine?: boolean;
  /** Keep running statistics, and use them in evaluation. */
  trackRunningStats?: boolean;
  dtype?: FloatDType;
}

export interface BatchNormModuleOptions extends NormOptions {
  /**
   * How far the running statistics go towards those of each batch; null makes them the averages over all batches so far.
   * Default 0.1.
   */
  momentum?: number | null;
}

export interface InstanceNormModuleOptions extends NormOptions {
  /** How far the running statistics go towards those of each batch. Default 0.1. */
  momentum?: number;
}

const OPTIONS: OptionNames<BatchNormModuleOptions> = {
  eps: true,
  momentum: true,
  affine: true,
  trackRunningStats: true,
  dtype: true,
};

/** What normalises channels and may keep their statistics, under PyTorch's names. */
class StatisticsNorm extends Module {
  readonly numFeatures: number;
  readonly eps: number;
  readonly momentum: number | null;
  readonly trackRunningStats: boolean;
  weight: Parameter | null;
  bias: Parameter | null;
  running_mean: Tensor | null = null;
  running_var: Tensor | null = null;
  num_batches_tracked: Tensor | null = null;

  constructor(numFeatures: number, options: Required<BatchNormModuleOptions>) {
    super();
    const name = this.constructor.name;
    checkOptions(name, options, OPTIONS);
    const { eps, momentum, affine, trackRunningStats, dtype } = options;
    this.numFeatures = checkPositiveInteger(name, 'numFeatures', numFeatures);
    this.eps = checkEps(name, eps);
    if (momentum !== null && !Number.isFinite(momentum)) {
      throw new ConfigError({ op: name, problem: 'momentum must be a number', got: momentum });
    }
    this.momentum = momentum;
    this.trackRunningStats = trackRunningStats;
    checkFloatDType(name, dtype);
    this.weight = affine ? constantParameter([numFeatures], 1, dtype) : null;
    this.bias = affine ? constantParameter([numFeatures], 0, dtype) : null;
    if (!trackRunningStats) return;
    this.running_mean = full([numFeatures], 0, { dtype });
    this.running_var = full([numFeatures], 1, { dtype });
    this.num_batches_tracked = full([], 0, { dtype: 'int32' });
  }

  /** @throws ShapeError  if x has not one of the ranks, or other channels */
  protected check(x: Tensor, ranks: readonly number[], channelAxis: number): void {
    if (ranks.includes(x.rank) && x.shape[channelAxis] === this.numFeatures) return;
    throw new ShapeError({
      op: this.constructor.name,
      problem: 'the input does not fit',
      got: x.shape,
      expected: `${ranks.join(' or ')} axes with ${this.numFeatures} channels on axis ${channelAxis}`,
    });
  }

  /** A scale and an offset for each element. */
  multiplyAdds(_inputs: readonly Shape[], output: Shape): number {
    return sizeOf(output);
  }

  override extraRepr(): string {
    const affine = this.weight === null ? ', affine: false' : '';
    const track = this.trackRunningStats ? '' : ', trackRunningStats: false';
    return `${this.numFeatures}, eps: ${this.eps}, momentum: ${this.momentum}${affine}${track}`;
  }
}

class BatchNorm extends StatisticsNorm {
  readonly #ranks: readonly number[];

  constructor(ranks: readonly number[], numFeatures: number, options: BatchNormModuleOptions) {
    super(numFeatures, {
      eps: 1e-5,
      momentum: 0.1,
      affine: true,
      trackRunningStats: true,
      dtype: 'float32',
      ...options,
    });
    this.#ranks = ranks;
  }

  forward(x: Tensor): Tensor {
    this.check(x, this.#ranks, 1);
    const { weight, bias, running_mean, running_var, num_batches_tracked, eps } = this;
    const tracked = running_mean !== null && running_var !== null;
    if (!this.training && tracked) {
      return batchNorm(x, { weight, bias, runningMean: running_mean, runningVar: running_var, eps });
    }
    if (!this.training || !tracked) return batchNorm(x, { weight, bias, training: true, eps });
    const seen = (num_batches_tracked?.data[0] ?? 0) + 1;
    const momentum = this.momentum ?? 1 / seen;
    const y = batchNorm(x, {
      ...{ weight, bias, runningMean: running_mean, runningVar: running_var },
      ...{ training: true, momentum, eps },
    });
    if (num_batches_tracked !== null) {
      written('BatchNorm', num_batches_tracked, () => {
        num_batches_tracked.data[0] = seen;
      });
    }
    return y;
  }
}

/**
 * Brings each feature, or each channel of sequences, to mean 0 and variance 1 over the batch, then scales and shifts it:
 * see `BatchNorm2d`.
 *
 * Shapes: x [N, C] or [N, C, L] → y of the same shape; weight, bias, running_mean, running_var [C]
 */
export class BatchNorm1d extends BatchNorm {
  constructor(numFeatures: number, options: BatchNormModuleOptions = {}) {
    super([2, 3], numFeatures, options);
  }
}

/**
 * Brings each channel to mean 0 and (biased) variance 1 over the batch, then scales and shifts it. In training it takes
 * the batch's own statistics and follows them with running ones, which serve in evaluation. Names and initial values are
 * those of torch.nn.BatchNorm2d: weight 1, bias 0, running mean 0 and (unbiased) variance 1, both part of the state dict.
 *
 * Shapes: x [N, C, H, W] → y of the same shape; weight, bias, running_mean, running_var [C]
 * Source: Ioffe and Szegedy, Batch normalization, 2015.
 *
 * @throws ShapeError  from `forward` if x does not fit, or in training has one value a channel
 */
export class BatchNorm2d extends BatchNorm {
  constructor(numFeatures: number, options: BatchNormModuleOptions = {}) {
    super([4], numFeatures, options);
  }
}

class InstanceNorm extends StatisticsNorm {
  /** Axes of x without a batch: a single sample is taken too. */
  readonly #rank: number;

  constructor(rank: number, numFeatures: number, options: InstanceNormModuleOptions) {
    super(numFeatures, {
      eps: 1e-5,
      momentum: 0.1,
      affine: false,
      trackRunningStats: false,
      dtype: 'float32',
      ...options,
    });
    this.#rank = rank;
  }

  forward(x: Tensor): Tensor {
    const single = x.rank === this.#rank;
    this.check(x, [this.#rank, this.#rank + 1], single ? 0 : 1);
    const { weight, bias, running_mean: runningMean, running_var: runningVar, eps } = this;
    const useInputStats = this.training || runningMean === null || runningVar === null;
    const momentum = this.momentum ?? 0.1;
    const options = { weight, bias, runningMean, runningVar, useInputStats, momentum, eps };
    if (!single) return instanceNorm(x, options);
    return instanceNorm(x.reshape([1, ...x.shape]), options).reshape(x.shape);
  }
}

/**
 * Brings each channel of each sample to mean 0 and variance 1: see `InstanceNorm2d`.
 *
 * Shapes: x [N, C, L] or [C, L] → y of the same shape
 */
export class InstanceNorm1d extends InstanceNorm {
  constructor(numFeatures: number, options: InstanceNormModuleOptions = {}) {
    super(2, numFeatures, options);
  }
}

/**
 * Brings each channel of each sample to mean 0 and (biased) variance 1 over its places. As in torch.nn.InstanceNorm2d
 * there are a scale and an offset only with `affine`, and running statistics, which then serve in evaluation, only with
 * `trackRunningStats`.
 *
 * Shapes: x [N, C, H, W] or [C, H, W] → y of the same shape; weight, bias, running_mean, running_var [C]
 * Source: Ulyanov, Vedaldi and Lempitsky, Instance normalization, 2016.
 *
 * @throws ShapeError  from `forward` if x does not fit, or has one place a channel
 */
export class InstanceNorm2d extends InstanceNorm {
  constructor(numFeatures: number, options: InstanceNormModuleOptions = {}) {
    super(3, numFeatures, options);
  }
}
