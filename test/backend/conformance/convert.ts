/** convert against the conversions of JavaScript's own typed arrays. */

import { test } from 'vitest';
import type { DataArray } from '../../../src/core/dtype.ts';
import { expectExact, type Harness, Random, SIZES } from './harness.ts';

interface Converter {
  new (buffer: ArrayBuffer, offset: number, length: number): DataArray;
  readonly BYTES_PER_ELEMENT: number;
  readonly name: string;
  from(values: ArrayLike<number>): DataArray;
}

const CLASSES = [Float32Array, Float64Array, Int32Array, Uint8Array] as unknown as readonly Converter[];

/** Everything that rounds, wraps or is no integer. */
const ENDS = [
  ...[0, 0.5, 0.99, 1, 1.5, 127.5, 128, 255, 255.9, 256, 257, 65535, 65536.5, 16777217, 2 ** 31 - 1, 2 ** 31 - 0.5],
  ...[2 ** 31, 2 ** 31 + 300, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 5, 2 ** 53, 2 ** 63, 2 ** 63 + 2 ** 40, 3 * 2 ** 64],
  ...[2 ** 83 + 2 ** 32, 2 ** 84 - 2 ** 31, 2 ** 84, 1e20, 1.7e38, 3.4e38, 1e300, Infinity, 1e-45, 1e-300],
].flatMap((x) => [x, -x]);

function check(h: Harness, values: ArrayLike<number>, label: string): void {
  for (const From of CLASSES) {
    const x: DataArray = h.raw(From, values.length);
    x.set(From.from(values));
    for (const To of CLASSES) {
      const y: DataArray = h.raw(To, values.length);
      h.backend.convert(x, y, false);
      expectExact(`${label}: ${From.name} to ${To.name}`, y, To.from(x));
    }
    const bools = h.raw(Uint8Array, values.length);
    h.backend.convert(x, bools, true);
    expectExact(
      `${label}: ${From.name} to bools`,
      bools,
      Uint8Array.from(x, (v) => (v !== 0 ? 1 : 0)),
    );
  }
}

export function convertBlock(h: Harness): void {
  test('every class into every class, at every length', () => {
    const random = new Random(27);
    for (const n of [...SIZES, 511, 512, 513, 1100]) {
      check(
        h,
        Float64Array.from({ length: n }, () => random.between(-300, 300)),
        `n = ${n}`,
      );
    }
  });

  test('what rounds, wraps, or is no number', () => {
    check(h, [...ENDS, Number.NaN], 'ends');
    const random = new Random(28);
    const wide = () => (random.next() - 0.5) * 2 ** random.between(-4, 90);
    check(h, Float64Array.from({ length: 3000 }, wide), 'wide');
  });
}
