/** Rows of tensors by index: what a batch is made of. */

import type { DataArray, DType } from '../core/dtype.ts';
import { allocate } from '../core/pool.ts';
import { ShapeError } from '../errors.ts';
import { Tensor, wrapArray } from '../tensor.ts';

/** Below this many elements a loop copies a row sooner than `set`, which needs a view of it. */
const SHORT_ROW = 24;
/** Arrays up to this size share their memory with others, and cannot change hands alone. */
const SMALLEST_OWN = 1024;

/** Buffers that hold one new array and nothing else, so that they can be handed to another thread. */
const handovers = new WeakSet<ArrayBufferLike>();

/** A new array, its content undefined, that may be handed over. */
export function newBatchArray(dtype: DType, n: number): DataArray {
  const array = allocate(dtype, n);
  if (array.byteLength > SMALLEST_OWN) handovers.add(array.buffer);
  return array;
}

/** Whether nobody else has a view of this memory, so that it can leave this thread. */
export function mayLeave(buffer: ArrayBufferLike): boolean {
  return handovers.has(buffer);
}

/** Notes that memory came from another thread, which keeps no view of it. */
export function noteArrival(buffer: ArrayBufferLike): void {
  handovers.add(buffer);
}

/** @throws ShapeError  (ERR_INDEX) if an index is none of `length` samples */
export function checkIndex(op: string, index: number, length: number): number {
  if (Number.isInteger(index) && index >= 0 && index < length) return index;
  throw new ShapeError({
    op,
    problem: 'no such sample',
    got: index,
    expected: length === 0 ? 'none: there are no samples' : `0 to ${length - 1}`,
    code: 'ERR_INDEX',
  });
}

/** One row as a view. */
export function rowOf(x: Tensor, index: number): Tensor {
  const shape = x.shape.slice(1);
  const width = x.shape[0] === 0 ? 0 : x.size / x.shape[0];
  return new Tensor(x.storage, x.offset + index * width, shape, x.dtype);
}

/** The rows [from, to) as a view. */
export function rowsOf(x: Tensor, from: number, to: number): Tensor {
  const width = x.shape[0] === 0 ? 0 : x.size / x.shape[0];
  return new Tensor(x.storage, x.offset + from * width, [to - from, ...x.shape.slice(1)], x.dtype);
}

/** Copies of the rows at `indices`, which are in range. */
export function gatherRows(x: Tensor, indices: Int32Array): Tensor {
  const width = x.shape[0] === 0 ? 0 : x.size / x.shape[0];
  const out = newBatchArray(x.dtype, indices.length * width);
  const source = x.data;
  if (width < SHORT_ROW) {
    for (let i = 0, at = 0; i < indices.length; i++) {
      const from = indices[i] * width;
      for (let j = 0; j < width; j++) out[at++] = source[from + j];
    }
  } else {
    for (let i = 0; i < indices.length; i++) {
      const from = indices[i] * width;
      out.set(source.subarray(from, from + width), i * width);
    }
  }
  return wrapArray(out, [indices.length, ...x.shape.slice(1)], x.dtype);
}
