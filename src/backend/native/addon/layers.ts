/**
 * The functions of the addon for softmax, cross entropy, norms, convolutions, pooling and resampling.
 * What holds for all of them: `../addon.ts`.
 */

import type { FloatArray } from '../../../core/dtype.ts';

type Optional<T> = T | null;
type ChannelSizes = [batch: number, channels: number, inner: number, groups: number];
type WindowSizes = [
  inHeight: number,
  inWidth: number,
  kernelHeight: number,
  kernelWidth: number,
  outHeight: number,
  outWidth: number,
  strideY: number,
  strideX: number,
  padTop: number,
  padLeft: number,
  dilationY: number,
  dilationX: number,
];
type ConvSizes = [batch: number, groups: number, inChannels: number, outChannels: number, ...window: WindowSizes];
type PoolSizes = [planes: number, ...window: WindowSizes];

export interface LayerFunctions {
  softmax(log: boolean, rows: number, n: number, x: FloatArray, y: FloatArray): void;
  softmaxBackward(log: boolean, rows: number, n: number, y: FloatArray, dy: FloatArray, dx: FloatArray): void;
  crossEntropy(
    rows: number,
    classes: number,
    ignoreIndex: number,
    x: FloatArray,
    targets: Int32Array,
    losses: FloatArray,
    lse: FloatArray,
  ): number;
  crossEntropyBackward(
    rows: number,
    classes: number,
    ignoreIndex: number,
    x: FloatArray,
    targets: Int32Array,
    lse: FloatArray,
    dLosses: FloatArray,
    dx: FloatArray,
  ): void;
  layerNorm(
    rows: number,
    n: number,
    eps: number,
    x: FloatArray,
    weight: Optional<FloatArray>,
    bias: Optional<FloatArray>,
    y: FloatArray,
    mean: FloatArray,
    rstd: FloatArray,
  ): void;
  layerNormBackward(
    rows: number,
    n: number,
    x: FloatArray,
    weight: Optional<FloatArray>,
    mean: FloatArray,
    rstd: FloatArray,
    dy: FloatArray,
    dx: Optional<FloatArray>,
    dWeight: Optional<FloatArray>,
    dBias: Optional<FloatArray>,
  ): void;
  batchMoments(
    batch: number,
    channels: number,
    inner: number,
    x: FloatArray,
    mean: FloatArray,
    variance: FloatArray,
  ): void;
  channelNorm(
    ...args: [
      ...ChannelSizes,
      x: FloatArray,
      weight: Optional<FloatArray>,
      bias: Optional<FloatArray>,
      mean: FloatArray,
      rstd: FloatArray,
      y: FloatArray,
    ]
  ): void;
  channelNormBackward(
    ...args: [
      ...ChannelSizes,
      fixed: boolean,
      x: FloatArray,
      weight: Optional<FloatArray>,
      mean: FloatArray,
      rstd: FloatArray,
      dy: FloatArray,
      dx: Optional<FloatArray>,
      dWeight: Optional<FloatArray>,
      dBias: Optional<FloatArray>,
    ]
  ): void;
  conv2d(...args: [...ConvSizes, x: FloatArray, w: FloatArray, bias: Optional<FloatArray>, y: FloatArray]): void;
  conv2dBackwardData(...args: [...ConvSizes, w: FloatArray, dy: FloatArray, dx: FloatArray]): void;
  conv2dBackwardWeight(
    ...args: [...ConvSizes, x: FloatArray, dy: FloatArray, dw: FloatArray, db: Optional<FloatArray>]
  ): void;
  maxPool2d(...args: [...PoolSizes, x: FloatArray, y: FloatArray, indices: Optional<Int32Array>]): void;
  maxPool2dBackward(...args: [...PoolSizes, dy: FloatArray, indices: Int32Array, dx: FloatArray]): void;
  im2col(...args: [...PoolSizes, x: FloatArray, columns: FloatArray]): void;
  col2im(...args: [...PoolSizes, columns: FloatArray, x: FloatArray]): void;
  resample(
    planes: number,
    inHeight: number,
    inWidth: number,
    outHeight: number,
    outWidth: number,
    rowTaps: number,
    columnTaps: number,
    rowSpans: Optional<Int32Array>,
    rowWeights: Optional<FloatArray>,
    columnSpans: Optional<Int32Array>,
    columnWeights: Optional<FloatArray>,
    x: FloatArray,
    y: FloatArray,
  ): void;
}
