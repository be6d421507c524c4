import { ConfigError, StateDictError } from '../errors.ts';
import type { ScheduledOptimizer } from './schedule.ts';

export interface PlateauOptions {
  /** Whether a smaller metric is better. Default 'min'. */
  mode?: 'min' | 'max';
  /** What the rate is multiplied by. Default 0.1. */
  factor?: number;
  /** Bad steps that are borne; the next one lowers the rate. Default 10. */
  patience?: number;
  /** How much better than the best a metric must be to count. Default 1e-4. */
  threshold?: number;
  /** Whether the threshold is a share of the best or a difference to it. Default 'rel'. */
  thresholdMode?: 'rel' | 'abs';
  /** Steps after a change in which bad ones are not counted. Default 0. */
  cooldown?: number;
  /** The least rate, for all groups or one a group. Default 0. */
  minLr?: number | readonly number[];
  /** A change smaller than this is not made. Default 1e-8. */
  eps?: number;
}

export interface PlateauStateDict {
  best: number | null;
  badSteps: number;
  cooldownLeft: number;
  lrs: number[];
}

/** Lowers the rate when a metric stops getting better: torch.optim.lr_scheduler.ReduceLROnPlateau's rule. */
export class ReduceLROnPlateau {
  readonly #optimizer: ScheduledOptimizer;
  readonly #options: Required<PlateauOptions>;
  #best: number | null = null;
  #badSteps = 0;
  #cooldownLeft = 0;

  constructor(optimizer: ScheduledOptimizer, options: PlateauOptions = {}) {
    this.#optimizer = optimizer;
    const { mode = 'min', factor = 0.1, patience = 10, threshold = 1e-4, thresholdMode = 'rel' } = options;
    const { cooldown = 0, minLr = 0, eps = 1e-8 } = options;
    this.#options = { mode, factor, patience, threshold, thresholdMode, cooldown, minLr, eps };
    if (!(factor > 0 && factor < 1)) {
      throw new ConfigError({ op: 'ReduceLROnPlateau', problem: 'factor must lie between 0 and 1', got: factor });
    }
    if (typeof minLr !== 'number' && minLr.length !== optimizer.paramGroups.length) {
      throw new ConfigError({ op: 'ReduceLROnPlateau', problem: 'one minLr a group', got: minLr });
    }
  }

  /** The current rate of each group. */
  getLastLr(): number[] {
    return this.#optimizer.paramGroups.map((group) => group.lr);
  }

  step(metric: number): void {
    const { factor, patience, cooldown, minLr, eps } = this.#options;
    if (this.#isBetter(metric)) {
      this.#best = metric;
      this.#badSteps = 0;
    } else this.#badSteps++;
    if (this.#cooldownLeft > 0) {
      this.#cooldownLeft--;
      this.#badSteps = 0;
    }
    if (this.#badSteps <= patience) return;
    for (const [i, group] of this.#optimizer.paramGroups.entries()) {
      const lower = Math.max(group.lr * factor, typeof minLr === 'number' ? minLr : minLr[i]);
      if (group.lr - lower > eps) group.lr = lower;
    }
    this.#cooldownLeft = cooldown;
    this.#badSteps = 0;
  }

  #isBetter(metric: number): boolean {
    const { mode, threshold, thresholdMode } = this.#options;
    if (this.#best === null) return mode === 'min' ? metric < Infinity : metric > -Infinity;
    const margin = thresholdMode === 'rel' ? threshold * this.#best : threshold;
    return mode === 'min' ? metric < this.#best - margin : metric > this.#best + margin;
  }

  stateDict(): PlateauStateDict {
    return { best: this.#best, badSteps: this.#badSteps, cooldownLeft: this.#cooldownLeft, lrs: this.getLastLr() };
  }

  /** @throws StateDictError  if the state is of another number of groups */
  loadStateDict({ best, badSteps, cooldownLeft, lrs }: PlateauStateDict): void {
    if (lrs.length !== this.#optimizer.paramGroups.length) {
      const expected = this.#optimizer.paramGroups.length;
      const op = 'ReduceLROnPlateau.loadStateDict';
      throw new StateDictError({ op, problem: 'the number of groups differs', got: lrs.length, expected });
    }
    this.#best = best;
    this.#badSteps = badSteps;
    this.#cooldownLeft = cooldownLeft;
    for (const [i, group] of this.#optimizer.paramGroups.entries()) group.lr = lrs[i];
  }
}
