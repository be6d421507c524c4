/**
 * How a quantile of the gamma or beta distribution moves with the concentration, at a fixed share below it. With F the
 * distribution function, f the density and t the variable that is −∂F/∂a over f(x), and ∂F/∂a is the integral of
 * f(t)·∂log f(t)/∂a from either end. Taken into the tail where ∂log f/∂a keeps its sign, along v + τs for s ≥ 0 with v
 * the logarithm (or log-odds) of x, all that is summed has one sign, and nothing cancels.
 *
 * Source: Figurnov, Mohamed, Mnih, "Implicit Reparameterization Gradients", 2018; Takahasi and Mori, "Double Exponential
 * Formulas for Numerical Integration", 1974
 */

import { digamma } from './gamma.ts';

const STEP = 1 / 12;
const FIRST = -3.75;
const LAST = 2.75;
const COUNT = Math.round((LAST - FIRST) / STEP) + 1;

/** Σ f(nodeᵢ)·weightᵢ is the integral of f over s ≥ 0, for f of width about 1. */
export const NODES = Float64Array.from({ length: COUNT }, (_, i) =>
  Math.exp((Math.PI / 2) * Math.sinh(FIRST + i * STEP)),
);
export const WEIGHTS = NODES.map((s, i) => ((s * Math.PI) / 2) * Math.cosh(FIRST + i * STEP) * STEP);

/**
 * For a concentration below 1 the logarithm of the density rises or falls as a line up to about here, and then ends as
 * abruptly as the nodes cannot follow: from farther out the integral is taken away from there, also past a change of sign.
 */
const PLATEAU = 4;

/** Where to integrate from a point, and over about which width. */
export interface Tail {
  /** +1 above the point, −1 below. */
  readonly direction: 1 | -1;
  readonly width: number;
}

/** log t of the gamma distribution of concentration a and rate 1, from v = log x. */
export function gammaTail(a: number, v: number): Tail {
  const x = Math.exp(v);
  return { direction: v < digamma(a) || (a < 1 && v < -PLATEAU) ? -1 : 1, width: 1 / (Math.abs(a - x) + Math.sqrt(x)) };
}

/** The derivative of log x in the concentration a, of the quantile x = e^v of the gamma distribution. */
export function gammaSlope(a: number, v: number): number {
  const { direction, width } = gammaTail(a, v);
  const psi = digamma(a);
  const x = Math.exp(v);
  let sum = 0;
  for (let i = 0; i < COUNT; i++) {
    const s = direction * width * NODES[i];
    const rise = s < 1 ? x * Math.expm1(s) : Math.exp(v + s) - x;
    const weight = Math.exp(a * s - rise) * WEIGHTS[i];
    if (weight > 0) sum += weight * (v + s - psi);
  }
  return direction * width * sum;
}

/** log σ(v). */
function logSigmoid(v: number): number {
  return v < 0 ? v - Math.log1p(Math.exp(v)) : -Math.log1p(Math.exp(-v));
}

/** The log-odds of t of the beta distribution of concentrations a and b, from v, those of x. */
export function betaTail(a: number, b: number, v: number): Tail {
  const x = 1 / (1 + Math.exp(-v));
  const y = 1 / (1 + Math.exp(v));
  let direction: 1 | -1 = logSigmoid(v) < digamma(a) - digamma(a + b) ? -1 : 1;
  if (a < 1 && v < -PLATEAU) direction = -1;
  if (b < 1 && v > PLATEAU) direction = 1;
  return { direction, width: 1 / (Math.abs(a * y - b * x) + Math.sqrt((a + b) * x * y)) };
}

/** The derivative of the log-odds v in the first concentration, of the quantile x = σ(v) of the beta distribution. */
export function betaSlope(a: number, b: number, v: number): number {
  const { direction, width } = betaTail(a, b, v);
  const middle = digamma(a) - digamma(a + b);
  const [logX, logY] = [logSigmoid(v), logSigmoid(-v)];
  let sum = 0;
  for (let i = 0; i < COUNT; i++) {
    const t = v + direction * width * NODES[i];
    const [logT, logRest] = [logSigmoid(t), logSigmoid(-t)];
    const weight = Math.exp(a * (logT - logX) + b * (logRest - logY)) * WEIGHTS[i];
    if (weight > 0) sum += weight * (logT - middle);
  }
  return direction * width * sum;
}
