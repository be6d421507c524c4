/**
 * The functions of the compiled addon, as native/binding exports them: sizes first, then arrays, flat, because reading
 * a property costs more than passing an argument. The addon checks the class, length, buffer and overlap of every
 * array; `test/backend/native/boundary.test.ts` holds it to that.
 */

import type { DataArray, FloatArray } from '../../core/dtype.ts';
import type { LanegradError } from '../../errors.ts';

type Optional<T> = T | null;
type ErrorConstructor = new (message: string) => LanegradError;

/** What the addon is given at load: the error classes it throws, and how to ask a buffer whether it can be resized. */
export interface NativeSetup {
  readonly BufferError: ErrorConstructor;
  readonly LimitError: ErrorConstructor;
  readonly ShapeError: ErrorConstructor;
  readonly BackendError: ErrorConstructor;
  /** The getter of `ArrayBuffer.prototype.resizable`, called with the buffer as `this`. */
  readonly isResizable: (this: ArrayBuffer) => boolean;
}

export interface NativeInfo {
  /** The instruction set whose kernels run. */
  readonly isa: string;
  /** Those this machine has, best first. */
  readonly isas: string[];
  readonly threads: number;
  /** Worker threads alive in the process's pool. */
  readonly workers: number;
}

/** Packed weights; opaque. */
export interface SamplerHandle {
  readonly handle: unique symbol;
}

type ChannelSizes = [batch: number, channels: number, inner: number, groups: number];

type RecurrentSizes = [steps: number, batch: number, inputs: number, hidden: number, reverse: boolean];
type RecurrentOperands = [
  x: FloatArray,
  wIh: FloatArray,
  wHh: FloatArray,
  bIh: Optional<FloatArray>,
  bHh: Optional<FloatArray>,
  h0: FloatArray,
];
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
type LstmOperands = [...RecurrentOperands, c0: FloatArray];
type RecurrentProducts = [dx: Optional<FloatArray>, dwIh: Optional<FloatArray>, dwHh: Optional<FloatArray>];
type PlanArguments = [kind: number, size: number, layout: Optional<Int32Array>];

export interface NativeAddon {
  /** Package version and the number of the signatures below. */
  readonly abi: string;

  init(setup: NativeSetup): void;
  info(): NativeInfo;
  /** @throws BackendError if this machine lacks that instruction set */
  setIsa(name: string): void;
  setThreads(threads: number): void;
  /** The control and status word of the floating-point unit. */
  mxcsr(): number;
  /** Where the first cache line of a buffer begins, in bytes from its start. */
  prepareBuffer(buffer: ArrayBuffer): number;

  unary(op: number, p0: number, p1: number, x: FloatArray, y: FloatArray): void;
  binary(op: number, ...rest: [...PlanArguments, a: DataArray, b: DataArray, y: DataArray]): void;
  compare(op: number, ...rest: [...PlanArguments, a: DataArray, b: DataArray, y: Uint8Array]): void;
  select(mask: Uint8Array, a: DataArray, b: DataArray, y: DataArray): void;
  reduce(op: number, outer: number, n: number, inner: number, x: DataArray, y: DataArray): void;
  argReduce(op: number, outer: number, n: number, inner: number, x: DataArray, y: Int32Array): void;
  moments(outer: number, n: number, inner: number, x: FloatArray, mean: FloatArray, squares: FloatArray): void;
  scan(op: number, reverse: boolean, outer: number, n: number, inner: number, x: DataArray, y: DataArray): void;
  linearScan(
    reverse: boolean,
    outer: number,
    n: number,
    inner: number,
    a: FloatArray,
    b: FloatArray,
    y: FloatArray,
  ): void;
  extremeScan(
    op: number,
    outer: number,
    n: number,
    inner: number,
    x: DataArray,
    y: DataArray,
    indices: Int32Array,
  ): void;
  sortRows(
    descending: boolean,
    rows: number,
    n: number,
    x: DataArray,
    y: Optional<DataArray>,
    indices: Optional<Int32Array>,
  ): void;
  topRows(largest: boolean, rows: number, n: number, k: number, x: DataArray, indices: Int32Array): void;
  rankRows(rows: number, n: number, m: number, x: DataArray, ranks: Int32Array, indices: Int32Array): number;
  copyStrided(xOffset: number, yOffset: number, layout: Int32Array, x: DataArray, y: DataArray): void;
  gemm(
    transA: boolean,
    transB: boolean,
    accumulate: boolean,
    m: number,
    n: number,
    k: number,
    batch: number,
    aStride: number,
    bStride: number,
    cStride: number,
    a: FloatArray,
    b: FloatArray,
    c: FloatArray,
    bias: Optional<FloatArray>,
  ): void;
  gatherRows(width: number, table: DataArray, ids: Int32Array, y: DataArray): number;
  scatterAddRows(width: number, src: DataArray, ids: Int32Array, table: DataArray): number;
  setRows(width: number, src: DataArray, ids: Int32Array, table: DataArray): number;
  places(
    n: number,
    stride: number,
    wrap: boolean,
    accumulate: boolean,
    layout: Int32Array,
    ids: Int32Array,
    places: Int32Array,
  ): number;
  nonzero(room: number, mask: Uint8Array, places: Int32Array | null): number;
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
  lstmWorkspaceSize(...sizes: RecurrentSizes): number;
  lstm(
    ...args: [...RecurrentSizes, ...LstmOperands, y: FloatArray, hN: FloatArray, cN: FloatArray, workspace: FloatArray]
  ): void;
  lstmBackward(
    ...args: [
      ...RecurrentSizes,
      ...LstmOperands,
      y: FloatArray,
      workspace: FloatArray,
      dy: Optional<FloatArray>,
      dhN: Optional<FloatArray>,
      dcN: Optional<FloatArray>,
      ...RecurrentProducts,
      db: Optional<FloatArray>,
      dh0: Optional<FloatArray>,
      dc0: Optional<FloatArray>,
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
  gruWorkspaceSize(...sizes: RecurrentSizes): number;
  gru(...args: [...RecurrentSizes, ...RecurrentOperands, y: FloatArray, hN: FloatArray, workspace: FloatArray]): void;
  gruBackward(
    ...args: [
      ...RecurrentSizes,
      ...RecurrentOperands,
      y: FloatArray,
      workspace: FloatArray,
      dy: Optional<FloatArray>,
      dhN: Optional<FloatArray>,
      ...RecurrentProducts,
      dbIh: Optional<FloatArray>,
      dbHh: Optional<FloatArray>,
      dh0: Optional<FloatArray>,
    ]
  ): void;
  rnn(...args: [...RecurrentSizes, relu: boolean, ...RecurrentOperands, y: FloatArray, hN: FloatArray]): void;
  rnnBackward(
    ...args: [
      ...RecurrentSizes,
      relu: boolean,
      ...RecurrentOperands,
      y: FloatArray,
      dy: Optional<FloatArray>,
      dhN: Optional<FloatArray>,
      ...RecurrentProducts,
      db: Optional<FloatArray>,
      dh0: Optional<FloatArray>,
    ]
  ): void;
  uniform(seedLo: number, seedHi: number, streamLo: number, streamHi: number, block: number, y: Float32Array): void;
  adam(
    params: readonly FloatArray[],
    grads: readonly FloatArray[],
    m: readonly FloatArray[],
    v: readonly FloatArray[],
    vMax: Optional<readonly FloatArray[]>,
    lr: number,
    beta1: number,
    beta2: number,
    eps: number,
    weightDecay: number,
    biasCorrection1: number,
    biasCorrection2: number,
    decoupled: boolean,
    maximize: boolean,
  ): void;
  sgd(
    params: readonly FloatArray[],
    grads: readonly FloatArray[],
    momentum: Optional<readonly FloatArray[]>,
    lr: number,
    momentumFactor: number,
    dampening: number,
    weightDecay: number,
    nesterov: boolean,
    maximize: boolean,
    first: boolean,
  ): void;
  update(
    params: readonly FloatArray[],
    grads: readonly FloatArray[],
    first: readonly FloatArray[],
    second: Optional<readonly FloatArray[]>,
    third: Optional<readonly FloatArray[]>,
    rule: number,
    rate: number,
    beta1: number,
    beta2: number,
    eps: number,
    weightDecay: number,
    keep: number,
    momentum: number,
    correction: number,
    average: number,
    grow: number,
    shrink: number,
    low: number,
    high: number,
    adaptive: boolean,
    maximize: boolean,
  ): void;
  sumSquares(arrays: readonly FloatArray[]): number;
  scale(arrays: readonly FloatArray[], factor: number): void;
  createCharSampler(
    weights: readonly FloatArray[],
    vocab: number,
    embed: number,
    hidden: number,
    layers: number,
    embedding: FloatArray,
    headWeight: FloatArray,
    headBias: FloatArray,
  ): SamplerHandle;
  /** Returns −1, or the place of the first of the caller's ids that is out of range. */
  runCharSampler(
    handle: SamplerHandle,
    given: number,
    steps: number,
    temperature: number,
    topK: number,
    topP: number,
    ids: Int32Array,
    draws: Float64Array,
    state: FloatArray,
  ): number;
  /**
   * What this machine can do at most, for benchmarks. `what` 0: `rounds` rounds of independent fused multiply-adds a
   * thread, returns the floating-point operations done; 1: the threads read x `rounds` times, each its share; 2: copy
   * x to y; both return the bytes read and written.
   */
  yardstick(what: number, rounds: number, x: FloatArray, y: FloatArray): number;
}
