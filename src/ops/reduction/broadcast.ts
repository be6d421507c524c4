/** Sum and expand, each the other's gradient: what broadcasting is made of. */

import type { Backend } from '../../backend/backend.ts';
import { ReduceOp } from '../../backend/opcodes.ts';
import type { DataArray, DType } from '../../core/dtype.ts';
import { sumOf } from '../../core/dtype.ts';
import { allocate, recycle } from '../../core/pool.ts';
import {
  broadcastShapes,
  broadcastStrides,
  checkAxes,
  checkShape,
  mergeAxes,
  type Shape,
  sameShape,
  sizeOf,
  stridesOf,
} from '../../core/shape.ts';
import { ShapeError } from '../../errors.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { checkTensor, defineOp, type Op } from '../define.ts';
import { to } from '../elementwise/cast.ts';

/** What a reduction takes: the axes (all, if none are named), and whether they stay with length 1. */
export type Axes = number | readonly number[] | null;
export interface ReduceOptions {
  keepdim?: boolean;
}

export interface TotalOptions extends ReduceOptions {
  /** The dtype that x is converted to beforehand; by default floats keep theirs and the rest counts in int32. */
  dtype?: DType | null;
}

/** The shape left by a reduction over `axes`. */
export function reducedShape(shape: Shape, axes: readonly number[], keepdim: boolean): Shape {
  const left: number[] = [];
  for (let i = 0; i < shape.length; i++) {
    if (!axes.includes(i)) left.push(shape[i]);
    else if (keepdim) left.push(1);
  }
  return left;
}

/** A reduction as kernels know it: [outer, n, inner]. */
export interface Walk {
  readonly data: DataArray;
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
  /** The data is a copy with the reduced axes moved to the end; give it back with `endWalk`. */
  readonly copied: boolean;
}

/** Brings the reduced axes together: they often lie side by side; where not, a copy moves them to the end. */
export function beginWalk(kernels: Backend, x: Tensor, axes: readonly number[]): Walk {
  const { shape } = x;
  if (axes.length === 0) return { data: x.data, outer: x.size, n: 1, inner: 1, copied: false };
  const first = axes[0];
  const end = axes[axes.length - 1] + 1;
  if (end - first === axes.length) {
    const n = sizeOf(shape, first, end);
    return { data: x.data, outer: sizeOf(shape, 0, first), n, inner: sizeOf(shape, end), copied: false };
  }
  const kept = shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const order = [...kept, ...axes];
  const [own, moved] = [stridesOf(shape), order.map((i) => shape[i])];
  const data = allocate(x.dtype, x.size);
  kernels.copyStrided(x.data, 0, data, 0, mergeAxes(moved, [order.map((i) => own[i]), stridesOf(moved)]));
  const n = sizeOf(axes.map((i) => shape[i]));
  return { data, outer: sizeOf(kept.map((i) => shape[i])), n, inner: 1, copied: true };
}

export function endWalk(walk: Walk): void {
  if (walk.copied) recycle(walk.data);
}

interface SumParams {
  readonly axes: readonly number[];
  /** The shape of the sum, which has as many elements as the kept axes. */
  readonly out: Shape;
}

const sumOp: Op<SumParams> = defineOp<SumParams>({
  name: 'sum',
  forward(node, [x], { axes, out }) {
    const y = emptyTensor(out, x!.dtype);
    const walk = beginWalk(node.kernels, x!, axes);
    node.kernels.reduce(ReduceOp.sum, walk.data, y.data, walk.outer, walk.n, walk.inner);
    endWalk(walk);
    return y;
  },
  backward(node, [dy], { axes }) {
    const shape = node.shapes[0];
    return [expandOp.run([dy], { from: reducedShape(shape, axes, true), shape })];
  },
  cases: [
    (s) => ({ inputs: [s.normal([3, 4])], call: (x) => sum(x) }),
    (s) => ({ inputs: [s.normal([2, 3, 4])], call: (x) => sum(x, 1) }),
    (s) => ({ inputs: [s.normal([2, 3, 4])], call: (x) => sum(x, [0, 2], { keepdim: true }) }),
    (s) => ({ inputs: [s.normal([2, 3, 2, 5])], call: (x) => sum(x, [1, -1]) }),
    (s) => ({ inputs: [s.normal([])], call: (x) => sum(x) }),
    (s) => ({ inputs: [s.normal([0, 3])], call: (x) => sum(x, 0) }),
    (s) => ({ inputs: [s.normal([3, 0])], call: (x) => sum(x, 1) }),
  ],
});

/**
 * The sum over `axes` (all of them by default). Bools and integers count in int32.
 *
 * Shapes:   x [...] → y: the axes left, or all with length 1 where summed if `keepdim`
 * Gradient: dx = dy, repeated
 * @throws ShapeError  if an axis is out of range or named twice
 */
export function sum(x: Tensor, axes: Axes = null, { keepdim = false, dtype = null }: TotalOptions = {}): Tensor {
  checkTensor('sum', x);
  const list = checkAxes('sum', axes, x.rank);
  return sumOp.run([to(x, dtype ?? sumOf(x.dtype))], { axes: list, out: reducedShape(x.shape, list, keepdim) });
}

interface ExpandParams {
  /** The shape `x` is seen in: as many axes as the result, 1 where it is repeated. */
  readonly from: Shape;
  readonly shape: Shape;
}

const expandOp: Op<ExpandParams> = defineOp<ExpandParams>({
  name: 'expand',
  forward(node, [x], { from, shape }) {
    const y = emptyTensor(shape, x!.dtype);
    if (x!.size === 1) y.data.fill(x!.data[0]);
    else if (y.size > 0) {
      node.kernels.copyStrided(
        x!.data,
        0,
        y.data,
        0,
        mergeAxes(shape, [broadcastStrides(from, shape), stridesOf(shape)]),
      );
    }
    return y;
  },
  backward(node, [dy], { from, shape }) {
    const axes: number[] = [];
    for (let i = 0; i < shape.length; i++) if (from[i] === 1 && shape[i] !== 1) axes.push(i);
    return [sumOp.run([dy], { axes, out: node.shapes[0] })];
  },
  cases: [
    (s) => ({ inputs: [s.normal([3, 1])], call: (x) => expand(x, [3, 4]) }),
    (s) => ({ inputs: [s.normal([1, 3, 1])], call: (x) => expand(x, [2, -1, 3, 2]) }),
    (s) => ({ inputs: [s.normal([])], call: (x) => expand(x, [2, 2]) }),
    (s) => ({ inputs: [s.normal([1, 3])], call: (x) => expand(x, [0, 3]) }),
    (s) => ({ inputs: [s.normal([2, 1]), s.normal([3])], call: (a, b) => broadcastTensors(a, b) }),
  ],
  tolerance: 0,
});

/**
 * `x` repeated along its axes of length 1, and along new axes in front; −1 keeps an axis as it is.
 *
 * Shapes:   x [...] → y shape
 * Gradient: dx = Σ dy over the repeated axes
 * @throws ShapeError  if the shapes do not fit
 */
export function expand(x: Tensor, shape: Shape): Tensor {
  checkTensor('expand', x);
  const lead = shape.length - x.rank;
  const wanted = Array.from(shape, (d, i) => (d === -1 && i >= lead ? x.shape[i - lead] : d));
  checkShape('expand', wanted);
  const fits = lead >= 0 && x.shape.every((d, i) => d === wanted[i + lead] || d === 1);
  if (!fits) {
    throw new ShapeError({
      op: 'expand',
      problem: 'the shape cannot be repeated to that',
      got: x.shape,
      expected: wanted,
    });
  }
  return expandTo(x, wanted);
}

/** `x` repeated to a shape it is known to broadcast to. */
export function expandTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const from = new Array<number>(shape.length).fill(1);
  for (let i = x.rank - 1, at = shape.length - 1; i >= 0; i--, at--) from[at] = x.shape[i];
  return expandOp.run([x], { from, shape });
}

/** The gradient of a broadcast operand: `dy` summed down to `shape`. */
export function sumTo(dy: Tensor, shape: Shape): Tensor {
  if (sameShape(dy.shape, shape)) return dy;
  const lead = dy.rank - shape.length;
  const axes: number[] = [];
  for (let i = 0; i < dy.rank; i++) if (i < lead || (shape[i - lead] === 1 && dy.shape[i] !== 1)) axes.push(i);
  return sumOp.run([dy], { axes, out: shape });
}

/** The shape that tensors have in common. @throws ShapeError if they do not broadcast */
export function checkBroadcast(op: string, ...tensors: readonly Tensor[]): Shape {
  let shape: Shape = checkTensor(op, tensors[0]).shape;
  for (let i = 1; i < tensors.length; i++) shape = broadcastShapes(op, shape, checkTensor(op, tensors[i]).shape);
  return shape;
}

/** `tensors` repeated to their common shape. @throws ShapeError if they do not broadcast */
export function broadcastTogether(op: string, ...tensors: readonly Tensor[]): Tensor[] {
  const shape = checkBroadcast(op, ...tensors);
  checkShape(op, shape);
  return tensors.map((t) => expandTo(t, shape));
}

/**
 * Tensors repeated to their common shape.
 *
 * @throws ShapeError  if they do not broadcast
 */
export function broadcastTensors(...tensors: readonly Tensor[]): Tensor[] {
  for (const t of tensors) checkTensor('broadcastTensors', t);
  return tensors.length === 0 ? [] : broadcastTogether('broadcastTensors', ...tensors);
}

/** NumPy's name for `expand`. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  return expand(checkTensor('broadcastTo', x), shape);
}

/** `expand` to the shape of another tensor. */
export function expandAs(x: Tensor, other: Tensor): Tensor {
  return expand(checkTensor('expandAs', x), checkTensor('expandAs', other).shape);
}

/** A tensor of one value. */
export function filled(shape: Shape, value: number, dtype: DType): Tensor {
  const y = emptyTensor(shape, dtype);
  y.data.fill(value);
  return y;
}
