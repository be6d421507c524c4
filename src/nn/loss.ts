/** Losses of classes as modules: the functional forms of `ops` with their options kept. */

import { checkOptions, type OptionNames } from '../core/options.ts';
import {
  type BinaryCrossEntropyOptions,
  type BinaryCrossEntropyWithLogitsOptions,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  type CrossEntropyOptions,
  crossEntropy,
  type NllLossOptions,
  nllLoss,
  type Reduction,
} from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { Module } from './module.ts';

const CROSS_ENTROPY_OPTIONS: OptionNames<CrossEntropyOptions> = {
  weight: true,
  ignoreIndex: true,
  reduction: true,
  labelSmoothing: true,
};

/**
 * Cross-entropy in nats between logits and classes (or class probabilities).
 *
 * Shapes: logits [C], [N, C] or [N, C, d…]; target ids [], [N] or [N, d…], or probabilities of the logits' shape
 *
 * @example
 * const loss = new CrossEntropyLoss({ labelSmoothing: 0.1 });
 * loss.forward(zeros([2, 4]), tensor([3, 0], { dtype: 'int32' })).item().toFixed(4); // => 1.3863
 */
export class CrossEntropyLoss extends Module {
  weight: Tensor | null;
  readonly ignoreIndex: number;
  readonly reduction: Reduction;
  readonly labelSmoothing: number;

  constructor(options: CrossEntropyOptions = {}) {
    super();
    checkOptions('CrossEntropyLoss', options, CROSS_ENTROPY_OPTIONS);
    const { weight = null, ignoreIndex = -100, reduction = 'mean', labelSmoothing = 0 } = options;
    this.weight = weight;
    this.ignoreIndex = ignoreIndex;
    this.reduction = reduction;
    this.labelSmoothing = labelSmoothing;
  }

  forward(logits: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, reduction, labelSmoothing } = this;
    return crossEntropy(logits, target, { weight, ignoreIndex, reduction, labelSmoothing });
  }
}

/**
 * The negative log-likelihood of classes, out of log-probabilities. The weight is a buffer.
 *
 * Shapes: log-probabilities [C], [N, C] or [N, C, d…]; target ids [], [N] or [N, d…]
 */
export class NLLLoss extends Module {
  weight: Tensor | null;
  readonly ignoreIndex: number;
  readonly reduction: Reduction;

  constructor(options: NllLossOptions = {}) {
    super();
    checkOptions(new.target.name, options, {
      weight: true,
      ignoreIndex: true,
      reduction: true,
    } satisfies OptionNames<NllLossOptions>);
    const { weight = null, ignoreIndex = -100, reduction = 'mean' } = options;
    this.weight = weight;
    this.ignoreIndex = ignoreIndex;
    this.reduction = reduction;
  }

  forward(x: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, reduction } = this;
    return nllLoss(x, target, { weight, ignoreIndex, reduction });
  }
}

/**
 * Binary cross-entropy in nats between probabilities x and targets in [0, 1]. The weight is a buffer.
 *
 * Shapes: x, target [...]
 */
export class BCELoss extends Module {
  weight: Tensor | null;
  readonly reduction: Reduction;

  constructor(options: BinaryCrossEntropyOptions = {}) {
    super();
    checkOptions(new.target.name, options, {
      weight: true,
      reduction: true,
    } satisfies OptionNames<BinaryCrossEntropyOptions>);
    const { weight = null, reduction = 'mean' } = options;
    this.weight = weight;
    this.reduction = reduction;
  }

  forward(x: Tensor, target: Tensor): Tensor {
    const { weight, reduction } = this;
    return binaryCrossEntropy(x, target, { weight, reduction });
  }
}

/**
 * Binary cross-entropy in nats between σ(x) and a target in [0, 1], computed from the logit x without overflow.
 *
 * Shapes: x, target [...]
 */
export class BCEWithLogitsLoss extends Module {
  weight: Tensor | null;
  /** Named as in PyTorch's state dicts. */
  pos_weight: Tensor | null;
  readonly reduction: Reduction;

  constructor(options: BinaryCrossEntropyWithLogitsOptions = {}) {
    super();
    checkOptions(new.target.name, options, {
      weight: true,
      posWeight: true,
      reduction: true,
    } satisfies OptionNames<BinaryCrossEntropyWithLogitsOptions>);
    const { weight = null, posWeight = null, reduction = 'mean' } = options;
    this.weight = weight;
    this.pos_weight = posWeight;
    this.reduction = reduction;
  }

  forward(x: Tensor, target: Tensor): Tensor {
    const { weight, pos_weight: posWeight, reduction } = this;
    return binaryCrossEntropyWithLogits(x, target, { weight, posWeight, reduction });
  }
}
