/** Adamax, NAdam and RAdam: Adam's running means under other steps. */

import type { UpdateStep } from '../backend/arguments.ts';
import { UpdateRule } from '../backend/opcodes.ts';
import type { ParamsInput } from './optimizer.ts';
import { decayRates, flag, nonNegative, type OptionRules } from './options.ts';
import { RuleOptimizer } from './rule-optimizer.ts';
import type { ParameterState } from './state.ts';

export interface AdamaxOptions {
  /** Learning rate. Default 2e-3. */
  lr: number;
  /** Decay rates of the running mean of g and of the bound of |g|. Default [0.9, 0.999]. */
  betas: [number, number];
  /** Added to |g|. Default 1e-8. */
  eps: number;
  /** λ of the L2 penalty, added to the gradient. Default 0. */
  weightDecay: number;
  /** Ascend instead of descend. Default false. */
  maximize: boolean;
}

const adamaxRules: OptionRules<AdamaxOptions> = {
  lr: nonNegative(2e-3),
  betas: decayRates(0.9, 0.999),
  eps: nonNegative(1e-8),
  weightDecay: nonNegative(0),
  maximize: flag(false),
};

/**
 * Adamax, torch.optim.Adamax's: u ← max(β2·u, |g| + eps); w ← w − lr/(1 − β1^t)·m/u.
 *
 * Source: Kingma, Ba, Adam: a method for stochastic optimization, 2015, section 7.
 */
export class Adamax extends RuleOptimizer<AdamaxOptions> {
  protected override readonly rule = UpdateRule.adamax;

  constructor(params: ParamsInput<AdamaxOptions>, options: Partial<AdamaxOptions> = {}) {
    super(params, options, adamaxRules);
  }

  protected override slots(): readonly string[] {
    return ['exp_avg', 'exp_inf'];
  }

  protected override factors({ lr, betas: [beta1, beta2], eps }: AdamaxOptions, t: number): Partial<UpdateStep> {
    return { rate: lr / (1 - beta1 ** t), beta1, beta2, eps };
  }
}

interface AdamVariantOptions {
  /** Learning rate. */
  lr: number;
  /** Decay rates of the running means of g and of g². Default [0.9, 0.999]. */
  betas: [number, number];
  /** Added to the root of the second mean. Default 1e-8. */
  eps: number;
  /** λ of the L2 penalty, added to the gradient. Default 0. */
  weightDecay: number;
  /** Each step shrinks w by lr·λ, as AdamW's does; the gradient is left alone. Default false. */
  decoupledWeightDecay: boolean;
  /** Ascend instead of descend. Default false. */
  maximize: boolean;
}

const variantRules = {
  betas: decayRates(0.9, 0.999),
  eps: nonNegative(1e-8),
  weightDecay: nonNegative(0),
  decoupledWeightDecay: flag(false),
  maximize: flag(false),
} as const;

/** Where the decay acts: on the weights, or through the gradient. */
function decayOf({ lr, weightDecay, decoupledWeightDecay }: AdamVariantOptions): Partial<UpdateStep> {
  return decoupledWeightDecay ? { weightDecay: 0, keep: 1 - lr * weightDecay } : {};
}

export interface NAdamOptions extends AdamVariantOptions {
  /** How slowly the momentum approaches β1. Default 4e-3. */
  momentumDecay: number;
}

const nadamRules: OptionRules<NAdamOptions> = {
  lr: nonNegative(2e-3),
  ...variantRules,
  momentumDecay: nonNegative(4e-3),
};

/** The momenta of steps t and t + 1, and what 1 is less than by the corrections of g and of m. */
function nesterovMomenta(
  { betas: [beta1], momentumDecay }: NAdamOptions,
  t: number,
  { mu_product }: ParameterState,
): [mu: number, next: number, product: number, productNext: number] {
  const momentumAt = (step: number): number => beta1 * (1 - 0.5 * 0.96 ** (step * momentumDecay));
  const [mu, next] = [momentumAt(t), momentumAt(t + 1)];
  const product = Math.fround((mu_product as number) * Math.fround(mu));
  return [mu, next, product, Math.fround(Math.fround(product * Math.fround(mu)) * Math.fround(next))];
}

/**
 * NAdam, torch.optim.NAdam's: Adam with Nesterov's momentum, μ_t = β1·(1 − ½·0.96^(t·momentumDecay));
 * w ← w − lr·((1 − μ_t)/(1 − Πμ)·g + μ_{t+1}/(1 − Πμ·μ_t·μ_{t+1})·m)/(√v̂ + eps), Πμ over the steps up to t and in
 * float32. These are PyTorch 1.13's bits, whose second correction takes μ_t in twice; from 2.0 on PyTorch takes it once, which
 * makes the first steps shorter.
 *
 * Source: Dozat, Incorporating Nesterov momentum into Adam, 2016.
 */
export class NAdam extends RuleOptimizer<NAdamOptions> {
  protected override readonly rule = UpdateRule.nadam;

  constructor(params: ParamsInput<NAdamOptions>, options: Partial<NAdamOptions> = {}) {
    super(params, options, nadamRules);
  }

  protected override slots(): readonly string[] {
    return ['exp_avg', 'exp_avg_sq'];
  }

  protected override numbers(): Record<string, number> {
    return { mu_product: 1 };
  }

  protected override cohortOf(state: ParameterState | undefined): string {
    return state === undefined ? 'new' : `${state.step} ${state.mu_product}`;
  }

  protected override factors(group: NAdamOptions, t: number, state: ParameterState): Partial<UpdateStep> {
    const { lr, betas, eps } = group;
    const [mu, next, product, productNext] = nesterovMomenta(group, t, state);
    return {
      rate: (lr * (1 - mu)) / (1 - product),
      momentum: (lr * next) / (1 - productNext),
      correction: 1 / Math.sqrt(1 - betas[1] ** t),
      beta1: betas[0],
      beta2: betas[1],
      eps,
      ...decayOf(group),
    };
  }

  protected override advance(group: NAdamOptions, t: number, state: ParameterState): Record<string, number> {
    return { mu_product: nesterovMomenta(group, t, state)[2] };
  }
}

export type RAdamOptions = AdamVariantOptions;

const radamRules: OptionRules<RAdamOptions> = { lr: nonNegative(1e-3), ...variantRules };

/**
 * RAdam, torch.optim.RAdam's: Adam without its divisor while too few steps have been taken for the variance of the
 * second mean to be known (ρ_t ≤ 5), and then with steps rectified by that variance.
 *
 * Source: Liu et al., On the variance of the adaptive learning rate and beyond, 2020.
 */
export class RAdam extends RuleOptimizer<RAdamOptions> {
  protected override readonly rule = UpdateRule.radam;

  constructor(params: ParamsInput<RAdamOptions>, options: Partial<RAdamOptions> = {}) {
    super(params, options, radamRules);
  }

  protected override slots(): readonly string[] {
    return ['exp_avg', 'exp_avg_sq'];
  }

  protected override factors(group: RAdamOptions, t: number): Partial<UpdateStep> {
    const { lr, betas, eps } = group;
    const [beta1, beta2] = betas;
    const correction2 = 1 - beta2 ** t;
    const longest = 2 / (1 - beta2) - 1;
    const length = longest - (2 * t * beta2 ** t) / correction2;
    const adaptive = length > 5;
    const variance = ((length - 4) * (length - 2) * longest) / ((longest - 4) * (longest - 2) * length);
    const rectified = adaptive ? Math.sqrt(correction2) * Math.sqrt(variance) : 1;
    return { rate: (lr / (1 - beta1 ** t)) * rectified, beta1, beta2, eps, adaptive, ...decayOf(group) };
  }
}
