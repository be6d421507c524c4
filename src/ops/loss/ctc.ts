/** Connectionist temporal classification: the loss of labels whose places in a longer sequence are unknown. */

import { ctcBackward, ctcForward, extend, skips } from '../../core/ctc.ts';
import type { FloatArray } from '../../core/dtype.ts';
import { ConfigError, ShapeError } from '../../errors.ts';
import { emptyTensor, Tensor } from '../../tensor.ts';
import { tensor } from '../create.ts';
import { checkFloat, defineOp, type Op } from '../define.ts';
import { add, div } from '../elementwise/arithmetic.ts';
import { checkIds } from '../elementwise/cast.ts';
import { logaddexp } from '../elementwise/combine.ts';
import { gt, where } from '../elementwise/compare.ts';
import { clamp, neg } from '../elementwise/unary.ts';
import { gather } from '../indexing/gather.ts';
import { badId } from '../indexing/rows.ts';
import { cat } from '../movement/join.ts';
import { narrow, reshape, select, unsqueeze } from '../movement/movement.ts';
import { expand, filled } from '../reduction/broadcast.ts';
import { type LossOptions, reduceLoss } from './reduction.ts';

interface CtcParams {
  /** The labels between blanks, a sequence each. */
  readonly extended: readonly Int32Array[];
  readonly steps: readonly number[];
  readonly zeroInfinity: boolean;
}

/** Stands for a log-probability of −∞ where a difference of two of them must not be NaN. */
const IMPOSSIBLE = -1e30;

/** Log-probabilities [T, N, C] → losses [N]. */
const ctcOp: Op<CtcParams> = defineOp<CtcParams>({
  name: 'ctcLoss',
  tolerance: 4e-6,
  forward(node, [x], { extended, steps, zeroInfinity }) {
    const [, batch, classes] = x!.shape;
    const losses = emptyTensor([batch], x!.dtype);
    const logProbs = x!.data as FloatArray;
    // In float64: what the float32 of the output has rounded off, the gradient would multiply.
    const exact = node.scratch('float64', batch) as Float64Array;
    for (let n = 0; n < batch; n++) {
      const alpha = node.scratch('float64', steps[n] * extended[n].length) as Float64Array;
      const sequence = {
        logProbs,
        offset: n * classes,
        stride: batch * classes,
        steps: steps[n],
        extended: extended[n],
      };
      exact[n] = ctcForward(sequence, alpha);
      losses.data[n] = zeroInfinity && exact[n] === Number.POSITIVE_INFINITY ? 0 : exact[n];
    }
    node.save(x);
    return losses;
  },
  backward(node, [dy], { extended, steps, zeroInfinity }) {
    const [x] = node.saved() as [Tensor];
    const [exact, ...alphas] = node.scratchArrays() as Float64Array[];
    const [, batch, classes] = x.shape;
    const dx = filled(x.shape, 0, x.dtype);
    const stride = batch * classes;
    for (let n = 0; n < batch; n++) {
      const loss = exact[n];
      if (Number.isFinite(loss)) {
        const sequence = {
          logProbs: x.data as FloatArray,
          offset: n * classes,
          stride,
          steps: steps[n],
          extended: extended[n],
        };
        ctcBackward(sequence, alphas[n], loss, dy!.data[n], dx.data as FloatArray);
      } else if (!zeroInfinity || Number.isNaN(loss)) {
        for (let t = 0; t < steps[n]; t++) {
          const row = t * stride + n * classes;
          dx.data.fill(Number.NaN, row, row + classes);
        }
      }
    }
    return [dx];
  },
  twin([x], { extended, steps, zeroInfinity }) {
    const [length, batch] = x!.shape;
    const places = Math.max(1, ...extended.map((e) => e.length));
    const table = (dtype: 'int32' | 'bool', value: (ext: Int32Array, s: number) => number): Tensor => {
      const data = Int32Array.from({ length: batch * places }, (_, i) =>
        value(extended[Math.floor(i / places)], i % places),
      );
      return tensor(data, { dtype, shape: [batch, places] });
    };
    const ids = table('int32', (ext, s) => (s < ext.length ? ext[s] : ext[0]));
    const starts = table('bool', (ext, s) => Number(s < 2 && s < ext.length));
    const skippable = table('bool', (ext, s) => Number(s < ext.length && skips(ext, s)));
    if (length === 0) return [filled([batch], 0, x!.dtype)];
    const emissions = clamp(gather(x!, 2, expand(unsqueeze(ids, 0), [length, batch, places])), IMPOSSIBLE);
    const before = (alpha: Tensor, by: number): Tensor => {
      const out = filled([batch, Math.min(by, places)], IMPOSSIBLE, x!.dtype);
      return by >= places ? out : cat([out, narrow(alpha, 1, 0, places - by)], 1);
    };
    let alpha = where(starts, select(emissions, 0, 0), IMPOSSIBLE);
    for (let t = 1; t < length; t++) {
      const running = tensor(
        Uint8Array.from(steps, (n) => Number(t < n)),
        { dtype: 'bool', shape: [batch, 1] },
      );
      const two = where(skippable, before(alpha, 2), IMPOSSIBLE);
      const next = add(logaddexp(logaddexp(alpha, before(alpha, 1)), two), select(emissions, 0, t));
      alpha = where(running, next, alpha);
    }
    const ends = (back: number): Tensor => {
      const at = Int32Array.from(extended, (ext) => Math.max(0, ext.length - back));
      const found = reshape(gather(alpha, 1, tensor(at, { shape: [batch, 1] })), [batch]);
      const there = tensor(
        Uint8Array.from(extended, (ext) => Number(ext.length >= back)),
        { dtype: 'bool' },
      );
      return where(there, found, IMPOSSIBLE);
    };
    const losses = neg(logaddexp(ends(1), ends(2)));
    const none = tensor(
      Uint8Array.from(steps, (n) => Number(n === 0)),
      { dtype: 'bool' },
    );
    const ofNothing = tensor(
      Float64Array.from(extended, (ext) => (ext.length === 1 || zeroInfinity ? 0 : Number.POSITIVE_INFINITY)),
      { dtype: x!.dtype },
    );
    const possible = where(gt(losses, -IMPOSSIBLE / 2), zeroInfinity ? 0 : Number.POSITIVE_INFINITY, losses);
    return [where(none, ofNothing, possible)];
  },
  cases: [
    (s) => {
      const target = tensor(Int32Array.of(1, 2, 2, 3, 1, 0), { shape: [2, 3] });
      return { inputs: [s.normal([6, 2, 4])], call: (x) => ctcLoss(x, target, [6, 5], [3, 2]) };
    },
    (s) => {
      const target = tensor(Int32Array.of(1, 2, 0, 1, 1));
      return {
        inputs: [s.normal([5, 3, 4])],
        call: (x) => ctcLoss(x, target, [5, 4, 3], [2, 0, 3], { blank: 3, reduction: 'none', zeroInfinity: true }),
      };
    },
    (s) => {
      const target = tensor(Int32Array.of(1, 1));
      return { inputs: [s.normal([4, 2])], call: (x) => ctcLoss(x, target, 4, 2, { reduction: 'sum' }) };
    },
  ],
});

/** Lengths of the sequences of a batch: one each, or a number for a single sequence. */
export type Lengths = Tensor | readonly number[] | number;

export interface CtcLossOptions extends LossOptions {
  /** The class that stands for no label. Default 0. */
  blank?: number;
  /** A sequence too short for its labels counts 0, with a gradient of 0, instead of Infinity. */
  zeroInfinity?: boolean;
}

/**
 * The negative log-probability of labels, summed over all their alignments with the steps: each step gives a label or
 * the blank, and of equal ones in a row only the first counts. For `mean` each loss is divided by the number of its
 * labels (at least 1) before the mean over the batch is taken.
 *
 * Shapes:   log-probabilities [T, N, C] (or [T, C]), targets [N, S] padded or all of them one after another,
 *           lengths [N] → [] for `mean` and `sum`, [N] (or []) for `none`
 * Gradient: minus the probability, given the labels, of each class at each step, to any order. (PyTorch's adds that of
 *           a log-softmax before it, which comes out the same behind one.) NaN where the loss is Infinity.
 * @throws ShapeError   if shapes or lengths do not fit, or (ERR_INDEX) a target is no class
 * @throws ConfigError  if the blank is no class, or a target is the blank
 * Source:   Graves et al., Connectionist temporal classification, ICML 2006
 */
export function ctcLoss(
  logProbs: Tensor,
  targets: Tensor,
  inputLengths: Lengths,
  targetLengths: Lengths,
  { blank = 0, reduction = 'mean', zeroInfinity = false }: CtcLossOptions = {},
): Tensor {
  const op = 'ctcLoss';
  if (checkFloat(op, logProbs).rank !== 2 && logProbs.rank !== 3) {
    throw new ShapeError({ op, problem: 'expected log-probabilities', got: logProbs.shape, expected: '[T, N, C]' });
  }
  const single = logProbs.rank === 2;
  const x = single ? unsqueeze(logProbs, 1) : logProbs;
  const [length, batch, classes] = x.shape;
  if (!Number.isInteger(blank) || blank < 0 || blank >= classes) {
    throw new ConfigError({ op, problem: 'the blank must be a class', got: blank, expected: `0 to ${classes - 1}` });
  }
  const steps = lengthsOf(op, 'input lengths', inputLengths, batch, length);
  const counts = lengthsOf(op, 'target lengths', targetLengths, batch, Number.POSITIVE_INFINITY);
  const extended = labelsOf(op, checkIds(op, targets), counts, classes, blank).map((labels) => extend(labels, blank));
  const losses = ctcOp.run([x], { extended, steps, zeroInfinity });
  if (reduction === 'none') return single ? reshape(losses, []) : losses;
  if (reduction !== 'mean') return reduceLoss(op, losses, reduction);
  const each = tensor(
    counts.map((n) => Math.max(1, n)),
    { dtype: losses.dtype, shape: [batch] },
  );
  return reduceLoss(op, div(losses, each), reduction);
}

function lengthsOf(op: string, what: string, given: Lengths, batch: number, most: number): readonly number[] {
  const list =
    given instanceof Tensor ? Array.from(checkIds(op, given).data) : typeof given === 'number' ? [given] : given;
  if (list.length !== batch) {
    throw new ShapeError({ op, problem: `there must be ${what} for each sequence`, got: list.length, expected: batch });
  }
  for (const n of list) {
    if (Number.isInteger(n) && n >= 0 && n <= most) continue;
    throw new ShapeError({ op, problem: `${what} do not fit`, got: n, expected: `0 to ${most}` });
  }
  return list;
}

/** The labels of each sequence, from rows with padding or from one row without. */
function labelsOf(
  op: string,
  targets: Tensor,
  counts: readonly number[],
  classes: number,
  blank: number,
): readonly Int32Array[] {
  const data = targets.data as Int32Array;
  const total = counts.reduce((sum, n) => sum + n, 0);
  const padded = targets.rank === 2 && targets.shape[0] === counts.length;
  const fits = padded ? counts.every((n) => n <= targets.shape[1]) : targets.rank === 1 && targets.size === total;
  if (!fits) {
    throw new ShapeError({
      op,
      problem: 'the targets do not fit their lengths',
      got: [targets.shape, counts],
      expected: `[${counts.length}, ${Math.max(0, ...counts)}] padded, or [${total}] one after another`,
    });
  }
  let from = 0;
  return counts.map((n, row) => {
    const start = padded ? row * targets.shape[1] : from;
    from += n;
    const labels = data.subarray(start, start + n);
    const bad = labels.findIndex((id) => id < 0 || id >= classes);
    if (bad >= 0) throw badId(op, start + bad, labels[bad], classes);
    if (labels.includes(blank)) {
      throw new ConfigError({ op, problem: 'a target is the blank', got: blank, hint: 'labels are the other classes' });
    }
    return labels;
  });
}
