/** Where the elements are that are not zero. */

import { sizeOf } from '../core/shape.ts';
import { emptyTensor, type Tensor } from '../tensor.ts';
import { checkTensor, registerOp } from './define.ts';

/** The places, in row-major order, of the elements that are not 0 (NaN is not). */
export function nonzeroPlaces(x: Tensor): Tensor {
  const { data } = x;
  let count = 0;
  for (let i = 0; i < data.length; i++) count += data[i] !== 0 ? 1 : 0;
  const places = emptyTensor([count], 'int32');
  const out = places.data;
  // Without a branch, which a random mask would mispredict: a place that does not count is written over. The last one
  // needs no such room, as nothing is read once `count` are found.
  for (let i = 0, at = 0; at < count; i++) {
    out[at] = i;
    at += data[i] !== 0 ? 1 : 0;
  }
  return places;
}

/** Coordinates along each axis of places in `shape`. */
function coordinates(places: Tensor, x: Tensor): Tensor[] {
  return x.shape.map((n, axis) => {
    const inner = sizeOf(x.shape, axis + 1);
    const y = emptyTensor([places.size], 'int32');
    for (let i = 0; i < y.size; i++) y.data[i] = Math.floor(places.data[i] / inner) % n;
    return y;
  });
}

/**
 * The coordinates of the elements that are not 0, in row-major order.
 *
 * Shapes:   x [...] of rank r → [count, r], int32; with `asTuple`, one [count] an axis, as `at` takes them
 */
export function nonzero(x: Tensor, options: { asTuple: true }): Tensor[];
export function nonzero(x: Tensor, options?: { asTuple?: false }): Tensor;
export function nonzero(x: Tensor, options?: { asTuple?: boolean }): Tensor | Tensor[];
export function nonzero(x: Tensor, { asTuple = false }: { asTuple?: boolean } = {}): Tensor | Tensor[] {
  const places = nonzeroPlaces(checkTensor('nonzero', x));
  if (asTuple) {
    if (x.rank > 0) return coordinates(places, x);
    // A single value counts as a vector of one.
    places.data.fill(0);
    return [places];
  }
  const y = emptyTensor([places.size, x.rank], 'int32');
  coordinates(places, x).forEach((along, axis) => {
    for (let i = 0, at = axis; i < along.size; i++, at += x.rank) y.data[at] = along.data[i];
  });
  return y;
}

/** NumPy's name for `nonzero`. */
export function argwhere(x: Tensor): Tensor {
  return nonzero(checkTensor('argwhere', x));
}

registerOp({
  name: 'nonzero',
  differentiable: false,
  tolerance: 0,
  cases: [
    (s) => ({ inputs: [s.bool([3, 4])], call: (x) => nonzero(x) }),
    (s) => ({ inputs: [s.bool([2, 3, 2])], call: (x) => nonzero(x, { asTuple: true }) }),
    (s) => ({ inputs: [s.normal([])], call: (x) => argwhere(x) }),
  ],
});
