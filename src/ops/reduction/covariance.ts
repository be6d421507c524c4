/** How variables vary together: rows are variables, columns observations. */

import { floatOf } from '../../core/dtype.ts';
import { type Shape, sameShape } from '../../core/shape.ts';
import { ShapeError } from '../../errors.ts';
import type { Tensor } from '../../tensor.ts';
import { arange } from '../create.ts';
import { checkTensor, registerOp } from '../define.ts';
import { div, mul, sub } from '../elementwise/arithmetic.ts';
import { checkIds, to } from '../elementwise/cast.ts';
import { clamp, sqrt } from '../elementwise/unary.ts';
import { indexSelect } from '../indexing/index-axis.ts';
import { reshape } from '../movement/movement.ts';
import { matmul } from '../product/matmul.ts';
import { filled, sum } from './broadcast.ts';

export interface CovarianceOptions {
  /** What is subtracted from the number of observations in the divisor: 1 by default. */
  correction?: number;
  /** How often each observation counts: integers [n]. */
  fweights?: Tensor | null;
  /** How much each observation matters: not negative, [n]. */
  aweights?: Tensor | null;
}

function checkWeights(op: string, weights: Tensor, n: number): Tensor {
  if (sameShape(checkTensor(op, weights).shape, [n])) return weights;
  throw new ShapeError({ op, problem: 'one weight an observation', got: weights.shape, expected: [n] });
}

function covarianceOf(
  op: string,
  x: Tensor,
  { correction = 1, fweights = null, aweights = null }: CovarianceOptions,
): Tensor {
  if (checkTensor(op, x).rank > 2) throw new ShapeError({ op, problem: 'at most two axes', got: x.shape });
  const variables = x.rank < 2 ? 1 : x.shape[0];
  const n = x.rank === 0 ? 1 : x.shape[x.rank - 1];
  const rows = reshape(to(x, floatOf(x.dtype)), [variables, n]);
  const ones = filled([n], 1, rows.dtype);
  const counts = fweights === null ? ones : to(checkIds(op, checkWeights(op, fweights, n)), rows.dtype);
  const weights = aweights === null ? counts : mul(counts, to(checkWeights(op, aweights, n), rows.dtype));
  const total = sum(weights);
  const centred = sub(rows, div(sum(mul(rows, weights), 1, { keepdim: true }), total));
  // With importances the lost degree of freedom weighs as much as they do on average.
  const lost =
    aweights === null || correction === 0 ? correction : mul(div(sum(mul(weights, aweights)), total), correction);
  return div(matmul(mul(centred, weights), centred, { transB: true }), clamp(sub(total, lost), 0));
}

function matrixShape(x: Tensor): Shape {
  return x.rank < 2 ? [] : [x.shape[0], x.shape[0]];
}

/**
 * The covariances of variables, each a row of x; of a vector its variance. Integers count in float32.
 *
 * Shapes:   x [variables, n] → y [variables, variables]; x [n] → y []
 * @throws ShapeError  if x has more than two axes, or weights are not one an observation
 * @throws DTypeError  if `fweights` are no integers
 */
export function cov(x: Tensor, options: CovarianceOptions = {}): Tensor {
  return reshape(covarianceOf('cov', x, options), matrixShape(x));
}

/**
 * The correlations of variables, each a row of x: covariances over the products of the standard deviations, cut to
 * [−1, 1]. NaN for a variable that does not vary.
 *
 * Shapes:   x [variables, n] → y [variables, variables]; x [n] → y []
 * @throws ShapeError  if x has more than two axes
 */
export function corrcoef(x: Tensor): Tensor {
  const c = covarianceOf('corrcoef', x, {});
  const m = c.shape[0];
  const spread = sqrt(indexSelect(reshape(c, [m * m]), 0, mul(arange(m), m + 1)));
  const scaled = div(div(c, reshape(spread, [m, 1])), spread);
  return reshape(clamp(scaled, -1, 1), matrixShape(x));
}

registerOp({
  name: 'cov',
  cases: [
    (s) => ({ inputs: [s.normal([3, 5])], call: (x) => cov(x) }),
    (s) => ({ inputs: [s.normal([5])], call: (x) => cov(x, { correction: 0 }) }),
    (s) => {
      const fweights = s.ids([5], 4);
      fweights.data[0] = 3;
      return {
        inputs: [s.normal([2, 5]), s.uniform([5], 0.5, 1)],
        call: (x, aweights) => cov(x, { fweights, aweights }),
      };
    },
  ],
});

registerOp({
  name: 'corrcoef',
  cases: [(s) => ({ inputs: [s.normal([3, 6])], call: (x) => corrcoef(x) })],
});
