/** Losses that ask for a margin, as modules. */

import { checkOptions, type OptionNames } from '../core/options.ts';
import {
  cosineEmbeddingLoss,
  hingeEmbeddingLoss,
  type MarginLossOptions,
  type MultilabelSoftMarginLossOptions,
  type MultiMarginLossOptions,
  marginRankingLoss,
  multilabelMarginLoss,
  multilabelSoftMarginLoss,
  multiMarginLoss,
  type Reduction,
  softMarginLoss,
  type TripletMarginLossOptions,
  tripletMarginLoss,
} from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { Module } from './module.ts';
import { MarginLoss, ReducedLoss } from './reduced-loss.ts';

/**
 * log(1 + e^(−t·x)) for targets 1 and −1.
 *
 * Shapes: x [...], target broadcast to it
 */
export class SoftMarginLoss extends ReducedLoss {
  forward(x: Tensor, target: Tensor): Tensor {
    const { reduction } = this;
    return softMarginLoss(x, target, { reduction });
  }
}

/**
 * A distance x where the target is 1, what it lacks to the margin where the target is −1.
 *
 * Shapes: x, target [...], broadcast
 */
export class HingeEmbeddingLoss extends MarginLoss {
  constructor(options: MarginLossOptions = {}) {
    super(options, 1);
  }

  forward(x: Tensor, target: Tensor): Tensor {
    const { margin, reduction } = this;
    return hingeEmbeddingLoss(x, target, { margin, reduction });
  }
}

/**
 * What a lacks to be above b by the margin where the target is 1, below it where it is −1.
 *
 * Shapes: a, b, target of one rank, broadcast
 */
export class MarginRankingLoss extends MarginLoss {
  constructor(options: MarginLossOptions = {}) {
    super(options, 0);
  }

  forward(a: Tensor, b: Tensor, target: Tensor): Tensor {
    const { margin, reduction } = this;
    return marginRankingLoss(a, b, target, { margin, reduction });
  }
}

/**
 * 1 − cos(a, b) where the target is 1, what the cosine passes the margin by where it is −1.
 *
 * Shapes: a, b [N, D], target [N]; or [D] and []
 */
export class CosineEmbeddingLoss extends MarginLoss {
  constructor(options: MarginLossOptions = {}) {
    super(options, 0);
  }

  forward(a: Tensor, b: Tensor, target: Tensor): Tensor {
    const { margin, reduction } = this;
    return cosineEmbeddingLoss(a, b, target, { margin, reduction });
  }
}

/**
 * What a positive lacks to be nearer to the anchor than a negative, by the margin.
 *
 * Shapes: anchor, positive, negative [..., D]
 */
export class TripletMarginLoss extends Module {
  readonly margin: number;
  readonly p: number;
  readonly eps: number;
  readonly swap: boolean;
  readonly reduction: Reduction;

  constructor(options: TripletMarginLossOptions = {}) {
    super();
    checkOptions(new.target.name, options, {
      margin: true,
      p: true,
      eps: true,
      swap: true,
      reduction: true,
    } satisfies OptionNames<TripletMarginLossOptions>);
    const { margin = 1, p = 2, eps = 1e-6, swap = false, reduction = 'mean' } = options;
    this.margin = margin;
    this.p = p;
    this.eps = eps;
    this.swap = swap;
    this.reduction = reduction;
  }

  forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    const { margin, p, eps, swap, reduction } = this;
    return tripletMarginLoss(anchor, positive, negative, { margin, p, eps, swap, reduction });
  }
}

/**
 * What the right class lacks to be above each other by the margin. The weight is a buffer.
 *
 * Shapes: x [N, C], target ids [N]; or [C] and []
 */
export class MultiMarginLoss extends Module {
  weight: Tensor | null;
  readonly p: 1 | 2;
  readonly margin: number;
  readonly reduction: Reduction;

  constructor(options: MultiMarginLossOptions = {}) {
    super();
    checkOptions(new.target.name, options, {
      weight: true,
      p: true,
      margin: true,
      reduction: true,
    } satisfies OptionNames<MultiMarginLossOptions>);
    const { weight = null, p = 1, margin = 1, reduction = 'mean' } = options;
    this.weight = weight;
    this.p = p;
    this.margin = margin;
    this.reduction = reduction;
  }

  forward(x: Tensor, target: Tensor): Tensor {
    const { weight, p, margin, reduction } = this;
    return multiMarginLoss(x, target, { weight, p, margin, reduction });
  }
}

/**
 * What each right class lacks to be above each wrong one by 1; a row of targets lists classes up to the first −1.
 *
 * Shapes: x, target ids [N, C]; or both [C]
 */
export class MultiLabelMarginLoss extends ReducedLoss {
  forward(x: Tensor, target: Tensor): Tensor {
    const { reduction } = this;
    return multilabelMarginLoss(x, target, { reduction });
  }
}

/**
 * Binary cross-entropy of the logits of every class, averaged over the classes. The weight is a buffer.
 *
 * Shapes: x, target [..., C]
 */
export class MultiLabelSoftMarginLoss extends Module {
  weight: Tensor | null;
  readonly reduction: Reduction;

  constructor(options: MultilabelSoftMarginLossOptions = {}) {
    super();
    checkOptions(new.target.name, options, {
      weight: true,
      reduction: true,
    } satisfies OptionNames<MultilabelSoftMarginLossOptions>);
    const { weight = null, reduction = 'mean' } = options;
    this.weight = weight;
    this.reduction = reduction;
  }

  forward(x: Tensor, target: Tensor): Tensor {
    const { weight, reduction } = this;
    return multilabelSoftMarginLoss(x, target, { weight, reduction });
  }
}
