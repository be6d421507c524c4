/** A transform as a user writes one, for loaders that run it on this thread and on others. */

import { Generator } from '../../src/core/rng.ts';
import type { BatchContext } from '../../src/data/index.ts';
import { type Tensor, wrapArray } from '../../src/tensor.ts';

interface Options {
  readonly failAt?: number;
  readonly exitAt?: number;
  readonly unsendableAt?: number;
  /** A tensor that the transform returns again and again. */
  readonly keep?: boolean;
}

export default function makeNoisy({ failAt, exitAt, unsendableAt, keep }: Options = {}) {
  let kept: Tensor | null = null;
  return async ([x, y]: Tensor[], { epoch, indices, seed }: BatchContext): Promise<unknown> => {
    const width = x.size / indices.length;
    for (let row = 0; row < indices.length; row++) {
      const index = indices[row];
      if (index === failAt) throw Object.assign(new RangeError(`sample ${index} is broken`), { index });
      if (index === exitAt) process.exit(3);
      if (index === unsendableAt) return [() => x];
      const noise = new Generator(seed, BigInt(epoch) * 1000n + BigInt(index)).normal(width);
      for (let j = 0; j < width; j++) x.data[row * width + j] += noise[j];
    }
    kept ??= wrapArray(x.data.slice(), x.shape, x.dtype);
    return keep ? [x, y, kept] : [x, y];
  };
}

export const notAFunction = 7;
export const makesNothing = () => 7;
