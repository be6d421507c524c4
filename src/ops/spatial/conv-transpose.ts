/** Transposed convolutions: the gradient of a convolution with respect to its input, as an operation of its own. */

import { checkShape, sameShape } from '../../core/shape.ts';
import { ConfigError, ShapeError } from '../../errors.ts';
import type { Tensor } from '../../tensor.ts';
import { registerOp } from '../define.ts';
import { add } from '../elementwise/arithmetic.ts';
import { reshape } from '../movement/movement.ts';
import { checkConvOperands, convolutionTransposed, type PerAxis, perAxis } from './conv.ts';

export interface ConvTransposeOptions {
  /** Distance of the places that neighbouring inputs are spread to. */
  stride?: PerAxis;
  /** What is cut off on both sides. */
  padding?: PerAxis;
  /** What is added behind; below the stride or the dilation. */
  outputPadding?: PerAxis;
  /** Cuts the channels into groups that are convolved each for itself. */
  groups?: number;
  /** Distance of the kernel's elements. */
  dilation?: PerAxis;
}

function transposed(
  op: string,
  axes: number,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  options: ConvTransposeOptions,
): Tensor {
  checkConvOperands(op, axes, x, weight, bias, 'C, O/groups');
  const { groups = 1 } = options;
  const [batch, channels, ...lengths] = x.rank === axes + 2 ? x.shape : [1, ...x.shape];
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0) {
    throw new ConfigError({ op, problem: `groups must divide the ${channels} channels`, got: groups });
  }
  const kernel = weight.shape.slice(2);
  if (weight.shape[0] !== channels || channels === 0 || kernel.includes(0)) {
    const hint = `the weight must be [${channels}, O/groups${', k'.repeat(axes)}]`;
    throw new ShapeError({ op, problem: 'the weight does not fit the input', got: [x.shape, weight.shape], hint });
  }
  const outChannels = weight.shape[1] * groups;
  if (bias !== null && !sameShape(bias.shape, [outChannels])) {
    throw new ShapeError({ op, problem: 'the bias does not fit', got: bias.shape, expected: [outChannels] });
  }
  const stride = perAxis(op, 'stride', options.stride ?? 1, axes, 1);
  const padding = perAxis(op, 'padding', options.padding ?? 0, axes, 0);
  const dilation = perAxis(op, 'dilation', options.dilation ?? 1, axes, 1);
  const outputPadding = perAxis(op, 'outputPadding', options.outputPadding ?? 0, axes, 0);
  const out = lengths.map((length, i) => {
    if (outputPadding[i] >= Math.max(stride[i], dilation[i])) {
      const problem = 'outputPadding must be smaller than the stride or the dilation';
      throw new ConfigError({
        op,
        problem,
        got: outputPadding[i],
        expected: `below ${Math.max(stride[i], dilation[i])}`,
      });
    }
    const size = (length - 1) * stride[i] - 2 * padding[i] + dilation[i] * (kernel[i] - 1) + outputPadding[i] + 1;
    if (size > 0 && length > 0) return size;
    throw new ShapeError({
      op,
      problem: 'the output would be empty',
      got: [x.shape, weight.shape],
      hint: `axis ${i} gets ${size}`,
    });
  });
  checkShape(op, [batch, outChannels, ...out]);
  const shape = { batch, groups, inChannels: channels, outChannels, lengths, kernel, out };
  const y = convolutionTransposed(x, weight, shape, { stride, padding, dilation });
  const image = reshape(y, [...(x.rank === axes + 2 ? [batch] : []), outChannels, ...out]);
  return bias === null ? image : add(image, reshape(bias, [outChannels, ...new Array<number>(axes).fill(1)]));
}

/**
 * A two-dimensional transposed convolution, as PyTorch's: every input spreads the kernel, times its value, over the
 * output.
 *
 * Shapes:   x [N, C, H, W] or [C, H, W], weight [C, O/groups, kh, kw], bias [O] or null → y [N, O, outH, outW] or
 *           [O, outH, outW], out = (in − 1)·stride − 2·padding + dilation·(k − 1) + outputPadding + 1
 * Gradient: to any order; a convolution for x
 * @throws ShapeError   if the shapes do not fit together, or the output would be empty
 * @throws ConfigError  if an option is no integer in its range, groups divides no channels, or outputPadding is too large
 * @throws DTypeError   if an operand is not of floats, or the dtypes differ
 */
export function convTranspose2d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: ConvTransposeOptions = {},
): Tensor {
  return transposed('convTranspose2d', 2, x, weight, bias, options);
}

/**
 * A one-dimensional transposed convolution: see `convTranspose2d`.
 *
 * Shapes:   x [N, C, L] or [C, L], weight [C, O/groups, k], bias [O] or null → y [N, O, outL] or [O, outL]
 * @throws ShapeError, ConfigError, DTypeError  as `convTranspose2d`
 */
export function convTranspose1d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: ConvTransposeOptions = {},
): Tensor {
  return transposed('convTranspose1d', 1, x, weight, bias, options);
}

registerOp({
  name: 'convTranspose2d',
  tolerance: 1e-5,
  cases: [
    (s) => ({
      inputs: [s.normal([2, 3, 3, 4]), s.normal([3, 2, 3, 2]), s.normal([2])],
      call: (x, w, b) => convTranspose2d(x, w, b),
    }),
    (s) => ({
      inputs: [s.normal([1, 4, 3, 3]), s.normal([4, 1, 3, 3]), s.normal([2])],
      call: (x, w, b) => convTranspose2d(x, w, b, { stride: 2, padding: 1, outputPadding: [1, 0], groups: 2 }),
    }),
    (s) => ({
      inputs: [s.normal([2, 3, 3]), s.normal([2, 2, 2, 2])],
      call: (x, w) => convTranspose2d(x, w, null, { dilation: 2, stride: [1, 3] }),
    }),
  ],
});

registerOp({
  name: 'convTranspose1d',
  tolerance: 1e-5,
  cases: [
    (s) => ({
      inputs: [s.normal([2, 3, 5]), s.normal([3, 2, 3]), s.normal([2])],
      call: (x, w, b) => convTranspose1d(x, w, b, { stride: 2, padding: 1, outputPadding: 1 }),
    }),
    (s) => ({
      inputs: [s.normal([2, 5]), s.normal([2, 2, 2])],
      call: (x, w) => convTranspose1d(x, w, null, { dilation: 2, groups: 2 }),
    }),
  ],
});
