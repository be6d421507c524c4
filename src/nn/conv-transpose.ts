/** Transposed convolutions: the gradient of a convolution as a layer. */

import { checkOptions, checkPositiveInteger, type OptionNames } from '../core/options.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { convTranspose1d, convTranspose2d, type PerAxis } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { checkGroups } from './conv.ts';
import { checkFloatDType, type FloatDType, uniformParameter } from './make-parameter.ts';
import { Module } from './module.ts';
import type { Parameter } from './parameter.ts';
import { checkPerAxis, showPerAxis } from './per-axis.ts';

export interface ConvTransposeModuleOptions {
  /** Distance of the places that neighbouring inputs are spread to. Default 1. */
  stride?: PerAxis;
  /** What is cut off on both sides. Default 0. */
  padding?: PerAxis;
  /** What is added behind; below the stride or the dilation. Default 0. */
  outputPadding?: PerAxis;
  /** Cuts the channels into groups that are convolved each for itself. Default 1. */
  groups?: number;
  bias?: boolean;
  /** Distance of the kernel's elements. Default 1. */
  dilation?: PerAxis;
  dtype?: FloatDType;
}

const OPTIONS: OptionNames<ConvTransposeModuleOptions> = {
  stride: true,
  padding: true,
  outputPadding: true,
  groups: true,
  bias: true,
  dilation: true,
  dtype: true,
};

/** What the transposed convolutions of one and of two axes share. */
class TransposedConvolution extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly outputPadding: readonly number[];
  readonly groups: number;
  readonly dilation: readonly number[];
  weight: Parameter;
  bias: Parameter | null;
  readonly #spread: typeof convTranspose2d;

  constructor(
    spread: typeof convTranspose2d,
    axes: number,
    inChannels: number,
    outChannels: number,
    kernelSize: PerAxis,
    options: ConvTransposeModuleOptions,
  ) {
    super();
    const name = this.constructor.name;
    checkOptions(name, options, OPTIONS);
    const { stride = 1, padding = 0, outputPadding = 0, groups = 1, bias = true, dilation = 1 } = options;
    const { dtype = 'float32' } = options;
    this.#spread = spread;
    this.inChannels = checkPositiveInteger(name, 'inChannels', inChannels);
    this.outChannels = checkPositiveInteger(name, 'outChannels', outChannels);
    this.kernelSize = checkPerAxis(name, 'kernelSize', kernelSize, axes, 1);
    this.stride = checkPerAxis(name, 'stride', stride, axes, 1);
    this.padding = checkPerAxis(name, 'padding', padding, axes, 0);
    this.outputPadding = checkPerAxis(name, 'outputPadding', outputPadding, axes, 0);
    this.groups = checkGroups(name, groups, inChannels, outChannels);
    this.dilation = checkPerAxis(name, 'dilation', dilation, axes, 1);
    checkFloatDType(name, dtype);
    // PyTorch reads the fan-in off the weight's second axis, which is the output's here.
    const bound = 1 / Math.sqrt((outChannels / groups) * sizeOf(this.kernelSize));
    this.weight = uniformParameter([inChannels, outChannels / groups, ...this.kernelSize], bound, dtype);
    this.bias = bias ? uniformParameter([outChannels], bound, dtype) : null;
  }

  forward(x: Tensor): Tensor {
    const { stride, padding, outputPadding, groups, dilation } = this;
    return this.#spread(x, this.weight, this.bias, { stride, padding, outputPadding, groups, dilation });
  }

  /** Each input is spread over the kernel and the channels of its group. */
  multiplyAdds([input]: readonly Shape[]): number {
    return sizeOf(input) * (this.outChannels / this.groups) * sizeOf(this.kernelSize);
  }

  override extraRepr(): string {
    const option = (name: string, value: readonly number[], usual: number): string =>
      value.every((v) => v === usual) ? '' : `${name}: ${showPerAxis(value)}`;
    return [
      `${this.inChannels}, ${this.outChannels}, kernelSize: ${showPerAxis(this.kernelSize)}`,
      option('stride', this.stride, 1),
      option('padding', this.padding, 0),
      option('outputPadding', this.outputPadding, 0),
      this.groups === 1 ? '' : `groups: ${this.groups}`,
      this.bias === null ? 'bias: false' : '',
      option('dilation', this.dilation, 1),
    ]
      .filter((part) => part !== '')
      .join(', ');
  }
}

/**
 * A transposed convolution over sequences: see `ConvTranspose2d`.
 *
 * Shapes: x [N, C, L] or [C, L] → y [N, O, outL] or [O, outL]; weight [C, O/groups, k], bias [O]
 *
 * @throws ShapeError  from `forward` if x does not fit
 */
export class ConvTranspose1d extends TransposedConvolution {
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvTransposeModuleOptions = {}) {
    super(convTranspose1d, 1, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * A transposed convolution over images: every input is spread over a kernel's places, which makes images larger. Names,
 * layouts and initial values are those of torch.nn.ConvTranspose2d: weight and bias from U(±1/√(O/groups·kh·kw)).
 *
 * Shapes: x [N, C, H, W] or [C, H, W] → y [N, O, outH, outW] or [O, outH, outW]; weight [C, O/groups, kh, kw], bias [O];
 *         outH = (H − 1)·stride − 2·padding + dilation·(kh − 1) + outputPadding + 1
 *
 * @throws ConfigError  if groups do not divide the channels; from `forward` if outputPadding reaches stride and dilation
 * @throws ShapeError   from `forward` if x does not fit
 * @example
 * const layer = new ConvTranspose2d(8, 3, 4, { stride: 2, padding: 1 });
 * layer.forward(randn([5, 8, 16, 16])).shape; // => [ 5, 3, 32, 32 ]
 */
export class ConvTranspose2d extends TransposedConvolution {
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvTransposeModuleOptions = {}) {
    super(convTranspose2d, 2, inChannels, outChannels, kernelSize, options);
  }
}
