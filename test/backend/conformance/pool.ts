/** Max pooling, its gradient, and the patches of windows against their definition, to the bit. */

import { describe, expect, test } from 'vitest';
import type { PoolDims } from '../../../src/backend/arguments.ts';
import type { FloatArray } from '../../../src/core/dtype.ts';
import { expectExact, type Harness, Random } from './harness.ts';

interface Options {
  readonly stride?: readonly [number, number];
  readonly pad?: readonly [number, number];
  readonly dilation?: readonly [number, number];
  readonly out?: readonly [number, number];
}

function geometry(
  [planes, inHeight, inWidth]: readonly [number, number, number],
  [kernelHeight, kernelWidth]: readonly [number, number],
  { stride = [kernelHeight, kernelWidth], pad = [0, 0], dilation = [1, 1], out }: Options = {},
): PoolDims {
  const along = (axis: 0 | 1, size: number, kernel: number): number =>
    out?.[axis] ?? Math.floor((size + 2 * pad[axis] - dilation[axis] * (kernel - 1) - 1) / stride[axis]) + 1;
  return {
    planes,
    inHeight,
    inWidth,
    kernelHeight,
    kernelWidth,
    outHeight: along(0, inHeight, kernelHeight),
    outWidth: along(1, inWidth, kernelWidth),
    strideY: stride[0],
    strideX: stride[1],
    padTop: pad[0],
    padLeft: pad[1],
    dilationY: dilation[0],
    dilationX: dilation[1],
  };
}

const GEOMETRIES: [string, PoolDims][] = [
  ...[2, 3, 14, 28, 31, 34, 66].map((w): [string, PoolDims] => [`2 by 2, rows of ${w}`, geometry([3, 6, w], [2, 2])]),
  ['2 by 2, odd height', geometry([2, 7, 9], [2, 2])],
  ['2 by 2, an edge that is cut', geometry([2, 5, 7], [2, 2], { out: [3, 4] })],
  ['3 by 3, stride 2, padding', geometry([2, 15, 37], [3, 3], { stride: [2, 2], pad: [1, 1] })],
  ['3 by 3, stride 1', geometry([2, 9, 40], [3, 3], { stride: [1, 1], pad: [1, 1] })],
  ['3 by 4, stride 3 and 5', geometry([2, 9, 44], [3, 4], { stride: [3, 5] })],
  ['dilation', geometry([2, 11, 50], [2, 3], { stride: [1, 2], dilation: [3, 2] })],
  ['a row', geometry([5, 1, 100], [1, 2])],
  ['windows that meet nothing', geometry([1, 2, 3], [2, 2], { out: [3, 4] })],
  ['many planes', geometry([300, 14, 14], [2, 2])],
];

/** The elements of window `o` of a plane, in order. */
function windowOf(d: PoolDims, o: number): number[] {
  const [oy, ox] = [Math.floor(o / d.outWidth), o % d.outWidth];
  const places: number[] = [];
  for (let ky = 0; ky < d.kernelHeight; ky++) {
    for (let kx = 0; kx < d.kernelWidth; kx++) {
      const y = oy * d.strideY - d.padTop + ky * d.dilationY;
      const x = ox * d.strideX - d.padLeft + kx * d.dilationX;
      if (y >= 0 && y < d.inHeight && x >= 0 && x < d.inWidth) places.push(y * d.inWidth + x);
    }
  }
  return places;
}

function pooled(d: PoolDims, x: FloatArray): { values: number[]; indices: number[] } {
  const [size, windows] = [d.inHeight * d.inWidth, d.outHeight * d.outWidth];
  const found = Array.from({ length: d.planes * windows }, (_, i) => {
    const at = (place: number): number => x[Math.floor(i / windows) * size + place];
    const places = windowOf(d, i % windows);
    if (places.length === 0) return -1;
    const lastNaN = places.findLast((p) => Number.isNaN(at(p)));
    if (lastNaN !== undefined) return lastNaN;
    const largest = Math.max(...places.map(at));
    return places.find((p) => at(p) === largest)!;
  });
  const values = found.map((p, i) => (p < 0 ? Number.NEGATIVE_INFINITY : x[Math.floor(i / windows) * size + p]));
  return { values, indices: found };
}

/** Ties, NaNs, infinities and both zeros among ordinary numbers. */
function drawn(h: Harness, random: Random, n: number): FloatArray {
  const x = h.uniform(random, n, -4, 4);
  for (let i = 0; i < n; i++) {
    const kind = random.integer(0, 19);
    if (kind < 8) x[i] = Math.round(x[i]);
    else if (kind === 8) x[i] = Number.NaN;
    else if (kind === 9) x[i] = random.next() < 0.5 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  return x;
}

export function maxPool2dBlock(h: Harness): void {
  describe.each(GEOMETRIES)('%s', (_, d) => {
    test('values and places', () => {
      const x = drawn(h, new Random(81), d.planes * d.inHeight * d.inWidth);
      const n = d.planes * d.outHeight * d.outWidth;
      const [y, alone, indices] = [h.out(n), h.out(n), h.raw(Int32Array, n)];
      h.backend.maxPool2d(d, x, y, indices);
      h.backend.maxPool2d(d, x, alone, null);
      const want = pooled(d, x);
      expectExact('places', indices, want.indices);
      expectExact('values', y, want.values);
      expectExact('values without places', alone, want.values);
    });
  });
}

export function maxPool2dBackwardBlock(h: Harness): void {
  describe.each(GEOMETRIES)('%s', (_, d) => {
    test('the gradient goes to the places', () => {
      const random = new Random(82);
      const size = d.inHeight * d.inWidth;
      const windows = d.outHeight * d.outWidth;
      const indices = h.ints(pooled(d, drawn(h, random, d.planes * size)).indices);
      const dy = h.integers(random, indices.length);
      const dx = h.out(d.planes * size);
      h.backend.maxPool2dBackward(d, dy, indices, dx);
      const want = new Float64Array(dx.length);
      indices.forEach((p, i) => {
        if (p >= 0) want[Math.floor(i / windows) * size + p] += dy[i];
      });
      expectExact('dx', dx, want, { zeros: false });
    });
  });

  test('a place outside its plane is left out', () => {
    for (const d of [geometry([2, 4, 4], [2, 2]), geometry([2, 4, 4], [2, 2], { stride: [1, 1], out: [2, 2] })]) {
      const indices = h.ints([16, -1, 2 ** 31 - 1, -(2 ** 31), 16, 16, -5, 99]);
      const dx = h.out(32);
      h.backend.maxPool2dBackward(d, h.floats(new Float64Array(8).fill(1)), indices, dx);
      expect([...dx].every((v) => v === 0)).toBe(true);
    }
  });
}

/** For each element of each window of each plane its place in x, or −1 outside; in the order of the columns. */
function patches(d: PoolDims): number[] {
  const places: number[] = [];
  for (let plane = 0; plane < d.planes; plane++) {
    for (let tap = 0; tap < d.kernelHeight * d.kernelWidth; tap++) {
      const [ky, kx] = [Math.floor(tap / d.kernelWidth), tap % d.kernelWidth];
      for (let o = 0; o < d.outHeight * d.outWidth; o++) {
        const y = Math.floor(o / d.outWidth) * d.strideY - d.padTop + ky * d.dilationY;
        const x = (o % d.outWidth) * d.strideX - d.padLeft + kx * d.dilationX;
        const inside = y >= 0 && y < d.inHeight && x >= 0 && x < d.inWidth;
        places.push(inside ? (plane * d.inHeight + y) * d.inWidth + x : -1);
      }
    }
  }
  return places;
}

export function im2colBlock(h: Harness): void {
  test.each(GEOMETRIES)('%s', (_, d) => {
    const x = h.uniform(new Random(83), d.planes * d.inHeight * d.inWidth);
    const places = patches(d);
    const columns = h.out(places.length);
    h.backend.im2col(d, x, columns);
    expectExact(
      'columns',
      columns,
      places.map((p) => (p < 0 ? 0 : x[p])),
    );
  });
}

export function col2imBlock(h: Harness): void {
  test.each(GEOMETRIES)('%s', (_, d) => {
    const places = patches(d);
    const columns = h.integers(new Random(84), places.length);
    const x = h.out(d.planes * d.inHeight * d.inWidth);
    h.backend.col2im(d, columns, x);
    const want = new Float64Array(x.length);
    places.forEach((p, i) => {
      if (p >= 0) want[p] += columns[i];
    });
    expectExact('x', x, want, { zeros: false });
  });
}
