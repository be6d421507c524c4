/** Expressions that several distributions are made of. */

import type { FloatDType } from '../core/dtype.ts';
import type { Shape } from '../core/shape.ts';
import { eq, log, mul, to, where } from '../ops/index.ts';
import { expandTo } from '../ops/reduction/broadcast.ts';
import { type Tensor, wrapArray } from '../tensor.ts';

export const EULER_GAMMA = 0.5772156649015329;

/** weight·logarithm, and 0 where the weight is: also where the logarithm is −∞. */
export function weighted(weight: Tensor, logarithm: Tensor): Tensor {
  const none = eq(weight, 0);
  return where(none, 0, mul(weight, where(none, 0, logarithm)));
}

/** a·log b, and 0 where a is: also where b is 0. As `xlogy`, but there without a gradient, which would be NaN or −∞. */
export function timesLog(a: Tensor, b: Tensor): Tensor {
  const none = eq(a, 0);
  return where(none, 0, mul(a, log(where(none, 1, b))));
}

/** Values computed in float64, as a tensor. */
export function fromDraws(draws: Float64Array, shape: Shape, dtype: FloatDType): Tensor {
  return to(wrapArray(draws, shape, 'float64'), dtype);
}

/** A parameter in the shape of the draws and in float64, in which all draws are computed. */
export function wide(parameter: Tensor, shape: Shape): Tensor {
  return expandTo(to(parameter, 'float64'), shape);
}

/** The smallest number that divides without overflow: draws of a density on x > 0 that round to 0 become that. */
export function smallestOf(dtype: FloatDType): number {
  return dtype === 'float32' ? 2 ** -126 : 2 ** -1022;
}
