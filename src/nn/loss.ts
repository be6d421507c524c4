/** Losses as modules: the functional forms of `ops` with their options kept. */

import { binaryCrossEntropyWithLogits, crossEntropy, mseLoss } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { Module } from './module.ts';

/** How the losses of the elements become one: their (weighted) mean, their sum, or not at all. */
export type Reduction = 'mean' | 'sum' | 'none';

export interface CrossEntropyLossOptions {
  /** A weight for each class [C]; a buffer of the module. */
  weight?: Tensor | null;
  /** The target that counts for nothing. Default −100. */
  ignoreIndex?: number;
  reduction?: Reduction;
  /** The share of each target spread evenly over all classes, 0 to 1. */
  labelSmoothing?: number;
}

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

  constructor(options: CrossEntropyLossOptions = {}) {
    super();
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
 * The squared difference between x and its target.
 *
 * Shapes: x, target [...], broadcast
 */
export class MSELoss extends Module {
  readonly reduction: Reduction;

  constructor({ reduction = 'mean' }: { reduction?: Reduction } = {}) {
    super();
    this.reduction = reduction;
  }

  forward(x: Tensor, target: Tensor): Tensor {
    return mseLoss(x, target, { reduction: this.reduction });
  }
}

export interface BCEWithLogitsLossOptions {
  /** A weight for each element, broadcast. */
  weight?: Tensor | null;
  /** A weight for the positive part of each class, broadcast. */
  posWeight?: Tensor | null;
  reduction?: Reduction;
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

  constructor({ weight = null, posWeight = null, reduction = 'mean' }: BCEWithLogitsLossOptions = {}) {
    super();
    this.weight = weight;
    this.pos_weight = posWeight;
    this.reduction = reduction;
  }

  forward(x: Tensor, target: Tensor): Tensor {
    const { weight, pos_weight: posWeight, reduction } = this;
    return binaryCrossEntropyWithLogits(x, target, { weight, posWeight, reduction });
  }
}
