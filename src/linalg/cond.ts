/** The condition number. */

import { registerOp, type Sampler } from '../ops/define.ts';
import { div, mul } from '../ops/elementwise/arithmetic.ts';
import { where } from '../ops/elementwise/compare.ts';
import { select, unsqueeze } from '../ops/movement/movement.ts';
import { filled } from '../ops/reduction/broadcast.ts';
import { emptyTensor, type Tensor } from '../tensor.ts';
import { batchShape, batchSize, checkMatrices, checkSquare, inDouble, matrixAt, sizesOf } from './batch.ts';
import { identity, luOf, singularPivot } from './factor.ts';
import { checkOrder, MATRIX_ORDERS, type MatrixOrder, matrixNorm } from './norm.ts';
import { spread } from './sample.ts';
import { inverse } from './solve.ts';
import { thinSvd } from './svd.ts';

function ofSingularValues(x: Tensor, p: number): Tensor {
  const s = thinSvd('cond', x)[1];
  const [first, last] = [select(s, -1, 0), select(s, -1, -1)];
  return p > 0 ? div(first, last) : div(last, first);
}

/** ‖x‖·‖x⁻¹‖, and ∞ where there is no inverse. */
function ofNorms(x: Tensor, ord: MatrixOrder): Tensor {
  const isSingular = emptyTensor(batchShape(x), 'bool');
  for (let b = 0; b < batchSize(x); b++) isSingular.data[b] = singularPivot(luOf(matrixAt(x, b))) >= 0 ? 1 : 0;
  const n = sizesOf(x)[0];
  const one = emptyTensor([n, n], 'float64');
  one.data.set(identity(n));
  const regular = where(unsqueeze(unsqueeze(isSingular, -1), -1), one, x);
  const y = mul(matrixNorm(x, { ord }), matrixNorm(inverse('cond', regular), { ord }));
  return where(isSingular, Infinity, y);
}

/**
 * How much the solution of A·x = b may stretch a relative error of b: ‖A‖·‖A⁻¹‖ in the norm p.
 *
 * Shapes:   x [..., m, n] → y [...]; square but for p = ±2
 * Gradient: through the singular values for p = ±2, else through norm and inverse
 * @throws ConfigError  for another norm
 * @throws ShapeError   if the matrices are not square and p is not ±2
 */
export function cond(x: Tensor, { p = null }: { p?: MatrixOrder | null } = {}): Tensor {
  checkMatrices('cond', x);
  const ord = checkOrder('cond', p ?? 2);
  const bySingularValues = ord === 2 || ord === -2;
  if (!bySingularValues) checkSquare('cond', x);
  if (Math.min(...sizesOf(x)) === 0) return filled(batchShape(x), 0, x.dtype);
  return inDouble(x, (a) => (bySingularValues ? ofSingularValues(a, ord) : ofNorms(a, ord)));
}

registerOp({
  name: 'cond',
  cases: [
    (s: Sampler) => ({ inputs: [spread(s, [3, 2])], call: (x: Tensor) => cond(x) }),
    ...MATRIX_ORDERS.map((p) => (s: Sampler) => ({
      inputs: [spread(s, [2, 3, 3])],
      call: (x: Tensor) => cond(x, { p }),
    })),
  ],
});
