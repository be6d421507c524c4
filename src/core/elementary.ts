/**
 * Exponential, logarithm, sine and cosine in float64 without libm, whose results differ between platforms: what turns
 * uniform draws into others must give the same bits everywhere.
 */

/** 1/25, 1/23 … 1: the coefficients of atanh's series, since a division takes longer than its term. */
const INVERSE_ODD = Float64Array.from({ length: 13 }, (_, i) => 1 / (25 - 2 * i));

/** Natural logarithm of a positive x, by atanh's series. */
export function logOf(x: number): number {
  if (!(x > 0 && x < Infinity)) return x === 0 ? -Infinity : x > 0 ? Infinity : NaN;
  let exponent = 0;
  while (x < Math.SQRT1_2) {
    x *= 2;
    exponent--;
  }
  while (x > Math.SQRT2) {
    x /= 2;
    exponent++;
  }
  const s = (x - 1) / (x + 1);
  const s2 = s * s;
  let tail = 0;
  for (let i = 0; i < INVERSE_ODD.length; i++) tail = tail * s2 + INVERSE_ODD[i];
  return exponent * Math.LN2 + 2 * s * tail;
}

/** ln 2 in two parts: multiples of the first, which ends in zeros, are exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

/** 2 to an integer power, exact. */
function powerOfTwo(exponent: number): number {
  let result = 1;
  let factor = exponent < 0 ? 0.5 : 2;
  for (let rest = Math.abs(exponent); rest > 0; rest >>= 1) {
    if (rest & 1) result *= factor;
    factor *= factor;
  }
  return result;
}

/** e to the power x, by Taylor's series around the nearest multiple of ln 2. */
export function expOf(x: number): number {
  if (x > 709.79) return Infinity;
  if (x < -745.2) return 0;
  if (Number.isNaN(x)) return NaN;
  const k = Math.round(x / Math.LN2);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let sum = 1;
  for (let n = 14; n >= 1; n--) sum = 1 + (sum * r) / n;
  // In two steps: 2 to the whole power may lie outside the normal range although the result does not.
  const half = k >> 1;
  return sum * powerOfTwo(half) * powerOfTwo(k - half);
}

const SINE = [-1 / 6, 1 / 120, -1 / 5040, 1 / 362880, -1 / 39916800, 1 / 6227020800, -1 / 1307674368000];
const COSINE = [-1 / 2, 1 / 24, -1 / 720, 1 / 40320, -1 / 3628800, 1 / 479001600, -1 / 87178291200, 1 / 20922789888000];

function series(coefficients: readonly number[], r2: number): number {
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) sum = (sum + coefficients[i]) * r2;
  return 1 + sum;
}

/** cos 2πu and sin 2πu for u in [0, 1). */
export function turn(u: number): [number, number] {
  const quarter = Math.floor(u * 4 + 0.5);
  const r = (u - quarter / 4) * 2 * Math.PI;
  const [c, s] = [series(COSINE, r * r), r * series(SINE, r * r)];
  switch (quarter & 3) {
    case 0:
      return [c, s];
    case 1:
      return [-s, c];
    case 2:
      return [-c, -s];
    default:
      return [s, -c];
  }
}
