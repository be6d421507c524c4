/** gemm against three loops over the logical matrices. */

import { describe, expect, test } from 'vitest';
import { K_BLOCK } from '../../../src/backend/backend.ts';
import type { FloatArray } from '../../../src/core/dtype.ts';
import { expectExact, expectWithin, type Harness, Random, SIZES } from './harness.ts';

const TRANSPOSES: [transA: boolean, transB: boolean][] = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
];

/** Row-major [rows, cols] as its own transpose, stored. */
function transposed(x: ArrayLike<number>, rows: number, cols: number): number[] {
  return Array.from({ length: rows * cols }, (_, i) => x[(i % rows) * cols + Math.floor(i / rows)]);
}

function product(a: ArrayLike<number>, b: ArrayLike<number>, m: number, n: number, k: number): Float64Array {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let p = 0; p < k; p++) {
      for (let j = 0; j < n; j++) c[i * n + j] += a[i * k + p] * b[p * n + j];
    }
  }
  return c;
}

interface Problem {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Logical matrices a [m, k] and b [k, n]. */
  readonly a: FloatArray;
  readonly b: FloatArray;
}

function multiply(h: Harness, { m, n, k, a, b }: Problem, [transA, transB]: [boolean, boolean], c: FloatArray): void {
  const left = transA ? h.floats(transposed(a, m, k)) : a;
  const right = transB ? h.floats(transposed(b, k, n)) : b;
  h.backend.gemm(transA, transB, m, n, k, left, right, c, false, null, 1, 0, 0, 0);
}

/** Additions that a term passes through: a block's chain, then the sums of blocks; a dot of 16 lanes is shorter. */
function chain(h: Harness, k: number): number {
  return h.native ? Math.min(k, K_BLOCK) + Math.ceil(k / K_BLOCK) + 1 : k;
}

export function gemmBlock(h: Harness): void {
  const extents = SIZES.filter((n) => n !== 257);

  test.each(SIZES)('integers up to 8 exactly: m = %i, every n and k, every transposition', (m) => {
    const random = new Random(31 + m);
    const columns = m === 257 ? SIZES : extents;
    for (const n of columns) {
      for (const k of columns) {
        const problem = { m, n, k, a: h.integers(random, m * k), b: h.integers(random, k * n) };
        const want = product(problem.a, problem.b, m, n, k);
        for (const trans of TRANSPOSES) {
          const c = h.out(m * n);
          multiply(h, problem, trans, c);
          expectExact(`${m}×${n}×${k} trans ${trans}`, c, want, { zeros: false });
        }
      }
      // The guards of some thousand matrices would fill the memory before the test ends.
      h.verify();
    }
  });

  describe.each([
    ['of random sign', -1, 1],
    ['positive', 0.05, 1],
  ])('data %s', (_, low, high) => {
    test.each([
      [1, 1, 4096],
      [1, 257, 300],
      [257, 1, 300],
      [7, 33, 1],
      [8, 48, K_BLOCK],
      [9, 49, K_BLOCK + 1],
      [31, 65, 513],
      [33, 17, 1000],
      [65, 130, 300],
      [2, 3, 8192],
    ])('within the theorem: %i × %i × %i', (m, n, k) => {
      const random = new Random(32);
      const problem = { m, n, k, a: h.uniform(random, m * k, low, high), b: h.uniform(random, k * n, low, high) };
      const want = product(problem.a, problem.b, m, n, k);
      const sizes = product(problem.a.map(Math.abs), problem.b.map(Math.abs), m, n, k);
      for (const trans of TRANSPOSES) {
        const c = h.out(m * n);
        multiply(h, problem, trans, c);
        const theorem = (i: number) => h.sumBound(chain(h, k), sizes[i], want[i]);
        expectWithin(`theorem, trans ${trans}`, c, want, theorem);
        // What blocks of 256 buy on top of the theorem: 16 roundoffs at any depth.
        const expected = (i: number) => 16 * h.tolerance.store * sizes[i] + h.ulp(0);
        if (h.tolerance.array === Float32Array) expectWithin(`expected, trans ${trans}`, c, want, expected);
      }
    });
  });

  describe('start values', () => {
    const cases = [
      [1, 1, 0],
      [1, 33, 5],
      [5, 1, 33],
      [3, 7, 0],
      [17, 33, 65],
      [9, 50, 300],
      [257, 31, 260],
    ];

    test.each(cases)('bias along n: %i × %i × %i', (m, n, k) => {
      const random = new Random(33);
      const [a, b, bias] = [h.integers(random, m * k), h.integers(random, k * n), h.integers(random, n)];
      const want = product(a, b, m, n, k).map((v, i) => v + bias[i % n]);
      const c = h.out(m * n);
      h.backend.gemm(false, false, m, n, k, a, b, c, false, bias, 1, 0, 0, 0);
      expectExact('bias', c, want, { zeros: false });
    });

    test.each(cases)('accumulate: %i × %i × %i', (m, n, k) => {
      const random = new Random(34);
      const [a, b, c] = [h.integers(random, m * k), h.integers(random, k * n), h.integers(random, m * n)];
      const want = product(a, b, m, n, k).map((v, i) => v + c[i]);
      h.backend.gemm(false, false, m, n, k, a, b, c, true, null, 1, 0, 0, 0);
      expectExact('accumulate', c, want, { zeros: false });
    });

    test('without terms: zeros, the bias, or what was there', () => {
      const [a, b] = [h.out(0), h.out(0)];
      const c = h.out(6);
      h.backend.gemm(false, false, 2, 3, 0, a, b, c, false, null, 1, 0, 0, 0);
      expectExact('zeros', c, [0, 0, 0, 0, 0, 0]);
      h.backend.gemm(false, false, 2, 3, 0, a, b, c, false, h.floats([1, 2, 3]), 1, 0, 0, 0);
      expectExact('bias', c, [1, 2, 3, 1, 2, 3]);
      h.backend.gemm(false, true, 2, 3, 0, a, b, c, true, null, 1, 0, 0, 0);
      expectExact('kept', c, [1, 2, 3, 1, 2, 3]);
    });
  });

  test('batches; a stride of 0 repeats an operand', () => {
    const random = new Random(35);
    for (const [m, n, k] of [
      [1, 5, 3],
      [4, 4, 4],
      [7, 17, 33],
      [16, 48, 16],
    ]) {
      for (const [aStride, bStride] of [
        [m * k, k * n],
        [0, k * n],
        [m * k, 0],
      ]) {
        const batch = 5;
        const a = h.integers(random, aStride === 0 ? m * k : batch * m * k);
        const b = h.integers(random, bStride === 0 ? k * n : batch * k * n);
        const c = h.out(batch * m * n);
        h.backend.gemm(false, false, m, n, k, a, b, c, false, null, batch, aStride, bStride, m * n);
        for (let i = 0; i < batch; i++) {
          const want = product(a.subarray(i * aStride), b.subarray(i * bStride), m, n, k);
          const got = c.subarray(i * m * n, (i + 1) * m * n);
          expectExact(`batch ${i} of ${m}×${n}×${k}`, got, want, { zeros: false });
        }
      }
    }
    const none = h.out(0);
    h.backend.gemm(false, false, 2, 2, 2, h.out(0), h.out(0), none, false, null, 0, 4, 4, 4);
    expect(none.length).toBe(0);
  });

  test('NaN, and 0·∞, reach the row or column they are in and no other', () => {
    for (const [m, n, k] of [
      [1, 40, 40],
      [40, 1, 40],
      [7, 33, 9],
      [13, 49, 300],
    ]) {
      for (const trans of TRANSPOSES) {
        for (const special of [Number.NaN, Infinity]) {
          // Zeros on the other side: skipping them would hide the special value.
          const a = h.floats(new Array(m * k).fill(0));
          const b = h.floats(new Array(k * n).fill(0));
          a[(m - 1) * k + k - 1] = special;
          b[(k - 1) * n + n - 1] = special;
          const c = h.out(m * n);
          multiply(h, { m, n, k, a, b }, trans, c);
          const want = Array.from(c, (_, i) => (Math.floor(i / n) === m - 1 || i % n === n - 1 ? Number.NaN : 0));
          // The one place where the two meet.
          want[m * n - 1] = special * special;
          expectExact(`${special} in ${m}×${n}×${k} trans ${trans}`, c, want, { zeros: false });
        }
      }
    }
  });

  test('a transposed operand read as itself gives the same product', () => {
    const random = new Random(36);
    const [m, n, k] = [33, 65, 130];
    const problem = { m, n, k, a: h.uniform(random, m * k), b: h.uniform(random, k * n) };
    const plain = h.out(m * n);
    multiply(h, problem, [false, false], plain);
    for (const trans of TRANSPOSES) {
      const c = h.out(m * n);
      multiply(h, problem, trans, c);
      expectExact(`trans ${trans}`, c, plain);
    }
  });
}
