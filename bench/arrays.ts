/** Arrays for the kernels, in memory as tensors have it. */

import { backendInfo } from '../src/backend/select.ts';
import { allocate } from '../src/core/pool.ts';

/** `n` floats with element i = value(i), 0 by default. */
export function floats(n: number, value: (i: number) => number = () => 0): Float32Array {
  // The backend says how memory is prepared; it is chosen at the first question.
  backendInfo();
  const array = allocate('float32', n) as Float32Array;
  for (let i = 0; i < n; i++) array[i] = value(i);
  return array;
}
