/** The patches that a sliding window sees, as columns, and columns added back to an image. */

import type { PoolDims } from '../../backend/arguments.ts';
import type { FloatArray } from '../../core/dtype.ts';
import { type Shape, sizeOf } from '../../core/shape.ts';
import { ShapeError } from '../../errors.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { checkFloat, defineOp, type Op } from '../define.ts';
import { type PerAxis, perAxis } from '../spatial/conv.ts';
import { reshape } from './movement.ts';

export interface PatchOptions {
  /** Distance of the window's elements. */
  dilation?: PerAxis;
  /** Zeros on both sides. */
  padding?: PerAxis;
  /** Steps of the window. Default 1. */
  stride?: PerAxis;
}

const tapsOf = (d: PoolDims): number => d.kernelHeight * d.kernelWidth;
const windowsOf = (d: PoolDims): number => d.outHeight * d.outWidth;

/** x [planes, H, W] → [planes, kh·kw, outH·outW] */
const im2colOp: Op<PoolDims> = defineOp<PoolDims>({
  name: 'im2col',
  tolerance: 0,
  forward(node, [x], d) {
    const y = emptyTensor([d.planes, tapsOf(d), windowsOf(d)], x!.dtype);
    node.kernels.im2col(d, x!.data as FloatArray, y.data as FloatArray);
    return y;
  },
  backward: (_, [dy], d) => [col2imOp.run([dy], d)],
  cases: [
    (s) => ({ inputs: [s.normal([2, 3, 4, 5])], call: (x) => im2col(x, [2, 3], { padding: 1, stride: 2 }) }),
    (s) => ({ inputs: [s.normal([2, 5, 6])], call: (x) => im2col(x, 2, { dilation: [1, 2] }) }),
    (s) => ({ inputs: [s.normal([1, 1, 3, 40])], call: (x) => im2col(x, [1, 3], { padding: [0, 1] }) }),
  ],
});

/** The transpose of `im2col`: every element the sum of what its windows hold for it. */
const col2imOp: Op<PoolDims> = defineOp<PoolDims>({
  name: 'col2im',
  forward(node, [x], d) {
    const y = emptyTensor([d.planes, d.inHeight, d.inWidth], x!.dtype);
    node.kernels.col2im(d, x!.data as FloatArray, y.data as FloatArray);
    return y;
  },
  backward: (_, [dy], d) => [im2colOp.run([dy], d)],
  cases: [
    (s) => ({ inputs: [s.normal([2, 8, 9])], call: (x) => col2im(x, [4, 4], 2) }),
    (s) => ({ inputs: [s.normal([12, 9])], call: (x) => col2im(x, [4, 5], [2, 3], { padding: 1, stride: 2 }) }),
  ],
});

/** @throws ShapeError  if the window is larger than the padded image */
function dimsOf(op: string, image: Shape, planes: number, kernelSize: PerAxis, options: PatchOptions): PoolDims {
  const kernel = perAxis(op, 'kernelSize', kernelSize, 2, 1);
  const dilation = perAxis(op, 'dilation', options.dilation ?? 1, 2, 1);
  const padding = perAxis(op, 'padding', options.padding ?? 0, 2, 0);
  const stride = perAxis(op, 'stride', options.stride ?? 1, 2, 1);
  const [outHeight, outWidth] = image.map((size, i) => {
    const room = size + 2 * padding[i] - dilation[i] * (kernel[i] - 1) - 1;
    if (room >= 0) return Math.floor(room / stride[i]) + 1;
    const problem = 'the window is larger than the padded image';
    throw new ShapeError({ op, problem, got: image, expected: `axis ${i} at least ${size - room}` });
  });
  const [[kernelHeight, kernelWidth], [inHeight, inWidth]] = [kernel, image];
  const [[strideY, strideX], [padTop, padLeft], [dilationY, dilationX]] = [stride, padding, dilation];
  const window = { kernelHeight, kernelWidth, strideY, strideX, padTop, padLeft, dilationY, dilationX };
  return { planes, inHeight, inWidth, outHeight, outWidth, ...window };
}

/**
 * The patches that a window sees of each image, each a column: PyTorch's `functional.unfold`.
 *
 * Shapes:   x [N, C, H, W] or [C, H, W] → [N, C·kh·kw, windows] or [C·kh·kw, windows]
 * Gradient: `col2im`; to any order
 * @throws ShapeError   if the rank is another, or the window is larger than the padded image
 * @throws ConfigError  if an option is no integer in its range
 * @throws DTypeError   if x is not of floats
 */
export function im2col(x: Tensor, kernelSize: PerAxis, options: PatchOptions = {}): Tensor {
  checkFloat('im2col', x);
  if (x.rank !== 3 && x.rank !== 4) {
    throw new ShapeError({
      op: 'im2col',
      problem: 'expected images',
      got: x.shape,
      expected: '[N, C, H, W] or [C, H, W]',
    });
  }
  const lead = x.shape.slice(0, -2);
  const d = dimsOf('im2col', x.shape.slice(-2), sizeOf(lead), kernelSize, options);
  const columns = im2colOp.run([reshape(x, [d.planes, d.inHeight, d.inWidth])], d);
  return reshape(columns, [...lead.slice(0, -1), lead[lead.length - 1] * tapsOf(d), windowsOf(d)]);
}

/**
 * Columns of patches added back into images, where windows overlap their sum: PyTorch's `functional.fold`.
 *
 * Shapes:   x [N, C·kh·kw, windows] or [C·kh·kw, windows] → [N, C, H, W] or [C, H, W], H and W from `outputSize`
 * Gradient: `im2col`; to any order
 * @throws ShapeError   if the columns do not fit the windows of such an image
 * @throws ConfigError  if an option is no integer in its range
 * @throws DTypeError   if x is not of floats
 */
export function col2im(x: Tensor, outputSize: PerAxis, kernelSize: PerAxis, options: PatchOptions = {}): Tensor {
  checkFloat('col2im', x);
  const image = perAxis('col2im', 'outputSize', outputSize, 2, 1);
  const shape = x.rank === 2 ? [1, ...x.shape] : x.shape;
  const taps = sizeOf(perAxis('col2im', 'kernelSize', kernelSize, 2, 1));
  const channels = shape[1] / taps;
  if (shape.length !== 3 || !Number.isInteger(channels)) {
    const expected = `[N, C·${taps}, windows] or [C·${taps}, windows]`;
    throw new ShapeError({ op: 'col2im', problem: 'the columns do not fit the window', got: x.shape, expected });
  }
  const d = dimsOf('col2im', image, shape[0] * channels, kernelSize, options);
  if (shape[2] !== windowsOf(d)) {
    const problem = `an image of [${image.join(', ')}] has ${windowsOf(d)} windows`;
    throw new ShapeError({ op: 'col2im', problem, got: x.shape });
  }
  const images = col2imOp.run([reshape(x, [d.planes, taps, windowsOf(d)])], d);
  return reshape(images, [...(x.rank === 2 ? [] : [shape[0]]), channels, ...image]);
}
