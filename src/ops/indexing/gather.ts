/** One id for each element: gather, and the same with broadcasting. */

import { broadcastShapes, broadcastStrides, checkAxis, type Shape, sizeOf, stridesOf } from '../../core/shape.ts';
import { ShapeError } from '../../errors.ts';
import { emptyTensor, Tensor } from '../../tensor.ts';
import { checkTensor, registerOp } from '../define.ts';
import { checkIds } from '../elementwise/cast.ts';
import { expandTo } from '../reduction/broadcast.ts';
import { gatherRows, placesOf } from './rows.ts';

/** A shape as if a single value had one axis. */
export const atLeastOne = (shape: Shape): Shape => (shape.length === 0 ? [1] : shape);

/**
 * Where the ids point in a flat tensor of `shape`: the place of each index with its own coordinate along `axis` replaced
 * by the id. Indices are those of `dims`; along an axis where the ids have length 1 the same one stands for all. With
 * `wrap` a negative id counts from the end.
 *
 * @throws ShapeError  (ERR_INDEX) if an id is out of range
 */
export function placesAlong(op: string, ids: Tensor, dims: Shape, shape: Shape, axis: number, wrap: boolean): Tensor {
  if (sizeOf(dims) === 0) return emptyTensor(dims, 'int32');
  const strides = stridesOf(shape);
  const stride = strides[axis];
  strides[axis] = 0;
  return placesOf(op, ids, { n: shape[axis], stride, wrap }, dims, [strides, broadcastStrides(ids.shape, dims)]);
}

/** What gather and scatter share: the axis, and the index against the shape it points into. */
export function checkIndex(op: string, x: Tensor, axis: number, index: Tensor): number {
  const shape = atLeastOne(checkTensor(op, x).shape);
  const at = checkAxis(op, axis, shape.length);
  const dims = atLeastOne(checkIds(op, index).shape);
  const fits = index.size === 0 || (dims.length === shape.length && dims.every((d, i) => i === at || d <= shape[i]));
  if (!fits) {
    throw new ShapeError({
      op,
      problem: `the index must have the axes of the tensor and be no longer than it, but along axis ${at}`,
      got: index.shape,
      expected: `[${x.shape.join(', ')}]`,
    });
  }
  return at;
}

/**
 * The elements of `x` with their coordinate along `axis` taken from the index: y[i][j] = x[index[i][j]][j] for axis 0.
 *
 * Shapes:   x [...], index of the same rank, no longer than x but along the axis → y as the index
 * Gradient: summed where elements were taken more than once, in the order of the index
 * @throws ShapeError  if the shapes do not fit, or (ERR_INDEX) an id is out of range
 */
export function gather(x: Tensor, axis: number, index: Tensor): Tensor {
  const at = checkIndex('gather', x, axis, index);
  const places = placesAlong(
    'gather',
    checkIds('gather', index),
    atLeastOne(index.shape),
    atLeastOne(x.shape),
    at,
    false,
  );
  return gatherRows('gather', x, places, 1, index.shape);
}

registerOp({
  name: 'gather',
  tolerance: 0,
  cases: [
    (s) => {
      const index = s.ids([2, 4], 3);
      return { inputs: [s.normal([3, 5])], call: (x) => gather(x, 0, index) };
    },
    (s) => {
      const index = s.ids([2, 3, 6], 4);
      return { inputs: [s.normal([2, 3, 4])], call: (x) => gather(x, -1, index) };
    },
    (s) => {
      const index = s.ids([2, 5, 2], 3);
      return { inputs: [s.normal([2, 3, 2])], call: (x) => gather(x, 1, index) };
    },
    (s) => ({ inputs: [s.normal([])], call: (x) => gather(x, 0, s.ids([], 1)) }),
  ],
});

/**
 * `gather` where tensor and index are broadcast to each other but along the axis, and negative ids count from the end:
 * the partner of `argsort` and `argmax`. Without an axis both are flattened.
 *
 * Shapes:   x [...], index of the same rank → y: their common shape, the axis as in the index
 * Gradient: summed where elements were taken more than once
 * @throws ShapeError  if the shapes do not fit, or (ERR_INDEX) an id is out of range
 */
export function takeAlongAxis(x: Tensor, index: Tensor, axis: number | null = null): Tensor {
  const op = 'takeAlongAxis';
  checkTensor(op, x);
  const ids = checkIds(op, index);
  if (axis === null) return gatherRows(op, x, placesAlong(op, flat(ids), [ids.size], [x.size], 0, true), 1, [ids.size]);
  const at = checkAxis(op, axis, x.rank);
  if (ids.rank !== x.rank) {
    throw new ShapeError({
      op,
      problem: 'tensor and index must have as many axes',
      got: index.shape,
      expected: `[${x.shape.join(', ')}]`,
    });
  }
  const without = (shape: Shape, length: number): Shape => shape.map((d, i) => (i === at ? length : d));
  const common = broadcastShapes(op, without(x.shape, 1), without(ids.shape, 1));
  const table = expandTo(x, without(common, x.shape[at]));
  const dims = without(common, ids.shape[at]);
  return gatherRows(op, table, placesAlong(op, ids, dims, table.shape, at, true), 1, dims);
}

const flat = (ids: Tensor): Tensor => new Tensor(ids.storage, ids.offset, [ids.size], ids.dtype);

registerOp({
  name: 'takeAlongAxis',
  tolerance: 0,
  cases: [
    (s) => {
      const index = s.ids([1, 2], 3);
      return { inputs: [s.normal([4, 3])], call: (x) => takeAlongAxis(x, index, 1) };
    },
    (s) => {
      const index = s.ids([5], 6);
      return { inputs: [s.normal([2, 3])], call: (x) => takeAlongAxis(x, index) };
    },
  ],
});
