/** Means and sums of squared differences from them, along the middle axis of [outer, n, inner]. */

import type { FloatArray } from '../../core/dtype.ts';
import { sumRow } from './reduce.ts';

export function moments(
  x: FloatArray,
  mean: FloatArray,
  squares: FloatArray,
  outer: number,
  n: number,
  inner: number,
): void {
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < inner; j++) {
      const first = o * n * inner + j;
      let sum = 0;
      if (inner === 1) sum = sumRow(x, first, n);
      else for (let k = 0, at = first; k < n; k++, at += inner) sum += x[at];
      const centre = sum / n;
      let total = 0;
      for (let k = 0, at = first; k < n; k++, at += inner) total += (x[at] - centre) ** 2;
      mean[o * inner + j] = centre;
      squares[o * inner + j] = total;
    }
  }
}
