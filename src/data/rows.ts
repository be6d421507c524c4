/** Rows of tensors by index: what a batch is made of. */

import type { DataArray, DType } from '../core/dtype.ts';
import { allocate, type Storage } from '../core/pool.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { ShapeError } from '../errors.ts';
import { Tensor, wrapArray } from '../tensor.ts';

/** Below this many elements a loop copies a row sooner than `set`, which needs a view of it. */
const SHORT_ROW = 24;
/** Arrays up to this many bytes share their memory with others, and cannot change hands alone. */
const LARGEST_SHARED = 1024;

/** Memory that holds the array of one batch and nothing else, so that it can be handed on, or taken back. */
const own = new WeakSet<Storage>();

/** A tensor for a batch, its content undefined. */
export function emptyBatch(shape: Shape, dtype: DType): Tensor {
  return ownTensor(allocate(dtype, sizeOf(shape)), shape, dtype);
}

/** A tensor around an array that nobody else has a view of. */
export function ownTensor(array: DataArray, shape: Shape, dtype: DType): Tensor {
  const x = wrapArray(array, shape, dtype);
  if (array.byteLength > LARGEST_SHARED) own.add(x.storage);
  return x;
}

/** Whether the memory of a tensor was made for its batch alone. */
export function ownsMemory(x: Tensor): boolean {
  return own.has(x.storage);
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
  const gathered = emptyBatch([indices.length, ...x.shape.slice(1)], x.dtype);
  const out = gathered.data;
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
  return gathered;
}
