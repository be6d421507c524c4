/** Convolutions and poolings large and odd enough to be cut between threads and between vectors. */

import type { ConvDims, PoolDims, ResampleDims } from '../../../src/backend/arguments.ts';

/** Each class of convolution, cut between threads along images, rows, columns, filters and channels. */
export const CONVOLUTIONS: ConvDims[] = [
  convolution(64, 1, 1, 16, 12, 5, { pad: 2 }),
  convolution(3, 1, 40, 70, 23, 3, { pad: 1 }),
  convolution(2, 1, 33, 65, 33, 3, { stride: 2 }),
  convolution(2, 24, 24, 24, 40, 3, { pad: 1 }),
  convolution(1, 1, 64, 128, 20, 1, {}),
  { ...convolution(1, 1, 16, 40, 1, 1, {}), inWidth: 3000, kernelWidth: 3, outWidth: 2998 },
];

function convolution(
  batch: number,
  groups: number,
  inChannels: number,
  outChannels: number,
  size: number,
  kernel: number,
  { stride = 1, pad = 0 }: { stride?: number; pad?: number },
): ConvDims {
  const out = Math.floor((size + 2 * pad - kernel) / stride) + 1;
  return {
    batch,
    groups,
    inChannels,
    outChannels,
    inHeight: size,
    inWidth: size,
    kernelHeight: kernel,
    kernelWidth: kernel,
    outHeight: out,
    outWidth: out,
    strideY: stride,
    strideX: stride,
    padTop: pad,
    padLeft: pad,
    dilationY: 1,
    dilationX: 1,
  };
}

export const POOLS: PoolDims[] = [1, 2].map((stride) => ({
  planes: 300,
  inHeight: 18,
  inWidth: 18,
  kernelHeight: 2,
  kernelWidth: 2,
  outHeight: 18 / stride - 2 + stride,
  outWidth: 18 / stride - 2 + stride,
  strideY: stride,
  strideX: stride,
  padTop: 0,
  padLeft: 0,
  dilationY: 1,
  dilationX: 1,
}));

/** Neighbours side by side, two apart, by pairs, and gathered: what the lanes read in different ways. */
export const RESAMPLINGS: { dims: ResampleDims; taps: number; spans: (output: number) => number }[] = [
  { dims: resampling(60, 40, 40), taps: 3, spans: (i) => i - 1 },
  { dims: resampling(60, 80, 40), taps: 3, spans: (i) => 2 * i - 1 },
  { dims: resampling(30, 20, 75), taps: 2, spans: (i) => (i - 1) >> 1 },
  { dims: resampling(60, 60, 37), taps: 4, spans: (i) => Math.floor((i * 60) / 37) - 1 },
];

function resampling(planes: number, size: number, out: number): ResampleDims {
  return { planes, inHeight: size, inWidth: size, outHeight: out, outWidth: out };
}
