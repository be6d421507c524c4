/** Max pooling. */

import type { PoolDims } from '../../backend/arguments.ts';
import type { FloatArray } from '../../core/dtype.ts';
import { type Shape, sizeOf } from '../../core/shape.ts';
import { ConfigError, ShapeError } from '../../errors.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { arange } from '../create.ts';
import { checkFloat, defineOp, type Op, type OpCase, registerOp, type Sampler } from '../define.ts';
import { add } from '../elementwise/arithmetic.ts';
import { indexSelect } from '../indexing/index-axis.ts';
import { reshape } from '../movement/movement.ts';
import type { Extreme } from '../reduction/reduce.ts';
import { type PerAxis, perAxis } from './conv.ts';

export interface MaxPoolOptions {
  /** Steps of the window; its own size by default. */
  stride?: PerAxis | null;
  /** Places on both sides that are left out of every window; at most half the window. */
  padding?: PerAxis;
  /** Distance of the window's elements. */
  dilation?: PerAxis;
  /** A window that begins inside counts also where it does not end there. */
  ceilMode?: boolean;
  /** Give also the place of each value in its plane. */
  returnIndices?: boolean;
}

/** x [planes, H, W] → y, indices (int32), [planes, outH, outW] */
const maxPoolOp: Op<PoolDims> = defineOp<PoolDims>({
  name: 'maxPool2d',
  tolerance: 0,
  forward(node, [x], d) {
    const shape = [d.planes, d.outHeight, d.outWidth];
    const [y, indices] = [emptyTensor(shape, x!.dtype), emptyTensor(shape, 'int32')];
    node.kernels.maxPool2d(d, x!.data as FloatArray, y.data as FloatArray, indices.data as Int32Array);
    node.save(indices);
    return [y, indices];
  },
  backward(node, [dy], d) {
    const [indices] = node.saved();
    return [dy === null ? null : maxPoolBackwardOp.run([dy], { dims: d, indices: indices! })];
  },
  cases: [
    poolCase([2, 4, 6], 2, {}),
    poolCase([2, 2, 5, 7], 3, { stride: 2, padding: 1 }),
    poolCase([3, 5, 6], 2, { stride: 1, dilation: 2 }),
    poolCase([2, 5, 5], 2, { ceilMode: true }),
    poolCase([1, 7, 40], [3, 2], { stride: [1, 2], padding: [1, 0] }),
    (s) => ({ inputs: [s.distinct([2, 5, 5])], call: (x) => Object.values(maxPool2d(x, 3, { returnIndices: true })) }),
  ],
});

interface MaxPoolBackwardParams {
  readonly dims: PoolDims;
  readonly indices: Tensor;
}

/** dy [planes, outH, outW] → dx [planes, H, W], dy at the places that the indices name. */
const maxPoolBackwardOp: Op<MaxPoolBackwardParams> = defineOp<MaxPoolBackwardParams>({
  name: 'maxPool2dBackward',
  forward(node, [dy], { dims: d, indices }) {
    const dx = emptyTensor([d.planes, d.inHeight, d.inWidth], dy!.dtype);
    node.kernels.maxPool2dBackward(d, dy!.data as FloatArray, indices.data as Int32Array, dx.data as FloatArray);
    node.save(indices);
    return dx;
  },
  // What was put at a place is read there: an indexing of rows of one element, differentiable in its turn.
  backward(node, [ddx], { dims: d }) {
    const [indices] = node.saved();
    const size = d.inHeight * d.inWidth;
    const starts = arange(0, d.planes * size, size, { dtype: 'int32' });
    const places = add(indices!, reshape(starts, [d.planes, 1, 1]));
    const flat = reshape(ddx!, [d.planes * size]);
    return [reshape(indexSelect(flat, 0, reshape(places, [places.size])), indices!.shape)];
  },
  cases: [
    (s) => {
      const dims = dimsOf('maxPool2d', [2, 5, 5], 3, { stride: 1 });
      const indices = maxPoolOp.runAll([s.distinct([2, 5, 5])], dims)[1];
      return { inputs: [s.normal([2, 3, 3])], call: (dy) => maxPoolBackwardOp.run([dy], { dims, indices }) };
    },
    (s) => {
      const dims = dimsOf('maxPool2d', [3, 4, 38], 2, {});
      const indices = maxPoolOp.runAll([s.distinct([3, 4, 38])], dims)[1];
      return { inputs: [s.normal([3, 2, 19])], call: (dy) => maxPoolBackwardOp.run([dy], { dims, indices }) };
    },
  ],
});

function poolCase(shape: Shape, kernel: PerAxis, options: MaxPoolOptions): (s: Sampler) => OpCase {
  return (s) => ({
    inputs: [s.distinct(shape)],
    call: (x) => maxPool2d(x, kernel, { ...options, returnIndices: false }),
  });
}

/** One axis of a pooling. */
export interface PoolAxis {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
}

/**
 * The number of windows along an axis.
 *
 * @throws ConfigError  if padding passes half the window
 * @throws ShapeError   if the input is smaller than the window
 */
export function windowsOf(
  op: string,
  { size, kernel, stride, padding, dilation }: PoolAxis,
  ceilMode: boolean,
): number {
  if (2 * padding > kernel) {
    const expected = `at most ${Math.floor(kernel / 2)}`;
    throw new ConfigError({ op, problem: 'padding passes half the window', got: padding, expected });
  }
  const span = dilation * (kernel - 1) + 1;
  const room = size + 2 * padding - span;
  let windows = (ceilMode ? Math.ceil(room / stride) : Math.floor(room / stride)) + 1;
  // The last window must begin inside, or in the padding in front.
  if (ceilMode && (windows - 1) * stride >= size + padding) windows--;
  let empty = room + (ceilMode ? stride - 1 : 0) < 0 || windows < 1;
  // With a dilation, a window that begins in the padding may step over the whole input.
  for (let start = -padding; start < 0 && !empty; start += stride) {
    const skipped = Math.ceil(-start / dilation);
    empty = skipped >= kernel || start + skipped * dilation >= size;
  }
  if (!empty) return windows;
  const expected = `at least ${Math.max(1, span - 2 * padding)}`;
  throw new ShapeError({ op, problem: 'the input is smaller than the window', got: size, expected });
}

function dimsOf(op: string, x: Shape, kernelSize: PerAxis, options: MaxPoolOptions): PoolDims {
  const { padding = 0, dilation = 1, ceilMode = false } = options;
  const axes = op === 'maxPool1d' ? 1 : 2;
  const kernels = perAxis(op, 'kernelSize', kernelSize, axes, 1);
  const strides = perAxis(op, 'stride', options.stride ?? kernelSize, axes, 1);
  const paddings = perAxis(op, 'padding', padding, axes, 0);
  const dilations = perAxis(op, 'dilation', dilation, axes, 1);
  const along = (axis: number): PoolAxis => ({
    size: x[x.length - axes + axis],
    kernel: kernels[axis],
    stride: strides[axis],
    padding: paddings[axis],
    dilation: dilations[axis],
  });
  const down = axes === 1 ? { size: 1, kernel: 1, stride: 1, padding: 0, dilation: 1 } : along(0);
  const across = along(axes - 1);
  return {
    planes: sizeOf(x.slice(0, x.length - axes)),
    inHeight: down.size,
    inWidth: across.size,
    kernelHeight: down.kernel,
    kernelWidth: across.kernel,
    outHeight: windowsOf(op, down, ceilMode),
    outWidth: windowsOf(op, across, ceilMode),
    strideY: down.stride,
    strideX: across.stride,
    padTop: down.padding,
    padLeft: across.padding,
    dilationY: down.dilation,
    dilationX: across.dilation,
  };
}

function pool(op: string, axes: number, x: Tensor, kernelSize: PerAxis, options: MaxPoolOptions): Tensor | Extreme {
  checkFloat(op, x);
  if (x.rank !== axes + 1 && x.rank !== axes + 2) {
    const lengths = axes === 1 ? 'L' : 'H, W';
    const expected = `[N, C, ${lengths}] or [C, ${lengths}]`;
    throw new ShapeError({ op, problem: 'the input does not fit', got: x.shape, expected });
  }
  const d = dimsOf(op, x.shape, kernelSize, options);
  const [y, found] = maxPoolOp.runAll([reshape(x, [d.planes, d.inHeight, d.inWidth])], d);
  const lengths = axes === 1 ? [d.outWidth] : [d.outHeight, d.outWidth];
  const shape = [...x.shape.slice(0, x.rank - axes), ...lengths];
  if (options.returnIndices !== true) return reshape(y, shape);
  return { values: reshape(y, shape), indices: reshape(found, shape) };
}

/**
 * The largest of each window, NaN where it holds one; as PyTorch's.
 *
 * Shapes:   x [N, C, H, W] or [C, H, W] → y of the same rank, out = ⌊(in + 2·padding − dilation·(k − 1) − 1)/stride⌋ + 1
 *           (⌈…⌉ with `ceilMode`); indices (int32) as y, each a place row·W + column of its plane
 * Gradient: to the largest, of equals to the first; to any order
 * @throws ShapeError   if the rank is another, or the input is smaller than the window
 * @throws ConfigError  if an option is no integer in its range, or padding passes half the window
 * @throws DTypeError   if x is not of floats
 */
export function maxPool2d(
  x: Tensor,
  kernelSize: PerAxis,
  options: MaxPoolOptions & { readonly returnIndices: true },
): Extreme;
export function maxPool2d(
  x: Tensor,
  kernelSize: PerAxis,
  options?: MaxPoolOptions & { readonly returnIndices?: false },
): Tensor;
export function maxPool2d(x: Tensor, kernelSize: PerAxis, options: MaxPoolOptions = {}): Tensor | Extreme {
  return pool('maxPool2d', 2, x, kernelSize, options);
}

/**
 * The largest of each window along the last axis: see `maxPool2d`.
 *
 * Shapes:   x [N, C, L] or [C, L] → y [N, C, outL] or [C, outL]
 * @throws ShapeError, ConfigError, DTypeError  as `maxPool2d`
 */
export function maxPool1d(
  x: Tensor,
  kernelSize: PerAxis,
  options: MaxPoolOptions & { readonly returnIndices: true },
): Extreme;
export function maxPool1d(
  x: Tensor,
  kernelSize: PerAxis,
  options?: MaxPoolOptions & { readonly returnIndices?: false },
): Tensor;
export function maxPool1d(x: Tensor, kernelSize: PerAxis, options: MaxPoolOptions = {}): Tensor | Extreme {
  return pool('maxPool1d', 1, x, kernelSize, options);
}

registerOp({
  name: 'maxPool1d',
  tolerance: 0,
  cases: [
    (s) => ({ inputs: [s.distinct([2, 3, 9])], call: (x) => maxPool1d(x, 3, { stride: 2, padding: 1 }) }),
    (s) => ({ inputs: [s.distinct([2, 8])], call: (x) => maxPool1d(x, 2) }),
  ],
});
