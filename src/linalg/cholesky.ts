/** Cholesky factors of symmetric positive definite matrices, and the systems they solve. */

import { LinAlgError, ShapeError } from '../errors.ts';
import { checkSameDType, defineOp, type Op, registerOp, type Sampler } from '../ops/define.ts';
import { to } from '../ops/elementwise/cast.ts';
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

/**
 * X with A·X = B, out of the Cholesky factor of A.
 *
 * Shapes:   b [..., n, k], factor [..., n, n] → [..., n, k], batches broadcast
 * Gradient: through both triangular systems
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
  const t = to(whole, 'float64');
  const half = triangularSolve(op, t, to(rhs, 'float64'), { upper, unit: false, trans: upper });
  return to(triangularSolve(op, t, half, { upper, unit: false, trans: !upper }), b.dtype);
}

registerOp({
  name: 'choleskySolve',
  cases: [false, true].map((upper) => (s) => ({
    inputs: [s.normal([3, 2]), invertible(s, [2, 3, 3])],
    call: (b, a) => choleskySolve(b, a, { upper }),
  })),
});
