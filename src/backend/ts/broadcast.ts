/**
 * Elementwise functions of two operands under a broadcast plan. The plan is walked in runs along its innermost axis;
 * a run is a loop of its own for each function (see `elementwise.ts` for the reason), and for integers, whose
 * arithmetic wraps.
 */

import type { DataArray, FloatArray } from '../../core/dtype.ts';
import { type BroadcastPlan, PlanKind } from '../../core/shape.ts';
import { DTypeError } from '../../errors.ts';
import { BinaryOp, CompareOp } from '../opcodes.ts';
import { roundHalfToEven } from './elementwise.ts';

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
  [BinaryOp.atan2](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = Math.atan2(a[ai], b[bi]);
  },
  [BinaryOp.fmod](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = a[ai] % b[bi];
  },
  [BinaryOp.remainder](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = remainder(a[ai], b[bi]);
  },
  [BinaryOp.floorDivide](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = floorDivide(a[ai], b[bi]);
  },
  [BinaryOp.truncDivide](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = Math.trunc(a[ai] / b[bi]);
  },
  [BinaryOp.hypot](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = hypot(a[ai], b[bi]);
  },
  [BinaryOp.copysign](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = copysign(a[ai], b[bi]);
  },
  [BinaryOp.xlogy](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = xlogy(a[ai], b[bi]);
  },
  [BinaryOp.logaddexp](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = logaddexp(a[ai], b[bi]);
  },
  [BinaryOp.prelu](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = a[ai] > 0 ? a[ai] : b[bi] * a[ai];
  },
  [BinaryOp.binaryCrossEntropy](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = binaryCrossEntropy(a[ai], b[bi]);
  },
  [BinaryOp.logitCrossEntropy](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = logitCrossEntropy(a[ai], b[bi]);
  },
};

function floatsAlone(op: string): Run<IntArray, IntArray> {
  return () => {
    throw new DTypeError({ op, problem: 'integers have no such function', hint: 'convert to a float first' });
  };
}

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
  [BinaryOp.div]: floatsAlone('div'),
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
  [BinaryOp.atan2]: floatsAlone('atan2'),
  [BinaryOp.fmod](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = a[ai] % b[bi];
  },
  [BinaryOp.remainder](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = remainder(a[ai], b[bi]);
  },
  [BinaryOp.floorDivide](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = Math.floor(a[ai] / b[bi]);
  },
  [BinaryOp.truncDivide](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = Math.trunc(a[ai] / b[bi]);
  },
  [BinaryOp.hypot]: floatsAlone('hypot'),
  [BinaryOp.copysign]: floatsAlone('copysign'),
  [BinaryOp.xlogy]: floatsAlone('xlogy'),
  [BinaryOp.logaddexp]: floatsAlone('logaddexp'),
  [BinaryOp.prelu](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = a[ai] > 0 ? a[ai] : Math.imul(b[bi], a[ai]);
  },
  [BinaryOp.binaryCrossEntropy]: floatsAlone('binaryCrossEntropy'),
  [BinaryOp.logitCrossEntropy]: floatsAlone('binaryCrossEntropyWithLogits'),
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
  [CompareOp.and](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = a[ai] !== 0 && b[bi] !== 0 ? 1 : 0;
  },
  [CompareOp.or](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = a[ai] !== 0 || b[bi] !== 0 ? 1 : 0;
  },
  [CompareOp.xor](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = (a[ai] !== 0) !== (b[bi] !== 0) ? 1 : 0;
  },
  [CompareOp.within](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = Math.abs(a[ai]) < b[bi] ? 1 : 0;
  },
  [CompareOp.beyond](a, ai, as, b, bi, bs, y, from, to) {
    for (let i = from; i < to; i++, ai += as, bi += bs) y[i] = Math.abs(a[ai]) >= b[bi] ? 1 : 0;
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

/** a % b with the sign of b. */
function remainder(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

/** The integer not above the exact quotient, to which the rounded quotient a/b may already have been raised. */
function floorDivide(a: number, b: number): number {
  if (b === 0) return a / b;
  const rest = a % b;
  const quotient = (a - rest) / b;
  const lower = rest !== 0 && rest < 0 !== b < 0 ? quotient - 1 : quotient;
  return lower === 0 ? copysign(0, a / b) : roundHalfToEven(lower);
}

function hypot(a: number, b: number): number {
  const square = a * a + b * b;
  // Math.hypot guards against squares out of range, and takes ten times as long.
  return square > 1e-290 && square < 1e300 ? Math.sqrt(square) : Math.hypot(a, b);
}

function copysign(a: number, b: number): number {
  const size = Math.abs(a);
  return b < 0 || Object.is(b, -0) ? -size : size;
}

function xlogy(a: number, b: number): number {
  return a === 0 && !Number.isNaN(b) ? 0 : a * Math.log(b);
}

function logaddexp(a: number, b: number): number {
  // Equal infinities have no difference.
  return a === b ? a + Math.LN2 : Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
}

function binaryCrossEntropy(p: number, t: number): number {
  return -(t * Math.max(Math.log(p), -100) + (1 - t) * Math.max(Math.log1p(-p), -100));
}

function logitCrossEntropy(x: number, t: number): number {
  return x * ((x > 0 ? 1 : 0) - t) + Math.log1p(Math.exp(-Math.abs(x)));
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

/** Rounds each step, as single precision does; of float64 the steps are what they are. */
export function lerp(weight: number, a: FloatArray, b: FloatArray, y: FloatArray): void {
  if (y instanceof Float32Array) {
    const w = Math.fround(weight);
    const start = Math.abs(w) < 0.5 ? a : b;
    const factor = start === a ? w : Math.fround(w - 1);
    for (let i = 0; i < y.length; i++) y[i] = start[i] + Math.fround(factor * Math.fround(b[i] - a[i]));
    return;
  }
  const start = Math.abs(weight) < 0.5 ? a : b;
  const factor = start === a ? weight : weight - 1;
  for (let i = 0; i < y.length; i++) y[i] = start[i] + factor * (b[i] - a[i]);
}

export function isclose(
  rtol: number,
  atol: number,
  equalNan: boolean,
  a: DataArray,
  b: DataArray,
  y: Uint8Array,
): void {
  if (a instanceof Float32Array) {
    const [relative, absolute] = [Math.fround(rtol), Math.fround(atol)];
    for (let i = 0; i < y.length; i++) {
      const apart = Math.abs(Math.fround(a[i] - b[i]));
      const bound = Math.fround(absolute + Math.abs(Math.fround(relative * b[i])));
      y[i] = (apart <= bound && apart < Infinity) || a[i] === b[i] ? 1 : 0;
    }
  } else {
    for (let i = 0; i < y.length; i++) {
      const apart = Math.abs(a[i] - b[i]);
      y[i] = (apart <= atol + Math.abs(rtol * b[i]) && apart < Infinity) || a[i] === b[i] ? 1 : 0;
    }
  }
  if (equalNan) for (let i = 0; i < y.length; i++) if (Number.isNaN(a[i]) && Number.isNaN(b[i])) y[i] = 1;
}
