/** Cholesky factors of symmetric positive definite matrices, and the systems they solve. */

import { LinAlgError, ShapeError } from '../errors.ts';
import { checkSameDType, defineOp, type Op, type Sampler } from '../ops/define.ts';
import { add } from '../ops/elementwise/arithmetic.ts';
import { to } from '../ops/elementwise/cast.ts';
import { neg } from '../ops/elementwise/unary.ts';
import { tril, triu } from '../ops/movement/diagonal.ts';
import { matmul } from '../ops/product/matmul.ts';
import { emptyTensor, type Tensor } from '../tensor.ts';
import {
  adjoint,
  batchSize,
  broadcastBatches,
  checkFinite,
  checkMatrices,
  checkSquare,
  inDouble,
  matrixAt,
  placeInBatch,
  sizesOf,
} from './batch.ts';
import { choleskyOf } from './factor.ts';
import { invertible } from './sample.ts';
import { triangularSolve } from './solve.ts';
import { fromTriangle, lowerHalf, symmetricPart } from './triangle.ts';

/** Of a symmetric matrix; L. */
const choleskyOp: Op<undefined> = defineOp({
  name: 'cholesky',
  forward(node, [x]) {
    checkFinite('cholesky', x!);
    const y = emptyTensor(x!.shape, 'float64');
    for (let b = 0; b < batchSize(x!); b++) {
      const { factor, failed } = choleskyOf(matrixAt(x!, b));
      if (failed > 0) {
        throw new LinAlgError({
          op: 'cholesky',
          problem: 'the matrix is not positive definite',
          got: `a leading minor of order ${failed} that is not positive`,
          hint: placeInBatch(x!, b),
          code: 'ERR_NOT_POSITIVE_DEFINITE',
        });
      }
      matrixAt(y, b).data.set(factor);
    }
    node.save(y);
    return y;
  },
  // L⁻ᵀ·Φ(Lᵀ·dL)·L⁻¹, where Φ takes the lower triangle with half the diagonal.
  backward(node, [dy]) {
    const l = node.saved()[0]!;
    const lower = { upper: false, unit: false, trans: true };
    const left = triangularSolve('cholesky', l, lowerHalf(matmul(l, dy!, { transA: true })), lower);
    return [symmetricPart(triangularSolve('cholesky', l, adjoint(left), lower))];
  },
  // The gradient is that of a symmetric input, so the input of a case is one.
  cases: [
    [3, 3],
    [2, 2, 2],
    [1, 1],
    [0, 0],
  ].flatMap((shape) =>
    [false, true].map((upper) => (s: Sampler) => ({
      inputs: [invertible(s, shape)],
      call: (x: Tensor) => cholesky(symmetricPart(x), { upper }),
    })),
  ),
});

export interface CholeskyOptions {
  /** Reads the upper triangle and gives Lᵀ. Default false. */
  upper?: boolean;
}

/**
 * L, lower triangular with a positive diagonal, with L·Lᵀ = x. Only the lower triangle of x is read.
 *
 * Shapes:   x [..., n, n] → y [..., n, n]
 * Gradient: dx = L⁻ᵀ·Φ(Lᵀ·dL)·L⁻¹, made symmetric (Source: Murray, Differentiation of the Cholesky decomposition, arXiv
 *           1602.07527)
 * @throws LinAlgError  if a matrix is not positive definite (the message names the leading minor), or a value that is
 *                      read not finite
 * @throws ShapeError   if the matrices are not square
 */
export function cholesky(x: Tensor, { upper = false }: CholeskyOptions = {}): Tensor {
  checkSquare('cholesky', x);
  return inDouble(x, (a) => {
    const l = choleskyOp.run([fromTriangle(a, upper ? 'U' : 'L')], undefined);
    return upper ? adjoint(l) : l;
  });
}

/** b, factor → X, of float64 matrices of one batch; params: whether the factor is an upper one. */
const choleskySolveOp: Op<boolean> = defineOp<boolean>({
  name: 'choleskySolve',
  forward(node, [b, factor], upper) {
    const op = 'choleskySolve';
    const t = factor!.detach();
    const half = triangularSolve(op, t, b!.detach(), { upper, unit: false, trans: upper });
    const y = triangularSolve(op, t, half, { upper, unit: false, trans: !upper });
    node.save(node.needs(0) || node.needs(1) ? factor : null, node.needs(1) ? y : null);
    return y;
  },
  backward(node, [dy], upper) {
    const [factor, y] = node.saved();
    const db = choleskySolveOp.run([dy, factor], upper);
    if (!node.needs(1)) return [db, null];
    const da = matmul(db, y!, { transB: true });
    const both = neg(add(da, adjoint(da)));
    return [db, upper ? matmul(factor!, both) : matmul(both, factor!)];
  },
  // The gradient is that of every element of a triangular factor, so the factor of a case is one.
  cases: [false, true].map((upper) => (s: Sampler) => ({
    inputs: [s.normal([3, 2]), invertible(s, [2, 3, 3])],
    call: (b: Tensor, a: Tensor) => choleskySolve(b, upper ? triu(a) : tril(a), { upper }),
  })),
});

/**
 * X with A·X = B, out of the Cholesky factor of A.
 *
 * Shapes:   b [..., n, k], factor [..., n, n] → [..., n, k], batches broadcast
 * Gradient: db = A⁻¹·dX; with S = db·Xᵀ the factor's is −(S + Sᵀ)·L, or −U·(S + Sᵀ), whole as in PyTorch and not its
 *           triangle alone
 * @throws LinAlgError  if there is a 0 on the diagonal of the factor
 * @throws ShapeError   if the shapes do not fit
 */
export function choleskySolve(b: Tensor, factor: Tensor, { upper = false }: CholeskyOptions = {}): Tensor {
  const op = 'choleskySolve';
  checkMatrices(op, b);
  checkSquare(op, factor);
  checkSameDType(op, b, factor);
  if (sizesOf(b)[0] !== sizesOf(factor)[0]) {
    throw new ShapeError({ op, problem: 'sizes differ', got: b.shape, expected: `[…, ${sizesOf(factor)[0]}, k]` });
  }
  const [rhs, whole] = broadcastBatches(op, b, factor);
  return to(choleskySolveOp.run([to(rhs, 'float64'), to(whole, 'float64')], upper), b.dtype);
}
