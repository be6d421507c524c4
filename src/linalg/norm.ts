/** Norms of vectors and matrices, and the condition number. */

import { noGrad } from '../autograd/mode.ts';
import { checkDType, type DType } from '../core/dtype.ts';
import { checkAxes, checkAxis, sizeOf } from '../core/shape.ts';
import { ConfigError, ShapeError } from '../errors.ts';
import { checkFloat, defineOp, type Op, registerOp, type Sampler } from '../ops/define.ts';
import { div, mul } from '../ops/elementwise/arithmetic.ts';
import { to } from '../ops/elementwise/cast.ts';
import { eq, ne, where } from '../ops/elementwise/compare.ts';
import { pow } from '../ops/elementwise/power.ts';
import { abs, sign, sqrt, square } from '../ops/elementwise/unary.ts';
import { permute, reshape } from '../ops/movement/movement.ts';
import { type Axes, reducedShape, sum } from '../ops/reduction/broadcast.ts';
import { amax, amin } from '../ops/reduction/reduce.ts';
import type { Tensor } from '../tensor.ts';
import { checkMatrices } from './batch.ts';
import { thinSvd } from './svd.ts';

interface PNormParams {
  readonly p: number;
  readonly axes: readonly number[];
}

/** (Σ |x|ᵖ)^(1/p) over `axes`, kept with length 1, for a finite p other than 0 and 1. */
const pNormOp: Op<PNormParams> = defineOp<PNormParams>({
  name: 'vectorNorm',
  forward(node, [x], { p, axes }) {
    const y = noGrad(() => pNorm(x!.detach(), p, axes));
    node.save(x, y);
    return y;
  },
  // sign(x)·(|x|/y)^(p−1), and 0 where that is not defined: at a norm of 0, and at zeros for p < 1.
  backward(node, [dy], { p }) {
    const [x, y] = node.saved() as Tensor[];
    const ratio = div(x, where(ne(y, 0), y, 1));
    const slope = p === 2 ? ratio : mul(sign(x), pow(where(ne(x, 0), abs(ratio), 1), p - 1));
    const vanishes = p > 1 ? eq(y, 0) : eq(x, 0);
    return [where(vanishes, 0, mul(dy!, p === 2 || p < 1 ? slope : where(ne(x, 0), slope, 0)))];
  },
  cases: [
    ...[2, 3, 1.5, 0.5, -1, -2.5].flatMap((ord) => [
      (s: Sampler) => ({ inputs: [s.distinct([5], 0.2)], call: (x: Tensor) => vectorNorm(x, { ord }) }),
      (s: Sampler) => ({
        inputs: [s.distinct([2, 3, 2], 0.2)],
        call: (x: Tensor) => vectorNorm(x, { ord, dim: [0, -1] }),
      }),
    ]),
    ...[0, 1, Infinity, -Infinity].map((ord) => (s: Sampler) => ({
      inputs: [s.distinct([2, 3], 0.2)],
      call: (x: Tensor) => (ord === 0 ? mul(x, vectorNorm(x, { ord })) : vectorNorm(x, { ord, dim: 1, keepdim: true })),
    })),
    (s) => ({ inputs: [s.normal([])], call: (x) => vectorNorm(x) }),
    (s) => ({ inputs: [s.normal([0, 3])], call: (x) => vectorNorm(x, { dim: 0 }) }),
  ],
});

function pNorm(x: Tensor, p: number, axes: readonly number[]): Tensor {
  const size = abs(x);
  const reduced = sizeOf(axes.map((i) => x.shape[i]));
  if (reduced === 0) return sum(x, nonEmpty(axes), { keepdim: true });
  // Divided by the largest (the smallest, which leads for p < 0), no power leaves the range.
  const top = (p > 0 ? amax : amin)(size, nonEmpty(axes), { keepdim: true });
  const unit = where(ne(mul(top, 0), 0), 1, where(eq(top, 0), 1, top));
  const scaled = div(size, unit);
  const powers = sum(p === 2 ? square(scaled) : pow(scaled, p), nonEmpty(axes), { keepdim: true });
  return mul(p === 2 ? sqrt(powers) : pow(powers, 1 / p), unit);
}

/** All axes of a 0-d tensor are none, which a reduction is told by `null`. */
function nonEmpty(axes: readonly number[]): Axes {
  return axes.length === 0 ? null : axes;
}

export interface NormOptions {
  /** The axes that are reduced; which ones by default depends on the norm. */
  dim?: Axes;
  keepdim?: boolean;
  /** Converts first; the dtype of the result. */
  dtype?: DType;
}

export interface VectorNormOptions extends NormOptions {
  /** p: any number, ±Infinity, or 0 for the number of elements that are not 0. Default 2. */
  ord?: number;
}

/** Runs `fn` in float64 on `x`, converted to `dtype` first, and gives the result in that dtype. */
function inDoubleAs(op: string, x: Tensor, dtype: DType | undefined, fn: (x: Tensor) => Tensor): Tensor {
  checkFloat(op, x);
  const given = dtype === undefined ? x : checkFloat(op, to(x, checkDType(op, dtype)));
  return to(fn(to(given, 'float64')), given.dtype);
}

/**
 * The p-norm of the elements over `dim` (all by default), whatever the shape.
 *
 * Shapes:   as `sum`
 * Gradient: dx = dy·sign(x)·(|x|/y)^(p−1); 0 at a norm of 0; equals share for p = ±∞; none for p = 0
 * @throws ShapeError  if nothing is reduced and the norm of nothing is not 0 (p < 0, p = ∞)
 */
export function vectorNorm(x: Tensor, { ord = 2, dim = null, keepdim = false, dtype }: VectorNormOptions = {}): Tensor {
  const op = 'vectorNorm';
  if (typeof ord !== 'number' || Number.isNaN(ord)) {
    throw new ConfigError({ op, problem: 'the order is a number', got: ord });
  }
  return inDoubleAs(op, x, dtype, (a) => {
    const axes = checkAxes(op, dim, a.rank);
    if ((ord < 0 || ord === Infinity) && sizeOf(axes.map((i) => a.shape[i])) === 0) {
      throw new ShapeError({ op, problem: `nothing has no ${ord}-norm`, got: x.shape });
    }
    if (ord === 0) return sum(to(ne(a.detach(), 0), 'float64'), dim, { keepdim });
    if (ord === 1) return sum(abs(a), dim, { keepdim });
    if (!Number.isFinite(ord)) return (ord > 0 ? amax : amin)(abs(a), dim, { keepdim });
    const y = pNormOp.run([a], { p: ord, axes });
    return keepdim ? y : reshape(y, reducedShape(a.shape, axes, false));
  });
}

export type MatrixOrder = 'fro' | 'nuc' | 1 | -1 | 2 | -2 | typeof Infinity;
export const MATRIX_ORDERS: readonly MatrixOrder[] = ['fro', 'nuc', 1, -1, 2, -2, Infinity, -Infinity];

export interface MatrixNormOptions extends NormOptions {
  /** 'fro', 'nuc', ±1 (columns), ±2 (singular values) or ±Infinity (rows). Default 'fro'. */
  ord?: MatrixOrder;
  /** The axes of rows and columns. Default [−2, −1]. */
  dim?: readonly number[];
}

/** @throws ConfigError  if `ord` is no norm of matrices */
export function checkOrder(op: string, ord: MatrixOrder): MatrixOrder {
  if (MATRIX_ORDERS.includes(ord)) return ord;
  throw new ConfigError({ op, problem: 'no such norm of a matrix', got: ord, expected: MATRIX_ORDERS.join(' | ') });
}

function normOf(a: Tensor, ord: MatrixOrder): Tensor {
  if (ord === 'fro') return vectorNorm(a, { dim: [-2, -1] });
  if (ord === 'nuc') return sum(thinSvd('matrixNorm', a)[1], -1);
  const extreme = (ord as number) > 0 ? amax : amin;
  if (Math.abs(ord as number) === 2) return extreme(thinSvd('matrixNorm', a)[1], -1);
  return extreme(sum(abs(a), Math.abs(ord as number) === 1 ? -2 : -1), -1);
}

/**
 * A norm of matrices: Frobenius, nuclear, or induced by the 1-, 2- or ∞-norm of vectors (and, with a minus sign, the
 * least in place of the greatest).
 *
 * Shapes:   x [..., m, n] → y [...], or with two axes of length 1 in the places of `dim` if `keepdim`
 * Gradient: of what was summed; equals share
 * @throws ConfigError  for another order
 * @throws ShapeError   if `dim` does not name two axes, or there is nothing to choose the greatest from
 */
export function matrixNorm(
  x: Tensor,
  { ord = 'fro', dim = [-2, -1], keepdim = false, dtype }: MatrixNormOptions = {},
): Tensor {
  const op = 'matrixNorm';
  checkMatrices(op, x);
  checkOrder(op, ord);
  const axes = Array.isArray(dim) ? dim.map((axis) => checkAxis(op, axis, x.rank)) : [];
  if (axes.length !== 2 || axes[0] === axes[1]) {
    throw new ShapeError({ op, problem: 'dim names two axes', got: dim });
  }
  const rest = x.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  return inDoubleAs(op, x, dtype, (a) => {
    const y = normOf(permute(a, [...rest, ...axes]), ord);
    return keepdim ? reshape(y, reducedShape(x.shape, axes, true)) : y;
  });
}

registerOp({
  name: 'matrixNorm',
  cases: MATRIX_ORDERS.flatMap((ord) => [
    (s: Sampler) => ({ inputs: [s.distinct([3, 4], 0.2)], call: (x: Tensor) => matrixNorm(x, { ord }) }),
    (s: Sampler) => ({
      inputs: [s.distinct([3, 2, 2], 0.2)],
      call: (x: Tensor) => matrixNorm(x, { ord, dim: [2, 0], keepdim: true }),
    }),
  ]),
});

export interface GeneralNormOptions extends NormOptions {
  /** A number, or 'fro' or 'nuc' for matrices; by default the 2-norm of all elements. */
  ord?: number | 'fro' | 'nuc' | null;
}

/**
 * The norm that `ord` and `dim` ask for, as torch.linalg.norm: without `ord` the 2-norm of all elements (over `dim`);
 * with it, of vectors if `dim` is one axis or x has one, of matrices if `dim` is two or x has two.
 *
 * @throws ShapeError  if neither fits
 */
export function norm(x: Tensor, { ord = null, dim = null, ...rest }: GeneralNormOptions = {}): Tensor {
  const op = 'norm';
  checkFloat(op, x);
  const axes = dim === null ? null : typeof dim === 'number' ? [dim] : dim;
  if (axes !== null && axes.length !== 1 && axes.length !== 2) {
    throw new ShapeError({ op, problem: 'dim names one axis or two', got: axes });
  }
  if (ord === null) return vectorNorm(x, { dim, ...rest });
  if (axes === null && x.rank !== 1 && x.rank !== 2) {
    throw new ShapeError({ op, problem: 'with an order and no dim the input is a vector or a matrix', got: x.shape });
  }
  const matrix = typeof ord === 'string' || (axes === null ? x.rank : axes.length) === 2;
  if (!matrix) return vectorNorm(x, { ord, dim, ...rest });
  return matrixNorm(x, { ord: ord as MatrixOrder, ...(axes === null ? {} : { dim: axes }), ...rest });
}
