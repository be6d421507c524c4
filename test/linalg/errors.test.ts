/** What is refused, and in which words; what NaN and infinity do; matrices on which an iteration would never end. */

import { Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { ConfigError, DTypeError, type LanegradError, LinAlgError, ShapeError } from '../../src/errors.ts';
import * as linalg from '../../src/linalg/index.ts';
import { ones, tensor, zeros } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';
import { distance, rowsOf, times } from '../support/dense.ts';

const f64 = (values: number[] | number[][] | number[][][]): Tensor => tensor(values, { dtype: 'float64' });

function errorOf(call: () => unknown): LanegradError {
  try {
    call();
  } catch (error) {
    return error as LanegradError;
  }
  throw new Error('nothing was thrown');
}

const ofSquares: Record<string, (x: Tensor) => unknown> = {
  cholesky: linalg.cholesky,
  det: linalg.det,
  eig: linalg.eig,
  eigh: linalg.eigh,
  eigvals: linalg.eigvals,
  eigvalsh: linalg.eigvalsh,
  inv: linalg.inv,
  logdet: linalg.logdet,
  matrixExp: linalg.matrixExp,
  matrixPower: (x) => linalg.matrixPower(x, 2),
  slogdet: linalg.slogdet,
  solve: (x) => linalg.solve(x, x),
};
const ofAny: Record<string, (x: Tensor) => unknown> = {
  columnSpace: linalg.columnSpace,
  cond: linalg.cond,
  lstsq: (x) => linalg.lstsq(x, x),
  lu: linalg.lu,
  luFactor: linalg.luFactor,
  matrixNorm: linalg.matrixNorm,
  matrixRank: linalg.matrixRank,
  nullSpace: linalg.nullSpace,
  pinv: linalg.pinv,
  qr: linalg.qr,
  svd: linalg.svd,
  svdvals: linalg.svdvals,
};

describe.each(Object.entries({ ...ofSquares, ...ofAny }))('%s', (name, call) => {
  test('takes matrices of floats', () => {
    for (const [x, type] of [
      [ones([3]), ShapeError],
      [ones([]), ShapeError],
      [ones([2, 2], { dtype: 'int32' }), DTypeError],
    ] as const) {
      const error = errorOf(() => call(x));
      expect(error).toBeInstanceOf(type);
      expect(error.message.startsWith(`${name}: `)).toBe(true);
    }
    expect(errorOf(() => call([[1]] as never))).toBeInstanceOf(DTypeError);
  });

  test('takes no matrix at all, and one without elements', () => {
    expect(() => call(zeros([0, 3, 3]))).not.toThrow();
    expect(() => call(zeros([0, 0]))).not.toThrow();
  });
});

test.each(Object.entries(ofSquares))('%s takes square matrices', (name, call) => {
  const error = errorOf(() => call(ones([2, 3])));
  expect(error.message).toMatch(new RegExp(`^${name}: the matrices must be square: got \\[2, 3\\]`));
  expect(error).toBeInstanceOf(ShapeError);
});

test.each(Object.entries(ofAny))('%s takes wide and tall matrices without elements', (_, call) => {
  expect(() => call(zeros([0, 3]))).not.toThrow();
  expect(() => call(zeros([2, 3, 0]))).not.toThrow();
});

test('matrices without elements have the values of the definitions', () => {
  const none = zeros([0, 0]);
  expect(linalg.det(none).item()).toBe(1);
  expect(linalg.slogdet(none).logabsdet.item()).toBe(0);
  expect(linalg.cond(none).item()).toBe(0);
  expect(linalg.matrixRank(zeros([0, 3])).item()).toBe(0);
  expect(linalg.nullSpace(zeros([0, 3])).shape).toEqual([3, 3]);
  expect(linalg.columnSpace(zeros([3, 0])).shape).toEqual([3, 0]);
  expect(linalg.pinv(zeros([2, 0, 3])).shape).toEqual([2, 3, 0]);
  expect(linalg.lstsq(zeros([0, 2]), zeros([0, 1])).solution.toArray()).toEqual([[0], [0]]);
  expect(linalg.svd(zeros([2, 0])).u.toArray()).toEqual([
    [1, 0],
    [0, 1],
  ]);
  expect(linalg.matrixNorm(zeros([0, 3]), { ord: 'nuc' }).item()).toBe(0);
  expect(linalg.matrixNorm(zeros([0, 3]), { ord: 1 }).item()).toBe(0);
  expect(() => linalg.matrixNorm(zeros([0, 3]), { ord: 2 })).toThrow(ShapeError);
});

describe('singular, indefinite, deficient', () => {
  const batch = f64([
    [
      [1, 0],
      [0, 1],
    ],
    [
      [1, 2],
      [2, 4],
    ],
  ]);

  test('the matrix in the batch and the pivot are named', () => {
    const error = errorOf(() => linalg.inv(batch));
    expect(error).toBeInstanceOf(LinAlgError);
    expect(error.code).toBe('ERR_SINGULAR');
    expect(error.message).toBe('inv: the matrix is singular: got no pivot in column 1 (matrix [1] of the batch)');
  });

  test('a pivot of rounding errors counts as none, a small one does not', () => {
    const rounded = f64([
      [0.1, 0.2],
      [0.3, 0.6],
    ]);
    expect(() => linalg.inv(rounded)).toThrow(/singular/);
    expect(linalg.cond(rounded, { p: 1 }).item()).toBe(Infinity);
    const small = f64([
      [1, 0],
      [0, 2 ** -100],
    ]);
    expect(linalg.inv(small).toArray()).toEqual([
      [1, 0],
      [0, 2 ** 100],
    ]);
    expect(linalg.cond(small, { p: 1 }).item()).toBe(2 ** 100);
  });

  test('a factor with a 0 on its diagonal', () => {
    const t = f64([
      [1, 2],
      [0, 0],
    ]);
    expect(() => linalg.solveTriangular(t, ones([2, 1], { dtype: 'float64' }), { upper: true })).toThrow(
      'solveTriangular: the matrix is singular: got no pivot in column 1',
    );
    const unit = linalg.solveTriangular(t, f64([[3], [1]]), { upper: true, unitriangular: true });
    expect(unit.toArray()).toEqual([[1], [1]]);
  });

  test('the leading minor that is not positive', () => {
    const indefinite = f64([
      [4, 2, 0],
      [2, 1, 0],
      [0, 0, 1],
    ]);
    const error = errorOf(() => linalg.cholesky(indefinite));
    expect(error.code).toBe('ERR_NOT_POSITIVE_DEFINITE');
    expect(error.message).toMatch(/leading minor of order 2 that is not positive/);
  });

  test('only driver gels asks for full rank', () => {
    const a = f64([
      [1, 2],
      [2, 4],
      [3, 6],
    ]);
    const b = f64([[1], [2], [3]]);
    expect(errorOf(() => linalg.lstsq(a, b, { driver: 'gels' })).code).toBe('ERR_RANK');
    const { solution, rank } = linalg.lstsq(a, b);
    expect(rank.item()).toBe(1);
    expect(solution.data[0]).toBeCloseTo(0.2, 14);
    expect(solution.data[1]).toBeCloseTo(0.4, 14);
  });

  test('the bases of a batch are as wide as each other', () => {
    expect(errorOf(() => linalg.nullSpace(batch)).code).toBe('ERR_RANK');
  });
});

describe('NaN and infinity', () => {
  const bad = [NaN, Infinity, -Infinity].map((value) =>
    f64([
      [1, value],
      [2, 3],
    ]),
  );

  test('what iterates refuses them', () => {
    const iterating = ['eig', 'eigvals', 'columnSpace', 'lstsq', 'matrixRank', 'nullSpace', 'pinv', 'svd', 'svdvals'];
    for (const name of iterating) {
      for (const x of bad) {
        const error = errorOf(() => ({ ...ofSquares, ...ofAny })[name](x));
        expect([name, error.code]).toEqual([name, 'ERR_NON_FINITE']);
      }
    }
    expect(errorOf(() => linalg.eigh(f64([[NaN]]))).code).toBe('ERR_NON_FINITE');
    expect(errorOf(() => linalg.cholesky(f64([[NaN]]))).code).toBe('ERR_NON_FINITE');
  });

  test('through the rest NaN passes', () => {
    const [x] = bad;
    expect(linalg.det(x).item()).toBeNaN();
    expect([...linalg.inv(x).data].every(Number.isNaN)).toBe(true);
    expect([...linalg.matrixExp(x).data].every(Number.isNaN)).toBe(true);
    expect(linalg.matrixNorm(x).item()).toBeNaN();
    expect(linalg.vectorNorm(bad[1]).item()).toBe(Infinity);
  });
});

describe('options and shapes', () => {
  const x = f64([
    [2, 1],
    [1, 3],
  ]);

  test('unknown ones are named', () => {
    expect(() => linalg.qr(x, { mode: 'full' as never })).toThrow(ConfigError);
    expect(() => linalg.eigh(x, { uplo: 'X' as never })).toThrow(ConfigError);
    expect(() => linalg.lstsq(x, x, { driver: 'qr' as never })).toThrow(
      /^lstsq: unknown driver: got qr, expected gelsy/,
    );
    expect(() => linalg.matrixNorm(x, { ord: 3 })).toThrow(/^matrixNorm: no such norm of a matrix: got 3/);
    expect(() => linalg.cond(x, { p: 3 })).toThrow(/^cond: no such norm of a matrix: got 3/);
    expect(() => linalg.vectorNorm(x, { ord: NaN })).toThrow(ConfigError);
    expect(() => linalg.matrixPower(x, 1.5)).toThrow(ConfigError);
  });

  test('shapes that do not fit are both named', () => {
    const b = ones([3, 1], { dtype: 'float64' });
    const both = /\[2, 2\].*\[3, 1\]/;
    expect(() => linalg.solve(x, b)).toThrow(both);
    expect(() => linalg.solveTriangular(x, b, { upper: true })).toThrow(both);
    expect(() => linalg.lstsq(x, b)).toThrow(both);
    expect(() => linalg.choleskySolve(b, x)).toThrow(ShapeError);
    expect(() => linalg.luSolve(linalg.luFactor(x), b)).toThrow(ShapeError);
    expect(() => linalg.solve(ones([2, 2, 2]), ones([3, 2, 1]))).toThrow(/do not broadcast/);
    expect(() => linalg.matrixNorm(x, { dim: [0, 0] })).toThrow(ShapeError);
    expect(() => linalg.norm(ones([2, 2, 2]), { ord: 2 })).toThrow(ShapeError);
    expect(() => linalg.solve(x, ones([2]))).toThrow(DTypeError);
  });

  test("solve has PyTorch's rule for vectors", () => {
    const a = f64([
      [
        [2, 0],
        [0, 4],
      ],
      [
        [1, 0],
        [0, 1],
      ],
    ]);
    const b = f64([
      [2, 4],
      [6, 8],
    ]);
    expect(linalg.solve(a, b).toArray()).toEqual([
      [1, 1],
      [6, 8],
    ]);
    expect(linalg.solve(a, f64([2, 4])).toArray()).toEqual([
      [1, 1],
      [2, 4],
    ]);
    expect(linalg.solve(f64([[2]]), f64([[2, 4]])).toArray()).toEqual([[1, 2]]);
  });

  test('pivots that name no row', () => {
    const { lu } = linalg.luFactor(x);
    const error = errorOf(() => linalg.luSolve({ lu, pivots: tensor([1, 3], { dtype: 'int32' }) }, x));
    expect(error.code).toBe('ERR_INDEX');
  });
});

describe('matrices on which the iteration of ml-matrix turns forever', () => {
  test.each([
    [
      [
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 1],
        [0, 0, 0, 1, 0],
        [1, 1, 0, 0, 1],
        [1, 0, 1, 0, 1],
      ],
    ],
    [
      [
        [0, -1, 1, 0],
        [0, 1, 0, 0],
        [-1, -1, 0, 1],
        [0, 1, -1, 0],
      ],
    ],
    [
      [
        [2.3998563930162175e-8, 0, 0],
        [0, 0, 0.0010707319378154678],
        [22395646.990505204, 0, 0],
      ],
    ],
  ])('%j', (rows) => {
    const x = f64(rows);
    const { get } = Matrix.prototype;
    const { eigenvalues, eigenvectors } = linalg.eig(x);
    const [re, im] = [rowsOf(eigenvectors.re)[0], rowsOf(eigenvectors.im)[0]];
    const [w, v] = [[...eigenvalues.re.data], [...eigenvalues.im.data]];
    // The limit on its reads is for the length of the call.
    expect(Matrix.prototype.get).toBe(get);
    const n = rows.length;
    const size = Math.max(...rows.flat().map(Math.abs));
    const product = (a: number[][], b: number[][], sign: number) =>
      a.map((row, i) => row.map((value, j) => value * w[j] + sign * b[i][j] * v[j]));
    expect(distance(times(rows, re, n), product(re, im, -1))).toBeLessThan(1e-13 * n * size);
    expect(distance(times(rows, im, n), product(im, re, 1))).toBeLessThan(1e-13 * n * size);
  });
});
