/** The native backend: float32, one line a kernel. Arguments change their order and nothing else. */

import type { DataArray, FloatArray } from '../../core/dtype.ts';
import type { BroadcastPlan } from '../../core/shape.ts';
import { ShapeError } from '../../errors.ts';
import type {
  AdamStep,
  Band,
  ChannelNormDims,
  ChannelNormGradsIn,
  ChannelNormGradsOut,
  ChannelNormInputs,
  CharSamplerWeights,
  ConvDims,
  GruGradsOut,
  GruOutputs,
  LstmGradsIn,
  LstmGradsOut,
  LstmInputs,
  LstmOutputs,
  PoolDims,
  RecurrentDims,
  RecurrentGradsIn,
  RecurrentInputs,
  RecurrentOutputs,
  ResampleDims,
  RnnGradsOut,
  SamplingRule,
  SgdStep,
  UpdateStates,
  UpdateStep,
  WindowDims,
} from '../arguments.ts';
import type { Backend, CharSampler } from '../backend.ts';
import type { ArgReduceOp, BinaryOp, CompareOp, ReduceOp, ScanOp, UnaryOp, UpdateRule } from '../opcodes.ts';
import type { NativeAddon, SamplerHandle } from './addon.ts';

class NativeCharSampler implements CharSampler {
  readonly #addon: NativeAddon;
  readonly #handle: SamplerHandle;
  readonly #vocab: number;

  constructor(addon: NativeAddon, w: CharSamplerWeights) {
    const layers = w.layers.flatMap(({ wIh, wHh, bIh, bHh }) => [wIh, wHh, bIh, bHh]);
    this.#addon = addon;
    this.#vocab = w.vocab;
    this.#handle = addon.createCharSampler(
      layers,
      w.vocab,
      w.embed,
      w.hidden,
      w.layers.length,
      w.embedding,
      w.headWeight,
      w.headBias,
    );
  }

  /** @throws ShapeError (`ERR_INDEX`) if one of the caller's ids is none of the vocabulary; nothing is written then. */
  run(ids: Int32Array, given: number, steps: number, draws: Float64Array, rule: SamplingRule, state: FloatArray): void {
    const { temperature, topK, topP } = rule;
    const bad = this.#addon.runCharSampler(this.#handle, given, steps, temperature, topK, topP, ids, draws, state);
    if (bad < 0) return;
    const expected = `0 to ${this.#vocab - 1}`;
    throw new ShapeError({ op: 'charSampler', problem: 'id out of range', got: ids[bad], expected, code: 'ERR_INDEX' });
  }
}

function windowSizes(d: WindowDims) {
  const sizes = [d.inHeight, d.inWidth, d.kernelHeight, d.kernelWidth, d.outHeight, d.outWidth] as const;
  return [...sizes, d.strideY, d.strideX, d.padTop, d.padLeft, d.dilationY, d.dilationX] as const;
}

function convSizes(d: ConvDims) {
  return [d.batch, d.groups, d.inChannels, d.outChannels, ...windowSizes(d)] as const;
}

export class NativeBackend implements Backend {
  readonly name = 'native';
  readonly #addon: NativeAddon;

  constructor(addon: NativeAddon) {
    this.#addon = addon;
  }

  unary(op: UnaryOp, x: FloatArray, y: FloatArray, p0: number, p1: number): void {
    this.#addon.unary(op, p0, p1, x, y);
  }
  binary(op: BinaryOp, { kind, size, layout }: BroadcastPlan, a: DataArray, b: DataArray, y: DataArray): void {
    this.#addon.binary(op, kind, size, layout, a, b, y);
  }
  compare(op: CompareOp, { kind, size, layout }: BroadcastPlan, a: DataArray, b: DataArray, y: Uint8Array): void {
    this.#addon.compare(op, kind, size, layout, a, b, y);
  }
  select(mask: Uint8Array, a: DataArray, b: DataArray, y: DataArray): void {
    this.#addon.select(mask, a, b, y);
  }
  reduce(op: ReduceOp, x: DataArray, y: DataArray, outer: number, n: number, inner: number): void {
    this.#addon.reduce(op, outer, n, inner, x, y);
  }
  argReduce(op: ArgReduceOp, x: DataArray, y: Int32Array, outer: number, n: number, inner: number): void {
    this.#addon.argReduce(op, outer, n, inner, x, y);
  }
  moments(x: FloatArray, mean: FloatArray, squares: FloatArray, outer: number, n: number, inner: number): void {
    this.#addon.moments(outer, n, inner, x, mean, squares);
  }
  scan(op: ScanOp, reverse: boolean, x: DataArray, y: DataArray, outer: number, n: number, inner: number): void {
    this.#addon.scan(op, reverse, outer, n, inner, x, y);
  }
  linearScan(
    reverse: boolean,
    a: FloatArray,
    b: FloatArray,
    y: FloatArray,
    outer: number,
    n: number,
    inner: number,
  ): void {
    this.#addon.linearScan(reverse, outer, n, inner, a, b, y);
  }
  extremeScan(
    op: ArgReduceOp,
    x: DataArray,
    y: DataArray,
    indices: Int32Array,
    outer: number,
    n: number,
    inner: number,
  ): void {
    this.#addon.extremeScan(op, outer, n, inner, x, y, indices);
  }
  sortRows(
    descending: boolean,
    x: DataArray,
    y: DataArray | null,
    indices: Int32Array | null,
    rows: number,
    n: number,
  ): void {
    this.#addon.sortRows(descending, rows, n, x, y, indices);
  }
  topRows(largest: boolean, x: DataArray, indices: Int32Array, rows: number, n: number, k: number): void {
    this.#addon.topRows(largest, rows, n, k, x, indices);
  }
  rankRows(x: DataArray, ranks: Int32Array, indices: Int32Array, rows: number, n: number, m: number): number {
    return this.#addon.rankRows(rows, n, m, x, ranks, indices);
  }
  copyStrided(x: DataArray, xOffset: number, y: DataArray, yOffset: number, layout: Int32Array): void {
    this.#addon.copyStrided(xOffset, yOffset, layout, x, y);
  }
  gemm(
    transA: boolean,
    transB: boolean,
    m: number,
    n: number,
    k: number,
    a: FloatArray,
    b: FloatArray,
    c: FloatArray,
    accumulate: boolean,
    bias: FloatArray | null,
    batch: number,
    aStride: number,
    bStride: number,
    cStride: number,
  ): void {
    this.#addon.gemm(transA, transB, accumulate, m, n, k, batch, aStride, bStride, cStride, a, b, c, bias);
  }
  gatherRows(table: DataArray, ids: Int32Array, y: DataArray, width: number): number {
    return this.#addon.gatherRows(width, table, ids, y);
  }
  scatterAddRows(src: DataArray, ids: Int32Array, table: DataArray, width: number): number {
    return this.#addon.scatterAddRows(width, src, ids, table);
  }
  setRows(src: DataArray, ids: Int32Array, table: DataArray, width: number): number {
    return this.#addon.setRows(width, src, ids, table);
  }
  places(
    ids: Int32Array,
    places: Int32Array,
    layout: Int32Array,
    n: number,
    stride: number,
    wrap: boolean,
    accumulate: boolean,
  ): number {
    return this.#addon.places(n, stride, wrap, accumulate, layout, ids, places);
  }
  nonzero(mask: Uint8Array, places: Int32Array | null): number {
    return this.#addon.nonzero(places?.length ?? 0, mask, places);
  }
  softmax(log: boolean, x: FloatArray, y: FloatArray, rows: number, n: number): void {
    this.#addon.softmax(log, rows, n, x, y);
  }
  softmaxBackward(log: boolean, y: FloatArray, dy: FloatArray, dx: FloatArray, rows: number, n: number): void {
    this.#addon.softmaxBackward(log, rows, n, y, dy, dx);
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
    return this.#addon.crossEntropy(rows, classes, ignoreIndex, x, targets, losses, lse);
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
    this.#addon.crossEntropyBackward(rows, classes, ignoreIndex, x, targets, lse, dLosses, dx);
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
    this.#addon.layerNorm(rows, n, eps, x, weight, bias, y, mean, rstd);
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
    this.#addon.layerNormBackward(rows, n, x, weight, mean, rstd, dy, dx, dWeight, dBias);
  }
  batchMoments(
    x: FloatArray,
    mean: FloatArray,
    variance: FloatArray,
    batch: number,
    channels: number,
    n: number,
  ): void {
    this.#addon.batchMoments(batch, channels, n, x, mean, variance);
  }
  channelNorm({ batch, channels, inner, groups }: ChannelNormDims, a: ChannelNormInputs, y: FloatArray): void {
    this.#addon.channelNorm(batch, channels, inner, groups, a.x, a.weight, a.bias, a.mean, a.rstd, y);
  }
  channelNormBackward(dims: ChannelNormDims, a: ChannelNormGradsIn, { dx, dWeight, dBias }: ChannelNormGradsOut): void {
    const { batch, channels, inner, groups } = dims;
    const operands = [a.fixed, a.x, a.weight, a.mean, a.rstd, a.dy] as const;
    this.#addon.channelNormBackward(batch, channels, inner, groups, ...operands, dx, dWeight, dBias);
  }
  lstmWorkspaceSize({ steps, batch, inputs, hidden, reverse }: RecurrentDims): number {
    return this.#addon.lstmWorkspaceSize(steps, batch, inputs, hidden, reverse);
  }
  lstm({ steps, batch, inputs, hidden, reverse }: RecurrentDims, a: LstmInputs, out: LstmOutputs): void {
    const { x, wIh, wHh, bIh, bHh, h0, c0 } = a;
    const { y, hN, cN, workspace } = out;
    this.#addon.lstm(steps, batch, inputs, hidden, reverse, x, wIh, wHh, bIh, bHh, h0, c0, y, hN, cN, workspace);
  }
  lstmBackward(
    { steps, batch, inputs, hidden, reverse }: RecurrentDims,
    { x, wIh, wHh, bIh, bHh, h0, c0 }: LstmInputs,
    y: FloatArray,
    workspace: FloatArray,
    { dy, dhN, dcN }: LstmGradsIn,
    { dx, dwIh, dwHh, db, dh0, dc0 }: LstmGradsOut,
  ): void {
    const operands = [x, wIh, wHh, bIh, bHh, h0, c0] as const;
    const grads = [dy, dhN, dcN, dx, dwIh, dwHh, db, dh0, dc0] as const;
    this.#addon.lstmBackward(steps, batch, inputs, hidden, reverse, ...operands, y, workspace, ...grads);
  }
  conv2d(dims: ConvDims, x: FloatArray, w: FloatArray, bias: FloatArray | null, y: FloatArray): void {
    this.#addon.conv2d(...convSizes(dims), x, w, bias, y);
  }
  conv2dBackwardData(dims: ConvDims, w: FloatArray, dy: FloatArray, dx: FloatArray): void {
    this.#addon.conv2dBackwardData(...convSizes(dims), w, dy, dx);
  }
  conv2dBackwardWeight(dims: ConvDims, x: FloatArray, dy: FloatArray, dw: FloatArray, db: FloatArray | null): void {
    this.#addon.conv2dBackwardWeight(...convSizes(dims), x, dy, dw, db);
  }
  maxPool2d(dims: PoolDims, x: FloatArray, y: FloatArray, indices: Int32Array | null): void {
    this.#addon.maxPool2d(dims.planes, ...windowSizes(dims), x, y, indices);
  }
  maxPool2dBackward(dims: PoolDims, dy: FloatArray, indices: Int32Array, dx: FloatArray): void {
    this.#addon.maxPool2dBackward(dims.planes, ...windowSizes(dims), dy, indices, dx);
  }
  im2col(dims: PoolDims, x: FloatArray, columns: FloatArray): void {
    this.#addon.im2col(dims.planes, ...windowSizes(dims), x, columns);
  }
  col2im(dims: PoolDims, columns: FloatArray, x: FloatArray): void {
    this.#addon.col2im(dims.planes, ...windowSizes(dims), columns, x);
  }
  resample(d: ResampleDims, rows: Band | null, columns: Band | null, x: FloatArray, y: FloatArray): void {
    const sizes = [d.planes, d.inHeight, d.inWidth, d.outHeight, d.outWidth] as const;
    const bands = [
      rows?.spans ?? null,
      rows?.weights ?? null,
      columns?.spans ?? null,
      columns?.weights ?? null,
    ] as const;
    this.#addon.resample(...sizes, rows?.taps ?? 0, columns?.taps ?? 0, ...bands, x, y);
  }
  gruWorkspaceSize({ steps, batch, inputs, hidden, reverse }: RecurrentDims): number {
    return this.#addon.gruWorkspaceSize(steps, batch, inputs, hidden, reverse);
  }
  gru({ steps, batch, inputs, hidden, reverse }: RecurrentDims, a: RecurrentInputs, out: GruOutputs): void {
    const { x, wIh, wHh, bIh, bHh, h0 } = a;
    this.#addon.gru(steps, batch, inputs, hidden, reverse, x, wIh, wHh, bIh, bHh, h0, out.y, out.hN, out.workspace);
  }
  gruBackward(
    { steps, batch, inputs, hidden, reverse }: RecurrentDims,
    { x, wIh, wHh, bIh, bHh, h0 }: RecurrentInputs,
    y: FloatArray,
    workspace: FloatArray,
    { dy, dhN }: RecurrentGradsIn,
    { dx, dwIh, dwHh, dbIh, dbHh, dh0 }: GruGradsOut,
  ): void {
    const operands = [x, wIh, wHh, bIh, bHh, h0] as const;
    const grads = [dy, dhN, dx, dwIh, dwHh, dbIh, dbHh, dh0] as const;
    this.#addon.gruBackward(steps, batch, inputs, hidden, reverse, ...operands, y, workspace, ...grads);
  }
  rnn(dims: RecurrentDims, relu: boolean, a: RecurrentInputs, { y, hN }: RecurrentOutputs): void {
    const { steps, batch, inputs, hidden, reverse } = dims;
    const { x, wIh, wHh, bIh, bHh, h0 } = a;
    this.#addon.rnn(steps, batch, inputs, hidden, reverse, relu, x, wIh, wHh, bIh, bHh, h0, y, hN);
  }
  rnnBackward(
    { steps, batch, inputs, hidden, reverse }: RecurrentDims,
    relu: boolean,
    { x, wIh, wHh, bIh, bHh, h0 }: RecurrentInputs,
    y: FloatArray,
    { dy, dhN }: RecurrentGradsIn,
    { dx, dwIh, dwHh, db, dh0 }: RnnGradsOut,
  ): void {
    const operands = [x, wIh, wHh, bIh, bHh, h0] as const;
    const grads = [dy, dhN, dx, dwIh, dwHh, db, dh0] as const;
    this.#addon.rnnBackward(steps, batch, inputs, hidden, reverse, relu, ...operands, y, ...grads);
  }
  uniform(seedLo: number, seedHi: number, streamLo: number, streamHi: number, block: number, y: Float32Array): void {
    this.#addon.uniform(seedLo, seedHi, streamLo, streamHi, block, y);
  }
  adam(
    params: readonly FloatArray[],
    grads: readonly FloatArray[],
    m: readonly FloatArray[],
    v: readonly FloatArray[],
    vMax: readonly FloatArray[] | null,
    s: AdamStep,
  ): void {
    const rates = [s.lr, s.beta1, s.beta2, s.eps, s.weightDecay, s.biasCorrection1, s.biasCorrection2] as const;
    this.#addon.adam(params, grads, m, v, vMax, ...rates, s.decoupled, s.maximize);
  }
  sgd(
    params: readonly FloatArray[],
    grads: readonly FloatArray[],
    momentum: readonly FloatArray[] | null,
    s: SgdStep,
  ): void {
    const rates = [s.lr, s.momentum, s.dampening, s.weightDecay] as const;
    this.#addon.sgd(params, grads, momentum, ...rates, s.nesterov, s.maximize, s.first);
  }
  update(
    rule: UpdateRule,
    params: readonly FloatArray[],
    grads: readonly FloatArray[],
    [first, second = null, third = null]: UpdateStates,
    s: UpdateStep,
  ): void {
    const rates = [s.rate, s.beta1, s.beta2, s.eps, s.weightDecay, s.keep, s.momentum, s.correction] as const;
    const others = [s.average, s.grow, s.shrink, s.low, s.high, s.adaptive, s.maximize] as const;
    this.#addon.update(params, grads, first, second, third, rule, ...rates, ...others);
  }
  sumSquares(arrays: readonly FloatArray[]): number {
    return this.#addon.sumSquares(arrays);
  }
  scale(arrays: readonly FloatArray[], factor: number): void {
    this.#addon.scale(arrays, factor);
  }
  createCharSampler(weights: CharSamplerWeights): CharSampler {
    return new NativeCharSampler(this.#addon, weights);
  }
}
