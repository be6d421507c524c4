/** Calls of the addon for softmax, cross entropy, norms, convolutions, pooling and resampling. */

import type { FloatArray } from '../../../core/dtype.ts';
import type {
  Band,
  ChannelNormDims,
  ChannelNormGradsIn,
  ChannelNormGradsOut,
  ChannelNormInputs,
  ConvDims,
  PoolDims,
  ResampleDims,
  WindowDims,
} from '../../arguments.ts';
import type { LayerKernels } from '../../seam/layers.ts';
import { NativeArrayKernels } from './arrays.ts';

function windowSizes(d: WindowDims) {
  const sizes = [d.inHeight, d.inWidth, d.kernelHeight, d.kernelWidth, d.outHeight, d.outWidth] as const;
  return [...sizes, d.strideY, d.strideX, d.padTop, d.padLeft, d.dilationY, d.dilationX] as const;
}

function convSizes(d: ConvDims) {
  return [d.batch, d.groups, d.inChannels, d.outChannels, ...windowSizes(d)] as const;
}

export class NativeLayerKernels extends NativeArrayKernels implements LayerKernels {
  softmax(log: boolean, x: FloatArray, y: FloatArray, rows: number, n: number): void {
    this.addon.softmax(log, rows, n, x, y);
  }
  softmaxBackward(log: boolean, y: FloatArray, dy: FloatArray, dx: FloatArray, rows: number, n: number): void {
    this.addon.softmaxBackward(log, rows, n, y, dy, dx);
  }
  crossEntropy(
    x: FloatArray,
    targets: Int32Array,
    losses: FloatArray,
    lse: FloatArray,
    rows: number,
    classes: number,
    ignoreIndex: number,
  ): number {
    return this.addon.crossEntropy(rows, classes, ignoreIndex, x, targets, losses, lse);
  }
  crossEntropyBackward(
    x: FloatArray,
    targets: Int32Array,
    lse: FloatArray,
    dLosses: FloatArray,
    dx: FloatArray,
    rows: number,
    classes: number,
    ignoreIndex: number,
  ): void {
    this.addon.crossEntropyBackward(rows, classes, ignoreIndex, x, targets, lse, dLosses, dx);
  }
  layerNorm(
    x: FloatArray,
    weight: FloatArray | null,
    bias: FloatArray | null,
    y: FloatArray,
    mean: FloatArray,
    rstd: FloatArray,
    rows: number,
    n: number,
    eps: number,
  ): void {
    this.addon.layerNorm(rows, n, eps, x, weight, bias, y, mean, rstd);
  }
  layerNormBackward(
    x: FloatArray,
    weight: FloatArray | null,
    mean: FloatArray,
    rstd: FloatArray,
    dy: FloatArray,
    dx: FloatArray | null,
    dWeight: FloatArray | null,
    dBias: FloatArray | null,
    rows: number,
    n: number,
  ): void {
    this.addon.layerNormBackward(rows, n, x, weight, mean, rstd, dy, dx, dWeight, dBias);
  }
  batchMoments(
    x: FloatArray,
    mean: FloatArray,
    variance: FloatArray,
    batch: number,
    channels: number,
    n: number,
  ): void {
    this.addon.batchMoments(batch, channels, n, x, mean, variance);
  }
  channelNorm({ batch, channels, inner, groups }: ChannelNormDims, a: ChannelNormInputs, y: FloatArray): void {
    this.addon.channelNorm(batch, channels, inner, groups, a.x, a.weight, a.bias, a.mean, a.rstd, y);
  }
  channelNormBackward(dims: ChannelNormDims, a: ChannelNormGradsIn, { dx, dWeight, dBias }: ChannelNormGradsOut): void {
    const { batch, channels, inner, groups } = dims;
    const operands = [a.fixed, a.x, a.weight, a.mean, a.rstd, a.dy] as const;
    this.addon.channelNormBackward(batch, channels, inner, groups, ...operands, dx, dWeight, dBias);
  }
  conv2d(dims: ConvDims, x: FloatArray, w: FloatArray, bias: FloatArray | null, y: FloatArray): void {
    this.addon.conv2d(...convSizes(dims), x, w, bias, y);
  }
  conv2dBackwardData(dims: ConvDims, w: FloatArray, dy: FloatArray, dx: FloatArray): void {
    this.addon.conv2dBackwardData(...convSizes(dims), w, dy, dx);
  }
  conv2dBackwardWeight(dims: ConvDims, x: FloatArray, dy: FloatArray, dw: FloatArray, db: FloatArray | null): void {
    this.addon.conv2dBackwardWeight(...convSizes(dims), x, dy, dw, db);
  }
  maxPool2d(dims: PoolDims, x: FloatArray, y: FloatArray, indices: Int32Array | null): void {
    this.addon.maxPool2d(dims.planes, ...windowSizes(dims), x, y, indices);
  }
  maxPool2dBackward(dims: PoolDims, dy: FloatArray, indices: Int32Array, dx: FloatArray): void {
    this.addon.maxPool2dBackward(dims.planes, ...windowSizes(dims), dy, indices, dx);
  }
  im2col(dims: PoolDims, x: FloatArray, columns: FloatArray): void {
    this.addon.im2col(dims.planes, ...windowSizes(dims), x, columns);
  }
  col2im(dims: PoolDims, columns: FloatArray, x: FloatArray): void {
    this.addon.col2im(dims.planes, ...windowSizes(dims), columns, x);
  }
  resample(d: ResampleDims, rows: Band | null, columns: Band | null, x: FloatArray, y: FloatArray): void {
    const sizes = [d.planes, d.inHeight, d.inWidth, d.outHeight, d.outWidth] as const;
    const bands = [
      rows?.spans ?? null,
      rows?.weights ?? null,
      columns?.spans ?? null,
      columns?.weights ?? null,
    ] as const;
    this.addon.resample(...sizes, rows?.taps ?? 0, columns?.taps ?? 0, ...bands, x, y);
  }
}
