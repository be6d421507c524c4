/** Matrices of the kinds on which linear algebra goes wrong. */

import fc from 'fast-check';
import { wrapArray } from '../../src/tensor.ts';
import { type Rows, times } from '../support/dense.ts';
import { mulberry } from '../support/sampler.ts';

export const KINDS = ['normal', 'integers', 'deficient', 'graded', 'huge', 'tiny', 'zeros'] as const;
export type Kind = (typeof KINDS)[number];

export interface Drawn {
  readonly kind: Kind;
  readonly seed: number;
  readonly rows: number;
  readonly columns: number;
}

function gaussian(draw: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
}

/** The matrix that a draw stands for. */
export function matrixOf({ kind, seed, rows, columns }: Drawn): Rows {
  const draw = mulberry(seed);
  const fill = (m: number, n: number, value: (i: number, j: number) => number): Rows =>
    Array.from({ length: m }, (_, i) => Array.from({ length: n }, (_, j) => value(i, j)));
  const normal = () => gaussian(draw);
  switch (kind) {
    case 'normal':
      return fill(rows, columns, normal);
    case 'integers':
      return fill(rows, columns, () => Math.floor(5 * draw()) - 2);
    case 'deficient': {
      const inner = Math.floor(draw() * Math.min(rows, columns));
      return times(fill(rows, inner, normal), fill(inner, columns, normal), columns);
    }
    case 'graded':
      return fill(rows, columns, (i, j) => normal() * 10 ** (-2 * i - 3 * j));
    case 'huge':
      return fill(rows, columns, () => normal() * 1e200);
    case 'tiny':
      return fill(rows, columns, () => normal() * 1e-200);
    case 'zeros':
      return fill(rows, columns, () => (draw() < 0.7 ? 0 : Math.floor(3 * draw()) - 1));
  }
}

const size = fc.integer({ min: 0, max: 6 });
const seed = fc.integer({ min: 0, max: 2 ** 31 });

/** Matrices of any shape, and square ones. */
export const drawn = (kinds: readonly Kind[] = KINDS): fc.Arbitrary<Drawn> =>
  fc.record({ kind: fc.constantFrom(...kinds), seed, rows: size, columns: size });
export const drawnSquare = (kinds: readonly Kind[] = KINDS): fc.Arbitrary<Drawn> =>
  fc.record({ kind: fc.constantFrom(...kinds), seed, rows: size }).map((d) => ({ ...d, columns: d.rows }));

/** As a float64 tensor. */
export function tensorOf(a: Rows, columns: number) {
  return wrapArray(Float64Array.from(a.flat()), [a.length, columns], 'float64');
}

/** Σ over permutations of sign · product, in exact integers. */
export function leibniz(a: Rows): number {
  if (a.length === 0) return 1;
  const [first, ...rest] = a;
  return first.reduce((total, value, j) => {
    if (value === 0) return total;
    return total + (-1) ** j * value * leibniz(rest.map((row) => row.filter((_, k) => k !== j)));
  }, 0);
}

/** The rank of a matrix of integers, by elimination without fractions: exact. */
export function exactRank(a: Rows): number {
  const rows = a.map((row) => row.map(BigInt));
  let rank = 0;
  for (let j = 0; j < (rows[0]?.length ?? 0); j++) {
    const pivot = rows.findIndex((row, i) => i >= rank && row[j] !== 0n);
    if (pivot < 0) continue;
    [rows[rank], rows[pivot]] = [rows[pivot], rows[rank]];
    for (let i = rank + 1; i < rows.length; i++) {
      const factor = rows[i][j];
      rows[i] = rows[i].map((value, k) => value * rows[rank][j] - factor * rows[rank][k]);
    }
    rank++;
  }
  return rank;
}
