/** Activations by their formulas, and special functions by their series: nothing faster than it must be. */

import { phi, sigmoid, softplus } from './elementwise.ts';

export const silu = (x: number): number => x * sigmoid(x);
export const mish = (x: number): number => x * Math.tanh(softplus(x));
export const elu = (x: number, alpha: number): number => (x > 0 ? x : alpha * Math.expm1(x));
export const celu = (x: number, alpha: number): number => (x > 0 ? x : alpha * Math.expm1(x / alpha));
export const selu = (x: number): number => 1.0507009873554805 * elu(x, 1.6732632423543772);
export const hardsigmoid = (x: number): number => Math.min(Math.max(x + 3, 0), 6) / 6;
export const softshrink = (x: number, lambda: number): number =>
  x > lambda ? x - lambda : x < -lambda ? x + lambda : 0;
export const logaddexp = (a: number, b: number): number => Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
export const xlogy = (a: number, b: number): number => (a === 0 ? 0 : a * Math.log(b));

/** The largest integer not above the exact quotient: the rest is exact, and what is left divides evenly. */
export function floorDivide(a: number, b: number): number {
  const rest = a % b;
  const quotient = Math.round((a - rest) / b);
  return rest !== 0 && rest < 0 !== b < 0 ? quotient - 1 : quotient;
}

export const truncDivide = (a: number, b: number): number => Math.round((a - (a % b)) / b);

export function remainder(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

/** Even Bernoulli numbers B₂, B₄, … */
const BERNOULLI = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510];

/** log Γ(x) for x > 0: raised to where Stirling's series holds. */
export function lgamma(x: number): number {
  let [product, y] = [1, x];
  while (y < 15) product *= y++;
  let series = 0;
  for (const [k, b] of BERNOULLI.entries()) series += b / ((2 * k + 2) * (2 * k + 1) * y ** (2 * k + 1));
  return (y - 0.5) * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI) + series - Math.log(product);
}

/** The derivative of log Γ, likewise. */
export function digamma(x: number): number {
  let [sum, y] = [0, x];
  while (y < 15) sum += 1 / y++;
  let series = 0;
  for (const [k, b] of BERNOULLI.entries()) series += b / ((2 * k + 2) * y ** (2 * k + 2));
  return Math.log(y) - 0.5 / y - series - sum;
}

/** (−1)ⁿ⁺¹·n!·Σ 1/(x + k)ⁿ⁺¹, its end by Euler and Maclaurin. */
export function polygamma(n: number, x: number): number {
  let factorial = 1;
  for (let i = 2; i <= n; i++) factorial *= i;
  const s = n + 1;
  let [sum, y] = [0, x];
  while (y < 25) sum += (y++) ** -s;
  sum += y ** (1 - s) / (s - 1) + 0.5 * y ** -s;
  let rising = s;
  let twice = 2;
  for (const [k, b] of BERNOULLI.entries()) {
    sum += ((b / twice) * rising) / y ** (s + 2 * k + 1);
    rising *= (s + 2 * k + 1) * (s + 2 * k + 2);
    twice *= (2 * k + 3) * (2 * k + 4);
  }
  return (n % 2 === 0 ? -1 : 1) * factorial * sum;
}

/** The value below which a share p of the standard normal lies: halved intervals, then Newton's steps. */
export function ndtri(p: number): number {
  let [low, high] = [-9, 9];
  for (let i = 0; i < 12; i++) {
    const middle = (low + high) / 2;
    if (phi(middle) < p) low = middle;
    else high = middle;
  }
  let x = (low + high) / 2;
  for (let i = 0; i < 4; i++) x -= (phi(x) - p) * Math.sqrt(2 * Math.PI) * Math.exp((x * x) / 2);
  return x;
}

export const erfinv = (y: number): number => ndtri((1 + y) / 2) * Math.SQRT1_2;
