/** The error functions and x·Φ(x) in float64, by other formulas than the backends use. */

/** exp(−a²/2), by a part of `a` whose square is exact. */
function bell(a: number): number {
  const head = Math.round(a * 2 ** 10) / 2 ** 10;
  return Math.exp(-(head * head) / 2) * Math.exp(-((a - head) * (a + head)) / 2);
}

/** scale·Φ(−a) for a ≥ 1: the integral of Mills' ratio by the trapezoidal rule, which converges exponentially. */
function normalTail(a: number, scale: number): number {
  if (a > 39) return 0;
  const step = 0.5;
  const w = (a * a) / 2;
  let sum = 1 / (2 * w);
  for (let k = 1; k <= 16; k++) sum += Math.exp(-((k * step) ** 2)) / (w + (k * step) ** 2);
  const pole = w < 36 ? 1 / Math.expm1((2 * Math.PI * Math.sqrt(w)) / step) : 0;
  return scale * (step / Math.PI) * Math.sqrt(w) * sum * bell(a) - scale * pole;
}

/** Φ(a) − ½ for |a| ≤ 1, by a series of terms of one sign. */
function normalCentre(a: number): number {
  let term = a;
  let sum = 0;
  for (let k = 1; k < 60; k += 2) {
    sum += term;
    term *= (a * a) / (k + 2);
  }
  return (sum * bell(a)) / Math.sqrt(2 * Math.PI);
}

export function erf(x: number): number {
  const a = x * Math.SQRT2;
  if (Math.abs(a) <= 1) return x === 0 ? x : 2 * normalCentre(a);
  return Math.sign(x) * (1 - normalTail(Math.abs(a), 2));
}

/** 2·Φ(−x√2): the tail by the same rule, whose weight exp(−x²) is computed from x. */
export function erfc(x: number): number {
  const a = x * Math.SQRT2;
  if (a < 1) return 1 - erf(x);
  if (a > 38.6) return 0;
  const head = Math.round(x * 2 ** 10) / 2 ** 10;
  const weight = Math.exp(-head * head) * Math.exp(-(x - head) * (x + head));
  return (normalTail(a, 2) / bell(a)) * weight;
}

export function gelu(x: number): number {
  if (Math.abs(x) <= 1) return x * (0.5 + normalCentre(x));
  if (x < -39) return -0;
  return x > 0 ? x - (x > 39 ? 0 : normalTail(x, x)) : normalTail(-x, x);
}
