import { checkOptions, checkPositiveInteger, type OptionNames } from '../core/options.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { bilinear } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { checkFloatDType, type FloatDType, uniformParameter } from './make-parameter.ts';
import { Module } from './module.ts';
import type { Parameter } from './parameter.ts';

export interface BilinearOptions {
  bias?: boolean;
  dtype?: FloatDType;
}

/**
 * A bilinear map of two inputs, y_o = x₁ᵀ·W_o·x₂ + b_o. Names and initial values are those of torch.nn.Bilinear: W and b
 * from U(±1/√in1).
 *
 * Shapes: x1 [..., in1], x2 [..., in2] → y [..., out]; weight [out, in1, in2], bias [out]
 *
 * @throws ShapeError  from `forward` if the inputs do not fit
 */
export class Bilinear extends Module {
  readonly in1Features: number;
  readonly in2Features: number;
  readonly outFeatures: number;
  weight: Parameter;
  bias: Parameter | null;

  constructor(in1Features: number, in2Features: number, outFeatures: number, options: BilinearOptions = {}) {
    super();
    checkOptions(new.target.name, options, { bias: true, dtype: true } satisfies OptionNames<BilinearOptions>);
    const { bias = true, dtype = 'float32' } = options;
    this.in1Features = checkPositiveInteger('Bilinear', 'in1Features', in1Features);
    this.in2Features = checkPositiveInteger('Bilinear', 'in2Features', in2Features);
    this.outFeatures = checkPositiveInteger('Bilinear', 'outFeatures', outFeatures);
    checkFloatDType('Bilinear', dtype);
    const bound = 1 / Math.sqrt(in1Features);
    this.weight = uniformParameter([outFeatures, in1Features, in2Features], bound, dtype);
    this.bias = bias ? uniformParameter([outFeatures], bound, dtype) : null;
  }

  forward(x1: Tensor, x2: Tensor): Tensor {
    return bilinear(x1, x2, this.weight, this.bias);
  }

  /** x₁·W for every output, and its product with x₂. */
  multiplyAdds(_inputs: readonly Shape[], output: Shape): number {
    return sizeOf(output) * (this.in1Features + 1) * this.in2Features;
  }

  override extraRepr(): string {
    const { in1Features, in2Features, outFeatures, bias } = this;
    return `${in1Features}, ${in2Features}, ${outFeatures}${bias === null ? ', bias: false' : ''}`;
  }
}
