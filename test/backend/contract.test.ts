/**
 * The order of summation that `backend.ts` promises, to the bit: sums are rebuilt here one fused multiply-add at a time,
 * in float32 emulated exactly, and the native kernels of every ISA that has the instruction must give the same.
 */

import { describe, expect, test } from 'vitest';
import { K_BLOCK, REDUCE_BLOCK } from '../../src/backend/backend.ts';
import { loadAddon } from '../../src/backend/native/load.ts';
import { NativeBackend } from '../../src/backend/native/native.ts';
import { ReduceOp } from '../../src/backend/opcodes.ts';
import { expectExact, Random } from './conformance/harness.ts';

const float64 = new Float64Array(1);
const halves = new Uint32Array(float64.buffer);
const LOW = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 0 : 1;

/**
 * a·b + c for float32, rounded once. The product is exact in float64; the sum is rounded to odd there, which leaves the
 * second rounding, to float32, nothing to get wrong (Boldo & Melquiond 2008).
 */
function fma(a: number, b: number, c: number): number {
  const product = a * b;
  const sum = product + c;
  const part = sum - product;
  const error = product - (sum - part) + (c - part);
  if (error === 0 || !Number.isFinite(sum)) return Math.fround(sum);
  float64[0] = sum;
  if ((halves[LOW] & 1) === 0) {
    if (error > 0 === sum > 0) halves[LOW] |= 1;
    else {
      halves[1 - LOW] -= halves[LOW] === 0 ? 1 : 0;
      halves[LOW] -= 1;
    }
  }
  return Math.fround(float64[0]);
}

const add = (a: number, b: number) => Math.fround(a + b);

/** Folds 16 lanes: 8, 4, 2, 1. */
function fold(lanes: number[]): number {
  for (let half = 8; half >= 1; half /= 2) for (let l = 0; l < half; l++) lanes[l] = add(lanes[l], lanes[l + half]);
  return lanes[0];
}

/** Cuts [0, n) into blocks and adds what each gives, in ascending order, onto `start`. */
function blocks(n: number, size: number, start: number | null, f: (from: number, to: number) => number): number {
  let total = start;
  for (let from = 0; from < n; from += size) {
    const part = f(from, Math.min(n, from + size));
    total = total === null ? part : add(total, part);
  }
  return total ?? 0;
}

/** One element of a product: `a(p)·b(p)` over k. */
function element(k: number, start: number | null, a: (p: number) => number, b: (p: number) => number): number {
  return blocks(k, K_BLOCK, start, (from, to) => {
    let sum = 0;
    for (let p = from; p < to; p++) sum = fma(a(p), b(p), sum);
    return sum;
  });
}

/** The same for one row against a row-major operand: 16 lanes a block. */
function elementByLanes(k: number, start: number | null, a: (p: number) => number, b: (p: number) => number): number {
  return blocks(k, K_BLOCK, start, (from, to) => {
    const lanes = new Array<number>(16).fill(0);
    for (let p = from; p < to; p++) lanes[(p - from) % 16] = fma(a(p), b(p), lanes[(p - from) % 16]);
    return fold(lanes);
  });
}

function rowReduction(n: number, step: (lane: number, i: number) => number): number {
  return blocks(n, REDUCE_BLOCK, null, (from, to) => {
    const lanes = new Array<number>(16).fill(0);
    for (let i = from; i < to; i++) lanes[(i - from) % 16] = step(lanes[(i - from) % 16], i);
    return fold(lanes);
  });
}

function draw(seed: number, n: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: n }, () => random.between(-1, 1.5));
}

describe('the emulated fused multiply-add', () => {
  test('rounds once where two roundings would differ', () => {
    const a = 1 + 2 ** -12;
    // a² = 1 + 2⁻¹¹ + 2⁻²⁴: half a unit above, which a tie to even would drop; 2⁻⁶⁰ decides.
    expect(fma(a, a, 2 ** -60)).toBe(1 + 2 ** -11 + 2 ** -23);
    expect(fma(a, a, -(2 ** -60))).toBe(1 + 2 ** -11);
    expect(Math.fround(a * a + 2 ** -60)).toBe(1 + 2 ** -11);
  });

  test('agrees with exact rational arithmetic on 20,000 triples', () => {
    const random = new Random(1);
    const number = () => Math.fround((random.next() - 0.5) * 2 ** random.integer(-12, 12));
    const scale = 2 ** 100;
    for (let i = 0; i < 20_000; i++) {
      const [a, b, c] = [number(), number(), number()];
      // Multiples of 2⁻⁴⁰ each: 2¹⁰⁰ makes integers of all terms.
      const exact = BigInt(a * 2 ** 50) * BigInt(b * 2 ** 50) + BigInt(c * scale);
      const got = BigInt(fma(a, b, c) * scale);
      const off = got > exact ? got - exact : exact - got;
      const unit = BigInt(Math.max(1, 2 ** (Math.floor(Math.log2(Math.abs(fma(a, b, c)) || 1)) - 23) * scale));
      expect(off * 2n <= unit).toBe(true);
    }
  });
});

const { addon, reason } = loadAddon(process.env.LANEGRAD_NATIVE_PATH || undefined);
const fused = addon?.info().isas.filter((isa) => isa !== 'baseline') ?? [];

if (addon === null || fused.length === 0) {
  test.skip(`order of summation: ${reason ?? 'no ISA with a fused multiply-add'}`, () => {});
} else {
  const backend = new NativeBackend(addon);

  describe.each(fused)('order of summation, %s', (isa) => {
    test.each([
      [2, 3, 7],
      [7, 17, 33],
      [9, 49, K_BLOCK],
      [8, 48, K_BLOCK + 1],
      [33, 18, 700],
    ])('products: %i × %i × %i', (m, n, k) => {
      addon.setIsa(isa);
      const [a, b, bias] = [draw(1, m * k), draw(2, k * n), draw(3, n)];
      const c = new Float32Array(m * n);
      const want = (start: (i: number) => number | null) =>
        Array.from(c, (_, i) => {
          const [row, column] = [Math.floor(i / n), i % n];
          return element(
            k,
            start(i),
            (p) => a[row * k + p],
            (p) => b[p * n + column],
          );
        });
      backend.gemm(false, false, m, n, k, a, b, c, false, null, 1, 0, 0, 0);
      expectExact(
        'plain',
        c,
        want(() => null),
      );
      backend.gemm(false, false, m, n, k, a, b, c, false, bias, 1, 0, 0, 0);
      expectExact(
        'bias',
        c,
        want((i) => bias[i % n]),
      );
      const before = c.slice();
      backend.gemm(false, false, m, n, k, a, b, c, true, null, 1, 0, 0, 0);
      expectExact(
        'accumulate',
        c,
        want((i) => before[i]),
      );
    });

    test.each([
      [1, 5],
      [40, 17],
      [9, K_BLOCK + 3],
      [33, 700],
    ])('one row against %i rows of %i', (n, k) => {
      addon.setIsa(isa);
      const [a, b, bias] = [draw(4, k), draw(5, n * k), draw(6, n)];
      const c = new Float32Array(n);
      backend.gemm(false, true, 1, n, k, a, b, c, false, bias, 1, 0, 0, 0);
      const want = Array.from(bias, (start, j) =>
        elementByLanes(
          k,
          start,
          (p) => a[p],
          (p) => b[j * k + p],
        ),
      );
      expectExact('one row', c, want);
    });

    test.each([1, 15, 16, 17, 250, REDUCE_BLOCK, REDUCE_BLOCK + 1, 2 * REDUCE_BLOCK + 40])('rows of %i', (n) => {
      addon.setIsa(isa);
      const x = draw(7, n);
      const y = new Float32Array(1);
      backend.reduce(ReduceOp.sum, x, y, 1, n, 1);
      expectExact('sum', y, [rowReduction(n, (lane, i) => add(lane, x[i]))]);
      backend.reduce(ReduceOp.sumSquares, x, y, 1, n, 1);
      expectExact('sum of squares', y, [rowReduction(n, (lane, i) => fma(x[i], x[i], lane))]);
    });

    test('columns: one ascending chain each', () => {
      addon.setIsa(isa);
      const [n, inner] = [300, 21];
      const x = draw(8, n * inner);
      const y = new Float32Array(inner);
      const chain = (step: (sum: number, v: number) => number) =>
        Array.from(y, (_, j) => Array.from({ length: n }, (__, i) => x[i * inner + j]).reduce(step, 0));
      backend.reduce(ReduceOp.sum, x, y, 1, n, inner);
      expectExact('sum', y, chain(add));
      backend.reduce(ReduceOp.sumSquares, x, y, 1, n, inner);
      expectExact(
        'sum of squares',
        y,
        chain((sum, v) => fma(v, v, sum)),
      );
    });

    test('rows of a table: added in ascending order of their places', () => {
      addon.setIsa(isa);
      const [table, src] = [draw(9, 3 * 17), draw(10, 50 * 17)];
      const ids = Int32Array.from({ length: 50 }, (_, i) => (i * 7) % 3);
      const want = table.slice();
      for (let i = 0; i < 50; i++) for (let j = 0; j < 17; j++) want[ids[i] * 17 + j] += src[i * 17 + j];
      backend.scatterAddRows(src, ids, table, 17, 1);
      expectExact('table', table, want);
    });
  });
}
