/** Draws against Philox over 64-bit integers, and the formulas of their distributions. */

import { describe, expect, test } from 'vitest';
import { type DrawPlace, normal } from '../../../src/core/draws.ts';
import { expectExact, type Harness, SIZES } from './harness.ts';

/** Philox4x32-10 over 64-bit integers, as its paper writes it. */
function philox(counter: bigint[], key: bigint[]): bigint[] {
  const mask = 0xffffffffn;
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const [p0, p1] = [0xd2511f53n * c0, 0xcd9e8d57n * c2];
    [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & mask, (p0 >> 32n) ^ c3 ^ k1, p0 & mask];
    [k0, k1] = [(k0 + 0x9e3779b9n) & mask, (k1 + 0xbb67ae85n) & mask];
  }
  return [c0, c1, c2, c3];
}

export function uniformBlock(h: Harness): void {
  const expected = (seed: [number, number], stream: [number, number], block: number, n: number) =>
    Float32Array.from({ length: n }, (_, i) => {
      const at = BigInt(block) + BigInt(i >> 2);
      const counter = [at & 0xffffffffn, at >> 32n, BigInt(stream[0]), BigInt(stream[1])];
      return Number(philox(counter, seed.map(BigInt))[i & 3] >> 8n) / 2 ** 24;
    });

  describe.each([
    [[0, 0], [0, 0], 0],
    [[1, 2], [3, 4], 5],
    [[0xffffffff, 0xfffffffe], [0x80000000, 0xffffffff], 2 ** 32 - 3],
    [[0x12345678, 0x9abcdef0], [7, 0], 2 ** 53 - 200],
  ] as [[number, number], [number, number], number][])('seed %j, stream %j, block %d', (seed, stream, block) => {
    test('every length', () => {
      for (const n of [...SIZES, 4, 63, 64, 66, 700]) {
        const y: Float32Array = h.raw(Float32Array, n);
        h.backend.uniform(seed[0], seed[1], stream[0], stream[1], block, y);
        expectExact(`n = ${n}`, y, expected(seed, stream, block, n));
      }
    });
  });

  test('a run continued at its block is the same run', () => {
    const whole = h.raw(Float32Array, 4096);
    h.backend.uniform(9, 8, 7, 6, 100, whole);
    const part = h.raw(Float32Array, 988);
    h.backend.uniform(9, 8, 7, 6, 100 + 777, part);
    expectExact('part', part, whole.subarray(4 * 777));
  });

  test('fills [0, 1) evenly', () => {
    const y = h.raw(Float32Array, 65536);
    h.backend.uniform(3, 1, 4, 1, 0, y);
    const counts = new Array(16).fill(0);
    for (const v of y) counts[Math.floor(v * 16)]++;
    expect(y.every((v) => v >= 0 && v < 1)).toBe(true);
    // 4096 expected, standard deviation 62: six of them.
    for (const count of counts) expect(Math.abs(count - 4096)).toBeLessThan(372);
  });
}

const LENGTHS = [...SIZES, 4, 63, 66, 127, 128, 129, 700];

const places: DrawPlace[] = [
  { seedLo: 0, seedHi: 0, streamLo: 0, streamHi: 0, block: 0 },
  { seedLo: 0xffffffff, seedHi: 0xfffffffe, streamLo: 0x80000000, streamHi: 0xffffffff, block: 2 ** 32 - 3 },
  { seedLo: 0x12345678, seedHi: 0x9abcdef0, streamLo: 7, streamHi: 0, block: 2 ** 53 - 60_000 },
];

/** Two draws of 53 bits from each block. */
function expected53({ seedLo, seedHi, streamLo, streamHi, block }: DrawPlace, n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => {
    const at = BigInt(block) + BigInt(i >> 1);
    const counter = [at & 0xffffffffn, at >> 32n, BigInt(streamLo), BigInt(streamHi)];
    const words = philox(counter, [BigInt(seedLo), BigInt(seedHi)]);
    const [high, low] = i % 2 === 0 ? words : words.slice(2);
    return Number(((high >> 5n) << 26n) | (low >> 6n)) / 2 ** 53;
  });
}

export function uniformRowsBlock(h: Harness): void {
  test.each([
    [1, 1, 700, 7],
    [1, 64, 128, 2 ** 28],
    [1, 5, 1, 1],
    [1, 40, 5, 3],
    [1, 3, 1568, 2 ** 28],
    [7, 5, 9, 100],
    [3, 4, 66, 2 ** 28],
    [50, 3, 64, 2 ** 28],
    [5, 2, 3, 0],
    [2, 3, 40_001, 2 ** 31],
  ])('[%d, %d, %d], a row every %d blocks', (outer, rows, inner, stride) => {
    const place = { seedLo: 9, seedHi: 8, streamLo: 7, streamHi: 6, block: 2 ** 32 - 3 };
    const y: Float32Array = h.raw(Float32Array, outer * rows * inner);
    h.backend.uniformRows(place, stride, outer, rows, inner, y);
    const expected = new Float32Array(y.length);
    for (let row = 0; row < rows; row++) {
      const draws: Float32Array = h.raw(Float32Array, outer * inner);
      h.backend.uniform(9, 8, 7, 6, place.block + row * stride, draws);
      for (let piece = 0; piece < outer; piece++) {
        expected.set(draws.subarray(piece * inner, (piece + 1) * inner), (piece * rows + row) * inner);
      }
    }
    expectExact('y', y, expected);
  });

  test('nothing where there is nothing to draw', () => {
    const place = { seedLo: 1, seedHi: 2, streamLo: 3, streamHi: 4, block: 5 };
    for (const [outer, rows, inner] of [
      [0, 3, 4],
      [2, 0, 4],
      [2, 3, 0],
    ]) {
      h.backend.uniformRows(place, 6, outer, rows, inner, h.raw(Float32Array, 0));
    }
  });
}

export function uniform53Block(h: Harness): void {
  test.each(places)('every length from %o', (place) => {
    for (const n of LENGTHS) {
      const y = h.raw(Float64Array, n);
      h.backend.uniform53(place, y);
      expectExact(`n = ${n}`, y, expected53(place, n));
    }
  });
}

export function normalBlock(h: Harness): void {
  test.each(places)('pairs by Box and Muller from %o', (place) => {
    const u = expected53(place, 700);
    const y = h.raw(Float64Array, 700);
    h.backend.normal(place, y);
    for (let i = 0; i < 700; i += 2) {
      const radius = Math.sqrt(-2 * Math.log(1 - u[i]));
      expect(Math.abs(y[i] - radius * Math.cos(2 * Math.PI * u[i + 1]))).toBeLessThan(1e-14 * (1 + radius));
      expect(Math.abs(y[i + 1] - radius * Math.sin(2 * Math.PI * u[i + 1]))).toBeLessThan(1e-14 * (1 + radius));
    }
  });

  test.each(places)('the bits of the reference, in float64 and rounded once to float32, from %o', (place) => {
    for (const n of [...LENGTHS, 100_001]) {
      const [want, wide, narrow] = [new Float64Array(n), h.raw(Float64Array, n), h.raw(Float32Array, n)];
      normal(place, want);
      h.backend.normal(place, wide);
      h.backend.normal(place, narrow);
      expectExact(`n = ${n}`, wide, want);
      expectExact(`n = ${n}, float32`, narrow, Float32Array.from(want));
    }
  });
}

export function integersBlock(h: Harness): void {
  test.each(places)('every length and range from %o', (place) => {
    for (const [low, count] of [
      [0, 1],
      [-3, 7],
      [5, 1000],
      [-(2 ** 31), 2 ** 32],
      [2 ** 31 - 2, 2],
    ]) {
      for (const n of LENGTHS) {
        const y = h.raw(Int32Array, n);
        h.backend.integers(place, low, count, y);
        const want = Int32Array.from(expected53(place, n), (u) => low + Math.floor(u * count));
        expectExact(`${n} of ${count} from ${low}`, y, want);
      }
    }
  });
}
