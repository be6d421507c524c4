/** copyStrided, gatherRows and scatterAddRows against index arithmetic written out. */

import { describe, expect, test } from 'vitest';
import type { DataArray } from '../../../src/core/dtype.ts';
import { expectExact, expectWithin, type Harness, Random, SIZES } from './harness.ts';

interface Copy {
  readonly dims: number[];
  readonly xStrides: number[];
  readonly yStrides: number[];
  readonly xOffset: number;
  readonly yOffset: number;
}

/** Walks every index of `dims` recursively. */
function forEachIndex(dims: number[], visit: (index: number[]) => void, index: number[] = []): void {
  if (index.length === dims.length) visit(index);
  else for (let i = 0; i < dims[index.length]; i++) forEachIndex(dims, visit, [...index, i]);
}

const place = (offset: number, index: number[], strides: number[]) =>
  index.reduce((at, i, axis) => at + i * strides[axis], offset);

/** Row-major strides over padded dims, so that y has gaps that must stay untouched. */
function paddedStrides(dims: number[], pad: number): number[] {
  const strides: number[] = [];
  let step = 1 + pad;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= dims[axis] + pad;
  }
  return strides;
}

function randomCopy(random: Random): Copy {
  const rank = random.integer(0, 5);
  const dims = Array.from({ length: rank }, () => random.integer(1, rank > 3 ? 4 : 9));
  const yStrides = paddedStrides(dims, random.integer(0, 1));
  // x is walked in any axis order, backwards along some axes and standing still along others.
  const order = dims.map((_, axis) => axis).sort(() => random.next() - 0.5);
  const xStrides = new Array<number>(rank).fill(0);
  let step = 1;
  let xOffset = random.integer(0, 3);
  for (const axis of order) {
    const kind = random.next();
    if (kind < 0.2) continue;
    xStrides[axis] = kind < 0.5 ? -step : step;
    if (kind < 0.5) xOffset += step * (dims[axis] - 1);
    step *= dims[axis] + random.integer(0, 1);
  }
  return { dims, xStrides, yStrides, xOffset, yOffset: random.integer(0, 3) };
}

const fixedCopies: Copy[] = [
  ...SIZES.map((n) => ({ dims: [n], xStrides: [1], yStrides: [1], xOffset: 0, yOffset: 0 })),
  ...SIZES.map((n) => ({ dims: [n], xStrides: [0], yStrides: [1], xOffset: 2, yOffset: 1 })),
  ...SIZES.filter((n) => n > 0).map((n) => ({ dims: [n], xStrides: [-1], yStrides: [2], xOffset: n - 1, yOffset: 0 })),
  ...SIZES.map((n) => ({ dims: [n, 33], xStrides: [1, n], yStrides: [33, 1], xOffset: 0, yOffset: 0 })),
  ...SIZES.map((n) => ({ dims: [65, n], xStrides: [1, 65], yStrides: [n, 1], xOffset: 0, yOffset: 0 })),
  ...SIZES.map((n) => ({ dims: [5, n, 7], xStrides: [7, 35, 1], yStrides: [7 * n, 7, 1], xOffset: 0, yOffset: 0 })),
  // Transposes of several tiles, the columns or the rows of x backwards.
  { dims: [70, 261], xStrides: [1, 70], yStrides: [261, 1], xOffset: 0, yOffset: 0 },
  { dims: [70, 261], xStrides: [-1, 70], yStrides: [263, 1], xOffset: 69, yOffset: 1 },
  { dims: [2, 33, 129], xStrides: [33 * 129, 1, -33], yStrides: [33 * 129, 129, 1], xOffset: 128 * 33, yOffset: 0 },
  { dims: [2, 0, 3], xStrides: [1, 1, 1], yStrides: [1, 1, 1], xOffset: 0, yOffset: 0 },
  { dims: new Array(16).fill(2), xStrides: [], yStrides: [], xOffset: 0, yOffset: 0 },
].map((copy) => {
  if (copy.xStrides.length === copy.dims.length) return copy;
  const strides = paddedStrides(copy.dims, 0);
  return { ...copy, xStrides: [...strides].reverse(), yStrides: strides };
});

export function copyStridedBlock(h: Harness): void {
  const check = (copy: Copy, make: (values: number[]) => DataArray) => {
    const { dims, xStrides, yStrides, xOffset, yOffset } = copy;
    let xEnd = xOffset;
    let yEnd = yOffset;
    forEachIndex(dims, (index) => {
      xEnd = Math.max(xEnd, place(xOffset, index, xStrides));
      yEnd = Math.max(yEnd, place(yOffset, index, yStrides));
    });
    const x = make(Array.from({ length: xEnd + 1 }, (_, i) => (i * 7 + 3) % 251));
    const y = make(new Array(yEnd + 1).fill(99));
    const want = Array.from(y);
    forEachIndex(dims, (index) => {
      want[place(yOffset, index, yStrides)] = x[place(xOffset, index, xStrides)];
    });
    const layout = Int32Array.of(dims.length, ...dims, ...xStrides, ...yStrides);
    h.backend.copyStrided(x, xOffset, y, yOffset, layout);
    expectExact(JSON.stringify(copy), y, want);
  };

  test('lengths, fills, reversals, transposes', () => {
    for (const copy of fixedCopies) check(copy, (values) => h.floats(values));
  });

  test('400 random layouts', () => {
    const random = new Random(21);
    for (let i = 0; i < 400; i++) check(randomCopy(random), (values) => h.floats(values));
  });

  test.skipIf(h.native)('integers and bytes', () => {
    const random = new Random(22);
    for (let i = 0; i < 50; i++) {
      const copy = randomCopy(random);
      check(copy, (values) => h.ints(values));
      check(copy, (values) => h.bytes(values));
    }
  });

  test('NaN, infinities and −0 are copied as they are', () => {
    const values = [Number.NaN, Infinity, -Infinity, -0, 1e-40];
    const y = h.out(5);
    const x = h.floats(values);
    h.backend.copyStrided(x, 0, y, 0, Int32Array.of(1, 5, 1, 1));
    expectExact('specials', y, x);
  });
}

const WIDTHS = [1, 2, 3, 7, 8, 15, 16, 17, 33, 64, 65];

export function gatherRowsBlock(h: Harness): void {
  test('any width and any number of ids', () => {
    const random = new Random(23);
    for (const width of WIDTHS) {
      for (const count of SIZES) {
        const rows = random.integer(1, 40);
        const table = h.uniform(random, rows * width);
        const ids = h.ints(Array.from({ length: count }, () => random.integer(0, rows - 1)));
        const y = h.out(count * width);
        expect(h.backend.gatherRows(table, ids, y, width, 1)).toBe(-1);
        const want = Array.from(ids).flatMap((id) => Array.from(table.subarray(id * width, (id + 1) * width)));
        expectExact(`width ${width}, ${count} ids`, y, want);
      }
    }
  });

  test('an id out of range is named, and nothing is written', () => {
    for (const [bad, at] of [
      [-1, 0],
      [5, 3],
      [2 ** 31 - 1, 6],
      [-(2 ** 31), 2],
    ]) {
      const list = [0, 4, 2, 1, 3, 0, 4];
      list[at] = bad;
      list[6] = at === 6 ? bad : 77;
      const y = h.floats(new Array(21).fill(-5));
      expect(h.backend.gatherRows(h.floats(new Array(15).fill(1)), h.ints(list), y, 3, 1)).toBe(at);
      expectExact('untouched', y, new Array(21).fill(-5));
    }
  });

  test('the same ids in several tables', () => {
    const random = new Random(26);
    for (const width of WIDTHS) {
      for (const count of [0, 1, 5, 33]) {
        const [outer, rows] = [random.integer(1, 9), random.integer(1, 40)];
        const table = h.uniform(random, outer * rows * width);
        const ids = h.ints(Array.from({ length: count }, () => random.integer(0, rows - 1)));
        const y = h.out(outer * count * width);
        expect(h.backend.gatherRows(table, ids, y, width, outer)).toBe(-1);
        const want = Array.from({ length: outer }, (_, o) =>
          Array.from(ids).flatMap((id) =>
            Array.from(table.subarray((o * rows + id) * width, (o * rows + id + 1) * width)),
          ),
        );
        expectExact(`${outer} tables, width ${width}, ${count} ids`, y, want.flat());
      }
    }
  });

  test.skipIf(h.native)('integers', () => {
    const y = new Int32Array(4);
    expect(h.backend.gatherRows(Int32Array.of(1, 2, 3, 4, 5, 6), Int32Array.of(2, 0), y, 2, 1)).toBe(-1);
    expectExact('int32', y, [5, 6, 1, 2]);
  });
}

export function scatterAddRowsBlock(h: Harness): void {
  test('repeated ids add up, in ascending order; other rows stay', () => {
    const random = new Random(24);
    for (const width of WIDTHS) {
      for (const count of SIZES) {
        const rows = random.integer(1, 12);
        const table = h.uniform(random, rows * width);
        const src = h.uniform(random, count * width);
        const ids = h.ints(Array.from({ length: count }, () => random.integer(0, rows - 1)));
        const want = Float64Array.from(table);
        const sizes = want.map(Math.abs);
        const counts = new Array(rows).fill(0);
        for (let i = 0; i < count; i++) {
          counts[ids[i]]++;
          for (let j = 0; j < width; j++) {
            want[ids[i] * width + j] += src[i * width + j];
            sizes[ids[i] * width + j] += Math.abs(src[i * width + j]);
          }
        }
        expect(h.backend.scatterAddRows(src, ids, table, width, 1)).toBe(-1);
        // Each addition is one into the table itself, so it rounds to the class of the table.
        const u = h.tolerance.store;
        const bound = (i: number) => counts[Math.floor(i / width)] * u * 1.01 * sizes[i];
        expectWithin(`width ${width}, ${count} ids`, table, want, bound);
      }
    }
  });

  test('several tables as one after the other', () => {
    const random = new Random(30);
    for (const method of ['scatterAddRows', 'setRows'] as const) {
      for (const width of WIDTHS) {
        const [outer, rows, count] = [random.integer(2, 5), random.integer(1, 12), 33];
        const table = h.uniform(random, outer * rows * width);
        const src = h.uniform(random, outer * count * width);
        const ids = h.ints(Array.from({ length: count }, () => random.integer(0, rows - 1)));
        const want = h.floats(table);
        const [step, part] = [rows * width, count * width];
        for (let o = 0; o < outer; o++) {
          const one = h.floats(table.subarray(o * step, (o + 1) * step));
          h.backend[method](h.floats(src.subarray(o * part, (o + 1) * part)), ids, one, width, 1);
          want.set(one, o * step);
        }
        expect(h.backend[method](src, ids, table, width, outer)).toBe(-1);
        expectExact(`${method}, ${outer} tables, width ${width}`, table, want);
      }
    }
  });

  test('small integers exactly, whatever the order', () => {
    const random = new Random(25);
    const table = h.integers(random, 5 * 33);
    const src = h.integers(random, 2000 * 33);
    const ids = h.ints(Array.from({ length: 2000 }, () => random.integer(0, 4)));
    const want = Float64Array.from(table);
    for (let i = 0; i < 2000; i++) for (let j = 0; j < 33; j++) want[ids[i] * 33 + j] += src[i * 33 + j];
    expect(h.backend.scatterAddRows(src, ids, table, 33, 1)).toBe(-1);
    expectExact('sums', table, want, { zeros: false });
  });

  test('an id out of range is named, and nothing is added', () => {
    for (const [bad, at] of [
      [-1, 0],
      [3, 1],
      [2 ** 31 - 1, 2],
    ]) {
      const list = [0, 2, 1];
      list[at] = bad;
      const table = h.floats(new Array(12).fill(2));
      expect(h.backend.scatterAddRows(h.floats(new Array(12).fill(1)), h.ints(list), table, 4, 1)).toBe(at);
      expectExact('untouched', table, new Array(12).fill(2));
    }
  });

  describe.skipIf(h.native)('int32', () => {
    test('adds', () => {
      const table = Int32Array.of(1, 2, 3, 4);
      expect(h.backend.scatterAddRows(Int32Array.of(10, 20, 30, 40), Int32Array.of(1, 1), table, 2, 1)).toBe(-1);
      expectExact('int32', table, [1, 2, 43, 64]);
    });
  });
}
