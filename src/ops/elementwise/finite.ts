/** What is finite, what is not, and what is nearly equal. */

import { UnaryOp } from '../../backend/opcodes.ts';
import { isFloat } from '../../core/dtype.ts';
import { sameShape } from '../../core/shape.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { checkTensor, defineOp } from '../define.ts';
import { broadcastTogether, filled } from '../reduction/broadcast.ts';
import { type Operand, operands, resultDType, to } from './cast.ts';
import { beyond, ne, where, within } from './compare.ts';
import { defineUnary } from './define-unary.ts';

/** True where x is NaN. */
export function isnan(x: Tensor): Tensor {
  return ne(x, x);
}

/** True where x is neither infinite nor NaN. */
export function isfinite(x: Tensor): Tensor {
  return within(x, Infinity);
}

/** True where x is ∞ or −∞. */
export function isinf(x: Tensor): Tensor {
  return beyond(x, Infinity);
}

const nanToNumOp = defineUnary(
  UnaryOp.nanToNum,
  { name: 'nanToNum', call: (x) => nanToNum(x), tolerance: 0 },
  'x',
  (dy, x) => where(isfinite(x), dy, filled([], 0, dy.dtype)),
);

export interface NanToNumOptions {
  /** In the place of NaN. Default 0. */
  nan?: number;
  /** In the place of ∞. Default the largest number of the dtype. */
  posinf?: number | null;
  /** In the place of −∞. Default the least number of the dtype. */
  neginf?: number | null;
}

const LARGEST = { float32: (2 - 2 ** -23) * 2 ** 127, float64: Number.MAX_VALUE } as const;

/**
 * x with numbers in the place of NaN and the infinities.
 *
 * Gradient: dx = dy where x is finite, else 0
 */
export function nanToNum(x: Tensor, { nan = 0, posinf, neginf }: NanToNumOptions = {}): Tensor {
  if (!isFloat(checkTensor('nanToNum', x).dtype)) return x;
  const largest = LARGEST[x.dtype as keyof typeof LARGEST];
  const y = nanToNumOp.run([x], { p0: posinf ?? largest, p1: neginf ?? -largest });
  return nan === 0 ? y : where(isnan(x), nan, y);
}

export interface CloseOptions {
  /** Of |b|. Default 1e-5. */
  rtol?: number;
  /** Default 1e-8. */
  atol?: number;
  /** Whether NaN is close to NaN. Default false. */
  equalNan?: boolean;
}

function meetAll(op: string, a: Operand, b: Operand): Tensor[] {
  const [ta, tb] = operands(op, a, b);
  const dtype = resultDType(ta, tb);
  return broadcastTogether(op, to(ta, dtype), to(tb, dtype));
}

const iscloseOp = defineOp<Required<CloseOptions>>({
  name: 'isclose',
  differentiable: false,
  tolerance: 0,
  edges: [0, 1, 1 + 2 ** -20, 1e-9, Infinity, -Infinity, NaN],
  forward(node, [a, b], { rtol, atol, equalNan }) {
    const y = emptyTensor(a!.shape, 'bool');
    node.kernels.isclose(rtol, atol, equalNan, a!.data, b!.data, y.data as Uint8Array);
    return y;
  },
  cases: [(s) => ({ inputs: [s.uniform([3, 4], 1, 1.001), s.uniform([4], 1, 1.001)], call: (a, b) => isclose(a, b) })],
});
/**
 * |a − b| ≤ atol + rtol·|b|, as bool; infinities are close to themselves alone.
 *
 * Shapes:   broadcast
 * @throws ShapeError  if the shapes do not broadcast
 */
export function isclose(
  a: Operand,
  b: Operand,
  { rtol = 1e-5, atol = 1e-8, equalNan = false }: CloseOptions = {},
): Tensor {
  return iscloseOp.run(meetAll('isclose', a, b), { rtol, atol, equalNan });
}

/**
 * Whether all of a is close to b, by the rule of `isclose`.
 *
 * @throws ShapeError  if the shapes do not broadcast
 */
export function allclose(
  a: Operand,
  b: Operand,
  { rtol = 1e-5, atol = 1e-8, equalNan = false }: CloseOptions = {},
): boolean {
  const near = iscloseOp.run(meetAll('allclose', a, b), { rtol, atol, equalNan });
  return !near.data.includes(0);
}

/** Whether a and b have one shape and the same values; NaN equals nothing. */
export function equal(a: Tensor, b: Tensor): boolean {
  if (!sameShape(checkTensor('equal', a).shape, checkTensor('equal', b).shape)) return false;
  const [left, right] = [a.data, b.data];
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false;
  return true;
}
