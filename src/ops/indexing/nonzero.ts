/** Where the elements are that are not zero. */

import { CompareOp } from '../../backend/opcodes.ts';
import { kernelsFor } from '../../backend/select.ts';
import { newArray } from '../../core/dtype.ts';
import { planBroadcast } from '../../core/shape.ts';
import { emptyTensor, Tensor } from '../../tensor.ts';
import { checkTensor, registerOp } from '../define.ts';

/** The places, in row-major order, of the elements that are not 0 (NaN is not). */
export function nonzeroPlaces(x: Tensor): Tensor {
  const kernels = kernelsFor('float32');
  const mask = maskOf(x);
  const places = emptyTensor([kernels.nonzero(mask, null)], 'int32');
  kernels.nonzero(mask, places.data as Int32Array);
  return places;
}

/** How many elements are not 0 (NaN is not). */
export function nonzeroCount(x: Tensor): number {
  return kernelsFor('float32').nonzero(maskOf(x), null);
}

/** Bytes that are not 0 where `x` is not. */
function maskOf(x: Tensor): Uint8Array {
  if (x.data instanceof Uint8Array) return x.data;
  const mask = emptyTensor(x.shape, 'bool').data as Uint8Array;
  const plan = planBroadcast('nonzero', x.shape, []);
  const zero = newArray(x.dtype, 1);
  if (x.size > 0) kernelsFor(x.dtype).compare(CompareOp.ne, plan, x.data, zero, mask);
  return mask;
}

/** Coordinates along each axis of places in `shape`. */
function coordinates(places: Tensor, { shape }: Tensor): Tensor[] {
  const along: Tensor[] = new Array(shape.length);
  let left = places;
  for (let axis = shape.length - 1; axis > 0; axis--) {
    const [own, rest] = [emptyTensor([places.size], 'int32'), emptyTensor([places.size], 'int32')];
    splitPlaces(left.data as Int32Array, shape[axis], own.data as Int32Array, rest.data as Int32Array);
    along[axis] = own;
    left = rest;
  }
  along[0] = left;
  return along;
}

/** Each place as row · n + column. Places ascend, so that rows are counted and no division is needed. */
function splitPlaces(places: Int32Array, n: number, columns: Int32Array, rows: Int32Array): void {
  for (let i = 0, row = 0, start = 0; i < places.length; i++) {
    const place = places[i];
    for (; place >= start + n; start += n) row++;
    columns[i] = place - start;
    rows[i] = row;
  }
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
  if (x.rank === 1) return new Tensor(places.storage, places.offset, [places.size, 1], 'int32');
  const y = emptyTensor([places.size, x.rank], 'int32');
  const out = y.data as Int32Array;
  coordinates(places, x).forEach(({ data }, axis) => {
    for (let i = 0, at = axis; i < data.length; i++, at += x.rank) out[at] = data[i];
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
