import type { UpdateStep } from '../backend/arguments.ts';
import { UpdateRule } from '../backend/opcodes.ts';
import type { ParamsInput } from './optimizer.ts';
import { flag, nonNegative, type OptionRule, type OptionRules } from './options.ts';
import { RuleOptimizer } from './rule-optimizer.ts';

export interface RpropOptions {
  /** The size of the first step of every element. Default 0.01. */
  lr: number;
  /** What a size is multiplied by where the gradient turned, and where it did not. Default [0.5, 1.2]. */
  etas: [number, number];
  /** The least and the greatest size. Default [1e-6, 50]. */
  stepSizes: [number, number];
  /** Ascend instead of descend. Default false. */
  maximize: boolean;
}

function pair(
  first: number,
  second: number,
  expected: string,
  accepts: (a: number, b: number) => boolean,
): OptionRule<[number, number]> {
  return {
    default: [first, second],
    expected,
    accepts: (v) => Array.isArray(v) && v.length === 2 && v.every(Number.isFinite) && accepts(v[0], v[1]),
  };
}

const rules: OptionRules<RpropOptions> = {
  lr: nonNegative(1e-2),
  etas: pair(0.5, 1.2, 'two numbers with 0 < first < 1 < second', (a, b) => 0 < a && a < 1 && 1 < b),
  stepSizes: pair(1e-6, 50, 'two numbers with 0 ≤ first ≤ second', (a, b) => 0 <= a && a <= b),
  maximize: flag(false),
};

/**
 * Resilient backpropagation, torch.optim.Rprop's: every element has a step size of its own, which grows while its
 * gradient keeps its sign and shrinks where it turns; of the gradient only the sign is used. For whole batches: signs of
 * noisy gradients say little.
 *
 * Source: Riedmiller, Braun, A direct adaptive method for faster backpropagation learning: the RPROP algorithm, 1993.
 */
export class Rprop extends RuleOptimizer<RpropOptions> {
  protected override readonly rule = UpdateRule.rprop;

  constructor(params: ParamsInput<RpropOptions>, options: Partial<RpropOptions> = {}) {
    super(params, options, rules);
  }

  protected override slots(): readonly string[] {
    return ['prev', 'step_size'];
  }

  protected override start(slot: string, { lr }: RpropOptions): number {
    return slot === 'step_size' ? lr : 0;
  }

  protected override cohortOf(): number {
    return 0;
  }

  protected override factors({ etas, stepSizes }: RpropOptions): Partial<UpdateStep> {
    return { shrink: etas[0], grow: etas[1], low: stepSizes[0], high: stepSizes[1] };
  }
}
