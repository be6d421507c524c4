/**
 * The functions of the addon for elementwise work, reductions, scans, order, copies, products, indexing and draws.
 * What holds for all of them: `../addon.ts`.
 */

import type { DataArray, FloatArray } from '../../../core/dtype.ts';

type Optional<T> = T | null;
type PlanArguments = [kind: number, size: number, layout: Optional<Int32Array>];

type DrawNumbers = [seedLo: number, seedHi: number, streamLo: number, streamHi: number, block: number];

export interface ArrayFunctions {
  unary(op: number, p0: number, p1: number, x: FloatArray, y: FloatArray): void;
  binary(op: number, ...rest: [...PlanArguments, a: DataArray, b: DataArray, y: DataArray]): void;
  compare(op: number, ...rest: [...PlanArguments, a: DataArray, b: DataArray, y: Uint8Array]): void;
  select(mask: Uint8Array, a: DataArray, b: DataArray, y: DataArray): void;
  lerp(weight: number, a: FloatArray, b: FloatArray, y: FloatArray): void;
  isclose(rtol: number, atol: number, equalNan: boolean, a: DataArray, b: DataArray, y: Uint8Array): void;
  reduce(op: number, outer: number, n: number, inner: number, x: DataArray, y: DataArray): void;
  argReduce(op: number, outer: number, n: number, inner: number, x: DataArray, y: Int32Array): void;
  extremes(outer: number, n: number, inner: number, x: DataArray, low: DataArray, high: DataArray): void;
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
  convert(from: number, to: number, x: DataArray, y: DataArray): void;
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
  gatherRows(outer: number, width: number, table: DataArray, ids: Int32Array, y: DataArray): number;
  scatterAddRows(outer: number, width: number, src: DataArray, ids: Int32Array, table: DataArray): number;
  setRows(outer: number, width: number, src: DataArray, ids: Int32Array, table: DataArray): number;
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
  uniform(...args: [...DrawNumbers, y: Float32Array]): void;
  uniformRows(
    ...args: [...DrawNumbers, stride: number, outer: number, rows: number, inner: number, y: Float32Array]
  ): void;
  uniform53(...args: [...DrawNumbers, y: Float64Array]): void;
  normal(...args: [...DrawNumbers, wide: boolean, y: FloatArray]): void;
  integers(...args: [...DrawNumbers, low: number, count: number, y: Int32Array]): void;
}
