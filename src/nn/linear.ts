import { checkOptions, checkPositiveInteger, type OptionNames } from '../core/options.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { linear } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { checkFloatDType, type FloatDType, uniformParameter } from './make-parameter.ts';
import { Module } from './module.ts';
import type { Parameter } from './parameter.ts';

export interface LinearOptions {
  bias?: boolean;
  dtype?: FloatDType;
}

/**
 * An affine map, y = x·Wᵀ + b. Names and initial values are those of torch.nn.Linear: W and b from U(±1/√in).
 *
 * Shapes: x [..., in] → y [..., out]; weight [out, in], bias [out]
 *
 * @throws ShapeError  from `forward` if the last axis of x is not `inFeatures`
 * @example
 * const layer = new Linear(3, 2);
 * layer.forward(ones([5, 3])).shape; // => [ 5, 2 ]
 * layer; // => Linear(3, 2) · 8 parameters
 */
export class Linear extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  weight: Parameter;
  bias: Parameter | null;

  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    checkOptions(new.target.name, options, { bias: true, dtype: true } satisfies OptionNames<LinearOptions>);
    const { bias = true, dtype = 'float32' } = options;
    this.inFeatures = checkPositiveInteger('Linear', 'inFeatures', inFeatures);
    this.outFeatures = checkPositiveInteger('Linear', 'outFeatures', outFeatures);
    checkFloatDType('Linear', dtype);
    const bound = 1 / Math.sqrt(inFeatures);
    this.weight = uniformParameter([outFeatures, inFeatures], bound, dtype);
    this.bias = bias ? uniformParameter([outFeatures], bound, dtype) : null;
  }

  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }

  multiplyAdds(_inputs: readonly Shape[], output: Shape): number {
    return sizeOf(output) * this.inFeatures;
  }

  override extraRepr(): string {
    return `${this.inFeatures}, ${this.outFeatures}${this.bias === null ? ', bias: false' : ''}`;
  }
}
