/** PyTorch's names of linear algebra, with every option of theirs that the library's counterpart has a meaning for. */

import * as linalg from '../../src/linalg/index.ts';
import * as ops from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';
import type { Callable, Value } from './python.ts';
import { orDefault, row } from './torch-rows.ts';

/** What `torch.linalg` is to the expressions. */
export class Linalg {}

/** Results with names, which Python reads by name and by place. */
function named(result: Readonly<Record<string, Tensor>>): Value {
  return Object.assign(Object.values(result), result);
}

type Tolerance = number | Tensor | null;

const cholesky = row('input upper', (x: Tensor, upper?: boolean) => linalg.cholesky(x, { upper }));
const det = row('A', linalg.det);
const inv = row('A', linalg.inv);
const matrixExp = row('A', linalg.matrixExp);
const matrixPower = row('A n', linalg.matrixPower);
const multiDot = row('tensors', linalg.multiDot);
const pinv = row(
  'input rcond hermitian atol rtol',
  (x: Tensor, rcond?: Tolerance, hermitian?: boolean, atol?: Tolerance, rtol?: Tolerance) =>
    linalg.pinv(x, { hermitian, atol: orDefault(atol), rtol: orDefault(rtol ?? rcond) }),
);
const qr = (x: Tensor, mode?: linalg.QrMode): Value => {
  const { q: Q, r: R } = linalg.qr(x, { mode });
  return named({ Q, R });
};
const rank = row(
  'input tol hermitian atol rtol',
  (x: Tensor, tol?: Tolerance, hermitian?: boolean, atol?: Tolerance, rtol?: Tolerance) =>
    linalg.matrixRank(x, { hermitian, atol: orDefault(atol ?? tol), rtol: tol == null ? orDefault(rtol) : 0 }),
);
const slogdet = row('A', (x: Tensor) => {
  const { sign, logabsdet } = linalg.slogdet(x);
  return named({ sign, logabsdet });
});

export const linalgFunctions: Record<string, Callable> = {
  cholesky,
  cholesky_solve: row('input input2 upper', (b: Tensor, factor: Tensor, upper?: boolean) =>
    linalg.choleskySolve(b, factor, { upper }),
  ),
  det,
  inverse: inv,
  logdet: row('input', linalg.logdet),
  matrix_exp: matrixExp,
  matrix_power: matrixPower,
  pinverse: pinv,
  qr: row('input some', (x: Tensor, some = true) => qr(x, some ? 'reduced' : 'complete')),
  slogdet,
  'linalg.cholesky': cholesky,
  'linalg.cond': row('A p', (x: Tensor, p?: linalg.MatrixOrder | null) => linalg.cond(x, { p })),
  'linalg.det': det,
  'linalg.eigh': row('A UPLO', (x: Tensor, uplo?: 'L' | 'U') => {
    const { eigenvalues, eigenvectors } = linalg.eigh(x, { uplo });
    return named({ eigenvalues, eigenvectors });
  }),
  'linalg.eigvalsh': row('A UPLO', (x: Tensor, uplo?: 'L' | 'U') => linalg.eigvalsh(x, { uplo })),
  'linalg.inv': inv,
  'linalg.lstsq': row(
    'A B rcond driver',
    (a: Tensor, b: Tensor, rcond?: number | null, driver?: linalg.LstsqDriver | null) => {
      const found = linalg.lstsq(a, b, { rcond: orDefault(rcond), driver: orDefault(driver) });
      const { solution, residuals, rank: rank_, singularValues } = found;
      return named({ solution, residuals, rank: rank_, singular_values: singularValues });
    },
  ),
  'linalg.lu': row('A pivot', (x: Tensor) => {
    const { p: P, l: L, u: U } = linalg.lu(x);
    return named({ P, L, U });
  }),
  'linalg.lu_factor': row('A pivot', (x: Tensor) => {
    const { lu: LU, pivots } = linalg.luFactor(x);
    return named({ LU, pivots });
  }),
  'linalg.lu_solve': row(
    'LU pivots B left adjoint',
    (lu: Tensor, pivots: Tensor, b: Tensor, left?: boolean, adjoint?: boolean) =>
      linalg.luSolve({ lu, pivots }, b, { left, adjoint }),
  ),
  'linalg.matmul': row('input other', ops.matmul),
  'linalg.matrix_exp': matrixExp,
  'linalg.matrix_norm': row(
    'A ord dim keepdim dtype',
    (x: Tensor, ord?: linalg.MatrixOrder, dim?: number[], keepdim?: boolean, dtype?: Tensor['dtype'] | null) =>
      linalg.matrixNorm(x, { ord, dim, keepdim, dtype: orDefault(dtype) }),
  ),
  'linalg.matrix_power': matrixPower,
  'linalg.matrix_rank': rank,
  'linalg.multi_dot': multiDot,
  'linalg.norm': row(
    'A ord dim keepdim dtype',
    (
      x: Tensor,
      ord?: number | 'fro' | 'nuc' | null,
      dim?: number | number[] | null,
      keepdim?: boolean,
      dtype?: Tensor['dtype'] | null,
    ) => linalg.norm(x, { ord, dim, keepdim, dtype: orDefault(dtype) }),
  ),
  'linalg.pinv': pinv,
  'linalg.qr': row('A mode', qr),
  'linalg.slogdet': slogdet,
  'linalg.solve': row('A B left', (a: Tensor, b: Tensor, left?: boolean) => linalg.solve(a, b, { left })),
  'linalg.solve_triangular': row(
    'A B upper left unitriangular',
    (a: Tensor, b: Tensor, upper: boolean, left?: boolean, unitriangular?: boolean) =>
      linalg.solveTriangular(a, b, { upper, left, unitriangular }),
  ),
  // The driver chooses between routines of one result.
  'linalg.svd': row('A full_matrices driver', (x: Tensor, fullMatrices?: boolean) => {
    const { u: U, s: S, vh: Vh } = linalg.svd(x, { fullMatrices });
    return named({ U, S, Vh });
  }),
  'linalg.svdvals': row('A driver', (x: Tensor) => linalg.svdvals(x)),
  'linalg.vector_norm': row(
    'x ord dim keepdim dtype',
    (x: Tensor, ord?: number, dim?: number | number[] | null, keepdim?: boolean, dtype?: Tensor['dtype'] | null) =>
      linalg.vectorNorm(x, { ord, dim, keepdim, dtype: orDefault(dtype) }),
  ),
};

/** Names of parts of results. */
export const linalgFields: readonly string[] = [
  ...[
    'L',
    'LU',
    'P',
    'Q',
    'R',
    'S',
    'U',
    'Vh',
    'eigenvalues',
    'eigenvectors',
    'logabsdet',
    'pivots',
    'rank',
    'residuals',
    'sign',
  ],
  ...['singular_values', 'solution'],
];
