import { checkOptions, checkPositiveInteger, type OptionNames } from '../core/options.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { ConfigError } from '../errors.ts';
import { groupNorm } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { checkEps, checkFloatDType, constantParameter, type FloatDType } from './make-parameter.ts';
import { Module } from './module.ts';
import type { Parameter } from './parameter.ts';

export interface GroupNormModuleOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number;
  /** Learn a scale and an offset for each channel. Default true. */
  affine?: boolean;
  dtype?: FloatDType;
}

const OPTIONS: OptionNames<GroupNormModuleOptions> = { eps: true, affine: true, dtype: true };

/**
 * Brings each group of channels of each sample to mean 0 and (biased) variance 1, then scales and shifts each channel.
 * Names and initial values are those of torch.nn.GroupNorm: weight 1, bias 0. It acts the same in training and
 * evaluation, and for a batch of one.
 *
 * Shapes: x [N, C, ...] → y of the same shape; weight, bias [C]
 * Source: Wu and He, Group normalization, 2018.
 *
 * @throws ConfigError  if the groups do not divide the channels
 * @throws ShapeError   from `forward` if x does not fit
 */
export class GroupNorm extends Module {
  readonly numGroups: number;
  readonly numChannels: number;
  readonly eps: number;
  weight: Parameter | null;
  bias: Parameter | null;

  constructor(numGroups: number, numChannels: number, options: GroupNormModuleOptions = {}) {
    super();
    checkOptions('GroupNorm', options, OPTIONS);
    const { eps = 1e-5, affine = true, dtype = 'float32' } = options;
    this.numGroups = checkPositiveInteger('GroupNorm', 'numGroups', numGroups);
    this.numChannels = checkPositiveInteger('GroupNorm', 'numChannels', numChannels);
    if (numChannels % numGroups !== 0) {
      const expected = `a divisor of ${numChannels}`;
      throw new ConfigError({ op: 'GroupNorm', problem: 'groups must divide the channels', got: numGroups, expected });
    }
    this.eps = checkEps('GroupNorm', eps);
    checkFloatDType('GroupNorm', dtype);
    this.weight = affine ? constantParameter([numChannels], 1, dtype) : null;
    this.bias = affine ? constantParameter([numChannels], 0, dtype) : null;
  }

  forward(x: Tensor): Tensor {
    return groupNorm(x, this.numGroups, { weight: this.weight, bias: this.bias, eps: this.eps });
  }

  /** A scale and an offset for each element. */
  multiplyAdds(_inputs: readonly Shape[], output: Shape): number {
    return sizeOf(output);
  }

  override extraRepr(): string {
    return `${this.numGroups}, ${this.numChannels}, eps: ${this.eps}${this.weight === null ? ', affine: false' : ''}`;
  }
}
