/** Copies between strided ranges and between classes. */

import type { DataArray } from '../../core/dtype.ts';

/** A transposing copy goes by squares of this side: 32 rows of 32 elements of both arrays fit the first-level cache. */
const TILE = 32;

/** Where the two innermost axes of a copy lie: lengths and strides, the outer of the two first. */
interface Plane {
  readonly rows: number;
  readonly columns: number;
  readonly xRow: number;
  readonly xColumn: number;
  readonly yRow: number;
  readonly yColumn: number;
}

function copyPlane(x: DataArray, xAt: number, y: DataArray, yAt: number, plane: Plane): void {
  const { rows, columns, xRow, xColumn, yRow, yColumn } = plane;
  // Only where the reads would jump from line to line do tiles pay; else whole rows, in the order they lie.
  const crossing = Math.abs(xColumn) > Math.abs(xRow);
  const tileRows = crossing ? TILE : 1;
  const tileColumns = crossing ? TILE : columns;
  for (let r0 = 0; r0 < rows; r0 += tileRows) {
    const rEnd = Math.min(rows, r0 + tileRows);
    for (let c0 = 0; c0 < columns; c0 += tileColumns) {
      const cEnd = Math.min(columns, c0 + tileColumns);
      for (let r = r0; r < rEnd; r++) {
        let from = xAt + r * xRow + c0 * xColumn;
        let to = yAt + r * yRow + c0 * yColumn;
        for (let c = c0; c < cEnd; c++, from += xColumn, to += yColumn) y[to] = x[from];
      }
    }
  }
}

export function copyStrided(x: DataArray, xOffset: number, y: DataArray, yOffset: number, layout: Int32Array): void {
  const rank = layout[0];
  const dim = (axis: number) => (axis < 0 ? 1 : layout[1 + axis]);
  const xStride = (axis: number) => (axis < 0 ? 0 : layout[1 + rank + axis]);
  const yStride = (axis: number) => (axis < 0 ? 0 : layout[1 + 2 * rank + axis]);
  const plane: Plane = {
    rows: dim(rank - 2),
    columns: dim(rank - 1),
    xRow: xStride(rank - 2),
    xColumn: xStride(rank - 1),
    yRow: yStride(rank - 2),
    yColumn: yStride(rank - 1),
  };
  if (rank <= 2) {
    copyPlane(x, xOffset, y, yOffset, plane);
    return;
  }
  let planes = 1;
  for (let axis = 0; axis < rank - 2; axis++) planes *= dim(axis);

  const index = new Int32Array(rank);
  let xAt = xOffset;
  let yAt = yOffset;
  for (let p = 0; p < planes; p++) {
    copyPlane(x, xAt, y, yAt, plane);
    for (let axis = rank - 3; axis >= 0; axis--) {
      xAt += xStride(axis);
      yAt += yStride(axis);
      if (++index[axis] < dim(axis)) break;
      xAt -= xStride(axis) * index[axis];
      yAt -= yStride(axis) * index[axis];
      index[axis] = 0;
    }
  }
}

export function convert(x: DataArray, y: DataArray, toBool: boolean): void {
  if (toBool) for (let i = 0; i < x.length; i++) y[i] = x[i] !== 0 ? 1 : 0;
  else y.set(x);
}
