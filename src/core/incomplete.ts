/**
 * The regularised incomplete gamma and beta functions and their inverses in float64: distribution and quantile functions
 * of Gamma, Poisson, Beta and binomial. The factors in front are point masses, which are exact to the last digits at any
 * size; arguments of quantiles are logarithms and log-odds, as the values themselves may be too small for a number.
 */

import { logGamma } from './gamma.ts';
import { binomialMass, poissonMass } from './point-mass.ts';

const EPS = 2 ** -53;
/** In the place of a 0 in a denominator of a continued fraction. */
const TINY = 1e-300;
/** Newton's method doubles the digits at every step once it is near; halving an interval takes more. */
const MAX_STEPS = 200;

/** A probability and its complement; the smaller is exact, where the larger is not 1 − it. */
export type Tails = readonly [lower: number, upper: number];

/**
 * The value of b₀ + a₁/(b₁ + a₂/(b₂ + …)), by Lentz's method; `next(k)` gives aₖ and bₖ.
 *
 * Source: Thompson and Barnett, "Coulomb and Bessel functions of complex arguments and order", 1986
 */
function continuedFraction(b0: number, a: (k: number) => number, b: (k: number) => number): number {
  let value = b0 === 0 ? TINY : b0;
  let c = value;
  let d = 0;
  for (let k = 1; ; k++) {
    const [ak, bk] = [a(k), b(k)];
    d = bk + ak * d || TINY;
    c = bk + ak / c || TINY;
    d = 1 / d;
    const factor = c * d;
    value *= factor;
    if (!(Math.abs(factor - 1) > 2 * EPS)) return value;
  }
}

/** P(a, x) and Q(a, x): what lies below and above x of the gamma distribution of concentration a and rate 1. */
export function gammaTails(a: number, x: number): Tails {
  if (!(a >= 0) || Number.isNaN(x)) return [NaN, NaN];
  if (x <= 0) return [0, 1];
  if (a === 0 || x === Infinity) return [1, 0];
  const mass = poissonMass(a, x);
  if (x < a + 1) {
    let [sum, term] = [1, 1];
    for (let n = 1; term > sum * EPS; n++) {
      term *= x / (a + n);
      sum += term;
    }
    const lower = Math.min(1, mass * sum);
    return [lower, 1 - lower];
  }
  const fraction = continuedFraction(
    x + 1 - a,
    (k) => k * (a - k),
    (k) => x + 1 - a + 2 * k,
  );
  const upper = Math.min(1, (mass * a) / fraction);
  return [1 - upper, upper];
}

/** I_x(a, b) and its complement: what lies below and above x of the beta distribution. `y` is 1 − x. */
export function betaTails(a: number, b: number, x: number, y: number): Tails {
  if (!(a > 0 && b > 0) || Number.isNaN(x)) return [NaN, NaN];
  if (x <= 0) return [0, 1];
  if (y <= 0) return [1, 0];
  if (x > (a + 1) / (a + b + 2)) {
    const [upper, lower] = betaTails(b, a, y, x);
    return [lower, upper];
  }
  const numerator = (k: number): number => {
    const m = k >> 1;
    if (k & 1) return (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    return (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
  };
  const fraction = continuedFraction(1, numerator, () => 1);
  const lower = Math.min(1, (binomialMass(a, a + b, x, y) * b) / ((a + b) * fraction));
  return [lower, 1 - lower];
}

/**
 * Where a tail equals `p`, by Newton's method for its logarithm, which is concave in the scale of `start`. What is known
 * to lie on either side holds the steps: far out a tail is 0, and has no logarithm.
 */
function solveTail(start: number, p: number, tail: (at: number) => number, slope: (at: number) => number): number {
  const rising = slope(start) > 0;
  let [low, high] = [-Infinity, Infinity];
  let at = start;
  for (let step = 0; step < MAX_STEPS; step++) {
    const value = tail(at);
    if (value === p) return at;
    if (value > p === rising) high = at;
    else low = at;
    let next = at - (Math.log(value / p) * value) / slope(at);
    if (!(next >= low && next <= high))
      next = low === -Infinity ? high - 1 : high === Infinity ? low + 1 : (low + high) / 2;
    if (Math.abs(next - at) <= 4 * EPS * Math.abs(next)) return next;
    at = next;
  }
  return at;
}

/** log x where P(a, x) = p. */
export function logGammaQuantile(a: number, p: number): number {
  if (!(a > 0 && p >= 0 && p <= 1)) return NaN;
  if (p === 0) return -Infinity;
  if (p === 1) return Infinity;
  // As if the tail were its first term, x^a/Γ(a + 1): exact where x is small.
  const first = (Math.log(p) + logGamma(a + 1)) / a;
  if (first < -650) return first;
  const density = (at: number): number => a * poissonMass(a, Math.exp(at));
  const start = Math.log(a);
  if (p <= 0.5) return solveTail(start, p, (at) => gammaTails(a, Math.exp(at))[0], density);
  return solveTail(
    start,
    1 - p,
    (at) => gammaTails(a, Math.exp(at))[1],
    (at) => -density(at),
  );
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** log(x/(1 − x)) where I_x(a, b) = p. */
export function logitBetaQuantile(a: number, b: number, p: number): number {
  if (!(a > 0 && b > 0 && p >= 0 && p <= 1)) return NaN;
  if (p === 0) return -Infinity;
  if (p === 1) return Infinity;
  // As if a tail were its first term, as for the gamma distribution: the other end is too near to 0 or 1 for a number.
  const first = (Math.log(p) + Math.log(a) + logBeta(a, b)) / a;
  if (first < -650) return first;
  const last = (Math.log(1 - p) + Math.log(b) + logBeta(a, b)) / b;
  if (last < -650) return -last;
  const ends = (at: number): [number, number] => [1 / (1 + Math.exp(-at)), 1 / (1 + Math.exp(at))];
  const density = (at: number): number => binomialMass(a, a + b, ...ends(at)) * ((a * b) / (a + b));
  const start = Math.log(a / b);
  if (p <= 0.5) return solveTail(start, p, (at) => betaTails(a, b, ...ends(at))[0], density);
  return solveTail(
    start,
    1 - p,
    (at) => betaTails(a, b, ...ends(at))[1],
    (at) => -density(at),
  );
}
