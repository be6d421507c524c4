/** Scans along the middle axis of [outer, n, inner]. Floats are carried in float64 and rounded at each store. */

import type { DataArray, FloatArray } from '../../core/dtype.ts';
import { ArgReduceOp, ScanOp } from '../opcodes.ts';

/** Calls `body` for each line with its first place in the order of the scan and the step to the next. */
function forLines(
  outer: number,
  n: number,
  inner: number,
  reverse: boolean,
  body: (first: number, step: number) => void,
): void {
  if (n === 0) return;
  const first = reverse ? (n - 1) * inner : 0;
  const step = reverse ? -inner : inner;
  for (let o = 0; o < outer; o++) for (let j = 0; j < inner; j++) body(o * n * inner + j + first, step);
}

function scanSum(x: FloatArray, y: FloatArray, n: number, first: number, step: number): void {
  let sum = 0;
  for (let k = 0, at = first; k < n; k++, at += step) y[at] = sum += x[at];
}

function scanProd(x: FloatArray, y: FloatArray, n: number, first: number, step: number): void {
  let product = 1;
  for (let k = 0, at = first; k < n; k++, at += step) y[at] = product *= x[at];
}

function scanLogSumExp(x: FloatArray, y: FloatArray, n: number, first: number, step: number): void {
  let folded = -Infinity;
  for (let k = 0, at = first; k < n; k++, at += step) {
    const value = x[at];
    const larger = Math.max(folded, value);
    // The difference of two equal infinities would be NaN.
    if (Number.isFinite(larger)) folded = larger + Math.log1p(Math.exp(Math.min(folded, value) - larger));
    else folded = larger;
    y[at] = folded;
  }
}

const floatScans: Record<ScanOp, (x: FloatArray, y: FloatArray, n: number, first: number, step: number) => void> = {
  [ScanOp.sum]: scanSum,
  [ScanOp.prod]: scanProd,
  [ScanOp.logsumexp]: scanLogSumExp,
};

/** Integers wrap at each step: a double would lose the low bits past 2⁵³. */
function scanInt(op: ScanOp, x: Int32Array, y: Int32Array, n: number, first: number, step: number): void {
  let carried = op === ScanOp.prod ? 1 : 0;
  for (let k = 0, at = first; k < n; k++, at += step) {
    carried = op === ScanOp.prod ? Math.imul(carried, x[at]) : (carried + x[at]) | 0;
    y[at] = carried;
  }
}

export function scan(
  op: ScanOp,
  reverse: boolean,
  x: DataArray,
  y: DataArray,
  outer: number,
  n: number,
  inner: number,
): void {
  if (x instanceof Int32Array) {
    forLines(outer, n, inner, reverse, (first, step) => scanInt(op, x, y as Int32Array, n, first, step));
    return;
  }
  const along = floatScans[op];
  forLines(outer, n, inner, reverse, (first, step) => along(x as FloatArray, y as FloatArray, n, first, step));
}

export function linearScan(
  reverse: boolean,
  a: FloatArray,
  b: FloatArray,
  y: FloatArray,
  outer: number,
  n: number,
  inner: number,
): void {
  forLines(outer, n, inner, reverse, (first, step) => {
    let state = (y[first] = b[first]);
    for (let k = 1, at = first; k < n; k++) {
      // Backwards the weight that leads from one place to the next stands at the place that is left.
      const weight = reverse ? a[at] : a[at + step];
      at += step;
      y[at] = state = weight * state + b[at];
    }
  });
}

export function extremeScan(
  op: ArgReduceOp,
  x: DataArray,
  y: DataArray,
  indices: Int32Array,
  outer: number,
  n: number,
  inner: number,
): void {
  const largest = op === ArgReduceOp.argmax;
  forLines(outer, n, inner, false, (first, step) => {
    let best = x[first];
    let place = 0;
    for (let k = 0, at = first; k < n; k++, at += step) {
      const value = x[at];
      // Of equals the last stands, and after a NaN only another one.
      if (Number.isNaN(value) || (largest ? value >= best : value <= best)) {
        best = value;
        place = k;
      }
      y[at] = best;
      indices[at] = place;
    }
  });
}
