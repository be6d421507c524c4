/** Complex matrices as pairs of real ones: what the gradient of an eigendecomposition is written in. */

import { add, sub } from '../ops/elementwise/arithmetic.ts';
import { neg } from '../ops/elementwise/unary.ts';
import { cat } from '../ops/movement/join.ts';
import { slice } from '../ops/movement/movement.ts';
import { matmul } from '../ops/product/matmul.ts';
import type { Tensor } from '../tensor.ts';
import { adjoint, sizesOf } from './batch.ts';

/** Real and imaginary parts, of one shape. */
export interface Complex {
  readonly re: Tensor;
  readonly im: Tensor;
}

export function complexProduct(a: Complex, b: Complex): Complex {
  return {
    re: sub(matmul(a.re, b.re), matmul(a.im, b.im)),
    im: add(matmul(a.re, b.im), matmul(a.im, b.re)),
  };
}

/** The conjugate transpose. */
export function complexAdjoint(a: Complex): Complex {
  return { re: adjoint(a.re), im: neg(adjoint(a.im)) };
}

/** [[re, −im], [im, re]], which multiplies as the complex matrix does. */
export function asReal({ re, im }: Complex): Tensor {
  return cat([cat([re, neg(im)], -1), cat([im, re], -1)], -2);
}

/** [re; im], the first half of the columns of `asReal`. */
export function stacked({ re, im }: Complex): Tensor {
  return cat([re, im], -2);
}

/** The upper half of the rows: the real part of what is `stacked`. */
export function realHalf(x: Tensor): Tensor {
  return slice(x, -2, 0, sizesOf(x)[0] / 2);
}
