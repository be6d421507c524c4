/** Adagrad, RMSprop and Adadelta: steps divided by the size that the gradients of an element have had. */

import type { UpdateStep } from '../backend/arguments.ts';
import { UpdateRule } from '../backend/opcodes.ts';
import type { ParamsInput } from './optimizer.ts';
import { flag, nonNegative, type OptionRules, share } from './options.ts';
import { RuleOptimizer } from './rule-optimizer.ts';

export interface AdagradOptions {
  /** Learning rate. Default 0.01. */
  lr: number;
  /** Step t goes by lr/(1 + (t − 1)·lrDecay). Default 0. */
  lrDecay: number;
  /** λ of the L2 penalty, added to the gradient. Default 0. */
  weightDecay: number;
  /** What the sum of squares begins with. Default 0. */
  initialAccumulatorValue: number;
  /** Added to the root of the sum. Default 1e-10. */
  eps: number;
  /** Ascend instead of descend. Default false. */
  maximize: boolean;
}

const adagradRules: OptionRules<AdagradOptions> = {
  lr: nonNegative(1e-2),
  lrDecay: nonNegative(0),
  weightDecay: nonNegative(0),
  initialAccumulatorValue: nonNegative(0),
  eps: nonNegative(1e-10),
  maximize: flag(false),
};

/**
 * Adagrad, torch.optim.Adagrad's: s ← s + g²; w ← w − lr·g/(√s + eps).
 *
 * Source: Duchi, Hazan, Singer, Adaptive subgradient methods for online learning and stochastic optimization, 2011.
 */
export class Adagrad extends RuleOptimizer<AdagradOptions> {
  protected override readonly rule = UpdateRule.adagrad;

  constructor(params: ParamsInput<AdagradOptions>, options: Partial<AdagradOptions> = {}) {
    super(params, options, adagradRules);
  }

  protected override slots(): readonly string[] {
    return ['sum'];
  }

  protected override start(_slot: string, { initialAccumulatorValue }: AdagradOptions): number {
    return initialAccumulatorValue;
  }

  protected override factors({ lr, lrDecay, eps }: AdagradOptions, t: number): Partial<UpdateStep> {
    return { rate: lr / (1 + (t - 1) * lrDecay), eps };
  }
}

export interface RMSpropOptions {
  /** Learning rate. Default 0.01. */
  lr: number;
  /** Decay rate of the running mean of g². Default 0.99. */
  alpha: number;
  /** Added to the root of the mean. Default 1e-8. */
  eps: number;
  /** λ of the L2 penalty, added to the gradient. Default 0. */
  weightDecay: number;
  /** The share of the last step's direction that is kept. Default 0. */
  momentum: number;
  /** Divide by the running standard deviation of g, not by its root mean square. Default false. */
  centered: boolean;
  /** Ascend instead of descend. Default false. */
  maximize: boolean;
}

const rmspropRules: OptionRules<RMSpropOptions> = {
  lr: nonNegative(1e-2),
  alpha: nonNegative(0.99),
  eps: nonNegative(1e-8),
  weightDecay: nonNegative(0),
  momentum: nonNegative(0),
  centered: flag(false),
  maximize: flag(false),
};

/**
 * RMSprop, torch.optim.RMSprop's: v ← α·v + (1 − α)·g²; w ← w − lr·g/(√v + eps), with momentum
 * b ← μ·b + g/(√v + eps) and w ← w − lr·b. Centered, the square of the running mean of g is taken off v; a variance that
 * rounding made negative counts as 0.
 *
 * Source: Hinton, Neural networks for machine learning, lecture 6e, 2012; centered: Graves, 2013.
 */
export class RMSprop extends RuleOptimizer<RMSpropOptions> {
  protected override readonly rule = UpdateRule.rmsprop;

  constructor(params: ParamsInput<RMSpropOptions>, options: Partial<RMSpropOptions> = {}) {
    super(params, options, rmspropRules);
  }

  protected override slots({ centered, momentum }: RMSpropOptions): readonly (string | null)[] {
    return ['square_avg', centered ? 'grad_avg' : null, momentum > 0 ? 'momentum_buffer' : null];
  }

  protected override cohortOf(): number {
    return 0;
  }

  protected override factors({ lr, alpha, eps, momentum }: RMSpropOptions): Partial<UpdateStep> {
    return { rate: lr, beta2: alpha, eps, momentum };
  }
}

export interface AdadeltaOptions {
  /** What the step is multiplied by. Default 1. */
  lr: number;
  /** Decay rate of the running means of g² and of the squared steps, in [0, 1]. Default 0.9. */
  rho: number;
  /** Added to both means under their roots. Default 1e-6. */
  eps: number;
  /** λ of the L2 penalty, added to the gradient. Default 0. */
  weightDecay: number;
  /** Ascend instead of descend. Default false. */
  maximize: boolean;
}

const adadeltaRules: OptionRules<AdadeltaOptions> = {
  lr: nonNegative(1),
  rho: share(0.9),
  eps: nonNegative(1e-6),
  weightDecay: nonNegative(0),
  maximize: flag(false),
};

/**
 * Adadelta, torch.optim.Adadelta's: v ← ρ·v + (1 − ρ)·g²; Δ = g·√(u + eps)/√(v + eps); u ← ρ·u + (1 − ρ)·Δ²;
 * w ← w − lr·Δ. The steps have the units of the weights.
 *
 * Source: Zeiler, ADADELTA: an adaptive learning rate method, 2012.
 */
export class Adadelta extends RuleOptimizer<AdadeltaOptions> {
  protected override readonly rule = UpdateRule.adadelta;

  constructor(params: ParamsInput<AdadeltaOptions>, options: Partial<AdadeltaOptions> = {}) {
    super(params, options, adadeltaRules);
  }

  protected override slots(): readonly string[] {
    return ['square_avg', 'acc_delta'];
  }

  protected override cohortOf(): number {
    return 0;
  }

  protected override factors({ lr, rho, eps }: AdadeltaOptions): Partial<UpdateStep> {
    return { rate: lr, beta2: rho, eps };
  }
}
