/** The bilinear map of two inputs. */

import { sameShape, sizeOf } from '../../core/shape.ts';
import { ShapeError } from '../../errors.ts';
import type { Tensor } from '../../tensor.ts';
import { checkFloat, checkSameDType, registerOp } from '../define.ts';
import { add } from '../elementwise/arithmetic.ts';
import { permute, reshape } from '../movement/movement.ts';
import { bmm, matmul } from '../product/matmul.ts';

/**
 * y_o = x₁ᵀ·W_o·x₂ + b_o.
 *
 * Shapes:   x1 [..., in1], x2 [..., in2], weight [out, in1, in2], bias [out] or null → y [..., out]
 * Gradient: of the two products it is made of
 * @throws ShapeError  if the inputs differ but for their last axis, or do not fit the weight
 */
export function bilinear(x1: Tensor, x2: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  for (const x of [x1, x2, weight]) checkFloat('bilinear', x);
  checkSameDType('bilinear', x1, x2, weight, bias);
  const [lead, other] = [x1.shape.slice(0, -1), x2.shape.slice(0, -1)];
  const [out, in1, in2] = weight.shape;
  const fits =
    x1.rank > 0 &&
    x2.rank > 0 &&
    sameShape(lead, other) &&
    weight.rank === 3 &&
    x1.shape[lead.length] === in1 &&
    x2.shape[lead.length] === in2 &&
    (bias === null || sameShape(bias.shape, [out]));
  if (!fits) {
    throw new ShapeError({
      op: 'bilinear',
      problem: 'the operands do not fit',
      got: [x1.shape, x2.shape, weight.shape, ...(bias === null ? [] : [bias.shape])],
      expected: '[…, in1], […, in2], [out, in1, in2] and [out]',
    });
  }
  const n = sizeOf(lead);
  // x₁·W for every output at once, then one small product a sample.
  const half = matmul(reshape(x1, [n, in1]), reshape(permute(weight, [1, 0, 2]), [in1, out * in2]));
  const y = reshape(bmm(reshape(half, [n, out, in2]), reshape(x2, [n, in2, 1])), [...lead, out]);
  return bias === null ? y : add(y, bias);
}

registerOp({
  name: 'bilinear',
  tolerance: 1e-5,
  cases: [
    (s) => ({
      inputs: [s.normal([4, 3]), s.normal([4, 2]), s.normal([5, 3, 2]), s.normal([5])],
      call: (a, b, w, bias) => bilinear(a, b, w, bias),
    }),
    (s) => ({ inputs: [s.normal([2, 2, 3]), s.normal([2, 2, 4]), s.normal([1, 3, 4])], call: bilinear }),
    (s) => ({ inputs: [s.normal([3]), s.normal([2]), s.normal([2, 3, 2])], call: bilinear }),
  ],
});
