/** reduce, argReduce and sumSquares against loops over [outer, n, inner]. */

import { describe, expect, test } from 'vitest';
import { REDUCE_BLOCK } from '../../../src/backend/backend.ts';
import { ArgReduceOp, ReduceOp } from '../../../src/backend/opcodes.ts';
import type { FloatArray } from '../../../src/core/dtype.ts';
import { type Extents, expectExact, expectWithin, type Harness, Random, SHORT_EXTENTS, SIZES } from './harness.ts';

const EXTENTS: Extents[] = [
  ...SHORT_EXTENTS,
  [1, REDUCE_BLOCK, 1],
  [2, REDUCE_BLOCK + 1, 1],
  [1, 3 * REDUCE_BLOCK + 100, 1],
  [1, 300, 1500],
];

/** The columns of [outer, n, inner], in the order of the output. */
function columns(x: ArrayLike<number>, [outer, n, inner]: Extents): number[][] {
  const found: number[][] = [];
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < inner; j++) found.push(Array.from({ length: n }, (_, i) => x[(o * n + i) * inner + j]));
  }
  return found;
}

const total = (list: number[]) => list.reduce((sum, v) => sum + v, 0);

function largest(list: number[], sign: 1 | -1): number {
  let best = list[0];
  for (const v of list) {
    if (Number.isNaN(v)) return v;
    if (sign * v > sign * best) best = v;
  }
  return best;
}

export function reduceBlock(h: Harness): void {
  test.each(EXTENTS)('sum and sum of squares over [%i, %i, %i]', (...extents) => {
    const random = new Random(11);
    const [outer, n, inner] = extents;
    // Positive data are the hard case: every rounding pushes the same way.
    for (const [low, high] of [
      [-1, 1],
      [0.1, 1],
    ]) {
      const x = h.uniform(random, outer * n * inner, low, high);
      for (const [op, term] of [
        [ReduceOp.sum, (v: number) => v],
        [ReduceOp.sumSquares, (v: number) => v * v],
      ] as const) {
        const lists = columns(x, extents).map((list) => list.map(term));
        const want = lists.map(total);
        const y = h.out(outer * inner);
        h.backend.reduce(op, x, y, outer, n, inner);
        const bound = (i: number) => h.sumBound(chain(h, n, inner), total(lists[i].map(Math.abs)), want[i]);
        expectWithin('sum', y, want, bound);
      }
    }
  });

  test.each(EXTENTS.filter(([, n]) => n > 0))('largest and smallest over [%i, %i, %i]', (...extents) => {
    const random = new Random(12);
    const [outer, n, inner] = extents;
    const x = h.uniform(random, outer * n * inner);
    for (const [op, sign] of [
      [ReduceOp.max, 1],
      [ReduceOp.min, -1],
    ] as const) {
      const y = h.out(outer * inner);
      h.backend.reduce(op, x, y, outer, n, inner);
      expectExact(
        'extremum',
        y,
        columns(x, extents).map((list) => largest(list, sign)),
      );
    }
  });

  test('products', () => {
    const random = new Random(13);
    for (const extents of EXTENTS.filter(([, n]) => n <= 65)) {
      const [outer, n, inner] = extents;
      const x = h.uniform(random, outer * n * inner, 0.7, 1.4);
      const y = h.out(outer * inner);
      h.backend.reduce(ReduceOp.prod, x, y, outer, n, inner);
      const want = columns(x, extents).map((list) => list.reduce((p, v) => p * v, 1));
      expectWithin(`[${extents}]`, y, want, (i) => h.sumBound(n, Math.abs(want[i]), want[i]));
    }
  });

  test('small integers sum and multiply exactly', () => {
    const random = new Random(14);
    for (const extents of EXTENTS) {
      const [outer, n, inner] = extents;
      const x = h.integers(random, outer * n * inner);
      const y = h.out(outer * inner);
      h.backend.reduce(ReduceOp.sum, x, y, outer, n, inner);
      expectExact(`sum over [${extents}]`, y, columns(x, extents).map(total), { zeros: false });
      h.backend.reduce(ReduceOp.sumSquares, x, y, outer, n, inner);
      expectExact(
        `squares over [${extents}]`,
        y,
        columns(x, extents).map((list) => total(list.map((v) => v * v))),
      );
    }
  });

  test('of nothing: 0, 0 and 1', () => {
    for (const [op, want] of [
      [ReduceOp.sum, 0],
      [ReduceOp.sumSquares, 0],
      [ReduceOp.prod, 1],
    ]) {
      for (const inner of [1, 3]) {
        const y = h.out(2 * inner);
        h.backend.reduce(op as ReduceOp, h.out(0), y, 2, 0, inner);
        expectExact('empty', y, new Array(2 * inner).fill(want));
      }
    }
  });

  test('NaN and infinities reach the result from every place', () => {
    for (const inner of [1, 3]) {
      for (const n of [1, 2, 15, 16, 17, 40, REDUCE_BLOCK + 3]) {
        for (const place of new Set([0, 1, n >> 1, n - 2, n - 1])) {
          if (place < 0 || place >= n) continue;
          for (const special of [Number.NaN, Infinity, -Infinity]) {
            const x = h.floats(new Array(n * inner).fill(1));
            x[place * inner] = special;
            for (const op of [ReduceOp.sum, ReduceOp.sumSquares, ReduceOp.prod, ReduceOp.max, ReduceOp.min]) {
              const y = h.out(inner);
              h.backend.reduce(op, x, y, 1, n, inner);
              const list = columns(x, [1, n, inner])[0];
              const want = {
                [ReduceOp.sum]: total(list),
                [ReduceOp.sumSquares]: total(list.map((v) => v * v)),
                [ReduceOp.prod]: special,
                [ReduceOp.max]: largest(list, 1),
                [ReduceOp.min]: largest(list, -1),
              }[op];
              expectExact(`op ${op}, n ${n}, ${special} at ${place}`, [y[0]], [want]);
              if (inner > 1) expect(Number.isFinite(y[1])).toBe(true);
            }
          }
        }
      }
    }
  });

  describe.skipIf(h.native)('int32', () => {
    test('wraps at every step', () => {
      const random = new Random(15);
      const x = Int32Array.from({ length: 600 }, () => random.integer(-(2 ** 31), 2 ** 31 - 1));
      const lists = columns(x, [2, 100, 3]).map((list) => list.map(BigInt));
      const wrap = (v: bigint) => Number(BigInt.asIntN(32, v));
      const rules: [ReduceOp, (list: bigint[]) => bigint][] = [
        [ReduceOp.sum, (list) => list.reduce((s, v) => s + v, 0n)],
        [ReduceOp.sumSquares, (list) => list.reduce((s, v) => s + v * v, 0n)],
        [ReduceOp.prod, (list) => list.reduce((p, v) => p * v, 1n)],
        [ReduceOp.max, (list) => list.reduce((m, v) => (v > m ? v : m))],
        [ReduceOp.min, (list) => list.reduce((m, v) => (v < m ? v : m))],
      ];
      for (const [op, f] of rules) {
        const y = new Int32Array(6);
        h.backend.reduce(op, x, y, 2, 100, 3);
        expectExact(
          `op ${op}`,
          y,
          lists.map((list) => wrap(f(list))),
        );
      }
    });
  });
}

/** Additions that a term passes through: 16 lanes and their tree in each block, else one chain. */
function chain(h: Harness, n: number, inner: number): number {
  if (!h.native || inner > 1) return n;
  return Math.ceil(Math.min(n, REDUCE_BLOCK) / 16) + 4 + Math.ceil(n / REDUCE_BLOCK);
}

function firstExtremum(list: number[], sign: 1 | -1): number {
  const nan = list.findIndex(Number.isNaN);
  if (nan >= 0) return nan;
  const best = Math.max(...list.map((v) => sign * v));
  return list.findIndex((v) => sign * v === best);
}

export function argReduceBlock(h: Harness): void {
  const check = (label: string, x: ReturnType<Harness['floats']>, extents: Extents) => {
    const [outer, n, inner] = extents;
    for (const [op, sign] of [
      [ArgReduceOp.argmax, 1],
      [ArgReduceOp.argmin, -1],
    ] as const) {
      const y = h.raw(Int32Array, outer * inner);
      h.backend.argReduce(op, x, y, outer, n, inner);
      expectExact(
        `${label} op ${op}`,
        y,
        columns(x, extents).map((list) => firstExtremum(list, sign)),
      );
    }
  };

  test('the first of equals, at every extent', () => {
    const random = new Random(16);
    for (const extents of EXTENTS.filter(([, n]) => n > 0)) {
      const [outer, n, inner] = extents;
      check(`ties [${extents}]`, h.integers(random, outer * n * inner, 3), extents);
      check(`distinct [${extents}]`, h.uniform(random, outer * n * inner), extents);
    }
  });

  test('the first NaN, and infinities', () => {
    for (const n of [1, 2, 15, 16, 17, 33, 65]) {
      for (let place = 0; place < n; place++) {
        for (const special of [Number.NaN, Infinity, -Infinity]) {
          const values = Array.from({ length: n }, (_, i) => (i % 3) - 1);
          values[place] = special;
          values[n - 1] = n > 1 && place < n - 1 ? special : values[n - 1];
          check(`${special} at ${place} of ${n}`, h.floats(values), [1, n, 1]);
        }
      }
    }
    check('all −∞', h.floats([-Infinity, -Infinity, -Infinity]), [1, 3, 1]);
    check('all NaN in columns', h.floats(new Array(12).fill(Number.NaN)), [2, 3, 2]);
  });

  test('the first of them in rows of several blocks', () => {
    for (const special of [Number.NaN, Infinity, -Infinity, 0]) {
      for (const places of [[9000], [4095, 4096], [4096, 12_287], [8191, 12_288], [0, 12_288], [12_288]]) {
        const values = Array.from({ length: 2 * 12_289 }, (_, i) => (special === 0 ? -1 : i % 5));
        for (const place of places) values[place] = special;
        values[12_289 + places[0]] = special;
        check(`${special} at ${places}`, h.floats(values), [2, 12_289, 1]);
      }
    }
  });

  test('−0 and 0 are equal', () => {
    check('zeros', h.floats([-0, 0, -0, 0]), [1, 4, 1]);
  });
}

export function extremesBlock(h: Harness): void {
  const check = (label: string, x: FloatArray, [outer, n, inner]: (typeof EXTENTS)[number]) => {
    const [low, high, least, most] = [0, 1, 2, 3].map(() => h.out(outer * inner));
    h.backend.extremes(x, low, high, outer, n, inner);
    h.backend.reduce(ReduceOp.min, x, least, outer, n, inner);
    h.backend.reduce(ReduceOp.max, x, most, outer, n, inner);
    expectExact(`${label}, smallest`, low, least);
    expectExact(`${label}, largest`, high, most);
  };

  test('as the reductions, at every extent', () => {
    const random = new Random(29);
    for (const extents of EXTENTS.filter(([, n]) => n > 0)) {
      const [outer, n, inner] = extents;
      check(`ties [${extents}]`, h.integers(random, outer * n * inner, 3), extents);
      check(`distinct [${extents}]`, h.uniform(random, outer * n * inner), extents);
    }
    check('blocks', h.uniform(random, 3 * 9001), [3, 9001, 1]);
  });

  test('NaN, infinities and zeros', () => {
    for (const special of [Number.NaN, Infinity, -Infinity]) {
      const values = Array.from({ length: 9000 }, (_, i) => i % 7);
      values[8500] = special;
      check(String(special), h.floats(values), [1, 9000, 1]);
      check(`${special} in columns`, h.floats(values), [3, 100, 30]);
    }
    check('zeros', h.floats([-0, 0, -0, 0]), [1, 4, 1]);
  });
}

export function sumSquaresBlock(h: Harness): void {
  test('float64 sums over all arrays', () => {
    const random = new Random(17);
    for (const sizes of [[], [0], [1], SIZES, [REDUCE_BLOCK], [3 * REDUCE_BLOCK + 7, 5], [20000, 1, 300]]) {
      const arrays = sizes.map((n) => h.uniform(random, n, -3, 3));
      const want = total(arrays.map((x) => total(Array.from(x, (v) => v * v))));
      const got = h.backend.sumSquares(arrays);
      expect(Math.abs(got - want)).toBeLessThanOrEqual(1e-12 * want);
    }
  });

  test('large values do not overflow on the way, NaN and infinities arrive', () => {
    expect(h.backend.sumSquares([h.floats([3e30, 1]), h.floats([-4e30])]) / 25e60).toBeCloseTo(1, 5);
    expect(h.backend.sumSquares([h.floats([1]), h.floats([Infinity])])).toBe(Infinity);
    expect(h.backend.sumSquares([h.floats([1, Number.NaN]), h.floats([2])])).toBeNaN();
  });
}
