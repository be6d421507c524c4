/** Q·R by Householder reflections. */

import { AutogradError, ConfigError } from '../errors.ts';
import { defineOp, type Op, type Sampler } from '../ops/define.ts';
import { add, sub } from '../ops/elementwise/arithmetic.ts';
import { to } from '../ops/elementwise/cast.ts';
import { cat } from '../ops/movement/join.ts';
import { slice } from '../ops/movement/movement.ts';
import { matmul } from '../ops/product/matmul.ts';
import { filled } from '../ops/reduction/broadcast.ts';
import { emptyTensor, type Tensor } from '../tensor.ts';
import { adjoint, batchShape, batchSize, checkMatrices, matrixAt, sizesOf } from './batch.ts';
import { qrOf } from './factor.ts';
import { spread } from './sample.ts';
import { triangularSolve } from './solve.ts';
import { lowerHalf } from './triangle.ts';

/** Of a matrix with at least as many rows as columns; all m columns of Q if `complete`. */
const qrOp: Op<boolean> = defineOp<boolean>({
  name: 'qr',
  forward(node, [x], complete) {
    const [m, n] = sizesOf(x!);
    const k = complete ? m : n;
    const batch = batchShape(x!);
    const [q, r] = [emptyTensor([...batch, m, k], 'float64'), emptyTensor([...batch, k, n], 'float64')];
    for (let b = 0; b < batchSize(x!); b++) {
      const found = qrOf(matrixAt(x!, b), complete);
      matrixAt(q, b).data.set(found.q);
      matrixAt(r, b).data.set(found.r);
    }
    node.save(q, r);
    return [q, r];
  },
  // (dQ + Q·sym(M))·R⁻ᵀ with M = R·dRᵀ − dQᵀ·Q, its lower triangle mirrored.
  backward(node, [dq, dr]) {
    const [q, r] = node.saved() as Tensor[];
    if (q.shape[q.rank - 1] !== r.shape[r.rank - 1]) {
      throw new AutogradError({
        op: 'qr',
        problem: 'the columns that complete Q are not unique and have no gradient',
        hint: "use mode 'reduced'",
      });
    }
    const fromR = dr === null ? filled(r.shape, 0, 'float64') : matmul(r, dr, { transB: true });
    const m = dq === null ? fromR : sub(fromR, matmul(dq, q, { transA: true }));
    const half = lowerHalf(m);
    const along = matmul(q, add(half, adjoint(half)));
    const whole = dq === null ? along : add(dq, along);
    return [adjoint(triangularSolve('qr', r, adjoint(whole), { upper: true, unit: false, trans: false }))];
  },
  cases: [
    [3, 3],
    [4, 2],
    [2, 3, 2],
    [2, 4],
    [2, 2, 3],
    [3, 0],
    [0, 3],
  ].flatMap((shape) => {
    const parts = [(x: Tensor) => Object.values(qr(x)), (x: Tensor) => qr(x).q, (x: Tensor) => qr(x).r];
    return parts.map((call) => (s: Sampler) => ({ inputs: [spread(s, shape)], call }));
  }),
});

export type QrMode = 'reduced' | 'complete' | 'r';

export interface QrResult {
  readonly q: Tensor;
  readonly r: Tensor;
}

/**
 * Q with orthonormal columns and R upper triangular, Q·R = x. The signs of R's diagonal are those the reflections leave.
 *
 * Shapes:   x [..., m, n] → q [..., m, k], r [..., k, n]; k is min(m, n), or m where the mode is `complete`; in mode `r`
 *           q is empty
 * Gradient: both, where the first min(m, n) columns of x are independent; none in mode `r`, and none for a complete Q
 *           with more columns than x (Source: Walter and Lehmann, Algorithmic differentiation of linear algebra
 *           functions, arXiv 1001.1654)
 * @throws ConfigError    for another mode
 * @throws LinAlgError    from backward, where those columns are not independent
 * @throws AutogradError  from backward, for the columns that complete Q
 */
export function qr(x: Tensor, { mode = 'reduced' }: { mode?: QrMode } = {}): QrResult {
  checkMatrices('qr', x);
  if (mode !== 'reduced' && mode !== 'complete' && mode !== 'r') {
    throw new ConfigError({ op: 'qr', problem: 'unknown mode', got: mode, expected: 'reduced | complete | r' });
  }
  if (mode === 'r') return { q: filled([0], 0, x.dtype), r: qr(x.detach()).r };
  const [m, n] = sizesOf(x);
  const a = to(x, 'float64');
  if (m >= n) {
    const [q, r] = qrOp.runAll([a], mode === 'complete' && m > n);
    return { q: to(q, x.dtype), r: to(r, x.dtype) };
  }
  // The square part in front has all of Q; the columns behind it are seen through Qᵀ.
  const [q, r] = qrOp.runAll([slice(a, -1, 0, m)], false);
  const whole = cat([r, matmul(q, slice(a, -1, m), { transA: true })], -1);
  return { q: to(q, x.dtype), r: to(whole, x.dtype) };
}
