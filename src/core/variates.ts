/**
 * Draws beyond the uniform and the normal, in float64: one a parameter, in bulk, and the same bits on every backend and
 * platform. Those that reject draw again, all that are left at once, so that a generator's state stays three numbers.
 */

import { expOf, logOf } from './elementary.ts';
import { logBinomialMass, logPoissonMass } from './point-mass.ts';
import type { Generator } from './rng.ts';

/** Half the distance of neighbouring uniforms: added to one, it keeps it from 0. */
const HALF_STEP = 2 ** -54;

/** Below this mean a sum over the masses from 0 is shorter than a rejection. */
const SMALL_MEAN = 10;

/** `n` draws from the exponential distribution of rate 1. */
export function exponentialDraws(generator: Generator, n: number): Float64Array {
  const draws = generator.uniform53(n);
  for (let i = 0; i < n; i++) draws[i] = -logOf(1 - draws[i]);
  return draws;
}

/** `n` draws from the Laplace distribution of location 0 and scale 1. */
export function laplaceDraws(generator: Generator, n: number): Float64Array {
  const draws = generator.uniform53(n);
  for (let i = 0; i < n; i++) {
    const t = 2 * (draws[i] + HALF_STEP) - 1;
    draws[i] = t < 0 ? logOf(1 + t) : -logOf(1 - t);
  }
  return draws;
}

/** Runs `attempt` for every place until it accepts: it gets the place and its number among those of this round. */
function reject(n: number, prepare: (left: number) => void, attempt: (place: number, at: number) => boolean): void {
  let left: Int32Array = Int32Array.from({ length: n }, (_, i) => i);
  while (left.length > 0) {
    prepare(left.length);
    let kept = 0;
    for (let at = 0; at < left.length; at++) if (!attempt(left[at], at)) left[kept++] = left[at];
    left = left.subarray(0, kept);
  }
}

/**
 * The logarithm of one draw from the gamma distribution of rate 1 for each concentration: a logarithm, because draws of
 * a small concentration are often below the smallest number.
 *
 * Source: Marsaglia and Tsang, "A Simple Method for Generating Gamma Variables", 2000
 */
export function logGammaDraws(generator: Generator, concentration: Float64Array): Float64Array {
  const n = concentration.length;
  const draws = new Float64Array(n);
  let [normals, uniforms]: Float64Array[] = [draws, draws];
  const prepare = (left: number): void => {
    normals = generator.normal(left);
    uniforms = generator.uniform53(left);
  };
  reject(n, prepare, (i, at) => {
    const alpha = concentration[i];
    const d = (alpha < 1 ? alpha + 1 : alpha) - 1 / 3;
    const x = normals[at];
    const root = 1 + x / Math.sqrt(9 * d);
    if (!(root > 0)) return Number.isNaN(alpha);
    const v = root * root * root;
    const logV = 3 * logOf(root);
    if (logOf(1 - uniforms[at]) >= 0.5 * x * x + d * (1 - v + logV)) return false;
    draws[i] = logOf(d) + logV;
    return true;
  });
  if (!concentration.some((alpha) => alpha < 1)) return draws;
  const powers = generator.uniform53(n);
  for (let i = 0; i < n; i++) {
    if (concentration[i] < 1) draws[i] += logOf(powers[i] + HALF_STEP) / concentration[i];
  }
  return draws;
}

/** The first k at which the masses from `mass`, each `next(k)` times the one before, add up to more than u. */
function searchMasses(u: number, mass: number, last: number, next: (k: number) => number): number {
  let k = 0;
  let below = mass;
  while (u >= below && k < last) {
    k++;
    mass *= next(k);
    // Rounding may leave the sum of all masses below u.
    if (below + mass === below) break;
    below += mass;
  }
  return k;
}

/**
 * One draw from the Poisson distribution of each rate.
 *
 * Source: Hörmann, "The transformed rejection method for generating Poisson random variables", 1993 (PTRS)
 */
export function poissonDraws(generator: Generator, rate: Float64Array): Float64Array {
  const n = rate.length;
  const draws = new Float64Array(n);
  let uniforms: Float64Array = draws;
  const prepare = (left: number): void => {
    uniforms = generator.uniform53(2 * left);
  };
  reject(n, prepare, (i, at) => {
    const mean = rate[i];
    const [u, v] = [uniforms[2 * at], uniforms[2 * at + 1] + HALF_STEP];
    if (!(mean >= SMALL_MEAN)) {
      draws[i] = mean >= 0 ? searchMasses(u, expOf(-mean), Infinity, (k) => mean / k) : NaN;
      return true;
    }
    const b = 0.931 + 2.53 * Math.sqrt(mean);
    const a = -0.059 + 0.02483 * b;
    const centred = u - 0.5;
    const edge = 0.5 - Math.abs(centred);
    const k = Math.floor(((2 * a) / edge + b) * centred + mean + 0.43);
    draws[i] = k;
    if (edge >= 0.07 && v <= 0.9277 - 3.6224 / (b - 2)) return true;
    if (!(k >= 0) || (edge < 0.013 && v > edge)) return false;
    const height = 1.1239 + 1.1328 / (b - 3.4);
    return logOf((v * height) / (a / (edge * edge) + b)) <= logPoissonMass(k, mean);
  });
  return draws;
}

/**
 * One draw from the binomial distribution of each number of trials and probability of success.
 *
 * Source: Hörmann, "The generation of binomial random variates", 1993 (BTRS)
 */
export function binomialDraws(generator: Generator, trials: Float64Array, probability: Float64Array): Float64Array {
  const n = trials.length;
  const draws = new Float64Array(n);
  let uniforms: Float64Array = draws;
  const prepare = (left: number): void => {
    uniforms = generator.uniform53(2 * left);
  };
  reject(n, prepare, (i, at) => {
    const count = trials[i];
    // The rarer side is drawn.
    const swapped = probability[i] > 0.5;
    const p = swapped ? 1 - probability[i] : probability[i];
    const [u, v] = [uniforms[2 * at], uniforms[2 * at + 1] + HALF_STEP];
    const finish = (k: number): true => {
      draws[i] = swapped ? count - k : k;
      return true;
    };
    const mean = count * p;
    if (!(mean >= SMALL_MEAN)) {
      const odds = p / (1 - p);
      const none = expOf(count * logOf(1 - p));
      return finish(mean >= 0 ? searchMasses(u, none, count, (k) => (odds * (count - k + 1)) / k) : NaN);
    }
    const spread = Math.sqrt(mean * (1 - p));
    const b = 1.15 + 2.53 * spread;
    const a = -0.0873 + 0.0248 * b + 0.01 * p;
    const centred = u - 0.5;
    const edge = 0.5 - Math.abs(centred);
    const k = Math.floor(((2 * a) / edge + b) * centred + mean + 0.5);
    if (edge >= 0.07 && v <= 0.92 - 4.2 / b) return finish(k);
    if (!(k >= 0 && k <= count)) return false;
    const height = (2.83 + 5.1 / b) * spread;
    const mode = Math.floor((count + 1) * p);
    const ratio = logBinomialMass(k, count, p, 1 - p) - logBinomialMass(mode, count, p, 1 - p);
    return logOf((v * height) / (a / (edge * edge) + b)) <= ratio && finish(k);
  });
  return draws;
}

/**
 * For each row of weights [rows, n] `draws` indices, drawn with probabilities proportional to the weights.
 *
 * @returns [draws, rows]
 */
export function categoricalDraws(
  generator: Generator,
  weights: Float64Array,
  rows: number,
  n: number,
  draws: number,
): Int32Array {
  const u = generator.uniform53(draws * rows);
  const out = new Int32Array(draws * rows);
  const upTo = new Float64Array(n);
  for (let row = 0; row < rows; row++) {
    let total = 0;
    for (let i = 0; i < n; i++) upTo[i] = total += weights[row * n + i];
    for (let at = row; at < out.length; at += rows) {
      // The first place whose sum passes the draw: one of weight 0 never does.
      const wanted = u[at] * total;
      let [low, high] = [0, n - 1];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (upTo[middle] > wanted) high = middle;
        else low = middle + 1;
      }
      out[at] = low;
    }
  }
  return out;
}
