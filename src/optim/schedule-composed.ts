/** Schedules made of schedules. */

import { checkPositiveInteger } from '../core/options.ts';
import { ConfigError } from '../errors.ts';
import { LRScheduler, type ScheduledOptimizer } from './schedule.ts';

/** The base rates of a schedule that governs others are theirs too. */
abstract class GoverningScheduler extends LRScheduler {
  protected readonly schedules: readonly LRScheduler[];

  constructor(optimizer: ScheduledOptimizer, schedules: readonly LRScheduler[]) {
    super(optimizer);
    this.schedules = [...schedules];
  }

  override setBaseLrs(lrs: readonly number[]): void {
    super.setBaseLrs(lrs);
    for (const schedule of this.schedules) schedule.setBaseLrs(lrs);
  }

  protected override rateAt(_steps: number, base: number): number {
    return base;
  }
}

/**
 * One schedule after another: the first up to the first milestone, the next from there on, each counting from its own
 * start. The schedules are made for the same optimizer.
 */
export class SequentialLR extends GoverningScheduler {
  readonly #milestones: readonly number[];

  constructor(optimizer: ScheduledOptimizer, schedules: readonly LRScheduler[], milestones: readonly number[]) {
    super(optimizer, schedules);
    if (schedules.length !== milestones.length + 1 || milestones.some((m, i) => i > 0 && m <= milestones[i - 1])) {
      throw new ConfigError({
        op: 'SequentialLR',
        problem: 'there is one ascending milestone between two schedules',
        got: milestones,
        expected: `${schedules.length - 1} of them`,
      });
    }
    this.#milestones = [...milestones];
    this.moveTo(0);
  }

  protected override apply(steps: number): void {
    const current = this.#milestones.filter((milestone) => milestone <= steps).length;
    this.schedules[current].moveTo(current === 0 ? steps : steps - this.#milestones[current - 1]);
  }
}

/**
 * Schedules at the same time, torch.optim.lr_scheduler.ChainedScheduler's: in their order each changes what the one before
 * it left, by the factor that its own rate changes by. Those that set a rate without looking at it (LambdaLR, the cyclic ones)
 * come first.
 *
 * @example
 * const optimizer = new SGD(new Linear(2, 1).parameters(), { lr: 1 });
 * const parts = [new ConstantLR(optimizer, { factor: 0.1, totalIters: 2 }), new ExponentialLR(optimizer, 0.9)];
 * const schedule = new ChainedScheduler(optimizer, parts);
 * const rates = Array.from({ length: 4 }, () => [schedule.getLastLr()[0].toFixed(3), schedule.step()][0]);
 * rates.join(' '); // => 0.100 0.090 0.810 0.729
 */
export class ChainedScheduler extends GoverningScheduler {
  /** The rates after `#known` steps; −1 where none have been computed. */
  #rates: number[] = [];
  #known = -1;

  constructor(optimizer: ScheduledOptimizer, schedules: readonly LRScheduler[]) {
    super(optimizer, schedules);
    if (schedules.length === 0) throw new ConfigError({ op: 'ChainedScheduler', problem: 'there are no schedules' });
    this.moveTo(0);
  }

  override setBaseLrs(lrs: readonly number[]): void {
    super.setBaseLrs(lrs);
    this.#known = -1;
  }

  protected override apply(steps: number): void {
    if (this.#known < 0 || this.#known > steps) {
      this.#rates = [...this.baseLrs];
      this.#known = -1;
    }
    while (this.#known < steps) {
      const next = ++this.#known;
      this.#rates = this.#rates.map((rate, i) =>
        this.schedules.reduce((current, schedule) => schedule.carry(next, current, i), rate),
      );
    }
    // What a schedule governs beside the rate, it sets itself.
    for (const schedule of this.schedules) schedule.moveTo(steps);
    for (const [i, group] of this.optimizer.paramGroups.entries()) group.lr = this.#rates[i];
  }
}

/**
 * A linear rise into any schedule: step t = 1, 2, … of the first `steps` goes by startFactor + (1 − startFactor)·t/steps of the rate
 * that the schedule begins with, and the schedule takes its first step after the rise.
 *
 * @example
 * const optimizer = new SGD(new Linear(2, 1).parameters(), { lr: 0.1 });
 * const schedule = new WarmupLR(optimizer, new CosineAnnealingLR(optimizer, 100), { steps: 4 });
 * const rates = Array.from({ length: 5 }, () => [schedule.getLastLr()[0].toFixed(3), schedule.step()][0]);
 * rates.join(' '); // => 0.025 0.050 0.075 0.100 0.100
 */
export class WarmupLR extends GoverningScheduler {
  readonly #steps: number;
  readonly #startFactor: number;

  constructor(
    optimizer: ScheduledOptimizer,
    schedule: LRScheduler,
    { steps, startFactor = 0 }: { steps: number; startFactor?: number },
  ) {
    super(optimizer, [schedule]);
    this.#steps = checkPositiveInteger('WarmupLR', 'steps', steps);
    this.#startFactor = startFactor;
    this.moveTo(0);
  }

  protected override apply(steps: number): void {
    this.schedules[0].moveTo(Math.max(0, steps - this.#steps));
    if (steps >= this.#steps) return;
    const factor = this.#startFactor + (1 - this.#startFactor) * ((steps + 1) / this.#steps);
    for (const group of this.optimizer.paramGroups) group.lr *= factor;
  }
}
