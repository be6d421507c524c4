/** The inputs behind the digests of `bits.ts`. */

import type { DataArray } from '../../../src/core/dtype.ts';
import { Random, SPECIALS } from './harness.ts';

/** Takes arrays into a digest. */
export type Add = (...arrays: DataArray[]) => void;

/** Lengths below and above what a kernel gives to a second thread. */
export const LENGTHS = [1, 17, 65, 1000, 40_003, 300_001];

/** Inputs are drawn once and copied for each use: a digest is taken some twenty times. */
const drawn = new Map<string, Float32Array>();

function once(key: string, make: () => Float32Array): Float32Array {
  const known = drawn.get(key) ?? make();
  drawn.set(key, known);
  return known.slice();
}

export function draw(seed: number, n: number, low = -1, high = 1): Float32Array {
  return once(`${seed} ${n} ${low} ${high}`, () => {
    const random = new Random(seed);
    return Float32Array.from({ length: n }, () => random.between(low, high));
  });
}

/** Numbers of every magnitude, and the special ones. */
export function wild(seed: number, n: number): Float32Array {
  return once(`wild ${seed} ${n}`, () => {
    const random = new Random(seed);
    const number = () => (random.next() - 0.5) * 2 ** random.between(-30, 12);
    return Float32Array.from({ length: n }, (_, i) => (i < SPECIALS.length ? SPECIALS[i] : number()));
  });
}

export function drawInts(seed: number, n: number, high: number): Int32Array {
  return Int32Array.from(draw(seed, n, 0, high + 1), Math.floor);
}
