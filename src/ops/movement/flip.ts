/** Elements turned round and shifted: flip, roll, rot90. */

import { checkAxes, checkAxis, mergeAxes, type Shape, stridesOf } from '../../core/shape.ts';
import { ShapeError } from '../../errors.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { checkTensor, defineOp, type Op } from '../define.ts';
import { reshape } from './movement.ts';

const flipOp: Op<readonly number[]> = defineOp<readonly number[]>({
  name: 'flip',
  tolerance: 0,
  forward(node, [x], axes) {
    const { shape } = x!;
    const y = emptyTensor(shape, x!.dtype);
    const strides = stridesOf(shape);
    let start = 0;
    for (const axis of axes) {
      start += (shape[axis] - 1) * strides[axis];
      strides[axis] = -strides[axis];
    }
    if (y.size > 0) node.kernels.copyStrided(x!.data, start, y.data, 0, mergeAxes(shape, [strides, stridesOf(shape)]));
    return y;
  },
  backward: (_, [dy], axes) => [flipOp.run([dy], axes)],
  cases: [
    (s) => ({ inputs: [s.normal([5])], call: (x) => flip(x) }),
    (s) => ({ inputs: [s.normal([2, 3, 4])], call: (x) => flip(x, [0, -1]) }),
    (s) => ({ inputs: [s.normal([2, 3, 4])], call: (x) => flip(x, 1) }),
  ],
});

/**
 * The elements in reverse order along `axes` (all of them by default).
 *
 * Shapes:   x [...] → y [...]
 * @throws ShapeError  if an axis is out of range or named twice
 */
export function flip(x: Tensor, axes: number | readonly number[] | null = null): Tensor {
  checkTensor('flip', x);
  const list = axes !== null && typeof axes !== 'number' && axes.length === 0 ? [] : checkAxes('flip', axes, x.rank);
  return list.length === 0 ? x : flipOp.run([x], list);
}

/** A shift along one axis, from 1 to one less than its length. */
interface Shift {
  readonly axis: number;
  readonly by: number;
}

const rollOp: Op<Shift> = defineOp<Shift>({
  name: 'roll',
  tolerance: 0,
  forward(node, [x], { axis, by }) {
    const { shape } = x!;
    const y = emptyTensor(shape, x!.dtype);
    const strides = stridesOf(shape);
    const copy = (from: number, to: number, length: number): void => {
      const part: Shape = shape.map((d, i) => (i === axis ? length : d));
      const layout = mergeAxes(part, [strides, strides]);
      node.kernels.copyStrided(x!.data, from * strides[axis], y.data, to * strides[axis], layout);
    };
    const kept = shape[axis] - by;
    copy(0, by, kept);
    copy(kept, 0, by);
    return y;
  },
  backward: (node, [dy], { axis, by }) => [rollOp.run([dy], { axis, by: node.shapes[0][axis] - by })],
  cases: [
    (s) => ({ inputs: [s.normal([5])], call: (x) => roll(x, 2) }),
    (s) => ({ inputs: [s.normal([3, 4])], call: (x) => roll(x, -5) }),
    (s) => ({ inputs: [s.normal([3, 4, 2])], call: (x) => roll(x, [1, -1], [0, 1]) }),
  ],
});

/**
 * The elements moved along axes by as many places; what leaves at one end comes in at the other. Without axes the
 * tensor is rolled as if it were flat.
 *
 * Shapes:   x [...] → y [...]
 * @throws ShapeError  if there are not as many shifts as axes
 */
export function roll(
  x: Tensor,
  shifts: number | readonly number[],
  axes: number | readonly number[] | null = null,
): Tensor {
  checkTensor('roll', x);
  const by = typeof shifts === 'number' ? [shifts] : shifts;
  const along = axes === null ? [] : typeof axes === 'number' ? [axes] : axes;
  if (along.length === 0 && by.length === 1) return reshape(rolled(reshape(x, [x.size]), 0, by[0]), x.shape);
  if (by.length === 0 || by.length !== along.length) {
    throw new ShapeError({
      op: 'roll',
      problem: 'one shift an axis',
      got: [...by],
      expected: `${along.length} shifts`,
    });
  }
  return along.reduce((y: Tensor, axis, i) => rolled(y, checkAxis('roll', axis, x.rank), by[i]), x);
}

function rolled(x: Tensor, axis: number, shift: number): Tensor {
  if (!Number.isInteger(shift)) throw new ShapeError({ op: 'roll', problem: 'a shift is an integer', got: shift });
  if (x.size === 0 || x.rank === 0) return x;
  const n = x.shape[axis];
  const by = ((shift % n) + n) % n;
  return by === 0 ? x : rollOp.run([x], { axis, by });
}

/** A quarter turn from one axis towards another. */
interface Turn {
  readonly from: number;
  readonly to: number;
}

const quarterOp: Op<Turn> = defineOp<Turn>({
  name: 'rot90',
  tolerance: 0,
  forward(node, [x], { from, to }) {
    const shape = [...x!.shape];
    const strides = stridesOf(shape);
    const start = (shape[to] - 1) * strides[to];
    [shape[from], shape[to]] = [shape[to], shape[from]];
    [strides[from], strides[to]] = [-strides[to], strides[from]];
    const y = emptyTensor(shape, x!.dtype);
    if (y.size > 0) node.kernels.copyStrided(x!.data, start, y.data, 0, mergeAxes(shape, [strides, stridesOf(shape)]));
    return y;
  },
  backward: (_, [dy], { from, to }) => [quarterOp.run([dy], { from: to, to: from })],
  cases: [
    (s) => ({ inputs: [s.normal([2, 3])], call: (x) => rot90(x) }),
    (s) => ({ inputs: [s.normal([2, 3, 2])], call: (x) => rot90(x, -1, [1, 2]) }),
  ],
});

/**
 * Turned by quarters in the plane of two axes, from the first towards the second.
 *
 * Shapes:   x [...] → y, the two axes exchanged for an odd number of turns
 * @throws ShapeError  if `axes` does not name two different axes
 */
export function rot90(x: Tensor, turns = 1, axes: readonly number[] = [0, 1]): Tensor {
  checkTensor('rot90', x);
  const [a, b] = axes.map((axis) => checkAxis('rot90', axis, x.rank));
  if (axes.length !== 2 || a === b || !Number.isInteger(turns)) {
    throw new ShapeError({
      op: 'rot90',
      problem: 'expected whole turns and two different axes',
      got: [turns, [...axes]],
    });
  }
  switch (((turns % 4) + 4) % 4) {
    case 1:
      return quarterOp.run([x], { from: a, to: b });
    case 2:
      return flip(x, [a, b]);
    case 3:
      return quarterOp.run([x], { from: b, to: a });
    default:
      return x;
  }
}
