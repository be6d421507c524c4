/** setRows, places and nonzero against loops written out. */

import { expect, test } from 'vitest';
import { expectExact, type Harness, Random, SIZES } from './harness.ts';

export function setRowsBlock(h: Harness): void {
  test('rows in ascending order, the last of an id counts; other rows stay', () => {
    const random = new Random(31);
    for (const width of [1, 2, 7, 8, 16, 65]) {
      for (const count of SIZES) {
        const rows = random.integer(1, 40);
        const table = h.uniform(random, rows * width);
        const src = h.uniform(random, count * width);
        const ids = h.ints(Array.from({ length: count }, () => random.integer(0, rows - 1)));
        const want = Array.from(table);
        ids.forEach((id, i) => {
          for (let j = 0; j < width; j++) want[id * width + j] = src[i * width + j];
        });
        expect(h.backend.setRows(src, ids, table, width, 1)).toBe(-1);
        expectExact(`width ${width}, ${count} ids`, table, want);
      }
    }
  });

  test('an id out of range is named, and nothing is written', () => {
    for (const bad of [-1, 3, 2 ** 31 - 1, -(2 ** 31)]) {
      const table = h.floats(new Array(6).fill(2));
      expect(h.backend.setRows(h.floats(new Array(6).fill(1)), h.ints([0, bad, 1]), table, 2, 1)).toBe(1);
      expectExact('untouched', table, new Array(6).fill(2));
    }
  });
}

interface Walk {
  readonly dims: number[];
  readonly base: number[];
  readonly idStrides: number[];
}

const walks: Walk[] = [
  { dims: [], base: [], idStrides: [] },
  ...SIZES.map((n) => ({ dims: [n], base: [3], idStrides: [1] })),
  { dims: [5, 7], base: [100, 0], idStrides: [0, 1] },
  { dims: [5, 7], base: [0, 2], idStrides: [1, 0] },
  { dims: [3, 4, 5], base: [50, 0, 1], idStrides: [20, 5, 1] },
  { dims: [2, 0, 3], base: [1, 1, 1], idStrides: [0, 3, 1] },
  { dims: [3, 70_001], base: [7, 1], idStrides: [0, 1] },
  { dims: [2, 3, 2, 2], base: [1, 0, 5, 2], idStrides: [0, 4, 2, 1] },
];

export function placesBlock(h: Harness): void {
  const size = (dims: number[]): number => dims.reduce((a, b) => a * b, 1);
  const layoutOf = ({ dims, base, idStrides }: Walk): Int32Array =>
    Int32Array.of(dims.length, ...dims, ...base, ...idStrides);

  test.each([false, true])('every walk, wrapping %s', (wrap) => {
    const random = new Random(32);
    for (const walk of walks) {
      const { dims, base, idStrides } = walk;
      const n = 11;
      const count = dims.reduce((most, d, i) => most + Math.max(0, d - 1) * idStrides[i], 1);
      const ids = h.ints(Array.from({ length: count }, () => random.integer(wrap ? -n : 0, n - 1)));
      const want = Array.from({ length: size(dims) }, (_, i) => {
        let [left, at, from] = [i, 0, 0];
        for (let axis = dims.length - 1; axis >= 0; axis--) {
          const index = left % dims[axis];
          left = Math.floor(left / dims[axis]);
          at += index * base[axis];
          from += index * idStrides[axis];
        }
        return at + 4 * (((ids[from] % n) + n) % n);
      });
      const out = new Int32Array(want.length).fill(77);
      expect(h.backend.places(ids, out, layoutOf(walk), n, 4, wrap, false)).toBe(-1);
      expectExact(JSON.stringify(walk), out, want);
      expect(h.backend.places(ids, out, layoutOf(walk), n, 4, wrap, true)).toBe(-1);
      expectExact(
        `${JSON.stringify(walk)} twice`,
        out,
        want.map((place) => 2 * place),
      );
    }
  });

  test('an id out of range is named, and nothing is written', () => {
    for (const [bad, wrap] of [
      [5, false],
      [-1, false],
      [5, true],
      [-6, true],
      [2 ** 31 - 1, true],
      [-(2 ** 31), true],
    ] as const) {
      for (const at of [0, 3, 300]) {
        const ids = h.ints(new Array(600).fill(4));
        ids[at] = bad;
        const out = new Int32Array(600).fill(9);
        expect(h.backend.places(ids, out, Int32Array.of(1, 600, 0, 1), 5, 1, wrap, false)).toBe(at);
        expectExact('untouched', out, new Array(600).fill(9));
      }
    }
  });
}

export function nonzeroBlock(h: Harness): void {
  test('places in ascending order, for every length and density', () => {
    const random = new Random(33);
    for (const n of [...SIZES, 63, 64, 65, 100_000]) {
      for (const density of [0, 0.1, 0.5, 1]) {
        const mask = Uint8Array.from({ length: n }, () => (random.next() < density ? random.integer(1, 255) : 0));
        const want = Array.from(mask, (_, i) => i).filter((i) => mask[i] !== 0);
        expect(h.backend.nonzero(mask, null)).toBe(want.length);
        const out = new Int32Array(want.length);
        expect(h.backend.nonzero(mask, out)).toBe(want.length);
        expectExact(`${n}, ${density}`, out, want);
      }
    }
  });

  test('no more than there is room for', () => {
    const out = new Int32Array(2);
    expect(h.backend.nonzero(Uint8Array.of(1, 0, 1, 1, 1), out)).toBe(4);
    expectExact('the first', out, [0, 2]);
  });
}
