/** Margins between classes, one right or several. */

import { ConfigError, ShapeError } from '../../errors.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { tensor } from '../create.ts';
import { checkFloat, registerOp, type Sampler } from '../define.ts';
import { add, div, mul, sub } from '../elementwise/arithmetic.ts';
import { checkIds, to } from '../elementwise/cast.ts';
import { logicalAnd, maskedFill, where } from '../elementwise/compare.ts';
import { relu, square } from '../elementwise/unary.ts';
import { gather } from '../indexing/gather.ts';
import { indexSelect } from '../indexing/index-axis.ts';
import { badId, oneHot } from '../indexing/rows.ts';
import { reshape, unsqueeze } from '../movement/movement.ts';
import { checkBroadcast, sum } from '../reduction/broadcast.ts';
import { mean } from '../reduction/reduce.ts';
import { logitCrossEntropy } from './binary.ts';
import { checkClassWeight, checkFactor, checkTargets, type LossOptions, reduceLoss } from './reduction.ts';

/** Scores [N, C], or [C] as one row. @throws ShapeError for any other rank */
function asRows(op: string, x: Tensor): Tensor {
  if (checkFloat(op, x).rank === 2) return x;
  if (x.rank === 1) return reshape(x, [1, x.size]);
  throw new ShapeError({ op, problem: 'expected scores of one row or of several', got: x.shape, expected: '[N, C]' });
}

function checkClasses(op: string, ids: Tensor, classes: number, lowest = 0): void {
  const data = ids.data as Int32Array;
  const place = data.findIndex((id) => id < lowest || id >= classes);
  if (place >= 0) throw badId(op, place, data[place], classes);
}

export interface MultiMarginLossOptions extends LossOptions {
  /** The power of what is missing, 1 or 2. Default 1. */
  p?: 1 | 2;
  /** Default 1. */
  margin?: number;
  /** One factor a class, [C]. */
  weight?: Tensor | null;
}

/**
 * Σ over the wrong classes of max(0, margin − x[t] + x[i])ᵖ, times the weight of the right one, over the number of
 * classes.
 *
 * Shapes:   x [N, C] and target ids [N] → [], or [N] for `none`; or x [C] with a target [] or [1]
 * @throws ShapeError   if the shapes do not fit, or (ERR_INDEX) a target is no class
 * @throws ConfigError  if p is neither 1 nor 2
 */
export function multiMarginLoss(
  x: Tensor,
  target: Tensor,
  { p = 1, margin = 1, weight = null, reduction = 'mean' }: MultiMarginLossOptions = {},
): Tensor {
  const op = 'multiMarginLoss';
  if (p !== 1 && p !== 2) throw new ConfigError({ op, problem: 'unknown power', got: p, expected: '1 | 2' });
  const rows = asRows(op, x);
  const [count, classes] = rows.shape;
  checkClassWeight(op, weight, classes);
  const given = checkIds(op, target);
  if (x.rank === 2 || given.rank > 1) checkTargets(op, x, given, [count]);
  else if (given.size !== 1) checkTargets(op, x, given, []);
  checkClasses(op, given, classes);
  const ids = reshape(given, [count]);
  const right = gather(rows, 1, unsqueeze(ids, 1));
  const missing = maskedFill(relu(add(sub(rows, right), margin)), to(oneHot(ids, classes), 'bool'), 0);
  const losses = div(sum(p === 2 ? square(missing) : missing, 1), classes);
  const weighted = weight === null ? losses : mul(losses, indexSelect(weight, 0, ids));
  return reduceLoss(op, reduction === 'none' ? reshape(weighted, given.shape) : weighted, reduction);
}
registerOp({
  name: 'multiMarginLoss',
  cases: [
    (s) => {
      const ids = s.ids([4], 5);
      return { inputs: [s.distinct([4, 5], 0.05)], call: (x) => multiMarginLoss(x, ids, { margin: 0.52 }) };
    },
    (s) => {
      const ids = s.ids([4], 3);
      return {
        inputs: [s.normal([4, 3]), s.uniform([3], 0.5, 2)],
        call: (x, weight) => multiMarginLoss(x, ids, { p: 2, weight, reduction: 'none' }),
      };
    },
    (s) => {
      const ids = s.ids([], 3);
      return { inputs: [s.normal([3])], call: (x) => multiMarginLoss(x, ids, { p: 2, reduction: 'sum' }) };
    },
  ],
});

/**
 * Σ over pairs of a right class j and a wrong class i of max(0, 1 − x[j] + x[i]), over the number of classes. Each row
 * of targets lists the right classes and ends at the first −1.
 *
 * Shapes:   x and target ids [N, C] → [], or [N] for `none`; or both [C] → []
 * @throws ShapeError  if the shapes differ, or (ERR_INDEX) a target is neither a class nor −1
 */
export function multilabelMarginLoss(x: Tensor, target: Tensor, { reduction = 'mean' }: LossOptions = {}): Tensor {
  const op = 'multilabelMarginLoss';
  const rows = asRows(op, x);
  const [count, classes] = rows.shape;
  const ids = checkIds(op, target);
  checkTargets(op, x, ids, x.shape);
  checkClasses(op, ids, classes, -1);
  const lists = reshape(ids, [count, classes]);
  const [listed, listing] = listsOf(lists);
  const right = gather(rows, 1, listed);
  // [N, listed, C]: each right class against every class that is not.
  const short = relu(add(sub(unsqueeze(rows, 1), unsqueeze(right, 2)), 1));
  const wrong = wrongClasses(lists);
  const pairs = logicalAnd(unsqueeze(listing, 2), unsqueeze(wrong, 1));
  const losses = div(sum(where(pairs, short, 0), [1, 2]), classes);
  return reduceLoss(op, reduction === 'none' ? reshape(losses, x.shape.slice(0, -1)) : losses, reduction);
}

/** The classes up to the first −1 of each row, padded with 0 to the longest, and which of them are meant. */
function listsOf(lists: Tensor): [ids: Tensor, meant: Tensor] {
  const [count, classes] = lists.shape;
  const data = lists.data as Int32Array;
  const lengths = Array.from({ length: count }, (_, n) => {
    const end = data.subarray(n * classes, (n + 1) * classes).indexOf(-1);
    return end < 0 ? classes : end;
  });
  const longest = Math.max(0, ...lengths);
  const ids = emptyTensor([count, longest], 'int32');
  const meant = emptyTensor([count, longest], 'bool');
  for (let n = 0; n < count; n++) {
    for (let j = 0; j < longest; j++) {
      const within = j < lengths[n];
      ids.data[n * longest + j] = within ? data[n * classes + j] : 0;
      meant.data[n * longest + j] = within ? 1 : 0;
    }
  }
  return [ids, meant];
}

/** True at the classes that a row does not list before its first −1. */
function wrongClasses(lists: Tensor): Tensor {
  const [count, classes] = lists.shape;
  const wrong = emptyTensor([count, classes], 'bool');
  wrong.data.fill(1);
  for (let n = 0; n < count; n++) {
    for (let j = 0; j < classes && lists.data[n * classes + j] >= 0; j++) {
      wrong.data[n * classes + lists.data[n * classes + j]] = 0;
    }
  }
  return wrong;
}

registerOp({
  name: 'multilabelMarginLoss',
  cases: (['mean', 'sum', 'none'] as const).map((reduction) => (s: Sampler) => {
    const target = tensor(Int32Array.of(0, 3, -1, 2, 1, -1, 0, 0, 2, 2, 1, -1), { shape: [3, 4] });
    return { inputs: [s.distinct([3, 4], 0.03)], call: (x) => multilabelMarginLoss(x, target, { reduction }) };
  }),
});

export interface MultilabelSoftMarginLossOptions extends LossOptions {
  /** One factor a class, [C], or whatever broadcasts to the input. */
  weight?: Tensor | null;
}

/**
 * Binary cross-entropy of the logits of every class, averaged over the classes.
 *
 * Shapes:   x and target [..., C], broadcast → [], or [...] for `none`
 * @throws ShapeError  if the shapes do not broadcast, or there is no axis of classes
 */
export function multilabelSoftMarginLoss(
  x: Tensor,
  target: Tensor,
  { weight = null, reduction = 'mean' }: MultilabelSoftMarginLossOptions = {},
): Tensor {
  const op = 'multilabelSoftMarginLoss';
  if (checkFloat(op, x).rank === 0) {
    throw new ShapeError({ op, problem: 'the input needs an axis of classes', got: x.shape });
  }
  checkBroadcast(op, x, target);
  const losses = logitCrossEntropy(x, target);
  checkFactor(op, 'weight', weight, losses);
  return reduceLoss(op, mean(weight === null ? losses : mul(losses, weight), -1), reduction);
}
registerOp({
  name: 'multilabelSoftMarginLoss',
  cases: [
    (s) => ({
      inputs: [s.normal([3, 4]), s.uniform([3, 4], 0, 1)],
      call: (x, t) => multilabelSoftMarginLoss(x, t),
    }),
    (s) => ({
      inputs: [s.normal([2, 3, 4]), s.uniform([4], 0, 1), s.uniform([4], 0.5, 2)],
      call: (x, t, weight) => multilabelSoftMarginLoss(x, t, { weight, reduction: 'none' }),
    }),
  ],
  tolerance: 4e-6,
});
