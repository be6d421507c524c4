/**
 * Convolutions as products of matrices: the patches that the kernel meets become columns (im2col), a band of output
 * rows at a time so that they stay in the caches, and everything is summed in float64 and rounded once.
 */

import type { FloatArray } from '../../core/dtype.ts';
import type { ConvDims } from '../arguments.ts';
import { gemm } from './gemm.ts';
import { Scratch } from './scratch.ts';

/** Doubles of the columns of one band: 1 MB. */
const BAND = 2 ** 17;

const columnScratch = new Scratch();
const productScratch = new Scratch();
const planeScratch = new Scratch();
const bandScratch = new Scratch();

/** The sizes of one group, and the rows of a band. */
function groupOf(dims: ConvDims) {
  const channels = dims.inChannels / dims.groups;
  const filters = dims.outChannels / dims.groups;
  const depth = channels * dims.kernelHeight * dims.kernelWidth;
  const rows = Math.max(1, Math.min(dims.outHeight, Math.floor(BAND / Math.max(1, depth * dims.outWidth))));
  return { channels, filters, depth, rows };
}

/**
 * Calls `meet(image, column, low, high)` for each line of the columns (channel, kernel row, kernel column) and each output
 * row of the band [y0, y1): the run of `outWidth` places from `column` on meets the input at image, image + strideX, …
 * within the group's planes, but only from place `low` to `high`; the others lie outside.
 */
function forRuns(
  d: ConvDims,
  channels: number,
  y0: number,
  y1: number,
  meet: (image: number, column: number, low: number, high: number) => void,
): void {
  const width = (y1 - y0) * d.outWidth;
  let line = 0;
  for (let c = 0; c < channels; c++) {
    for (let ky = 0; ky < d.kernelHeight; ky++) {
      for (let kx = 0; kx < d.kernelWidth; kx++, line++) {
        const shift = kx * d.dilationX - d.padLeft;
        const low = Math.min(d.outWidth, Math.max(0, Math.ceil(-shift / d.strideX)));
        const high = Math.max(low, Math.min(d.outWidth, Math.ceil((d.inWidth - shift) / d.strideX)));
        for (let y = y0; y < y1; y++) {
          const row = y * d.strideY - d.padTop + ky * d.dilationY;
          const inside = row >= 0 && row < d.inHeight;
          const image = (c * d.inHeight + row) * d.inWidth + shift;
          const column = line * width + (y - y0) * d.outWidth;
          if (inside) meet(image, column, low, high);
          else meet(0, column, 0, 0);
        }
      }
    }
  }
}

/** The patches of a band as columns [depth, places]; x begins at the group's first plane. */
function toColumns(d: ConvDims, channels: number, x: FloatArray, y0: number, y1: number, columns: Float64Array): void {
  const { outWidth, strideX } = d;
  forRuns(d, channels, y0, y1, (image, column, low, high) => {
    for (let i = 0; i < low; i++) columns[column + i] = 0;
    for (let i = low; i < high; i++) columns[column + i] = x[image + i * strideX];
    for (let i = high; i < outWidth; i++) columns[column + i] = 0;
  });
}

/** Rows of `width` elements, `stride` apart in `from`, one after another. */
function gatherBand(from: FloatArray, at: number, stride: number, rows: number, width: number): Float64Array {
  const band = bandScratch.take(rows * width);
  for (let i = 0; i < rows; i++) {
    const start = at + i * stride;
    for (let j = 0; j < width; j++) band[i * width + j] = from[start + j];
  }
  return band;
}

export function conv2d(d: ConvDims, x: FloatArray, w: FloatArray, bias: FloatArray | null, y: FloatArray): void {
  const { channels, filters, depth, rows } = groupOf(d);
  const [inPlane, outPlane] = [d.inHeight * d.inWidth, d.outHeight * d.outWidth];
  for (let item = 0; item < d.batch * d.groups; item++) {
    const group = item % d.groups;
    const image = x.subarray(item * channels * inPlane);
    const kernel = w.subarray(group * filters * depth);
    for (let y0 = 0; y0 < d.outHeight; y0 += rows) {
      const y1 = Math.min(d.outHeight, y0 + rows);
      const width = (y1 - y0) * d.outWidth;
      const columns = columnScratch.take(depth * width);
      toColumns(d, channels, image, y0, y1, columns);
      const sums = productScratch.take(filters * width);
      gemm(false, false, filters, width, depth, kernel, columns, sums, false, null, 1, 0, 0, 0);
      for (let f = 0; f < filters; f++) {
        const to = (item * filters + f) * outPlane + y0 * d.outWidth;
        const start = bias === null ? 0 : bias[group * filters + f];
        for (let i = 0; i < width; i++) y[to + i] = sums[f * width + i] + start;
      }
    }
  }
}

export function conv2dBackwardData(d: ConvDims, w: FloatArray, dy: FloatArray, dx: FloatArray): void {
  const { channels, filters, depth, rows } = groupOf(d);
  const [inPlane, outPlane] = [d.inHeight * d.inWidth, d.outHeight * d.outWidth];
  for (let item = 0; item < d.batch * d.groups; item++) {
    const kernel = w.subarray((item % d.groups) * filters * depth);
    const planes = planeScratch.take(channels * inPlane).fill(0, 0, channels * inPlane);
    for (let y0 = 0; y0 < d.outHeight; y0 += rows) {
      const y1 = Math.min(d.outHeight, y0 + rows);
      const width = (y1 - y0) * d.outWidth;
      const band = gatherBand(dy, item * filters * outPlane + y0 * d.outWidth, outPlane, filters, width);
      const columns = columnScratch.take(depth * width);
      gemm(true, false, depth, width, filters, kernel, band, columns, false, null, 1, 0, 0, 0);
      const { strideX } = d;
      forRuns(d, channels, y0, y1, (image, column, low, high) => {
        for (let i = low; i < high; i++) planes[image + i * strideX] += columns[column + i];
      });
    }
    const to = item * channels * inPlane;
    for (let i = 0; i < channels * inPlane; i++) dx[to + i] = planes[i];
  }
}

export function conv2dBackwardWeight(
  d: ConvDims,
  x: FloatArray,
  dy: FloatArray,
  dw: FloatArray,
  db: FloatArray | null,
): void {
  const { channels, filters, depth, rows } = groupOf(d);
  const [inPlane, outPlane] = [d.inHeight * d.inWidth, d.outHeight * d.outWidth];
  for (let group = 0; group < d.groups; group++) {
    const sums = productScratch.take(filters * depth).fill(0, 0, filters * depth);
    for (let image = 0; image < d.batch; image++) {
      const item = image * d.groups + group;
      const planes = x.subarray(item * channels * inPlane);
      for (let y0 = 0; y0 < d.outHeight; y0 += rows) {
        const y1 = Math.min(d.outHeight, y0 + rows);
        const width = (y1 - y0) * d.outWidth;
        const columns = columnScratch.take(depth * width);
        toColumns(d, channels, planes, y0, y1, columns);
        const band = gatherBand(dy, item * filters * outPlane + y0 * d.outWidth, outPlane, filters, width);
        gemm(false, true, filters, depth, width, band, columns, sums, true, null, 1, 0, 0, 0);
      }
    }
    for (let i = 0; i < filters * depth; i++) dw[group * filters * depth + i] = sums[i];
  }
  if (db === null) return;
  for (let f = 0; f < d.outChannels; f++) {
    let sum = 0;
    for (let image = 0; image < d.batch; image++) {
      const at = (image * d.outChannels + f) * outPlane;
      for (let i = at; i < at + outPlane; i++) sum += dy[i];
    }
    db[f] = sum;
  }
}
