/** The convolution and its gradients against their definition: loops over every output and every kernel element. */

import { describe, expect, test } from 'vitest';
import type { ConvDims } from '../../../src/backend/arguments.ts';
import type { FloatArray } from '../../../src/core/dtype.ts';
import { expectExact, expectWithin, type Harness, Random } from './harness.ts';

/** Calls `meet` with the places in x, w and y of every product of the convolution. */
function forProducts(d: ConvDims, meet: (x: number, w: number, y: number) => void): void {
  const channels = d.inChannels / d.groups;
  const filters = d.outChannels / d.groups;
  let y = 0;
  for (let n = 0; n < d.batch; n++) {
    for (let o = 0; o < d.outChannels; o++) {
      const first = n * d.inChannels + Math.floor(o / filters) * channels;
      for (let oy = 0; oy < d.outHeight; oy++) {
        for (let ox = 0; ox < d.outWidth; ox++, y++) {
          let w = o * channels * d.kernelHeight * d.kernelWidth;
          for (let c = 0; c < channels; c++) {
            for (let ky = 0; ky < d.kernelHeight; ky++) {
              for (let kx = 0; kx < d.kernelWidth; kx++, w++) {
                const iy = oy * d.strideY - d.padTop + ky * d.dilationY;
                const ix = ox * d.strideX - d.padLeft + kx * d.dilationX;
                if (iy < 0 || iy >= d.inHeight || ix < 0 || ix >= d.inWidth) continue;
                meet(((first + c) * d.inHeight + iy) * d.inWidth + ix, w, y);
              }
            }
          }
        }
      }
    }
  }
}

interface Sizes {
  readonly x: number;
  readonly w: number;
  readonly y: number;
}

function sizesOf(d: ConvDims): Sizes {
  return {
    x: d.batch * d.inChannels * d.inHeight * d.inWidth,
    w: ((d.outChannels * d.inChannels) / d.groups) * d.kernelHeight * d.kernelWidth,
    y: d.batch * d.outChannels * d.outHeight * d.outWidth,
  };
}

interface Geometry {
  readonly name: string;
  readonly dims: ConvDims;
}

/** `x` [N, C, H, W] with `w` [O, C/groups, kh, kw]; the output's size follows from the rest unless `out` says it. */
function geometry(
  name: string,
  x: readonly [number, number, number, number],
  w: readonly [number, number, number, number],
  { stride = [1, 1], pad = [0, 0], dilation = [1, 1], groups = 1, out = [] as readonly number[] } = {},
): Geometry {
  const [batch, inChannels, inHeight, inWidth] = x;
  const [outChannels, , kernelHeight, kernelWidth] = w;
  const along = (axis: number, size: number, kernel: number): number =>
    out[axis] ?? Math.floor((size + 2 * pad[axis] - dilation[axis] * (kernel - 1) - 1) / stride[axis]) + 1;
  const dims = {
    batch,
    groups,
    inChannels,
    outChannels,
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
  return { name, dims };
}

/** Every class of kernel, tails of every vector width, blocks and regions of more than one. */
const GEOMETRIES: Geometry[] = [
  geometry('one element', [1, 1, 1, 1], [1, 1, 1, 1]),
  geometry('one filter, rows of 7', [2, 2, 6, 7], [1, 2, 3, 3], { pad: [1, 1] }),
  geometry('rows of 28', [2, 1, 28, 28], [16, 1, 5, 5], { pad: [2, 2] }),
  geometry('rows of 14, depth of two blocks', [3, 12, 14, 14], [33, 12, 5, 5], { pad: [2, 2] }),
  geometry('no padding', [2, 3, 12, 31], [9, 3, 3, 4]),
  geometry('stride 2', [2, 5, 15, 33], [17, 5, 3, 3], { stride: [2, 2], pad: [1, 1] }),
  geometry('stride 3 and 4, wider than the kernel', [1, 4, 17, 38], [6, 4, 2, 3], { stride: [3, 4], pad: [0, 1] }),
  geometry('dilation', [2, 3, 13, 20], [8, 3, 3, 2], { dilation: [2, 5], pad: [3, 2] }),
  geometry('dilation that shares the stride', [1, 2, 16, 18], [5, 2, 3, 3], {
    dilation: [2, 4],
    stride: [2, 2],
    pad: [2, 4],
  }),
  geometry('groups', [2, 12, 7, 9], [18, 4, 3, 3], { groups: 3, pad: [1, 1] }),
  geometry('depthwise', [2, 7, 12, 19], [7, 1, 3, 3], { groups: 7, pad: [1, 1] }),
  geometry('depthwise, stride 2, two filters a channel', [2, 3, 11, 37], [6, 1, 3, 5], {
    groups: 3,
    stride: [2, 2],
    pad: [1, 2],
  }),
  geometry('1 by 1', [2, 19, 9, 11], [21, 19, 1, 1]),
  geometry('1 by 1, stride 2', [2, 5, 9, 11], [6, 5, 1, 1], { stride: [2, 2] }),
  geometry('a row, as conv1d', [2, 6, 1, 700], [9, 6, 1, 3], { pad: [0, 1] }),
  geometry('a row longer than a block, few filters', [1, 1, 1, 5000], [2, 1, 1, 5], { pad: [0, 2] }),
  geometry('one column', [1, 3, 600, 1], [5, 3, 3, 1], { pad: [1, 0] }),
  geometry('padding wider than the kernel', [1, 2, 5, 6], [6, 2, 2, 2], { pad: [4, 5] }),
  geometry('zeros behind alone, and input that no output meets', [2, 2, 9, 10], [5, 2, 2, 3], { out: [10, 4] }),
  geometry('many images', [40, 1, 6, 5], [6, 1, 3, 3], { pad: [1, 1] }),
];

interface Reference {
  readonly want: Float64Array;
  /** Σ |products|, and their number, of each element. */
  readonly sizes: Float64Array;
  readonly terms: Int32Array;
}

type Product = (x: number, w: number, y: number) => [place: number, a: number, b: number];

function reference(d: ConvDims, length: number, product: Product): Reference {
  const want = new Float64Array(length);
  const sizes = new Float64Array(length);
  const terms = new Int32Array(length);
  forProducts(d, (x, w, y) => {
    const [place, a, b] = product(x, w, y);
    want[place] += a * b;
    sizes[place] += Math.abs(a * b);
    terms[place]++;
  });
  return { want, sizes, terms };
}

function expectSums(h: Harness, label: string, got: FloatArray, { want, sizes, terms }: Reference): void {
  // A chain that is cut into blocks passes through two more additions for each of them.
  expectWithin(label, got, want, (i) => h.sumBound(terms[i] + 4, sizes[i], want[i]));
}

function bothKinds(h: Harness, name: string, run: (draw: (n: number) => FloatArray, exact: boolean) => void): void {
  describe(name, () => {
    test('small integers exactly', () => {
      const random = new Random(71);
      run((n) => h.integers(random, n), true);
    });
    test('within the bound of the sums', () => {
      const random = new Random(72);
      run((n) => h.uniform(random, n), false);
    });
  });
}

export function conv2dBlock(h: Harness): void {
  for (const { name, dims } of GEOMETRIES) {
    bothKinds(h, name, (draw, exact) => {
      const sizes = sizesOf(dims);
      const [x, w, bias, y] = [draw(sizes.x), draw(sizes.w), draw(dims.outChannels), h.out(sizes.y)];
      const sums = reference(dims, sizes.y, (i, k, o) => [o, x[i], w[k]]);
      h.backend.conv2d(dims, x, w, null, y);
      if (exact) expectExact('without bias', y, sums.want, { zeros: false });
      else expectSums(h, 'without bias', y, sums);
      const plane = dims.outHeight * dims.outWidth;
      for (let i = 0; i < sizes.y; i++) {
        const start = bias[Math.floor(i / plane) % dims.outChannels];
        sums.want[i] += start;
        sums.sizes[i] += Math.abs(start);
      }
      h.backend.conv2d(dims, x, w, bias, y);
      if (exact) expectExact('with bias', y, sums.want, { zeros: false });
      else expectSums(h, 'with bias', y, sums);
    });
  }

  test('a NaN reaches the outputs that meet it, and no other', () => {
    const { dims } = geometry('', [2, 2, 6, 20], [5, 2, 3, 3], { pad: [1, 1] });
    const sizes = sizesOf(dims);
    const x = h.floats(new Float64Array(sizes.x).fill(1));
    x[3 * 20 + 7] = Number.NaN;
    const y = h.out(sizes.y);
    h.backend.conv2d(dims, x, h.floats(new Float64Array(sizes.w).fill(1)), null, y);
    const met = new Uint8Array(sizes.y);
    forProducts(dims, (i, _, o) => {
      if (Number.isNaN(x[i])) met[o] = 1;
    });
    expectExact('places of NaN', Array.from(y, Number.isNaN).map(Number), met);
  });

  test('no images, and no channels', () => {
    const none = h.floats([]);
    const { dims } = geometry('', [0, 2, 4, 4], [3, 2, 3, 3]);
    h.backend.conv2d(dims, none, h.floats(new Float64Array(54)), h.floats([1, 2, 3]), none);
    const empty = geometry('', [1, 0, 2, 3], [2, 0, 2, 2]).dims;
    const y = h.out(4);
    h.backend.conv2d(empty, none, none, h.floats([5, -7]), y);
    expectExact('the bias alone', y, [5, 5, -7, -7]);
  });
}

export function conv2dBackwardDataBlock(h: Harness): void {
  for (const { name, dims } of GEOMETRIES) {
    bothKinds(h, name, (draw, exact) => {
      const sizes = sizesOf(dims);
      const [w, dy, dx] = [draw(sizes.w), draw(sizes.y), h.out(sizes.x)];
      const sums = reference(dims, sizes.x, (i, k, o) => [i, w[k], dy[o]]);
      h.backend.conv2dBackwardData(dims, w, dy, dx);
      if (exact) expectExact('dx', dx, sums.want, { zeros: false });
      else expectSums(h, 'dx', dx, sums);
    });
  }
}

export function conv2dBackwardWeightBlock(h: Harness): void {
  for (const { name, dims } of GEOMETRIES) {
    bothKinds(h, name, (draw, exact) => {
      const sizes = sizesOf(dims);
      const [x, dy, dw, db] = [draw(sizes.x), draw(sizes.y), h.out(sizes.w), h.out(dims.outChannels)];
      h.backend.conv2dBackwardWeight(dims, x, dy, dw, db);
      const weight = reference(dims, sizes.w, (i, k, o) => [k, x[i], dy[o]]);
      const plane = dims.outHeight * dims.outWidth;
      const bias = {
        want: new Float64Array(db.length),
        sizes: new Float64Array(db.length),
        terms: new Int32Array(db.length),
      };
      dy.forEach((v, i) => {
        const o = Math.floor(i / plane) % dims.outChannels;
        bias.want[o] += v;
        bias.sizes[o] += Math.abs(v);
        bias.terms[o]++;
      });
      if (exact) {
        expectExact('dw', dw, weight.want, { zeros: false });
        expectExact('db', db, bias.want, { zeros: false });
      } else {
        expectSums(h, 'dw', dw, weight);
        expectSums(h, 'db', db, bias);
      }
      const alone = h.out(sizes.w);
      h.backend.conv2dBackwardWeight(dims, x, dy, alone, null);
      expectExact('dw without db', alone, dw);
    });
  }

  test('no images give zeros', () => {
    const none = h.floats([]);
    const { dims } = geometry('', [0, 2, 4, 4], [3, 2, 3, 3]);
    const [dw, db] = [h.out(54), h.out(3)];
    h.backend.conv2dBackwardWeight(dims, none, none, dw, db);
    expect([...dw, ...db].every((v) => v === 0)).toBe(true);
  });
}
