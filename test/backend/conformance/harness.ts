/**
 * What every block of the conformance suite stands on: guarded arrays, repeatable data, and comparisons that say where
 * the first difference is.
 */

import { afterEach, expect } from 'vitest';
import type { Backend } from '../../../src/backend/backend.ts';
import type { DataArray, FloatArray } from '../../../src/core/dtype.ts';

/** How exact a backend is to be. */
export interface Tolerance {
  readonly array: Float32ArrayConstructor | Float64ArrayConstructor;
  /** Unit roundoff of the class: one correctly rounded store errs by at most |y|·store. */
  readonly store: number;
  /** Unit roundoff of one addition inside a sum. */
  readonly accumulate: number;
  /** Units in the last place that exp, tanh, log and their kin may be off. */
  readonly ulps: number;
}

export const FLOAT32_EPS = 2 ** -23;

/** The lengths that meet every tail of every vector width. */
export const SIZES = [0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 65, 257];

/** What a kernel along the middle axis walks. */
export type Extents = [outer: number, n: number, inner: number];

/** Rows, columns and their tails, none of them longer than a block of a kernel. */
export const SHORT_EXTENTS: readonly Extents[] = [
  ...SIZES.map((n): Extents => [3, n, 1]),
  ...SIZES.map((n): Extents => [2, n, 5]),
  ...SIZES.map((inner): Extents => [2, 7, inner]),
  [0, 4, 3],
  [65, 17, 1],
];

/** Values where functions and comparisons change their minds. */
export const SPECIALS = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  3,
  -7,
  1e-10,
  -1e-10,
  1e-40,
  -1e-40,
  88.5,
  89,
  -87,
  -104,
  700,
  1e10,
  -1e10,
  8388607.5,
  -8388607.5,
  3e38,
  -3e38,
  Infinity,
  -Infinity,
  Number.NaN,
];

/** Repeatable numbers: mulberry32. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Uniform in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** An integer in [low, high]. */
  integer(low: number, high: number): number {
    return low + Math.floor((high - low + 1) * this.next());
  }
}

/** 0x7ff8dead in each word: a NaN in both float classes, and no value that any kernel writes. */
const CANARY = 0x7ff8dead;
const GUARD_BYTES = 256;

interface Guarded {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
}

type ArrayClass<A extends DataArray> = {
  new (buffer: ArrayBuffer, byteOffset: number, length: number): A;
  readonly BYTES_PER_ELEMENT: number;
};

const canaryBytes = new Uint8Array(Uint32Array.of(CANARY).buffer);

/**
 * Hands out arrays that lie between canaries, at changing alignments. After each test every canary must be as it was;
 * a read past an end brings a NaN into the result.
 */
export class Harness {
  readonly tolerance: Tolerance;
  readonly #make: () => Backend;
  #guarded: Guarded[] = [];
  #shift = 0;

  constructor(make: () => Backend, tolerance: Tolerance) {
    this.#make = make;
    this.tolerance = tolerance;
    afterEach(() => this.verify());
  }

  get backend(): Backend {
    return this.#make();
  }

  get native(): boolean {
    return this.backend.name === 'native';
  }

  /** An output: filled with the canary's NaN, or another pattern of the same garbage for integers. */
  raw<A extends DataArray>(array: ArrayClass<A>, length: number): A {
    const size = array.BYTES_PER_ELEMENT;
    const from = GUARD_BYTES + size * (this.#shift = (this.#shift + 1) % 16);
    const words = new Uint32Array(Math.ceil((from + length * size + GUARD_BYTES) / 4)).fill(CANARY);
    this.#guarded.push({ bytes: new Uint8Array(words.buffer), from, to: from + length * size });
    return new array(words.buffer, from, length);
  }

  out(length: number): FloatArray {
    return this.raw<FloatArray>(this.tolerance.array as ArrayClass<FloatArray>, length);
  }

  /** An input of the class under test. */
  floats(values: ArrayLike<number>): FloatArray {
    const array = this.out(values.length);
    array.set(values);
    return array;
  }

  ints(values: ArrayLike<number>): Int32Array {
    const array = this.raw(Int32Array, values.length);
    array.set(values);
    return array;
  }

  bytes(values: ArrayLike<number>): Uint8Array {
    const array = this.raw(Uint8Array, values.length);
    array.set(values);
    return array;
  }

  /** Uniform in [low, high), rounded to the class under test. */
  uniform(random: Random, length: number, low = -1, high = 1): FloatArray {
    const array = this.out(length);
    for (let i = 0; i < length; i++) array[i] = random.between(low, high);
    return array;
  }

  /** Small integers, whose products and sums are exact in any order. */
  integers(random: Random, length: number, bound = 8): FloatArray {
    const array = this.out(length);
    for (let i = 0; i < length; i++) array[i] = random.integer(-bound, bound);
    return array;
  }

  /** The nearest number of the class under test. */
  round(x: number): number {
    return this.tolerance.array === Float32Array ? Math.fround(x) : x;
  }

  /** Units in the last place of x, in the class under test. */
  ulp(x: number): number {
    const [digits, smallest] = this.tolerance.array === Float32Array ? [23, 2 ** -149] : [52, 2 ** -1074];
    const size = Math.abs(x);
    if (!Number.isFinite(size) || size === 0) return smallest;
    return Math.max(smallest, 2 ** (Math.floor(Math.log2(size)) - digits));
  }

  /** The bound of a sum of `terms` terms whose sizes add up to `absSum`: the theorem's, not a guess. */
  sumBound(terms: number, absSum: number, value: number): number {
    const n = (terms + 1) * this.tolerance.accumulate;
    return (n / (1 - n)) * absSum + this.tolerance.store * Math.abs(value) + this.ulp(0);
  }

  verify(): void {
    const guarded = this.#guarded;
    this.#guarded = [];
    for (const { bytes, from, to } of guarded) {
      for (let i = 0; i < bytes.length; i = i + 1 === from ? to : i + 1) {
        if (bytes[i] !== canaryBytes[i & 3]) {
          throw new Error(`a kernel wrote past its output: byte ${i < from ? i - from : i - to} from its edge`);
        }
      }
    }
  }
}

function fail(label: string, i: number, got: number, want: number, rule: string): never {
  const show = (x: number) => (Object.is(x, -0) ? '-0' : String(x));
  return expect.fail(`${label}: element ${i} is ${show(got)}, expected ${show(want)} ${rule}`);
}

function checkLength(label: string, got: ArrayLike<number>, want: ArrayLike<number>): void {
  if (got.length !== want.length) expect.fail(`${label}: ${got.length} elements, expected ${want.length}`);
}

/** The same values; NaN equals NaN alone; −0 equals 0 unless `zeros` tells them apart. */
export function expectExact(
  label: string,
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  { zeros = true }: { zeros?: boolean } = {},
): void {
  checkLength(label, got, want);
  for (let i = 0; i < want.length; i++) {
    const same = Object.is(got[i], want[i]) || (!zeros && got[i] === 0 && want[i] === 0);
    if (!same) fail(label, i, got[i], want[i], 'exactly');
  }
}

/** |got − want| ≤ bound, with NaN and infinities in their places exactly. */
export function expectWithin(
  label: string,
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  bound: number | ((i: number) => number),
): void {
  checkLength(label, got, want);
  for (let i = 0; i < want.length; i++) {
    const limit = typeof bound === 'number' ? bound : bound(i);
    if (Number.isFinite(want[i])) {
      if (!(Math.abs(got[i] - want[i]) <= limit)) fail(label, i, got[i], want[i], `± ${limit}`);
    } else if (!Object.is(got[i], want[i])) {
      fail(label, i, got[i], want[i], 'exactly');
    }
  }
}

/** ‖got − want‖ ≤ bound·‖want‖ */
export function expectClose(label: string, got: ArrayLike<number>, want: ArrayLike<number>, bound: number): void {
  checkLength(label, got, want);
  let difference = 0;
  let size = 0;
  for (let i = 0; i < want.length; i++) {
    difference += (got[i] - want[i]) ** 2;
    size += want[i] ** 2;
  }
  if (!(Math.sqrt(difference) <= bound * Math.sqrt(size))) {
    expect.fail(`${label}: relative distance ${Math.sqrt(difference / size)}, expected at most ${bound}`);
  }
}
