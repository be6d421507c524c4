/**
 * The part of the seam for softmax, cross entropy, norms, convolutions, pooling and resampling.
 * Rules and numeric contract: `backend.ts`.
 */

import type { FloatArray } from '../../core/dtype.ts';
import type {
  Band,
  ChannelNormDims,
  ChannelNormGradsIn,
  ChannelNormGradsOut,
  ChannelNormInputs,
  ConvDims,
  PoolDims,
  ResampleDims,
} from '../arguments.ts';

export interface LayerKernels {
  /** Softmax (or its logarithm) along rows: x and y [rows, n]. A row of −∞, or with +∞ or NaN, gives NaN. */
  softmax(log: boolean, x: FloatArray, y: FloatArray, rows: number, n: number): void;
  /** dx = y·(dy − Σ y·dy), or for the logarithm dx = dy − exp(y)·Σ dy. */
  softmaxBackward(log: boolean, y: FloatArray, dy: FloatArray, dx: FloatArray, rows: number, n: number): void;

  /**
   * losses[i] = lse[i] − x[i, targets[i]], lse[i] = log Σ exp x[i, :]; a target equal to `ignoreIndex` gives 0.
   * Returns −1, or the place of the first target out of range (nothing is written).
   */
  crossEntropy(
    x: FloatArray,
    targets: Int32Array,
    losses: FloatArray,
    lse: FloatArray,
    rows: number,
    classes: number,
    ignoreIndex: number,
  ): number;
  /** dx[i, :] = dLosses[i]·(exp(x[i, :] − lse[i]) − onehot(targets[i])); ignored rows give 0. */
  crossEntropyBackward(
    x: FloatArray,
    targets: Int32Array,
    lse: FloatArray,
    dLosses: FloatArray,
    dx: FloatArray,
    rows: number,
    classes: number,
    ignoreIndex: number,
  ): void;

  /** y = (x − mean)·rstd·weight + bias along rows of n; mean and rstd [rows], rstd = 1/√(biased variance + eps). */
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
  ): void;
  /** Gradients of `layerNorm`; dWeight and dBias [n] sum over rows; null where none is wanted. */
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
  ): void;

  /** Mean and biased variance of each channel of x [batch, channels, inner]. */
  batchMoments(
    x: FloatArray,
    mean: FloatArray,
    variance: FloatArray,
    batch: number,
    channels: number,
    inner: number,
  ): void;
  /** y = (x − mean)·rstd·weight + bias. */
  channelNorm(dims: ChannelNormDims, inputs: ChannelNormInputs, y: FloatArray): void;
  /** Gradients of `channelNorm` and, unless they are `fixed`, through the statistics, which are those of x. */
  channelNormBackward(dims: ChannelNormDims, inputs: ChannelNormGradsIn, out: ChannelNormGradsOut): void;

  /** x [N, C, H, W], w [O, C/groups, kh, kw], bias [O] → y [N, O, outH, outW]. */
  conv2d(dims: ConvDims, x: FloatArray, w: FloatArray, bias: FloatArray | null, y: FloatArray): void;
  /** The gradient of `conv2d` with respect to x. */
  conv2dBackwardData(dims: ConvDims, w: FloatArray, dy: FloatArray, dx: FloatArray): void;
  /** The gradients of `conv2d` with respect to w and, if wanted, to the bias. */
  conv2dBackwardWeight(dims: ConvDims, x: FloatArray, dy: FloatArray, dw: FloatArray, db: FloatArray | null): void;

  /**
   * The largest of each window: x [planes, H, W] → y [planes, outH, outW], and if wanted its place in its plane, row·W +
   * column. Of equals the first counts, of NaNs the last; a window without any element gives −∞ and −1.
   */
  maxPool2d(dims: PoolDims, x: FloatArray, y: FloatArray, indices: Int32Array | null): void;
  /**
   * dx = Σ dy over the windows that chose the element, in ascending order. The indices are those of `maxPool2d`; others
   * may be left out or taken at their word, and never reach outside dx.
   */
  maxPool2dBackward(dims: PoolDims, dy: FloatArray, indices: Int32Array, dx: FloatArray): void;

  /** What each window sees: x [planes, H, W] → columns [planes, kh·kw, outH·outW], 0 where it passes the input. */
  im2col(dims: PoolDims, x: FloatArray, columns: FloatArray): void;
  /** The transpose of `im2col`: x = Σ columns over the windows that see the element, by ascending element of the window. */
  col2im(dims: PoolDims, columns: FloatArray, x: FloatArray): void;

  /**
   * y = rows · x · columnsᵀ for every plane, both bands, at least one of them given. The rows are summed first; each sum
   * is one chain of fused multiply-adds in ascending order from 0.
   */
  resample(dims: ResampleDims, rows: Band | null, columns: Band | null, x: FloatArray, y: FloatArray): void;
}
