/** What the elements up to each place along one axis come to: cumulative sums, products, log-sum-exps and extremes. */

import type { Backend } from '../../backend/backend.ts';
import { ArgReduceOp, BinaryOp, ScanOp } from '../../backend/opcodes.ts';
import { type DType, floatOf, sumOf } from '../../core/dtype.ts';
import { checkAxis, mergeAxes, PlanKind } from '../../core/shape.ts';
import { ConfigError, ShapeError } from '../../errors.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { checkTensor, defineOp, type Op } from '../define.ts';
import { mul, sub } from '../elementwise/arithmetic.ts';
import { to } from '../elementwise/cast.ts';
import { eq, maskedFill, ne, where } from '../elementwise/compare.ts';
import { exp, neg } from '../elementwise/unary.ts';
import { type Extents, extentsOf, type Placed } from '../indexing/along.ts';
import { scatterAdd } from '../indexing/scatter.ts';
import { cat } from '../movement/join.ts';
import { narrow, reshape } from '../movement/movement.ts';
import { pad } from '../movement/pad.ts';
import { filled } from './broadcast.ts';

interface ScanParams extends Extents {
  readonly reverse: boolean;
}

export interface ScanOptions {
  /** The dtype to count in; the default is that of a sum. */
  dtype?: DType;
}

function runScan(kernels: Backend, op: ScanOp, x: Tensor, { reverse, outer, n, inner }: ScanParams): Tensor {
  const y = emptyTensor(x.shape, x.dtype);
  kernels.scan(op, reverse, x.data, y.data, outer, n, inner);
  return y;
}

const cumsumOp: Op<ScanParams> = defineOp<ScanParams>({
  name: 'cumsum',
  forward: (node, [x], params) => runScan(node.kernels, ScanOp.sum, x!, params),
  backward: (_, [dy], params) => [cumsumOp.run([dy], { ...params, reverse: !params.reverse })],
  cases: [
    (s) => ({ inputs: [s.normal([6])], call: (x) => cumsum(x, 0) }),
    (s) => ({ inputs: [s.normal([2, 3, 4])], call: (x) => cumsum(x, 1) }),
    (s) => ({ inputs: [s.normal([1, 40])], call: (x) => cumsum(x, -1) }),
    (s) => ({ inputs: [s.normal([])], call: (x) => cumsum(x, 0) }),
    (s) => ({ inputs: [s.normal([3, 0])], call: (x) => cumsum(x, 0) }),
  ],
});

/**
 * The sums of the elements up to each place of `axis`. Bools and integers count in int32.
 *
 * Shapes:   x [...] → y as x
 * Gradient: dx = the sums of dy from each place on
 * @throws ShapeError  if there is no such axis
 */
export function cumsum(x: Tensor, axis: number, { dtype }: ScanOptions = {}): Tensor {
  const { outer, n, inner } = extentsOf('cumsum', x, axis);
  return cumsumOp.run([to(x, dtype ?? sumOf(x.dtype))], { outer, n, inner, reverse: false });
}

/** `y` moved on by one place along the middle axis of [outer, n, inner]; what comes first is `fill`. */
function shifted(y: Tensor, { outer, n, inner }: Extents, fill: number): Tensor {
  const whole = reshape(y, [outer, n, inner]);
  return reshape(cat([filled([outer, 1, inner], fill, y.dtype), narrow(whole, 1, 0, n - 1)], 1), y.shape);
}

/**
 * y[k] = b[k] + a[k]·y[k − 1], or its adjoint y[k] = b[k] + a[k + 1]·y[k + 1]. Every gradient of a product along an
 * axis is one of these, without a division by what may be 0.
 */
const linearScanOp: Op<ScanParams> = defineOp<ScanParams>({
  name: 'linearScan',
  forward(node, [a, b], { reverse, outer, n, inner }) {
    const y = emptyTensor(b!.shape, b!.dtype);
    type Floats = Float32Array;
    node.kernels.linearScan(reverse, a!.data as Floats, b!.data as Floats, y.data as Floats, outer, n, inner);
    node.save(a, y);
    return y;
  },
  backward(node, [dy], params) {
    const [a, y] = node.saved() as [Tensor, Tensor];
    const other = linearScanOp.run([a, dy], { ...params, reverse: !params.reverse });
    if (params.n === 0) return [other, other];
    const [ahead, back] = params.reverse ? [other, y] : [y, other];
    return [node.needs(0) ? mul(shifted(ahead, params, 0), back) : null, other];
  },
  cases: [false, true].flatMap((reverse) => [
    (s) => ({
      inputs: [s.normal([5]), s.normal([5])],
      call: (a, b) => linearScanOp.run([a, b], { outer: 1, n: 5, inner: 1, reverse }),
    }),
    (s) => ({
      inputs: [s.normal([2, 4, 3]), s.normal([2, 4, 3])],
      call: (a, b) => linearScanOp.run([a, b], { outer: 2, n: 4, inner: 3, reverse }),
    }),
  ]),
});

/** The gradient of cumulative products y of x: dx[k] = Π_{j<k} x[j] · Σ_{i≥k} dy[i]·Π_{k<j≤i} x[j]. */
function productGradient(x: Tensor, y: Tensor, dy: Tensor, extents: Extents): Tensor {
  if (x.size === 0) return dy;
  return mul(shifted(y, extents, 1), linearScanOp.run([x, dy], { ...extents, reverse: true }));
}

const cumprodOp: Op<ScanParams> = defineOp<ScanParams>({
  name: 'cumprod',
  forward(node, [x], params) {
    const y = runScan(node.kernels, ScanOp.prod, x!, params);
    node.save(x, y);
    return y;
  },
  backward(node, [dy], params) {
    const [x, y] = node.saved() as [Tensor, Tensor];
    return [productGradient(x, y, dy!, params)];
  },
  cases: [
    (s) => ({ inputs: [s.normal([6])], call: (x) => cumprod(x, 0) }),
    (s) => ({ inputs: [s.normal([2, 3, 4])], call: (x) => cumprod(x, 1) }),
    (s) => {
      const mask = s.bool([4, 3]);
      return { inputs: [s.normal([4, 3])], call: (x) => cumprod(maskedFill(x, mask, 0), 0) };
    },
    (s) => ({ inputs: [s.normal([])], call: (x) => cumprod(x, -1) }),
    (s) => ({ inputs: [s.normal([0, 3])], call: (x) => cumprod(x, 0) }),
  ],
});

/** The products of the elements up to each place of `axis`: see `cumsum`. The gradient is exact also where x is 0. */
export function cumprod(x: Tensor, axis: number, { dtype }: ScanOptions = {}): Tensor {
  const { outer, n, inner } = extentsOf('cumprod', x, axis);
  return cumprodOp.run([to(x, dtype ?? sumOf(x.dtype))], { outer, n, inner, reverse: false });
}

/**
 * The gradient of the product along n of [outer, n, inner], spread over x: dy [outer, 1, inner] stands at the last place
 * of a scan, so that what precedes and what follows each element are multiplied without a division.
 */
export function prodGradient(x: Tensor, dy: Tensor, extents: Extents): Tensor {
  const { outer, n, inner } = extents;
  if (x.size === 0) return filled(x.shape, 0, x.dtype);
  const before = cumprodOp.run([x], { ...extents, reverse: false });
  const last = reshape(dy, [outer, 1, inner]);
  const placed = cat([filled([outer, n - 1, inner], 0, dy.dtype), last], 1);
  return productGradient(x, before, reshape(placed, x.shape), extents);
}

const logcumsumexpOp: Op<ScanParams> = defineOp<ScanParams>({
  name: 'logcumsumexp',
  tolerance: 4e-6,
  forward(node, [x], params) {
    const y = runScan(node.kernels, ScanOp.logsumexp, x!, params);
    node.save(x, y);
    return y;
  },
  // dx[k] = e^(x[k] − y[k])·g[k], g[k] = dy[k] + e^(y[k] − y[k + 1])·g[k + 1]: no exponential passes 1.
  backward(node, [dy], params) {
    const [x, y] = node.saved() as [Tensor, Tensor];
    if (x.size === 0) return [dy];
    // Where all so far is −∞ the differences have no value, and nothing flows.
    const nothing = eq(y, -Infinity);
    const level = maskedFill(y, nothing, 0);
    const before = shifted(y, params, -Infinity);
    const started = ne(before, -Infinity);
    const weights = where(started, exp(sub(where(started, before, level), level)), 0);
    const flow = linearScanOp.run([weights, dy], { ...params, reverse: true });
    const shares = exp(sub(maskedFill(x, nothing, 0), level));
    return [mul(maskedFill(shares, nothing, 0), flow)];
  },
  cases: [
    (s) => ({ inputs: [s.normal([6])], call: (x) => logcumsumexp(x, 0) }),
    (s) => ({ inputs: [s.normal([2, 3, 4])], call: (x) => logcumsumexp(x, 1) }),
    (s) => ({ inputs: [s.normal([1, 40])], call: (x) => logcumsumexp(x, 1) }),
    (s) => ({ inputs: [s.normal([])], call: (x) => logcumsumexp(x, 0) }),
  ],
  edges: [-Infinity, -Infinity, 1, -1, 0, 100, -Infinity, Infinity, 1, NaN],
});

/**
 * log Σ eˣ of the elements up to each place of `axis`, without overflow; of integers in float32.
 *
 * Shapes:   x [...] → y as x
 * Gradient: dx[k] = Σ_{i≥k} dy[i]·e^(x[k] − y[i])
 * @throws ShapeError  if there is no such axis
 */
export function logcumsumexp(x: Tensor, axis: number): Tensor {
  const { outer, n, inner } = extentsOf('logcumsumexp', x, axis);
  return logcumsumexpOp.run([to(x, floatOf(x.dtype))], { outer, n, inner, reverse: false });
}

function defineExtremeScan(name: 'cummax' | 'cummin', opcode: ArgReduceOp): (x: Tensor, axis: number) => Placed {
  const op = defineOp<Extents>({
    name,
    tolerance: 0,
    edges: [1, -1, 0, -0, 2, 2, -Infinity, Infinity, NaN, 1, NaN],
    forward(node, [x], { outer, n, inner }) {
      const values = emptyTensor(x!.shape, x!.dtype);
      const indices = emptyTensor(x!.shape, 'int32');
      node.kernels.extremeScan(opcode, x!.data, values.data, indices.data as Int32Array, outer, n, inner);
      node.save(indices);
      return [values, indices];
    },
    backward(node, [dy], extents) {
      const [indices] = node.saved() as [Tensor];
      const shape = [extents.outer, extents.n, extents.inner];
      const zero = filled(shape, 0, dy!.dtype);
      return [reshape(scatterAdd(zero, 1, reshape(indices, shape), reshape(dy!, shape)), indices.shape)];
    },
    cases: [
      (s) => ({ inputs: [s.distinct([9])], call: (x) => both(scan(x, 0)) }),
      (s) => ({ inputs: [s.distinct([2, 4, 3])], call: (x) => both(scan(x, 1)) }),
      (s) => ({ inputs: [s.distinct([])], call: (x) => both(scan(x, 0)) }),
      (s) => ({ inputs: [s.distinct([0, 2])], call: (x) => both(scan(x, 0)) }),
    ],
  });
  const both = ({ values, indices }: Placed): Tensor[] => [values, indices];
  const scan = (x: Tensor, axis: number): Placed => {
    const extents = extentsOf(name, x, axis);
    const [values, indices] = op.runAll([x], extents);
    return { values, indices };
  };
  return scan;
}

/**
 * The largest up to each place of `axis`, and its place: the last of equals, and of NaNs once there is one.
 *
 * Shapes:   x [...] → values and indices (int32) as x
 * Gradient: to the places
 * @throws ShapeError  if there is no such axis
 */
export const cummax = defineExtremeScan('cummax', ArgReduceOp.argmax);
/** The smallest up to each place of `axis`, and its place: see `cummax`. */
export const cummin = defineExtremeScan('cummin', ArgReduceOp.argmin);

export interface DiffOptions {
  /** How many times differences are taken: 1 by default. */
  n?: number;
  /** What is put in front of the axis, and behind it, beforehand. */
  prepend?: Tensor | null;
  append?: Tensor | null;
}

/** x[k + 1] − x[k] along an axis of at least two: both are read where they lie. */
const diffOp: Op<number> = defineOp<number>({
  name: 'diff',
  tolerance: 0,
  forward(node, [x], axis) {
    const { outer, n, inner } = extentsOf('diff', x!, axis);
    const shape = x!.shape.map((d, i) => (i === axis ? d - 1 : d));
    const y = emptyTensor(shape, x!.dtype);
    if (y.size === 0) return y;
    const strides = [n * inner, 1];
    const layout = mergeAxes([outer, (n - 1) * inner], [strides, strides]);
    const plan = { shape, size: y.size, kind: PlanKind.strided, layout };
    node.kernels.binary(BinaryOp.sub, plan, x!.data.subarray(inner), x!.data, y.data);
    return y;
  },
  backward: (_, [dy], axis) => {
    const aside = new Array<number>(2 * (dy!.rank - 1 - axis)).fill(0);
    return [neg(diffOp.run([pad(dy!, [...aside, 1, 1])], axis))];
  },
  cases: [
    (s) => ({ inputs: [s.normal([5])], call: (x) => diff(x) }),
    (s) => ({ inputs: [s.normal([2, 4, 3])], call: (x) => diff(x, 1, { n: 2 }) }),
    (s) => ({ inputs: [s.normal([3, 1, 2])], call: (x) => diff(x, 1) }),
    (s) => ({
      inputs: [s.normal([2, 3]), s.normal([2, 1]), s.normal([2, 2])],
      call: (x, prepend, append) => diff(x, 1, { prepend, append }),
    }),
  ],
});

/**
 * The differences of neighbours along `axis`, taken `n` times; of bools whether they differ.
 *
 * Shapes:   x [...] → y, that axis shorter by n, or empty
 * Gradient: dx[k] = dy[k − 1] − dy[k]
 * @throws ShapeError   if there is no such axis
 * @throws ConfigError  if n is no integer from 0 on
 */
export function diff(x: Tensor, axis = -1, { n = 1, prepend = null, append = null }: DiffOptions = {}): Tensor {
  checkTensor('diff', x);
  if (x.rank === 0) throw new ShapeError({ op: 'diff', problem: 'a single value has no neighbours', got: x.shape });
  const at = checkAxis('diff', axis, x.rank);
  if (!Number.isInteger(n) || n < 0) {
    throw new ConfigError({ op: 'diff', problem: 'n must be an integer from 0 on', got: n });
  }
  const parts = [prepend, x, append].filter((part) => part !== null);
  let y = parts.length === 1 ? x : cat(parts, at);
  for (let i = 0; i < n && y.shape[at] > 0; i++) {
    const length = y.shape[at] - 1;
    y = y.dtype === 'bool' ? ne(narrow(y, at, 1, length), narrow(y, at, 0, length)) : diffOp.run([y], at);
  }
  return y;
}
