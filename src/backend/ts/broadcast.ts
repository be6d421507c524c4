/**
 * Elementwise functions of two operands under a broadcast plan. The plan is walked in runs along its innermost axis;
 * a run is a loop of its own for each function (see `elementwise.ts` for the reason), and for integers, whose
 * arithmetic wraps.
 */

import type { DataArray, FloatArray } from '../../core/dtype.ts';
import { type BroadcastPlan, PlanKind } from '../../core/shape.ts';
import { DTypeError } from '../../errors.ts';
import { BinaryOp, CompareOp } from '../opcodes.ts';

type IntArray = Int32Array | Uint8Array;

/** y[i] = f(a[ai + i·aStep], b[bi + i·bStep]) for i in [from, to): `ai` and `bi` are the places for i = from. */
type Run<A, Y> = (
  a: A,
  ai: number,
  aStep: number,
  b: A,
  bi: number,
  bStep: number,
  y: Y,
  from: number,
  to: number,
) => void;

const floatRuns: Record<BinaryOp, Run<FloatArray, FloatArray>> = {
  [BinaryOp.add](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = a[ai] + b[bi];
  },
  [BinaryOp.sub](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = a[ai] - b[bi];
  },
  [BinaryOp.mul](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = a[ai] * b[bi];
  },
  [BinaryOp.div](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = a[ai] / b[bi];
  },
  [BinaryOp.maximum](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = Math.max(a[ai], b[bi]);
  },
  [BinaryOp.minimum](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = Math.min(a[ai], b[bi]);
  },
  [BinaryOp.pow](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = power(a[ai], b[bi]);
  },
  [BinaryOp.gate](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = b[bi] > 0 ? a[ai] : 0;
  },
};

const intRuns: Record<BinaryOp, Run<IntArray, IntArray>> = {
  [BinaryOp.add](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = a[ai] + b[bi];
  },
  [BinaryOp.sub](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = a[ai] - b[bi];
  },
  [BinaryOp.mul](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = Math.imul(a[ai], b[bi]);
  },
  [BinaryOp.div]() {
    throw new DTypeError({ op: 'div', problem: 'integers have no division', hint: 'convert to a float first' });
  },
  [BinaryOp.maximum](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = Math.max(a[ai], b[bi]);
  },
  [BinaryOp.minimum](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = Math.min(a[ai], b[bi]);
  },
  [BinaryOp.pow](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = integerPower(a[ai], b[bi]);
  },
  [BinaryOp.gate](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = b[bi] > 0 ? a[ai] : 0;
  },
};

const compareRuns: Record<CompareOp, Run<DataArray, Uint8Array>> = {
  [CompareOp.eq](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = a[ai] === b[bi] ? 1 : 0;
  },
  [CompareOp.ne](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = a[ai] !== b[bi] ? 1 : 0;
  },
  [CompareOp.lt](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = a[ai] < b[bi] ? 1 : 0;
  },
  [CompareOp.le](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = a[ai] <= b[bi] ? 1 : 0;
  },
  [CompareOp.gt](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = a[ai] > b[bi] ? 1 : 0;
  },
  [CompareOp.ge](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = a[ai] >= b[bi] ? 1 : 0;
  },
};

/** IEEE 754's pow, which differs from `Math.pow` where the base is ±1 and the exponent infinite or NaN. */
function power(a: number, b: number): number {
  if (a === 1 || (a === -1 && (b === Infinity || b === -Infinity))) return 1;
  return a ** b;
}

/** a^b modulo 2³²; a negative exponent gives the quotient rounded towards zero (0 for a base of 0). */
function integerPower(a: number, b: number): number {
  if (b < 0) return a === 1 ? 1 : a === -1 ? ((b & 1) === 0 ? 1 : -1) : 0;
  let result = 1;
  for (let factor = a; b > 0; b >>= 1) {
    if ((b & 1) === 1) result = Math.imul(result, factor);
    factor = Math.imul(factor, factor);
  }
  return result;
}

function isInteger(array: DataArray): array is IntArray {
  return array instanceof Int32Array || array instanceof Uint8Array;
}

/** Calls `run` once for a flat plan, else once for each index of all axes but the innermost. */
function walk<A, Y>({ kind, size, layout }: BroadcastPlan, run: Run<A, Y>, a: A, b: A, y: Y): void {
  if (size === 0) return;
  if (kind !== PlanKind.strided || layout === null) {
    run(a, 0, kind === PlanKind.scalarA ? 0 : 1, b, 0, kind === PlanKind.scalarB ? 0 : 1, y, 0, size);
    return;
  }
  const rank = layout[0];
  const length = layout[rank];
  const aStep = layout[2 * rank];
  const bStep = layout[3 * rank];
  const index = new Int32Array(rank);
  let ai = 0;
  let bi = 0;
  for (let at = 0; at < size; at += length) {
    run(a, ai, aStep, b, bi, bStep, y, at, at + length);
    // The odometer: step the next axis out, and take back the whole way of each axis that wraps.
    for (let axis = rank - 2; axis >= 0; axis--) {
      const aStride = layout[1 + rank + axis];
      const bStride = layout[1 + 2 * rank + axis];
      ai += aStride;
      bi += bStride;
      if (++index[axis] < layout[1 + axis]) break;
      ai -= aStride * index[axis];
      bi -= bStride * index[axis];
      index[axis] = 0;
    }
  }
}

export function binary(op: BinaryOp, plan: BroadcastPlan, a: DataArray, b: DataArray, y: DataArray): void {
  if (isInteger(a)) walk(plan, intRuns[op], a, b as IntArray, y as IntArray);
  else walk(plan, floatRuns[op], a, b as FloatArray, y as FloatArray);
}

export function compare(op: CompareOp, plan: BroadcastPlan, a: DataArray, b: DataArray, y: Uint8Array): void {
  walk(plan, compareRuns[op], a, b, y);
}

export function select(mask: Uint8Array, a: DataArray, b: DataArray, y: DataArray): void {
  for (let i = 0; i < mask.length; i++) y[i] = mask[i] !== 0 ? a[i] : b[i];
}
