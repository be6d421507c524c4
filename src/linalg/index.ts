/** Linear algebra: names and rules of torch.linalg, computed in float64 whatever the dtype. */

export { multiDot, trace } from '../ops/index.ts';
export { type CholeskyOptions, cholesky, choleskySolve } from './cholesky.ts';
export type { Complex } from './complex.ts';
export { cond } from './cond.ts';
export { det, logdet, type SlogdetResult, slogdet } from './det.ts';
export { type EigResult, eig, eigvals } from './eig.ts';
export { type EighOptions, type EighResult, eigh, eigvalsh } from './eigh.ts';
export { type LstsqDriver, type LstsqOptions, type LstsqResult, lstsq } from './lstsq.ts';
export { type LuFactorResult, type LuResult, type LuSolveOptions, lu, luFactor, luSolve } from './lu.ts';
export {
  type GeneralNormOptions,
  type MatrixNormOptions,
  type MatrixOrder,
  matrixNorm,
  type NormOptions,
  norm,
  type VectorNormOptions,
  vectorNorm,
} from './norm.ts';
export { matrixExp, matrixExp as expm, matrixPower } from './power.ts';
export {
  columnSpace,
  matrixRank,
  nullSpace,
  pinv,
  type RankOptions,
  type SpaceOptions,
  type Tolerances,
} from './pseudo.ts';
export { type QrMode, type QrResult, qr } from './qr.ts';
export { inv, type SolveOptions, type SolveTriangularOptions, solve, solveTriangular } from './solve.ts';
export { type SvdResult, svd, svdvals } from './svd.ts';
