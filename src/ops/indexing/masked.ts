/** Elements chosen by a mask. */

import { broadcastShapes, checkShape, type Shape } from '../../core/shape.ts';
import { ShapeError } from '../../errors.ts';
import type { Tensor } from '../../tensor.ts';
import { checkSameDType, checkTensor, registerOp } from '../define.ts';
import { checkMask } from '../elementwise/compare.ts';
import { reshape, slice } from '../movement/movement.ts';
import { expandTo } from '../reduction/broadcast.ts';
import { nonzeroPlaces } from './nonzero.ts';
import { gatherRows, setRows } from './rows.ts';

/**
 * The elements where the mask holds, in row-major order.
 *
 * Shapes:   x [...] and mask [...], broadcast to each other → y [count]
 * Gradient: dx = dy where the mask holds, 0 elsewhere
 * @throws ShapeError  if the shapes do not broadcast
 * @throws DTypeError  if the mask is not bool (or uint8)
 */
export function maskedSelect(x: Tensor, mask: Tensor): Tensor {
  const op = 'maskedSelect';
  const shape: Shape = broadcastShapes(op, checkTensor(op, x).shape, checkMask(op, mask).shape);
  checkShape(op, shape);
  const places = nonzeroPlaces(expandTo(mask, shape));
  return gatherRows(op, expandTo(x, shape), places, 1, places.shape);
}

/**
 * `x` with the elements of the source, in their order, where the mask holds.
 *
 * Shapes:   x [...], mask broadcast to it, source with at least as many elements as the mask has places → y as x
 * Gradient: dx = dy where the mask does not hold, dsource = dy where it does
 * @throws ShapeError  if the source is too short
 */
export function maskedScatter(x: Tensor, mask: Tensor, source: Tensor): Tensor {
  const op = 'maskedScatter';
  const shape = broadcastShapes(op, checkTensor(op, x).shape, checkMask(op, mask).shape);
  checkSameDType(op, x, checkTensor(op, source));
  const places = nonzeroPlaces(expandTo(mask, shape));
  if (source.size < places.size) {
    throw new ShapeError({ op, problem: `the mask has ${places.size} places`, got: source.shape });
  }
  const flat = slice(reshape(source, [source.size]), 0, 0, places.size);
  return setRows(op, expandTo(x, shape), places, flat, 1);
}

registerOp({
  name: 'maskedSelect',
  tolerance: 0,
  cases: [
    (s) => {
      const mask = s.bool([3, 4]);
      return { inputs: [s.normal([3, 4])], call: (x) => maskedSelect(x, mask) };
    },
    (s) => {
      const mask = s.bool([2, 1, 3]);
      return { inputs: [s.normal([4, 1])], call: (x) => maskedSelect(x, mask) };
    },
  ],
});

registerOp({
  name: 'maskedScatter',
  tolerance: 0,
  cases: [
    (s) => {
      const mask = s.bool([4]);
      return { inputs: [s.normal([3, 4]), s.normal([13])], call: (x, source) => maskedScatter(x, mask, source) };
    },
  ],
});
