/** Losses: cross-entropy, squared error, binary cross-entropy on logits. */

import { type FloatArray, isFloat } from '../../core/dtype.ts';
import { type Shape, sameShape } from '../../core/shape.ts';
import { ConfigError, DTypeError, ShapeError } from '../../errors.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { checkFloat, checkTensor, defineOp, registerOp } from '../define.ts';
import { add, div, mul, sub } from '../elementwise/arithmetic.ts';
import { checkIds, to } from '../elementwise/cast.ts';
import { eq, maskedFill, where } from '../elementwise/compare.ts';
import { neg, softplus, square } from '../elementwise/unary.ts';
import { indexSelect } from '../indexing/index-axis.ts';
import { oneHot } from '../indexing/rows.ts';
import { permute, reshape } from '../movement/movement.ts';
import { filled, sum } from '../reduction/broadcast.ts';
import { mean } from '../reduction/reduce.ts';
import { logSoftmax } from './softmax.ts';

export type Reduction = 'mean' | 'sum' | 'none';

/** @throws ConfigError  if `reduction` names none */
function reduceLoss(op: string, losses: Tensor, reduction: Reduction): Tensor {
  if (reduction === 'none') return losses;
  if (reduction === 'sum') return sum(losses);
  if (reduction === 'mean') return mean(losses);
  throw new ConfigError({ op, problem: 'unknown reduction', got: reduction, expected: 'mean | sum | none' });
}

interface CrossEntropyParams {
  readonly targets: Tensor;
  readonly ignoreIndex: number;
}

/** logits [N, C] → losses [N] and log Σ exp [N], which only the gradient uses. */
const crossEntropyOp = defineOp<CrossEntropyParams>({
  name: 'crossEntropy',
  tolerance: 4e-6,
  forward(node, [logits], { targets, ignoreIndex }) {
    const [rows, classes] = logits!.shape;
    const losses = emptyTensor([rows], logits!.dtype);
    const lse = node.scratch(logits!.dtype, rows) as FloatArray;
    const ids = targets.data as Int32Array;
    const x = logits!.data as FloatArray;
    const place = node.kernels.crossEntropy(x, ids, losses.data as FloatArray, lse, rows, classes, ignoreIndex);
    if (place >= 0) throw targetError(place, ids[place], classes, ignoreIndex);
    node.save(logits, targets);
    return losses;
  },
  backward(node, [dy], { ignoreIndex }) {
    const [logits, targets] = node.saved() as [Tensor, Tensor];
    const [lse] = node.scratchArrays() as FloatArray[];
    const [rows, classes] = logits.shape;
    const dx = emptyTensor(logits.shape, logits.dtype);
    const ids = targets.data as Int32Array;
    const [x, dys, dxs] = [logits.data, dy!.data, dx.data] as FloatArray[];
    node.kernels.crossEntropyBackward(x, ids, lse, dys, dxs, rows, classes, ignoreIndex);
    return [dx];
  },
  twin([logits], { targets, ignoreIndex }) {
    const ignored = eq(targets, ignoreIndex);
    const picked = mul(
      to(oneHot(maskedFill(targets, ignored, 0), logits!.shape[1]), logits!.dtype),
      logSoftmax(logits!, 1),
    );
    return [maskedFill(neg(sum(picked, 1)), ignored, 0)];
  },
  cases: [
    (s) => {
      const ids = s.ids([4], 5);
      return { inputs: [s.normal([4, 5])], call: (x) => crossEntropy(x, ids) };
    },
    (s) => {
      const ids = s.ids([6], 3);
      return { inputs: [s.normal([6, 3])], call: (x) => crossEntropy(x, ids, { ignoreIndex: 1, reduction: 'none' }) };
    },
    (s) => {
      const ids = s.ids([2, 3], 4);
      const weight = s.uniform([4], 0.5, 1);
      return {
        inputs: [s.normal([2, 4, 3])],
        call: (x) => crossEntropy(x, ids, { labelSmoothing: 0.1, reduction: 'sum', weight }),
      };
    },
    (s) => ({ inputs: [s.normal([3, 4]), s.uniform([3, 4], 0, 1)], call: (x, p) => crossEntropy(x, p) }),
  ],
});

function targetError(place: number, id: number, classes: number, ignoreIndex: number): ShapeError {
  return new ShapeError({
    op: 'crossEntropy',
    problem: `target out of range at place ${place}`,
    got: id,
    expected: `0 to ${classes - 1}, or ${ignoreIndex} to ignore`,
    code: 'ERR_INDEX',
  });
}

export interface CrossEntropyOptions {
  /** One factor a class, [C]. */
  weight?: Tensor | null;
  /** The target id that counts for nothing. Default −100. */
  ignoreIndex?: number;
  reduction?: Reduction;
  /** The share of the target spread evenly over all classes, in [0, 1]. */
  labelSmoothing?: number;
}

/** Logits [N, C, d…] as rows [N·d…, C]; [C] as one row. */
function asRows(logits: Tensor): Tensor {
  if (logits.rank === 1) return reshape(logits, [1, logits.size]);
  if (logits.rank === 2) return logits;
  const order = [0, ...logits.shape.map((_, i) => i).slice(2), 1];
  return reshape(permute(logits, order), [logits.size / Math.max(1, logits.shape[1]), logits.shape[1]]);
}

/**
 * The cross-entropy of logits against class ids or class probabilities, in nats.
 *
 * Shapes:   logits [N, C] (or [C], or [N, C, d…]), target ids [N] (or [], or [N, d…]) or probabilities as the logits
 *           → [] for `mean` and `sum`, the ids' shape for `none`
 * Gradient: (softmax − target)·weight, over the number (or with weights the weight) of targets for `mean`
 * @throws ShapeError   if the shapes do not fit, or (ERR_INDEX) a target is out of range
 * @throws ConfigError  if an option has no meaning
 */
export function crossEntropy(
  logits: Tensor,
  target: Tensor,
  { weight = null, ignoreIndex = -100, reduction = 'mean', labelSmoothing = 0 }: CrossEntropyOptions = {},
): Tensor {
  checkFloat('crossEntropy', logits);
  checkTensor('crossEntropy', target);
  if (logits.rank === 0)
    throw new ShapeError({ op: 'crossEntropy', problem: 'logits need an axis of classes', got: logits.shape });
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new ConfigError({ op: 'crossEntropy', problem: 'labelSmoothing lies between 0 and 1', got: labelSmoothing });
  }
  const classes = logits.shape[logits.rank === 1 ? 0 : 1];
  if (weight !== null && !sameShape(weight.shape, [classes])) {
    throw new ShapeError({
      op: 'crossEntropy',
      problem: 'the weight must have one value a class',
      got: weight.shape,
      expected: [classes],
    });
  }
  const out = logits.rank === 1 ? [] : [logits.shape[0], ...logits.shape.slice(2)];
  const rows = asRows(logits);
  if (isFloat(target.dtype)) {
    if (!sameShape(target.shape, logits.shape)) {
      throw new ShapeError({
        op: 'crossEntropy',
        problem: 'probabilities must have the shape of the logits',
        got: target.shape,
        expected: logits.shape,
      });
    }
    return probabilityLoss(rows, asRows(to(target, logits.dtype)), weight, labelSmoothing, reduction, out);
  }
  const ids = checkIds('crossEntropy', target);
  if (!sameShape(ids.shape, out)) {
    throw new ShapeError({
      op: 'crossEntropy',
      problem: 'there must be one target a row',
      got: [logits.shape, ids.shape],
      expected: out,
    });
  }
  const flat = reshape(ids, [ids.size]);
  if (weight === null && labelSmoothing === 0) {
    const losses = crossEntropyOp.run([rows], { targets: flat, ignoreIndex });
    if (reduction !== 'mean')
      return reduceLoss('crossEntropy', reduction === 'none' ? reshape(losses, out) : losses, reduction);
    return div(sum(losses), countOf(flat, ignoreIndex));
  }
  return smoothedLoss(rows, flat, weight, ignoreIndex, labelSmoothing, reduction, out);
}

function countOf(ids: Tensor, ignoreIndex: number): number {
  let count = 0;
  for (let i = 0; i < ids.size; i++) if (ids.data[i] !== ignoreIndex) count++;
  return count;
}

/** Targets as probabilities [N, C]: −Σ w·q·log p, the mean over rows. */
function probabilityLoss(
  rows: Tensor,
  target: Tensor,
  weight: Tensor | null,
  labelSmoothing: number,
  reduction: Reduction,
  out: Shape,
): Tensor {
  const smooth = labelSmoothing === 0 ? target : add(mul(target, 1 - labelSmoothing), labelSmoothing / rows.shape[1]);
  const terms = mul(logSoftmax(rows, 1), smooth);
  const losses = neg(sum(weight === null ? terms : mul(terms, weight), 1));
  return reduceLoss('crossEntropy', reduction === 'none' ? reshape(losses, out) : losses, reduction);
}

/** Ids with class weights or smoothing: (1 − s)·w[t]·nll + s/C·Σ w·nll, the mean over the weights of the targets. */
function smoothedLoss(
  rows: Tensor,
  ids: Tensor,
  weight: Tensor | null,
  ignoreIndex: number,
  labelSmoothing: number,
  reduction: Reduction,
  out: Shape,
): Tensor {
  const [count, classes] = rows.shape;
  const ignored = eq(ids, ignoreIndex);
  for (let i = 0; i < count; i++) {
    const id = ids.data[i];
    if (id !== ignoreIndex && (id < 0 || id >= classes)) throw targetError(i, id, classes, ignoreIndex);
  }
  const safe = maskedFill(ids, ignored, 0);
  const w = weight ?? filled([classes], 1, rows.dtype);
  const chosen = maskedFill(indexSelect(w, 0, safe), ignored, 0);
  const nll = neg(logSoftmax(rows, 1));
  const hit = sum(where(to(oneHot(safe, classes), 'bool'), nll, 0), 1);
  let losses = mul(hit, chosen);
  if (labelSmoothing > 0) {
    const spread = maskedFill(sum(mul(nll, w), 1), ignored, 0);
    losses = add(mul(losses, 1 - labelSmoothing), mul(spread, labelSmoothing / classes));
  }
  if (reduction === 'mean') return div(sum(losses), sum(chosen));
  return reduceLoss('crossEntropy', reduction === 'none' ? reshape(losses, out) : losses, reduction);
}

function checkSame(op: string, x: Tensor, target: Tensor): void {
  checkFloat(op, x);
  if (!sameShape(x.shape, checkTensor(op, target).shape)) {
    throw new ShapeError({ op, problem: 'input and target must have one shape', got: target.shape, expected: x.shape });
  }
}

/**
 * (x − target)², averaged by default.
 *
 * Shapes:   x and target [...] → [], or [...] for `none`
 * @throws ShapeError  if the shapes differ: broadcasting here is nearly always a mistake
 */
export function mseLoss(x: Tensor, target: Tensor, { reduction = 'mean' }: { reduction?: Reduction } = {}): Tensor {
  checkSame('mseLoss', x, target);
  return reduceLoss('mseLoss', square(sub(x, target)), reduction);
}

registerOp({
  name: 'mseLoss',
  cases: [
    (s) => ({ inputs: [s.normal([3, 4]), s.normal([3, 4])], call: (x, t) => mseLoss(x, t) }),
    (s) => ({ inputs: [s.normal([3]), s.normal([3])], call: (x, t) => mseLoss(x, t, { reduction: 'sum' }) }),
  ],
});

export interface BinaryCrossEntropyOptions {
  /** A factor a term, broadcast to the input. */
  weight?: Tensor | null;
  /** The weight of positive targets, broadcast to the input. */
  posWeight?: Tensor | null;
  reduction?: Reduction;
}

/**
 * Binary cross-entropy of logits against targets in [0, 1], without overflow for large logits:
 * (1 − t)·x + (1 + (p − 1)·t)·log(1 + e⁻ˣ).
 *
 * Shapes:   x and target [...] → [], or [...] for `none`
 * Gradient: dx = σ(x) − t, when unweighted
 * @throws ShapeError  if the shapes differ
 */
export function binaryCrossEntropyWithLogits(
  x: Tensor,
  target: Tensor,
  { weight = null, posWeight = null, reduction = 'mean' }: BinaryCrossEntropyOptions = {},
): Tensor {
  checkSame('binaryCrossEntropyWithLogits', x, target);
  if (!isFloat(target.dtype)) {
    throw new DTypeError({
      op: 'binaryCrossEntropyWithLogits',
      problem: 'targets must be floats',
      got: target.dtype,
      hint: 'convert with to',
    });
  }
  const soft = softplus(neg(x), { threshold: Number.POSITIVE_INFINITY });
  const factor = posWeight === null ? null : add(mul(sub(posWeight, 1), target), 1);
  const losses = add(mul(sub(1, target), x), factor === null ? soft : mul(factor, soft));
  const weighted = weight === null ? losses : mul(losses, weight);
  return reduceLoss('binaryCrossEntropyWithLogits', weighted, reduction);
}

registerOp({
  name: 'binaryCrossEntropyWithLogits',
  cases: [
    (s) => ({
      inputs: [s.normal([3, 4]), s.uniform([3, 4], 0, 1)],
      call: (x, t) => binaryCrossEntropyWithLogits(x, t),
    }),
    (s) => ({
      inputs: [s.normal([3, 4]), s.uniform([3, 4], 0, 1), s.uniform([4], 0.5, 2), s.uniform([3, 1], 0.5, 2)],
      call: (x, t, posWeight, weight) => binaryCrossEntropyWithLogits(x, t, { posWeight, weight, reduction: 'sum' }),
    }),
  ],
  tolerance: 4e-6,
});
