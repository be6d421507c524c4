/** Elementwise functions by their formulas, with the errors that float kernels may make. */

import { build, common, Illegal, spread, ulps, type Value } from './value.ts';

/** Errors in units of u: none (rounded once), so many places of the result, or what else the formula says. */
export type Error = 'exact' | number | ((x: number, y: number) => number);

export function map(x: Value, f: (x: number) => number, error: Error = 'exact', dtype?: Value['dtype']): Value {
  const data = x.data.map(f);
  if (error === 'exact') return { shape: x.shape, data, dtype };
  const bound = data.map((y, i) => (typeof error === 'number' ? ulps(error, y) : error(x.data[i], y)));
  return { shape: x.shape, data, bound, dtype };
}

/** `f` of the operands broadcast together. */
export function zip(
  operands: readonly Value[],
  f: (...xs: number[]) => number,
  bound?: (y: number, ...xs: number[]) => number,
  dtype?: Value['dtype'],
): Value | Illegal {
  const shape = common(...operands.map((o) => o.shape));
  if (shape === null) return new Illegal(operands.map((o) => o.shape));
  const xs = (index: number[]): number[] => operands.map((o) => spread(o, index));
  return build(shape, (index) => f(...xs(index)), {
    bound: bound && ((y, index) => bound(y, ...xs(index))),
    dtype,
  });
}

/** Φ(−a) for a > 0.5, by its continued fraction; the square of a in two parts, since its rounding would be seen. */
function tail(a: number): number {
  let fraction = 0;
  for (let n = Math.ceil(800 / (a * a)) + 60; n > 0; n--) fraction = n / (a + fraction);
  const head = Math.fround(a);
  const density = Math.exp(-0.5 * head * head) * Math.exp(-0.5 * (a - head) * (a + head));
  return density / Math.sqrt(2 * Math.PI) / (a + fraction);
}

/** erf by its series near 0, and by the tail of the normal distribution further out. */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 2.5) return Math.sign(x) * (1 - 2 * tail(a * Math.SQRT2));
  // 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (1·3·…·(2n+1)), whose terms have one sign.
  let [term, sum] = [x, x];
  for (let n = 1; n < 80; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** 1 − erf(x), by its own continued fraction where it is small. */
export function erfc(x: number): number {
  if (x < 0.5) return 1 - erf(x);
  let fraction = 0;
  for (let n = Math.ceil(400 / (x * x)) + 60; n > 0; n--) fraction = n / 2 / (x + fraction);
  const head = Math.fround(x);
  return (Math.exp(-head * head) * Math.exp(-(x - head) * (x + head))) / Math.sqrt(Math.PI) / (x + fraction);
}

/** The distribution function of the standard normal. */
export function phi(x: number): number {
  if (x < -0.7) return tail(-x);
  return x > 0.7 ? 1 - tail(x) : 0.5 + 0.5 * erf(x * Math.SQRT1_2);
}

export const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
export const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
export const gelu = (x: number): number => x * phi(x);
export const geluTanh = (x: number): number =>
  // ½·(1 + tanh z) is σ(2z), which does not cancel.
  x * sigmoid(2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3));

/** Half to even. */
export function round(x: number): number {
  const below = Math.floor(x);
  if (x - below < 0.5) return below;
  if (x - below > 0.5) return below + 1;
  return below % 2 === 0 ? below : below + 1;
}

export const threshold = (x: number, from: number, value: number): number => (x >= from ? value : 0);

/** Powers with PyTorch's answers at the ends, which JavaScript's `**` differs from at 1^NaN and (±1)^±∞. */
export function power(a: number, b: number): number {
  if (a === 1 || b === 0) return 1;
  if (a === -1 && Math.abs(b) === Infinity) return 1;
  return a ** b;
}
