/** Pooling: windows of a sequence or an image, each as one value. */

import { checkOptions, type OptionNames } from '../core/options.ts';
import {
  type AvgPoolOptions,
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  avgPool1d,
  avgPool2d,
  type Extreme,
  type MaxPoolOptions,
  maxPool1d,
  maxPool2d,
  type OutputSize,
  type PerAxis,
} from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { Module } from './module.ts';
import { checkPerAxis, showPerAxis } from './per-axis.ts';

/** The options that were given and are not null, as the tree shows them. */
function showOptions(options: object): string {
  const shown = (value: unknown): string => (Array.isArray(value) ? showPerAxis(value as number[]) : String(value));
  return Object.entries(options)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => `, ${name}: ${shown(value)}`)
    .join('');
}

const MAX_POOL_OPTIONS: OptionNames<MaxPoolOptions> = {
  stride: true,
  padding: true,
  dilation: true,
  ceilMode: true,
  returnIndices: true,
};
const AVG_POOL_OPTIONS: OptionNames<AvgPoolOptions> = {
  stride: true,
  padding: true,
  ceilMode: true,
  countIncludePad: true,
  divisorOverride: true,
};

/** Windows of one size that walk over their input. */
class WindowPool<Options extends MaxPoolOptions | AvgPoolOptions> extends Module {
  readonly kernelSize: readonly number[];
  readonly options: Options;

  constructor(axes: number, kernelSize: PerAxis, options: Options, names: OptionNames<Options>) {
    super();
    const name = this.constructor.name;
    checkOptions(name, options, names);
    this.kernelSize = checkPerAxis(name, 'kernelSize', kernelSize, axes, 1);
    this.options = { ...options };
    const { stride, padding, dilation }: MaxPoolOptions = options;
    checkPerAxis(name, 'stride', stride ?? 1, axes, 1);
    checkPerAxis(name, 'padding', padding ?? 0, axes, 0);
    checkPerAxis(name, 'dilation', dilation ?? 1, axes, 1);
  }

  override extraRepr(): string {
    return `kernelSize: ${showPerAxis(this.kernelSize)}${showOptions(this.options)}`;
  }
}

/** A maximum, with the place of each value where that was asked for. */
export type Pooled<Indices extends boolean> = Indices extends true ? Extreme : Tensor;

export interface MaxPoolModuleOptions<Indices extends boolean> extends MaxPoolOptions {
  /** Give also the place of each value in its plane; the layer then stands in no `Sequential`. Default false. */
  returnIndices?: Indices;
}

/**
 * The largest of each window: see `MaxPool2d`.
 *
 * Shapes: x [N, C, L] or [C, L] → y [N, C, outL] or [C, outL]
 */
export class MaxPool1d<Indices extends boolean = false> extends WindowPool<MaxPoolModuleOptions<Indices>> {
  constructor(kernelSize: PerAxis, options: MaxPoolModuleOptions<Indices> = {}) {
    super(1, kernelSize, options, MAX_POOL_OPTIONS);
  }

  forward(x: Tensor): Pooled<Indices> {
    return maxPool1d(x, this.kernelSize, this.options as Plain) as Pooled<Indices>;
  }
}

/**
 * The largest of each window. Windows walk by their own size unless `stride` says otherwise.
 *
 * Shapes: x [N, C, H, W] or [C, H, W] → y [N, C, outH, outW] or [C, outH, outW]
 *
 * @throws ConfigError  from `forward` if the padding passes half the window
 * @throws ShapeError   from `forward` if x is smaller than the window
 * @example
 * new MaxPool2d(2).forward(randn([5, 3, 28, 28])).shape; // => [ 5, 3, 14, 14 ]
 */
export class MaxPool2d<Indices extends boolean = false> extends WindowPool<MaxPoolModuleOptions<Indices>> {
  constructor(kernelSize: PerAxis, options: MaxPoolModuleOptions<Indices> = {}) {
    super(2, kernelSize, options, MAX_POOL_OPTIONS);
  }

  forward(x: Tensor): Pooled<Indices> {
    return maxPool2d(x, this.kernelSize, this.options as Plain) as Pooled<Indices>;
  }
}

/** The overload whose result is not said to have indices. */
type Plain = MaxPoolOptions & { readonly returnIndices?: false };

/**
 * The mean of each window: see `AvgPool2d`.
 *
 * Shapes: x [N, C, L] or [C, L] → y [N, C, outL] or [C, outL]
 */
export class AvgPool1d extends WindowPool<AvgPoolOptions> {
  constructor(kernelSize: PerAxis, options: AvgPoolOptions = {}) {
    super(1, kernelSize, options, AVG_POOL_OPTIONS);
  }

  forward(x: Tensor): Tensor {
    return avgPool1d(x, this.kernelSize, this.options);
  }
}

/**
 * The mean of each window. Windows walk by their own size unless `stride` says otherwise.
 *
 * Shapes: x [N, C, H, W] or [C, H, W] → y [N, C, outH, outW] or [C, outH, outW]
 *
 * @throws ConfigError  from `forward` if the padding passes half the window
 * @throws ShapeError   from `forward` if x is smaller than the window
 */
export class AvgPool2d extends WindowPool<AvgPoolOptions> {
  constructor(kernelSize: PerAxis, options: AvgPoolOptions = {}) {
    super(2, kernelSize, options, AVG_POOL_OPTIONS);
  }

  forward(x: Tensor): Tensor {
    return avgPool2d(x, this.kernelSize, this.options);
  }
}

/** As many windows as the output has places, whatever the size of the input. */
class AdaptivePool extends Module {
  readonly outputSize: OutputSize;

  constructor(outputSize: OutputSize) {
    super();
    this.outputSize = outputSize;
  }

  override extraRepr(): string {
    const { outputSize } = this;
    return `outputSize: ${typeof outputSize === 'number' ? outputSize : `[${outputSize.join(', ')}]`}`;
  }
}

/** Means over windows of as equal a size as possible. Shapes: x [N, C, L] or [C, L] → y [N, C, out] or [C, out] */
export class AdaptiveAvgPool1d extends AdaptivePool {
  forward(x: Tensor): Tensor {
    return adaptiveAvgPool1d(x, this.outputSize);
  }
}

/**
 * Means over windows of as equal a size as possible, so that any image becomes one of `outputSize`; null for an axis
 * keeps its length.
 *
 * Shapes: x [N, C, H, W] or [C, H, W] → y [N, C, outH, outW] or [C, outH, outW]
 */
export class AdaptiveAvgPool2d extends AdaptivePool {
  forward(x: Tensor): Tensor {
    return adaptiveAvgPool2d(x, this.outputSize);
  }
}

/** What `AdaptiveMaxPool1d` and `AdaptiveMaxPool2d` share. */
class AdaptiveMaxPool<Indices extends boolean> extends AdaptivePool {
  protected readonly returnIndices: boolean;

  constructor(outputSize: OutputSize, options: { returnIndices?: Indices } = {}) {
    super(outputSize);
    checkOptions(new.target.name, options, { returnIndices: true } satisfies OptionNames<{ returnIndices?: Indices }>);
    const { returnIndices } = options;
    this.returnIndices = returnIndices ?? false;
  }
}

/** The largest of each window: see `AdaptiveMaxPool2d`. */
export class AdaptiveMaxPool1d<Indices extends boolean = false> extends AdaptiveMaxPool<Indices> {
  forward(x: Tensor): Pooled<Indices> {
    const options = { returnIndices: this.returnIndices } as Plain;
    return adaptiveMaxPool1d(x, this.outputSize, options) as Pooled<Indices>;
  }
}

/** The largest of each window, as `AdaptiveAvgPool2d` lays them; with `returnIndices` also where it stood. */
export class AdaptiveMaxPool2d<Indices extends boolean = false> extends AdaptiveMaxPool<Indices> {
  forward(x: Tensor): Pooled<Indices> {
    const options = { returnIndices: this.returnIndices } as Plain;
    return adaptiveMaxPool2d(x, this.outputSize, options) as Pooled<Indices>;
  }
}
