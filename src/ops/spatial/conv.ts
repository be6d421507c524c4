/** Convolutions. Each of the three products of a convolution is the gradient of the others, so all have every order. */

import type { ConvDims } from '../../backend/arguments.ts';
import type { FloatArray } from '../../core/dtype.ts';
import { checkShape, type Shape, sameShape } from '../../core/shape.ts';
import { ConfigError, ShapeError } from '../../errors.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { checkFloat, checkSameDType, defineOp, type Op, type OpCase, registerOp, type Sampler } from '../define.ts';
import { reshape } from '../movement/movement.ts';
import { expand, sum } from '../reduction/broadcast.ts';

/** A number for every axis, or one each. */
export type PerAxis = number | readonly number[];

export interface ConvOptions {
  /** Steps of the kernel over the input. */
  stride?: PerAxis;
  /**
   * Zeros on both sides of an axis; `'valid'` is none, `'same'` as many as keep the size (at stride 1; an odd one goes
   * behind).
   */
  padding?: PerAxis | 'same' | 'valid';
  /** Distance of the kernel's elements. */
  dilation?: PerAxis;
  /** Cuts the channels into groups that are convolved each for itself. */
  groups?: number;
}

/**
 * One integer an axis, each at least `low`.
 *
 * @throws ConfigError  if it is no such thing
 */
export function perAxis(op: string, name: string, value: PerAxis, axes: number, low: number): number[] {
  const list = typeof value === 'number' ? new Array<number>(axes).fill(value) : [...value];
  const repeated = list.length === 1 ? new Array<number>(axes).fill(list[0]) : list;
  if (repeated.length === axes && repeated.every((v) => Number.isInteger(v) && v >= low)) return repeated;
  const each = axes === 1 ? '' : `, or ${axes} of them`;
  throw new ConfigError({ op, problem: `${name} does not fit`, got: value, expected: `an integer ≥ ${low}${each}` });
}

function weightShape(d: ConvDims): Shape {
  return [d.outChannels, d.inChannels / d.groups, d.kernelHeight, d.kernelWidth];
}

function arrayOf(t: Tensor | null): FloatArray | null {
  return t === null ? null : (t.data as FloatArray);
}

/** x [N, C, H, W], w [O, C/groups, kh, kw], bias [O] → [N, O, outH, outW] */
const convOp: Op<ConvDims> = defineOp<ConvDims>({
  name: 'conv2d',
  tolerance: 1e-5,
  forward(node, [x, w, bias], d) {
    const y = emptyTensor([d.batch, d.outChannels, d.outHeight, d.outWidth], x!.dtype);
    node.kernels.conv2d(d, arrayOf(x)!, arrayOf(w)!, arrayOf(bias), arrayOf(y)!);
    node.save(node.needs(1) ? x : null, node.needs(0) ? w : null);
    return y;
  },
  backward(node, [dy], dims) {
    const [x, w] = node.saved();
    const dx = node.needs(0) ? convDataOp.run([w, dy], dims) : null;
    const bias = node.needs(2);
    if (!node.needs(1)) return [dx, null, bias ? sum(dy!, [0, 2, 3]) : null];
    const [dw, db = null] = convWeightOp.runAll([x, dy], { dims, bias });
    return [dx, dw, db];
  },
  cases: [
    convCase([2, 3, 5, 4], [2, 3, 3, 2], true, {}),
    convCase([1, 2, 6, 5], [3, 2, 3, 3], true, { stride: 2, padding: 1 }),
    convCase([2, 4, 5, 5], [4, 2, 2, 3], false, { padding: [0, 2], dilation: [2, 1], groups: 2 }),
    convCase([2, 3, 4, 4], [3, 1, 3, 3], true, { padding: 1, groups: 3 }),
    convCase([1, 2, 4, 3], [2, 2, 2, 2], false, { padding: 'same' }),
    convCase([2, 2, 4, 4], [3, 2, 1, 1], true, { stride: 3 }),
    convCase([5, 4, 3], [2, 5, 1, 1], true, { padding: 'valid' }),
    convCase([1, 2, 3, 18], [5, 2, 3, 3], true, { padding: 2 }),
  ],
});

/** w, dy [N, O, outH, outW] → the gradient of x. */
const convDataOp: Op<ConvDims> = defineOp<ConvDims>({
  name: 'conv2dBackwardData',
  tolerance: 1e-5,
  forward(node, [w, dy], d) {
    const dx = emptyTensor([d.batch, d.inChannels, d.inHeight, d.inWidth], w!.dtype);
    node.kernels.conv2dBackwardData(d, arrayOf(w)!, arrayOf(dy)!, arrayOf(dx)!);
    node.save(node.needs(1) ? w : null, node.needs(0) ? dy : null);
    return dx;
  },
  backward(node, [ddx], dims) {
    const [w, dy] = node.saved();
    const dw = node.needs(0) ? convWeightOp.runAll([ddx, dy], { dims, bias: false })[0] : null;
    return [dw, node.needs(1) ? convOp.run([ddx, w, null], dims) : null];
  },
  cases: [
    (s) => {
      const dims = dimsOf('conv2d', [2, 2, 5, 4], [4, 1, 3, 2], { stride: [2, 1], padding: 1, groups: 2 });
      return {
        inputs: [s.normal([4, 1, 3, 2]), s.normal([2, 4, 3, 5])],
        call: (w, dy) => convDataOp.run([w, dy], dims),
      };
    },
  ],
});

interface WeightParams {
  readonly dims: ConvDims;
  /** The gradient of the bias is the second output. */
  readonly bias: boolean;
}

/** x, dy → the gradients of the weight and of the bias. */
const convWeightOp: Op<WeightParams> = defineOp<WeightParams>({
  name: 'conv2dBackwardWeight',
  tolerance: 1e-5,
  forward(node, [x, dy], { dims, bias }) {
    const dw = emptyTensor(weightShape(dims), dy!.dtype);
    const db = bias ? emptyTensor([dims.outChannels], dy!.dtype) : null;
    node.kernels.conv2dBackwardWeight(dims, arrayOf(x)!, arrayOf(dy)!, arrayOf(dw)!, arrayOf(db));
    node.save(node.needs(1) ? x : null, node.needs(0) ? dy : null);
    return db === null ? [dw] : [dw, db];
  },
  backward(node, [ddw, ddb = null], { dims }) {
    const [x, dy] = node.saved();
    const dx = node.needs(0) && ddw !== null ? convDataOp.run([ddw, dy], dims) : null;
    if (!node.needs(1)) return [dx, null];
    if (ddw !== null) return [dx, convOp.run([x, ddw, ddb], dims)];
    return [dx, ddb === null ? null : expand(reshape(ddb, [1, dims.outChannels, 1, 1]), node.shapes[1])];
  },
  cases: [
    (s) => {
      const dims = dimsOf('conv2d', [2, 2, 5, 4], [4, 1, 3, 2], { stride: [2, 1], padding: 1, groups: 2 });
      const inputs = [s.normal([2, 2, 5, 4]), s.normal([2, 4, 3, 5])];
      return { inputs, call: (x, dy) => convWeightOp.runAll([x, dy], { dims, bias: true }) };
    },
    (s) => {
      const dims = dimsOf('conv2d', [1, 1, 4, 4], [1, 1, 3, 3], {});
      const inputs = [s.normal([1, 1, 4, 4]), s.normal([1, 1, 2, 2])];
      return { inputs, call: (x, dy) => convWeightOp.runAll([x, dy], { dims, bias: true })[1] };
    },
  ],
});

function convCase(x: Shape, w: Shape, biased: boolean, options: ConvOptions): (s: Sampler) => OpCase {
  return (s) => {
    const inputs = [s.normal(x), s.normal(w)];
    if (biased) inputs.push(s.normal([w[0]]));
    return { inputs, call: (input, weight, bias) => conv2d(input, weight, biased ? bias : null, options) };
  };
}

/** Zeros in front of an axis, and the size of the output along it. */
function alongAxis(op: string, options: ConvOptions, x: Shape, w: Shape, axis: number): [pad: number, size: number] {
  const axes = w.length - 2;
  const stride = perAxis(op, 'stride', options.stride ?? 1, axes, 1)[axis];
  const dilation = perAxis(op, 'dilation', options.dilation ?? 1, axes, 1)[axis];
  const padding = options.padding ?? 0;
  const [size, span] = [x[x.length - axes + axis], dilation * (w[axis + 2] - 1)];
  if (padding === 'same') {
    if (stride === 1) return [Math.floor(span / 2), size];
    throw new ConfigError({ op, problem: "padding 'same' needs stride 1", got: options.stride });
  }
  if (typeof padding === 'string' && padding !== 'valid') {
    throw new ConfigError({ op, problem: 'unknown padding', got: padding, expected: "'same' | 'valid' | integers" });
  }
  const pad = padding === 'valid' ? 0 : perAxis(op, 'padding', padding, axes, 0)[axis];
  const room = size + 2 * pad - span - 1;
  if (room >= 0) return [pad, Math.floor(room / stride) + 1];
  throw new ShapeError({
    op,
    problem: 'the kernel is larger than the padded input',
    got: [x, w],
    hint: `${span + 1} > ${size + 2 * pad}`,
  });
}

/** The sizes of a convolution of x [N, C, …] or [C, …] with w [O, C/groups, …], of one or two axes. */
function dimsOf(op: string, x: Shape, w: Shape, options: ConvOptions): ConvDims {
  const { groups = 1 } = options;
  const axes = w.length - 2;
  const [batch, inChannels, ...lengths] = x.length === w.length ? x : [1, ...x];
  const outChannels = w[0];
  if (!Number.isInteger(groups) || groups < 1 || inChannels % groups !== 0 || outChannels % groups !== 0) {
    const problem = `groups must divide the channels, ${inChannels} in and ${outChannels} out`;
    throw new ConfigError({ op, problem, got: groups });
  }
  if (inChannels === 0 || w[1] !== inChannels / groups || w.slice(2).includes(0)) {
    const hint = `the weight must be [O, ${inChannels / groups}${', k'.repeat(axes)}]`;
    throw new ShapeError({ op, problem: 'the weight does not fit the input', got: [x, w], hint });
  }
  const sizes = Array.from({ length: axes }, (_, i) => alongAxis(op, options, x, w, i));
  const stride = perAxis(op, 'stride', options.stride ?? 1, axes, 1);
  const dilation = perAxis(op, 'dilation', options.dilation ?? 1, axes, 1);
  checkShape(op, [batch, outChannels, ...sizes.map(([, size]) => size)]);
  const [[padTop, outHeight], [padLeft, outWidth]] = axes === 1 ? [[0, 1], sizes[0]] : sizes;
  const flat = axes === 1;
  return {
    batch,
    groups,
    inChannels,
    outChannels,
    inHeight: flat ? 1 : lengths[0],
    inWidth: lengths[axes - 1],
    kernelHeight: flat ? 1 : w[2],
    kernelWidth: w[axes + 1],
    outHeight,
    outWidth,
    strideY: flat ? 1 : stride[0],
    strideX: stride[axes - 1],
    padTop,
    padLeft,
    dilationY: flat ? 1 : dilation[0],
    dilationX: dilation[axes - 1],
  };
}

/**
 * `channels` are the weight's two axes in front of its kernel's, as the message names them.
 *
 * @throws DTypeError  if an operand is not of floats, or the dtypes differ
 * @throws ShapeError  if the ranks are not those of a convolution over `axes` axes
 */
export function checkConvOperands(
  op: string,
  axes: number,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  channels: string,
): void {
  checkFloat(op, x);
  checkFloat(op, weight);
  if (bias !== null) checkFloat(op, bias);
  checkSameDType(op, x, weight, bias);
  if (weight.rank === axes + 2 && (x.rank === axes + 1 || x.rank === axes + 2)) return;
  const lengths = axes === 1 ? 'L' : 'H, W';
  const problem = `x must be [N, C, ${lengths}] or [C, ${lengths}], the weight [${channels}${', k'.repeat(axes)}]`;
  throw new ShapeError({ op, problem, got: [x.shape, weight.shape] });
}

/** A convolution over the last `axes` axes; one without a batch gets one for the time of the call. */
function convolve(
  op: string,
  axes: number,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  options: ConvOptions,
): Tensor {
  checkConvOperands(op, axes, x, weight, bias, 'O, C/groups');
  const d = dimsOf(op, x.shape, weight.shape, options);
  if (bias !== null && !sameShape(bias.shape, [d.outChannels])) {
    throw new ShapeError({ op, problem: 'the bias does not fit', got: bias.shape, expected: [d.outChannels] });
  }
  const planes = reshape(x, [d.batch, d.inChannels, d.inHeight, d.inWidth]);
  const y = convOp.run([planes, reshape(weight, weightShape(d)), bias], d);
  const lengths = axes === 1 ? [d.outWidth] : [d.outHeight, d.outWidth];
  return reshape(y, [...(x.rank === axes + 2 ? [d.batch] : []), d.outChannels, ...lengths]);
}

/** The sizes of a transposed convolution, one or two lengths each. */
interface TransposedShape {
  readonly batch: number;
  readonly groups: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly lengths: Shape;
  readonly kernel: Shape;
  readonly out: Shape;
}

/**
 * The transposed convolution of x by `weight` [C, O/groups, …], sizes known to fit: the gradient of the convolution that
 * leads from its output back to x.
 */
export function convolutionTransposed(
  x: Tensor,
  weight: Tensor,
  { batch, groups, inChannels, outChannels, lengths, kernel, out }: TransposedShape,
  window: Record<'stride' | 'padding' | 'dilation', Shape>,
): Tensor {
  const plane = ([first, second]: Shape, flat: number): [number, number] =>
    second === undefined ? [flat, first] : [first, second];
  const [[inHeight, inWidth], [outHeight, outWidth]] = [plane(out, 1), plane(lengths, 1)];
  const [[kernelHeight, kernelWidth], [strideY, strideX]] = [plane(kernel, 1), plane(window.stride, 1)];
  const [[padTop, padLeft], [dilationY, dilationX]] = [plane(window.padding, 0), plane(window.dilation, 1)];
  const sizes = { inHeight, inWidth, kernelHeight, kernelWidth, outHeight, outWidth };
  const steps = { strideY, strideX, padTop, padLeft, dilationY, dilationX };
  const d = { batch, groups, inChannels: outChannels, outChannels: inChannels, ...sizes, ...steps };
  const dy = reshape(x, [batch, inChannels, outHeight, outWidth]);
  return convDataOp.run([reshape(weight, weightShape(d)), dy], d);
}

/**
 * A two-dimensional convolution (cross-correlation, the kernel not flipped), as PyTorch's.
 *
 * Shapes:   x [N, C, H, W] or [C, H, W], weight [O, C/groups, kh, kw], bias [O] or null → y [N, O, outH, outW] or
 *           [O, outH, outW], out = ⌊(in + 2·padding − dilation·(k − 1) − 1)/stride⌋ + 1
 * Gradient: to any order; each of its products is again a kernel of the backend
 * @throws ShapeError   if the shapes do not fit together, or the kernel passes the padded input
 * @throws ConfigError  if an option is no integer in its range, groups divides no channels, or 'same' meets a stride
 * @throws DTypeError   if an operand is not of floats, or the dtypes differ
 */
export function conv2d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: ConvOptions = {}): Tensor {
  return convolve('conv2d', 2, x, weight, bias, options);
}

/**
 * A one-dimensional convolution: see `conv2d`.
 *
 * Shapes:   x [N, C, L] or [C, L], weight [O, C/groups, k], bias [O] or null → y [N, O, outL] or [O, outL]
 * @throws ShapeError, ConfigError, DTypeError  as `conv2d`
 */
export function conv1d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: ConvOptions = {}): Tensor {
  return convolve('conv1d', 1, x, weight, bias, options);
}

registerOp({
  name: 'conv1d',
  tolerance: 1e-5,
  cases: [
    (s) => ({
      inputs: [s.normal([2, 3, 7]), s.normal([4, 3, 3]), s.normal([4])],
      call: (x, w, b) => conv1d(x, w, b, { padding: 1, stride: 2 }),
    }),
    (s) => ({
      inputs: [s.normal([4, 9]), s.normal([4, 2, 2])],
      call: (x, w) => conv1d(x, w, null, { dilation: 3, groups: 2, padding: 'same' }),
    }),
  ],
});
