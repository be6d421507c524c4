/** Losses out of likelihoods, as modules. */

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

  constructor({ reduction = 'mean', logTarget = false }: KlDivOptions = {}) {
    super();
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

  constructor({ logInput = true, full = false, eps = 1e-8, reduction = 'mean' }: PoissonNllLossOptions = {}) {
    super();
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

  constructor({ full = false, eps = 1e-6, reduction = 'mean' }: GaussianNllLossOptions = {}) {
    super();
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

  constructor({ blank = 0, zeroInfinity = false, reduction = 'mean' }: CtcLossOptions = {}) {
    super();
    this.blank = blank;
    this.zeroInfinity = zeroInfinity;
    this.reduction = reduction;
  }

  forward(logProbs: Tensor, targets: Tensor, inputLengths: Lengths, targetLengths: Lengths): Tensor {
    const { blank, zeroInfinity, reduction } = this;
    return ctcLoss(logProbs, targets, inputLengths, targetLengths, { blank, zeroInfinity, reduction });
  }
}
