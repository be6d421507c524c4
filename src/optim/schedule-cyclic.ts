/** Schedules along cosines and triangles: annealing, warm restarts, cycles, and the one-cycle policy. */

import { checkPositiveInteger } from '../core/options.ts';
import { ConfigError } from '../errors.ts';
import { LRScheduler, type ScheduledGroup, type ScheduledOptimizer } from './schedule.ts';

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
    this.#tMax = checkPositiveInteger('CosineAnnealingLR', 'tMax', tMax);
    this.#etaMin = etaMin;
    this.moveTo(0);
  }

  protected override rateAt(steps: number, base: number): number {
    return this.#etaMin + 0.5 * (base - this.#etaMin) * (1 + Math.cos((Math.PI * steps) / this.#tMax));
  }

  /** The part above `etaMin` is what changes by a factor; from the bottom it rises by what the cosine rises. */
  override carry(steps: number, rate: number, i: number): number {
    if (steps === 0) return rate;
    const before = this.rateAt(steps - 1, this.baseLrs[i]) - this.#etaMin;
    const after = this.rateAt(steps, this.baseLrs[i]) - this.#etaMin;
    if ((steps - 1 - this.#tMax) % (2 * this.#tMax) === 0) return rate + after;
    return this.#etaMin + ((rate - this.#etaMin) * after) / before;
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
    this.#t0 = checkPositiveInteger('CosineAnnealingWarmRestarts', 't0', t0);
    this.#tMult = checkPositiveInteger('CosineAnnealingWarmRestarts', 'tMult', tMult);
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

  override carry(steps: number, _rate: number, i: number): number {
    return this.rateAt(steps, this.baseLrs[i]);
  }
}

export interface OneCycleOptions {
  /** Steps of the whole cycle; `step()` may be called one time less. Default epochs·stepsPerEpoch. */
  totalSteps?: number;
  epochs?: number;
  stepsPerEpoch?: number;
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

/** @throws ConfigError  if neither the steps are given nor both of what they are a product of */
function cycleLength({ totalSteps, epochs, stepsPerEpoch }: OneCycleOptions): number {
  const op = 'OneCycleLR';
  if (totalSteps !== undefined) return checkPositiveInteger(op, 'totalSteps', totalSteps);
  if (epochs === undefined || stepsPerEpoch === undefined) {
    throw new ConfigError({
      op,
      problem: 'how long is the cycle',
      expected: 'totalSteps, or epochs and stepsPerEpoch',
    });
  }
  return checkPositiveInteger(op, 'epochs', epochs) * checkPositiveInteger(op, 'stepsPerEpoch', stepsPerEpoch);
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

/** @throws ConfigError  if a group has neither momentum nor decay rates */
function checkMomentum(op: string, { paramGroups }: ScheduledOptimizer): void {
  if (paramGroups.every((group) => group.momentum !== undefined || group.betas !== undefined)) return;
  throw new ConfigError({ op, problem: 'this optimizer has no momentum', hint: 'cycleMomentum: false' });
}

/** One number for all groups, or one a group. @throws ConfigError */
function perGroup(
  op: string,
  name: string,
  { paramGroups }: ScheduledOptimizer,
  value: number | readonly number[],
): readonly number[] {
  const list = typeof value === 'number' ? paramGroups.map(() => value) : [...value];
  if (list.length === paramGroups.length && list.every(Number.isFinite)) return list;
  throw new ConfigError({ op, problem: `one ${name} a group`, got: value, expected: `${paramGroups.length} numbers` });
}

export interface CyclicOptions {
  /** The rate at both ends of a cycle; one for all groups, or one a group. */
  baseLr: number | readonly number[];
  /** The rate at the top of a cycle, before any scaling. */
  maxLr: number | readonly number[];
  /** Steps from the base to the top. Default 2000. */
  stepSizeUp?: number;
  /** Steps from the top to the base. Default stepSizeUp. */
  stepSizeDown?: number;
  /** Whether the height of a cycle stays, halves with each cycle, or falls as gamma^step. Default 'triangular'. */
  mode?: 'triangular' | 'triangular2' | 'exp_range';
  gamma?: number;
  /** A scaling of the height of one's own, in place of the mode's. */
  scaleFn?: (x: number) => number;
  /** Whether scaleFn gets the number of the cycle, from 1, or the number of steps. Default 'cycle'. */
  scaleMode?: 'cycle' | 'iterations';
  /** Move the momentum (or Adam's first β) against the rate. Default true. */
  cycleMomentum?: boolean;
  baseMomentum?: number | readonly number[];
  maxMomentum?: number | readonly number[];
}

/** What the height of a cycle is multiplied by, given the number of the cycle and of the steps. */
type Scale = (cycle: number, steps: number) => number;

function scaleOf({ mode = 'triangular', gamma = 1, scaleFn, scaleMode = 'cycle' }: CyclicOptions): Scale {
  if (scaleFn !== undefined) return (cycle, steps) => scaleFn(scaleMode === 'cycle' ? cycle : steps);
  if (mode === 'triangular') return () => 1;
  if (mode === 'triangular2') return (cycle) => 1 / 2 ** (cycle - 1);
  if (mode === 'exp_range') return (_, steps) => gamma ** steps;
  throw new ConfigError({
    op: 'CyclicLR',
    problem: 'there is no such mode',
    got: mode,
    expected: "'triangular' | 'triangular2' | 'exp_range'",
  });
}

/**
 * Triangles between two rates, and between two momenta the other way round: torch.optim.lr_scheduler.CyclicLR's.
 *
 * Source: Smith, Cyclical learning rates for training neural networks, 2017.
 */
export class CyclicLR extends LRScheduler {
  readonly #rates: readonly (readonly [base: number, max: number])[];
  readonly #momenta: readonly (readonly [base: number, max: number])[] | null;
  readonly #up: number;
  readonly #total: number;
  readonly #scale: Scale;

  constructor(optimizer: ScheduledOptimizer, options: CyclicOptions) {
    const op = 'CyclicLR';
    const { stepSizeUp = 2000, stepSizeDown = stepSizeUp, cycleMomentum = true } = options;
    const { baseMomentum = 0.8, maxMomentum = 0.9 } = options;
    super(optimizer);
    const highest = perGroup(op, 'maxLr', optimizer, options.maxLr);
    this.#rates = perGroup(op, 'baseLr', optimizer, options.baseLr).map((base, i) => [base, highest[i]]);
    this.#up = checkPositiveInteger(op, 'stepSizeUp', stepSizeUp);
    this.#total = this.#up + checkPositiveInteger(op, 'stepSizeDown', stepSizeDown);
    this.#scale = scaleOf(options);
    if (cycleMomentum) checkMomentum(op, optimizer);
    const most = perGroup(op, 'maxMomentum', optimizer, maxMomentum);
    const least = perGroup(op, 'baseMomentum', optimizer, baseMomentum);
    this.#momenta = cycleMomentum ? least.map((base, i) => [base, most[i]]) : null;
    this.moveTo(0);
  }

  /** How far up the triangle, scaled: 0 at its ends, 1 at the top. */
  #height(steps: number): number {
    const cycle = Math.floor(1 + steps / this.#total);
    const x = 1 + steps / this.#total - cycle;
    const ratio = this.#up / this.#total;
    return (x <= ratio ? x / ratio : (x - 1) / (ratio - 1)) * this.#scale(cycle, steps);
  }

  protected override apply(steps: number): void {
    super.apply(steps);
    if (this.#momenta === null) return;
    const height = this.#height(steps);
    for (const [i, group] of this.optimizer.paramGroups.entries()) {
      const [base, max] = this.#momenta[i];
      setMomentum(group, max - (max - base) * height);
    }
  }

  protected override rateAt(steps: number, _base: number, i: number): number {
    const [base, max] = this.#rates[i];
    return base + (max - base) * this.#height(steps);
  }

  override carry(steps: number, _rate: number, i: number): number {
    return this.rateAt(steps, this.baseLrs[i], i);
  }
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
  readonly #options: Required<Omit<OneCycleOptions, 'epochs' | 'stepsPerEpoch'>>;

  constructor(optimizer: ScheduledOptimizer, maxLr: number | readonly number[], options: OneCycleOptions) {
    super(optimizer);
    const totalSteps = cycleLength(options);
    const { pctStart = 0.3, annealStrategy = 'cos', threePhase = false } = options;
    const { cycleMomentum = true, baseMomentum = 0.85, maxMomentum = 0.95 } = options;
    const { divFactor = 25, finalDivFactor = 1e4 } = options;
    const momentum = { cycleMomentum, baseMomentum, maxMomentum };
    this.#options = { totalSteps, pctStart, annealStrategy, threePhase, ...momentum, divFactor, finalDivFactor };
    this.#maxLrs = perGroup('OneCycleLR', 'maxLr', optimizer, maxLr);
    if (this.#options.cycleMomentum) checkMomentum('OneCycleLR', optimizer);
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
  override carry(steps: number, _rate: number, i: number): number {
    return this.rateAt(steps, this.baseLrs[i], i);
  }
}
