/** Distances and similarities of vectors. */

import { checkpoint } from '../../autograd/checkpoint.ts';
import { broadcastShapes, checkAxis } from '../../core/shape.ts';
import { ConfigError, ShapeError } from '../../errors.ts';
import type { Tensor } from '../../tensor.ts';
import { checkFloat, checkSameDType, checkTensor, type OpCase, registerOp, type Sampler } from '../define.ts';
import { add, div, mul, sub } from '../elementwise/arithmetic.ts';
import { resultDType, to } from '../elementwise/cast.ts';
import { eq, lt, where } from '../elementwise/compare.ts';
import { pow } from '../elementwise/power.ts';
import { abs, clamp, sign, sqrt, square } from '../elementwise/unary.ts';
import { split } from '../indexing/parts.ts';
import { cat } from '../movement/join.ts';
import { reshape, unsqueeze } from '../movement/movement.ts';
import { broadcastTogether, checkBroadcast, type ReduceOptions, sum } from '../reduction/broadcast.ts';
import { amax, mean } from '../reduction/reduce.ts';
import { matmul } from './matmul.ts';

/** f(x) for an f of f(0) = 0, with the gradient 0 where x is 0, whose own gradient may be infinite there. */
function zeroAtZero(x: Tensor, f: (x: Tensor) => Tensor): Tensor {
  if (!x.requiresGrad || !x.data.includes(0)) return f(x);
  const isZero = eq(x.detach(), 0);
  return where(isZero, 0, f(where(isZero, 1, x)));
}

/** The p-norm along the last axis; its gradient is 0 at the origin. Ties of the largest share its gradient, or each takes it whole. */
function lengthAlong(x: Tensor, p: number, keepdim: boolean, ties: 'share' | 'whole'): Tensor {
  const last = { keepdim };
  if (p === 0) return sum(abs(sign(x)), -1, last);
  if (p === 1) return sum(abs(x), -1, last);
  if (p === 2) return zeroAtZero(sum(square(x), -1, last), sqrt);
  const size = abs(x);
  if (p !== Number.POSITIVE_INFINITY) {
    const powers = sum(
      zeroAtZero(size, (s) => pow(s, p)),
      -1,
      last,
    );
    return zeroAtZero(powers, (s) => pow(s, 1 / p));
  }
  if (x.shape[x.rank - 1] === 0) return sum(size, -1, last);
  const largest = amax(size, -1, { keepdim: true });
  if (ties === 'share') return keepdim ? largest : reshape(largest, x.shape.slice(0, -1));
  const value = largest.detach();
  // The value is the largest's; what is added is 0, and carries the gradient of each of them.
  const carried = where(eq(size.detach(), value), sub(size, size.detach()), 0);
  return add(keepdim ? value : reshape(value, x.shape.slice(0, -1)), sum(carried, -1, last));
}

function checkOrder(op: string, p: number): void {
  if (typeof p === 'number' && p >= 0) return;
  throw new ConfigError({
    op,
    problem: 'the order of a distance is not negative',
    got: p,
    expected: 'p ≥ 0 or Infinity',
  });
}

/** Differences of all pairs up to this many elements are formed at once; beyond, Euclidean distances come from a product. */
const MOST_DIFFERENCES = 2 ** 22;

/**
 * The Euclidean distances by ‖a − b‖² = ‖a‖² + ‖b‖² − 2ab, in the memory of the result. The origin is moved to the mean
 * of b, which leaves less to cancel; of points that nearly meet half the digits are lost.
 */
function euclideanByProduct(a: Tensor, b: Tensor): Tensor {
  const centre = mean(b.detach(), -2, { keepdim: true });
  const [x, y] = [sub(a, centre), sub(b, centre)];
  const [xx, yy] = [x, y].map((t) => sum(square(t), -1));
  const squares = add(add(unsqueeze(xx, -1), unsqueeze(yy, -2)), mul(matmul(x, y, { transB: true }), -2));
  return zeroAtZero(clamp(squares, 0), sqrt);
}

/**
 * The p-norm distances of all pairs of rows.
 *
 * Shapes:   a [..., m, k], b [..., n, k] → [..., m, n], the leading axes broadcast
 * Gradient: 0 where two rows are equal; of equal largest differences (p = ∞) each takes it; to any order
 * @throws ShapeError   if the rows differ in length, or the leading axes do not broadcast
 * @throws ConfigError  if p is negative
 * @throws DTypeError   if an operand is not of floats, or the dtypes differ
 */
export function cdist(a: Tensor, b: Tensor, { p = 2 }: { p?: number } = {}): Tensor {
  for (const x of [a, b]) {
    if (checkFloat('cdist', x).rank >= 2) continue;
    throw new ShapeError({ op: 'cdist', problem: 'expected rows of vectors', got: [a.shape, b.shape] });
  }
  checkSameDType('cdist', a, b);
  checkOrder('cdist', p);
  const [m, k] = a.shape.slice(-2);
  const [n, other] = b.shape.slice(-2);
  if (k !== other) {
    throw new ShapeError({
      op: 'cdist',
      problem: 'the rows differ in length',
      got: [a.shape, b.shape],
      hint: `${k} ≠ ${other}`,
    });
  }
  broadcastShapes('cdist', a.shape.slice(0, -2), b.shape.slice(0, -2));
  const pairs = Math.max(a.size / Math.max(1, m * k), b.size / Math.max(1, n * k)) * m * n;
  if (p === 2 && pairs * k > MOST_DIFFERENCES) return euclideanByProduct(a, b);
  return distancesByParts(a, b, p, Math.max(1, Math.floor(MOST_DIFFERENCES / ((pairs / Math.max(1, m)) * k))));
}

function distances(a: Tensor, b: Tensor, p: number): Tensor {
  return lengthAlong(sub(unsqueeze(a, -2), unsqueeze(b, -3)), p, false, 'whole');
}

/** So many rows of `a` at a time, whose differences are formed again for the gradient. */
function distancesByParts(a: Tensor, b: Tensor, p: number, rows: number): Tensor {
  if (a.shape[a.rank - 2] <= rows) return distances(a, b, p);
  const parts = split(a, rows, -2).map((part) => checkpoint((x, y) => distances(x, y, p), part, b));
  return cat(parts, -2);
}

export interface PairwiseDistanceOptions extends ReduceOptions {
  /** The order of the norm. Default 2. */
  p?: number;
  /** Added to every difference, against the kink at 0. Default 1e-6. */
  eps?: number;
}

/**
 * ‖a − b + eps‖ₚ along the last axis, row by row.
 *
 * Shapes:   a and b [..., k], broadcast → [...], or [..., 1] with `keepdim`
 * Gradient: to any order
 * @throws ShapeError   if the shapes do not broadcast
 * @throws ConfigError  if p is negative
 */
export function pairwiseDistance(
  a: Tensor,
  b: Tensor,
  { p = 2, eps = 1e-6, keepdim = false }: PairwiseDistanceOptions = {},
): Tensor {
  checkOrder('pairwiseDistance', p);
  checkBroadcast('pairwiseDistance', a, b);
  const difference = add(sub(a, b), eps);
  if (difference.rank === 0) {
    throw new ShapeError({ op: 'pairwiseDistance', problem: 'expected vectors', got: [a.shape, b.shape] });
  }
  return lengthAlong(difference, p, keepdim, 'share');
}

export interface CosineSimilarityOptions {
  /** The axis of the vectors. Default 1. */
  axis?: number;
  /** The least length that a vector is divided by. Default 1e-8. */
  eps?: number;
}

/** The length along `axis`, at least `eps`. Its gradient is x/length also where it was raised, as PyTorch has it. */
function lengthOf(x: Tensor, axis: number, eps: number): Tensor {
  const squares = sum(square(x), axis, { keepdim: true });
  const length = zeroAtZero(squares, sqrt);
  if (!(eps > 0)) return length;
  if (!length.requiresGrad) return clamp(length, eps);
  const isShort = lt(length.detach(), eps);
  if (!isShort.data.includes(1)) return length;
  const raised = add(mul(sub(squares, squares.detach()), 0.5 / eps), eps);
  return where(isShort, raised, length);
}

/**
 * The cosine of the angle of vectors: a·b/(max(‖a‖, eps)·max(‖b‖, eps)) along `axis`.
 *
 * Shapes:   a and b broadcast → without that axis
 * Gradient: of a length ‖a‖ it is a/max(‖a‖, eps); to any order
 * @throws ShapeError  if the shapes do not broadcast, or there is no such axis
 * @throws DTypeError  if neither is of floats
 */
export function cosineSimilarity(a: Tensor, b: Tensor, { axis = 1, eps = 1e-8 }: CosineSimilarityOptions = {}): Tensor {
  const op = 'cosineSimilarity';
  const dtype = resultDType(checkTensor(op, a), checkTensor(op, b));
  const [x, y] = broadcastTogether(op, to(a, dtype), to(b, dtype));
  checkFloat(op, x);
  const along = x.rank === 0 && (axis === 0 || axis === -1) ? 0 : checkAxis(op, axis, x.rank);
  const vectors = x.rank === 0 ? [x, y].map((t) => reshape(t, [1])) : [x, y];
  const [u, v] = vectors.map((t) => div(t, lengthOf(t, along, eps)));
  return sum(mul(u, v), along);
}

const pair = (a: number[], b: number[], call: (a: Tensor, b: Tensor) => Tensor): ((s: Sampler) => OpCase) => {
  return (s) => ({ inputs: [s.normal(a), s.normal(b)], call });
};
const orders = [2, 1, 1.5, 3, Number.POSITIVE_INFINITY];

registerOp({
  name: 'cdist',
  tolerance: 1e-5,
  cases: [
    ...orders.map((p) => pair([4, 3], [2, 3], (a, b) => cdist(a, b, { p }))),
    pair([2, 1, 3, 2], [3, 4, 2], (a, b) => cdist(a, b)),
    pair([4, 3], [2, 3], (a, b) => euclideanByProduct(a, b)),
    pair([5, 3], [2, 2, 3], (a, b) => distancesByParts(a, b, 3, 2)),
  ],
});

registerOp({
  name: 'pairwiseDistance',
  tolerance: 1e-5,
  cases: orders.map((p) => pair([3, 4], [4], (a, b) => pairwiseDistance(a, b, { p, keepdim: p === 1 }))),
});

registerOp({
  name: 'cosineSimilarity',
  tolerance: 1e-5,
  cases: [
    pair([3, 4], [3, 4], (a, b) => cosineSimilarity(a, b)),
    pair([2, 3, 2], [3, 1], (a, b) => cosineSimilarity(a, b, { axis: -2, eps: 1e-6 })),
  ],
});
