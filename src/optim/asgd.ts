import type { UpdateStep } from '../backend/arguments.ts';
import { UpdateRule } from '../backend/opcodes.ts';
import type { ParamsInput } from './optimizer.ts';
import { finite, flag, nonNegative, type OptionRules } from './options.ts';
import { RuleOptimizer } from './rule-optimizer.ts';
import type { ParameterState } from './state.ts';

export interface ASGDOptions {
  /** Learning rate. Default 0.01. */
  lr: number;
  /** Each step shrinks w by lambd·η. Default 1e-4. */
  lambd: number;
  /** Power by which η falls. Default 0.75. */
  alpha: number;
  /** The step from which on weights are averaged. Default 1e6. */
  t0: number;
  /** λ of the L2 penalty, added to the gradient. Default 0. */
  weightDecay: number;
  /** Ascend instead of descend. Default false. */
  maximize: boolean;
}

const rules: OptionRules<ASGDOptions> = {
  lr: nonNegative(1e-2),
  lambd: finite(1e-4),
  alpha: finite(0.75),
  t0: finite(1e6),
  weightDecay: nonNegative(0),
  maximize: flag(false),
};

/**
 * Averaged stochastic gradient descent, torch.optim.ASGD's: w ← (1 − lambd·η)·w − η·g with η = lr/(1 + lambd·lr·t)^alpha;
 * the state `ax` is w itself up to step t0 and the mean of the weights from there on. η and the share of a step in the mean
 * are kept in float32, as PyTorch keeps them.
 *
 * Source: Polyak, Juditsky, Acceleration of stochastic approximation by averaging, 1992.
 */
export class ASGD extends RuleOptimizer<ASGDOptions> {
  protected override readonly rule = UpdateRule.asgd;

  constructor(params: ParamsInput<ASGDOptions>, options: Partial<ASGDOptions> = {}) {
    super(params, options, rules);
  }

  protected override slots(): readonly string[] {
    return ['ax'];
  }

  protected override numbers({ lr }: ASGDOptions): Record<string, number> {
    return { eta: Math.fround(lr), mu: 1 };
  }

  protected override cohortOf(state: ParameterState | undefined): string {
    return state === undefined ? 'new' : `${state.step} ${state.eta} ${state.mu}`;
  }

  protected override factors({ lambd }: ASGDOptions, _t: number, { eta, mu }: ParameterState): Partial<UpdateStep> {
    return { rate: eta as number, keep: 1 - lambd * (eta as number), average: mu as number };
  }

  protected override advance({ lr, lambd, alpha, t0 }: ASGDOptions, t: number): Record<string, number> {
    return {
      eta: Math.fround(lr / (1 + lambd * lr * t) ** alpha),
      mu: Math.fround(1 / Math.max(1, t - t0)),
    };
  }
}
