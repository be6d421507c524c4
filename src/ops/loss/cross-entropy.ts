/** The cross-entropy of logits against classes or their probabilities. */

import { type FloatArray, isFloat } from '../../core/dtype.ts';
import { type Shape, sameShape } from '../../core/shape.ts';
import { ConfigError, ShapeError } from '../../errors.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { checkTensor, defineOp } from '../define.ts';
import { add, div, mul } from '../elementwise/arithmetic.ts';
import { checkIds, to } from '../elementwise/cast.ts';
import { eq, maskedFill } from '../elementwise/compare.ts';
import { neg } from '../elementwise/unary.ts';
import { oneHot } from '../indexing/rows.ts';
import { logSoftmax } from '../layer/softmax.ts';
import { permute, reshape } from '../movement/movement.ts';
import { sum } from '../reduction/broadcast.ts';
import { type ClassScores, classScores, type NllLossOptions, pickClasses, reducePicked } from './nll.ts';
import { checkClassWeight, checkTargets, type Reduction, reduceLoss } from './reduction.ts';

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

export interface CrossEntropyOptions extends NllLossOptions {
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
  const scores = classScores('crossEntropy', logits);
  const { classes, out } = scores;
  checkTensor('crossEntropy', target);
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new ConfigError({ op: 'crossEntropy', problem: 'labelSmoothing lies between 0 and 1', got: labelSmoothing });
  }
  checkClassWeight('crossEntropy', weight, classes);
  if (isFloat(target.dtype)) {
    if (!sameShape(target.shape, logits.shape)) {
      throw new ShapeError({
        op: 'crossEntropy',
        problem: 'probabilities must have the shape of the logits',
        got: target.shape,
        expected: logits.shape,
        ...(sameShape(target.shape, out) ? { hint: "class ids are integers: convert them with to('int32')" } : {}),
      });
    }
    const given = asRows(to(target, logits.dtype));
    return probabilityLoss(asRows(logits), given, weight, labelSmoothing, reduction, out);
  }
  const ids = checkIds('crossEntropy', target);
  checkTargets('crossEntropy', logits, ids, out);
  if (weight !== null || labelSmoothing > 0) {
    return smoothedLoss(logits, scores, ids, weight, { ignoreIndex, labelSmoothing, reduction });
  }
  const targets = reshape(ids, [ids.size]);
  const losses = crossEntropyOp.run([asRows(logits)], { targets, ignoreIndex });
  if (reduction !== 'mean') {
    return reduceLoss('crossEntropy', reduction === 'none' ? reshape(losses, out) : losses, reduction);
  }
  let count = 0;
  for (let i = 0; i < targets.size; i++) if (targets.data[i] !== ignoreIndex) count++;
  return div(sum(losses), count);
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
  logits: Tensor,
  scores: ClassScores,
  ids: Tensor,
  weight: Tensor | null,
  { ignoreIndex, labelSmoothing, reduction }: Required<Omit<CrossEntropyOptions, 'weight'>>,
): Tensor {
  const { axis, classes } = scores;
  const logs = logSoftmax(logits, axis);
  const picked = pickClasses('crossEntropy', logs, scores, ids, weight, ignoreIndex);
  let { losses } = picked;
  if (labelSmoothing > 0) {
    const factors =
      weight === null
        ? null
        : reshape(
            weight,
            logits.shape.map((n, i) => (i === axis ? n : 1)),
          );
    const all = neg(sum(factors === null ? logs : mul(logs, factors), axis));
    const spread = picked.ignored === null ? all : maskedFill(all, picked.ignored, 0);
    losses = add(mul(losses, 1 - labelSmoothing), mul(spread, labelSmoothing / classes));
  }
  return reducePicked('crossEntropy', losses, picked, reduction);
}
