import { describe, expect, test } from 'vitest';
import { figuresOf, floorsFrom, shortfalls, workOf } from '../../bench/floors.ts';
import type { Report } from '../../bench/harness.ts';

const rows = [
  { size: 'H128', threads: 1, ms: 7, 'of peak': 0.7 },
  { size: 'H128', threads: 2, ms: 4, 'of peak': 0.5 },
];
const columns = { by: ['size', 'threads'], time: 'ms', ratios: ['of peak'] };
const native: Report = { subject: 'train-step', environment: { backend: 'native', isa: 'avx512' }, rows, columns };
const ONE = 'train-step: H128, threads 1: of peak';
const TWO = 'train-step: H128, threads 2: of peak';

test('a figure is named by the columns that tell the rows apart', () => {
  expect(workOf(native, rows[0])).toBe('H128, threads 1');
  expect(workOf(native, rows[0], ['threads'])).toBe('H128');
  expect(figuresOf(native)).toEqual([
    { name: ONE, value: 0.7 },
    { name: TWO, value: 0.5 },
  ]);
});

test('what could not be measured is no figure', () => {
  const gaps = {
    ...native,
    rows: [
      { ...rows[0], 'of peak': null },
      { size: 'H128', threads: 2 },
    ],
  };
  expect(figuresOf(gaps)).toEqual([]);
  expect(figuresOf({ ...native, columns: {} })).toEqual([]);
});

describe('shortfalls', () => {
  test('are the figures below their floors and no others', () => {
    const floors = { avx512: { [ONE]: 0.7, [TWO]: 0.6 } };
    expect(shortfalls(native, floors)).toEqual([{ name: TWO, value: 0.5, floor: 0.6 }]);
  });

  test('come from the floors of the kernels that ran', () => {
    const floors = { avx2: { [ONE]: 2 }, ts: { [TWO]: 2 } };
    expect(shortfalls(native, floors)).toEqual([]);
    expect(shortfalls({ ...native, environment: { backend: 'ts', isa: null } }, floors)).toHaveLength(1);
  });
});

test('new floors lie below what was reached by the margin, and others stay', () => {
  const kept = { avx512: { [ONE]: 0.1, 'gemm: 64, threads 1: of peak': 0.8 }, ts: { a: 0.5 } };
  expect(floorsFrom([native], 0.1, kept)).toEqual({
    avx512: { [ONE]: 0.63, [TWO]: 0.45, 'gemm: 64, threads 1: of peak': 0.8 },
    ts: { a: 0.5 },
  });
  expect(shortfalls(native, floorsFrom([native], 0.1))).toEqual([]);
  expect(kept.avx512[ONE]).toBe(0.1);
});

test('no floor asks for more than the whole of what it is held against', () => {
  const fast: Report = { ...native, rows: [{ size: 'H128', threads: 1, ms: 1, 'of peak': 3 }] };
  expect(floorsFrom([fast], 0.1).avx512[ONE]).toBe(0.9);
});
