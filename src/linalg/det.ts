/** Determinants, by LU. */

import { isGradEnabled } from '../autograd/mode.ts';
import { defineOp, type Op, registerOp } from '../ops/define.ts';
import { add, mul } from '../ops/elementwise/arithmetic.ts';
import { to } from '../ops/elementwise/cast.ts';
import { log } from '../ops/elementwise/unary.ts';
import { indexSelect } from '../ops/indexing/index-axis.ts';
import { stack } from '../ops/movement/join.ts';
import { reshape, unsqueeze } from '../ops/movement/movement.ts';
import { emptyTensor, type Tensor, wrapArray } from '../tensor.ts';
import { adjoint, batchShape, batchSize, checkFinite, checkSquare, inDouble, matrixAt } from './batch.ts';
import { type Lu, luOf, singularPivot, svdOf } from './factor.ts';
import { invertible } from './sample.ts';
import { inverse } from './solve.ts';

/** Sign and logarithm of |det|, and det itself with the product kept inside the range on its way. */
function determinantOf({ packed, columns: n, sign }: Lu): { det: number; sign: number; logabs: number } {
  let mantissa = sign;
  let exponent = 0;
  let signOf = sign;
  let logabs = 0;
  for (let i = 0; i < n; i++) {
    const pivot = packed[i * (n + 1)];
    signOf *= Math.sign(pivot);
    logabs += Math.log(Math.abs(pivot));
    mantissa *= pivot;
    const size = Math.abs(mantissa);
    if (size === 0 || !Number.isFinite(size) || (size > 2 ** -500 && size < 2 ** 500)) continue;
    const step = Math.floor(Math.log2(size));
    mantissa *= 2 ** -(step >> 1);
    mantissa *= 2 ** -(step - (step >> 1));
    exponent += step;
  }
  // In two steps: 2^exponent alone may leave the range where the product with it does not.
  const half = Math.trunc(exponent / 2);
  return { det: mantissa * 2 ** half * 2 ** (exponent - half), sign: signOf, logabs };
}

function anySingular(x: Tensor): boolean {
  for (let b = 0; b < batchSize(x); b++) if (singularPivot(luOf(matrixAt(x, b))) >= 0) return true;
  return false;
}

const detOp: Op<undefined> = defineOp({
  name: 'det',
  forward(node, [x]) {
    const y = emptyTensor(batchShape(x!), 'float64');
    for (let b = 0; b < y.size; b++) y.data[b] = determinantOf(luOf(matrixAt(x!, b))).det;
    node.save(x, y);
    return y;
  },
  backward(node, [dy]) {
    const [x, y] = node.saved() as Tensor[];
    if (anySingular(x)) return [mul(cofactors(x), column(dy!))];
    return [mul(adjoint(inverse('det', x)), column(mul(dy!, y)))];
  },
  cases: [
    ...[
      [3, 3],
      [2, 2, 2],
      [1, 1],
      [4, 4],
      [0, 0],
      [2, 0, 0],
    ].map((shape) => (s: Parameters<typeof invertible>[0]) => ({
      inputs: [shape[shape.length - 1] === 3 ? s.normal(shape) : invertible(s, shape)],
      call: det,
    })),
    // A row of zeros: the determinant is 0 and its gradient is not.
    (s) => ({ inputs: [s.normal([1, 3]), s.normal([2, 3])], call: (a, b) => det(stack3(a, b)) }),
  ],
});

/** A matrix [3, 3] of rank 2: the row `a`, twice it, and the first row of `b`. */
function stack3(a: Tensor, b: Tensor): Tensor {
  const row = reshape(a, [3]);
  return stack([row, mul(row, 2), reshape(indexSelect(b, 0, idsOf([0])), [3])]);
}

/** Factors of whole matrices. [...] → [..., 1, 1] */
function column(x: Tensor): Tensor {
  return unsqueeze(unsqueeze(x, -1), -1);
}

function idsOf(list: readonly number[]): Tensor {
  return wrapArray(Int32Array.from(list), [list.length], 'int32');
}

/** The matrix of cofactors, ∂det/∂x, of matrices that may be singular. */
function cofactors(x: Tensor): Tensor {
  // The minors cost n⁵ and can be differentiated again; the singular values cost n³ and cannot.
  return isGradEnabled() && x.requiresGrad ? cofactorsByMinors(x) : cofactorsBySvd(x);
}

function cofactorsByMinors(x: Tensor): Tensor {
  const n = x.shape[x.rank - 1];
  const without = (i: number): Tensor => idsOf(Array.from({ length: n - 1 }, (_, k) => (k < i ? k : k + 1)));
  const rows = Array.from({ length: n }, (_, i) => indexSelect(x, x.rank - 2, without(i)));
  const minors = rows.map((row, i) =>
    stack(
      Array.from({ length: n }, (_, j) =>
        mul(detOp.run([indexSelect(row, x.rank - 1, without(j))], undefined), (-1) ** (i + j)),
      ),
      -1,
    ),
  );
  return stack(minors, -2);
}

/** det(U)·det(V)·U·diag(Π of the other singular values)·Vᵀ */
function cofactorsBySvd(x: Tensor): Tensor {
  checkFinite('det', x);
  const y = emptyTensor(x.shape, 'float64');
  for (let b = 0; b < batchSize(x); b++) {
    const { rows: n, data } = matrixAt(x, b);
    const { u, s, vh } = svdOf({ rows: n, columns: n, data }, false);
    const signOf = (q: Float64Array): number => Math.sign(determinantOf(luOf({ rows: n, columns: n, data: q })).det);
    const sign = signOf(u) * signOf(vh);
    const others = Array.from(s, (_, k) =>
      s.reduce((product, value, l) => (l === k ? product : product * value), sign),
    );
    const into = matrixAt(y, b).data.fill(0);
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < n; k++) {
        const factor = u[i * n + k] * others[k];
        for (let j = 0; j < n; j++) into[i * n + j] += factor * vh[k * n + j];
      }
    }
  }
  return y;
}

/**
 * The determinant; that of a matrix without elements is 1.
 *
 * Shapes:   x [..., n, n] → y [...]
 * Gradient: dx = dy·y·x⁻ᵀ; of a singular matrix its cofactors
 * @throws ShapeError  if the matrices are not square
 */
export function det(x: Tensor): Tensor {
  checkSquare('det', x);
  return inDouble(x, (a) => detOp.run([a], undefined));
}

const slogdetOp: Op<undefined> = defineOp({
  name: 'slogdet',
  forward(node, [x]) {
    const outputs = [0, 1].map(() => emptyTensor(batchShape(x!), 'float64'));
    for (let b = 0; b < outputs[0].size; b++) {
      const { sign, logabs } = determinantOf(luOf(matrixAt(x!, b)));
      outputs[0].data[b] = sign;
      outputs[1].data[b] = logabs;
    }
    node.save(x);
    return outputs;
  },
  // The sign is constant wherever there is a gradient.
  backward(node, [, dy]) {
    return [dy === null ? null : mul(adjoint(inverse('slogdet', node.saved()[0]!)), column(dy))];
  },
  cases: [
    [3, 3],
    [2, 2, 2],
    [0, 0],
  ].map((shape) => (s) => ({
    inputs: [invertible(s, shape)],
    call: (x) => Object.values(slogdet(x)),
  })),
});

export interface SlogdetResult {
  /** −1, 0 or 1. */
  readonly sign: Tensor;
  /** log |det|; −∞ for a singular matrix. */
  readonly logabsdet: Tensor;
}

/**
 * The sign of the determinant and the logarithm of its size, which neither overflows nor vanishes.
 *
 * Shapes:   x [..., n, n] → sign [...], logabsdet [...]
 * Gradient: dx = d(logabsdet)·x⁻ᵀ
 * @throws LinAlgError  from backward, if a matrix is singular
 * @throws ShapeError   if the matrices are not square
 */
export function slogdet(x: Tensor): SlogdetResult {
  checkSquare('slogdet', x);
  const [sign, logabsdet] = slogdetOp.runAll([to(x, 'float64')], undefined);
  return { sign: to(sign, x.dtype), logabsdet: to(logabsdet, x.dtype) };
}

/** The logarithm of the determinant: NaN where that is negative, −∞ where it is 0. Shapes and gradient as `slogdet`. */
export function logdet(x: Tensor): Tensor {
  checkSquare('logdet', x);
  const { sign, logabsdet } = slogdet(x);
  return add(logabsdet, log(sign.detach()));
}

registerOp({
  name: 'logdet',
  cases: [(s) => ({ inputs: [invertible(s, [2, 3, 3])], call: logdet })],
});
