/** Parts of matrices that the gradients here are written in. */

import { defineOp } from '../ops/define.ts';
import { add, mul } from '../ops/elementwise/arithmetic.ts';
import { diagonal, tril, triu } from '../ops/movement/diagonal.ts';
import { emptyTensor, type Tensor } from '../tensor.ts';
import { adjoint, batchSize, matrixAt } from './batch.ts';

/** Half of the diagonal and all below it. */
export function lowerHalf(x: Tensor): Tensor {
  return mul(add(tril(x), tril(x, -1)), 0.5);
}

/** All but the diagonal. */
export function offDiagonal(x: Tensor): Tensor {
  return add(tril(x, -1), triu(x, 1));
}

/** The diagonals of the matrices. x [..., n, n] → y [..., n] */
export function diagonals(x: Tensor): Tensor {
  return diagonal(x, { axis1: -2, axis2: -1 });
}

/** (x + xᵀ)/2 */
export function symmetricPart(x: Tensor): Tensor {
  return mul(add(x, adjoint(x)), 0.5);
}

export type Uplo = 'L' | 'U';

const fromTriangleOp = defineOp<Uplo>({
  name: 'fromTriangle',
  forward(_, [x], uplo) {
    const y = emptyTensor(x!.shape, x!.dtype);
    for (let b = 0; b < batchSize(x!); b++) {
      const { rows: n, data } = matrixAt(x!, b);
      const into = matrixAt(y, b).data;
      for (let i = 0; i < n; i++) {
        for (let j = 0; j <= i; j++) into[i * n + j] = into[j * n + i] = data[uplo === 'L' ? i * n + j : j * n + i];
      }
    }
    return y;
  },
  backward: (_, [dy]) => [symmetricPart(dy!)],
  // The gradient is that of a symmetric input, so the input of a case is one.
  cases: (['L', 'U'] as const).map((uplo) => (s) => ({
    inputs: [s.normal([2, 3, 3])],
    call: (x) => fromTriangle(symmetricPart(x), uplo),
  })),
});

/** The symmetric matrix of which one triangle is given; its gradient is shared by both, as if both were. */
export function fromTriangle(x: Tensor, uplo: Uplo): Tensor {
  return fromTriangleOp.run([x], uplo);
}
