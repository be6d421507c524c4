/** Layer normalisation. */

import type { FloatArray } from '../../core/dtype.ts';
import { type Shape, sameShape, sizeOf } from '../../core/shape.ts';
import { ConfigError, ShapeError } from '../../errors.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { checkFloat, checkSameDType, defineOp } from '../define.ts';
import { add, div, mul, sub } from '../elementwise/arithmetic.ts';
import { sqrt, square } from '../elementwise/unary.ts';
import { reshape } from '../movement/movement.ts';
import { mean } from '../reduction/reduce.ts';

interface LayerNormParams {
  /** Elements a row. */
  readonly n: number;
  readonly eps: number;
}

/** x [rows, n], weight [n], bias [n] */
const layerNormOp = defineOp<LayerNormParams>({
  name: 'layerNorm',
  tolerance: 1e-5,
  forward(node, [x, weight, bias], { n, eps }) {
    const rows = x!.shape[0];
    const y = emptyTensor(x!.shape, x!.dtype);
    const mean = node.scratch(x!.dtype, rows) as FloatArray;
    const rstd = node.scratch(x!.dtype, rows) as FloatArray;
    const [w, b] = [weight?.data ?? null, bias?.data ?? null] as (FloatArray | null)[];
    node.kernels.layerNorm(x!.data as FloatArray, w, b, y.data as FloatArray, mean, rstd, rows, n, eps);
    node.save(x, weight, bias);
    return y;
  },
  backward(node, [dy], { n }) {
    const [x, weight, bias] = node.saved();
    const [mean, rstd] = node.scratchArrays() as FloatArray[];
    const grads = [x, weight, bias].map((t, i) => (node.needs(i) ? emptyTensor(t!.shape, t!.dtype) : null));
    const [dx, dw, db] = grads.map((t) => (t?.data ?? null) as FloatArray | null);
    const [xs, w, dys] = [x!.data, weight?.data ?? null, dy!.data] as [FloatArray, FloatArray | null, FloatArray];
    node.kernels.layerNormBackward(xs, w, mean, rstd, dys, dx, dw, db, x!.shape[0], n);
    return grads;
  },
  twin([x, weight, bias], { eps }) {
    const centred = sub(x!, mean(x!, 1, { keepdim: true }));
    const scale = sqrt(add(mean(square(centred), 1, { keepdim: true }), eps));
    let y = div(centred, scale);
    if (weight !== null) y = mul(y, weight);
    return [bias === null ? y : add(y, bias)];
  },
  cases: [
    (s) => ({ inputs: [s.normal([3, 5]), s.normal([5]), s.normal([5])], call: (x, w, b) => layerNorm(x, [5], w, b) }),
    (s) => ({ inputs: [s.normal([2, 3, 4]), s.normal([3, 4])], call: (x, w) => layerNorm(x, [3, 4], w) }),
    (s) => ({ inputs: [s.normal([2, 33])], call: (x) => layerNorm(x, [33], null, null, 1e-3) }),
  ],
});

/**
 * (x − mean)/√(variance + eps)·weight + bias over the last axes, the variance biased.
 *
 * Shapes:   x [..., ...normalizedShape], weight and bias normalizedShape → y as x
 * Source:   Ba, Kiros, Hinton, "Layer Normalization", 2016
 * @throws ShapeError   if x does not end in `normalizedShape`, or weight or bias differ from it
 * @throws ConfigError  if eps is negative or no number
 */
export function layerNorm(
  x: Tensor,
  normalizedShape: Shape,
  weight: Tensor | null = null,
  bias: Tensor | null = null,
  eps = 1e-5,
): Tensor {
  checkFloat('layerNorm', x);
  checkSameDType('layerNorm', x, weight, bias);
  if (!(eps >= 0)) throw new ConfigError({ op: 'layerNorm', problem: 'eps must not be negative', got: eps });
  const lead = x.rank - normalizedShape.length;
  if (normalizedShape.length === 0 || lead < 0 || !sameShape(x.shape.slice(lead), normalizedShape)) {
    throw new ShapeError({
      op: 'layerNorm',
      problem: 'the input must end in the normalized shape',
      got: x.shape,
      expected: `[…, ${normalizedShape.join(', ')}]`,
    });
  }
  for (const t of [weight, bias]) {
    if (t !== null && !sameShape(t.shape, normalizedShape)) {
      throw new ShapeError({
        op: 'layerNorm',
        problem: 'weight and bias must have the normalized shape',
        got: t.shape,
        expected: normalizedShape,
      });
    }
  }
  const n = sizeOf(normalizedShape);
  const flat = (t: Tensor | null): Tensor | null => (t === null ? null : reshape(t, [n]));
  const rows = reshape(x, [sizeOf(x.shape.slice(0, lead)), n]);
  return reshape(layerNormOp.run([rows, flat(weight), flat(bias)], { n, eps }), x.shape);
}
