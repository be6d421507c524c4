/** How far values spread: variance and standard deviation, alone and beside the mean. */

import { UnaryOp } from '../../backend/opcodes.ts';
import { checkAxes, sizeOf } from '../../core/shape.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { checkFloat, defineOp, registerOp } from '../define.ts';
import { add, div, mul, sub } from '../elementwise/arithmetic.ts';
import { eq, maskedFill } from '../elementwise/compare.ts';
import { type Axes, beginWalk, endWalk, expandTo, filled, type ReduceOptions, reducedShape } from './broadcast.ts';
import { mean, withAxes } from './reduce.ts';

export interface VarianceOptions extends ReduceOptions {
  /** What is subtracted from n in the divisor: 1 (unbiased, the default), 0, or another number. */
  correction?: number;
}

interface MomentParams {
  readonly axes: readonly number[];
  readonly keepdim: boolean;
  readonly n: number;
  /** n − correction, at least 0. */
  readonly freedom: number;
}

/** The variance and the mean. */
const varianceOp = defineOp<MomentParams>({
  name: 'variance',
  forward(node, [x], { axes, keepdim, freedom }) {
    const shape = reducedShape(x!.shape, axes, keepdim);
    const [means, spreads] = [emptyTensor(shape, x!.dtype), emptyTensor(shape, x!.dtype)];
    const walk = beginWalk(node.kernels, x!, axes);
    type Floats = Float32Array;
    const [from, centre, squares] = [walk.data as Floats, means.data as Floats, spreads.data as Floats];
    node.kernels.moments(from, centre, squares, walk.outer, walk.n, walk.inner);
    endWalk(walk);
    for (let i = 0; i < squares.length; i++) squares[i] /= freedom;
    node.save(x);
    return [spreads, means];
  },
  backward(node, [dSpread, dMean], { axes, n, freedom }) {
    const [x] = node.saved() as [Tensor];
    const level = dMean && expandTo(withAxes(div(dMean, n), x.shape, axes), x.shape);
    if (dSpread === null) return [level];
    const centred = sub(x, expandTo(mean(x, axes, { keepdim: true }), x.shape));
    const slope = mul(centred, withAxes(mul(dSpread, 2 / freedom), x.shape, axes));
    return [level === null ? slope : add(slope, level)];
  },
  cases: [
    (s) => ({ inputs: [s.normal([3, 4])], call: (x) => variance(x) }),
    (s) => ({ inputs: [s.normal([2, 3, 4])], call: (x) => variance(x, [0, 2], { correction: 0 }) }),
    (s) => ({ inputs: [s.normal([2, 3, 4])], call: (x) => variance(x, 1, { keepdim: true }) }),
    (s) => ({ inputs: [s.normal([7])], call: (x) => variance(x, 0, { correction: 2.5 }) }),
  ],
});

function momentsOf(
  op: string,
  x: Tensor,
  axes: Axes,
  { keepdim = false, correction = 1 }: VarianceOptions,
): readonly Tensor[] {
  checkFloat(op, x);
  const list = checkAxes(op, axes, x.rank);
  const n = sizeOf(list.map((i) => x.shape[i]));
  if (n === 0) {
    const nothing = (): Tensor => filled(reducedShape(x.shape, list, keepdim), Number.NaN, x.dtype);
    return [nothing(), nothing()];
  }
  return varianceOp.runAll([x], { axes: list, keepdim, n, freedom: Math.max(0, n - correction) });
}

/**
 * The variance over `axes` (all by default), unbiased unless `correction` is 0; computed from the differences to the
 * mean. NaN of nothing, and where correction leaves no degree of freedom, 0/0.
 *
 * Shapes:   as `sum`
 * Gradient: dx = 2(x − mean)/(n − correction)·dy
 * @throws DTypeError  if x does not hold floats
 */
export function variance(x: Tensor, axes: Axes = null, options: VarianceOptions = {}): Tensor {
  return momentsOf('variance', x, axes, options)[0];
}

/** √v, whose gradient is 0 where v is. */
const rootOp = defineOp({
  name: 'std',
  forward(node, [v]) {
    const y = emptyTensor(v!.shape, v!.dtype);
    node.kernels.unary(UnaryOp.sqrt, v!.data as Float32Array, y.data as Float32Array, 0, 0);
    node.save(y);
    return y;
  },
  backward(node, [dy]) {
    const [y] = node.saved() as [Tensor];
    const zero = eq(y, 0);
    return [mul(dy!, maskedFill(div(0.5, maskedFill(y, zero, 1)), zero, 0))];
  },
  cases: [
    (s) => ({ inputs: [s.normal([3, 4])], call: (x) => std(x, 1) }),
    (s) => ({ inputs: [s.normal([2, 3, 4])], call: (x) => std(x, [0, -1], { keepdim: true }) }),
  ],
});

/**
 * The standard deviation: the root of `variance`. The gradient is 0 where all values are equal.
 *
 * Shapes:   as `sum`
 * Gradient: dx = (x − mean)/((n − correction)·y)·dy
 * @throws DTypeError  if x does not hold floats
 */
export function std(x: Tensor, axes: Axes = null, options: VarianceOptions = {}): Tensor {
  return rootOp.run([momentsOf('std', x, axes, options)[0]], undefined);
}

/** `variance` and `mean`, in this order, by one walk over x. */
export function varMean(x: Tensor, axes: Axes = null, options: VarianceOptions = {}): [Tensor, Tensor] {
  const [spread, centre] = momentsOf('varMean', x, axes, options);
  return [spread, centre];
}

/** `std` and `mean`, in this order: see `varMean`. */
export function stdMean(x: Tensor, axes: Axes = null, options: VarianceOptions = {}): [Tensor, Tensor] {
  const [spread, centre] = momentsOf('stdMean', x, axes, options);
  return [rootOp.run([spread], undefined), centre];
}

registerOp({
  name: 'varMean',
  cases: [
    (s) => ({ inputs: [s.normal([2, 3, 4])], call: (x) => varMean(x, [0, 2], { correction: 0 }) }),
    (s) => ({ inputs: [s.normal([5])], call: (x) => [varMean(x)[1]] }),
  ],
});

registerOp({
  name: 'stdMean',
  cases: [(s) => ({ inputs: [s.normal([3, 4])], call: (x) => stdMean(x, 1, { keepdim: true }) })],
});
