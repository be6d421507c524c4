/** Triangles, diagonals and symmetric parts of matrices, as differentiable operations. */

import type { DType } from '../core/dtype.ts';
import { add, mul } from '../ops/arithmetic.ts';
import { sum } from '../ops/broadcast.ts';
import { where } from '../ops/compare.ts';
import { defineOp } from '../ops/define.ts';
import { unsqueeze } from '../ops/movement.ts';
import { emptyTensor, type Tensor } from '../tensor.ts';
import { adjoint, batchSize, matrixAt, sizesOf } from './batch.ts';

function maskOf(rows: number, columns: number, dtype: DType, keep: (i: number, j: number) => boolean): Tensor {
  const mask = emptyTensor([rows, columns], dtype);
  for (let i = 0, at = 0; i < rows; i++) for (let j = 0; j < columns; j++) mask.data[at++] = keep(i, j) ? 1 : 0;
  return mask;
}

/** `x` where `keep` says so and 0 elsewhere, whatever stands there. */
export function masked(x: Tensor, keep: (i: number, j: number) => boolean): Tensor {
  return where(maskOf(...sizesOf(x), 'bool', keep), x, 0);
}

/** Half of the diagonal and all below it. */
export function lowerHalf(x: Tensor): Tensor {
  const weights = maskOf(...sizesOf(x), x.dtype, (i, j) => i >= j);
  const [rows, columns] = sizesOf(x);
  for (let i = 0; i < Math.min(rows, columns); i++) weights.data[i * columns + i] = 0.5;
  return mul(x, weights);
}

/** The diagonal of a square matrix. x [..., n, n] → y [..., n] */
export function diagonalOf(x: Tensor): Tensor {
  return sum(
    masked(x, (i, j) => i === j),
    -1,
  );
}

/** The matrix with this diagonal. x [..., n] → y [..., n, n] */
export function diagonalMatrix(x: Tensor): Tensor {
  const n = x.shape[x.rank - 1];
  return where(
    maskOf(n, n, 'bool', (i, j) => i === j),
    unsqueeze(x, -1),
    0,
  );
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
