/** Norms of vectors, along any axes, and values scaled to norm 1. */

import { ReduceOp, UnaryOp } from '../../backend/opcodes.ts';
import type { DType } from '../../core/dtype.ts';
import { checkAxes } from '../../core/shape.ts';
import { ConfigError } from '../../errors.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { checkFloat, checkTensor, defineOp, type Op, registerOp, type Sampler } from '../define.ts';
import { div, mul } from '../elementwise/arithmetic.ts';
import { to } from '../elementwise/cast.ts';
import { eq, maskedFill, ne } from '../elementwise/compare.ts';
import { pow } from '../elementwise/power.ts';
import { abs, clamp, sign } from '../elementwise/unary.ts';
import { type Axes, beginWalk, endWalk, expandTo, filled, type ReduceOptions, reducedShape, sum } from './broadcast.ts';
import { withAxes } from './reduce.ts';

interface NormParams {
  readonly p: number;
  readonly axes: readonly number[];
  readonly keepdim: boolean;
}

/** Norms that one reduction gives, the Euclidean one but for its root. */
const reductions = new Map<number, ReduceOp>([
  [1, ReduceOp.sumAbs],
  [2, ReduceOp.sumSquares],
  [Infinity, ReduceOp.maxAbs],
  [-Infinity, ReduceOp.minAbs],
]);

/** Σ|x|ᵖ over the axes, or for p = 0 the number of those that are not 0. */
function powerSum(x: Tensor, p: number, axes: readonly number[], keepdim: boolean): Tensor {
  const powers = p === 0 ? to(ne(x, 0), x.dtype) : pow(abs(x), p);
  return axes.length === 0 ? powers : sum(powers, axes, { keepdim });
}

const normOp: Op<NormParams> = defineOp<NormParams>({
  name: 'norm',
  edges: [1, -2, 0, -0, Infinity, -Infinity, NaN],
  forward(node, [input], { p, axes, keepdim }) {
    const x = input!.detach();
    const opcode = reductions.get(p);
    let y: Tensor;
    if (opcode === undefined) {
      const powers = powerSum(x, p, axes, keepdim);
      y = p === 0 ? powers : pow(powers, 1 / p);
    } else {
      y = emptyTensor(reducedShape(x.shape, axes, keepdim), x.dtype);
      const walk = beginWalk(node.kernels, x, axes);
      node.kernels.reduce(opcode, walk.data, y.data, walk.outer, walk.n, walk.inner);
      endWalk(walk);
      const data = y.data as Float32Array;
      if (p === 2) node.kernels.unary(UnaryOp.sqrt, data, data, 0, 0);
    }
    // The smallest of nothing would be ∞, and so would its negative powers.
    if (x.size === 0) y.data.fill(0);
    node.save(input, y);
    return y;
  },
  // Nothing flows where the norm is 0, nor for p < 2 to where x is.
  backward(node, [dy], { p, axes }) {
    const [x, y] = node.saved() as [Tensor, Tensor];
    if (p === 0) return [filled(x.shape, 0, x.dtype)];
    const grown = withAxes(dy!, x.shape, axes);
    if (p === 1) return [mul(sign(x), grown)];
    const whole = withAxes(y, x.shape, axes);
    if (!Number.isFinite(p)) {
      const chosen = to(eq(abs(x), whole.detach()), x.dtype);
      const count = axes.length === 0 ? chosen : sum(chosen, axes, { keepdim: true });
      return [mul(sign(x), mul(chosen, div(grown, maskedFill(count, eq(count, 0), 1))))];
    }
    const zero = eq(whole, 0);
    const share = maskedFill(div(grown, maskedFill(whole, zero, 1)), zero, 0);
    if (p === 2) return [mul(x, share)];
    const still = eq(x, 0);
    const ratio = div(maskedFill(abs(x), still, 1), maskedFill(whole, zero, 1));
    const slope = mul(sign(x), maskedFill(pow(ratio, p - 1), still, 0));
    return [mul(slope, maskedFill(grown, zero, 0))];
  },
  cases: [
    (s) => ({ inputs: [s.normal([3, 4])], call: (x) => norm(x) }),
    ...[1, 2, 3, 1.5, -1, Infinity, -Infinity].map((p) => (s: Sampler) => ({
      inputs: [s.distinct([2, 3, 4])],
      call: (x: Tensor) => norm(x, p, [0, -1], { keepdim: true }),
    })),
    (s) => ({ inputs: [s.distinct([5])], call: (x) => norm(x, 0.5, 0) }),
    (s) => ({ inputs: [s.distinct([4])], call: (x) => norm(x, 0) }),
    (s) => ({ inputs: [s.distinct([])], call: (x) => norm(x, 3) }),
    (s) => ({ inputs: [s.distinct([0, 2])], call: (x) => norm(x, Infinity, 0) }),
  ],
});

export interface NormOptions extends ReduceOptions {
  /** The dtype x is converted to beforehand. */
  dtype?: DType | null;
}

/**
 * (Σ|x|ᵖ)^(1/p) over `axes` (all by default), seen as one vector; the largest |x| for ∞, the smallest for −∞, the number
 * of those that are not 0 for 0. 'fro' is the Euclidean norm, 2.
 *
 * Shapes:   as `sum`
 * Gradient: dx = sign(x)·(|x|/y)^(p − 1)·dy; 0 where y is 0; equals share that of ±∞
 * @throws DTypeError   if x does not hold floats
 * @throws ConfigError  if p is no number
 */
export function norm(
  x: Tensor,
  p: number | 'fro' = 2,
  axes: Axes = null,
  { keepdim = false, dtype = null }: NormOptions = {},
): Tensor {
  const floats = checkFloat('norm', dtype === null ? x : to(checkTensor('norm', x), dtype));
  return normOf('norm', floats, p === 'fro' ? 2 : p, axes, keepdim);
}

function normOf(op: string, x: Tensor, p: number, axes: Axes, keepdim: boolean): Tensor {
  if (typeof p !== 'number' || Number.isNaN(p)) {
    throw new ConfigError({ op, problem: 'p is a number', got: p, expected: "1, 2, Infinity, 'fro' …" });
  }
  return normOp.run([x], { p, axes: checkAxes(op, axes, x.rank), keepdim });
}

export interface NormalizeOptions {
  /** The least a norm counts as: what is shorter is divided by this. */
  eps?: number;
}

/**
 * `x` divided by its p-norm over `axes`.
 *
 * Shapes:   x [...] → y as x
 * Gradient: dx = (dy − y·Σ dy·y)/‖x‖ for p = 2
 * @throws DTypeError   if x does not hold floats
 */
export function normalize(x: Tensor, p = 2, axes: Axes = 1, { eps = 1e-12 }: NormalizeOptions = {}): Tensor {
  const length = normOf('normalize', checkFloat('normalize', x), p, axes, true);
  return div(x, expandTo(clamp(length, eps, null), x.shape));
}

registerOp({
  name: 'normalize',
  cases: [
    (s) => ({ inputs: [s.normal([3, 4])], call: (x) => normalize(x) }),
    (s) => ({ inputs: [s.distinct([2, 3, 4])], call: (x) => normalize(x, 3, [0, 2]) }),
    (s) => ({ inputs: [s.distinct([5])], call: (x) => normalize(x, 1, 0, { eps: 100 }) }),
  ],
});
