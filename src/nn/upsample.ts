import { checkOptions, type OptionNames } from '../core/options.ts';
import { ConfigError } from '../errors.ts';
import { type InterpolateOptions, interpolate } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { Module } from './module.ts';

export type UpsampleOptions = Pick<
  InterpolateOptions,
  'size' | 'scaleFactor' | 'mode' | 'alignCorners' | 'recomputeScaleFactor'
>;

const OPTIONS: OptionNames<UpsampleOptions> = {
  size: true,
  scaleFactor: true,
  mode: true,
  alignCorners: true,
  recomputeScaleFactor: true,
};

/**
 * Another size along all axes behind the channels: see `interpolate`.
 *
 * Shapes: x [N, C, L], [N, C, H, W] or [N, C, D, H, W] → those lengths as `size` says, or times `scaleFactor`
 *
 * @throws ConfigError  if both or neither of size and scaleFactor are given; from `forward` as `interpolate`
 */
export class Upsample extends Module {
  readonly options: UpsampleOptions;

  constructor(options: UpsampleOptions) {
    super();
    checkOptions('Upsample', options, OPTIONS);
    const { size = null, scaleFactor = null } = options;
    if ((size === null) === (scaleFactor === null)) {
      throw new ConfigError({ op: 'Upsample', problem: 'give either size or scaleFactor', got: [size, scaleFactor] });
    }
    this.options = { ...options };
  }

  forward(x: Tensor): Tensor {
    return interpolate(x, this.options);
  }

  override extraRepr(): string {
    return Object.entries(this.options)
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]) => `${name}: ${Array.isArray(value) ? `[${value.join(', ')}]` : value}`)
      .join(', ');
  }
}
