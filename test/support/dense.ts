/**
 * Plain arithmetic over matrices as nested arrays, which shares nothing with the library: what decompositions are
 * checked against.
 */

import type { Tensor } from '../../src/tensor.ts';

export type Rows = number[][];

/** The matrices of a tensor or of a fixture's values, one after the other. */
export function matricesOf({ shape, data }: { shape: readonly number[]; data: ArrayLike<number> }): Rows[] {
  const [m, n] = shape.slice(-2);
  const count = shape.slice(0, -2).reduce((a, b) => a * b, 1);
  return Array.from({ length: count }, (_, b) =>
    Array.from({ length: m }, (_, i) => Array.from({ length: n }, (_, j) => data[(b * m + i) * n + j])),
  );
}

/** The vectors of a tensor, one after the other. */
export function vectorsOf({ shape, data }: { shape: readonly number[]; data: ArrayLike<number> }): number[][] {
  return matricesOf({ shape: [...shape.slice(0, -1), 1, shape[shape.length - 1]], data }).map(([row]) => row);
}

export function transposeRows(a: Rows, columns: number): Rows {
  return Array.from({ length: columns }, (_, j) => a.map((row) => row[j]));
}

/** a [m, k] · b [k, n]; `n` says how wide a product without rows of b is. */
export function times(a: Rows, b: Rows, n = b[0]?.length ?? 0): Rows {
  return a.map((row) =>
    Array.from({ length: n }, (_, j) => row.reduce((total, value, k) => total + value * b[k][j], 0)),
  );
}

export function identityRows(n: number): Rows {
  return Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)));
}

/** The largest |a − b|; NaN counts as infinitely far. */
export function distance(a: Rows, b: Rows): number {
  let largest = 0;
  for (const [i, row] of a.entries()) {
    for (const [j, value] of row.entries()) {
      const gap = Math.abs(value - b[i][j]);
      if (!(gap <= largest)) largest = Number.isNaN(gap) ? Infinity : gap;
    }
  }
  return largest;
}

/** The largest |a|. */
export function sizeOfRows(a: Rows): number {
  return Math.max(0, ...a.flat().map(Math.abs));
}

/** How far the columns of `q` are from orthonormal. */
export function skewness(q: Rows, columns: number): number {
  return distance(times(transposeRows(q, columns), q, columns), identityRows(columns));
}

/** All matrices of `x`, a tensor. */
export function rowsOf(x: Tensor): Rows[] {
  return matricesOf({ shape: x.shape, data: x.data });
}
