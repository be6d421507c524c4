/** Losses that ask for a margin: between two sides, between pairs, and between three points. */

import { ShapeError } from '../../errors.ts';
import type { Tensor } from '../../tensor.ts';
import { tensor } from '../create.ts';
import { checkFloat, checkTensor, registerOp, type Sampler } from '../define.ts';
import { add, div, minimum, mul, sub } from '../elementwise/arithmetic.ts';
import { eq, ne, where } from '../elementwise/compare.ts';
import { clamp, neg, softplusAll, sqrt, square } from '../elementwise/unary.ts';
import { pairwiseDistance } from '../product/distance.ts';
import { checkBroadcast, sum } from '../reduction/broadcast.ts';
import { checkFactor, type LossOptions, reduceLoss } from './reduction.ts';

/** Targets 1 and −1 in turn. */
const sides = (s: Sampler, n: number): Tensor =>
  tensor(
    Float64Array.from({ length: n }, (_, i) => (i % 2 === 0 ? 1 : -1)),
    { dtype: s.dtype },
  );

export interface MarginLossOptions extends LossOptions {
  margin?: number;
}

/**
 * log(1 + e^(−t·x)), without overflow, for targets 1 and −1.
 *
 * Shapes:   x [...], target broadcast to it → [], or [...] for `none`
 * Gradient: dx = −t·σ(−t·x)
 * @throws ShapeError  if the target does not broadcast to the input
 */
export function softMarginLoss(x: Tensor, target: Tensor, { reduction = 'mean' }: LossOptions = {}): Tensor {
  checkFloat('softMarginLoss', x);
  checkFactor('softMarginLoss', 'the target', target, x);
  return reduceLoss('softMarginLoss', softplusAll(neg(mul(x, target))), reduction);
}
registerOp({
  name: 'softMarginLoss',
  cases: [
    (s) => {
      const t = sides(s, 4);
      return { inputs: [s.normal([3, 4])], call: (x) => softMarginLoss(x, t) };
    },
    (s) => ({ inputs: [s.normal([5]), s.normal([5])], call: (x, t) => softMarginLoss(x, t, { reduction: 'none' }) }),
  ],
});

/**
 * A distance x where the target is 1, and max(0, margin − x) where it is −1; the sum of both where it is neither, as in
 * PyTorch. The margin is 1 by default.
 *
 * Shapes:   x and target [...], broadcast → [], or [...] for `none`
 * @throws ShapeError  if the shapes do not broadcast
 */
export function hingeEmbeddingLoss(
  x: Tensor,
  target: Tensor,
  { margin = 1, reduction = 'mean' }: MarginLossOptions = {},
): Tensor {
  checkFloat('hingeEmbeddingLoss', x);
  checkBroadcast('hingeEmbeddingLoss', x, target);
  const apart = where(ne(target, 1), clamp(sub(margin, x), 0), 0);
  return reduceLoss('hingeEmbeddingLoss', add(apart, where(ne(target, -1), x, 0)), reduction);
}
registerOp({
  name: 'hingeEmbeddingLoss',
  cases: (['mean', 'sum', 'none'] as const).map((reduction) => (s: Sampler) => {
    const t = sides(s, 4);
    return {
      inputs: [s.distinct([3, 4], 0.1)],
      call: (x) => hingeEmbeddingLoss(x, t, { margin: 0.05, reduction }),
    };
  }),
});

/**
 * max(0, margin − t·(a − b)): a should be above b by the margin (0 by default) where the target is 1, below it where it
 * is −1.
 *
 * Shapes:   a, b and target of one rank, broadcast → [], or the common shape for `none`
 * @throws ShapeError  if the ranks differ, or the shapes do not broadcast
 */
export function marginRankingLoss(
  a: Tensor,
  b: Tensor,
  target: Tensor,
  { margin = 0, reduction = 'mean' }: MarginLossOptions = {},
): Tensor {
  checkRanks('marginRankingLoss', a, b, target);
  const losses = clamp(add(mul(neg(target), sub(a, b)), margin), 0);
  return reduceLoss('marginRankingLoss', losses, reduction);
}

function checkRanks(op: string, ...tensors: readonly Tensor[]): void {
  checkFloat(op, tensors[0]);
  if (tensors.some((t) => checkTensor(op, t).rank !== tensors[0].rank)) {
    throw new ShapeError({ op, problem: 'the operands must have one rank', got: tensors.map((t) => t.shape) });
  }
  checkBroadcast(op, ...tensors);
}

registerOp({
  name: 'marginRankingLoss',
  cases: (['mean', 'sum', 'none'] as const).map((reduction) => (s: Sampler) => {
    const t = sides(s, 5);
    return {
      inputs: [s.distinct([5], 0.1), s.uniform([5], -0.02, 0.02)],
      call: (a, b) => marginRankingLoss(a, b, t, { margin: 0.05, reduction }),
    };
  }),
});

/**
 * 1 − cos(a, b) where the target is 1, and max(0, cos(a, b) − margin) where it is −1; the margin is 0 by default.
 *
 * Shapes:   a and b [N, D], broadcast, target [N] → [], or [N] for `none`; or vectors [D] with a target []
 * @throws ShapeError  if the shapes do not fit
 */
export function cosineEmbeddingLoss(
  a: Tensor,
  b: Tensor,
  target: Tensor,
  { margin = 0, reduction = 'mean' }: MarginLossOptions = {},
): Tensor {
  const op = 'cosineEmbeddingLoss';
  checkFloat(op, a);
  checkFloat(op, b);
  const rank = checkTensor(op, target).rank;
  if (rank > 1 || a.rank !== rank + 1 || b.rank !== rank + 1) {
    throw new ShapeError({
      op,
      problem: 'expected rows of vectors with a target each, or two vectors with one target',
      got: [a.shape, b.shape, target.shape],
    });
  }
  checkBroadcast(op, a, b);
  const product = sum(mul(a, b), -1);
  checkBroadcast(op, product, target);
  // Added to the squared lengths, so that a vector of zeros has a cosine.
  const squares = mul(add(sum(square(a), -1), 1e-12), add(sum(square(b), -1), 1e-12));
  const cosine = div(product, sqrt(squares));
  const together = where(eq(target, 1), sub(1, cosine), 0);
  const apart = where(eq(target, -1), clamp(sub(cosine, margin), 0), 0);
  return reduceLoss(op, add(together, apart), reduction);
}
registerOp({
  name: 'cosineEmbeddingLoss',
  cases: [
    (s) => {
      const t = sides(s, 4);
      return {
        inputs: [s.normal([4, 3]), s.normal([4, 3])],
        call: (a, b) => cosineEmbeddingLoss(a, b, t, { margin: -1.5 }),
      };
    },
    (s) => {
      const t = sides(s, 4);
      return {
        inputs: [s.uniform([4, 3], 0.2, 1), s.uniform([1, 3], 0.2, 1)],
        call: (a, b) => cosineEmbeddingLoss(a, b, t, { margin: 0.1, reduction: 'none' }),
      };
    },
  ],
});

export interface TripletMarginLossOptions extends MarginLossOptions {
  /** The order of the norm. Default 2. */
  p?: number;
  /** Added to every difference, against the kink at 0. Default 1e-6. */
  eps?: number;
  /** Takes the distance from positive to negative where it is the smaller of the two. */
  swap?: boolean;
}

/**
 * max(0, ‖anchor − positive‖ − ‖anchor − negative‖ + margin), the margin 1 by default.
 *
 * Shapes:   anchor, positive and negative [..., D] of one rank, broadcast → [], or [...] for `none`
 * @throws ShapeError   if the ranks differ, or the shapes do not broadcast
 * @throws ConfigError  if p is negative
 * Source:   Balntas et al., Learning local feature descriptors with triplets and shallow convolutional neural networks
 */
export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  { margin = 1, p = 2, eps = 1e-6, swap = false, reduction = 'mean' }: TripletMarginLossOptions = {},
): Tensor {
  const op = 'tripletMarginLoss';
  checkRanks(op, anchor, positive, negative);
  if (anchor.rank === 0) throw new ShapeError({ op, problem: 'expected vectors', got: anchor.shape });
  const near = pairwiseDistance(anchor, positive, { p, eps });
  let far = pairwiseDistance(anchor, negative, { p, eps });
  if (swap) far = minimum(far, pairwiseDistance(positive, negative, { p, eps }));
  return reduceLoss(op, clamp(add(sub(near, far), margin), 0), reduction);
}
registerOp({
  name: 'tripletMarginLoss',
  cases: [
    { margin: 3 },
    { margin: 3, swap: true, p: 1, reduction: 'none' as const },
    { margin: 4, p: 3, eps: 0.01, reduction: 'sum' as const },
  ].map((options) => (s: Sampler) => ({
    inputs: [s.normal([4, 3]), s.normal([4, 3]), s.normal([4, 3])],
    call: (a, b, c) => tripletMarginLoss(a, b, c, options),
  })),
});
