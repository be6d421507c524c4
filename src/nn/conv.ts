/** Convolutions over sequences and images. */

import { checkOptions, checkPositiveInteger, type OptionNames } from '../core/options.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { ConfigError } from '../errors.ts';
import { conv1d, conv2d, type PadMode, type PerAxis, pad } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { checkFloatDType, type FloatDType, uniformParameter } from './make-parameter.ts';
import { Module } from './module.ts';
import type { Parameter } from './parameter.ts';
import { checkPerAxis, showPerAxis } from './per-axis.ts';

/** What stands beyond the border: zeros, the mirrored input (its edge once), its edge, or its other end. */
export type PaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular';

const PADDING_MODES: readonly PaddingMode[] = ['zeros', 'reflect', 'replicate', 'circular'];

export interface ConvModuleOptions {
  /** Steps of the kernel over the input. Default 1. */
  stride?: PerAxis;
  /** What is put on both sides; `'valid'` is nothing, `'same'` as much as keeps the size (at stride 1). Default 0. */
  padding?: PerAxis | 'same' | 'valid';
  /** Distance of the kernel's elements. Default 1. */
  dilation?: PerAxis;
  /** Cuts the channels into groups that are convolved each for itself. Default 1. */
  groups?: number;
  bias?: boolean;
  /** Default zeros. */
  paddingMode?: PaddingMode;
  dtype?: FloatDType;
}

const OPTIONS: OptionNames<ConvModuleOptions> = {
  stride: true,
  padding: true,
  dilation: true,
  groups: true,
  bias: true,
  paddingMode: true,
  dtype: true,
};

/** What the convolutions of one and of two axes share. */
class Convolution extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[] | 'same' | 'valid';
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly paddingMode: PaddingMode;
  weight: Parameter;
  bias: Parameter | null;
  readonly #convolve: typeof conv2d;

  constructor(
    convolve: typeof conv2d,
    axes: number,
    inChannels: number,
    outChannels: number,
    kernelSize: PerAxis,
    options: ConvModuleOptions,
  ) {
    super();
    const name = this.constructor.name;
    checkOptions(name, options, OPTIONS);
    const { stride = 1, padding = 0, dilation = 1, groups = 1, bias = true } = options;
    const { paddingMode = 'zeros', dtype = 'float32' } = options;
    this.#convolve = convolve;
    this.inChannels = checkPositiveInteger(name, 'inChannels', inChannels);
    this.outChannels = checkPositiveInteger(name, 'outChannels', outChannels);
    this.kernelSize = checkPerAxis(name, 'kernelSize', kernelSize, axes, 1);
    this.stride = checkPerAxis(name, 'stride', stride, axes, 1);
    this.padding = typeof padding === 'string' ? padding : checkPerAxis(name, 'padding', padding, axes, 0);
    this.dilation = checkPerAxis(name, 'dilation', dilation, axes, 1);
    this.groups = checkGroups(name, groups, inChannels, outChannels);
    this.paddingMode = paddingMode;
    checkFloatDType(name, dtype);
    const refuse = (problem: string, got: unknown, expected: string) =>
      new ConfigError({ op: name, problem, got, expected });
    if (!PADDING_MODES.includes(paddingMode)) {
      throw refuse('there is no such padding mode', paddingMode, PADDING_MODES.join(' | '));
    }
    if (typeof padding === 'string' && padding !== 'same' && padding !== 'valid') {
      throw refuse('there is no such padding', padding, 'numbers, same or valid');
    }
    if (padding === 'same' && this.stride.some((step) => step !== 1)) {
      throw refuse('the padding same keeps the size at stride 1 alone', stride, '1');
    }
    const fanIn = (inChannels / groups) * sizeOf(this.kernelSize);
    this.weight = uniformParameter([outChannels, inChannels / groups, ...this.kernelSize], 1 / Math.sqrt(fanIn), dtype);
    this.bias = bias ? uniformParameter([outChannels], 1 / Math.sqrt(fanIn), dtype) : null;
  }

  forward(x: Tensor): Tensor {
    const { stride, padding, dilation, groups, paddingMode } = this;
    if (paddingMode === 'zeros') {
      return this.#convolve(x, this.weight, this.bias, { stride, padding, dilation, groups });
    }
    const padded = pad(x, this.#borders(), { mode: paddingMode satisfies PadMode });
    return this.#convolve(padded, this.weight, this.bias, { stride, dilation, groups });
  }

  /** The border of each axis, the last axis first; an odd one of `same` goes behind. */
  #borders(): number[] {
    const { padding, kernelSize, dilation } = this;
    const each = kernelSize.map((k, i) => {
      if (typeof padding !== 'string') return [padding[i], padding[i]];
      const total = padding === 'same' ? dilation[i] * (k - 1) : 0;
      return [Math.floor(total / 2), Math.ceil(total / 2)];
    });
    return each.reverse().flat();
  }

  /** Each output is a product over the kernel and the channels of its group. */
  multiplyAdds(_inputs: readonly Shape[], output: Shape): number {
    return sizeOf(output) * (this.inChannels / this.groups) * sizeOf(this.kernelSize);
  }

  override extraRepr(): string {
    const { stride, padding, dilation, groups, paddingMode } = this;
    const none = typeof padding === 'string' ? padding === 'valid' : padding.every((p) => p === 0);
    return [
      `${this.inChannels}, ${this.outChannels}, kernelSize: ${showPerAxis(this.kernelSize)}`,
      stride.some((s) => s !== 1) ? `stride: ${showPerAxis(stride)}` : '',
      none ? '' : `padding: ${typeof padding === 'string' ? padding : showPerAxis(padding)}`,
      dilation.some((d) => d !== 1) ? `dilation: ${showPerAxis(dilation)}` : '',
      groups === 1 ? '' : `groups: ${groups}`,
      this.bias === null ? 'bias: false' : '',
      paddingMode === 'zeros' ? '' : `paddingMode: ${paddingMode}`,
    ]
      .filter((part) => part !== '')
      .join(', ');
  }
}

/** @throws ConfigError  if the groups do not divide both numbers of channels */
export function checkGroups(module: string, groups: number, inChannels: number, outChannels: number): number {
  checkPositiveInteger(module, 'groups', groups);
  if (inChannels % groups === 0 && outChannels % groups === 0) return groups;
  throw new ConfigError({
    op: module,
    problem: 'groups must divide both numbers of channels',
    got: groups,
    expected: `a divisor of ${inChannels} and ${outChannels}`,
  });
}

/**
 * A convolution over sequences: see `Conv2d`.
 *
 * Shapes: x [N, C, L] or [C, L] → y [N, O, outL] or [O, outL]; weight [O, C/groups, k], bias [O]
 *
 * @throws ShapeError  from `forward` if x does not fit, or is shorter than the kernel
 */
export class Conv1d extends Convolution {
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvModuleOptions = {}) {
    super(conv1d, 1, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * A convolution over images. Names, layouts and initial values are those of torch.nn.Conv2d: weight and bias from
 * U(±1/√fan-in), the fan-in being C/groups·kh·kw.
 *
 * Shapes: x [N, C, H, W] or [C, H, W] → y [N, O, outH, outW] or [O, outH, outW]; weight [O, C/groups, kh, kw], bias [O];
 *         outH = ⌊(H + 2·padding − dilation·(kh − 1) − 1)/stride⌋ + 1
 *
 * @throws ConfigError  if groups do not divide the channels, or `same` meets a stride
 * @throws ShapeError   from `forward` if x does not fit, or is smaller than the kernel
 * @example
 * const layer = new Conv2d(3, 8, 3, { stride: 2, padding: 1 });
 * layer.forward(randn([5, 3, 32, 32])).shape; // => [ 5, 8, 16, 16 ]
 */
export class Conv2d extends Convolution {
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvModuleOptions = {}) {
    super(conv2d, 2, inChannels, outChannels, kernelSize, options);
  }
}
