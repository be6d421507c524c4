/** Uniforms straight from Philox words; every other distribution is made from these above the backends. */

import { philox4x32 } from '../../core/philox.ts';

const TWO_32 = 2 ** 32;
const words = new Uint32Array(4);

export function uniform(
  seedLo: number,
  seedHi: number,
  streamLo: number,
  streamHi: number,
  block: number,
  y: Float32Array,
): void {
  for (let i = 0; i < y.length; i += 4, block++) {
    philox4x32(block % TWO_32, Math.floor(block / TWO_32), streamLo, streamHi, seedLo, seedHi, words);
    const count = Math.min(4, y.length - i);
    // 24 bits fill a float32's significand exactly, so no draw rounds up to 1.
    for (let j = 0; j < count; j++) y[i + j] = (words[j] >>> 8) * 2 ** -24;
  }
}
