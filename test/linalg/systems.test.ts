/** Determinants, inverses, least squares, spaces, powers and norms against exact integers and plain arithmetic. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LinAlgError } from '../../src/errors.ts';
import * as linalg from '../../src/linalg/index.ts';
import { tensor } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';
import {
  distance,
  identityRows,
  type Rows,
  rowsOf,
  sizeOfRows,
  skewness,
  times,
  transposeRows,
} from '../support/dense.ts';
import { drawn, drawnSquare, exactRank, leibniz, matrixOf, tensorOf } from './draw.ts';

const runs = { numRuns: 300 };
const first = (x: Tensor): Rows => rowsOf(x)[0];
const integers = ['integers', 'zeros'] as const;

describe('exact integers', () => {
  test('det, slogdet and logdet are the sum over permutations', () => {
    fc.assert(
      fc.property(drawnSquare(integers), (d) => {
        const a = matrixOf(d);
        const exact = leibniz(a);
        const x = tensorOf(a, d.rows);
        expect(linalg.det(x).item()).toBeCloseTo(exact, 8);
        if (exact === 0) return;
        const { sign, logabsdet } = linalg.slogdet(x);
        expect(sign.item()).toBe(Math.sign(exact));
        expect(logabsdet.item()).toBeCloseTo(Math.log(Math.abs(exact)), 10);
        if (exact > 0) expect(linalg.logdet(x).item()).toBeCloseTo(Math.log(exact), 10);
        else expect(linalg.logdet(x).item()).toBeNaN();
      }),
      runs,
    );
  });

  test('inv and solve refuse exactly the singular ones', () => {
    fc.assert(
      fc.property(drawnSquare(integers), (d) => {
        const [a, n] = [matrixOf(d), d.rows];
        const x = tensorOf(a, n);
        const rhs = tensorOf(matrixOf({ kind: 'normal', seed: d.seed + 1, rows: n, columns: 2 }), 2);
        if (leibniz(a) === 0) {
          for (const call of [() => linalg.inv(x), () => linalg.solve(x, rhs)]) {
            expect(call).toThrow(LinAlgError);
            expect(call).toThrow(/the matrix is singular: got no pivot in column \d/);
          }
          return;
        }
        expect(distance(times(a, first(linalg.inv(x)), n), identityRows(n))).toBeLessThan(1e-11);
        expect(distance(times(a, first(linalg.solve(x, rhs)), 2), first(rhs))).toBeLessThan(1e-11);
        const left = linalg.solve(x, tensorOf(transposeRows(first(rhs), 2), n), { left: false });
        expect(distance(times(first(left), a, n), transposeRows(first(rhs), 2))).toBeLessThan(1e-11);
      }),
      runs,
    );
  });

  test('rank, null space and column space', () => {
    fc.assert(
      fc.property(drawn(integers), (d) => {
        const a = matrixOf(d);
        const x = tensorOf(a, d.columns);
        const rank = exactRank(a);
        expect(linalg.matrixRank(x).item()).toBe(rank);
        const [kernel, image] = [linalg.nullSpace(x), linalg.columnSpace(x)];
        expect(kernel.shape).toEqual([d.columns, d.columns - rank]);
        expect(image.shape).toEqual([d.rows, rank]);
        expect(skewness(first(kernel), d.columns - rank)).toBeLessThan(1e-13);
        expect(sizeOfRows(times(a, first(kernel), d.columns - rank))).toBeLessThan(1e-13);
        const projector = times(first(image), transposeRows(first(image), rank), d.rows);
        expect(distance(times(projector, a, d.columns), a)).toBeLessThan(1e-13);
      }),
      runs,
    );
  });
});

test('det does not leave the range on its way', () => {
  const diagonal = (...values: number[]) =>
    tensor(
      values.map((x, i) => values.map((_, j) => (i === j ? x : 0))),
      {
        dtype: 'float64',
      },
    );
  expect(linalg.det(diagonal(1e200, 1e200, 1e-300, 1e-90)).item()).toBeCloseTo(1e10, -1);
  expect(linalg.det(diagonal(1e-200, 1e-200, 1e300, 1e101)).item()).toBeCloseTo(10, 10);
  expect(linalg.det(diagonal(1e-200, 1e-200)).item()).toBe(0);
  expect(linalg.slogdet(diagonal(1e-200, -1e-200)).logabsdet.item()).toBeCloseTo(-400 * Math.LN10, 10);
});

describe('least squares', () => {
  test('the four conditions of Penrose', () => {
    fc.assert(
      fc.property(drawn(['normal', 'integers', 'deficient', 'zeros']), (d) => {
        const a = matrixOf(d);
        const p = first(linalg.pinv(tensorOf(a, d.columns), { rtol: 1e-10 }));
        expect(p.length).toBe(d.columns);
        const [ap, pa] = [times(a, p, d.rows), times(p, a, d.columns)];
        const scale = (1 + sizeOfRows(a)) * (1 + sizeOfRows(p)) ** 2;
        expect(distance(times(ap, a, d.columns), a)).toBeLessThan(1e-12 * scale);
        expect(distance(times(pa, p, d.rows), p)).toBeLessThan(1e-12 * scale);
        expect(distance(ap, transposeRows(ap, d.rows))).toBeLessThan(1e-12 * scale);
        expect(distance(pa, transposeRows(pa, d.columns))).toBeLessThan(1e-12 * scale);
      }),
      runs,
    );
  });

  test('lstsq is what the pseudoinverse gives, with rank, values and residuals', () => {
    fc.assert(
      fc.property(drawn(['normal', 'integers', 'deficient', 'zeros']), (d) => {
        const a = matrixOf(d);
        const b = matrixOf({ kind: 'normal', seed: d.seed + 1, rows: d.rows, columns: 2 });
        const found = linalg.lstsq(tensorOf(a, d.columns), tensorOf(b, 2), { rcond: 1e-10 });
        const p = linalg.pinv(tensorOf(a, d.columns), { rtol: 1e-10 });
        const x = first(found.solution);
        expect(distance(x, times(first(p), b, 2))).toBeLessThan(1e-11 * (1 + sizeOfRows(first(p))) ** 2);
        expect(found.rank.item()).toBe(linalg.matrixRank(tensorOf(a, d.columns), { rtol: 1e-10 }).item());
        const full = d.rows > d.columns && found.rank.item() === d.columns;
        expect(found.residuals.shape).toEqual(full ? [2] : [0]);
        const errors = times(a, x, 2).map((row, i) => row.map((value, j) => (value - b[i][j]) ** 2));
        for (const [j, value] of found.residuals.data.entries()) {
          expect(value).toBeCloseTo(
            errors.reduce((sum, row) => sum + row[j], 0),
            9,
          );
        }
      }),
      runs,
    );
  });
});

describe('powers', () => {
  test('matrixPower is the repeated product', () => {
    fc.assert(
      fc.property(drawnSquare(integers), fc.integer({ min: 0, max: 7 }), (d, n) => {
        const a = matrixOf(d);
        let power = identityRows(d.rows);
        for (let i = 0; i < n; i++) power = times(power, a, d.rows);
        expect(first(linalg.matrixPower(tensorOf(a, d.rows), n))).toEqual(power.map((row) => row.map((x) => x + 0)));
      }),
      runs,
    );
  });

  test('matrixExp is its series, has its inverse at −x, and the exponential of the trace for determinant', () => {
    fc.assert(
      fc.property(drawnSquare(['normal', 'integers', 'zeros']), fc.constantFrom(1e-3, 0.1, 0.4, 1, 3), (d, scale) => {
        const n = d.rows;
        const a = matrixOf(d).map((row) => row.map((x) => x * scale));
        const y = first(linalg.matrixExp(tensorOf(a, n)));
        let [term, total] = [identityRows(n), identityRows(n)];
        const size = Math.max(0, ...a.map((row) => row.reduce((sum, x) => sum + Math.abs(x), 0)));
        for (let k = 1; k < 30 + 6 * size; k++) {
          term = times(term, a, n).map((row) => row.map((x) => x / k));
          total = total.map((row, i) => row.map((x, j) => x + term[i][j]));
        }
        expect(distance(y, total)).toBeLessThan(1e-13 * Math.exp(size) * (1 + size));
        const back = first(
          linalg.matrixExp(
            tensorOf(
              a.map((row) => row.map((x) => -x)),
              n,
            ),
          ),
        );
        const scaleOf = (1 + sizeOfRows(y)) * (1 + sizeOfRows(back));
        expect(distance(times(y, back, n), identityRows(n))).toBeLessThan(1e-12 * scaleOf);
      }),
      runs,
    );
  });
});

describe('norms', () => {
  const naive = (values: readonly number[], p: number): number => {
    const sizes = values.map(Math.abs);
    if (p === 0) return sizes.filter((x) => x !== 0).length;
    if (p === Infinity) return Math.max(...sizes);
    if (p === -Infinity) return Math.min(...sizes);
    return sizes.reduce((sum, x) => sum + x ** p, 0) ** (1 / p);
  };

  test('of vectors, of every order', () => {
    fc.assert(
      fc.property(
        drawn(['normal', 'integers', 'zeros']),
        fc.constantFrom(0, 1, 2, 3, 0.5, -1, -2, Infinity, -Infinity),
        (d, ord) => {
          const a = matrixOf(d);
          const x = tensorOf(a, d.columns);
          if (d.rows > 0 && d.columns > 0) {
            expect(linalg.vectorNorm(x, { ord }).item()).toBeCloseTo(naive(a.flat(), ord), 10);
            const rows = linalg.vectorNorm(x, { ord, dim: -1, keepdim: true });
            expect(rows.shape).toEqual([d.rows, 1]);
            for (const [i, row] of a.entries()) expect(rows.data[i]).toBeCloseTo(naive(row, ord), 10);
          } else if (ord < 0 || ord === Infinity) {
            expect(() => linalg.vectorNorm(x, { ord })).toThrow(/nothing has no/);
          } else expect(linalg.vectorNorm(x, { ord }).item()).toBe(0);
        },
      ),
      runs,
    );
  });

  test('do not leave the range on their way', () => {
    const x = tensor([3e300, 4e300], { dtype: 'float64' });
    expect(linalg.vectorNorm(x).item() / 5e300).toBeCloseTo(1, 14);
    expect(linalg.vectorNorm(tensor([3e-300, 4e-300], { dtype: 'float64' })).item() / 5e-300).toBeCloseTo(1, 14);
    expect(linalg.vectorNorm(tensor([3e30, 4e30])).item()).toBe(Math.fround(5e30));
  });

  test('of matrices, and the condition number', () => {
    fc.assert(
      fc.property(
        drawnSquare(['normal']).filter((d) => d.rows > 0),
        (d) => {
          const [a, n] = [matrixOf(d), d.rows];
          const x = tensorOf(a, n);
          const sums = (rows: Rows) => rows.map((row) => naive(row, 1));
          const s = [...linalg.svdvals(x).data];
          const want = {
            fro: naive(a.flat(), 2),
            nuc: naive(s, 1),
            '1': Math.max(...sums(transposeRows(a, n))),
            '-1': Math.min(...sums(transposeRows(a, n))),
            '2': s[0],
            '-2': s[n - 1],
            Infinity: Math.max(...sums(a)),
            '-Infinity': Math.min(...sums(a)),
          };
          const inverse = linalg.inv(x);
          for (const [name, value] of Object.entries(want)) {
            const ord = (name === 'fro' || name === 'nuc' ? name : Number(name)) as linalg.MatrixOrder;
            expect(linalg.matrixNorm(x, { ord }).item()).toBeCloseTo(value, 10);
            expect(linalg.norm(x, { ord }).item()).toBeCloseTo(value, 10);
            const product = value * linalg.matrixNorm(inverse, { ord }).item();
            expect(linalg.cond(x, { p: ord }).item() / product).toBeCloseTo(1, 8);
          }
        },
      ),
      runs,
    );
  });
});
