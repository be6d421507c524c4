/** Weighted sums along the axes of planes against the matrices they stand for. */

import { describe, expect, test } from 'vitest';
import type { Band, ResampleDims } from '../../../src/backend/arguments.ts';
import { expectExact, type Harness, Random } from './harness.ts';

/** Where each output begins and how many elements it sums. */
type Spans = (outputs: number, inputs: number, random: Random) => (readonly [first: number, count: number])[];

const each =
  (span: (i: number) => readonly [number, number]): Spans =>
  (outputs) =>
    Array.from({ length: outputs }, (_, i) => span(i));

const SPANS: Record<string, Spans> = {
  'side by side': each((i) => [i, 3]),
  'side by side, past both ends': each((i) => [i - 2, 3]),
  'two apart': each((i) => [2 * i - 1, 3]),
  'three apart': each((i) => [3 * i, 2]),
  'by pairs': each((i) => [Math.floor((i - 1) / 2), 2]),
  'by pairs of different counts': each((i) => [i >> 1, 1 + (i % 2)]),
  'windows of different lengths': (outputs, inputs) =>
    Array.from({ length: outputs }, (_, i) => {
      const first = Math.floor((i * inputs) / outputs);
      return [first, Math.ceil(((i + 1) * inputs) / outputs) - first] as const;
    }),
  'anywhere, also outside': (outputs, inputs, random) =>
    Array.from({ length: outputs }, () => [random.integer(-inputs - 3, 2 * inputs), random.integer(0, 4)] as const),
};

function bandOf(h: Harness, random: Random, spans: ReturnType<Spans>): Band {
  const n = spans.length;
  const taps = Math.max(0, ...spans.map(([, count]) => count));
  const weights = h.out(taps * n).fill(0);
  spans.forEach(([, count], i) => {
    for (let t = 0; t < count; t++) weights[t * n + i] = random.integer(-4, 4);
  });
  return { taps, spans: h.ints([...spans.map(([first]) => first), ...spans.map(([, count]) => count)]), weights };
}

/** The matrix of a band over `inputs` elements. */
function matrixOf(band: Band | null, outputs: number, inputs: number): number[][] {
  const matrix = Array.from({ length: outputs }, () => new Array<number>(inputs).fill(0));
  for (let i = 0; i < outputs; i++) {
    if (band === null) matrix[i][i] = 1;
    else {
      for (let t = 0; t < band.spans[outputs + i]; t++) {
        const at = band.spans[i] + t;
        if (at >= 0 && at < inputs) matrix[i][at] += band.weights[t * outputs + i];
      }
    }
  }
  return matrix;
}

function product(d: ResampleDims, rows: Band | null, columns: Band | null, x: ArrayLike<number>): Float64Array {
  const [down, across] = [matrixOf(rows, d.outHeight, d.inHeight), matrixOf(columns, d.outWidth, d.inWidth)];
  return Float64Array.from({ length: d.planes * d.outHeight * d.outWidth }, (_, i) => {
    const [plane, row, column] = [
      Math.floor(i / d.outWidth / d.outHeight),
      Math.floor(i / d.outWidth) % d.outHeight,
      i % d.outWidth,
    ];
    let sum = 0;
    for (let y = 0; y < d.inHeight; y++) {
      if (down[row][y] === 0) continue;
      for (let z = 0; z < d.inWidth; z++) {
        sum += down[row][y] * across[column][z] * x[(plane * d.inHeight + y) * d.inWidth + z];
      }
    }
    return sum;
  });
}

export function resampleBlock(h: Harness): void {
  const check = (d: ResampleDims, rows: Band | null, columns: Band | null): void => {
    const x = h.integers(new Random(92), d.planes * d.inHeight * d.inWidth);
    const y = h.out(d.planes * d.outHeight * d.outWidth);
    h.backend.resample(d, rows, columns, x, y);
    expectExact('y', y, product(d, rows, columns, x), { zeros: false });
  };

  describe.each(Object.entries(SPANS))('%s', (_, spans) => {
    test.each([
      [1, 1, 1],
      [7, 5, 9],
      [16, 12, 31],
      [37, 6, 32],
      [40, 3, 75],
    ])('%i columns from %i by %i', (outputs, rows, inputs) => {
      const random = new Random(91);
      const columns = bandOf(h, random, spans(outputs, inputs, random));
      const down = bandOf(h, random, spans(4, rows, random));
      const d = { planes: 3, inHeight: rows, inWidth: inputs, outHeight: 4, outWidth: outputs };
      check(d, down, columns);
      check({ ...d, outHeight: rows }, null, columns);
      check({ ...d, outWidth: inputs }, down, null);
    });
  });

  test('many planes', () => {
    const random = new Random(93);
    const band = (n: number): Band => bandOf(h, random, SPANS['two apart'](n, 2 * n, random));
    check({ planes: 200, inHeight: 18, inWidth: 38, outHeight: 9, outWidth: 19 }, band(9), band(19));
  });

  test('an element that no output names, and a place behind the last tap, may be anything', () => {
    const band = bandOf(h, new Random(94), [
      [0, 1],
      [2, 2],
    ]);
    const y = h.out(2);
    h.backend.resample(
      { planes: 1, inHeight: 1, inWidth: 5, outHeight: 1, outWidth: 2 },
      null,
      band,
      h.floats([1, Number.NaN, 2, 3, Number.POSITIVE_INFINITY]),
      y,
    );
    expect([...y].every(Number.isFinite)).toBe(true);
  });
}
