/**
 * The point masses of Poisson and binomial distributions in float64, to the last digits at any size: Stirling's formula
 * with its error, and deviances, in place of factorials that cancel. The same bits on every platform, as samplers ask
 * for them.
 *
 * Source: Loader, "Fast and Accurate Computation of Binomial Probabilities", 2000
 */

import { expOf, logOf } from './elementary.ts';

export const LOG_2PI = 1.8378770664093456;

/** Where the series of Stirling's error is good to the last digit. */
const SERIES_FROM = 10;

/** log Γ(n + 1) − ((n + ½) log n − n + ½ log 2π), for n > 0. */
function stirlingError(n: number): number {
  let below = 0;
  for (; n < SERIES_FROM; n++) below += (n + 0.5) * logOf(1 + 1 / n) - 1;
  const n2 = 1 / (n * n);
  return (
    below +
    (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - (1 / 1188 - (691 / 360360 - n2 / 156) * n2) * n2) * n2) * n2) * n2) / n
  );
}

/** x log(x/m) + m − x for positive x and m, without the cancellation where they are close. */
function deviance(x: number, m: number): number {
  if (Math.abs(x - m) >= 0.1 * (x + m)) return x * logOf(x / m) + m - x;
  const v = (x - m) / (x + m);
  const v2 = v * v;
  let sum = (x - m) * v;
  let term = 2 * x * v;
  for (let j = 3; j < 2000; j += 2) {
    term *= v2;
    const next = sum + term / j;
    if (next === sum) break;
    sum = next;
  }
  return sum;
}

/** log(λ^k e^(−λ)/Γ(k + 1)) for real k ≥ 0 and λ > 0. */
export function logPoissonMass(k: number, rate: number): number {
  return k === 0 ? -rate : -stirlingError(k) - deviance(k, rate) - (LOG_2PI + logOf(k)) / 2;
}

/** log(Γ(n + 1)/(Γ(k + 1)Γ(n − k + 1))·p^k·q^(n − k)) for real 0 ≤ k ≤ n and q = 1 − p, both positive. */
export function logBinomialMass(k: number, n: number, p: number, q: number): number {
  if (k === 0) return n === 0 ? 0 : -deviance(n, n * q) - n * p;
  if (k === n) return -deviance(n, n * p) - n * q;
  const errors = stirlingError(n) - stirlingError(k) - stirlingError(n - k);
  return errors - deviance(k, n * p) - deviance(n - k, n * q) - (LOG_2PI + logOf(k) + logOf((n - k) / n)) / 2;
}

/** λ^k e^(−λ)/Γ(k + 1). */
export function poissonMass(k: number, rate: number): number {
  return expOf(logPoissonMass(k, rate));
}

/** Γ(n + 1)/(Γ(k + 1)Γ(n − k + 1))·p^k·q^(n − k). */
export function binomialMass(k: number, n: number, p: number, q: number): number {
  return expOf(logBinomialMass(k, n, p, q));
}
