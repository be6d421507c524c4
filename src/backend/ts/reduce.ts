/** Reductions along the middle axis of [outer, n, inner]. Floats are summed in float64 and rounded once. */

import type { DataArray, FloatArray } from '../../core/dtype.ts';
import { REDUCE_BLOCK } from '../backend.ts';
import { ArgReduceOp, ReduceOp } from '../opcodes.ts';
import { Scratch } from './scratch.ts';

type IntArray = Int32Array | Uint8Array;

/** What an empty reduction gives, and where each starts; max and min of nothing are refused above the seam. */
const identity: Record<ReduceOp, number> = {
  [ReduceOp.sum]: 0,
  [ReduceOp.max]: -Infinity,
  [ReduceOp.min]: Infinity,
  [ReduceOp.sumSquares]: 0,
  [ReduceOp.prod]: 1,
};

/** Columns of a strided reduction that advance together: their sums stay in the first-level cache. */
const COLUMNS = 1024;

const columnScratch = new Scratch();

/** The sum of x[at … at + n − 1] in float64: four chains a block, as one alone waits for each addition to finish. */
export function sumRow(x: FloatArray, at: number, n: number): number {
  let total = 0;
  for (let from = 0; from < n; from += REDUCE_BLOCK) {
    const end = at + Math.min(n, from + REDUCE_BLOCK);
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    let i = at + from;
    for (; i + 3 < end; i += 4) {
      s0 += x[i];
      s1 += x[i + 1];
      s2 += x[i + 2];
      s3 += x[i + 3];
    }
    for (; i < end; i++) s0 += x[i];
    total += s0 + s1 + (s2 + s3);
  }
  return total;
}

/** The sum of squares of x[at … at + n − 1], as `sumRow`. */
export function sumSquaresRow(x: FloatArray, at: number, n: number): number {
  let total = 0;
  for (let from = 0; from < n; from += REDUCE_BLOCK) {
    const end = at + Math.min(n, from + REDUCE_BLOCK);
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    let i = at + from;
    for (; i + 3 < end; i += 4) {
      s0 += x[i] * x[i];
      s1 += x[i + 1] * x[i + 1];
      s2 += x[i + 2] * x[i + 2];
      s3 += x[i + 3] * x[i + 3];
    }
    for (; i < end; i++) s0 += x[i] * x[i];
    total += s0 + s1 + (s2 + s3);
  }
  return total;
}

/** The largest of x[at … at + n − 1], NaN if any is; −∞ of nothing. */
export function maxRow(x: FloatArray, at: number, n: number): number {
  let largest = -Infinity;
  for (let i = at; i < at + n; i++) largest = Math.max(largest, x[i]);
  return largest;
}

function minRow(x: FloatArray, at: number, n: number): number {
  let smallest = Infinity;
  for (let i = at; i < at + n; i++) smallest = Math.min(smallest, x[i]);
  return smallest;
}

function prodRow(x: FloatArray, at: number, n: number): number {
  let product = 1;
  for (let i = at; i < at + n; i++) product *= x[i];
  return product;
}

const rowReductions: Record<ReduceOp, (x: FloatArray, at: number, n: number) => number> = {
  [ReduceOp.sum]: sumRow,
  [ReduceOp.max]: maxRow,
  [ReduceOp.min]: minRow,
  [ReduceOp.sumSquares]: sumSquaresRow,
  [ReduceOp.prod]: prodRow,
};

/** s[j] = s[j] ∘ x[at + j] */
const columnSteps: Record<ReduceOp, (s: Float64Array, x: FloatArray, at: number, width: number) => void> = {
  [ReduceOp.sum](s, x, at, width) {
    for (let j = 0; j < width; j++) s[j] += x[at + j];
  },
  [ReduceOp.max](s, x, at, width) {
    for (let j = 0; j < width; j++) s[j] = Math.max(s[j], x[at + j]);
  },
  [ReduceOp.min](s, x, at, width) {
    for (let j = 0; j < width; j++) s[j] = Math.min(s[j], x[at + j]);
  },
  [ReduceOp.sumSquares](s, x, at, width) {
    for (let j = 0; j < width; j++) s[j] += x[at + j] * x[at + j];
  },
  [ReduceOp.prod](s, x, at, width) {
    for (let j = 0; j < width; j++) s[j] *= x[at + j];
  },
};

function reduceFloat(op: ReduceOp, x: FloatArray, y: FloatArray, outer: number, n: number, inner: number): void {
  if (inner === 1) {
    const row = rowReductions[op];
    for (let o = 0; o < outer; o++) y[o] = row(x, o * n, n);
    return;
  }
  const step = columnSteps[op];
  const sums = columnScratch.take(COLUMNS);
  for (let o = 0; o < outer; o++) {
    for (let from = 0; from < inner; from += COLUMNS) {
      const width = Math.min(COLUMNS, inner - from);
      sums.fill(identity[op], 0, width);
      for (let k = 0; k < n; k++) step(sums, x, (o * n + k) * inner + from, width);
      for (let j = 0; j < width; j++) y[o * inner + from + j] = sums[j];
    }
  }
}

/** One step of an integer reduction, modulo 2³² at each: a double would lose the low bits past 2⁵³. */
const intSteps: Record<ReduceOp, (acc: number, x: number) => number> = {
  [ReduceOp.sum]: (acc, x) => (acc + x) | 0,
  [ReduceOp.max]: (acc, x) => Math.max(acc, x),
  [ReduceOp.min]: (acc, x) => Math.min(acc, x),
  [ReduceOp.sumSquares]: (acc, x) => (acc + Math.imul(x, x)) | 0,
  [ReduceOp.prod]: (acc, x) => Math.imul(acc, x),
};

function reduceInt(op: ReduceOp, x: IntArray, y: DataArray, outer: number, n: number, inner: number): void {
  const step = intSteps[op];
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < inner; j++) {
      let acc = identity[op];
      for (let k = 0; k < n; k++) acc = step(acc, x[(o * n + k) * inner + j]);
      y[o * inner + j] = acc;
    }
  }
}

export function reduce(op: ReduceOp, x: DataArray, y: DataArray, outer: number, n: number, inner: number): void {
  if (x instanceof Int32Array || x instanceof Uint8Array) reduceInt(op, x, y, outer, n, inner);
  else reduceFloat(op, x, y as FloatArray, outer, n, inner);
}

export function argReduce(op: ArgReduceOp, x: DataArray, y: Int32Array, outer: number, n: number, inner: number): void {
  const largest = op === ArgReduceOp.argmax;
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < inner; j++) {
      const base = o * n * inner + j;
      let best = x[base];
      let place = 0;
      // A NaN ends the search: the first one is the answer.
      for (let k = 1; k < n && !Number.isNaN(best); k++) {
        const value = x[base + k * inner];
        if ((largest ? value > best : value < best) || Number.isNaN(value)) {
          best = value;
          place = k;
        }
      }
      y[o * inner + j] = place;
    }
  }
}
