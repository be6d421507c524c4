/** Weighted sums of neighbours along the two axes of planes. */

import type { FloatArray } from '../../core/dtype.ts';
import type { Band, ResampleDims } from '../arguments.ts';
import { Scratch } from './scratch.ts';

/** y = band · x along the middle axis of [outer, size, inner]; without a band a copy. */
function blend(
  band: Band | null,
  x: FloatArray,
  y: FloatArray,
  outer: number,
  size: number,
  outputs: number,
  inner: number,
): void {
  if (band === null) {
    y.set(x.subarray(0, outer * size * inner));
    return;
  }
  const { taps, spans, weights } = band;
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < outputs; j++) {
      const first = spans[j];
      const from = Math.max(0, -first);
      const to = Math.min(taps, spans[outputs + j], size - first);
      const into = (o * outputs + j) * inner;
      for (let i = 0; i < inner; i++) {
        let sum = 0;
        for (let t = from, at = (o * size + first + from) * inner + i; t < to; t++, at += inner) {
          sum += weights[t * outputs + j] * x[at];
        }
        y[into + i] = sum;
      }
    }
  }
}

const scratch = new Scratch();

export function resample(d: ResampleDims, rows: Band | null, columns: Band | null, x: FloatArray, y: FloatArray): void {
  const lines = scratch.take(d.planes * d.outHeight * d.inWidth);
  blend(rows, x, lines, d.planes, d.inHeight, d.outHeight, d.inWidth);
  blend(columns, lines, y, d.planes * d.outHeight, d.inWidth, d.outWidth, 1);
}
