/** What surrounds one axis, and the axis brought to the end: what sorting and scans stand on. */

import { checkAxis, type Shape, sizeOf } from '../core/shape.ts';
import type { Tensor } from '../tensor.ts';
import { checkTensor } from './define.ts';
import { reshape, transpose } from './movement.ts';

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

/** A result whose axis of interest is the last, with the axis where it was. */
type Restore = (y: Tensor, keep?: boolean) => Tensor;

/** `x` as rows along one axis, [rows, n], and the way back for [rows, m]: the axis in its place, or dropped if m is 1. */
export function asRows(op: string, x: Tensor, axis: number): { rows: Tensor; restore: Restore } {
  const { n } = extentsOf(op, x, axis);
  if (x.rank === 0)
    return { rows: reshape(x, [1, 1]), restore: (y) => reshape(y, y.shape[1] === 1 ? [] : [y.shape[1]]) };
  const at = checkAxis(op, axis, x.rank);
  const moved = transpose(x, at, -1);
  const lead = moved.shape.slice(0, -1);
  const restore: Restore = (y, keep = true) => {
    const whole = transpose(reshape(y, [...lead, y.shape[1]]), at, -1);
    return keep ? whole : reshape(whole, dropAxis(whole.shape, at));
  };
  return { rows: reshape(moved, [sizeOf(lead), n]), restore };
}

export function dropAxis(shape: Shape, at: number): Shape {
  return shape.filter((_, i) => i !== at);
}
