/** Gradients of every function over random shapes, batches among them, against central differences in float64. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backward, enableGrad, grad } from '../../src/autograd/index.ts';
import { AutogradError, LinAlgError } from '../../src/errors.ts';
import * as linalg from '../../src/linalg/index.ts';
import { gradcheckError, gradgradcheck, matmul, mul, sum, tensor, transpose, tril } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';
import { sampler } from '../support/sampler.ts';

type Build = (x: Tensor, b: Tensor) => Tensor | readonly Tensor[];

const values = (result: object): Tensor[] => Object.values(result);
const symmetric = (x: Tensor): Tensor => mul(x.add(transpose(x, -2, -1)), 0.5);

/** Functions of square matrices, and of any. */
const square: Record<string, Build> = {
  cholesky: (x) => linalg.cholesky(symmetric(x)),
  choleskySolve: (x, b) => linalg.choleskySolve(b, tril(x)),
  cond: (x) => linalg.cond(x, { p: 1 }),
  det: (x) => linalg.det(x),
  eigh: (x) => values(linalg.eigh(symmetric(x))),
  eigvalsh: (x) => linalg.eigvalsh(symmetric(x)),
  inv: (x) => linalg.inv(x),
  logdet: (x) => linalg.logdet(x),
  luSolve: (x, b) => linalg.luSolve(linalg.luFactor(x), b),
  matrixExp: (x) => linalg.matrixExp(mul(x, 0.1)),
  matrixPower: (x) => [linalg.matrixPower(x, 3), linalg.matrixPower(x, -2)],
  slogdet: (x) => linalg.slogdet(x).logabsdet,
  solve: (x, b) => linalg.solve(x, b),
  solveTriangular: (x, b) => [true, false].map((upper) => linalg.solveTriangular(x, b, { upper })),
};
const general: Record<string, Build> = {
  lstsq: (x, b) => linalg.lstsq(x, b).solution,
  lu: (x) => values(linalg.lu(x)).slice(1),
  nuclear: (x) => linalg.matrixNorm(x, { ord: 'nuc' }),
  pinv: (x) => linalg.pinv(x),
  qr: (x) => values(linalg.qr(x)),
  spectral: (x) => linalg.matrixNorm(x, { ord: 2, keepdim: true }),
  svd: (x) => values(linalg.svd(x, { fullMatrices: false })),
  svdvals: (x) => linalg.svdvals(x),
  vectorNorm: (x) => linalg.vectorNorm(x, { ord: 3, dim: -2 }),
};

/** Diagonally dominant with rising steps: invertible, positive definite where symmetric, singular values apart. */
function inputs(batch: readonly number[], m: number, n: number, seed: number): [Tensor, Tensor] {
  const s = sampler('gradients', seed, 'float64');
  const x = s.uniform([...batch, m, n], -0.7, 0.7);
  for (let i = 0; i < x.size; i++) {
    const [row, column] = [Math.floor(i / n) % m, i % n];
    if (row === column) x.data[i] += 2.5 * (row + 1) + 1;
  }
  return [x.requiresGrad_(), s.normal([...batch, m, 2]).requiresGrad_()];
}

const batch = fc.constantFrom([], [2], [1, 2], [0]);
const size = fc.integer({ min: 1, max: 4 });
const seed = fc.integer({ min: 0, max: 1e6 });

function prove(build: Build, shapes: fc.Arbitrary<readonly [number, number]>): void {
  fc.assert(
    fc.property(batch, shapes, seed, (axes, [m, n], k) => {
      expect(gradcheckError(build, inputs(axes, m, n, k))).toBeLessThanOrEqual(1);
    }),
    { numRuns: 15 },
  );
  expect(gradgradcheck(build, inputs([2], 2, 2, 1))).toBe(true);
}

describe('square', () => {
  test.each(Object.entries(square))('%s', (_, build) => {
    prove(
      build,
      size.map((n) => [n, n] as const),
    );
  });
});

describe('wide and tall', () => {
  test.each(Object.entries(general))('%s', (_, build) => prove(build, fc.tuple(size, size)));
});

test('third derivatives: of det, inv, the solution of a system and an exponential', () => {
  for (const name of ['det', 'inv', 'solve', 'matrixExp']) {
    // The gradient is a function in its turn, whose second derivatives are checked.
    const gradient = (x: Tensor, b: Tensor): readonly Tensor[] => {
      const y = sum(square[name](x, b) as Tensor);
      return enableGrad(() => grad(y, [x], { createGraph: true })) as Tensor[];
    };
    expect(gradgradcheck((x, b) => enableGrad(() => gradient(x, b)), inputs([], 2, 2, 3))).toBe(true);
  }
});

describe('where a gradient is not what it seems', () => {
  const at = (rows: number[][]): Tensor => tensor(rows, { dtype: 'float64', requiresGrad: true });
  const gradientOf = (x: Tensor, y: Tensor): number[] => {
    backward(y);
    return [...x.grad!.data];
  };

  test('det of a singular matrix has its cofactors, and they have their derivatives', () => {
    const x = at([
      [1, 2],
      [2, 4],
    ]);
    expect(gradientOf(x, linalg.det(x)).map((g) => Math.round(g * 1e12) / 1e12)).toEqual([4, -2, -2, 1]);
    const zero = at([
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(gradientOf(zero, linalg.det(zero))).toEqual(new Array(9).fill(0));
    const deficient = at([
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ]);
    expect(gradcheckError(linalg.det, [deficient])).toBeLessThanOrEqual(1);
    expect(gradgradcheck(linalg.det, [deficient])).toBe(true);
  });

  test('choleskySolve has PyTorch’s for the whole factor, also beside the triangle that is read', () => {
    const gradients = (upper: boolean): number[] => {
      const factor = at([
        [2, 7],
        [1, 4],
      ]);
      return gradientOf(
        factor,
        sum(linalg.choleskySolve(tensor([[8], [16]], { dtype: 'float64' }), factor, { upper })),
      );
    };
    expect(gradients(false)).toEqual([-1.75, -6.23828125, -0.5, -1.7734375]);
    expect(gradients(true)).toEqual([-5.5, 1, -2.08984375, 0.3828125]);
  });

  test('values of equal eigenvalues have one, their vectors an error that says so', () => {
    const x = at([
      [2, 0],
      [0, 2],
    ]);
    expect(gradientOf(x, sum(linalg.eigvalsh(x)))).toEqual([1, 0, 0, 1]);
    const y = at([
      [2, 0],
      [0, 2],
    ]);
    expect(() => backward(sum(linalg.eigh(y).eigenvectors))).toThrow(
      /^eigh: the eigenvalues 0 and 1 are equal, and their vectors have no gradient/,
    );
    const s = at([
      [3, 0],
      [0, 3],
    ]);
    expect(gradientOf(s, sum(linalg.svdvals(s)))).toEqual([1, 0, 0, 1]);
    expect(() => backward(sum(linalg.svd(s).u))).toThrow(LinAlgError);
  });

  test('a vector beside equal ones that are not used keeps its own', () => {
    const x = at([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 5],
    ]);
    const last = linalg.eigh(x).eigenvectors.select(1, 2);
    expect(gradientOf(x, sum(last)).map(Math.abs)).toEqual([0, 0, 0.125, 0, 0, 0.125, 0.125, 0.125, 0]);
  });

  test('vectors that complete a basis have none', () => {
    const x = at([
      [1, 2],
      [3, 4],
      [5, 7],
    ]);
    expect(() => backward(sum(linalg.svd(x).u))).toThrow(AutogradError);
    expect(() => backward(sum(linalg.qr(x, { mode: 'complete' }).q))).toThrow(/mode 'reduced'/);
    expect(linalg.qr(x, { mode: 'r' }).r.requiresGrad).toBe(false);
  });

  test('defective matrices and functions of a phase have none', () => {
    const x = at([
      [1, 1],
      [0, 1],
    ]);
    expect(() => backward(sum(linalg.eigvals(x).re))).toThrow(/^eigvals: the matrix is defective/);
    const turn = at([
      [0, -1],
      [1, 0.5],
    ]);
    expect(() => backward(sum(linalg.eig(turn).eigenvectors.im))).toThrow(/phase of a complex eigenvector/);
    expect(gradcheckError((y) => values(linalg.eigvals(y)), [turn])).toBeLessThanOrEqual(1);
  });

  test('slogdet of a singular matrix has none, a norm of zeros has 0', () => {
    const x = at([
      [1, 2],
      [2, 4],
    ]);
    expect(() => backward(linalg.slogdet(x).logabsdet)).toThrow(/^slogdet: the matrix is singular/);
    for (const ord of [2, 3, 1.5]) {
      const zero = at([[0, 0]]);
      expect(gradientOf(zero, linalg.vectorNorm(zero, { ord }))).toEqual([0, 0]);
    }
  });

  test('float32 gradients are those of float64, rounded', () => {
    const rows = [
      [2, 1],
      [0.5, 3],
    ];
    const single = tensor(rows, { requiresGrad: true });
    const double = at(rows);
    backward(sum(matmul(linalg.inv(single), linalg.inv(single))));
    backward(sum(matmul(linalg.inv(double), linalg.inv(double))));
    for (const [i, g] of single.grad!.data.entries()) expect(g).toBeCloseTo(double.grad!.data[i], 6);
  });
});
