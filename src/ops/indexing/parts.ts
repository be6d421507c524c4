/** A tensor cut along one axis: split, chunk, unbind. */

import { checkAxis, mergeAxes, sizeOf, stridesOf } from '../../core/shape.ts';
import { ShapeError } from '../../errors.ts';
import { emptyTensor, Tensor } from '../../tensor.ts';
import { checkTensor, defineOp } from '../define.ts';
import { cat } from '../movement/join.ts';
import { reshape } from '../movement/movement.ts';
import { filled } from '../reduction/broadcast.ts';

interface CutParams {
  readonly axis: number;
  /** They add up to the axis. */
  readonly sizes: readonly number[];
}

const splitOp = defineOp<CutParams>({
  name: 'split',
  tolerance: 0,
  forward(node, [x], { axis, sizes }) {
    const { shape } = x!;
    const strides = stridesOf(shape);
    const leads = sizeOf(shape, 0, axis) === 1;
    let at = 0;
    return sizes.map((length) => {
      const part = shape.map((d, i) => (i === axis ? length : d));
      const from = at * strides[axis];
      at += length;
      // Rows of the leading axis lie together: a view.
      if (leads) return new Tensor(x!.storage, x!.offset + from, part, x!.dtype);
      const y = emptyTensor(part, x!.dtype);
      if (y.size > 0) node.kernels.copyStrided(x!.data, from, y.data, 0, mergeAxes(part, [strides, stridesOf(part)]));
      return y;
    });
  },
  backward(node, dys, { axis, sizes }) {
    const [shape] = node.shapes;
    const [dtype] = node.dtypes;
    const parts = dys.map(
      (dy, i) =>
        dy ??
        filled(
          shape.map((d, j) => (j === axis ? sizes[i] : d)),
          0,
          dtype,
        ),
    );
    return [cat(parts, axis)];
  },
  cases: [
    (s) => ({ inputs: [s.normal([2, 6])], call: (x) => split(x, 4, 1) }),
    (s) => ({ inputs: [s.normal([5, 2])], call: (x) => split(x, [1, 0, 4]) }),
    (s) => ({ inputs: [s.normal([7, 2])], call: (x) => [chunk(x, 3)[1], chunk(x, 3)[2]] }),
    (s) => ({ inputs: [s.normal([2, 3, 2])], call: (x) => unbind(x, -2) }),
  ],
});

/**
 * Parts of `size` (the last may be shorter), or of the sizes listed, along one axis. Views where that axis leads.
 *
 * @throws ShapeError  if the sizes do not add up to the axis
 */
export function split(x: Tensor, size: number | readonly number[], axis = 0): Tensor[] {
  checkTensor('split', x);
  const at = checkAxis('split', axis, x.rank);
  const n = x.shape[at];
  // As in PyTorch an empty axis may be cut into parts of nothing.
  if (typeof size === 'number' && !(Number.isInteger(size) && (size > 0 || (size === 0 && n === 0)))) {
    throw new ShapeError({ op: 'split', problem: 'a part has a positive number of elements', got: size });
  }
  const sizes =
    typeof size === 'number'
      ? Array.from({ length: Math.max(1, size === 0 ? 1 : Math.ceil(n / size)) }, (_, i) =>
          Math.min(size, n - i * size),
        )
      : size;
  if (sizes.reduce((a, b) => a + b, 0) !== n || sizes.some((d) => !Number.isInteger(d) || d < 0)) {
    throw new ShapeError({ op: 'split', problem: 'the sizes must add up to the axis', got: [...sizes], expected: n });
  }
  return [...splitOp.runAll([x], { axis: at, sizes })];
}

/** At most `count` parts of equal size along one axis. */
export function chunk(x: Tensor, count: number, axis = 0): Tensor[] {
  checkTensor('chunk', x);
  if (!Number.isInteger(count) || count < 1) {
    throw new ShapeError({ op: 'chunk', problem: 'the number of parts must be positive', got: count });
  }
  const n = x.shape[checkAxis('chunk', axis, x.rank)];
  return n === 0 ? split(x, new Array<number>(count).fill(0), axis) : split(x, Math.ceil(n / count), axis);
}

/**
 * Every place of one axis, which goes away.
 *
 * @throws ShapeError  if there is no such axis
 */
export function unbind(x: Tensor, axis = 0): Tensor[] {
  checkTensor('unbind', x);
  const at = checkAxis('unbind', axis, x.rank);
  const rest = x.shape.filter((_, i) => i !== at);
  const sizes = new Array<number>(x.shape[at]).fill(1);
  return splitOp.runAll([x], { axis: at, sizes }).map((part) => reshape(part, rest));
}
