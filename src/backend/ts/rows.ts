/** Rows of a table by their ids: read, added, written; and the ids themselves, out of lists and out of masks. */

import type { DataArray } from '../../core/dtype.ts';

/** The place of the first id that is no row of the table, or −1. */
function findBadId(ids: Int32Array, rows: number): number {
  for (let i = 0; i < ids.length; i++) if (ids[i] < 0 || ids[i] >= rows) return i;
  return -1;
}

/** Rows that each table has, of `step` elements in all. Without any they count as endless: nothing is touched. */
function rowsOf(tables: DataArray, step: number): number {
  return step === 0 ? Infinity : Math.floor(tables.length / step);
}

export function gatherRows(table: DataArray, ids: Int32Array, y: DataArray, width: number, outer: number): number {
  const rows = rowsOf(table, width * outer);
  const bad = findBadId(ids, rows);
  if (bad >= 0 || width === 0) return bad;
  for (let o = 0, to = 0; o < outer; o++) {
    for (let i = 0; i < ids.length; i++) {
      const from = (o * rows + ids[i]) * width;
      for (let j = 0; j < width; j++) y[to++] = table[from + j];
    }
  }
  return -1;
}

export function scatterAddRows(
  src: DataArray,
  ids: Int32Array,
  table: DataArray,
  width: number,
  outer: number,
): number {
  const rows = rowsOf(table, width * outer);
  const bad = findBadId(ids, rows);
  if (bad >= 0 || width === 0) return bad;
  for (let o = 0, from = 0; o < outer; o++) {
    for (let i = 0; i < ids.length; i++) {
      const to = (o * rows + ids[i]) * width;
      for (let j = 0; j < width; j++) table[to + j] += src[from++];
    }
  }
  return -1;
}

export function setRows(src: DataArray, ids: Int32Array, table: DataArray, width: number, outer: number): number {
  const rows = rowsOf(table, width * outer);
  const bad = findBadId(ids, rows);
  if (bad >= 0 || width === 0) return bad;
  for (let o = 0, from = 0; o < outer; o++) {
    for (let i = 0; i < ids.length; i++) {
      const to = (o * rows + ids[i]) * width;
      for (let j = 0; j < width; j++) table[to + j] = src[from++];
    }
  }
  return -1;
}

export function places(
  ids: Int32Array,
  out: Int32Array,
  layout: Int32Array,
  n: number,
  stride: number,
  wrap: boolean,
  accumulate: boolean,
): number {
  const low = wrap ? -n : 0;
  for (let i = 0; i < ids.length; i++) if (ids[i] < low || ids[i] >= n) return i;
  const rank = layout[0];
  const last = rank - 1;
  const columns = rank === 0 ? 1 : layout[rank];
  const baseStep = rank === 0 ? 0 : layout[1 + rank + last];
  const idStep = rank === 0 ? 0 : layout[1 + 2 * rank + last];
  let rows = 1;
  for (let axis = 0; axis < last; axis++) rows *= layout[1 + axis];
  if (columns === 0) return -1;
  const index = new Int32Array(Math.max(0, last));
  let [base, idAt, to] = [0, 0, 0];
  for (let row = 0; row < rows; row++) {
    for (let c = 0, at = base, from = idAt; c < columns; c++, to++, at += baseStep, from += idStep) {
      const id = ids[from];
      const place = at + (id < 0 ? id + n : id) * stride;
      out[to] = accumulate ? out[to] + place : place;
    }
    for (let axis = last - 1; axis >= 0; axis--) {
      base += layout[1 + rank + axis];
      idAt += layout[1 + 2 * rank + axis];
      if (++index[axis] < layout[1 + axis]) break;
      base -= layout[1 + rank + axis] * index[axis];
      idAt -= layout[1 + 2 * rank + axis] * index[axis];
      index[axis] = 0;
    }
  }
  return -1;
}

export function nonzero(mask: Uint8Array, out: Int32Array | null): number {
  let count = 0;
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0) continue;
    if (out !== null && count < out.length) out[count] = i;
    count++;
  }
  return count;
}
