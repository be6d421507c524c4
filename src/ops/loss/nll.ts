/** The negative log-likelihood of classes: what of the log-probabilities the targets pick, weighted. */

import { type Shape, sizeOf } from '../../core/shape.ts';
import { ShapeError } from '../../errors.ts';
import type { Tensor } from '../../tensor.ts';
import { checkFloat, registerOp } from '../define.ts';
import { div, mul } from '../elementwise/arithmetic.ts';
import { checkIds } from '../elementwise/cast.ts';
import { eq, maskedFill } from '../elementwise/compare.ts';
import { neg } from '../elementwise/unary.ts';
import { placesAlong } from '../indexing/gather.ts';
import { indexSelect } from '../indexing/index-axis.ts';
import { gatherRows } from '../indexing/rows.ts';
import { reshape, unsqueeze } from '../movement/movement.ts';
import { sum } from '../reduction/broadcast.ts';
import { checkClassWeight, checkTargets, type Reduction, reduceLoss } from './reduction.ts';

/** Scores [C], [N, C] or [N, C, d…]: where the classes lie, how many, and the shape of the targets. */
export interface ClassScores {
  readonly axis: number;
  readonly classes: number;
  readonly out: Shape;
}

/** @throws ShapeError  for a single number, which has no classes */
export function classScores(op: string, x: Tensor): ClassScores {
  if (checkFloat(op, x).rank === 0) {
    throw new ShapeError({ op, problem: 'the input needs an axis of classes', got: x.shape });
  }
  const axis = x.rank === 1 ? 0 : 1;
  return { axis, classes: x.shape[axis], out: x.shape.filter((_, i) => i !== axis) };
}

/** The losses −w[t]·x[t] in the shape of the targets, and their weights, whose sum the mean divides by. */
export interface Picked {
  readonly losses: Tensor;
  /** Missing: each target counts 1. */
  readonly weights: Tensor | null;
  readonly ignored: Tensor | null;
  /** Targets that are not ignored. */
  readonly count: number;
}

/** @throws ShapeError  (ERR_INDEX) if a target is neither a class nor to be ignored */
export function pickClasses(
  op: string,
  x: Tensor,
  { axis, out }: ClassScores,
  ids: Tensor,
  weight: Tensor | null,
  ignoreIndex: number,
): Picked {
  let count = 0;
  for (let i = 0; i < ids.size; i++) if (ids.data[i] !== ignoreIndex) count++;
  const ignored = count < ids.size ? eq(ids, ignoreIndex) : null;
  const safe = ignored === null ? ids : maskedFill(ids, ignored, 0);
  const dims = unsqueeze(safe, axis).shape;
  const places = placesAlong(op, unsqueeze(safe, axis), dims, x.shape, axis, false);
  let losses = neg(gatherRows(op, x, places, 1, out));
  let weights: Tensor | null = null;
  if (weight !== null) {
    weights = reshape(indexSelect(weight, 0, reshape(safe, [sizeOf(out)])), out);
    if (ignored !== null) weights = maskedFill(weights, ignored, 0);
    losses = mul(losses, weights);
  }
  // Also after a weight of 0, which would leave NaN of an infinity.
  if (ignored !== null) losses = maskedFill(losses, ignored, 0);
  return { losses, weights, ignored, count };
}

/** The mean over the weights of the targets that count. */
export function reducePicked(op: string, losses: Tensor, { weights, count }: Picked, reduction: Reduction): Tensor {
  if (reduction !== 'mean') return reduceLoss(op, losses, reduction);
  return div(sum(losses), weights === null ? count : sum(weights));
}

export interface NllLossOptions {
  /** One factor a class, [C]. */
  weight?: Tensor | null;
  /** The target id that counts for nothing. Default −100. */
  ignoreIndex?: number;
  reduction?: Reduction;
}

/**
 * The negative of the log-probability that each target has: −w[t]·x[t]. The mean is taken over the weights of the targets
 * that are not ignored; of none it is NaN.
 *
 * Shapes:   x [N, C] (or [C], or [N, C, d…]), target ids [N] (or [], or [N, d…])
 *           → [] for `mean` and `sum`, the ids' shape for `none`
 * Gradient: −w[t] at the targets, over their weight for `mean`
 * @throws ShapeError   if the shapes do not fit, or (ERR_INDEX) a target is out of range
 * @throws ConfigError  if `reduction` names none
 */
export function nllLoss(
  x: Tensor,
  target: Tensor,
  { weight = null, ignoreIndex = -100, reduction = 'mean' }: NllLossOptions = {},
): Tensor {
  const scores = classScores('nllLoss', x);
  checkClassWeight('nllLoss', weight, scores.classes);
  const ids = checkIds('nllLoss', target);
  checkTargets('nllLoss', x, ids, scores.out);
  const picked = pickClasses('nllLoss', x, scores, ids, weight, ignoreIndex);
  return reducePicked('nllLoss', picked.losses, picked, reduction);
}

registerOp({
  name: 'nllLoss',
  cases: [
    (s) => {
      const ids = s.ids([4], 5);
      return { inputs: [s.normal([4, 5])], call: (x) => nllLoss(x, ids) };
    },
    (s) => {
      const ids = s.ids([2, 3], 4);
      return {
        inputs: [s.normal([2, 4, 3]), s.uniform([4], 0.5, 2)],
        call: (x, weight) => nllLoss(x, ids, { weight, ignoreIndex: 1, reduction: 'none' }),
      };
    },
    (s) => {
      const ids = s.ids([], 3);
      return {
        inputs: [s.normal([3]), s.uniform([3], 0.5, 2)],
        call: (x, weight) => nllLoss(x, ids, { weight }),
      };
    },
  ],
});
