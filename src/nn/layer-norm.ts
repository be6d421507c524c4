import { checkOptions, checkPositiveInteger, type OptionNames } from '../core/options.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { ConfigError } from '../errors.ts';
import { layerNorm } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { checkEps, checkFloatDType, constantParameter, type FloatDType } from './make-parameter.ts';
import { Module } from './module.ts';
import type { Parameter } from './parameter.ts';

export interface LayerNormOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number;
  /** Learn a scale and an offset for each element. Default true. */
  elementwiseAffine?: boolean;
  /** Learn the offset too. Default true. */
  bias?: boolean;
  dtype?: FloatDType;
}

const OPTIONS: OptionNames<LayerNormOptions> = { eps: true, elementwiseAffine: true, bias: true, dtype: true };

/**
 * Brings each sample to mean 0 and (biased) variance 1 over its last axes, then scales and shifts it elementwise. Names
 * and initial values are those of torch.nn.LayerNorm: weight 1, bias 0.
 *
 * Shapes: x [..., ...normalizedShape] → y of the same shape; weight, bias normalizedShape
 * Source: Ba, Kiros, Hinton, Layer normalization, 2016.
 *
 * @throws ShapeError  from `forward` if x does not end in `normalizedShape`
 */
export class LayerNorm extends Module {
  readonly normalizedShape: Shape;
  readonly eps: number;
  weight: Parameter | null;
  bias: Parameter | null;

  constructor(normalizedShape: number | Shape, options: LayerNormOptions = {}) {
    super();
    checkOptions('LayerNorm', options, OPTIONS);
    const { eps = 1e-5, elementwiseAffine = true, bias = true, dtype = 'float32' } = options;
    const shape = typeof normalizedShape === 'number' ? [normalizedShape] : [...normalizedShape];
    if (shape.length === 0) {
      throw new ConfigError({ op: 'LayerNorm', problem: 'normalizedShape names no axis', got: shape });
    }
    for (const size of shape) checkPositiveInteger('LayerNorm', 'normalizedShape', size);
    checkFloatDType('LayerNorm', dtype);
    this.normalizedShape = shape;
    this.eps = checkEps('LayerNorm', eps);
    this.weight = elementwiseAffine ? constantParameter(shape, 1, dtype) : null;
    this.bias = elementwiseAffine && bias ? constantParameter(shape, 0, dtype) : null;
  }

  forward(x: Tensor): Tensor {
    return layerNorm(x, this.normalizedShape, this.weight, this.bias, this.eps);
  }

  /** A scale and an offset for each element. */
  multiplyAdds(_inputs: readonly Shape[], output: Shape): number {
    return sizeOf(output);
  }

  override extraRepr(): string {
    const affine = this.weight === null ? ', elementwiseAffine: false' : this.bias === null ? ', bias: false' : '';
    return `[${this.normalizedShape.join(', ')}], eps: ${this.eps}${affine}`;
  }
}
