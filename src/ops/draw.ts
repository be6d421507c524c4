/** Draws of choices: orders, coins, and places by weight. */

import { logOf } from '../core/elementary.ts';
import { defaultGenerator, type Generator } from '../core/rng.ts';
import { checkShape } from '../core/shape.ts';
import { ConfigError, ShapeError } from '../errors.ts';
import { emptyTensor, type Tensor, wrapArray } from '../tensor.ts';
import { checkFloat } from './define.ts';

export interface DrawOptions {
  /** Default: the default generator. */
  generator?: Generator;
}

/**
 * The numbers 0 to n − 1 in random order, as int32.
 *
 * @throws ShapeError  if n is no size
 */
export function randperm(n: number, { generator = defaultGenerator }: DrawOptions = {}): Tensor {
  checkShape('randperm', [n]);
  return wrapArray(generator.permutation(n), [n], 'int32');
}

/**
 * 1 with the probability that stands in its place, else 0.
 *
 * Shapes: probs [...] → [...] of the same float dtype
 *
 * @throws ConfigError  if a probability lies outside [0, 1]
 */
export function bernoulli(probs: Tensor, { generator = defaultGenerator }: DrawOptions = {}): Tensor {
  checkFloat('bernoulli', probs);
  for (const p of probs.data) {
    if (p >= 0 && p <= 1) continue;
    throw new ConfigError({ op: 'bernoulli', problem: 'this is no probability', got: p, expected: '0 to 1' });
  }
  const y = emptyTensor(probs.shape, probs.dtype);
  const draws = generator.uniform53(probs.size);
  for (let i = 0; i < draws.length; i++) y.data[i] = draws[i] < probs.data[i] ? 1 : 0;
  return y;
}

export interface MultinomialOptions extends DrawOptions {
  /** Draw each place again and again; without it a place comes once at most. Default false. */
  replacement?: boolean;
}

/**
 * Places drawn by their weights, which need not sum to 1.
 *
 * Shapes: weights [C] or [N, C] → int32 [n] or [N, n]
 * Source: without replacement by exponential races: Efraimidis, Spirakis, Weighted random sampling with a reservoir, 2006.
 *
 * @throws ConfigError  if a weight is negative or not finite, all of a row are 0, or fewer places have a weight than are
 *                      to be drawn without replacement
 * @throws ShapeError   if the weights are no row, and no table
 */
export function multinomial(weights: Tensor, n: number, options: MultinomialOptions = {}): Tensor {
  const { generator = defaultGenerator, replacement = false } = options;
  checkFloat('multinomial', weights);
  checkShape('multinomial', [n]);
  if (weights.rank !== 1 && weights.rank !== 2) {
    throw new ShapeError({
      op: 'multinomial',
      problem: 'weights are a row or a table',
      got: weights.shape,
      expected: '[C] or [N, C]',
    });
  }
  const classes = weights.shape[weights.rank - 1];
  const rows = classes === 0 ? 0 : weights.size / classes;
  const y = emptyTensor([...weights.shape.slice(0, -1), n], 'int32');
  for (let row = 0; row < rows; row++) {
    const own = Float64Array.from(weights.data.subarray(row * classes, (row + 1) * classes));
    checkWeights(own, replacement ? 1 : n);
    y.data.set(replacement ? drawAgain(own, n, generator) : drawOnce(own, n, generator), row * n);
  }
  return y;
}

function checkWeights(weights: Float64Array, needed: number): void {
  const op = 'multinomial';
  const bad = weights.find((w) => !(w >= 0 && w < Infinity));
  if (bad !== undefined) {
    throw new ConfigError({ op, problem: 'a weight must be finite and not negative', got: bad });
  }
  const possible = weights.filter((w) => w > 0).length;
  if (possible >= needed) return;
  const hint = needed > 1 ? '{ replacement: true } draws a place again' : undefined;
  throw new ConfigError({ op, problem: 'too few places have a weight', got: possible, expected: needed, hint });
}

/** By where a uniform number falls among the sums of the weights so far. */
function drawAgain(weights: Float64Array, n: number, generator: Generator): Float64Array {
  let total = 0;
  const sums = weights.map((w) => (total += w));
  return generator.uniform53(n).map((u) => {
    let [low, high] = [0, sums.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (u * total < sums[middle]) high = middle;
      else low = middle + 1;
    }
    return low;
  });
}

/** Each place arrives after an exponential time, sooner for a larger weight; the first n are drawn. */
function drawOnce(weights: Float64Array, n: number, generator: Generator): number[] {
  const times = generator.uniform53(weights.length).map((u, i) => -logOf(1 - u) / weights[i]);
  const places = Array.from(weights.keys()).filter((i) => weights[i] > 0);
  return places.sort((a, b) => times[a] - times[b] || a - b).slice(0, n);
}
