/** Which samples an epoch takes, and in which order: a function of the seed and the epoch's number. */

import { logOf } from '../core/elementary.ts';
import { checkOptions, type OptionNames } from '../core/options.ts';
import { ConfigError } from '../errors.ts';
import { checkCount, drawsFor, Use } from './draws.ts';

export interface Sampler {
  /** Samples an epoch takes. */
  readonly length: number;
  /** Their indices in order; the same for the same epoch and seed. */
  indices(epoch: number, seed: bigint): Int32Array;
}

/** 0 to length − 1, in order. */
export class SequentialSampler implements Sampler {
  readonly length: number;

  constructor(length: number) {
    this.length = checkCount('SequentialSampler', 'length', length, 0);
  }

  indices(): Int32Array {
    return Int32Array.from({ length: this.length }, (_, i) => i);
  }
}

export interface RandomSamplerOptions {
  /** Draws each sample anew, so that one may come twice. */
  replacement?: boolean;
  /** Samples an epoch; as many as there are, unless given. */
  numSamples?: number;
}

const RANDOM_OPTIONS: OptionNames<RandomSamplerOptions> = { replacement: true, numSamples: true };

/** All samples in random order, another one each epoch. */
export class RandomSampler implements Sampler {
  readonly length: number;
  readonly #size: number;
  readonly #replacement: boolean;

  /** @throws ConfigError  if more samples are asked for than there are, and none may come twice */
  constructor(size: number, options: RandomSamplerOptions = {}) {
    const op = 'RandomSampler';
    checkOptions(op, options, RANDOM_OPTIONS);
    const { replacement = false, numSamples = size } = options;
    this.#size = checkCount(op, 'the number of samples', size, 0);
    const most = replacement ? (size === 0 ? 0 : undefined) : size;
    this.length = checkCount(op, 'numSamples', numSamples, 0, most);
    this.#replacement = replacement;
  }

  indices(epoch: number, seed: bigint): Int32Array {
    const draws = drawsFor(Use.order, seed, epoch);
    if (this.#replacement) return Int32Array.from(draws.integers(this.length, this.#size));
    return draws.permutation(this.#size).subarray(0, this.length);
  }
}

/** Samples drawn with the given weights, which need not sum to 1. */
export class WeightedRandomSampler implements Sampler {
  readonly length: number;
  readonly #weights: Float64Array;
  readonly #replacement: boolean;

  /** @throws ConfigError  if a weight is negative or not finite, all are 0, or too few are above 0 for that many samples */
  constructor(weights: ArrayLike<number>, numSamples: number, { replacement = true }: { replacement?: boolean } = {}) {
    const op = 'WeightedRandomSampler';
    this.#weights = Float64Array.from(weights);
    const wrong = this.#weights.findIndex((weight) => !(weight >= 0 && weight < Infinity));
    if (wrong >= 0) {
      throw new ConfigError({
        op,
        problem: `weight ${wrong} is out of range`,
        got: weights[wrong],
        expected: '0 or more',
      });
    }
    const positive = this.#weights.reduce((n, weight) => n + (weight > 0 ? 1 : 0), 0);
    if (positive === 0) throw new ConfigError({ op, problem: 'no weight is above 0' });
    this.length = checkCount(op, 'numSamples', numSamples, 0, replacement ? undefined : positive);
    this.#replacement = replacement;
  }

  indices(epoch: number, seed: bigint): Int32Array {
    const draws = drawsFor(Use.order, seed, epoch);
    const weights = this.#weights;
    if (!this.#replacement) {
      // The smallest of −ln(u) / w. Source: Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006.
      const keys = draws
        .uniform53(weights.length)
        .map((u, i) => (weights[i] > 0 ? -logOf(1 - u) / weights[i] : Infinity));
      const order = Int32Array.from(weights, (_, i) => i).sort((a, b) => keys[a] - keys[b] || a - b);
      return order.subarray(0, this.length);
    }
    let sum = 0;
    const ends = weights.map((weight) => (sum += weight));
    return Int32Array.from(draws.uniform53(this.length), (u) => placeIn(ends, u * sum));
  }
}

/** The first place whose end lies above `value`; past the last, where rounding leads there, the last with a weight. */
function placeIn(ends: Float64Array, value: number): number {
  let [low, high] = [0, ends.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle] > value) high = middle;
    else low = middle + 1;
  }
  while (low > 0 && ends[low] === ends[low - 1]) low--;
  return low;
}
