/**
 * The part of the seam for elementwise work, reductions, scans, order, copies, products, indexing and draws.
 * Rules and numeric contract: `backend.ts`.
 */

import type { DrawKernels } from '../../core/draws.ts';
import type { DataArray, FloatArray } from '../../core/dtype.ts';
import type { BroadcastPlan } from '../../core/shape.ts';
import type { ArgReduceOp, BinaryOp, CompareOp, ReduceOp, ScanOp, UnaryOp } from '../opcodes.ts';

export interface ArrayKernels extends DrawKernels {
  /** y = f(x). Any float. */
  unary(op: UnaryOp, x: FloatArray, y: FloatArray, p0: number, p1: number): void;
  /** y = f(a, b). Any float; `ts` also int32 and uint8 (wrapping, division excluded). */
  binary(op: BinaryOp, plan: BroadcastPlan, a: DataArray, b: DataArray, y: DataArray): void;
  /** y = a ? b as 0 or 1. Any float; `ts` also int32 and uint8. */
  compare(op: CompareOp, plan: BroadcastPlan, a: DataArray, b: DataArray, y: Uint8Array): void;
  /** y = mask ≠ 0 ? a : b, all of one length. */
  select(mask: Uint8Array, a: DataArray, b: DataArray, y: DataArray): void;
  /** y = a + weight·(b − a), counted from the nearer end, all of one length. Any float. */
  lerp(weight: number, a: FloatArray, b: FloatArray, y: FloatArray): void;
  /**
   * y = |a − b| ≤ atol + |rtol·b| as 0 or 1, all of one length; infinities are close to themselves alone, NaN to NaN with
   * `equalNan`. Every step is rounded to the class. Any float; `ts` also int32 and uint8, in float64.
   */
  isclose(rtol: number, atol: number, equalNan: boolean, a: DataArray, b: DataArray, y: Uint8Array): void;

  /** [outer, n, inner] → [outer, inner]. Any float; `ts` also int32. */
  reduce(op: ReduceOp, x: DataArray, y: DataArray, outer: number, n: number, inner: number): void;
  argReduce(op: ArgReduceOp, x: DataArray, y: Int32Array, outer: number, n: number, inner: number): void;
  /** What `reduce` gives as the smallest and as the largest. */
  extremes(x: DataArray, low: DataArray, high: DataArray, outer: number, n: number, inner: number): void;

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
  /** y = x in the class of y as typed arrays convert (integers truncate and wrap), or x ≠ 0 as 1. Of any dtype, everywhere. */
  convert(x: DataArray, y: DataArray, toBool: boolean): void;

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
   * y[o, i, :] = table[o, ids[i], :] for rows of `width` elements in each of `outer` tables; any dtype. Returns −1, or
   * the place of the first id out of range, in which case nothing is written.
   */
  gatherRows(table: DataArray, ids: Int32Array, y: DataArray, width: number, outer: number): number;
  /** table[o, ids[i], :] += src[o, i, :], for each row in ascending i. Returns as `gatherRows`. Any float, int32. */
  scatterAddRows(src: DataArray, ids: Int32Array, table: DataArray, width: number, outer: number): number;
  /** table[o, ids[i], :] = src[o, i, :] in ascending i, so that the last of an id counts; any dtype. Returns as `gatherRows`. */
  setRows(src: DataArray, ids: Int32Array, table: DataArray, width: number, outer: number): number;
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
}
