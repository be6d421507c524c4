/** The softmax family and cross-entropy against their definitions in float64. */

import { describe, expect, test } from 'vitest';
import type { FloatArray } from '../../../src/core/dtype.ts';
import { expectExact, expectWithin, type Harness, Random, SIZES } from './harness.ts';

const LENGTHS = SIZES.filter((n) => n > 0);

/** Per row of n: log Σ exp, shifted by the largest, in float64. */
function logSumExp(row: ArrayLike<number>): number {
  const largest = Math.max(...Array.from(row));
  return largest + Math.log(Array.from(row).reduce((sum, v) => sum + Math.exp(v - largest), 0));
}

function rowsOf(x: FloatArray, n: number): FloatArray[] {
  return Array.from({ length: n === 0 ? 0 : x.length / n }, (_, r) => x.subarray(r * n, (r + 1) * n));
}

function softmaxOf(row: ArrayLike<number>, log: boolean): number[] {
  const lse = logSumExp(row);
  return Array.from(row, (v) => (log ? v - lse : Math.exp(v - lse)));
}

/** Relative error of one exponential and of a row's sum, in roundoffs of the class. */
function exponentialError(h: Harness, n: number): number {
  const sum = h.native ? Math.ceil(n / 16) + 5 : 1;
  return (8 + 2 * h.tolerance.ulps + sum) * h.tolerance.store;
}

export function softmaxBlock(h: Harness): void {
  describe.each([false, true])('logarithm: %s', (log) => {
    const run = (x: FloatArray, rows: number, n: number) => {
      const y = h.out(rows * n);
      h.backend.softmax(log, x, y, rows, n);
      return y;
    };

    test('every length of a row, at three scales', () => {
      const random = new Random(41);
      for (const n of LENGTHS) {
        for (const scale of [1, 20, 1e4]) {
          const rows = 5;
          const x = h.uniform(random, rows * n, -scale, scale);
          const want = rowsOf(x, n).flatMap((row) => softmaxOf(row, log));
          // x − max rounds, and what it loses reaches the exponential as a factor.
          const shift = 4 * scale * h.tolerance.store;
          const error = exponentialError(h, n);
          const bound = (i: number) =>
            log ? shift + error + 4 * h.ulp(want[i]) : (shift + error) * want[i] + 6 * h.ulp(0);
          expectWithin(`n = ${n}, scale ${scale}`, run(x, rows, n), want, bound);
        }
      }
    });

    test('rows of −∞, with +∞ or NaN are NaN, and no other row is', () => {
      for (const n of [1, 3, 8, 17, 33]) {
        for (const special of [Number.NaN, Infinity]) {
          for (const place of new Set([0, n >> 1, n - 1])) {
            const x = h.floats(new Array(3 * n).fill(0.5));
            x[n + place] = special;
            const y = run(x, 3, n);
            expectExact('row', y.subarray(n, 2 * n), new Array(n).fill(Number.NaN));
            expect([...y.subarray(0, n), ...y.subarray(2 * n)].every(Number.isFinite)).toBe(true);
          }
        }
        const y = run(h.floats(new Array(n).fill(-Infinity)), 1, n);
        expectExact('all −∞', y, new Array(n).fill(Number.NaN));
      }
    });

    test('one −∞ is a probability of 0', () => {
      const y = run(h.floats([0, -Infinity, 0]), 1, 3);
      expectWithin('masked', y, log ? [-Math.LN2, -Infinity, -Math.LN2] : [0.5, 0, 0.5], 2 * h.tolerance.store);
    });
  });

  test('the probabilities of a row sum to 1', () => {
    const random = new Random(42);
    for (const n of [1, 10, 65, 257, 1000]) {
      const y = h.out(4 * n);
      h.backend.softmax(false, h.uniform(random, 4 * n, -9, 9), y, 4, n);
      for (const row of rowsOf(y, n)) {
        const sum = Array.from(row).reduce((s, v) => s + v, 0);
        const slack = 4 * Math.max(h.tolerance.store, 2 ** -50) * Math.sqrt(n);
        expect(Math.abs(sum - 1)).toBeLessThanOrEqual(slack);
      }
    }
  });
}

export function softmaxBackwardBlock(h: Harness): void {
  test.each([false, true])('every length of a row, logarithm: %s', (log) => {
    const random = new Random(43);
    for (const n of LENGTHS) {
      const rows = 4;
      const y = h.out(rows * n);
      y.set(rowsOf(h.uniform(random, rows * n, -3, 3), n).flatMap((row) => softmaxOf(row, log)));
      const dy = h.uniform(random, rows * n, -2, 2);
      const dx = h.out(rows * n);
      h.backend.softmaxBackward(log, y, dy, dx, rows, n);
      const want = new Array<number>(rows * n);
      const bounds = new Array<number>(rows * n);
      for (let r = 0; r < rows; r++) {
        const [p, g] = [y.subarray(r * n, (r + 1) * n), dy.subarray(r * n, (r + 1) * n)];
        let sum = 0;
        let size = 0;
        for (let j = 0; j < n; j++) {
          sum += log ? g[j] : p[j] * g[j];
          size += Math.abs(log ? g[j] : p[j] * g[j]);
        }
        for (let j = 0; j < n; j++) {
          const weight = log ? Math.exp(p[j]) : p[j];
          want[r * n + j] = log ? g[j] - weight * sum : weight * (g[j] - sum);
          const terms = log ? Math.abs(g[j]) + weight * size : weight * (Math.abs(g[j]) + size);
          bounds[r * n + j] = (n + 6 + 2 * h.tolerance.ulps) * h.tolerance.store * terms;
        }
      }
      expectWithin(`n = ${n}`, dx, want, (i) => bounds[i]);
    }
  });
}

const IGNORE = -100;

interface Batch {
  readonly x: FloatArray;
  readonly targets: Int32Array;
  readonly rows: number;
  readonly classes: number;
}

function randomBatch(h: Harness, random: Random, rows: number, classes: number, scale: number): Batch {
  const pick = () => (random.next() < 0.2 ? IGNORE : random.integer(0, classes - 1));
  const targets = h.ints(Array.from({ length: rows }, pick));
  return { x: h.uniform(random, rows * classes, -scale, scale), targets, rows, classes };
}

export function crossEntropyBlock(h: Harness): void {
  test('losses and log-sums at every number of classes, some rows ignored', () => {
    const random = new Random(44);
    for (const classes of LENGTHS) {
      for (const [rows, scale] of [
        [0, 1],
        [1, 3],
        [7, 20],
        [33, 1e4],
      ]) {
        const { x, targets } = randomBatch(h, random, rows, classes, scale);
        const [losses, lse] = [h.out(rows), h.out(rows)];
        expect(h.backend.crossEntropy(x, targets, losses, lse, rows, classes, IGNORE)).toBe(-1);
        const wantLse = rowsOf(x, classes).map(logSumExp);
        const want = Array.from(targets, (t, r) => (t === IGNORE ? 0 : wantLse[r] - x[r * classes + t]));
        const error = exponentialError(h, classes) + 4 * scale * h.tolerance.store;
        const label = `${rows} × ${classes}, scale ${scale}`;
        expectWithin(`log-sums ${label}`, lse, wantLse, (i) => error + 4 * h.ulp(wantLse[i]));
        expectWithin(`losses ${label}`, losses, want, (i) => (targets[i] === IGNORE ? 0 : error + 4 * h.ulp(want[i])));
      }
    }
  });

  test('a target out of range is named, and nothing is written', () => {
    for (const [bad, at] of [
      [-1, 0],
      [5, 1],
      [2 ** 31 - 1, 3],
      [-101, 2],
    ]) {
      const targets = [1, IGNORE, 4, 0];
      targets[at] = bad;
      const [losses, lse] = [h.floats([9, 9, 9, 9]), h.floats([9, 9, 9, 9])];
      const x = h.floats(new Array(20).fill(1));
      expect(h.backend.crossEntropy(x, h.ints(targets), losses, lse, 4, 5, IGNORE)).toBe(at);
      expectExact('losses', losses, [9, 9, 9, 9]);
      expectExact('log-sums', lse, [9, 9, 9, 9]);
    }
  });

  test('an index of the range may be the ignored one', () => {
    const [losses, lse] = [h.out(2), h.out(2)];
    expect(h.backend.crossEntropy(h.floats([0, 0, 0, 0]), h.ints([0, 1]), losses, lse, 2, 2, 0)).toBe(-1);
    expectWithin('losses', losses, [0, Math.LN2], 2 * h.tolerance.store);
  });

  test('NaN and infinite logits', () => {
    const rows = [
      [0, Number.NaN, 0],
      [Infinity, 0, 0],
      [-Infinity, -Infinity, -Infinity],
      [0, -Infinity, 0],
    ];
    const [losses, lse] = [h.out(4), h.out(4)];
    h.backend.crossEntropy(h.floats(rows.flat()), h.ints([0, 0, 0, 1]), losses, lse, 4, 3, IGNORE);
    expectExact('losses', losses, [Number.NaN, Number.NaN, Number.NaN, Infinity]);
    expectExact('log-sums', lse.subarray(0, 3), [Number.NaN, Number.NaN, Number.NaN]);
  });
}

export function crossEntropyBackwardBlock(h: Harness): void {
  test('gradients at every number of classes, ignored rows 0', () => {
    const random = new Random(45);
    for (const classes of LENGTHS) {
      for (const [rows, scale] of [
        [1, 3],
        [7, 20],
        [33, 4],
      ]) {
        const { x, targets } = randomBatch(h, random, rows, classes, scale);
        const lse = h.floats(rowsOf(x, classes).map(logSumExp));
        const dLosses = h.uniform(random, rows);
        const dx = h.out(rows * classes);
        h.backend.crossEntropyBackward(x, targets, lse, dLosses, dx, rows, classes, IGNORE);
        const want = Array.from(x, (v, i) => {
          const [r, j] = [Math.floor(i / classes), i % classes];
          if (targets[r] === IGNORE) return 0;
          return dLosses[r] * (Math.exp(v - lse[r]) - (targets[r] === j ? 1 : 0));
        });
        const error = (4 + 2 * h.tolerance.ulps + 4 * scale) * h.tolerance.store;
        const bound = (i: number) => {
          const r = Math.floor(i / classes);
          return targets[r] === IGNORE ? 0 : error * Math.abs(dLosses[r]) + h.ulp(0);
        };
        expectWithin(`${rows} × ${classes}`, dx, want, bound);
      }
    }
  });

  test('the gradient of an ignored row is 0 although its logits are NaN', () => {
    const dx = h.out(3);
    const [x, lse, dLosses] = [h.floats([Number.NaN, 1, 2]), h.floats([Number.NaN]), h.floats([Number.NaN])];
    h.backend.crossEntropyBackward(x, h.ints([IGNORE]), lse, dLosses, dx, 1, 3, IGNORE);
    expectExact('dx', dx, [0, 0, 0]);
  });
}
