/** What losses share that take a reduction, or a margin and a reduction, and nothing else. */

import { checkOptions, type OptionNames } from '../core/options.ts';
import type { LossOptions, MarginLossOptions, Reduction } from '../ops/index.ts';
import { Module } from './module.ts';

/** A loss whose only option is how the losses of the elements become one. */
export abstract class ReducedLoss extends Module {
  readonly reduction: Reduction;

  constructor(options: LossOptions = {}) {
    super();
    checkOptions(new.target.name, options, { reduction: true } satisfies OptionNames<LossOptions>);
    const { reduction = 'mean' } = options;
    this.reduction = reduction;
  }
}

/** A loss with a margin, whose default is the loss's own. */
export abstract class MarginLoss extends Module {
  readonly margin: number;
  readonly reduction: Reduction;

  constructor(options: MarginLossOptions, defaultMargin: number) {
    super();
    checkOptions(new.target.name, options, { margin: true, reduction: true } satisfies OptionNames<MarginLossOptions>);
    const { margin = defaultMargin, reduction = 'mean' } = options;
    this.margin = margin;
    this.reduction = reduction;
  }
}
