/** layerNorm and its gradient against their definitions in float64. */

import { test } from 'vitest';
import type { FloatArray } from '../../../src/core/dtype.ts';
import { expectExact, expectWithin, type Harness, Random, SIZES } from './harness.ts';

const LENGTHS = SIZES.filter((n) => n > 0);
const EPS = 1e-5;

const mean = (list: number[]) => list.reduce((sum, v) => sum + v, 0) / list.length;

function statistics(row: number[]): { mu: number; rstd: number } {
  const mu = mean(row);
  return { mu, rstd: 1 / Math.sqrt(mean(row.map((v) => (v - mu) ** 2)) + EPS) };
}

const rowAt = (x: FloatArray, r: number, n: number) => Array.from(x.subarray(r * n, (r + 1) * n));

export function layerNormBlock(h: Harness): void {
  test('every length of a row, with and without weight and bias', () => {
    const random = new Random(51);
    for (const n of LENGTHS) {
      for (const [weighted, biased] of [
        [true, true],
        [true, false],
        [false, true],
        [false, false],
      ]) {
        const rows = 5;
        const x = h.uniform(random, rows * n, -2, 3);
        const weight = weighted ? h.uniform(random, n, 0.5, 2) : null;
        const bias = biased ? h.uniform(random, n) : null;
        const [y, mu, rstd] = [h.out(rows * n), h.out(rows), h.out(rows)];
        h.backend.layerNorm(x, weight, bias, y, mu, rstd, rows, n, EPS);
        const stats = Array.from({ length: rows }, (_, r) => statistics(rowAt(x, r, n)));
        const error = (Math.ceil(n / 16) + 16) * h.tolerance.store;
        expectWithin(
          `means, n = ${n}`,
          mu,
          stats.map((s) => s.mu),
          3 * error,
        );
        // A single element leaves eps alone under the root: its error is relative to that.
        expectWithin(
          `rstd, n = ${n}`,
          rstd,
          stats.map((s) => s.rstd),
          (i) => 9 * error * stats[i].rstd,
        );
        const want = Array.from(x, (v, i) => {
          const { mu: m, rstd: s } = stats[Math.floor(i / n)];
          return (v - m) * s * (weight?.[i % n] ?? 1) + (bias?.[i % n] ?? 0);
        });
        const bound = (i: number) => error * (6 * stats[Math.floor(i / n)].rstd + 3 * Math.abs(want[i]) + 3);
        expectWithin(`y, n = ${n}`, y, want, bound);
      }
    }
  });

  test('a large mean costs the variance no more than the rounding of its rows', () => {
    const n = 64;
    const random = new Random(52);
    const x = h.uniform(random, n, 1000, 1001);
    const [y, mu, rstd] = [h.out(n), h.out(1), h.out(1)];
    h.backend.layerNorm(x, null, null, y, mu, rstd, 1, n, EPS);
    const want = statistics(Array.from(x)).rstd;
    expectWithin('rstd', rstd, [want], 1e-4 * want);
  });

  test('NaN stays in its row', () => {
    const x = h.floats([1, 2, 3, 1, Number.NaN, 3, 4, 5, 9]);
    const [y, mu, rstd] = [h.out(9), h.out(3), h.out(3)];
    h.backend.layerNorm(x, null, null, y, mu, rstd, 3, 3, EPS);
    expectExact('NaN', Array.from(y, Number.isNaN).map(Number), [0, 0, 0, 1, 1, 1, 0, 0, 0]);
  });
}

interface NormGradients {
  readonly dx: number[];
  readonly dWeight: number[];
  readonly dBias: number[];
}

function gradients(
  x: FloatArray,
  weight: FloatArray | null,
  mu: FloatArray,
  rstd: FloatArray,
  dy: FloatArray,
  rows: number,
  n: number,
): NormGradients {
  const dx: number[] = [];
  const dWeight = new Array<number>(n).fill(0);
  const dBias = new Array<number>(n).fill(0);
  for (let r = 0; r < rows; r++) {
    const normalized = rowAt(x, r, n).map((v) => (v - mu[r]) * rstd[r]);
    const upstream = rowAt(dy, r, n);
    const g = upstream.map((v, j) => v * (weight?.[j] ?? 1));
    const meanDot = mean(g.map((v, j) => v * normalized[j]));
    for (let j = 0; j < n; j++) {
      dx.push(rstd[r] * (g[j] - mean(g) - normalized[j] * meanDot));
      dWeight[j] += upstream[j] * normalized[j];
      dBias[j] += upstream[j];
    }
  }
  return { dx, dWeight, dBias };
}

export function layerNormBackwardBlock(h: Harness): void {
  test('every length of a row and number of rows', () => {
    const random = new Random(53);
    for (const n of LENGTHS) {
      for (const [rows, weighted] of [
        [0, true],
        [1, false],
        [7, true],
        [33, false],
        [130, true],
      ] as const) {
        const x = h.uniform(random, rows * n, -2, 3);
        const weight = weighted ? h.uniform(random, n, 0.5, 2) : null;
        const dy = h.uniform(random, rows * n);
        const stats = Array.from({ length: rows }, (_, r) => statistics(rowAt(x, r, n)));
        const mu = h.floats(stats.map((s) => s.mu));
        const rstd = h.floats(stats.map((s) => s.rstd));
        const want = gradients(x, weight, mu, rstd, dy, rows, n);
        const [dx, dWeight, dBias] = [h.out(rows * n), h.out(n), h.out(n)];
        h.backend.layerNormBackward(x, weight, mu, rstd, dy, dx, dWeight, dBias, rows, n);
        const u = h.tolerance.store;
        const label = `${rows} × ${n}`;
        const rowError = (Math.ceil(n / 16) + 24) * u;
        const scale = (i: number) => stats[Math.floor(i / n)].rstd;
        expectWithin(`dx ${label}`, dx, want.dx, (i) => rowError * scale(i) * (8 + 8 * Math.min(scale(i), 8)));
        const columnError = (rows + 4) * u * rows;
        expectWithin(`dWeight ${label}`, dWeight, want.dWeight, 4 * columnError + h.ulp(0));
        expectWithin(`dBias ${label}`, dBias, want.dBias, columnError + h.ulp(0));
      }
    }
  });

  test('each gradient is the same bits without the others', () => {
    const random = new Random(54);
    const [rows, n] = [9, 33];
    const [x, dy, weight] = [h.uniform(random, rows * n), h.uniform(random, rows * n), h.uniform(random, n)];
    const stats = Array.from({ length: rows }, (_, r) => statistics(rowAt(x, r, n)));
    const mu = h.floats(stats.map((s) => s.mu));
    const rstd = h.floats(stats.map((s) => s.rstd));
    const whole = [h.out(rows * n), h.out(n), h.out(n)];
    h.backend.layerNormBackward(x, weight, mu, rstd, dy, whole[0], whole[1], whole[2], rows, n);
    for (let wanted = 0; wanted < 8; wanted++) {
      const part = whole.map((all, i) => (wanted & (1 << i) ? h.out(all.length) : null));
      h.backend.layerNormBackward(x, weight, mu, rstd, dy, part[0], part[1], part[2], rows, n);
      for (const [i, got] of part.entries()) if (got !== null) expectExact(`output ${i} of ${wanted}`, got, whole[i]);
    }
  });
}
