/** Powers and the exponential of matrices. */

import { ConfigError } from '../errors.ts';
import { defineOp, type Op, registerOp, type Sampler } from '../ops/define.ts';
import { cat } from '../ops/movement/join.ts';
import { slice } from '../ops/movement/movement.ts';
import { matmul } from '../ops/product/matmul.ts';
import { filled } from '../ops/reduction/broadcast.ts';
import { emptyTensor, type Tensor } from '../tensor.ts';
import { adjoint, batchSize, checkSquare, inDouble, matrixAt, sizesOf } from './batch.ts';
import { exponential } from './exponential.ts';
import { identity } from './factor.ts';
import { invertible } from './sample.ts';
import { inverse } from './solve.ts';

function one(shape: readonly number[]): Tensor {
  const y = emptyTensor(shape, 'float64');
  const n = shape[shape.length - 1];
  for (let b = 0; b < batchSize(y); b++) matrixAt(y, b).data.set(identity(n));
  return y;
}

/**
 * xⁿ: of the inverse for a negative n, 1 for n = 0.
 *
 * Shapes:   x [..., n, n] → y [..., n, n]
 * Gradient: through the products
 * @throws ConfigError  if `n` is not an integer
 * @throws LinAlgError  if `n` is negative and a matrix singular
 * @throws ShapeError   if the matrices are not square
 */
export function matrixPower(x: Tensor, n: number): Tensor {
  const op = 'matrixPower';
  checkSquare(op, x);
  if (!Number.isSafeInteger(n)) throw new ConfigError({ op, problem: 'the exponent is an integer', got: n });
  return inDouble(x, (a) => {
    if (n === 0) return one(a.shape);
    let factor = n < 0 ? inverse(op, a) : a;
    let power: Tensor | null = null;
    for (let rest = Math.abs(n); rest > 0; rest = Math.floor(rest / 2)) {
      if (rest % 2 === 1) power = power === null ? factor : matmul(power, factor);
      if (rest > 1) factor = matmul(factor, factor);
    }
    return power!;
  });
}

registerOp({
  name: 'matrixPower',
  cases: [1, 2, 3, 6, -1, -3].map((n) => (s) => ({
    inputs: [invertible(s, n === 3 ? [2, 2, 2] : [3, 3])],
    call: (x) => matrixPower(x, n),
  })),
});

const matrixExpOp: Op<undefined> = defineOp({
  name: 'matrixExp',
  forward(node, [x]) {
    const y = emptyTensor(x!.shape, 'float64');
    for (let b = 0; b < batchSize(x!); b++) matrixAt(y, b).data.set(exponential(matrixAt(x!, b)));
    node.save(x);
    return y;
  },
  // The derivative in the direction dy is the upper right block of the exponential of [[xᵀ, dy], [0, xᵀ]].
  backward(node, [dy]) {
    const xt = adjoint(node.saved()[0]!);
    const n = sizesOf(xt)[0];
    const block = cat([cat([xt, dy!], -1), cat([filled(xt.shape, 0, 'float64'), xt], -1)], -2);
    return [slice(slice(matrixExpOp.run([block], undefined), -2, 0, n), -1, n)];
  },
  cases: [
    [3, 3],
    [2, 2, 2],
    [1, 1],
    [0, 0],
  ].map((shape) => (s: Sampler) => ({
    inputs: [s.normal(shape)],
    call: (x: Tensor) => matrixExp(x),
  })),
});

/**
 * The exponential of matrices, Σ xᵏ/k!, by scaling and squaring.
 *
 * Shapes:   x [..., n, n] → y [..., n, n]
 * Gradient: the Fréchet derivative at xᵀ in the direction dy
 * @throws ShapeError  if the matrices are not square
 */
export function matrixExp(x: Tensor): Tensor {
  checkSquare('matrixExp', x);
  return inDouble(x, (a) => matrixExpOp.run([a], undefined));
}
