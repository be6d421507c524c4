/** Curriculum A1–A3: spaces, eigenpairs, a defective matrix; and B6's condition number. */

import { expect, test } from 'vitest';
import { linalg, matmul, tensor, transpose } from '../../src/index.ts';

const matrix = (rows: number[][]) => tensor(rows, { dtype: 'float64' });

/** Asserts that two vectors lie on one line. */
function expectParallel(found: readonly number[], want: readonly number[]): void {
  const lead = want.findIndex((x) => x !== 0);
  const factor = found[lead] / want[lead];
  expect(Math.abs(factor)).toBeGreaterThan(0);
  for (const [i, value] of want.entries()) expect(found[i]).toBeCloseTo(factor * value, 7);
}

const columnOf = (x: { data: ArrayLike<number>; shape: readonly number[] }, j: number): number[] =>
  Array.from({ length: x.shape[0] }, (_, i) => x.data[i * x.shape[1] + j]);

test('A1: ranks 2, 1, 2; null spaces {0}, span{(2, 1)}, {0}; the column spaces hold the columns', () => {
  const matrices = [
    [
      [4, 6],
      [2, 7],
      [5, 8],
    ],
    [
      [2, -4],
      [1, -2],
      [-4, 8],
    ],
    [
      [2, 3],
      [4, 5],
    ],
  ].map(matrix);
  expect(matrices.map((x) => linalg.matrixRank(x).item())).toEqual([2, 1, 2]);
  const kernels = matrices.map((x) => linalg.nullSpace(x));
  expect(kernels.map((x) => x.shape)).toEqual([
    [2, 0],
    [2, 1],
    [2, 0],
  ]);
  expectParallel(columnOf(kernels[1], 0), [2, 1]);
  for (const x of matrices) {
    const basis = linalg.columnSpace(x);
    expect(basis.shape[1]).toBe(linalg.matrixRank(x).item());
    const projected = matmul(basis, matmul(transpose(basis, 0, 1), x));
    for (const [i, value] of x.data.entries()) expect(projected.data[i]).toBeCloseTo(value, 12);
  }
  expectParallel(columnOf(linalg.columnSpace(matrices[1]), 0), [2, 1, -4]);
});

test('A2: 6 with (1, 5/2) and −1 with (1, −1)', () => {
  const { eigenvalues, eigenvectors } = linalg.eig(
    matrix([
      [1, 2],
      [5, 4],
    ]),
  );
  expect([...eigenvalues.im.data]).toEqual([0, 0]);
  expect(eigenvalues.re.data[0]).toBeCloseTo(-1, 12);
  expect(eigenvalues.re.data[1]).toBeCloseTo(6, 12);
  expectParallel(columnOf(eigenvectors.re, 0), [1, -1]);
  expectParallel(columnOf(eigenvectors.re, 1), [1, 5 / 2]);
});

test('A3: 0, 0, 1; (1, −1, 0) once, as the matrix is defective, and (1, −1, 1)', () => {
  const x = matrix([
    [1, 1, 1],
    [-1, -1, -1],
    [0, 0, 1],
  ]);
  const { eigenvalues, eigenvectors } = linalg.eig(x);
  // Twice 0 is known to the root of the rounding error; it may come as a pair of complex numbers of that size.
  const byValue = [...eigenvalues.re.data].map((re, j) => ({ re, im: eigenvalues.im.data[j], j }));
  const [one, ...zeros] = byValue.sort((a, b) => b.re - a.re);
  expect(one.re).toBeCloseTo(1, 12);
  expect(one.im).toBe(0);
  expectParallel(columnOf(eigenvectors.re, one.j), [1, -1, 1]);
  for (const { re, im, j } of zeros) {
    expect(Math.hypot(re, im)).toBeLessThan(1e-7);
    expectParallel(columnOf(eigenvectors.re, j), [1, -1, 0]);
  }
  // One direction for both: the null space has one dimension.
  expectParallel(columnOf(linalg.nullSpace(x), 0), [1, -1, 0]);
  expect(linalg.nullSpace(x).shape).toEqual([3, 1]);
});

test('B6: the condition number of XᵀX is the square of that of X, and its normal equation loses the digits', () => {
  // A cubic over [1, 1.4]: its columns are nearly dependent.
  const points = Array.from({ length: 12 }, (_, i) => 1 + 0.4 * (i / 11));
  const design = matrix(points.map((t) => [1, t, t ** 2, t ** 3]));
  const target = matrix(points.map((t) => [1 - 2 * t + 3 * t ** 2 - t ** 3]));
  const normal = matmul(transpose(design, 0, 1), design);
  const condition = linalg.cond(design).item();
  expect(condition).toBeGreaterThan(1e4);
  expect(linalg.cond(normal).item() / condition ** 2).toBeCloseTo(1, 4);
  const errorOf = (x: { data: ArrayLike<number> }): number =>
    Math.max(...[1, -2, 3, -1].map((want, i) => Math.abs(x.data[i] - want)));
  const factor = linalg.cholesky(normal);
  const byCholesky = errorOf(linalg.choleskySolve(matmul(transpose(design, 0, 1), target), factor));
  const { q, r } = linalg.qr(design);
  const byQr = errorOf(linalg.solveTriangular(r, matmul(transpose(q, 0, 1), target), { upper: true }));
  const bySvd = errorOf(linalg.lstsq(design, target).solution);
  expect(byQr).toBeLessThan(1e-9);
  expect(bySvd).toBeLessThan(1e-9);
  expect(byCholesky).toBeGreaterThan(100 * Math.max(byQr, bySvd));
});
