import { arange, reshape } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';

/** 0 … last along a new first axis, to be broadcast against batches of `rank` axes. */
export function enumerate(last: number, rank: number): Tensor {
  return reshape(arange(last + 1), [last + 1, ...new Array<number>(rank).fill(1)]);
}
