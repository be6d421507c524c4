/** Shapes, axes and broadcasting. Strides exist here and in `copyStrided`, nowhere else. */

import { LimitError, ShapeError } from '../errors.ts';
import { allocate } from './pool.ts';

export type Shape = readonly number[];

/** The largest tensor: 2³¹ − 1 elements, so that an element's index fits the kernels' 32-bit strides. */
export const MAX_ELEMENTS = 2 ** 31 - 1;

/** The most axes a tensor has; the kernels walk them with fixed arrays. */
export const MAX_RANK = 16;

/** The number of elements of a shape known to be legal, or of its axes from `start` up to `end`. */
export function sizeOf(shape: Shape, start = 0, end = shape.length): number {
  let size = 1;
  for (let i = start; i < end; i++) size *= shape[i];
  return size;
}

/**
 * A shape from outside: non-negative integers whose product can be allocated.
 *
 * @throws ShapeError  if a dimension is no non-negative integer
 * @throws LimitError  if the product passes 2³¹ − 1 elements
 */
export function checkShape(op: string, shape: Shape): number {
  if (!Array.isArray(shape)) throw new ShapeError({ op, problem: 'a shape is an array of dimensions', got: shape });
  if (shape.length > MAX_RANK) {
    throw new LimitError({ op, problem: 'too many axes', got: shape.length, expected: `at most ${MAX_RANK}` });
  }
  let size = 1;
  let empty = false;
  for (const dim of shape) {
    if (!Number.isInteger(dim) || dim < 0 || Object.is(dim, -0)) {
      throw new ShapeError({ op, problem: 'dimensions must be non-negative integers', got: shape });
    }
    if (dim === 0) empty = true;
    else size *= dim;
    // Checked at each product: the product of the dimensions may overflow although a zero follows.
    if (size > MAX_ELEMENTS) {
      throw new LimitError({ op, problem: 'too many elements', got: shape, expected: `at most ${MAX_ELEMENTS}` });
    }
  }
  return empty ? 0 : size;
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= shape[i];
  }
  return strides;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/**
 * An axis counted from the front; negative ones count from the back.
 *
 * @throws ShapeError  if there is no such axis
 */
export function checkAxis(op: string, axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || at < 0 || at >= rank) {
    throw new ShapeError({
      op,
      problem: 'axis out of range',
      got: axis,
      expected: rank === 0 ? 'a tensor with axes' : `${-rank} to ${rank - 1}`,
    });
  }
  return at;
}

function firstAxes(rank: number): number[] {
  const axes: number[] = [];
  for (let i = 0; i < rank; i++) axes.push(i);
  return axes;
}

/** The axes of a reduction, sorted and distinct; `undefined` or `null` means all of them. */
export function checkAxes(op: string, axes: number | readonly number[] | null | undefined, rank: number): number[] {
  if (axes === undefined || axes === null) return firstAxes(rank);
  // As in PyTorch a 0-d tensor is reduced over axis 0 or −1, and an empty list means every axis.
  const list = typeof axes === 'number' ? [axes] : axes;
  if (list.length === 0) return firstAxes(rank);
  if (rank === 0) {
    for (const axis of list) checkAxis(op, axis, 1);
    return [];
  }
  if (list.length === 1) return [checkAxis(op, list[0], rank)];
  const found = list.map((axis) => checkAxis(op, axis, rank)).sort((a, b) => a - b);
  for (let i = 1; i < found.length; i++) {
    if (found[i] === found[i - 1]) throw new ShapeError({ op, problem: 'an axis is named twice', got: [...list] });
  }
  return found;
}

/**
 * The common shape of two operands under NumPy's broadcasting.
 *
 * @throws ShapeError  if a pair of axes differs and neither is 1
 */
export function broadcastShapes(op: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const da = i <= a.length ? a[a.length - i] : 1;
    const db = i <= b.length ? b[b.length - i] : 1;
    if (da !== db && da !== 1 && db !== 1) {
      throw new ShapeError({
        op,
        problem: `shapes do not broadcast: [${a.join(', ')}] and [${b.join(', ')}]`,
        hint: `${da} ≠ ${db} at axis −${i}`,
      });
    }
    out[rank - i] = da === 1 ? db : da;
  }
  return out;
}

/** How two operands meet in an elementwise kernel. */
export const PlanKind = { same: 0, scalarA: 1, scalarB: 2, strided: 3 } as const;
export type PlanKind = (typeof PlanKind)[keyof typeof PlanKind];

/** What a binary kernel needs to know of two broadcast operands. */
export interface BroadcastPlan {
  readonly shape: Shape;
  readonly size: number;
  readonly kind: PlanKind;
  /**
   * Only for `strided`: `[rank, dims…, strides of a…, strides of b…]`, in elements, with adjacent axes merged wherever
   * both operands walk them in one stride. A stride is 0 along a broadcast axis and never negative; the output is
   * contiguous.
   */
  readonly layout: Int32Array | null;
}

/** Strides of `shape` seen as `out`: 0 along the axes it is repeated over. */
export function broadcastStrides(shape: Shape, out: Shape): number[] {
  const strides = new Array<number>(out.length).fill(0);
  let step = 1;
  for (let i = shape.length - 1, at = out.length - 1; i >= 0; i--, at--) {
    if (shape[i] !== 1) strides[at] = step;
    step *= shape[i];
  }
  return strides;
}

/** The plan of `a` against `b`. @throws ShapeError if they do not broadcast. */
export function planBroadcast(op: string, a: Shape, b: Shape): BroadcastPlan {
  if (sameShape(a, b)) return { shape: a, size: sizeOf(a), kind: PlanKind.same, layout: null };
  const shape = broadcastShapes(op, a, b);
  const size = sizeOf(shape);
  const na = sizeOf(a);
  const nb = sizeOf(b);
  if (na === size && nb === size) return { shape, size, kind: PlanKind.same, layout: null };
  if (nb === 1 && na === size) return { shape, size, kind: PlanKind.scalarB, layout: null };
  if (na === 1 && nb === size) return { shape, size, kind: PlanKind.scalarA, layout: null };
  checkShape(op, shape);
  const layout = mergeAxes(shape, [broadcastStrides(a, shape), broadcastStrides(b, shape)]);
  return { shape, size, kind: PlanKind.strided, layout };
}

/** `[rank, dims…, strides…, strides…]` with axes of length 1 dropped and axes that walk as one merged. */
export function mergeAxes(shape: Shape, strides: readonly [readonly number[], readonly number[]]): Int32Array {
  const [x, y] = strides;
  const dims: number[] = [];
  const xs: number[] = [];
  const ys: number[] = [];
  for (let i = 0; i < shape.length; i++) {
    const length = shape[i];
    if (length === 1) continue;
    const last = dims.length - 1;
    if (last >= 0 && xs[last] === x[i] * length && ys[last] === y[i] * length) {
      dims[last] *= length;
      xs[last] = x[i];
      ys[last] = y[i];
    } else {
      dims.push(length);
      xs.push(x[i]);
      ys.push(y[i]);
    }
  }
  const rank = Math.max(1, dims.length);
  const layout = allocate('int32', 1 + 3 * rank) as Int32Array;
  layout[0] = rank;
  if (dims.length === 0) layout.set([1, 0, 0], 1);
  for (let i = 0; i < dims.length; i++) {
    layout[1 + i] = dims[i];
    layout[1 + rank + i] = xs[i];
    layout[1 + 2 * rank + i] = ys[i];
  }
  return layout;
}

/** The place of an element, counted in row-major order, along each axis. */
export function placeOf(element: number, shape: Shape): number[] {
  const place = new Array<number>(shape.length);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    place[axis] = element % shape[axis];
    element = Math.floor(element / shape[axis]);
  }
  return place;
}
