/** Schedules along cosines: annealing, warm restarts, and the one-cycle policy. */

import { ConfigError } from '../errors.ts';
import { checkCount, LRScheduler, type ScheduledGroup, type ScheduledOptimizer } from './schedule.ts';

/**
 * Half a cosine from the rate down to `etaMin` in `tMax` steps (and up again, if more are taken).
 *
 * Source: Loshchilov, Hutter, SGDR: stochastic gradient descent with warm restarts, 2017.
 *
 * @example
 * const optimizer = new SGD(new Linear(2, 1).parameters(), { lr: 0.1 });
 * const schedule = new CosineAnnealingLR(optimizer, 100);
 * for (let step = 0; step < 50; step++) schedule.step();
 * schedule.getLastLr()[0].toFixed(4); // => 0.0500
 */
export class CosineAnnealingLR extends LRScheduler {
  readonly #tMax: number;
  readonly #etaMin: number;

  constructor(optimizer: ScheduledOptimizer, tMax: number, { etaMin = 0 }: { etaMin?: number } = {}) {
    super(optimizer);
    this.#tMax = checkCount('CosineAnnealingLR', 'tMax', tMax);
    this.#etaMin = etaMin;
    this.moveTo(0);
  }

  protected override rateAt(steps: number, base: number): number {
    return this.#etaMin + 0.5 * (base - this.#etaMin) * (1 + Math.cos((Math.PI * steps) / this.#tMax));
  }
}

/** Half cosines of t0, t0·tMult, t0·tMult² … steps, each from the full rate down to `etaMin`. */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  readonly #t0: number;
  readonly #tMult: number;
  readonly #etaMin: number;

  constructor(
    optimizer: ScheduledOptimizer,
    t0: number,
    { tMult = 1, etaMin = 0 }: { tMult?: number; etaMin?: number } = {},
  ) {
    super(optimizer);
    this.#t0 = checkCount('CosineAnnealingWarmRestarts', 't0', t0);
    this.#tMult = checkCount('CosineAnnealingWarmRestarts', 'tMult', tMult);
    this.#etaMin = etaMin;
    this.moveTo(0);
  }

  protected override rateAt(steps: number, base: number): number {
    let length = this.#t0;
    let within = steps;
    if (this.#tMult === 1) within = steps % length;
    else {
      while (within >= length) {
        within -= length;
        length *= this.#tMult;
      }
    }
    return this.#etaMin + 0.5 * (base - this.#etaMin) * (1 + Math.cos((Math.PI * within) / length));
  }
}

export interface OneCycleOptions {
  /** Steps of the whole cycle; `step()` may be called one time less. */
  totalSteps: number;
  /** The share of the cycle in which the rate rises. Default 0.3. */
  pctStart?: number;
  annealStrategy?: 'cos' | 'linear';
  /** Move the momentum (or Adam's first β) against the rate. Default true. */
  cycleMomentum?: boolean;
  baseMomentum?: number;
  maxMomentum?: number;
  /** The first rate is maxLr/divFactor. Default 25. */
  divFactor?: number;
  /** The last rate is the first over this. Default 1e4. */
  finalDivFactor?: number;
  /** Fall back to the first rate as long as it took to rise, and only then to the last. Default false. */
  threePhase?: boolean;
}

/** One stretch of the cycle: where it ends, and what it moves between. */
interface Phase {
  readonly end: number;
  readonly rates: readonly [from: number, to: number];
  readonly momenta: readonly [from: number, to: number];
}

function setMomentum(group: ScheduledGroup, momentum: number): void {
  if (group.betas !== undefined) group.betas = [momentum, group.betas[1]];
  else group.momentum = momentum;
}

/**
 * The one-cycle policy: the rate rises to `maxLr` and falls far below where it began, the momentum goes the other way.
 *
 * Source: Smith, Topin, Super-convergence: very fast training of neural networks using large learning rates, 2019.
 *
 * @throws ConfigError  from `step` past the end of the cycle
 */
export class OneCycleLR extends LRScheduler {
  readonly #maxLrs: readonly number[];
  readonly #options: Required<OneCycleOptions>;

  constructor(optimizer: ScheduledOptimizer, maxLr: number | readonly number[], options: OneCycleOptions) {
    super(optimizer);
    const { totalSteps, pctStart = 0.3, annealStrategy = 'cos', threePhase = false } = options;
    const { cycleMomentum = true, baseMomentum = 0.85, maxMomentum = 0.95 } = options;
    const { divFactor = 25, finalDivFactor = 1e4 } = options;
    const momentum = { cycleMomentum, baseMomentum, maxMomentum };
    this.#options = { totalSteps, pctStart, annealStrategy, threePhase, ...momentum, divFactor, finalDivFactor };
    checkCount('OneCycleLR', 'totalSteps', totalSteps);
    this.#maxLrs = typeof maxLr === 'number' ? optimizer.paramGroups.map(() => maxLr) : maxLr;
    if (this.#maxLrs.length !== optimizer.paramGroups.length) {
      throw new ConfigError({ op: 'OneCycleLR', problem: 'one maxLr a group', got: this.#maxLrs });
    }
    const without = optimizer.paramGroups.some((group) => group.momentum === undefined && group.betas === undefined);
    if (this.#options.cycleMomentum && without) {
      throw new ConfigError({
        op: 'OneCycleLR',
        problem: 'this optimizer has no momentum',
        hint: 'cycleMomentum: false',
      });
    }
    this.moveTo(0);
  }

  #phases(i: number): Phase[] {
    const { totalSteps, pctStart, divFactor, finalDivFactor, threePhase, baseMomentum, maxMomentum } = this.#options;
    const max = this.#maxLrs[i];
    const first = max / divFactor;
    const last = first / finalDivFactor;
    const peak = pctStart * totalSteps - 1;
    const rise: Phase = { end: peak, rates: [first, max], momenta: [maxMomentum, baseMomentum] };
    if (!threePhase) {
      return [rise, { end: totalSteps - 1, rates: [max, last], momenta: [baseMomentum, maxMomentum] }];
    }
    return [
      rise,
      { end: 2 * pctStart * totalSteps - 2, rates: [max, first], momenta: [baseMomentum, maxMomentum] },
      { end: totalSteps - 1, rates: [first, last], momenta: [maxMomentum, maxMomentum] },
    ];
  }

  #valueAt(steps: number, i: number, of: 'rates' | 'momenta'): number {
    const phases = this.#phases(i);
    const at = phases.findIndex((phase) => steps <= phase.end);
    const current = at < 0 ? phases.length - 1 : at;
    const start = current === 0 ? 0 : phases[current - 1].end;
    const [from, to] = phases[current][of];
    const progress = (steps - start) / (phases[current].end - start);
    if (this.#options.annealStrategy === 'linear') return from + (to - from) * progress;
    return to + 0.5 * (from - to) * (1 + Math.cos(Math.PI * progress));
  }

  protected override apply(steps: number): void {
    if (steps > this.#options.totalSteps) {
      const expected = `at most ${this.#options.totalSteps}`;
      throw new ConfigError({ op: 'OneCycleLR', problem: 'the cycle is over', got: steps, expected });
    }
    super.apply(steps);
    if (!this.#options.cycleMomentum) return;
    for (const [i, group] of this.optimizer.paramGroups.entries()) {
      setMomentum(group, this.#valueAt(steps, i, 'momenta'));
    }
  }

  protected override rateAt(steps: number, _base: number, i: number): number {
    return this.#valueAt(steps, i, 'rates');
  }
}
