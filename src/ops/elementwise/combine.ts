/** Functions that put two or three operands together: logarithms of sums, interpolation, products added to a tensor. */

import { BinaryOp } from '../../backend/opcodes.ts';
import { type FloatArray, floatOf } from '../../core/dtype.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { defineOp, registerOp, type Sampler } from '../define.ts';
import { broadcastTogether, checkBroadcast, filled, sumTo } from '../reduction/broadcast.ts';
import { add, broadcastCases, defineBinary, div, meet, mul, sub } from './arithmetic.ts';
import { type Operand, to } from './cast.ts';
import { eq, le, logicalAnd, where, within } from './compare.ts';
import { log, sigmoid, sign } from './unary.ts';

const EDGES = [0, -0, 1, -1, 0.5, -2.5, 1e-40, 3e38, -3e38, Infinity, -Infinity, NaN];
const normal = (s: Sampler, shape: number[]): Tensor => s.normal(shape);

const copysignOp = defineBinary(
  BinaryOp.copysign,
  { name: 'copysign', edges: EDGES },
  broadcastCases(copysign, (s, shape) => s.distinct(shape, 0.1)),
  true,
  (node, [dy]) => {
    const [a, b] = node.saved() as [Tensor, Tensor];
    const one = filled([], 1, a.dtype);
    return [
      node.needs(0) ? sumTo(mul(dy!, mul(sign(a), copysign(one, b))), node.shapes[0]) : null,
      node.needs(1) ? filled(node.shapes[1], 0, dy!.dtype) : null,
    ];
  },
);

/**
 * |a| with the sign of b, that of a zero too.
 *
 * Shapes:   broadcast
 * Gradient: da = ±dy, 0 at 0; db = 0
 * @throws ShapeError  if the shapes do not broadcast
 */
export function copysign(a: Operand, b: Operand): Tensor {
  return copysignOp.run(meet('copysign', a, b, floatOf), undefined);
}

const xlogyOp = defineBinary(
  BinaryOp.xlogy,
  { name: 'xlogy', edges: EDGES, tolerance: 2e-6 },
  broadcastCases(xlogy, (s, shape) => s.uniform(shape, 0.3, 3)),
  true,
  (node, [dy]) => {
    const [a, b] = node.saved() as [Tensor, Tensor];
    let da = null;
    if (node.needs(0)) {
      const flat = logicalAnd(eq(a, 0), le(b, 0));
      const slope = mul(dy!, log(where(flat, filled([], 1, b.dtype), b)));
      da = sumTo(slope, node.shapes[0]);
    }
    return [da, node.needs(1) ? sumTo(div(mul(dy!, a), b), node.shapes[1]) : null];
  },
);

/**
 * a·log b, and 0 where a is 0, whatever number b is.
 *
 * Shapes:   broadcast
 * Gradient: da = dy·log b (0 where a is 0 and b not above 0), db = dy·a/b
 * @throws ShapeError  if the shapes do not broadcast
 */
export function xlogy(a: Operand, b: Operand): Tensor {
  return xlogyOp.run(meet('xlogy', a, b, floatOf), undefined);
}

const logaddexpOp = defineBinary(
  BinaryOp.logaddexp,
  { name: 'logaddexp', edges: EDGES, tolerance: 2e-6 },
  broadcastCases(logaddexp, normal),
  true,
  (node, [dy]) => {
    const [a, b] = node.saved() as [Tensor, Tensor];
    return [
      node.needs(0) ? sumTo(mul(dy!, sigmoid(sub(a, b))), node.shapes[0]) : null,
      node.needs(1) ? sumTo(mul(dy!, sigmoid(sub(b, a))), node.shapes[1]) : null,
    ];
  },
);

/**
 * log(eᵃ + eᵇ), without overflow on the way.
 *
 * Shapes:   broadcast
 * Gradient: da = dy·σ(a − b), db = dy·σ(b − a)
 * @throws ShapeError  if the shapes do not broadcast
 */
export function logaddexp(a: Operand, b: Operand): Tensor {
  return logaddexpOp.run(meet('logaddexp', a, b, floatOf), undefined);
}

const threes = (call: (x: Tensor, a: Tensor, b: Tensor) => Tensor, last = normal) => [
  (s: Sampler) => ({ inputs: [s.normal([3, 4]), s.normal([3, 4]), last(s, [3, 4])], call }),
  (s: Sampler) => ({ inputs: [s.normal([4]), s.normal([3, 1]), last(s, [])], call }),
  (s: Sampler) => ({ inputs: [s.normal([0]), s.normal([]), last(s, [1])], call }),
];

registerOp({ name: 'addcmul', cases: threes((x, a, b) => addcmul(x, a, b, { value: 0.5 })) });

export interface CombineOptions {
  /** A factor of the product or quotient. Default 1. */
  value?: number;
}

/**
 * x + value·a·b.
 *
 * Shapes:   broadcast
 * Gradient: dx = dy, da = dy·value·b, db = dy·value·a
 * @throws ShapeError  if the shapes do not broadcast
 */
export function addcmul(x: Tensor, a: Tensor, b: Tensor, { value = 1 }: CombineOptions = {}): Tensor {
  checkBroadcast('addcmul', x, a, b);
  return add(x, mul(a, b), { alpha: value });
}

registerOp({
  name: 'addcdiv',
  cases: threes(
    (x, a, b) => addcdiv(x, a, b, { value: 0.5 }),
    (s, shape) => s.distinct(shape, 0.2),
  ),
});
/**
 * x + value·a/b.
 *
 * Shapes:   broadcast
 * Gradient: dx = dy, da = dy·value/b, db = −dy·value·a/b²
 * @throws ShapeError  if the shapes do not broadcast
 */
export function addcdiv(x: Tensor, a: Tensor, b: Tensor, { value = 1 }: CombineOptions = {}): Tensor {
  checkBroadcast('addcdiv', x, a, b);
  return add(x, div(a, b), { alpha: value });
}

const lerpOp = defineOp<number>({
  name: 'lerp',
  tolerance: 0,
  edges: EDGES,
  forward(node, [a, b], weight) {
    const y = emptyTensor(a!.shape, a!.dtype);
    node.kernels.lerp(weight, a!.data as FloatArray, b!.data as FloatArray, y.data as FloatArray);
    return y;
  },
  backward: (node, [dy], weight) => [
    node.needs(0) ? mul(dy!, 1 - weight) : null,
    node.needs(1) ? mul(dy!, weight) : null,
  ],
  cases: [
    ...threes(lerp),
    (s) => ({ inputs: [s.normal([3, 4]), s.normal([4])], call: (a, b) => lerp(a, b, 0.3) }),
    (s) => ({ inputs: [s.normal([3, 4]), s.normal([3, 4])], call: (a, b) => lerp(a, b, 0.9) }),
  ],
});
/**
 * a + weight·(b − a), which gives a and b themselves at 0 and 1.
 *
 * Shapes:   broadcast
 * Gradient: da = dy·(1 − weight), db = dy·weight, dweight = dy·(b − a)
 * @throws ShapeError  if the shapes do not broadcast
 */
export function lerp(a: Tensor, b: Tensor, weight: number | Tensor): Tensor {
  const [start, end] = meet('lerp', a, b, floatOf);
  if (typeof weight === 'number') return lerpOp.run(broadcastTogether('lerp', start, end), weight);
  checkBroadcast('lerp', start, end, weight);
  const way = sub(end, start);
  const w = to(weight, start.dtype);
  return where(within(w, 0.5), add(start, mul(way, w)), sub(end, mul(way, sub(1, w))));
}
