/** Counting through the values of a distribution on the integers. */

import type { FloatDType } from '../core/dtype.ts';
import { arange, reshape } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';

/** 0 … last along a new first axis, to be broadcast against batches of `rank` axes. */
export function enumerate(last: number, rank: number, dtype: FloatDType): Tensor {
  return reshape(arange(0, last + 1, 1, { dtype }), [last + 1, ...new Array<number>(rank).fill(1)]);
}

/** The largest value of a parameter; 0 where there is none. */
export function largestOf(x: Tensor): number {
  let largest = 0;
  for (const value of x.data) largest = Math.max(largest, value);
  return largest;
}
