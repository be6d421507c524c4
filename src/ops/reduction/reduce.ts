/** Reductions: means, extremes and their places, log-sum-exp. */

import { ArgReduceOp, ReduceOp } from '../../backend/opcodes.ts';
import { floatOf } from '../../core/dtype.ts';
import { checkAxes, type Shape, sizeOf } from '../../core/shape.ts';
import { ShapeError } from '../../errors.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { checkTensor, defineOp, type Op, registerOp, type Sampler } from '../define.ts';
import { add, div, mul, sub } from '../elementwise/arithmetic.ts';
import { to } from '../elementwise/cast.ts';
import { eq, where } from '../elementwise/compare.ts';
import { abs, exp, log } from '../elementwise/unary.ts';
import type { Placed } from '../indexing/along.ts';
import { gather } from '../indexing/gather.ts';
import { reshape } from '../movement/movement.ts';
import {
  type Axes,
  beginWalk,
  endWalk,
  type ReduceOptions,
  reducedShape,
  sum,
  type TotalOptions,
} from './broadcast.ts';

/** `reduced` in the shape that broadcasts against what it was reduced from. */
export function withAxes(reduced: Tensor, shape: Shape, axes: readonly number[]): Tensor {
  return reshape(reduced, reducedShape(shape, axes, true));
}

function checkNotEmpty(op: string, x: Tensor, axes: readonly number[]): void {
  if (sizeOf(axes.map((i) => x.shape[i])) > 0) return;
  throw new ShapeError({ op, problem: 'nothing to choose from along the reduced axes', got: x.shape });
}

/**
 * The mean over `axes` (all by default); of integers in float32, of nothing NaN.
 *
 * Shapes:   as `sum`
 * Gradient: dx = dy/n, repeated
 */
export function mean(x: Tensor, axes: Axes = null, { keepdim = false, dtype = null }: TotalOptions = {}): Tensor {
  checkTensor('mean', x);
  const list = checkAxes('mean', axes, x.rank);
  let n = 1;
  for (const axis of list) n *= x.shape[axis];
  return div(sum(x, axes, { keepdim, dtype: floatOf(dtype ?? x.dtype) }), n);
}

registerOp({
  name: 'mean',
  cases: [
    (s) => ({ inputs: [s.normal([3, 4])], call: (x) => mean(x) }),
    (s) => ({ inputs: [s.normal([2, 3, 4])], call: (x) => mean(x, [0, 2]) }),
  ],
});

interface ExtremeParams {
  readonly axes: readonly number[];
  readonly keepdim: boolean;
}

/** The gradient of what is equal to the extreme y of x. */
function shareAmongEquals(x: Tensor, y: Tensor, dy: Tensor, axes: readonly number[]): Tensor {
  const chosen = to(eq(x, withAxes(y.detach(), x.shape, axes)), x.dtype);
  const count = sum(chosen, axes.length === 0 ? null : axes, { keepdim: true });
  const share = axes.length === 0 ? chosen : div(chosen, count);
  return mul(share, withAxes(dy, x.shape, axes));
}

/** Bytes and bools are compared as int32, which the reference kernels know. */
function comparable(x: Tensor): Tensor {
  return x.dtype === 'bool' || x.dtype === 'uint8' ? to(x, 'int32') : x;
}

function defineExtreme(name: 'amax' | 'amin', opcode: ReduceOp): Op<ExtremeParams> {
  const call = (x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor =>
    (name === 'amax' ? amax : amin)(x, axes, options);
  return defineOp<ExtremeParams>({
    name,
    tolerance: 0,
    edges: [1, -1, 0, Infinity, -Infinity, NaN],
    forward(node, [x], { axes, keepdim }) {
      const y = emptyTensor(reducedShape(x!.shape, axes, keepdim), x!.dtype);
      const walk = beginWalk(node.kernels, x!, axes);
      node.kernels.reduce(opcode, walk.data, y.data, walk.outer, walk.n, walk.inner);
      endWalk(walk);
      node.save(x, y);
      return y;
    },
    backward(node, [dy], { axes }) {
      const [x, y] = node.saved() as [Tensor, Tensor];
      return [shareAmongEquals(x, y, dy!, axes)];
    },
    cases: [
      (s) => ({ inputs: [s.distinct([3, 4])], call: (x) => call(x) }),
      (s) => ({ inputs: [s.distinct([2, 3, 4])], call: (x) => call(x, 1) }),
      (s) => ({ inputs: [s.distinct([2, 3, 4])], call: (x) => call(x, [0, 2], { keepdim: true }) }),
      (s) => ({ inputs: [s.distinct([])], call: (x) => call(x) }),
    ],
  });
}

function extreme(op: Op<ExtremeParams>, x: Tensor, axes: Axes, keepdim: boolean): Tensor {
  checkTensor(op.name, x);
  const list = checkAxes(op.name, axes, x.rank);
  checkNotEmpty(op.name, x, list);
  return to(op.run([comparable(x)], { axes: list, keepdim }), x.dtype);
}

const amaxOp = defineExtreme('amax', ReduceOp.max);
/**
 * The largest over `axes` (all by default); NaN if there is one.
 *
 * Shapes:   as `sum`
 * Gradient: to the largest, shared equally among equals
 * @throws ShapeError  if there is nothing to choose from
 */
export function amax(x: Tensor, axes: Axes = null, { keepdim = false }: ReduceOptions = {}): Tensor {
  return extreme(amaxOp, x, axes, keepdim);
}

const aminOp = defineExtreme('amin', ReduceOp.min);
/** The smallest over `axes`: see `amax`. */
export function amin(x: Tensor, axes: Axes = null, { keepdim = false }: ReduceOptions = {}): Tensor {
  return extreme(aminOp, x, axes, keepdim);
}

interface ArgParams {
  readonly axis: number | null;
  readonly keepdim: boolean;
}

function defineArg(
  name: 'argmax' | 'argmin',
  opcode: ArgReduceOp,
): (x: Tensor, axis?: number | null, options?: ReduceOptions) => Tensor {
  const op = defineOp<ArgParams>({
    name,
    differentiable: false,
    tolerance: 0,
    edges: [1, -1, 0, Infinity, -Infinity, NaN],
    forward(node, [x], { axis, keepdim }) {
      const axes = checkAxes(name, axis, x!.rank);
      const y = emptyTensor(reducedShape(x!.shape, axes, keepdim), 'int32');
      const walk = beginWalk(node.kernels, x!, axes);
      node.kernels.argReduce(opcode, walk.data, y.data as Int32Array, walk.outer, walk.n, walk.inner);
      endWalk(walk);
      return y;
    },
    cases: [
      (s: Sampler) => ({ inputs: [s.normal([3, 4])], call: (x) => arg(x) }),
      (s: Sampler) => ({ inputs: [s.normal([2, 3, 4])], call: (x) => arg(x, 1, { keepdim: true }) }),
    ],
  });
  const arg = (x: Tensor, axis: number | null = null, { keepdim = false }: ReduceOptions = {}): Tensor => {
    checkTensor(name, x);
    checkNotEmpty(name, x, checkAxes(name, axis, x.rank));
    return op.run([comparable(x)], { axis, keepdim });
  };
  return arg;
}

/** The place of the largest along `axis` (of the flattened tensor by default): the first of equals, the first NaN. */
export const argmax = defineArg('argmax', ArgReduceOp.argmax);
/** The place of the smallest along `axis`: see `argmax`. */
export const argmin = defineArg('argmin', ArgReduceOp.argmin);

/** The extreme along one axis and its place. */
export type Extreme = Placed;

function extremeAlong(name: 'max' | 'min', x: Tensor, axis: number | null, keepdim: boolean): Tensor | Extreme {
  checkTensor(name, x);
  if (axis === null) return name === 'max' ? amax(x) : amin(x);
  const axes = checkAxes(name, axis, x.rank);
  checkNotEmpty(name, x, axes);
  const places = (name === 'max' ? argmax : argmin)(x, axis, { keepdim: true });
  const out = reducedShape(x.shape, axes, keepdim);
  return { values: reshape(gather(x, axis, places), out), indices: reshape(places, out) };
}

/**
 * The largest of all, or along `axis` the largest and its place. Of equals along an axis the first takes the gradient.
 *
 * @throws ShapeError  if there is nothing to choose from
 */
export function max(x: Tensor): Tensor;
export function max(x: Tensor, axis: number, options?: ReduceOptions): Extreme;
export function max(x: Tensor, axis: number | null = null, { keepdim = false }: ReduceOptions = {}): Tensor | Extreme {
  return extremeAlong('max', x, axis, keepdim);
}

/** The smallest of all, or along `axis` the smallest and its place: see `max`. */
export function min(x: Tensor): Tensor;
export function min(x: Tensor, axis: number, options?: ReduceOptions): Extreme;
export function min(x: Tensor, axis: number | null = null, { keepdim = false }: ReduceOptions = {}): Tensor | Extreme {
  return extremeAlong('min', x, axis, keepdim);
}

/**
 * log Σ eˣ over `axes`, without overflow; −∞ of nothing.
 *
 * Shapes:   as `sum`
 * Gradient: dx = softmax(x)·dy
 */
export function logsumexp(x: Tensor, axes: Axes = null, { keepdim = false }: ReduceOptions = {}): Tensor {
  const floats = to(checkTensor('logsumexp', x), floatOf(x.dtype));
  const list = checkAxes('logsumexp', axes, x.rank);
  const over = list.length === 0 ? null : list;
  if (sizeOf(list.map((i) => x.shape[i])) === 0) return log(sum(exp(floats), over, { keepdim }));
  const largest = amax(floats.detach(), over, { keepdim: true });
  // An infinite maximum would give ∞ − ∞; without it the sum is 0 or ∞, and its logarithm right.
  const shift = where(eq(abs(largest), Infinity), 0, largest);
  const folded = log(sum(exp(sub(floats, shift)), over, { keepdim: true }));
  return reshape(add(folded, shift), reducedShape(x.shape, list, keepdim));
}

registerOp({
  name: 'logsumexp',
  cases: [
    (s) => ({ inputs: [s.normal([3, 4])], call: (x) => logsumexp(x) }),
    (s) => ({ inputs: [s.normal([2, 3, 4])], call: (x) => logsumexp(x, 1) }),
    (s) => ({ inputs: [s.normal([2, 3, 4])], call: (x) => logsumexp(x, [0, 2], { keepdim: true }) }),
  ],
});

/** The smallest and the largest. */
export interface Range {
  readonly min: Tensor;
  readonly max: Tensor;
}

const rangeOp = defineOp<ExtremeParams>({
  name: 'aminmax',
  tolerance: 0,
  edges: [1, -1, 0, Infinity, -Infinity, NaN],
  forward(node, [x], { axes, keepdim }) {
    const shape = reducedShape(x!.shape, axes, keepdim);
    const [low, high] = [emptyTensor(shape, x!.dtype), emptyTensor(shape, x!.dtype)];
    const walk = beginWalk(node.kernels, x!, axes);
    node.kernels.extremes(walk.data, low.data, high.data, walk.outer, walk.n, walk.inner);
    endWalk(walk);
    node.save(x, low, high);
    return [low, high];
  },
  backward(node, [dlow, dhigh], { axes }) {
    const [x, low, high] = node.saved() as [Tensor, Tensor, Tensor];
    const toLow = dlow ? shareAmongEquals(x, low, dlow, axes) : null;
    const toHigh = dhigh ? shareAmongEquals(x, high, dhigh, axes) : null;
    return [toLow && toHigh ? add(toLow, toHigh) : (toLow ?? toHigh)];
  },
  cases: [
    (s) => ({ inputs: [s.distinct([3, 4])], call: (x) => Object.values(aminmax(x)) }),
    (s) => ({ inputs: [s.distinct([3, 4])], call: (x) => Object.values(aminmax(x, 1, { keepdim: true })) }),
    (s) => ({ inputs: [s.distinct([2, 3, 4])], call: (x) => Object.values(aminmax(x, 1)) }),
  ],
});

/**
 * The smallest and the largest of all, or along `axis`: see `amax`.
 *
 * @throws ShapeError  if there is nothing to choose from
 */
export function aminmax(x: Tensor, axis: number | null = null, { keepdim = false }: ReduceOptions = {}): Range {
  checkTensor('aminmax', x);
  const axes = checkAxes('aminmax', axis, x.rank);
  checkNotEmpty('aminmax', x, axes);
  const [min, max] = rangeOp.runAll([comparable(x)], { axes, keepdim });
  return { min: to(min, x.dtype), max: to(max, x.dtype) };
}
