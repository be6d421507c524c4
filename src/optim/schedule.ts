/**
 * Learning-rate schedules. Each gives the rate as a function of the number of steps taken (closed forms of PyTorch's
 * schedulers), so that one can be resumed at any step.
 */

import { checkPositiveInteger } from '../core/options.ts';
import { ConfigError, StateDictError } from '../errors.ts';

/** What a schedule asks of an optimizer: groups with a rate, and with the momentum that some schedules cycle. */
export interface ScheduledOptimizer {
  readonly paramGroups: readonly ScheduledGroup[];
}

export interface ScheduledGroup {
  lr: number;
  initialLr?: number;
  momentum?: number;
  betas?: [number, number];
}

/** Plain data. */
export interface ScheduleStateDict {
  stepsTaken: number;
  baseLrs: number[];
}

/** Half a cosine: 1 at progress 0, 0 at 1, and 0 ever after. */
export function cosine(progress: number): number {
  return 0.5 * (1 + Math.cos(Math.PI * Math.min(1, Math.max(0, progress))));
}

/**
 * The base of the schedules: sets the rates when made and after every `step()`, which is called once after each of the
 * optimizer's (or once an epoch). The rates that are scheduled are those the optimizer had before its first schedule.
 */
export abstract class LRScheduler {
  protected readonly optimizer: ScheduledOptimizer;
  #stepsTaken = 0;
  #baseLrs: readonly number[];

  constructor(optimizer: ScheduledOptimizer) {
    this.optimizer = optimizer;
    for (const group of optimizer.paramGroups) group.initialLr ??= group.lr;
    this.#baseLrs = optimizer.paramGroups.map((group) => group.initialLr!);
  }

  /** How often `step()` was called. */
  get stepsTaken(): number {
    return this.#stepsTaken;
  }

  /** The rate of each group before the schedule changed it. */
  get baseLrs(): readonly number[] {
    return this.#baseLrs;
  }

  /** The current rate of each group. */
  getLastLr(): number[] {
    return this.optimizer.paramGroups.map((group) => group.lr);
  }

  step(): void {
    this.moveTo(this.#stepsTaken + 1);
  }

  /** Sets the rates that hold after `steps` steps. */
  moveTo(steps: number): void {
    this.#stepsTaken = steps;
    this.apply(steps);
  }

  stateDict(): ScheduleStateDict {
    return { stepsTaken: this.#stepsTaken, baseLrs: [...this.#baseLrs] };
  }

  /**
   * Goes on where another schedule of the same kind and options stood.
   *
   * @throws StateDictError  if the state is none, or of another number of groups
   */
  loadStateDict({ stepsTaken, baseLrs }: ScheduleStateDict): void {
    const groups = this.optimizer.paramGroups.length;
    const areRates = Array.isArray(baseLrs) && baseLrs.length === groups && baseLrs.every(Number.isFinite);
    if (!Number.isSafeInteger(stepsTaken) || stepsTaken < 0 || !areRates) {
      throw new StateDictError({
        op: `${this.constructor.name}.loadStateDict`,
        problem: 'this is not the state of a schedule over these groups',
        got: [stepsTaken, baseLrs],
        expected: `steps and ${groups} rates`,
      });
    }
    this.setBaseLrs(baseLrs);
    this.moveTo(stepsTaken);
  }

  /** Replaces the rates that are scheduled. */
  setBaseLrs(lrs: readonly number[]): void {
    this.#baseLrs = [...lrs];
  }

  /** Sets what the schedule governs to its value after `steps` steps. */
  protected apply(steps: number): void {
    for (const [i, group] of this.optimizer.paramGroups.entries()) group.lr = this.rateAt(steps, this.#baseLrs[i], i);
  }

  /** The rate of group `i`, whose base rate is `base`, after `steps` steps. */
  protected abstract rateAt(steps: number, base: number, i: number): number;

  /**
   * What this schedule makes of a rate that others have changed as well: the factor by which its own rate changes at step
   * `steps`; the first is that from the base rate. For `ChainedScheduler`.
   */
  carry(steps: number, rate: number, i: number): number {
    const base = this.#baseLrs[i];
    const before = steps === 0 ? base : this.rateAt(steps - 1, base, i);
    return before === 0 ? rate : (rate * this.rateAt(steps, base, i)) / before;
  }
}

/** A factor of the rate as a function of the steps taken. */
export type LrFactor = (steps: number) => number;

/** @throws ConfigError  if there are functions, but not one a group */
function factorsOf(
  op: string,
  { paramGroups }: ScheduledOptimizer,
  factor: LrFactor | readonly LrFactor[],
): LrFactor[] {
  if (typeof factor === 'function') return paramGroups.map(() => factor);
  if (factor.length === paramGroups.length) return [...factor];
  throw new ConfigError({ op, problem: 'one function a group', got: factor.length, expected: paramGroups.length });
}

/** base·f(steps); one function for all groups, or one a group. A function is not part of the state. */
export class LambdaLR extends LRScheduler {
  readonly #factors: readonly LrFactor[];

  constructor(optimizer: ScheduledOptimizer, factor: LrFactor | readonly LrFactor[]) {
    super(optimizer);
    this.#factors = factorsOf('LambdaLR', optimizer, factor);
    this.moveTo(0);
  }

  protected override rateAt(steps: number, base: number, i: number): number {
    return base * this.#factors[i](steps);
  }

  override carry(steps: number, _rate: number, i: number): number {
    return this.rateAt(steps, this.baseLrs[i], i);
  }
}

/** Multiplies the rate by f(t) at step t: base·Π f. One function for all groups, or one a group; no part of the state. */
export class MultiplicativeLR extends LRScheduler {
  readonly #factors: readonly LrFactor[];
  /** The product up to `#known` steps, by group. */
  readonly #products: number[];
  readonly #known: number[];

  constructor(optimizer: ScheduledOptimizer, factor: LrFactor | readonly LrFactor[]) {
    super(optimizer);
    this.#factors = factorsOf('MultiplicativeLR', optimizer, factor);
    this.#products = this.#factors.map(() => 1);
    this.#known = this.#factors.map(() => 0);
    this.moveTo(0);
  }

  protected override rateAt(steps: number, base: number, i: number): number {
    if (steps < this.#known[i]) {
      this.#known[i] = 0;
      this.#products[i] = 1;
    }
    while (this.#known[i] < steps) this.#products[i] *= this.#factors[i](++this.#known[i]);
    return base * this.#products[i];
  }
}

/**
 * A linear rise of `warmupSteps` steps, and from there the rate falls as 1/√t: base·min(t/warmupSteps, √(warmupSteps/t))
 * for step t = 1, 2, …, so that the base rate is the largest. Without warm-up it is base/√t.
 *
 * Source: Vaswani et al., Attention is all you need, 2017, whose base rate is (dModel·warmupSteps)^−½.
 *
 * @example
 * const optimizer = new SGD(new Linear(2, 1).parameters(), { lr: 0.1 });
 * const schedule = new InverseSqrtLR(optimizer, { warmupSteps: 4 });
 * const rates = Array.from({ length: 6 }, () => [schedule.getLastLr()[0].toFixed(4), schedule.step()][0]);
 * rates.join(' '); // => 0.0250 0.0500 0.0750 0.1000 0.0894 0.0816
 */
export class InverseSqrtLR extends LRScheduler {
  readonly #warmupSteps: number;

  constructor(optimizer: ScheduledOptimizer, { warmupSteps = 1 }: { warmupSteps?: number } = {}) {
    super(optimizer);
    this.#warmupSteps = checkPositiveInteger('InverseSqrtLR', 'warmupSteps', warmupSteps);
    this.moveTo(0);
  }

  protected override rateAt(steps: number, base: number): number {
    const t = steps + 1;
    return base * Math.min(t / this.#warmupSteps, Math.sqrt(this.#warmupSteps / t));
  }
}

/** Multiplies the rate by γ every `stepSize` steps. */
export class StepLR extends LRScheduler {
  readonly #stepSize: number;
  readonly #gamma: number;

  constructor(optimizer: ScheduledOptimizer, stepSize: number, { gamma = 0.1 }: { gamma?: number } = {}) {
    super(optimizer);
    this.#stepSize = checkPositiveInteger('StepLR', 'stepSize', stepSize);
    this.#gamma = gamma;
    this.moveTo(0);
  }

  protected override rateAt(steps: number, base: number): number {
    return base * this.#gamma ** Math.floor(steps / this.#stepSize);
  }
}

/** Multiplies the rate by γ at each of the milestones. */
export class MultiStepLR extends LRScheduler {
  readonly #milestones: readonly number[];
  readonly #gamma: number;

  constructor(optimizer: ScheduledOptimizer, milestones: readonly number[], { gamma = 0.1 }: { gamma?: number } = {}) {
    super(optimizer);
    this.#milestones = [...milestones];
    this.#gamma = gamma;
    this.moveTo(0);
  }

  protected override rateAt(steps: number, base: number): number {
    return base * this.#gamma ** this.#milestones.filter((milestone) => milestone <= steps).length;
  }
}

/** Multiplies the rate by γ at every step. */
export class ExponentialLR extends LRScheduler {
  readonly #gamma: number;

  constructor(optimizer: ScheduledOptimizer, gamma: number) {
    super(optimizer);
    this.#gamma = gamma;
    this.moveTo(0);
  }

  protected override rateAt(steps: number, base: number): number {
    return base * this.#gamma ** steps;
  }
}

/** From `startFactor` to `endFactor` of the rate along a line of `totalIters` steps. */
export class LinearLR extends LRScheduler {
  readonly #startFactor: number;
  readonly #endFactor: number;
  readonly #totalIters: number;

  constructor(
    optimizer: ScheduledOptimizer,
    {
      startFactor = 1 / 3,
      endFactor = 1,
      totalIters = 5,
    }: { startFactor?: number; endFactor?: number; totalIters?: number } = {},
  ) {
    super(optimizer);
    this.#startFactor = startFactor;
    this.#endFactor = endFactor;
    this.#totalIters = checkPositiveInteger('LinearLR', 'totalIters', totalIters);
    this.moveTo(0);
  }

  protected override rateAt(steps: number, base: number): number {
    const progress = Math.min(steps, this.#totalIters) / this.#totalIters;
    return base * (this.#startFactor + (this.#endFactor - this.#startFactor) * progress);
  }
}

/** `factor` of the rate for `totalIters` steps, then all of it. */
export class ConstantLR extends LRScheduler {
  readonly #factor: number;
  readonly #totalIters: number;

  constructor(
    optimizer: ScheduledOptimizer,
    { factor = 1 / 3, totalIters = 5 }: { factor?: number; totalIters?: number } = {},
  ) {
    super(optimizer);
    this.#factor = factor;
    this.#totalIters = checkPositiveInteger('ConstantLR', 'totalIters', totalIters);
    this.moveTo(0);
  }

  protected override rateAt(steps: number, base: number): number {
    return steps < this.#totalIters ? base * this.#factor : base;
  }
}

/** (1 − steps/totalIters)^power of the rate, 0 after `totalIters` steps. */
export class PolynomialLR extends LRScheduler {
  readonly #totalIters: number;
  readonly #power: number;

  constructor(
    optimizer: ScheduledOptimizer,
    { totalIters = 5, power = 1 }: { totalIters?: number; power?: number } = {},
  ) {
    super(optimizer);
    this.#totalIters = checkPositiveInteger('PolynomialLR', 'totalIters', totalIters);
    this.#power = power;
    this.moveTo(0);
  }

  protected override rateAt(steps: number, base: number): number {
    return base * (1 - Math.min(steps, this.#totalIters) / this.#totalIters) ** this.#power;
  }
}
