/** What surrounds one axis, and the axis brought to the end: what sorting and scans stand on. */

import { checkAxis, type Shape, sizeOf } from '../../core/shape.ts';
import type { Tensor } from '../../tensor.ts';
import { checkTensor } from '../define.ts';
import { reshape, transpose } from '../movement/movement.ts';

/** Values, and the places along an axis where they stand, as int32. */
export interface Placed {
  readonly values: Tensor;
  readonly indices: Tensor;
}

/** What lies in front of an axis, its length, and what lies behind. */
export interface Extents {
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
}

/** The extents about an axis; a single value counts as an axis of length 1. */
export function extentsOf(op: string, x: Tensor, axis: number): Extents {
  checkTensor(op, x);
  if (x.rank === 0) {
    checkAxis(op, axis, 1);
    return { outer: 1, n: 1, inner: 1 };
  }
  const at = checkAxis(op, axis, x.rank);
  return { outer: sizeOf(x.shape, 0, at), n: x.shape[at], inner: sizeOf(x.shape, at + 1) };
}

/** A result with the axis where it was, or without it if it has length 1 and is not kept. */
type Restore = (y: Tensor, keep?: boolean) => Tensor;

/** A tensor whose last axis is the one of interest, as rows of n: how many there are, and the way back from [..., m]. */
export interface Rows {
  readonly rows: Tensor;
  readonly count: number;
  readonly n: number;
  readonly restore: Restore;
}

/** `x` with one axis brought to the end, if it is not there; a single value is a row of one. */
export function asRows(op: string, x: Tensor, axis: number): Rows {
  checkTensor(op, x);
  const at = checkAxis(op, axis, Math.max(1, x.rank));
  if (x.rank === 0) return { rows: reshape(x, [1]), count: 1, n: 1, restore: (y) => reshape(y, []) };
  const n = x.shape[at];
  const count = sizeOf(x.shape, 0, at) * sizeOf(x.shape, at + 1);
  const drop = (y: Tensor, place: number): Tensor =>
    reshape(
      y,
      y.shape.filter((_, i) => i !== place),
    );
  if (at === x.rank - 1) return { rows: x, count, n, restore: (y, keep = true) => (keep ? y : drop(y, at)) };
  return {
    rows: transpose(x, at, -1),
    count,
    n,
    restore: (y, keep = true) => (keep ? transpose(y, at, -1) : drop(transpose(y, at, -1), at)),
  };
}

/** Rows of n that end in another number of elements. */
export function rowsOf(x: Tensor, m: number): Shape {
  return [...x.shape.slice(0, -1), m];
}
