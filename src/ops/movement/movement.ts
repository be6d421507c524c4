/** Operations that move elements: views where the memory allows it, one strided copy where not. */

import type { Backend } from '../../backend/backend.ts';
import { checkAxis, checkShape, mergeAxes, type Shape, sameShape, sizeOf, stridesOf } from '../../core/shape.ts';
import { ShapeError } from '../../errors.ts';
import { emptyTensor, Tensor } from '../../tensor.ts';
import { checkTensor, defineOp, type Op } from '../define.ts';

/** From here on several threads copy sooner than one. */
const LARGE_COPY = 2 ** 16;

/** All elements of `x`, of the same number and dtype, to `y`. */
export function copyWhole(kernels: Backend, x: Tensor, y: Tensor): void {
  if (x.size < LARGE_COPY) y.data.set(x.data);
  else kernels.copyStrided(x.data, 0, y.data, 0, mergeAxes([x.size], [[1], [1]]));
}

const reshapeOp: Op<Shape> = defineOp<Shape>({
  name: 'reshape',
  tolerance: 0,
  forward: (_, [x], shape) => new Tensor(x!.storage, x!.offset, shape, x!.dtype),
  backward: (node, [dy]) => [reshapeOp.run([dy], node.shapes[0])],
  cases: [
    (s) => ({ inputs: [s.normal([2, 6])], call: (x) => reshape(x, [3, -1]) }),
    (s) => ({ inputs: [s.normal([2, 3, 4])], call: (x) => flatten(x, 1) }),
    (s) => ({ inputs: [s.normal([2, 1, 3, 1])], call: (x) => squeeze(x) }),
    (s) => ({ inputs: [s.normal([2, 3])], call: (x) => unsqueeze(x, -1) }),
  ],
});

/**
 * The same elements in another shape; one dimension may be −1. A view: it shares the memory.
 *
 * Shapes:   x [...] → y shape, of as many elements
 * @throws ShapeError  if the number of elements differs
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  checkTensor('reshape', x);
  const unknown = shape.indexOf(-1);
  let wanted: Shape = shape;
  if (unknown >= 0) {
    const rest = sizeOf(shape.filter((_, i) => i !== unknown));
    wanted = shape.map((d, i) => (i === unknown && rest > 0 ? x.size / rest : d));
  }
  const fits = wanted.every((d) => Number.isInteger(d) && d >= 0) && sizeOf(wanted) === x.size;
  if (!fits) {
    throw new ShapeError({ op: 'reshape', problem: `${x.size} elements do not fit`, got: x.shape, expected: shape });
  }
  checkShape('reshape', wanted);
  return sameShape(x.shape, wanted) ? x : reshapeOp.run([x], [...wanted]);
}

/** The axes from `start` to `end` as one. */
export function flatten(x: Tensor, start = 0, end = -1): Tensor {
  checkTensor('flatten', x);
  const rank = Math.max(1, x.rank);
  const [from, until] = [checkAxis('flatten', start, rank), checkAxis('flatten', end, rank)];
  if (x.rank === 0) return reshape(x, [1]);
  if (from > until)
    throw new ShapeError({ op: 'flatten', problem: 'the first axis lies behind the last', got: [start, end] });
  return reshape(x, [...x.shape.slice(0, from), sizeOf(x.shape.slice(from, until + 1)), ...x.shape.slice(until + 1)]);
}

/** Without the axes of length 1, or without those of `axes` that have length 1. */
export function squeeze(x: Tensor, axes?: number | readonly number[]): Tensor {
  checkTensor('squeeze', x);
  const list =
    axes === undefined
      ? null
      : (typeof axes === 'number' ? [axes] : axes).map((a) => checkAxis('squeeze', a, Math.max(1, x.rank)));
  return reshape(
    x,
    x.shape.filter((d, i) => d !== 1 || (list !== null && !list.includes(i))),
  );
}

/** With a new axis of length 1 at `axis`. */
export function unsqueeze(x: Tensor, axis: number): Tensor {
  checkTensor('unsqueeze', x);
  const at = checkAxis('unsqueeze', axis, x.rank + 1);
  return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
}

const permuteOp: Op<readonly number[]> = defineOp<readonly number[]>({
  name: 'permute',
  tolerance: 0,
  forward(node, [x], order) {
    const own = stridesOf(x!.shape);
    const shape = order.map((i) => x!.shape[i]);
    const y = emptyTensor(shape, x!.dtype);
    const layout = mergeAxes(shape, [order.map((i) => own[i]), stridesOf(shape)]);
    if (y.size > 0) node.kernels.copyStrided(x!.data, 0, y.data, 0, layout);
    return y;
  },
  backward(_, [dy], order) {
    const inverse = new Array<number>(order.length);
    order.forEach((from, i) => {
      inverse[from] = i;
    });
    return [permuteOp.run([dy], inverse)];
  },
  cases: [
    (s) => ({ inputs: [s.normal([2, 3, 4])], call: (x) => permute(x, [2, 0, 1]) }),
    (s) => ({ inputs: [s.normal([3, 5])], call: (x) => transpose(x, 0, 1) }),
    (s) => ({ inputs: [s.normal([2, 0, 3])], call: (x) => permute(x, [1, 2, 0]) }),
    (s) => ({ inputs: [s.normal([17, 33])], call: (x) => transpose(x, -1, 0) }),
  ],
});

/**
 * The axes in another order. A copy.
 *
 * Shapes:   x [...] → y with y.shape[i] = x.shape[order[i]]
 * @throws ShapeError  if `order` does not name each axis once
 */
export function permute(x: Tensor, order: readonly number[]): Tensor {
  checkTensor('permute', x);
  const axes = order.map((a) => checkAxis('permute', a, x.rank));
  if (axes.length !== x.rank || new Set(axes).size !== axes.length) {
    throw new ShapeError({
      op: 'permute',
      problem: 'each axis must be named once',
      got: [...order],
      expected: `${x.rank} axes`,
    });
  }
  return axes.every((a, i) => a === i) ? x : permuteOp.run([x], axes);
}

/** With two axes exchanged. In front of `matmul` use `transA` and `transB`, which copy nothing. */
export function transpose(x: Tensor, a: number, b: number): Tensor {
  checkTensor('transpose', x);
  const rank = Math.max(1, x.rank);
  const [i, j] = [checkAxis('transpose', a, rank), checkAxis('transpose', b, rank)];
  if (x.rank === 0) return x;
  const order = x.shape.map((_, axis) => axis);
  [order[i], order[j]] = [order[j], order[i]];
  return permute(x, order);
}

/** A part of one axis: `length` elements from `start`, `step` apart. */
interface Part {
  readonly axis: number;
  readonly start: number;
  readonly length: number;
  readonly step: number;
}

/** Where the part lies in the whole, as a kernel layout: the part's own strides, and the whole's. */
function partStrides(whole: Shape, { axis, step }: Part): number[] {
  const strides = stridesOf(whole);
  strides[axis] *= step;
  return strides;
}

const sliceOp: Op<Part> = defineOp<Part>({
  name: 'slice',
  tolerance: 0,
  forward(node, [x], part) {
    const { axis, start, length, step } = part;
    const shape = x!.shape.map((d, i) => (i === axis ? length : d));
    const inner = sizeOf(x!.shape.slice(axis + 1));
    // Rows of the leading axis lie together: a view.
    if (step === 1 && sizeOf(x!.shape.slice(0, axis)) === 1) {
      return new Tensor(x!.storage, x!.offset + start * inner, shape, x!.dtype);
    }
    const y = emptyTensor(shape, x!.dtype);
    const layout = mergeAxes(shape, [partStrides(x!.shape, part), stridesOf(shape)]);
    if (y.size > 0) node.kernels.copyStrided(x!.data, start * inner, y.data, 0, layout);
    return y;
  },
  backward: (node, [dy], part) => [placeOp.run([dy], { ...part, whole: node.shapes[0] })],
  cases: [
    (s) => ({ inputs: [s.normal([5, 3])], call: (x) => slice(x, 0, 1, 4) }),
    (s) => ({ inputs: [s.normal([3, 7])], call: (x) => slice(x, 1, 1, 7, 2) }),
    (s) => ({ inputs: [s.normal([2, 3, 4])], call: (x) => slice(x, 1, -2) }),
    (s) => ({ inputs: [s.normal([2, 3, 4])], call: (x) => select(x, 2, -1) }),
    (s) => ({ inputs: [s.normal([4])], call: (x) => slice(x, 0, 3, 2) }),
  ],
});

/** A part, and the shape of the whole it belongs to. */
interface Place extends Part {
  readonly whole: Shape;
}

/** The gradient of a slice: zeros with the part put back in its place. */
const placeOp: Op<Place> = defineOp<Place>({
  name: 'place',
  tolerance: 0,
  forward(node, [x], part) {
    const y = emptyTensor(part.whole, x!.dtype);
    y.data.fill(0);
    const layout = mergeAxes(x!.shape, [stridesOf(x!.shape), partStrides(part.whole, part)]);
    const inner = sizeOf(part.whole.slice(part.axis + 1));
    if (x!.size > 0) node.kernels.copyStrided(x!.data, 0, y.data, part.start * inner, layout);
    return y;
  },
  backward: (_, [dy], { axis, start, length, step }) => [sliceOp.run([dy], { axis, start, length, step })],
  cases: [
    (s) => ({
      inputs: [s.normal([2, 3])],
      call: (x) => placeOp.run([x], { axis: 1, start: 1, length: 3, step: 2, whole: [2, 7] }),
    }),
  ],
});

/**
 * The elements `start`, `start + step` … below `end` of one axis, as Python slices: negative bounds count from the
 * end, bounds past it are cut. A view where the axis leads and the step is 1.
 *
 * Shapes:   x [...] → y with that axis shortened
 * @throws ShapeError  if there is no such axis, or the step is not a positive integer
 */
export function slice(x: Tensor, axis: number, start = 0, end: number | null = null, step = 1): Tensor {
  checkTensor('slice', x);
  const at = checkAxis('slice', axis, x.rank);
  const n = x.shape[at];
  const last = end ?? n;
  if (
    !Number.isInteger(step) ||
    step < 1 ||
    !Number.isInteger(start) ||
    !(Number.isInteger(last) || last === Infinity)
  ) {
    throw new ShapeError({
      op: 'slice',
      problem: 'bounds are integers and the step a positive one',
      got: [start, last, step],
    });
  }
  const clip = (i: number): number => Math.min(Math.max(i < 0 ? i + n : i, 0), n);
  const [from, until] = [clip(start), clip(last)];
  const length = Math.max(0, Math.ceil((until - from) / step));
  if (length === n && step === 1) return x;
  return sliceOp.run([x], { axis: at, start: length === 0 ? 0 : from, length, step });
}

/**
 * `length` elements of one axis from `start`.
 *
 * @throws ShapeError  if they do not lie inside
 */
export function narrow(x: Tensor, axis: number, start: number, length: number): Tensor {
  checkTensor('narrow', x);
  const at = checkAxis('narrow', axis, x.rank);
  const n = x.shape[at];
  const from = start < 0 ? start + n : start;
  if (!Number.isInteger(from) || !Number.isInteger(length) || from < 0 || length < 0 || from + length > n) {
    throw new ShapeError({
      op: 'narrow',
      problem: `${length} elements from ${start} do not lie inside axis ${axis}`,
      got: x.shape,
    });
  }
  return slice(x, at, from, from + length);
}

/**
 * One place of one axis, which goes away.
 *
 * @throws ShapeError  if the index is out of range
 */
export function select(x: Tensor, axis: number, index: number): Tensor {
  return selectAs('select', x, axis, index);
}

/** `select` for the operation `op`, which the errors name. */
export function selectAs(op: string, x: Tensor, axis: number, index: number): Tensor {
  checkTensor(op, x);
  const at = checkAxis(op, axis, x.rank);
  const n = x.shape[at];
  const i = index < 0 ? index + n : index;
  if (!Number.isInteger(index) || i < 0 || i >= n) {
    throw new ShapeError({
      op,
      problem: 'index out of range',
      got: index,
      expected: `${-n} to ${n - 1}`,
      code: 'ERR_INDEX',
    });
  }
  const part = slice(x, at, i, i + 1);
  return reshape(
    part,
    x.shape.filter((_, j) => j !== at),
  );
}
