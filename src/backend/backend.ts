/**
 * THE seam: everything the tensors ask of a backend. Two stand behind it: `native` (float32, C++ kernels) and `ts`
 * (the reference, any float). One suite, `test/backend/conformance.ts`, runs on both and on every ISA.
 *
 * Rules
 * - Arrays are contiguous and row-major; shapes come as integers. The caller allocates every output, and an output is
 *   overwritten whole unless its method says that it accumulates. Outputs may hold garbage before.
 * - Aliasing: the elementwise methods allow an output to be the very same range as an input of the same size. All
 *   other outputs overlap no input and no other output. The native binding refuses the rest with a BufferError.
 * - Meaning (shapes, dtypes, ranges of options) is the caller's to check; memory safety is checked by the native binding
 *   at every call. Indices are checked by the kernels that follow them.
 * - All float arrays of one call have one class. The native backend takes Float32Array; `kernelsFor(dtype)` sends every
 *   other dtype to `ts`. Int32Array and Uint8Array are taken by `ts` where the method says so.
 *
 * Numeric contract (float32)
 * - + − × ÷ sqrt, comparisons, copies, rounding: the correctly rounded result, the same bits on every backend.
 * - exp, tanh, sigmoid, log …: within 2 ULP on native; correctly rounded but for a last-bit doubt on ts.
 * - Products: K is cut into blocks of `K_BLOCK`; inside a block each element is one chain of fused multiply-adds in
 *   ascending k from 0; block sums are added in ascending order onto the start value (the bias, C itself when
 *   accumulating, else nothing). The recurrent product of an LSTM, GRU or plain layer is one chain over H that starts
 *   from the input part (of a GRU's n from its own bias); dx of a GRU sums over n, r and z in that order.
 *   A product of one row (m = 1) against a transposed, so row-major, B is a dot over 16 virtual lanes per block.
 * - Convolutions are products too. The output runs over k = (channel of the group, kernel row, kernel column) from the
 *   bias; the input's gradient over k = (output channel, kernel row, kernel column), taking those kernel elements alone
 *   whose stride meets the place. The weight's gradient runs over the places of an image, cut into blocks of as many
 *   whole output rows as `K_BLOCK` holds (a longer row: into `K_BLOCK` places); blocks and images are added in ascending
 *   order within each of the at most 16 equal runs of images (fewer where 16 copies of the gradient pass 2²² elements),
 *   and these in ascending order. With at most 4 output channels a group it is a dot over 16 virtual lanes instead, lane
 *   l taking the places l, l + 16, … of each row, and blocks have `REDUCE_BLOCK` for `K_BLOCK`. The bias's gradient adds
 *   the planes, each reduced as a row, in ascending order.
 * - Row reductions (inner = 1): 16 virtual lanes, lane l takes elements l, l + 16, …, folded by the fixed tree
 *   (8, 4, 2, 1); rows longer than `REDUCE_BLOCK` are cut into blocks of that size, each reduced so, and the block
 *   results combined in ascending order. With inner > 1 one ascending chain per output. dWeight and dBias of
 *   `layerNormBackward`: rows are cut into blocks of max(16, ⌈rows / 64⌉), in each one ascending chain per column, and
 *   the blocks' sums are added in ascending order. Sums of a channel in `channelNormBackward`: its planes, each reduced
 *   as a row, in one ascending chain. `batchMoments` joins the moments of planes in float64.
 * - Scans of sums: a line is cut into blocks of `SCAN_BLOCK`; an element is what the blocks before come to, carried in
 *   float64 and rounded once, plus one ascending chain from 0. A block comes to its row reduction, or with inner > 1 to
 *   the end of its chain. Scans of log-sum-exps: with inner = 1 the same blocks, whose results are folded in ascending
 *   order, and each chain starts from that; with inner > 1 one ascending chain. Products and linear scans: one ascending
 *   chain in float64, rounded at each store. Reversed, all of it runs from the end.
 * - Work is split over outputs alone, so bits do not depend on the number of threads; native ISAs with a fused
 *   multiply-add (avx2, avx512, neon) agree to the bit. The `ts` backend accumulates in float64 and rounds once; it and
 *   the SSE2 baseline agree with the rest within the bounds the tests state.
 */

import type { DataArray, FloatArray } from '../core/dtype.ts';
import type { BroadcastPlan } from '../core/shape.ts';
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
} from './arguments.ts';
import type { ArgReduceOp, BinaryOp, CompareOp, ReduceOp, ScanOp, UnaryOp, UpdateRule } from './opcodes.ts';

export const K_BLOCK = 256;
export const REDUCE_BLOCK = 4096;
export const SCAN_BLOCK = 256;

/**
 * A snapshot of a character model that walks one character a step. It copies the weights it is given.
 * `state` is [2, layers, H]: h of every layer, then c.
 */
export interface CharSampler {
  /**
   * Runs `steps` steps (at most 256). ids has steps + 1 elements: step i reads ids[i] and, where i + 1 ≥ given, draws
   * ids[i + 1] with draws[i] in [0, 1), by walking the kept probabilities in ascending id until their sum passes the
   * draw. ids[0 … given − 1] are the caller's (given ≥ 1); a forced step computes no logits.
   */
  run(ids: Int32Array, given: number, steps: number, draws: Float64Array, rule: SamplingRule, state: FloatArray): void;
}

/** Every method a backend has. A missing twin is a compile error. */
export interface Backend {
  readonly name: 'native' | 'ts';

  /** y = f(x). Any float. */
  unary(op: UnaryOp, x: FloatArray, y: FloatArray, p0: number, p1: number): void;
  /** y = f(a, b). Any float; `ts` also int32 and uint8 (wrapping, division excluded). */
  binary(op: BinaryOp, plan: BroadcastPlan, a: DataArray, b: DataArray, y: DataArray): void;
  /** y = a ? b as 0 or 1. Any float; `ts` also int32 and uint8. */
  compare(op: CompareOp, plan: BroadcastPlan, a: DataArray, b: DataArray, y: Uint8Array): void;
  /** y = mask ≠ 0 ? a : b, all of one length. */
  select(mask: Uint8Array, a: DataArray, b: DataArray, y: DataArray): void;

  /** [outer, n, inner] → [outer, inner]. Any float; `ts` also int32. */
  reduce(op: ReduceOp, x: DataArray, y: DataArray, outer: number, n: number, inner: number): void;
  argReduce(op: ArgReduceOp, x: DataArray, y: Int32Array, outer: number, n: number, inner: number): void;

  /** Means, and Σ(x − mean)², of [outer, n, inner] along n; of nothing NaN and 0. */
  moments(x: FloatArray, mean: FloatArray, squares: FloatArray, outer: number, n: number, inner: number): void;

  /**
   * y[k] = x[0] ∘ … ∘ x[k] along n of [outer, n, inner], or with `reverse` x[k] ∘ … ∘ x[n − 1]. Any float; `ts` also
   * int32, sum and product alone.
   */
  scan(op: ScanOp, reverse: boolean, x: DataArray, y: DataArray, outer: number, n: number, inner: number): void;
  /**
   * y[k] = b[k] + a[k]·y[k − 1] along n of [outer, n, inner], or with `reverse`, which is its adjoint, y[k] = b[k] +
   * a[k + 1]·y[k + 1]. a[0] is not read.
   */
  linearScan(
    reverse: boolean,
    a: FloatArray,
    b: FloatArray,
    y: FloatArray,
    outer: number,
    n: number,
    inner: number,
  ): void;
  /** The extreme of x[0] … x[k] and its place: the last of equals, the last NaN once there is one. */
  extremeScan(
    op: ArgReduceOp,
    x: DataArray,
    y: DataArray,
    indices: Int32Array,
    outer: number,
    n: number,
    inner: number,
  ): void;

  /**
   * Rows of n in order, equals as they stood; every NaN counts as the largest, and −0 as 0. Their values go to y and
   * the places they had to `indices`, where wanted; without the places the sign of a zero may be lost. Any dtype in `ts`.
   */
  sortRows(
    descending: boolean,
    x: DataArray,
    y: DataArray | null,
    indices: Int32Array | null,
    rows: number,
    n: number,
  ): void;
  /** The first k places of what `sortRows` gives, in descending order for the largest: indices [rows, k]. Any dtype in `ts`. */
  topRows(largest: boolean, x: DataArray, indices: Int32Array, rows: number, n: number, k: number): void;
  /**
   * For ranks [rows, m] the places that `sortRows` in ascending order gives at those ranks: indices [rows, m]. Returns
   * −1, or the place of the first rank out of range, in which case nothing is written. Any dtype in `ts`.
   */
  rankRows(x: DataArray, ranks: Int32Array, indices: Int32Array, rows: number, n: number, m: number): number;

  /**
   * y[yOffset + Σ iₐ·yStrideₐ] = x[xOffset + Σ iₐ·xStrideₐ] over all indices of the shape; both of one class, any
   * dtype. `layout` is `[rank, dims…, x strides…, y strides…]`; strides may be 0 or negative on the x side. Elements of
   * y that are not named keep their value.
   */
  copyStrided(x: DataArray, xOffset: number, y: DataArray, yOffset: number, layout: Int32Array): void;

  /**
   * c = op(a) · op(b) (+ bias along n) (+ c when `accumulate`), `batch` times; a stride of 0 repeats an operand.
   * op(a) is m×k and op(b) is k×n; a transposed operand is stored the other way round. `accumulate` and `bias` exclude
   * each other. k = 0 gives the start value.
   */
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
  ): void;

  /**
   * y[i, :] = table[ids[i], :] for rows of `width` elements; any dtype. Returns −1, or the place of the first id out of
   * range, in which case nothing is written.
   */
  gatherRows(table: DataArray, ids: Int32Array, y: DataArray, width: number): number;
  /** table[ids[i], :] += src[i, :], for each row of the table in ascending i. Returns as `gatherRows`. Any float, int32. */
  scatterAddRows(src: DataArray, ids: Int32Array, table: DataArray, width: number): number;
  /** table[ids[i], :] = src[i, :] in ascending i, so that the last of an id counts; any dtype. Returns as `gatherRows`. */
  setRows(src: DataArray, ids: Int32Array, table: DataArray, width: number): number;
  /**
   * places[i] = Σ iₐ·baseStrideₐ + id·stride, where id = ids[Σ iₐ·idStrideₐ], over all indices of the shape in row-major
   * order; added to what stands there when `accumulate`. `layout` is `[rank, dims…, base strides…, id strides…]`, none
   * negative. Ids lie in [0, n), or with `wrap` in [−n, n), where a negative one counts from the end. Returns −1, or the
   * place among the ids of the first out of range (nothing is written).
   */
  places(
    ids: Int32Array,
    places: Int32Array,
    layout: Int32Array,
    n: number,
    stride: number,
    wrap: boolean,
    accumulate: boolean,
  ): number;
  /** The places where the mask is not 0, in ascending order, as many as `places` has room for. Returns how many there are. */
  nonzero(mask: Uint8Array, places: Int32Array | null): number;

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

  /** Elements of the workspace that `lstm` fills and `lstmBackward` reads. */
  lstmWorkspaceSize(dims: RecurrentDims): number;
  /** i, f, o = σ(·), g = tanh(·) of x·wIhᵀ + bIh + bHh + h·wHhᵀ; c = f·c + i·g; h = o·tanh(c). */
  lstm(dims: RecurrentDims, inputs: LstmInputs, out: LstmOutputs): void;
  /** Gradients through the whole sequence; the workspace is consumed (its content is undefined afterwards). */
  lstmBackward(
    dims: RecurrentDims,
    inputs: LstmInputs,
    y: FloatArray,
    workspace: FloatArray,
    given: LstmGradsIn,
    out: LstmGradsOut,
  ): void;

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

  /** Elements of the workspace that `gru` fills and `gruBackward` reads. */
  gruWorkspaceSize(dims: RecurrentDims): number;
  /** r, z = σ(·) of x·wIhᵀ + bIh + h·wHhᵀ + bHh; n = tanh(x·wInᵀ + bIn + r·(h·wHnᵀ + bHn)); h = n + z·(h − n). */
  gru(dims: RecurrentDims, inputs: RecurrentInputs, out: GruOutputs): void;
  /** Gradients through the whole sequence; the workspace is consumed (its content is undefined afterwards). */
  gruBackward(
    dims: RecurrentDims,
    inputs: RecurrentInputs,
    y: FloatArray,
    workspace: FloatArray,
    given: RecurrentGradsIn,
    out: GruGradsOut,
  ): void;

  /** h = f(x·wIhᵀ + bIh + h·wHhᵀ + bHh), f = tanh or, with `relu`, the positive part. */
  rnn(dims: RecurrentDims, relu: boolean, inputs: RecurrentInputs, out: RecurrentOutputs): void;
  /** Gradients through the whole sequence; everything they need besides the inputs is in y. */
  rnnBackward(
    dims: RecurrentDims,
    relu: boolean,
    inputs: RecurrentInputs,
    y: FloatArray,
    given: RecurrentGradsIn,
    out: RnnGradsOut,
  ): void;

  /**
   * Uniforms in [0, 1) from Philox4x32-10 with key (seedLo, seedHi) and counter (block low, block high,
   * streamLo, streamHi), the block counted up from `block` (an integer below 2⁵³). Each block gives four words in order, each
   * word one float32: (word >>> 8)·2⁻²⁴.
   */
  uniform(seedLo: number, seedHi: number, streamLo: number, streamHi: number, block: number, y: Float32Array): void;

  /** One Adam step over all parameters; vMax is the running maximum of AMSGrad, or null. */
  adam(
    params: readonly FloatArray[],
    grads: readonly FloatArray[],
    m: readonly FloatArray[],
    v: readonly FloatArray[],
    vMax: readonly FloatArray[] | null,
    step: AdamStep,
  ): void;
  /** One SGD step over all parameters; `momentum` holds the buffers, or is null when momentum is 0. */
  sgd(
    params: readonly FloatArray[],
    grads: readonly FloatArray[],
    momentum: readonly FloatArray[] | null,
    step: SgdStep,
  ): void;
  /** One step of another rule over all parameters. */
  update(
    rule: UpdateRule,
    params: readonly FloatArray[],
    grads: readonly FloatArray[],
    states: UpdateStates,
    step: UpdateStep,
  ): void;
  /** Σ x² over all arrays in float64, in blocks of `REDUCE_BLOCK` added in index order. */
  sumSquares(arrays: readonly FloatArray[]): number;
  /** x ·= factor for all arrays. */
  scale(arrays: readonly FloatArray[], factor: number): void;

  createCharSampler(weights: CharSamplerWeights): CharSampler;
}
