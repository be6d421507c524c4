/**
 * Everything random: a counter-based generator whose draws are the same bits on every backend, platform and number of
 * threads. A draw is a function of (seed, stream, block), so a state is three numbers, and resuming is setting them.
 */

import { ConfigError } from '../errors.ts';
import type { DrawKernels, DrawPlace } from './draws.ts';
import * as draws from './draws.ts';
import type { FloatArray } from './dtype.ts';
import { philox4x32 } from './philox.ts';

/** Where a generator stands; plain JSON. */
export interface GeneratorState {
  /** Unsigned 64-bit, in decimal: JSON has no integers of that size. */
  readonly seed: string;
  readonly stream: string;
  /** Blocks of four 32-bit words handed out so far. */
  readonly block: number;
}

const WORD = 2 ** 32;
const MASK_64 = (1n << 64n) - 1n;

function toUint64(op: string, value: number | bigint): bigint {
  if (typeof value === 'bigint') {
    if (value >= 0n && value <= MASK_64) return value;
  } else if (Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  throw new ConfigError({ op, problem: 'a seed is a non-negative integer', got: value, expected: '0 to 2⁶⁴ − 1' });
}

let kernels: DrawKernels = draws;

/** Has all generators draw by these kernels from here on: sooner or later, and the same numbers. */
export function drawBy(faster: DrawKernels): void {
  kernels = faster;
}

/** Where each generator stood before the first draw from it, while somebody wants to know. */
let drawnFrom: Map<Generator, GeneratorState> | null = null;

/** Runs `fn`, and notes where each generator that it draws from stood before. */
export function recordDraws<T>(fn: () => T): [result: T, before: ReadonlyMap<Generator, GeneratorState>] {
  const outer = drawnFrom;
  const mine = new Map<Generator, GeneratorState>();
  drawnFrom = mine;
  try {
    return [fn(), mine];
  } finally {
    drawnFrom = outer;
    if (outer !== null) for (const [generator, state] of mine) if (!outer.has(generator)) outer.set(generator, state);
  }
}

/** Runs `fn` with the generators where they stood then; afterwards they stand where they are now. */
export function repeatDraws<T>(before: ReadonlyMap<Generator, GeneratorState>, fn: () => T): T {
  const now = [...before.keys()].map((generator) => [generator, generator.getState()] as const);
  for (const [generator, state] of before) generator.setState(state);
  try {
    return fn();
  } finally {
    for (const [generator, state] of now) generator.setState(state);
  }
}

/** A seeded source of random numbers (Philox4x32-10). */
export class Generator {
  #seed: bigint;
  #stream: bigint;
  #block = 0;

  /** @throws ConfigError  if the seed is no non-negative integer below 2⁶⁴ */
  constructor(seed: number | bigint = 0, stream: number | bigint = 0) {
    this.#seed = toUint64('Generator', seed);
    this.#stream = toUint64('Generator', stream);
  }

  get seed(): bigint {
    return this.#seed;
  }

  /** Starts over from another seed. */
  manualSeed(seed: number | bigint): this {
    this.#seed = toUint64('manualSeed', seed);
    this.#block = 0;
    return this;
  }

  getState(): GeneratorState {
    return { seed: String(this.#seed), stream: String(this.#stream), block: this.#block };
  }

  /** @throws ConfigError  if the state is none of `getState` */
  setState(state: GeneratorState): this {
    const { seed, stream, block } = state ?? {};
    const number = /^\d{1,20}$/;
    if (!number.test(seed) || !number.test(stream) || !Number.isSafeInteger(block) || block < 0) {
      throw new ConfigError({ op: 'setState', problem: 'not the state of a generator', got: JSON.stringify(state) });
    }
    this.#seed = toUint64('setState', BigInt(seed));
    this.#stream = toUint64('setState', BigInt(stream));
    this.#block = block;
    return this;
  }

  /** Another generator of the same seed whose draws have nothing in common with these. */
  fork(stream: number | bigint): Generator {
    return new Generator(this.#seed, stream);
  }

  /** Takes `blocks` blocks of four words out of the sequence: where a kernel starts to draw them. */
  reserve(blocks: number): DrawPlace {
    if (drawnFrom !== null && !drawnFrom.has(this)) drawnFrom.set(this, this.getState());
    const block = this.#block;
    this.#block += blocks;
    const [seed, stream] = [this.#seed, this.#stream];
    return {
      seedLo: Number(seed & 0xffffffffn),
      seedHi: Number(seed >> 32n),
      streamLo: Number(stream & 0xffffffffn),
      streamHi: Number(stream >> 32n),
      block,
    };
  }

  /** `n` uniform 32-bit words. */
  words(n: number): Uint32Array {
    const blocks = Math.ceil(n / 4);
    const { seedLo, seedHi, streamLo, streamHi, block } = this.reserve(blocks);
    const out = new Uint32Array(4 * blocks);
    for (let i = 0; i < blocks; i++) {
      const at = block + i;
      philox4x32(at % WORD, Math.floor(at / WORD), streamLo, streamHi, seedLo, seedHi, out, 4 * i);
    }
    return out.subarray(0, n);
  }

  /** `n` draws from [0, 1) with 53 random bits each. */
  uniform53(n: number): Float64Array {
    const y = new Float64Array(n);
    kernels.uniform53(this.reserve(Math.ceil(n / 2)), y);
    return y;
  }

  /** `n` draws from the standard normal distribution, by Box and Muller, in float64. */
  normal(n: number): Float64Array {
    const y = new Float64Array(n);
    this.fillNormal(y);
    return y;
  }

  /** Overwrites `y` with the draws of `normal`. */
  fillNormal(y: FloatArray): void {
    kernels.normal(this.reserve(Math.ceil(y.length / 2)), y);
  }

  /** Overwrites `y` with integers from [low, low + count), which lies within int32. */
  fillIntegers(y: Int32Array, low: number, count: number): void {
    kernels.integers(this.reserve(Math.ceil(y.length / 2)), low, count, y);
  }

  /** An integer from [0, bound), bound at most 2³²; every one as likely as the next. */
  integers(n: number, bound: number): Float64Array {
    const u = this.uniform53(n);
    // 53 bits against a bound of at most 32: the bias is below 2⁻²¹ of a draw's probability.
    for (let i = 0; i < n; i++) u[i] = Math.floor(u[i] * bound);
    return u;
  }

  /** The numbers 0 … n − 1 in random order, by Fisher and Yates. */
  permutation(n: number): Int32Array {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    const u = this.uniform53(Math.max(0, n - 1));
    for (let i = n - 1; i > 0; i--) {
      const j = Math.floor(u[n - 1 - i] * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }
}

/** What everything random draws from unless it is given a generator. Seeded with 0: the same run twice is the same. */
export const defaultGenerator = new Generator(0);

/**
 * Seeds the default generator: initial weights, dropout, shuffling, sampling.
 *
 * @throws ConfigError  if the seed is no non-negative integer below 2⁶⁴
 */
export function manualSeed(seed: number | bigint): Generator {
  return defaultGenerator.manualSeed(seed);
}
