/** Sorting, selection, scans and moments against loops over [outer, n, inner] and against Array.prototype.sort. */

import { expect, test } from 'vitest';
import { REDUCE_BLOCK, SCAN_BLOCK } from '../../../src/backend/backend.ts';
import { ArgReduceOp, ScanOp } from '../../../src/backend/opcodes.ts';
import {
  type Extents,
  expectExact,
  expectWithin,
  type Harness,
  Random,
  SHORT_EXTENTS,
  SIZES,
  SPECIALS,
} from './harness.ts';

const EXTENTS: Extents[] = [
  ...SHORT_EXTENTS,
  [1, SCAN_BLOCK, 1],
  [2, SCAN_BLOCK + 1, 1],
  [1, 9 * SCAN_BLOCK + 100, 1],
  [1, 2 * REDUCE_BLOCK + 9, 1],
];
const filled = EXTENTS.filter(([, n]) => n > 0);

/** f(column) put back where the column lay. */
function byColumns(x: ArrayLike<number>, [outer, n, inner]: Extents, f: (column: number[]) => number[]): number[] {
  const y = new Array<number>(outer * n * inner);
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < inner; j++) {
      const at = (k: number): number => (o * n + k) * inner + j;
      f(Array.from({ length: n }, (_, k) => x[at(k)])).forEach((v, k) => {
        y[at(k)] = v;
      });
    }
  }
  return y;
}

const reversed = (f: (column: number[]) => number[]) => (column: number[]) => f([...column].reverse()).reverse();

function running(step: (carried: number, x: number) => number, start: number) {
  return (column: number[]): number[] => {
    let carried = start;
    return column.map((v) => {
      carried = step(carried, v);
      return carried;
    });
  };
}

const logAddExp = (a: number, b: number): number => {
  const high = Math.max(a, b);
  return Number.isFinite(high) ? high + Math.log(Math.exp(a - high) + Math.exp(b - high)) : high;
};

export function scanBlock(h: Harness): void {
  test.each(EXTENTS)('sums, products and log-sum-exps over [%i, %i, %i], both ways', (...extents) => {
    const random = new Random(71);
    const [outer, n, inner] = extents;
    const rules: [ScanOp, number, number, ReturnType<typeof running>, (i: number, want: number) => number][] = [
      [
        ScanOp.sum,
        -1,
        1.5,
        running((a, v) => a + v, 0),
        (_, want) => h.sumBound(Math.min(n, SCAN_BLOCK) + 8, n * 1.5, want),
      ],
      [ScanOp.prod, 0.97, 1.03, running((a, v) => a * v, 1), (_, want) => h.sumBound(n, Math.abs(want), want)],
      [
        ScanOp.logsumexp,
        -5,
        5,
        running(logAddExp, -Infinity),
        // Each step of a chain adds the error of an exponential, a logarithm and a sum.
        (_, want) => 4 * h.tolerance.ulps * Math.min(n, SCAN_BLOCK) * h.ulp(Math.abs(want) + 8) + h.ulp(1),
      ],
    ];
    for (const [op, low, high, rule, bound] of rules) {
      const x = h.uniform(random, outer * n * inner, low, high);
      for (const reverse of [false, true]) {
        const y = h.out(outer * n * inner);
        h.backend.scan(op, reverse, x, y, outer, n, inner);
        const want = byColumns(x, extents, reverse ? reversed(rule) : rule);
        expectWithin(`op ${op} ${reverse}`, y, want, (i) => bound(i, want[i]));
      }
    }
  });

  test('sums are exact where float64 is', () => {
    const random = new Random(72);
    for (const extents of EXTENTS) {
      const [outer, n, inner] = extents;
      const x = h.integers(random, outer * n * inner);
      const y = h.out(outer * n * inner);
      h.backend.scan(ScanOp.sum, false, x, y, outer, n, inner);
      expectExact(
        `sum [${extents}]`,
        y,
        byColumns(
          x,
          extents,
          running((a, v) => a + v, 0),
        ),
      );
    }
  });

  test('log-sum-exp of infinities and NaN', () => {
    const x = h.floats([-Infinity, -Infinity, 1, -Infinity, 1, Infinity, 3, Infinity, Number.NaN, 1]);
    const y = h.out(10);
    h.backend.scan(ScanOp.logsumexp, false, x, y, 1, 10, 1);
    const [one, two] = [1, 1 + Math.LN2].map((v) => h.round(v));
    expectWithin('specials', y, [-Infinity, -Infinity, one, one, two, Infinity, Infinity, Infinity, NaN, NaN], 1e-6);
  });
}

export function linearScanBlock(h: Harness): void {
  test.each(filled)('y = b + a·y over [%i, %i, %i], both ways', (...extents) => {
    const random = new Random(73);
    const [outer, n, inner] = extents;
    const size = outer * n * inner;
    const [a, b] = [h.uniform(random, size, -0.9, 0.9), h.uniform(random, size)];
    for (const reverse of [false, true]) {
      const y = h.out(size);
      h.backend.linearScan(reverse, a, b, y, outer, n, inner);
      const want = new Array<number>(size);
      for (let o = 0; o < outer; o++) {
        for (let j = 0; j < inner; j++) {
          const at = (k: number): number => (o * n + k) * inner + j;
          for (let i = 0; i < n; i++) {
            const k = reverse ? n - 1 - i : i;
            const before = reverse ? k + 1 : k - 1;
            const carried = i === 0 ? 0 : a[at(reverse ? k + 1 : k)] * want[at(before)];
            want[at(k)] = b[at(k)] + carried;
          }
        }
      }
      expectWithin(`reverse ${reverse}`, y, want, (i) => h.ulp(want[i]) + 1e-12);
    }
  });
}

export function extremeScanBlock(h: Harness): void {
  const check = (label: string, x: ReturnType<Harness['floats']>, extents: Extents): void => {
    const [outer, n, inner] = extents;
    for (const [op, sign] of [
      [ArgReduceOp.argmax, 1],
      [ArgReduceOp.argmin, -1],
    ] as const) {
      const places = (column: number[]): number[] => {
        let best = 0;
        return column.map((v, k) => {
          if (Number.isNaN(v) || sign * v >= sign * column[best]) best = k;
          return best;
        });
      };
      const y = h.out(outer * n * inner);
      const indices = h.raw(Int32Array, outer * n * inner);
      h.backend.extremeScan(op, x, y, indices, outer, n, inner);
      expectExact(`${label} places ${op}`, indices, byColumns(x, extents, places));
      const values = byColumns(x, extents, (column) => places(column).map((k) => column[k]));
      expectExact(`${label} values ${op}`, y, values);
    }
  };

  test('the last of equals, at every extent', () => {
    const random = new Random(74);
    for (const extents of filled) {
      const size = extents[0] * extents[1] * extents[2];
      check(`ties [${extents}]`, h.integers(random, size, 3), extents);
      check(`distinct [${extents}]`, h.uniform(random, size), extents);
    }
  });

  test('specials', () => {
    check('specials', h.floats([0, -0, 2, 2, -Infinity, Infinity, Number.NaN, 1, Number.NaN]), [1, 9, 1]);
    check('NaN first', h.floats([Number.NaN, 1, 2]), [1, 3, 1]);
  });
}

export function momentsBlock(h: Harness): void {
  test.each(filled)('over [%i, %i, %i]', (...extents) => {
    const random = new Random(75);
    const [outer, n, inner] = extents;
    // Far from 0: differences to the mean keep their digits where Σx² − n·mean² would lose them.
    const x = h.uniform(random, outer * n * inner, 99, 101);
    const [mean, squares] = [h.out(outer * inner), h.out(outer * inner)];
    h.backend.moments(x, mean, squares, outer, n, inner);
    for (let o = 0; o < outer; o++) {
      for (let j = 0; j < inner; j++) {
        const column = Array.from({ length: n }, (_, k) => x[(o * n + k) * inner + j]);
        const wanted = column.reduce((a, v) => a + v, 0) / n;
        const spread = column.reduce((a, v) => a + (v - wanted) ** 2, 0);
        const at = o * inner + j;
        const off = h.sumBound(n, 101 * n, wanted * n) / n + h.ulp(wanted);
        expect(Math.abs(mean[at] - wanted)).toBeLessThanOrEqual(off);
        expect(Math.abs(squares[at] - spread)).toBeLessThanOrEqual(2 * off * 2 * n + h.sumBound(n, spread, spread));
      }
    }
  });
}

/** The stable order of a row: NaN last in ascending, first in descending order; −0 stands with 0. */
function orderOf(row: ArrayLike<number>, descending: boolean): number[] {
  const rank = (v: number): number => (Number.isNaN(v) ? 1 : 0);
  const order = Array.from(row, (_, i) => i);
  return order.sort((i, j) => {
    const [a, b] = descending ? [row[j], row[i]] : [row[i], row[j]];
    return rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : i - j);
  });
}

const ROWS: [rows: number, n: number][] = [
  ...SIZES.map((n): [number, number] => [2, n]),
  [0, 5],
  [3, 24],
  [3, 25],
  [2, 2047],
  [1, 2049],
  [2, 5000],
];

/** Rows of distinct values, of few, of specials, and of values that share their upper digits. */
function rowsOf(h: Harness, random: Random, rows: number, n: number): [string, ReturnType<Harness['floats']>][] {
  const size = rows * n;
  const special = Array.from({ length: size }, () => SPECIALS[random.integer(0, SPECIALS.length - 1)]);
  return [
    ['distinct', h.uniform(random, size, -1e3, 1e3)],
    ['ties', h.integers(random, size, 3)],
    ['specials', h.floats(special)],
    ['near', h.uniform(random, size, 1, 1 + 2 ** -12)],
  ];
}

export function sortRowsBlock(h: Harness): void {
  test.each(ROWS)('[%i, %i]', (rows, n) => {
    const random = new Random(76);
    for (const [label, x] of rowsOf(h, random, rows, n)) {
      for (const descending of [false, true]) {
        const [y, alone, indices] = [h.out(rows * n), h.out(rows * n), h.raw(Int32Array, rows * n)];
        h.backend.sortRows(descending, x, y, indices, rows, n);
        h.backend.sortRows(descending, x, alone, null, rows, n);
        for (let r = 0; r < rows; r++) {
          const row = x.subarray(r * n, (r + 1) * n);
          const order = orderOf(row, descending);
          const values = order.map((i) => row[i]);
          expectExact(`${label} places`, indices.subarray(r * n, (r + 1) * n), order);
          expectExact(`${label} values`, y.subarray(r * n, (r + 1) * n), values);
          expectExact(`${label} alone`, alone.subarray(r * n, (r + 1) * n), values, { zeros: false });
        }
        const places = h.raw(Int32Array, rows * n);
        h.backend.sortRows(descending, x, null, places, rows, n);
        expectExact(`${label} without values`, places, indices);
      }
    }
  });

  if (!h.native) {
    test('integers', () => {
      const random = new Random(77);
      for (const n of [9, 700, 3000]) {
        const wide = Int32Array.from({ length: n }, () => random.integer(-(2 ** 31), 2 ** 31 - 1));
        const bytes = Uint8Array.from({ length: n }, () => random.integer(0, 255));
        for (const x of [wide, bytes]) {
          for (const descending of [false, true]) {
            const [y, indices] = [x.slice(), new Int32Array(n)];
            h.backend.sortRows(descending, x, y, indices, 1, n);
            expectExact('places', indices, orderOf(x, descending));
            h.backend.sortRows(descending, x, y, null, 1, n);
            expectExact('values', y, descending ? x.slice().sort().reverse() : x.slice().sort());
          }
        }
      }
    });
  }
}

export function topRowsBlock(h: Harness): void {
  test.each(ROWS)('[%i, %i]', (rows, n) => {
    const random = new Random(78);
    for (const [label, x] of rowsOf(h, random, rows, n)) {
      for (const k of new Set([0, Math.min(1, n), Math.min(7, n), n >> 1, n])) {
        for (const largest of [true, false]) {
          const indices = h.raw(Int32Array, rows * k);
          h.backend.topRows(largest, x, indices, rows, n, k);
          for (let r = 0; r < rows; r++) {
            const order = orderOf(x.subarray(r * n, (r + 1) * n), largest).slice(0, k);
            expectExact(`${label} ${k} ${largest}`, indices.subarray(r * k, (r + 1) * k), order);
          }
        }
      }
    }
  });
}

export function rankRowsBlock(h: Harness): void {
  test.each(ROWS.filter(([, n]) => n > 0))('[%i, %i]', (rows, n) => {
    const random = new Random(79);
    for (const [label, x] of rowsOf(h, random, rows, n)) {
      for (const m of [0, 1, 2, 4, 5, 9]) {
        const ranks = h.ints(Array.from({ length: rows * m }, () => random.integer(0, n - 1)));
        const indices = h.raw(Int32Array, rows * m);
        expect(h.backend.rankRows(x, ranks, indices, rows, n, m)).toBe(-1);
        for (let r = 0; r < rows; r++) {
          const order = orderOf(x.subarray(r * n, (r + 1) * n), false);
          const want = Array.from(ranks.subarray(r * m, (r + 1) * m), (rank) => order[rank]);
          expectExact(`${label} ${m}`, indices.subarray(r * m, (r + 1) * m), want);
        }
      }
    }
  });

  test('ranks out of range are refused, and nothing is written', () => {
    const x = h.floats([3, 1, 2]);
    for (const bad of [3, -1, 2 ** 31 - 1, -(2 ** 31)]) {
      const indices = h.ints([7, 7]);
      expect(h.backend.rankRows(x, h.ints([0, bad]), indices, 1, 3, 2)).toBe(1);
      expect([...indices]).toEqual([7, 7]);
    }
  });
}
