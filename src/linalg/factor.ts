/**
 * The decompositions of ml-matrix, one dense matrix at a time, made total: matrices without elements, scales near the
 * ends of the range, and an iteration that does not converge.
 */

import {
  CholeskyDecomposition,
  EigenvalueDecomposition,
  LuDecomposition,
  Matrix,
  QrDecomposition,
  SingularValueDecomposition,
} from 'ml-matrix';
import type { Dense } from './batch.ts';

function toMatrix({ rows, columns, data }: Dense, factor = 1): Matrix {
  const out = new Matrix(rows, columns);
  for (let i = 0, at = 0; i < rows; i++) for (let j = 0; j < columns; j++) out.set(i, j, data[at++] * factor);
  return out;
}

/** The first `columns` columns of `from`, beside each other. */
function readMatrix(from: Matrix, columns = from.columns): Float64Array {
  const out = new Float64Array(from.rows * columns);
  for (let i = 0, at = 0; i < from.rows; i++) for (let j = 0; j < columns; j++) out[at++] = from.get(i, j);
  return out;
}

export function identity(rows: number, columns = rows): Float64Array {
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < Math.min(rows, columns); i++) out[i * columns + i] = 1;
  return out;
}

/** The transpose in a new array. */
export function transposed({ rows, columns, data }: Dense): Float64Array {
  const out = new Float64Array(data.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = data[i * columns + j];
  return out;
}

/**
 * The power of two that brings the largest element near 1. Squares of elements then neither overflow nor vanish, and
 * multiplying by it is exact.
 */
function balancingFactor(data: Float64Array): number {
  let largest = 0;
  for (const value of data) largest = Math.max(largest, Math.abs(value));
  return largest === 0 ? 1 : 2 ** Math.min(1000, Math.max(-1000, -Math.floor(Math.log2(largest))));
}

export interface Lu {
  readonly rows: number;
  readonly columns: number;
  /** L below the diagonal (its ones are not stored) and U on and above it. */
  readonly packed: Float64Array;
  /** Row i of the product L·U is row `permutation[i]` of the matrix. */
  readonly permutation: readonly number[];
  /** The sign of that permutation. */
  readonly sign: number;
}

/** Rows exchanged so that each pivot is the largest of its column. */
export function luOf(a: Dense): Lu {
  const { rows, columns } = a;
  if (rows === 0 || columns === 0) {
    const permutation = Array.from({ length: rows }, (_, i) => i);
    return { rows, columns, packed: new Float64Array(0), permutation, sign: 1 };
  }
  const found = new LuDecomposition(toMatrix(a)) as unknown as { LU: Matrix; pivotSign: number };
  const permutation = (found as unknown as LuDecomposition).pivotPermutationVector;
  return { rows, columns, packed: readMatrix(found.LU), permutation, sign: found.pivotSign };
}

/**
 * The first pivot that is 0, or no larger than the rounding errors of the sum that left it, by which the matrix is
 * singular as far as float64 can tell; −1 if there is none. Scaling rows or columns does not change the answer.
 */
export function singularPivot({ packed, columns: n }: Lu): number {
  for (let j = 0; j < n; j++) {
    let magnitude = 0;
    for (let k = 0; k < j; k++) magnitude += Math.abs(packed[j * n + k] * packed[k * n + j]);
    if (Math.abs(packed[j * n + j]) <= 0.5 * (j + 1) * Number.EPSILON * magnitude || packed[j * n + j] === 0) return j;
  }
  return -1;
}

/** Which triangle is read, whether its diagonal counts as ones, and whether the transpose of it is meant. */
export interface Triangle {
  readonly upper: boolean;
  readonly unit: boolean;
  readonly trans: boolean;
}

/** Overwrites `b` [n, k] with T⁻¹·b by substitution. */
export function substitute(t: Float64Array, n: number, b: Float64Array, k: number, triangle: Triangle): void {
  const { upper, unit, trans } = triangle;
  const [rowStep, columnStep] = trans ? [1, n] : [n, 1];
  const fromBelow = upper !== trans;
  for (let step = 0; step < n; step++) {
    const i = fromBelow ? n - 1 - step : step;
    for (let before = 0; before < step; before++) {
      const j = fromBelow ? n - 1 - before : before;
      const factor = t[i * rowStep + j * columnStep];
      for (let c = 0; c < k; c++) b[i * k + c] -= factor * b[j * k + c];
    }
    if (unit) continue;
    const pivot = t[i * (n + 1)];
    for (let c = 0; c < k; c++) b[i * k + c] /= pivot;
  }
}

/** A⁻¹·b out of the factors of A. */
export function luSolve({ packed, permutation, columns: n }: Lu, b: Dense): Float64Array {
  const k = b.columns;
  const x = new Float64Array(n * k);
  for (let i = 0; i < n; i++) x.set(b.data.subarray(permutation[i] * k, (permutation[i] + 1) * k), i * k);
  substitute(packed, n, x, k, { upper: false, unit: true, trans: false });
  substitute(packed, n, x, k, { upper: true, unit: false, trans: false });
  return x;
}

/** L of a symmetric matrix, and the order of the first leading minor that is not positive (0 if all are). */
export function choleskyOf(a: Dense): { factor: Float64Array; failed: number } {
  const n = a.rows;
  if (n === 0) return { factor: new Float64Array(0), failed: 0 };
  const found = new CholeskyDecomposition(toMatrix(a));
  const factor = readMatrix(found.lowerTriangularMatrix);
  if (found.isPositiveDefinite()) return { factor, failed: 0 };
  let order = 0;
  while (factor[order * (n + 1)] > 0) order++;
  return { factor, failed: order + 1 };
}

/** Q [m, k] and R [k, n] of a matrix with at least as many rows as columns; k is n, or m where Q is `complete`. */
export function qrOf({ rows: m, columns: n, data }: Dense, complete: boolean): { q: Float64Array; r: Float64Array } {
  const k = complete ? m : n;
  if (n === 0) return { q: identity(m, k), r: new Float64Array(0) };
  // Columns of zeros leave the reflections of the others alone, and make room for all of Q.
  const padded = new Float64Array(m * k);
  for (let i = 0; i < m; i++) padded.set(data.subarray(i * n, (i + 1) * n), i * k);
  const found = new QrDecomposition(toMatrix({ rows: m, columns: k, data: padded }));
  const r = new Float64Array(k * n);
  const upper = found.upperTriangularMatrix;
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) r[i * n + j] = upper.get(i, j);
  return { q: readMatrix(found.orthogonalMatrix), r };
}

export interface Svd {
  /** [m, k] with k = min(m, n), or [m, m] where `full`. */
  readonly u: Float64Array;
  /** Falling. */
  readonly s: Float64Array;
  /** [k, n], or [n, n] where `full`. */
  readonly vh: Float64Array;
}

/**
 * Turns column `j` of `v` [n, k] over if its largest component is negative (the first of several). The iterations leave
 * signs that jump when a matrix hardly changes; these do not. Returns whether it turned.
 */
function orient(v: Float64Array, n: number, k: number, j: number): boolean {
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(v[i * k + j]));
  let lead = 0;
  while (Math.abs(v[lead * k + j]) < largest * (1 - 1e-6)) lead++;
  if (v[lead * k + j] >= 0) return false;
  for (let i = 0; i < n; i++) v[i * k + j] *= -1;
  return true;
}

/** The columns of `u` [m, k] and m − k more, orthonormal all. */
function completed(u: Float64Array, m: number, k: number): Float64Array {
  if (k === m) return u;
  const { q } = qrOf({ rows: m, columns: k, data: u }, true);
  for (let i = 0; i < m; i++) q.set(u.subarray(i * k, (i + 1) * k), i * m);
  return q;
}

/** U·diag(s)·Vᵀ of a matrix of finite values. */
export function svdOf(a: Dense, full: boolean): Svd {
  const { rows: m, columns: n } = a;
  if (m < n) {
    const { u, s, vh } = svdOf({ rows: n, columns: m, data: transposed(a) }, full);
    const right = full ? n : m;
    return {
      u: transposed({ rows: m, columns: m, data: vh }),
      s,
      vh: transposed({ rows: n, columns: right, data: u }),
    };
  }
  if (n === 0) return { u: identity(m, full ? m : 0), s: new Float64Array(0), vh: new Float64Array(0) };
  const factor = balancingFactor(a.data);
  const found = new SingularValueDecomposition(toMatrix(a, factor));
  const u = readMatrix(found.leftSingularVectors, n);
  const s = Float64Array.from(found.diagonal, (value) => value / factor);
  const vh = readMatrix(found.rightSingularVectors.transpose());
  for (let j = 0; j < n; j++) if (orient(u, m, n, j)) for (let i = 0; i < n; i++) vh[j * n + i] *= -1;
  return { u: full ? completed(u, m, n) : u, s, vh };
}

/** Eigenvalues, rising, and orthonormal eigenvectors in columns, of a symmetric matrix of finite values. */
export function eighOf(a: Dense): { w: Float64Array; v: Float64Array } {
  if (a.rows === 0) return { w: new Float64Array(0), v: new Float64Array(0) };
  const factor = balancingFactor(a.data);
  const found = new EigenvalueDecomposition(toMatrix(a, factor), { assumeSymmetric: true });
  const v = readMatrix(found.eigenvectorMatrix);
  for (let j = 0; j < a.rows; j++) orient(v, a.rows, a.rows, j);
  return { w: Float64Array.from(found.realEigenvalues, (value) => value / factor), v };
}

/** Eigenvalues re + i·im; of a pair the column of the first holds the real part of its vector, the next the imaginary. */
export interface Spectrum {
  readonly re: Float64Array;
  readonly im: Float64Array;
  readonly v: Float64Array;
}

class ReadsExhausted extends Error {}

/**
 * Ends a decomposition that reads its matrices more than `limit` times. The QR iteration of ml-matrix counts no steps
 * and turns forever on some matrices of small integers; every element it looks at passes through `get`, and there is
 * no other way into its loop. One that converges takes 15 to 30n³ reads, a few small ones up to 350n³; to be ended by
 * mistake costs another try.
 */
function withReadLimit<T>(limit: number, run: () => T): T | null {
  const prototype = Matrix.prototype as unknown as {
    get: (this: { data: Float64Array[] }, i: number, j: number) => number;
  };
  const { get } = prototype;
  let left = limit;
  prototype.get = function limited(i, j) {
    if (--left < 0) throw new ReadsExhausted();
    return get.call(this as never, i, j);
  };
  try {
    return run();
  } catch (error) {
    if (error instanceof ReadsExhausted) return null;
    throw error;
  } finally {
    prototype.get = get;
  }
}

/** H·a·H with the reflection H = 1 − 2·u·uᵀ. */
function reflected(a: Matrix, u: Matrix): Matrix {
  const reflection = Matrix.eye(a.rows).sub(u.mmul(u.transpose()).mul(2));
  return reflection.mmul(a).mmul(reflection);
}

/** Turns that are tried on a matrix whose iteration did not converge as it stands. */
const TURNS = 6;

/** Eigenvalues and eigenvectors of a square matrix of finite values; null if the iteration does not converge. */
export function eigOf(a: Dense): Spectrum | null {
  const n = a.rows;
  if (n === 0) return { re: new Float64Array(0), im: new Float64Array(0), v: new Float64Array(0) };
  const factor = balancingFactor(a.data);
  const matrix = toMatrix(a, factor);
  for (let turn = 0; turn <= TURNS; turn++) {
    // Seen from another side a matrix has the same eigenvalues, and lacks the zeros on which the iteration hangs.
    const u = Matrix.columnVector(Array.from({ length: n }, (_, i) => Math.sin((turn + 1) * (i + 1))));
    const unit = u.div(u.norm());
    const seen = turn === 0 ? matrix : reflected(matrix, unit);
    const found = withReadLimit(100 * n ** 3 + 50_000, () => new EigenvalueDecomposition(seen));
    if (found === null) continue;
    const vectors = found.eigenvectorMatrix;
    const v = turn === 0 ? vectors : vectors.clone().sub(unit.mmul(unit.transpose().mmul(vectors)).mul(2));
    const columns = readMatrix(v);
    // Where an eigenvalue comes many times, the divisions that give the vectors may overflow.
    if (!columns.every(Number.isFinite)) continue;
    return {
      re: Float64Array.from(found.realEigenvalues, (value) => value / factor),
      im: Float64Array.from(found.imaginaryEigenvalues, (value) => value / factor),
      v: columns,
    };
  }
  return null;
}
