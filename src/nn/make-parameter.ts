/** Parameters as modules start with them, by PyTorch's rules and from the default generator; and checks of what sizes them. */

import { type DType, type FloatDType, isFloat } from '../core/dtype.ts';
import { checkShape, type Shape } from '../core/shape.ts';
import { ConfigError } from '../errors.ts';
import { full, normal_, uniform_ } from '../ops/index.ts';
import { emptyTensor, type Tensor } from '../tensor.ts';
import { Parameter } from './parameter.ts';

/** The float types a module can be made in; float32 unless asked. */
export type { FloatDType };

/** @throws LimitError  if the shape has more elements than a tensor can */
function unfilled(shape: Shape, dtype: FloatDType): Tensor {
  checkShape('Parameter', shape);
  return emptyTensor(shape, dtype);
}

/** A parameter drawn from U(−bound, bound). Linear and recurrent layers take bound = 1/√fan-in. */
export function uniformParameter(shape: Shape, bound: number, dtype: FloatDType): Parameter {
  return new Parameter(uniform_(unfilled(shape, dtype), -bound, bound));
}

/** A parameter drawn from N(0, std²). */
export function normalParameter(shape: Shape, dtype: FloatDType, std = 1): Parameter {
  return new Parameter(normal_(unfilled(shape, dtype), 0, std));
}

export function constantParameter(shape: Shape, value: number, dtype: FloatDType): Parameter {
  return new Parameter(full(shape, value, { dtype }));
}

/** @throws ConfigError  if a probability lies outside [0, 1] */
export function checkProbability(module: string, name: string, value: unknown): number {
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  throw new ConfigError({ op: module, problem: `${name} must be a probability`, got: value, expected: '0 to 1' });
}

/** @throws ConfigError  if `dtype` is no float type */
export function checkFloatDType(module: string, dtype: DType): FloatDType {
  if (isFloat(dtype)) return dtype as FloatDType;
  throw new ConfigError({ op: module, problem: 'parameters are floats', got: dtype, expected: 'float32 | float64' });
}

/** @throws ConfigError  if what is added under a root is negative or no number */
export function checkEps(module: string, eps: unknown): number {
  if (typeof eps === 'number' && eps >= 0 && eps < Infinity) return eps;
  throw new ConfigError({ op: module, problem: 'eps must not be negative', got: eps });
}
