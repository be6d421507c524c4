/** What a matrix leaves of a space: rank, pseudoinverse, null space and column space. */

import { noGrad } from '../autograd/mode.ts';
import { broadcastShapes, type Shape } from '../core/shape.ts';
import { LinAlgError } from '../errors.ts';
import { defineOp, type Op, type OpCase, type Sampler } from '../ops/define.ts';
import { add, div, maximum, mul, sub } from '../ops/elementwise/arithmetic.ts';
import { scalar, to } from '../ops/elementwise/cast.ts';
import { gt, where } from '../ops/elementwise/compare.ts';
import { abs } from '../ops/elementwise/unary.ts';
import { slice, unsqueeze } from '../ops/movement/movement.ts';
import { matmul } from '../ops/product/matmul.ts';
import { expandTo, filled, sum } from '../ops/reduction/broadcast.ts';
import { amax } from '../ops/reduction/reduce.ts';
import { Tensor } from '../tensor.ts';
import { adjoint, batchShape, batchSize, checkMatrices, checkSquare, placeInBatch, sizesOf } from './batch.ts';
import { symmetricEigen } from './eigh.ts';
import { spread } from './sample.ts';
import { svd, thinSvd } from './svd.ts';
import { fromTriangle, symmetricPart } from './triangle.ts';

export interface Tolerances {
  /** Singular values up to this count as 0. Default 0. A tensor gives one a matrix. */
  atol?: number | Tensor;
  /** Singular values up to this part of the largest count as 0. Default max(m, n)·ε of the dtype, or 0 beside an atol. */
  rtol?: number | Tensor;
}

export interface RankOptions extends Tolerances {
  /** The matrix is symmetric, and its lower triangle alone is read. Default false. */
  hermitian?: boolean;
}

/** max(m, n)·ε of the dtype of `x`: the part of the largest singular value that rounding accounts for. */
function defaultRtol(x: Tensor): number {
  return Math.max(...sizesOf(x)) * (x.dtype === 'float32' ? 2 ** -23 : Number.EPSILON);
}

/** The largest of the last axis, kept; 0 where it is empty. */
function largest(s: Tensor): Tensor {
  if (s.shape[s.rank - 1] > 0) return amax(s, -1, { keepdim: true });
  return filled([...s.shape.slice(0, -1), 1], 0, s.dtype);
}

/** Both tolerances, those not given as they are by default for `x`. */
export function tolerancesFor(x: Tensor, { atol, rtol }: Tolerances): Required<Tolerances> {
  const given = atol !== undefined && (atol instanceof Tensor || atol > 0);
  return { atol: atol ?? 0, rtol: rtol ?? (given ? 0 : defaultRtol(x)) };
}

/** The bound, [..., 1], above which the singular values `s` count. */
function boundOf(s: Tensor, { atol, rtol }: Required<Tolerances>): Tensor {
  const asColumn = (value: number | Tensor): Tensor =>
    value instanceof Tensor ? unsqueeze(to(value.detach(), 'float64'), -1) : scalar(value, 'float64');
  return maximum(asColumn(atol), mul(asColumn(rtol), largest(s)));
}

/**
 * How many singular values count.
 *
 * Shapes: x [..., m, n] → int32 [...], broadcast with the tolerances
 * @throws LinAlgError  if a value is not finite
 */
export function matrixRank(x: Tensor, { hermitian = false, ...tolerances }: RankOptions = {}): Tensor {
  (hermitian ? checkSquare : checkMatrices)('matrixRank', x);
  return noGrad(() => {
    const a = to(x, 'float64');
    const s = hermitian ? abs(symmetricEigen('matrixRank', a, 'L')[0]) : thinSvd('matrixRank', a)[1];
    return sum(to(gt(s, boundOf(s, tolerancesFor(x, tolerances))), 'int32'), -1);
  });
}

/** The gradient of the pseudoinverse `p` of `x` for `dp`, where the rank stays what it is. */
export function pinvGradient(x: Tensor, p: Tensor, dp: Tensor): Tensor {
  const [xt, pt, dpt] = [adjoint(x), adjoint(p), adjoint(dp)];
  const through = matmul(pt, matmul(dp, pt));
  // What lies outside the column space of x, and outside its row space.
  const outside = matmul(dpt, matmul(p, pt));
  const beside = matmul(matmul(pt, p), dpt);
  const terms = [sub(outside, matmul(matmul(pt, xt), outside)), sub(beside, matmul(beside, matmul(xt, pt)))];
  return sub(add(terms[0], terms[1]), through);
}

/** Singular values and vectors of float64 matrices with the values turned over, 0 where they do not count. */
export interface Halves {
  readonly u: Tensor;
  readonly s: Tensor;
  readonly counted: Tensor;
  /** [..., 1, k] */
  readonly inverse: Tensor;
  readonly v: Tensor;
}

/** Without a graph. */
export function inverseParts(op: string, x: Tensor, tolerances: Required<Tolerances>): Halves {
  return noGrad(() => {
    const [u, s, vh] = thinSvd(op, x.detach());
    const counted = gt(s, boundOf(s, tolerances));
    const inverse = unsqueeze(where(counted, div(1, where(counted, s, 1)), 0), -2);
    return { u, s, counted, inverse, v: adjoint(vh) };
  });
}

interface PinvParams {
  readonly op: string;
  readonly tolerances: Required<Tolerances>;
}

const rankTwo = (s: Sampler): OpCase => ({
  inputs: [s.normal([4, 2]), s.normal([2, 3])],
  call: (a, b) => pinv(matmul(a, b), { rtol: 1e-4 }),
});

const pinvOp: Op<PinvParams> = defineOp<PinvParams>({
  name: 'pinv',
  forward(node, [x], { op, tolerances }) {
    const { u, inverse, v } = inverseParts(op, x!, tolerances);
    const y = noGrad(() => matmul(mul(v, inverse), u, { transB: true }));
    node.save(x, y);
    return y;
  },
  backward(node, [dy]) {
    const [x, y] = node.saved() as Tensor[];
    return [pinvGradient(x, y, dy!)];
  },
  cases: [
    ...[
      [3, 3],
      [4, 2],
      [2, 2, 3],
      [0, 2],
    ].map((shape) => (s: Sampler) => ({
      inputs: [spread(s, shape)],
      call: (x: Tensor) => pinv(x),
    })),
    rankTwo,
    (s) => ({ inputs: [spread(s, [3, 3])], call: (x) => pinv(symmetricPart(x), { hermitian: true }) }),
  ],
});

/** The pseudoinverse of float64 matrices, for the rules of `op`. */
export function pseudoinverse(op: string, x: Tensor, tolerances: Required<Tolerances>): Tensor {
  return pinvOp.run([x], { op, tolerances });
}

/** The batch of `x` broadcast with that of tolerances that are tensors. */
function withTolerances(op: string, x: Tensor, { atol, rtol }: Tolerances): Tensor {
  let batch: Shape = batchShape(x);
  for (const value of [atol, rtol]) if (value instanceof Tensor) batch = broadcastShapes(op, batch, value.shape);
  return expandTo(x, [...batch, ...sizesOf(x)]);
}

/**
 * The Moore-Penrose pseudoinverse, by singular values: the inverse where there is one.
 *
 * Shapes:   x [..., m, n] → y [..., n, m]
 * Gradient: dx = −yᵀ·dy·yᵀ + (1 − x·y)·dyᵀ·y·yᵀ + yᵀ·y·dyᵀ·(1 − y·x), where the rank does not change
 *           (Source: Golub and Pereyra, The differentiation of pseudo-inverses, SIAM J. Numer. Anal. 10, 1973)
 * @throws LinAlgError  if a value is not finite
 */
export function pinv(x: Tensor, { hermitian = false, ...tolerances }: RankOptions = {}): Tensor {
  (hermitian ? checkSquare : checkMatrices)('pinv', x);
  const whole = to(withTolerances('pinv', x, tolerances), 'float64');
  const a = hermitian ? fromTriangle(whole, 'L') : whole;
  return to(pseudoinverse('pinv', a, tolerancesFor(x, tolerances)), x.dtype);
}

/** How many singular values of each matrix count, which must be as many in all of them. */
function commonRank(op: string, x: Tensor, rtol: number | undefined): number {
  const ranks = matrixRank(x, { rtol }).data;
  for (let b = 1; b < batchSize(x); b++) {
    if (ranks[b] === ranks[0]) continue;
    throw new LinAlgError({
      op,
      problem: 'the matrices of a batch have different ranks',
      got: ranks[b],
      expected: ranks[0],
      hint: placeInBatch(x, b),
      code: 'ERR_RANK',
    });
  }
  return ranks.length === 0 ? 0 : ranks[0];
}

export interface SpaceOptions {
  /** Singular values up to this part of the largest count as 0. Default max(m, n)·ε of the dtype. */
  rtol?: number;
}

/**
 * An orthonormal basis, in columns, of the vectors that x maps to 0.
 *
 * Shapes:   x [..., m, n] → y [..., n, n − rank]
 * Gradient: none, as a basis is not unique; y·yᵀ is
 * @throws LinAlgError  if a value is not finite, or the matrices of a batch have different ranks
 */
export function nullSpace(x: Tensor, { rtol }: SpaceOptions = {}): Tensor {
  checkMatrices('nullSpace', x);
  return noGrad(() => slice(adjoint(svd(x).vh), -1, commonRank('nullSpace', x, rtol)));
}

/**
 * An orthonormal basis, in columns, of the vectors that x maps to.
 *
 * Shapes:   x [..., m, n] → y [..., m, rank]
 * Gradient: none, as a basis is not unique; y·yᵀ is
 * @throws LinAlgError  if a value is not finite, or the matrices of a batch have different ranks
 */
export function columnSpace(x: Tensor, { rtol }: SpaceOptions = {}): Tensor {
  checkMatrices('columnSpace', x);
  return noGrad(() => slice(svd(x, { fullMatrices: false }).u, -1, 0, commonRank('columnSpace', x, rtol)));
}
