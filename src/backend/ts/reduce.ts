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
  [ReduceOp.sumAbs]: 0,
  [ReduceOp.maxAbs]: 0,
  [ReduceOp.minAbs]: Infinity,
  [ReduceOp.any]: 0,
  [ReduceOp.all]: 1,
  [ReduceOp.nanSum]: 0,
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

function sumAbsRow(x: FloatArray, at: number, n: number): number {
  let total = 0;
  for (let i = at; i < at + n; i++) total += Math.abs(x[i]);
  return total;
}

function maxAbsRow(x: FloatArray, at: number, n: number): number {
  let largest = 0;
  for (let i = at; i < at + n; i++) largest = Math.max(largest, Math.abs(x[i]));
  return largest;
}

function minAbsRow(x: FloatArray, at: number, n: number): number {
  let smallest = Infinity;
  for (let i = at; i < at + n; i++) smallest = Math.min(smallest, Math.abs(x[i]));
  return smallest;
}

function anyRow(x: DataArray, at: number, n: number): number {
  for (let i = at; i < at + n; i++) if (x[i] !== 0) return 1;
  return 0;
}

function allRow(x: DataArray, at: number, n: number): number {
  for (let i = at; i < at + n; i++) if (x[i] === 0) return 0;
  return 1;
}

function nanSumRow(x: FloatArray, at: number, n: number): number {
  let total = 0;
  for (let i = at; i < at + n; i++) if (!Number.isNaN(x[i])) total += x[i];
  return total;
}

const rowReductions: Record<ReduceOp, (x: FloatArray, at: number, n: number) => number> = {
  [ReduceOp.sum]: sumRow,
  [ReduceOp.max]: maxRow,
  [ReduceOp.min]: minRow,
  [ReduceOp.sumSquares]: sumSquaresRow,
  [ReduceOp.prod]: prodRow,
  [ReduceOp.sumAbs]: sumAbsRow,
  [ReduceOp.maxAbs]: maxAbsRow,
  [ReduceOp.minAbs]: minAbsRow,
  [ReduceOp.any]: anyRow,
  [ReduceOp.all]: allRow,
  [ReduceOp.nanSum]: nanSumRow,
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
  [ReduceOp.sumAbs](s, x, at, width) {
    for (let j = 0; j < width; j++) s[j] += Math.abs(x[at + j]);
  },
  [ReduceOp.maxAbs](s, x, at, width) {
    for (let j = 0; j < width; j++) s[j] = Math.max(s[j], Math.abs(x[at + j]));
  },
  [ReduceOp.minAbs](s, x, at, width) {
    for (let j = 0; j < width; j++) s[j] = Math.min(s[j], Math.abs(x[at + j]));
  },
  [ReduceOp.any](s, x, at, width) {
    for (let j = 0; j < width; j++) if (x[at + j] !== 0) s[j] = 1;
  },
  [ReduceOp.all](s, x, at, width) {
    for (let j = 0; j < width; j++) if (x[at + j] === 0) s[j] = 0;
  },
  [ReduceOp.nanSum](s, x, at, width) {
    for (let j = 0; j < width; j++) if (!Number.isNaN(x[at + j])) s[j] += x[at + j];
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
  [ReduceOp.sumAbs]: (acc, x) => (acc + Math.abs(x)) | 0,
  [ReduceOp.maxAbs]: (acc, x) => Math.max(acc, Math.abs(x)),
  [ReduceOp.minAbs]: (acc, x) => Math.min(acc, Math.abs(x)),
  [ReduceOp.any]: (acc, x) => (x !== 0 ? 1 : acc),
  [ReduceOp.all]: (acc, x) => (x === 0 ? 0 : acc),
  [ReduceOp.nanSum]: (acc, x) => (acc + x) | 0,
};

function sumIntRow(x: IntArray, at: number, n: number): number {
  let total = 0;
  for (let i = at; i < at + n; i++) total = (total + x[i]) | 0;
  return total;
}

/** Those that masks are asked for: a call for each element would take ten times as long. */
const intRows = new Map<ReduceOp, (x: IntArray, at: number, n: number) => number>([
  [ReduceOp.sum, sumIntRow],
  [ReduceOp.any, anyRow],
  [ReduceOp.all, allRow],
]);

function reduceInt(op: ReduceOp, x: IntArray, y: DataArray, outer: number, n: number, inner: number): void {
  const row = intRows.get(op);
  if (inner === 1 && row !== undefined) {
    for (let o = 0; o < outer; o++) y[o] = row(x, o * n, n);
    return;
  }
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

export function extremes(x: DataArray, low: DataArray, high: DataArray, outer: number, n: number, inner: number): void {
  reduce(ReduceOp.min, x, low, outer, n, inner);
  reduce(ReduceOp.max, x, high, outer, n, inner);
}
