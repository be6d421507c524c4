/** Losses out of likelihoods, as modules. */

import { checkOptions, type OptionNames } from '../core/options.ts';
import {
  type CtcLossOptions,
  ctcLoss,
  type GaussianNllLossOptions,
  gaussianNllLoss,
  type KlDivOptions,
  klDiv,
  type Lengths,
  type PoissonNllLossOptions,
  poissonNllLoss,
  type Reduction,
} from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { Module } from './module.ts';

/**
 * The Kullback–Leibler divergence of a target from log-probabilities x, in nats; of distributions by the reduction
 * `batchmean`.
 *
 * Shapes: x, target [...], broadcast
 */
export class KLDivLoss extends Module {
  readonly reduction: Reduction | 'batchmean';
  readonly logTarget: boolean;

  constructor(options: KlDivOptions = {}) {
    super();
    checkOptions(new.target.name, options, { reduction: true, logTarget: true } satisfies OptionNames<KlDivOptions>);
    const { reduction = 'mean', logTarget = false } = options;
    this.reduction = reduction;
    this.logTarget = logTarget;
  }

  forward(x: Tensor, target: Tensor): Tensor {
    const { reduction, logTarget } = this;
    return klDiv(x, target, { reduction, logTarget });
  }
}

/**
 * The negative log-likelihood of counts under Poisson distributions, whose rate (or its logarithm) is x.
 *
 * Shapes: x, target [...], broadcast
 */
export class PoissonNLLLoss extends Module {
  readonly logInput: boolean;
  readonly full: boolean;
  readonly eps: number;
  readonly reduction: Reduction;

  constructor(options: PoissonNllLossOptions = {}) {
    super();
    checkOptions(new.target.name, options, {
      logInput: true,
      full: true,
      eps: true,
      reduction: true,
    } satisfies OptionNames<PoissonNllLossOptions>);
    const { logInput = true, full = false, eps = 1e-8, reduction = 'mean' } = options;
    this.logInput = logInput;
    this.full = full;
    this.eps = eps;
    this.reduction = reduction;
  }

  forward(x: Tensor, target: Tensor): Tensor {
    const { logInput, full, eps, reduction } = this;
    return poissonNllLoss(x, target, { logInput, full, eps, reduction });
  }
}

/**
 * The negative log-likelihood of targets under normal distributions of mean x.
 *
 * Shapes: x, target [..., D]; variance as x, or one a row
 */
export class GaussianNLLLoss extends Module {
  readonly full: boolean;
  readonly eps: number;
  readonly reduction: Reduction;

  constructor(options: GaussianNllLossOptions = {}) {
    super();
    checkOptions(new.target.name, options, {
      full: true,
      eps: true,
      reduction: true,
    } satisfies OptionNames<GaussianNllLossOptions>);
    const { full = false, eps = 1e-6, reduction = 'mean' } = options;
    this.full = full;
    this.eps = eps;
    this.reduction = reduction;
  }

  forward(x: Tensor, target: Tensor, variance: Tensor): Tensor {
    const { full, eps, reduction } = this;
    return gaussianNllLoss(x, target, variance, { full, eps, reduction });
  }
}

/**
 * The negative log-probability of labels whose places in a longer sequence are unknown.
 *
 * Shapes: log-probabilities [T, N, C] or [T, C]; targets [N, S] padded, or all of them one after another; lengths [N]
 */
export class CTCLoss extends Module {
  readonly blank: number;
  readonly zeroInfinity: boolean;
  readonly reduction: Reduction;

  constructor(options: CtcLossOptions = {}) {
    super();
    checkOptions(new.target.name, options, {
      blank: true,
      zeroInfinity: true,
      reduction: true,
    } satisfies OptionNames<CtcLossOptions>);
    const { blank = 0, zeroInfinity = false, reduction = 'mean' } = options;
    this.blank = blank;
    this.zeroInfinity = zeroInfinity;
    this.reduction = reduction;
  }

  forward(logProbs: Tensor, targets: Tensor, inputLengths: Lengths, targetLengths: Lengths): Tensor {
    const { blank, zeroInfinity, reduction } = this;
    return ctcLoss(logProbs, targets, inputLengths, targetLengths, { blank, zeroInfinity, reduction });
  }
}
