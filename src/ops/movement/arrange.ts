/** Axes moved, tensors repeated, windows cut out. */

import { checkAxis, checkShape, mergeAxes, type Shape, sizeOf, stridesOf } from '../../core/shape.ts';
import { ShapeError } from '../../errors.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { checkTensor, defineOp, type Op, registerOp } from '../define.ts';
import { expandTo } from '../reduction/broadcast.ts';
import { permute, reshape, transpose } from './movement.ts';

/**
 * Axes moved to other places; the rest keep their order.
 *
 * Shapes:   x [...] → y, its axes in another order
 * @throws ShapeError  if the two lists differ in length or name an axis twice
 */
export function movedim(
  x: Tensor,
  source: number | readonly number[],
  destination: number | readonly number[],
): Tensor {
  checkTensor('movedim', x);
  const list = (axes: number | readonly number[]): number[] =>
    (typeof axes === 'number' ? [axes] : axes).map((axis) => checkAxis('movedim', axis, Math.max(1, x.rank)));
  const [from, to] = [list(source), list(destination)];
  if (from.length !== to.length || new Set(from).size !== from.length || new Set(to).size !== to.length) {
    throw new ShapeError({
      op: 'movedim',
      problem: 'as many places as axes, each named once',
      got: [source, destination].map((axes) => (typeof axes === 'number' ? axes : [...axes])),
    });
  }
  if (x.rank === 0) return x;
  const order = new Array<number>(x.rank).fill(-1);
  to.forEach((place, i) => {
    order[place] = from[i];
  });
  const rest = x.shape.map((_, i) => i).filter((i) => !from.includes(i));
  return permute(
    x,
    order.map((axis) => (axis < 0 ? rest.shift()! : axis)),
  );
}

/** NumPy's name for `transpose` with two axes. */
export function swapaxes(x: Tensor, a: number, b: number): Tensor {
  return transpose(checkTensor('swapaxes', x), a, b);
}

registerOp({
  name: 'movedim',
  tolerance: 0,
  cases: [
    (s) => ({ inputs: [s.normal([2, 3, 4])], call: (x) => movedim(x, 0, -1) }),
    (s) => ({ inputs: [s.normal([2, 3, 1, 2])], call: (x) => movedim(x, [0, -1], [2, 0]) }),
    (s) => ({ inputs: [s.normal([2, 3])], call: (x) => swapaxes(x, 0, -1) }),
  ],
});

/** `x` repeated `counts[i]` times along axis i; both have as many axes. */
function tiled(x: Tensor, counts: readonly number[]): Tensor {
  const shape = x.shape.map((d, i) => d * counts[i]);
  checkShape('repeat', shape);
  // An axis of length 1 is repeated as it is; any other gets a new axis in front of it.
  const seen: number[] = [];
  const wanted: number[] = [];
  counts.forEach((count, i) => {
    if (count !== 1 && x.shape[i] !== 1) {
      seen.push(1);
      wanted.push(count);
    }
    seen.push(x.shape[i]);
    wanted.push(x.shape[i] === 1 ? count : x.shape[i]);
  });
  return reshape(expandTo(reshape(x, seen), wanted), shape);
}

/** @throws ShapeError  if a number of repetitions is none */
function checkCounts(op: string, counts: number | readonly number[]): readonly number[] {
  const list = typeof counts === 'number' ? [counts] : counts;
  if (list.every((n) => Number.isInteger(n) && n >= 0)) return list;
  throw new ShapeError({ op, problem: 'repetitions are counted by integers from 0', got: [...list] });
}

/**
 * `x` laid side by side with itself, `counts[i]` times along axis i; counts for axes it does not have stand in front.
 *
 * Shapes:   x [...], at least as many counts as axes → y, each axis as many times as long
 * Gradient: summed over the repetitions
 * @throws ShapeError  if there are fewer counts than axes, or one is negative
 */
export function repeat(x: Tensor, counts: number | readonly number[]): Tensor {
  checkTensor('repeat', x);
  const list = checkCounts('repeat', counts);
  const lead = list.length - x.rank;
  if (lead < 0) {
    throw new ShapeError({
      op: 'repeat',
      problem: `fewer counts than axes of [${x.shape.join(', ')}]`,
      got: [...list],
    });
  }
  return tiled(reshape(x, [...new Array<number>(lead).fill(1), ...x.shape]), list);
}

/** `repeat`, where fewer counts than axes are those of the last axes. */
export function tile(x: Tensor, counts: number | readonly number[]): Tensor {
  checkTensor('tile', x);
  const list = checkCounts('tile', counts);
  return repeat(x, [...new Array<number>(Math.max(0, x.rank - list.length)).fill(1), ...list]);
}

registerOp({
  name: 'repeat',
  cases: [
    (s) => ({ inputs: [s.normal([2, 3])], call: (x) => repeat(x, [2, 1, 3]) }),
    (s) => ({ inputs: [s.normal([1, 3])], call: (x) => repeat(x, [2, 1]) }),
    (s) => ({ inputs: [s.normal([2, 3])], call: (x) => repeat(x, [0, 2]) }),
    (s) => ({ inputs: [s.normal([])], call: (x) => tile(x, 3) }),
    (s) => ({ inputs: [s.normal([2, 3])], call: (x) => tile(x, 2) }),
  ],
});

/** Windows of `size` elements along an axis, `step` apart. */
interface Windows {
  readonly axis: number;
  readonly size: number;
  readonly step: number;
  /** The shape that is cut. */
  readonly whole: Shape;
}

const windowCount = ({ axis, size, step, whole }: Windows): number => Math.floor((whole[axis] - size) / step) + 1;

const unfoldOp: Op<Windows> = defineOp<Windows>({
  name: 'unfold',
  tolerance: 0,
  forward(node, [x], windows) {
    const { axis, size, step, whole } = windows;
    const shape = [...whole.map((d, i) => (i === axis ? windowCount(windows) : d)), size];
    const strides = stridesOf(whole);
    const along = strides[axis];
    strides[axis] *= step;
    const y = emptyTensor(shape, x!.dtype);
    const layout = mergeAxes(shape, [[...strides, along], stridesOf(shape)]);
    if (y.size > 0) node.kernels.copyStrided(x!.data, 0, y.data, 0, layout);
    return y;
  },
  backward: (_, [dy], windows) => [foldOp.run([dy], windows)],
  cases: [
    (s) => ({ inputs: [s.normal([7, 2])], call: (x) => unfold(x, 0, 3, 2) }),
    (s) => ({ inputs: [s.normal([2, 5])], call: (x) => unfold(x, -1, 2, 1) }),
    (s) => ({ inputs: [s.normal([2, 7, 2])], call: (x) => unfold(x, 1, 2, 3) }),
    (s) => ({ inputs: [s.normal([])], call: (x) => unfold(x, 0, 1, 1) }),
  ],
});

/** The gradient of `unfold`: what lies in several windows is added up, in the order of their elements. */
const foldOp: Op<Windows> = defineOp<Windows>({
  name: 'fold',
  forward(_, [x], windows) {
    const { axis, size, step, whole } = windows;
    const count = windowCount(windows);
    const [outer, n, inner] = [sizeOf(whole, 0, axis), whole[axis], sizeOf(whole, axis + 1)];
    const y = emptyTensor(whole, x!.dtype);
    const [from, into] = [x!.data, y.data];
    into.fill(0);
    for (let o = 0, at = 0; o < outer; o++) {
      for (let w = 0; w < count; w++) {
        const start = (o * n + w * step) * inner;
        for (let i = 0; i < inner; i++) {
          for (let k = 0, to = start + i; k < size; k++, to += inner) into[to] += from[at++];
        }
      }
    }
    return y;
  },
  backward: (_, [dy], windows) => [unfoldOp.run([dy], windows)],
  cases: [
    (s) => ({
      inputs: [s.normal([2, 3, 2, 2])],
      call: (x) => foldOp.run([x], { axis: 1, size: 2, step: 1, whole: [2, 4, 2] }),
    }),
  ],
});

/**
 * All windows of `size` elements along an axis, `step` apart, each as a new last axis.
 *
 * Shapes:   x [..., n, ...] → y [..., ⌊(n − size) / step⌋ + 1, ..., size]
 * Gradient: summed where windows overlap
 * @throws ShapeError  if the window is longer than the axis, or the step is not positive
 */
export function unfold(x: Tensor, axis: number, size: number, step: number): Tensor {
  checkTensor('unfold', x);
  const given = x.rank === 0 ? reshape(x, [1]) : x;
  const whole = given.shape;
  const at = checkAxis('unfold', axis, whole.length);
  const legal = Number.isInteger(size) && Number.isInteger(step) && size >= 0 && step > 0 && size <= whole[at];
  if (!legal) {
    throw new ShapeError({
      op: 'unfold',
      problem: `windows of ${size}, ${step} apart, do not fit axis ${at}`,
      got: x.shape,
    });
  }
  const y = unfoldOp.run([given], { axis: at, size, step, whole });
  return x.rank === 0 ? reshape(y, [size]) : y;
}
