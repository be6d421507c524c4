/**
 * The exponential of a dense matrix by scaling and squaring of Padé approximants.
 *
 * Source: Higham, The scaling and squaring method for the matrix exponential revisited, SIAM J. Matrix Anal. 26, 2005
 */

import type { Dense } from './batch.ts';
import { identity, luOf, luSolve } from './factor.ts';

/** For each degree: the largest 1-norm for which it is accurate to float64, and the coefficients of its numerator. */
const APPROXIMANTS: readonly (readonly [limit: number, coefficients: readonly number[]])[] = [
  [1.495585217958292e-2, [120, 60, 12, 1]],
  [2.53939833006323e-1, [30240, 15120, 3360, 420, 30, 1]],
  [9.504178996162932e-1, [17297280, 8648640, 1995840, 277200, 25200, 1512, 56, 1]],
  [2.097847961257068, [17643225600, 8821612800, 2075673600, 302702400, 30270240, 2162160, 110880, 3960, 90, 1]],
  [
    5.371920351148152,
    [
      64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
      670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
    ],
  ],
];

function times(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const factor = a[i * n + k];
      for (let j = 0; j < n; j++) out[i * n + j] += factor * b[k * n + j];
    }
  }
  return out;
}

/** The largest sum of sizes in a column. */
function oneNorm(a: Float64Array, n: number): number {
  let largest = 0;
  for (let j = 0; j < n; j++) {
    let total = 0;
    for (let i = 0; i < n; i++) total += Math.abs(a[i * n + j]);
    if (!(total <= largest)) largest = total;
  }
  return largest;
}

/** (V − U)⁻¹·(V + U) with the odd powers of `a` in U and the even ones in V. */
function approximant(a: Float64Array, n: number, coefficients: readonly number[]): Float64Array {
  const square = times(a, a, n);
  let power = identity(n);
  const [odd, even] = [new Float64Array(n * n), new Float64Array(n * n)];
  for (let k = 0; k < coefficients.length; k += 2) {
    if (k > 0) power = times(power, square, n);
    for (let i = 0; i < power.length; i++) {
      even[i] += coefficients[k] * power[i];
      odd[i] += coefficients[k + 1] * power[i];
    }
  }
  const u = times(a, odd, n);
  const denominator = { rows: n, columns: n, data: even.map((value, i) => value - u[i]) };
  return luSolve(luOf(denominator), { rows: n, columns: n, data: even.map((value, i) => value + u[i]) });
}

/** eᴬ; NaN everywhere for a matrix with a value that is not finite. */
export function exponential({ rows: n, data }: Dense): Float64Array {
  if (n === 0) return new Float64Array(0);
  const size = oneNorm(data, n);
  if (!Number.isFinite(size)) return new Float64Array(n * n).fill(NaN);
  for (const [limit, coefficients] of APPROXIMANTS) if (size <= limit) return approximant(data, n, coefficients);
  const [limit, coefficients] = APPROXIMANTS[APPROXIMANTS.length - 1];
  const squarings = Math.max(0, Math.ceil(Math.log2(size / limit)));
  let y = approximant(
    data.map((value) => value * 2 ** -squarings),
    n,
    coefficients,
  );
  for (let i = 0; i < squarings; i++) y = times(y, y, n);
  return y;
}
