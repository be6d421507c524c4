/** Factors of matrices of every kind, put together again. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as linalg from '../../src/linalg/index.ts';
import { select } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';
import { wrapArray } from '../../src/tensor.ts';
import { distance, type Rows, rowsOf, sizeOfRows, skewness, times, transposeRows } from '../support/dense.ts';
import { drawn, drawnSquare, matrixOf, tensorOf } from './draw.ts';

const runs = { numRuns: 300 };
const ROUNDING = 1e-14;

const first = (x: Tensor): Rows => rowsOf(x)[0];
const diagonal = (w: ArrayLike<number>): Rows =>
  Array.from({ length: w.length }, (_, i) => Array.from({ length: w.length }, (_, j) => (i === j ? w[i] : 0)));

/** |found − a| within rounding of the size of a. */
function expectSame(found: Rows, a: Rows): void {
  expect(distance(found, a)).toBeLessThanOrEqual(50 * ROUNDING * sizeOfRows(a));
}

function expectOrthonormal(q: Rows, columns: number): void {
  expect(skewness(q, columns)).toBeLessThanOrEqual(20 * ROUNDING);
}

describe('any matrix', () => {
  test.each(['reduced', 'complete'] as const)('Q·R, %s', (mode) => {
    fc.assert(
      fc.property(drawn(), (d) => {
        const a = matrixOf(d);
        const { q, r } = linalg.qr(tensorOf(a, d.columns), { mode });
        const k = mode === 'complete' ? d.rows : Math.min(d.rows, d.columns);
        expect([q.shape, r.shape]).toEqual([
          [d.rows, k],
          [k, d.columns],
        ]);
        expectSame(times(first(q), first(r), d.columns), a);
        expectOrthonormal(first(q), k);
        for (const [i, row] of first(r).entries()) expect(row.slice(0, i).every((x) => x === 0)).toBe(true);
      }),
      runs,
    );
  });

  test.each([true, false])('U·S·Vh, full: %s', (fullMatrices) => {
    fc.assert(
      fc.property(drawn(), (d) => {
        const a = matrixOf(d);
        const { u, s, vh } = linalg.svd(tensorOf(a, d.columns), { fullMatrices });
        const k = Math.min(d.rows, d.columns);
        expect([u.shape, s.shape, vh.shape]).toEqual([
          [d.rows, fullMatrices ? d.rows : k],
          [k],
          [fullMatrices ? d.columns : k, d.columns],
        ]);
        const [left, right] = [first(u).map((row) => row.slice(0, k)), first(vh).slice(0, k)];
        expectSame(times(times(left, diagonal(s.data), k), right, d.columns), a);
        expectOrthonormal(first(u), u.shape[1]);
        expectOrthonormal(transposeRows(first(vh), d.columns), vh.shape[0]);
        for (let i = 0; i < k; i++) expect(s.data[i]).toBeLessThanOrEqual(i === 0 ? Infinity : s.data[i - 1]);
        if (k > 0) expect(s.data[k - 1]).toBeGreaterThanOrEqual(0);
      }),
      runs,
    );
  });

  test('P·L·U', () => {
    fc.assert(
      fc.property(drawn(), (d) => {
        const a = matrixOf(d);
        const { p, l, u } = linalg.lu(tensorOf(a, d.columns));
        const k = Math.min(d.rows, d.columns);
        expectSame(times(first(p), times(first(l), first(u), d.columns), d.columns), a);
        expect(sizeOfRows(first(l))).toBeLessThanOrEqual(1);
        for (const [i, row] of first(l).entries()) {
          for (let j = i; j < k; j++) expect(row[j]).toBe(i === j ? 1 : 0);
        }
        for (const [i, row] of first(u).entries()) expect(row.slice(0, i).every((x) => x === 0)).toBe(true);
      }),
      runs,
    );
  });
});

describe('square matrices', () => {
  test('symmetric ones, of which one triangle is read', () => {
    fc.assert(
      fc.property(drawnSquare(), fc.constantFrom('L', 'U'), (d, uplo) => {
        const a = matrixOf(d);
        const symmetric = a.map((row, i) => row.map((_, j) => ((uplo === 'L') === i > j ? a[i][j] : a[j][i])));
        const { eigenvalues, eigenvectors } = linalg.eigh(tensorOf(a, d.rows), { uplo: uplo as 'L' | 'U' });
        const v = first(eigenvectors);
        expectOrthonormal(v, d.rows);
        expectSame(times(times(v, diagonal(eigenvalues.data), d.rows), transposeRows(v, d.rows), d.rows), symmetric);
        expect([...eigenvalues.data]).toEqual([...eigenvalues.data].sort((x, y) => x - y));
      }),
      runs,
    );
  });

  test('eigenvalues and vectors of any, in conjugate pairs', () => {
    fc.assert(
      fc.property(drawnSquare(), (d) => {
        const [a, n] = [matrixOf(d), d.rows];
        const { eigenvalues: w, eigenvectors: v } = linalg.eig(tensorOf(a, n));
        const [re, im] = [first(v.re), first(v.im)];
        const allowed = 200 * ROUNDING * sizeOfRows(a);
        const [avRe, avIm] = [times(a, re, n), times(a, im, n)];
        for (let j = 0; j < n; j++) {
          const [x, y] = [w.re.data[j], w.im.data[j]];
          for (let i = 0; i < n; i++) {
            expect(Math.abs(avRe[i][j] - x * re[i][j] + y * im[i][j])).toBeLessThanOrEqual(allowed);
            expect(Math.abs(avIm[i][j] - x * im[i][j] - y * re[i][j])).toBeLessThanOrEqual(allowed);
          }
          expect(Math.hypot(...re.map((row) => row[j]), ...im.map((row) => row[j]))).toBeCloseTo(1, 12);
          const mirrored = [...w.re.data].some((other, k) => other === x && w.im.data[k] === -y);
          expect(mirrored).toBe(true);
          if (j > 0) expect(x).toBeGreaterThanOrEqual(w.re.data[j - 1]);
        }
        const total = [...w.re.data].reduce((sum, x) => sum + x, 0);
        const trace = a.reduce((sum, row, i) => sum + row[i], 0);
        expect(Math.abs(total - trace)).toBeLessThanOrEqual(allowed);
      }),
      runs,
    );
  });

  test('L·Lᵀ of positive definite ones', () => {
    fc.assert(
      fc.property(drawnSquare(['normal', 'integers', 'zeros']), fc.boolean(), (d, upper) => {
        const g = matrixOf(d);
        const a = times(g, transposeRows(g, d.rows), d.rows).map((row, i) => row.map((x, j) => x + (i === j ? 1 : 0)));
        const y = first(linalg.cholesky(tensorOf(a, d.rows), { upper }));
        const l = upper ? transposeRows(y, d.rows) : y;
        expectSame(times(l, transposeRows(l, d.rows), d.rows), a);
        for (const [i, row] of l.entries()) {
          expect(row[i]).toBeGreaterThan(0);
          expect(row.slice(i + 1).every((x) => x === 0)).toBe(true);
        }
      }),
      runs,
    );
  });
});

test('a batch is its matrices one by one, whatever its axes, in both dtypes', () => {
  const rows = Array.from({ length: 6 }, (_, b) => matrixOf({ kind: 'normal', seed: b, rows: 3, columns: 3 }));
  const calls: Record<string, (x: Tensor) => readonly Tensor[]> = {
    qr: (x) => Object.values(linalg.qr(x)),
    svd: (x) => Object.values(linalg.svd(x)),
    eigh: (x) => Object.values(linalg.eigh(x)),
    eig: (x) => Object.values(linalg.eig(x).eigenvectors),
    lu: (x) => Object.values(linalg.lu(x)),
    inv: (x) => [linalg.inv(x)],
    det: (x) => [linalg.det(x)],
    pinv: (x) => [linalg.pinv(x)],
    matrixRank: (x) => [linalg.matrixRank(x)],
    matrixExp: (x) => [linalg.matrixExp(x)],
    nuclear: (x) => [linalg.matrixNorm(x, { ord: 'nuc' })],
    nullSpace: (x) => [linalg.nullSpace(x)],
  };
  for (const dtype of ['float32', 'float64'] as const) {
    const values = rows.flat(2);
    const data = dtype === 'float32' ? Float32Array.from(values) : Float64Array.from(values);
    const whole = wrapArray(data, [2, 3, 3, 3], dtype);
    for (const [name, call] of Object.entries(calls)) {
      for (const [k, y] of call(whole).entries()) {
        expect(y.shape.slice(0, 2)).toEqual([2, 3]);
        const single = (b: number) => call(select(select(whole, 0, Math.floor(b / 3)), 0, b % 3))[k];
        const alone = Array.from({ length: 6 }, (_, b) => [...single(b).data]);
        expect([name, [...y.data]]).toEqual([name, alone.flat()]);
        expect(y.dtype).toBe(single(0).dtype);
      }
    }
  }
});
