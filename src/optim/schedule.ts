/**
 * Learning-rate schedules. Each gives the rate as a function of the number of steps taken (closed forms of PyTorch's
 * schedulers), so that one can be resumed at any step.
 */

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

/** @throws ConfigError  if `value` is no positive integer */
export function checkCount(op: string, name: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new ConfigError({ op, problem: `${name} must be a positive integer`, got: value });
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
}

/** base·f(steps); one function for all groups, or one a group. A function is not part of the state. */
export class LambdaLR extends LRScheduler {
  readonly #factors: readonly ((steps: number) => number)[];

  constructor(
    optimizer: ScheduledOptimizer,
    factor: ((steps: number) => number) | readonly ((steps: number) => number)[],
  ) {
    super(optimizer);
    this.#factors = typeof factor === 'function' ? optimizer.paramGroups.map(() => factor) : factor;
    if (this.#factors.length !== optimizer.paramGroups.length) {
      const expected = optimizer.paramGroups.length;
      throw new ConfigError({ op: 'LambdaLR', problem: 'one function a group', got: this.#factors.length, expected });
    }
    this.moveTo(0);
  }

  protected override rateAt(steps: number, base: number, i: number): number {
    return base * this.#factors[i](steps);
  }
}

/** Multiplies the rate by γ every `stepSize` steps. */
export class StepLR extends LRScheduler {
  readonly #stepSize: number;
  readonly #gamma: number;

  constructor(optimizer: ScheduledOptimizer, stepSize: number, { gamma = 0.1 }: { gamma?: number } = {}) {
    super(optimizer);
    this.#stepSize = checkCount('StepLR', 'stepSize', stepSize);
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
    this.#totalIters = checkCount('LinearLR', 'totalIters', totalIters);
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
    this.#totalIters = checkCount('ConstantLR', 'totalIters', totalIters);
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
    this.#totalIters = checkCount('PolynomialLR', 'totalIters', totalIters);
    this.#power = power;
    this.moveTo(0);
  }

  protected override rateAt(steps: number, base: number): number {
    return base * (1 - Math.min(steps, this.#totalIters) / this.#totalIters) ** this.#power;
  }
}

/**
 * One schedule after another: the first up to the first milestone, the next from there on, each counting from its own
 * start. The schedules are made for the same optimizer.
 */
export class SequentialLR extends LRScheduler {
  readonly #schedules: readonly LRScheduler[];
  readonly #milestones: readonly number[];

  constructor(optimizer: ScheduledOptimizer, schedules: readonly LRScheduler[], milestones: readonly number[]) {
    super(optimizer);
    if (schedules.length !== milestones.length + 1 || milestones.some((m, i) => i > 0 && m <= milestones[i - 1])) {
      throw new ConfigError({
        op: 'SequentialLR',
        problem: 'there is one ascending milestone between two schedules',
        got: milestones,
        expected: `${schedules.length - 1} of them`,
      });
    }
    this.#schedules = [...schedules];
    this.#milestones = [...milestones];
    this.moveTo(0);
  }

  override setBaseLrs(lrs: readonly number[]): void {
    super.setBaseLrs(lrs);
    for (const schedule of this.#schedules) schedule.setBaseLrs(lrs);
  }

  protected override apply(steps: number): void {
    const current = this.#milestones.filter((milestone) => milestone <= steps).length;
    this.#schedules[current].moveTo(current === 0 ? steps : steps - this.#milestones[current - 1]);
  }

  protected override rateAt(_steps: number, base: number): number {
    return base;
  }
}
