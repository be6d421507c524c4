/** Least squares. */

import { noGrad } from '../autograd/mode.ts';
import { ConfigError, LinAlgError, ShapeError } from '../errors.ts';
import { checkSameDType, defineOp, type Op } from '../ops/define.ts';
import { mul, sub } from '../ops/elementwise/arithmetic.ts';
import { to } from '../ops/elementwise/cast.ts';
import { square } from '../ops/elementwise/unary.ts';
import { reshape, unsqueeze } from '../ops/movement/movement.ts';
import { matmul } from '../ops/product/matmul.ts';
import { filled, sum } from '../ops/reduction/broadcast.ts';
import type { Tensor } from '../tensor.ts';
import { adjoint, batchSize, broadcastBatches, checkMatrices, placeInBatch, sizesOf } from './batch.ts';
import { type Halves, inverseParts, pinvGradient, pseudoinverse, type Tolerances, tolerancesFor } from './pseudo.ts';
import { spread } from './sample.ts';

export type LstsqDriver = 'gelsy' | 'gelsd' | 'gelss' | 'gels';
const DRIVERS: readonly LstsqDriver[] = ['gelsy', 'gelsd', 'gelss', 'gels'];

interface LstsqParams {
  readonly parts: Halves;
  readonly tolerances: Required<Tolerances>;
}

const lstsqOp: Op<LstsqParams> = defineOp<LstsqParams>({
  name: 'lstsq',
  forward(node, [a, b], { parts: { u, inverse, v } }) {
    node.save(a, b);
    return noGrad(() => matmul(v, mul(adjoint(inverse), matmul(u, b!.detach(), { transA: true }))));
  },
  backward(node, [dx], { tolerances }) {
    const [a, b] = node.saved() as Tensor[];
    const p = pseudoinverse('lstsq', a, tolerances);
    return [
      node.needs(0) ? pinvGradient(a, p, matmul(dx!, b, { transB: true })) : null,
      matmul(p, dx!, { transA: true }),
    ];
  },
  cases: [
    (s) => ({ inputs: [spread(s, [4, 2]), s.normal([4, 3])], call: (a, b) => lstsq(a, b).solution }),
    (s) => ({ inputs: [spread(s, [2, 3, 4]), s.normal([2, 3])], call: (a, b) => lstsq(a, b).solution }),
    (s) => ({
      inputs: [spread(s, [2, 4, 3]), s.normal([1, 4, 2])],
      call: (a, b) => lstsq(a, b, { driver: 'gels' }).residuals,
    }),
    (s) => ({ inputs: [s.normal([0, 2]), s.normal([0, 1])], call: (a, b) => lstsq(a, b).solution }),
  ],
});

export interface LstsqOptions {
  /** Singular values up to this part of the largest count as 0. Default max(m, n)·ε of the dtype. */
  rcond?: number;
  /**
   * PyTorch's names. All go by singular values here; `gels` takes matrices of full rank only. Default `gelsy`.
   */
  driver?: LstsqDriver;
}

export interface LstsqResult {
  /** The X of least norm among those that make ‖A·X − B‖ least. */
  readonly solution: Tensor;
  /** The squares of the norms of the columns of A·X − B where m > n and every rank is n; else empty. */
  readonly residuals: Tensor;
  /** int32. */
  readonly rank: Tensor;
  readonly singularValues: Tensor;
}

/**
 * X that makes ‖A·X − B‖ least, and of several such the one of least norm.
 *
 * Shapes:   a [..., m, n], b [..., m, k] → solution [..., n, k], residuals [..., k], rank [...]; with one axis fewer than
 *           a, b is one vector for each matrix: b [..., m] → solution [..., n], residuals [..., 1]; batches broadcast
 * Gradient: solution and residuals, where the rank does not change
 * @throws LinAlgError  if a value of `a` is not finite; for driver `gels`, if a matrix is not of full rank
 * @throws ConfigError  for another driver
 * @throws ShapeError   if the shapes do not fit
 */
export function lstsq(a: Tensor, b: Tensor, { rcond, driver = 'gelsy' }: LstsqOptions = {}): LstsqResult {
  checkMatrices('lstsq', a);
  checkSameDType('lstsq', a, b);
  if (!DRIVERS.includes(driver)) {
    throw new ConfigError({ op: 'lstsq', problem: 'unknown driver', got: driver, expected: DRIVERS.join(' | ') });
  }
  const vector = b.rank === a.rank - 1;
  const columns = vector ? unsqueeze(b, -1) : b;
  if (columns.rank !== a.rank || sizesOf(columns)[0] !== sizesOf(a)[0]) {
    throw new ShapeError({
      op: 'lstsq',
      problem: `[${a.shape.join(', ')}] and [${b.shape.join(', ')}] do not fit A·X = B`,
    });
  }
  const [whole, rhs] = broadcastBatches('lstsq', to(a, 'float64'), to(columns, 'float64'));
  const tolerances = tolerancesFor(a, { rtol: rcond });
  const parts = inverseParts('lstsq', whole, tolerances);
  const rank = sum(to(parts.counted, 'int32'), -1);
  const x = lstsqOp.run([whole, rhs], { parts, tolerances });
  const [m, n] = sizesOf(a);
  const fullRank = checkRanks(whole, rank, driver);
  const residuals = m > n && fullRank ? sum(square(sub(matmul(whole, x), rhs)), -2) : null;
  return {
    solution: to(vector ? reshape(x, x.shape.slice(0, -1)) : x, a.dtype),
    residuals: residuals === null ? filled([0], 0, a.dtype) : to(residuals, a.dtype),
    rank,
    singularValues: to(parts.s, a.dtype),
  };
}

/** Whether all are of full rank. @throws LinAlgError if the driver needs that and it is not so */
function checkRanks(a: Tensor, rank: Tensor, driver: LstsqDriver): boolean {
  const full = Math.min(...sizesOf(a));
  for (let b = 0; b < batchSize(a); b++) {
    if (rank.data[b] === full) continue;
    if (driver !== 'gels') return false;
    throw new LinAlgError({
      op: 'lstsq',
      problem: 'the driver gels takes matrices of full rank',
      got: `rank ${rank.data[b]}`,
      expected: full,
      hint: placeInBatch(a, b) ?? 'gelsd takes any',
      code: 'ERR_RANK',
    });
  }
  return true;
}
