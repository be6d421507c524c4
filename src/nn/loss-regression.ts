/** Losses of numbers against numbers, as modules. */

import { checkOptions, type OptionNames } from '../core/options.ts';
import {
  type HuberLossOptions,
  huberLoss,
  l1Loss,
  mseLoss,
  type Reduction,
  type SmoothL1LossOptions,
  smoothL1Loss,
} from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { Module } from './module.ts';
import { ReducedLoss } from './reduced-loss.ts';

/**
 * The absolute difference between x and its target.
 *
 * Shapes: x, target [...], broadcast
 */
export class L1Loss extends ReducedLoss {
  forward(x: Tensor, target: Tensor): Tensor {
    const { reduction } = this;
    return l1Loss(x, target, { reduction });
  }
}

/**
 * The squared difference between x and its target.
 *
 * Shapes: x, target [...], broadcast
 */
export class MSELoss extends ReducedLoss {
  forward(x: Tensor, target: Tensor): Tensor {
    const { reduction } = this;
    return mseLoss(x, target, { reduction });
  }
}

/**
 * Half the squared difference over `beta` up to `beta`, the absolute difference less half of it beyond.
 *
 * Shapes: x, target [...], broadcast
 */
export class SmoothL1Loss extends Module {
  readonly beta: number;
  readonly reduction: Reduction;

  constructor(options: SmoothL1LossOptions = {}) {
    super();
    checkOptions(new.target.name, options, { beta: true, reduction: true } satisfies OptionNames<SmoothL1LossOptions>);
    const { beta = 1, reduction = 'mean' } = options;
    this.beta = beta;
    this.reduction = reduction;
  }

  forward(x: Tensor, target: Tensor): Tensor {
    const { beta, reduction } = this;
    return smoothL1Loss(x, target, { beta, reduction });
  }
}

/**
 * Half the squared difference up to `delta`, straight from there on.
 *
 * Shapes: x, target [...], broadcast
 */
export class HuberLoss extends Module {
  readonly delta: number;
  readonly reduction: Reduction;

  constructor(options: HuberLossOptions = {}) {
    super();
    checkOptions(new.target.name, options, { delta: true, reduction: true } satisfies OptionNames<HuberLossOptions>);
    const { delta = 1, reduction = 'mean' } = options;
    this.delta = delta;
    this.reduction = reduction;
  }

  forward(x: Tensor, target: Tensor): Tensor {
    const { delta, reduction } = this;
    return huberLoss(x, target, { delta, reduction });
  }
}
