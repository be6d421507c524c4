/** Totals beside the sum: products, sums past NaN, and what holds for all, for any, or how often. */

import type { Backend } from '../../backend/backend.ts';
import { ReduceOp } from '../../backend/opcodes.ts';
import { isFloat, sumOf } from '../../core/dtype.ts';
import { checkAxes, sizeOf } from '../../core/shape.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { checkFloat, checkTensor, defineOp, registerOp, type Sampler } from '../define.ts';
import { div } from '../elementwise/arithmetic.ts';
import { scalar, to } from '../elementwise/cast.ts';
import { eq, maskedFill, ne } from '../elementwise/compare.ts';
import { isnan } from '../elementwise/finite.ts';
import { nonzeroCount } from '../indexing/nonzero.ts';
import { permute, reshape } from '../movement/movement.ts';
import {
  type Axes,
  beginWalk,
  endWalk,
  expandTo,
  type ReduceOptions,
  reducedShape,
  sum,
  type TotalOptions,
} from './broadcast.ts';
import { withAxes } from './reduce.ts';
import { prodGradient } from './scan.ts';

interface TotalParams {
  readonly axes: readonly number[];
  readonly keepdim: boolean;
}

function reduced(kernels: Backend, opcode: ReduceOp, x: Tensor, { axes, keepdim }: TotalParams): Tensor {
  const y = emptyTensor(reducedShape(x.shape, axes, keepdim), x.dtype);
  const walk = beginWalk(kernels, x, axes);
  kernels.reduce(opcode, walk.data, y.data, walk.outer, walk.n, walk.inner);
  endWalk(walk);
  return y;
}

const prodOp = defineOp<TotalParams>({
  name: 'prod',
  forward(node, [x], params) {
    node.save(x);
    return reduced(node.kernels, ReduceOp.prod, x!, params);
  },
  backward(node, [dy], { axes }) {
    const [x] = node.saved() as [Tensor];
    if (axes.length === 0) return [reshape(dy!, x.shape)];
    // The axes multiplied over come to the end as one, and go back.
    const order = [...x.shape.keys()].filter((i) => !axes.includes(i)).concat(axes);
    const rows = permute(x, order);
    const n = sizeOf(axes.map((i) => x.shape[i]));
    const outer = sizeOf(rows.shape, 0, rows.rank - axes.length);
    const back = order.map((_, i) => order.indexOf(i));
    return [permute(prodGradient(rows, dy!, { outer, n, inner: 1 }), back)];
  },
  cases: [
    (s) => ({ inputs: [s.normal([5])], call: (x) => prod(x) }),
    (s) => ({ inputs: [s.normal([2, 3, 4])], call: (x) => prod(x, 1) }),
    (s) => ({ inputs: [s.normal([2, 3, 2])], call: (x) => prod(x, [0, -1], { keepdim: true }) }),
    (s) => {
      const mask = s.bool([4, 3]);
      return { inputs: [s.normal([4, 3])], call: (x) => prod(maskedFill(x, mask, 0), 1) };
    },
    (s) => ({ inputs: [s.normal([])], call: (x) => prod(x) }),
    (s) => ({ inputs: [s.normal([0, 3])], call: (x) => prod(x, 0) }),
  ],
});

/**
 * The product over `axes` (all by default), 1 of nothing. Bools and integers count in int32.
 *
 * Shapes:   as `sum`
 * Gradient: dx = dy·the product of the others, exact also where some are 0
 * @throws ShapeError  if an axis is out of range or named twice
 */
export function prod(x: Tensor, axes: Axes = null, { keepdim = false, dtype = null }: TotalOptions = {}): Tensor {
  const list = checkAxes('prod', axes, checkTensor('prod', x).rank);
  return prodOp.run([to(x, dtype ?? sumOf(x.dtype))], { axes: list, keepdim });
}

const nansumOp = defineOp<TotalParams>({
  name: 'nansum',
  edges: [1, NaN, -2, NaN, 0.5],
  forward(node, [x], params) {
    node.save(x);
    return reduced(node.kernels, ReduceOp.nanSum, x!, params);
  },
  backward(node, [dy], { axes }) {
    const [x] = node.saved() as [Tensor];
    return [maskedFill(expandTo(withAxes(dy!, x.shape, axes), x.shape), isnan(x), 0)];
  },
  cases: [
    (s) => ({ inputs: [s.normal([3, 4])], call: (x) => nansum(x) }),
    (s) => ({ inputs: [s.normal([2, 3, 4])], call: (x) => nansum(x, [0, 2], { keepdim: true }) }),
  ],
});

/** The sum of those that are no NaN: see `sum`. */
export function nansum(x: Tensor, axes: Axes = null, { keepdim = false, dtype = null }: TotalOptions = {}): Tensor {
  const list = checkAxes('nansum', axes, checkTensor('nansum', x).rank);
  const wide = to(x, dtype ?? sumOf(x.dtype));
  return isFloat(wide.dtype) ? nansumOp.run([wide], { axes: list, keepdim }) : sum(wide, list, { keepdim });
}

/**
 * The mean of those that are no NaN; NaN where there is none.
 *
 * @throws DTypeError  if x does not hold floats
 */
export function nanmean(x: Tensor, axes: Axes = null, { keepdim = false, dtype = null }: TotalOptions = {}): Tensor {
  checkAxes('nanmean', axes, checkFloat('nanmean', x).rank);
  const total = nansum(x, axes, { keepdim, dtype });
  const count = sum(eq(isnan(x.detach()), false), axes, { keepdim });
  return div(total, to(count, total.dtype));
}

registerOp({
  name: 'nanmean',
  cases: [
    (s) => ({ inputs: [s.normal([3, 4])], call: (x) => nanmean(x) }),
    (s) => ({ inputs: [s.normal([2, 3, 4])], call: (x) => nanmean(x, 1) }),
  ],
});

function defineTruth(
  name: 'all' | 'any',
  opcode: ReduceOp,
): (x: Tensor, axes?: Axes, options?: ReduceOptions) => Tensor {
  const op = defineOp<TotalParams>({
    name,
    differentiable: false,
    tolerance: 0,
    edges: [0, -0, 0, NaN],
    forward(node, [x], params) {
      const y = reduced(node.kernels, opcode, x!, params);
      return y.dtype === 'uint8' ? y : to(y, 'bool');
    },
    cases: [
      (s: Sampler) => ({ inputs: [s.normal([3, 4])], call: (x) => test(x) }),
      (s: Sampler) => ({ inputs: [s.bool([3, 2, 4])], call: (x) => test(x, 1) }),
      (s: Sampler) => ({ inputs: [s.ids([3, 2, 4], 2)], call: (x) => test(x, [0, 2], { keepdim: true }) }),
      (s: Sampler) => ({ inputs: [s.normal([2, 0])], call: (x) => test(x, 1) }),
    ],
  });
  const test = (x: Tensor, axes: Axes = null, { keepdim = false }: ReduceOptions = {}): Tensor =>
    op.run([checkTensor(name, x)], { axes: checkAxes(name, axes, x.rank), keepdim });
  return test;
}

/**
 * Whether none of the elements over `axes` (all by default) is 0; true of nothing. A NaN is not 0.
 *
 * Shapes:   as `sum`; bool, of uint8 uint8
 * @throws ShapeError  if an axis is out of range or named twice
 */
export const all = defineTruth('all', ReduceOp.all);
/** Whether any of the elements over `axes` is not 0; false of nothing: see `all`. */
export const any = defineTruth('any', ReduceOp.any);

/**
 * How many elements over `axes` (all by default) are not 0, as int32. A NaN is not 0.
 *
 * Shapes:   as `sum` without `keepdim`
 * @throws ShapeError  if an axis is out of range or named twice
 */
export function countNonzero(x: Tensor, axes: Axes = null): Tensor {
  const list = checkAxes('countNonzero', axes, checkTensor('countNonzero', x).rank);
  if (list.length === x.rank) return scalar(nonzeroCount(x), 'int32');
  return sum(x.dtype === 'bool' ? x : ne(x.detach(), 0), list);
}

registerOp({
  name: 'countNonzero',
  differentiable: false,
  tolerance: 0,
  cases: [
    (s) => ({ inputs: [s.ids([3, 4], 2)], call: (x) => countNonzero(x) }),
    (s) => ({ inputs: [s.bool([3, 4])], call: (x) => countNonzero(x, 0) }),
    (s) => ({ inputs: [s.normal([3, 4])], call: (x) => countNonzero(x, [0, 1]) }),
  ],
});
