/**
 * Random numbers as functions of their place in a generator's sequence, out of blocks of four Philox words. The backends
 * have kernels for the same, with the same bits.
 */

import type { FloatArray } from './dtype.ts';
import { logOf, turn } from './elementary.ts';
import { philox4x32 } from './philox.ts';

/** Where draws begin: a key, the stream, and the block, an integer below 2⁵³. */
export interface DrawPlace {
  readonly seedLo: number;
  readonly seedHi: number;
  readonly streamLo: number;
  readonly streamHi: number;
  readonly block: number;
}

export interface DrawKernels {
  /**
   * Uniforms in [0, 1) from Philox4x32-10 with key (seedLo, seedHi) and counter (block low, block high,
   * streamLo, streamHi), the block counted up from `block` (an integer below 2⁵³). Each block gives four words in order, each
   * word one float32: (word >>> 8)·2⁻²⁴.
   */
  uniform(seedLo: number, seedHi: number, streamLo: number, streamHi: number, block: number, y: Float32Array): void;
  /**
   * Uniforms for y [outer, rows, inner], where every row has draws of its own: the elements of row r, in order, are those
   * that `uniform` gives from block + r·stride on.
   */
  uniformRows(place: DrawPlace, stride: number, outer: number, rows: number, inner: number, y: Float32Array): void;
  /** Uniforms in [0, 1) of 53 bits, two from each block: ((word >>> 5)·2²⁶ + (the next >>> 6))·2⁻⁵³. */
  uniform53(place: DrawPlace, y: Float64Array): void;
  /**
   * Standard normal draws by Box and Muller, in float64 by the operations of `core/elementary.ts`, and rounded once: of
   * the uniforms u and v of a block √(−2·log(1 − u))·(cos 2πv, sin 2πv).
   */
  normal(place: DrawPlace, y: FloatArray): void;
  /** low + ⌊u·count⌋ of such uniforms: integers from [low, low + count) within int32. */
  integers(place: DrawPlace, low: number, count: number, y: Int32Array): void;
}

const TWO_32 = 2 ** 32;
const words = new Uint32Array(4);

function drawBlock({ seedLo, seedHi, streamLo, streamHi }: DrawPlace, block: number): void {
  philox4x32(block % TWO_32, Math.floor(block / TWO_32), streamLo, streamHi, seedLo, seedHi, words);
}

export function uniform(
  seedLo: number,
  seedHi: number,
  streamLo: number,
  streamHi: number,
  block: number,
  y: Float32Array,
): void {
  const place = { seedLo, seedHi, streamLo, streamHi, block };
  for (let i = 0; i < y.length; i += 4, block++) {
    drawBlock(place, block);
    const count = Math.min(4, y.length - i);
    // 24 bits fill a float32's significand exactly, so no draw rounds up to 1.
    for (let j = 0; j < count; j++) y[i + j] = (words[j] >>> 8) * 2 ** -24;
  }
}

export function uniformRows(
  place: DrawPlace,
  stride: number,
  outer: number,
  rows: number,
  inner: number,
  y: Float32Array,
): void {
  for (let row = 0; row < rows; row++) {
    // A piece of a row may begin within a block.
    let block = place.block + row * stride - 1;
    let word = 4;
    for (let piece = 0; piece < outer; piece++) {
      const from = (piece * rows + row) * inner;
      for (let i = from; i < from + inner; i++, word++) {
        if (word === 4) {
          drawBlock(place, ++block);
          word = 0;
        }
        y[i] = (words[word] >>> 8) * 2 ** -24;
      }
    }
  }
}

/** The uniform of the block at hand that begins with its word `at`. */
function wide(at: 0 | 2): number {
  return ((words[at] >>> 5) * 2 ** 26 + (words[at + 1] >>> 6)) * 2 ** -53;
}

export function uniform53(place: DrawPlace, y: Float64Array): void {
  for (let i = 0, block = place.block; i < y.length; i += 2, block++) {
    drawBlock(place, block);
    y[i] = wide(0);
    if (i + 1 < y.length) y[i + 1] = wide(2);
  }
}

export function normal(place: DrawPlace, y: FloatArray): void {
  for (let i = 0, block = place.block; i < y.length; i += 2, block++) {
    drawBlock(place, block);
    const radius = Math.sqrt(-2 * logOf(1 - wide(0)));
    const [c, s] = turn(wide(2));
    y[i] = radius * c;
    if (i + 1 < y.length) y[i + 1] = radius * s;
  }
}

export function integers(place: DrawPlace, low: number, count: number, y: Int32Array): void {
  for (let i = 0, block = place.block; i < y.length; i += 2, block++) {
    drawBlock(place, block);
    y[i] = low + Math.floor(wide(0) * count);
    if (i + 1 < y.length) y[i + 1] = low + Math.floor(wide(2) * count);
  }
}
