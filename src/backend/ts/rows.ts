/** Rows of a table by their ids: the embedding's lookup and its gradient. */

import type { DataArray } from '../../core/dtype.ts';

/** The place of the first id that is no row of the table, or −1. */
function findBadId(ids: Int32Array, rows: number): number {
  for (let i = 0; i < ids.length; i++) if (ids[i] < 0 || ids[i] >= rows) return i;
  return -1;
}

/** Rows that `table` has. A table without columns counts as endless: nothing is read from it or written to it. */
function rowsOf(table: DataArray, width: number): number {
  return width === 0 ? Infinity : table.length / width;
}

export function gatherRows(table: DataArray, ids: Int32Array, y: DataArray, width: number): number {
  const bad = findBadId(ids, rowsOf(table, width));
  if (bad >= 0) return bad;
  for (let i = 0, to = 0; i < ids.length; i++) {
    const from = ids[i] * width;
    for (let j = 0; j < width; j++) y[to++] = table[from + j];
  }
  return -1;
}

export function scatterAddRows(src: DataArray, ids: Int32Array, table: DataArray, width: number): number {
  const bad = findBadId(ids, rowsOf(table, width));
  if (bad >= 0) return bad;
  for (let i = 0, from = 0; i < ids.length; i++) {
    const to = ids[i] * width;
    for (let j = 0; j < width; j++) table[to + j] += src[from++];
  }
  return -1;
}
