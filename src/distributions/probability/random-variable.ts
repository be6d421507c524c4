/** Random variables on finite sample spaces: mass and distribution functions, moments, joint tables. */

import { ConfigError } from '../../errors.ts';
import type { SampleOptions } from '../distribution.ts';
import { Event, type SampleSpace } from './sample-space.ts';

/** Sums in ascending order of their places, so that a result does not depend on how it was asked for. */
function sumOver(weights: Float64Array, term: (i: number) => number): number {
  let sum = 0;
  // An outcome of weight 0 counts for nothing, whatever its value.
  for (let i = 0; i < weights.length; i++) if (weights[i] > 0) sum += weights[i] * term(i);
  return sum;
}

/** A number for every outcome. */
export class RandomVariable<T = unknown> {
  readonly space: SampleSpace<T>;
  /** By the place of the outcome. */
  readonly values: Float64Array;

  /**
   * @throws ConfigError  if a value is no number
   * @example
   * const coins = SampleSpace.uniform(['heads', 'tails']).power(3);
   * const heads = new RandomVariable(coins, (faces) => faces.filter((face) => face === 'heads').length);
   * heads.distribution(); // => Map(4) { 0 => 0.125, 1 => 0.375, 2 => 0.375, 3 => 0.125 }
   * [heads.expectation(), heads.variance()]; // => [ 1.5, 0.75 ]
   */
  constructor(space: SampleSpace<T>, value: (outcome: T) => number) {
    this.space = space;
    this.values = Float64Array.from(space.outcomes, (outcome) => {
      const x = value(outcome);
      if (typeof x === 'number' && !Number.isNaN(x)) return x;
      throw new ConfigError({ op: 'RandomVariable', problem: 'the value of an outcome must be a number', got: x });
    });
  }

  /** The probability of each value, in ascending order of the values. */
  distribution(): Map<number, number> {
    const { weights, totalWeight } = this.space;
    const masses = new Map<number, number>();
    this.values.forEach((x, i) => {
      masses.set(x, (masses.get(x) ?? 0) + weights[i]);
    });
    return new Map([...masses].sort(([a], [b]) => a - b).map(([x, weight]) => [x, weight / totalWeight]));
  }

  /** P(X = x). */
  pmf(x: number): number {
    return this.event((value) => value === x).probability;
  }

  /** P(X ≤ x). */
  cdf(x: number): number {
    return this.event((value) => value <= x).probability;
  }

  /** The outcomes whose values meet a condition: {X > 2}. */
  event(holds: (value: number) => boolean): Event<T> {
    return new Event(
      this.space,
      Uint8Array.from(this.values, (value) => (holds(value) ? 1 : 0)),
    );
  }

  /** E[X]; with `condition` E[X | condition]. */
  expectation(condition: Event<T> = this.space.certain): number {
    if (condition.space !== this.space) this.#refuse('expectation');
    if (!(condition.weight > 0)) {
      const problem = 'the condition has probability 0';
      throw new ConfigError({ op: 'expectation', problem, code: 'ERR_CONDITION' });
    }
    const weights = this.space.weights.map((weight, i) => weight * condition.members[i]);
    return sumOver(weights, (i) => this.values[i]) / condition.weight;
  }

  /** E[(X − E[X])²]. */
  variance(): number {
    return this.covariance(this);
  }

  stddev(): number {
    return Math.sqrt(this.variance());
  }

  /** E[(X − E[X])(Y − E[Y])]. */
  covariance(other: RandomVariable<T>): number {
    if (other.space !== this.space) this.#refuse('covariance');
    const { weights, totalWeight } = this.space;
    const [mx, my] = [this.expectation(), other.expectation()];
    return sumOver(weights, (i) => (this.values[i] - mx) * (other.values[i] - my)) / totalWeight;
  }

  /** Covariance over the standard deviations; NaN if one of them is 0. */
  correlation(other: RandomVariable<T>): number {
    return this.covariance(other) / Math.sqrt(this.variance() * other.variance());
  }

  /** A function of this variable and of others on the same space. */
  map(fn: (value: number, ...others: number[]) => number, ...others: RandomVariable<T>[]): RandomVariable<T> {
    if (others.some(({ space }) => space !== this.space)) this.#refuse('map');
    let place = 0;
    return new RandomVariable(this.space, () => {
      const i = place++;
      return fn(this.values[i], ...others.map(({ values }) => values[i]));
    });
  }

  /** X + Y. */
  plus(other: RandomVariable<T>): RandomVariable<T> {
    return this.map((x, y) => x + y, other);
  }

  /** P(X = x, Y = y) for all pairs of values. */
  joint(other: RandomVariable<T>): JointTable {
    if (other.space !== this.space) this.#refuse('joint');
    const [rows, columns] = [this, other].map((variable) => [...variable.distribution().keys()]);
    const [rowOf, columnOf] = [rows, columns].map((list) => new Map(list.map((x, i) => [x, i])));
    const weights = rows.map(() => columns.map(() => 0));
    this.space.weights.forEach((weight, i) => {
      weights[rowOf.get(this.values[i])!][columnOf.get(other.values[i])!] += weight;
    });
    const { totalWeight } = this.space;
    return { rows, columns, probabilities: weights.map((row) => row.map((weight) => weight / totalWeight)) };
  }

  /** Whether P(X = x, Y = y) = P(X = x)·P(Y = y) for all values, up to rounding. */
  isIndependentOf(other: RandomVariable<T>): boolean {
    const { probabilities } = this.joint(other);
    const [px, py] = [[...this.distribution().values()], [...other.distribution().values()]];
    return probabilities.every((row, i) => row.every((p, j) => Math.abs(p - px[i] * py[j]) <= 1e-12));
  }

  /** Values of `n` independent draws from the space. */
  sample(n: number, options: SampleOptions = {}): Float64Array {
    return Float64Array.from(this.space.samplePlaces(n, options), (place) => this.values[place]);
  }

  #refuse(op: string): never {
    throw new ConfigError({ op, problem: 'the variables belong to two sample spaces' });
  }
}

/** The joint distribution of two random variables; `marginals` and `information.mutualInformation` read it. */
export interface JointTable {
  /** The values of the first variable, ascending. */
  readonly rows: readonly number[];
  /** Those of the second. */
  readonly columns: readonly number[];
  /** By row and column. */
  readonly probabilities: number[][];
}

/** The distributions of the two variables of a joint table. */
export function marginals({ columns, probabilities }: JointTable): { rows: number[]; columns: number[] } {
  return {
    rows: probabilities.map((row) => row.reduce((sum, p) => sum + p, 0)),
    columns: columns.map((_, j) => probabilities.reduce((sum, row) => sum + row[j], 0)),
  };
}
