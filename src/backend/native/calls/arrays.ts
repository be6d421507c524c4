/** Calls of the addon for elementwise work, reductions, scans, order, copies, products, indexing and draws. */

import type { DrawPlace } from '../../../core/draws.ts';
import type { DataArray, FloatArray } from '../../../core/dtype.ts';
import type { BroadcastPlan } from '../../../core/shape.ts';
import type { ArgReduceOp, BinaryOp, CompareOp, ReduceOp, ScanOp, UnaryOp } from '../../opcodes.ts';
import type { ArrayKernels } from '../../seam/arrays.ts';
import type { NativeAddon } from '../addon.ts';

/** Element of native/core/args/elementwise.h. */
const [FLOAT32, FLOAT64, INT32, UINT8, BOOL] = [0, 1, 2, 3, 4];

function elementOf(x: DataArray): number {
  if (x instanceof Float32Array) return FLOAT32;
  if (x instanceof Int32Array) return INT32;
  return x instanceof Float64Array ? FLOAT64 : UINT8;
}

export class NativeArrayKernels implements ArrayKernels {
  protected readonly addon: NativeAddon;

  constructor(addon: NativeAddon) {
    this.addon = addon;
  }

  unary(op: UnaryOp, x: FloatArray, y: FloatArray, p0: number, p1: number): void {
    this.addon.unary(op, p0, p1, x, y);
  }
  binary(op: BinaryOp, { kind, size, layout }: BroadcastPlan, a: DataArray, b: DataArray, y: DataArray): void {
    this.addon.binary(op, kind, size, layout, a, b, y);
  }
  compare(op: CompareOp, { kind, size, layout }: BroadcastPlan, a: DataArray, b: DataArray, y: Uint8Array): void {
    this.addon.compare(op, kind, size, layout, a, b, y);
  }
  select(mask: Uint8Array, a: DataArray, b: DataArray, y: DataArray): void {
    this.addon.select(mask, a, b, y);
  }
  lerp(weight: number, a: FloatArray, b: FloatArray, y: FloatArray): void {
    this.addon.lerp(weight, a, b, y);
  }
  isclose(rtol: number, atol: number, equalNan: boolean, a: DataArray, b: DataArray, y: Uint8Array): void {
    this.addon.isclose(rtol, atol, equalNan, a, b, y);
  }
  reduce(op: ReduceOp, x: DataArray, y: DataArray, outer: number, n: number, inner: number): void {
    this.addon.reduce(op, outer, n, inner, x, y);
  }
  argReduce(op: ArgReduceOp, x: DataArray, y: Int32Array, outer: number, n: number, inner: number): void {
    this.addon.argReduce(op, outer, n, inner, x, y);
  }
  extremes(x: DataArray, low: DataArray, high: DataArray, outer: number, n: number, inner: number): void {
    this.addon.extremes(outer, n, inner, x, low, high);
  }
  moments(x: FloatArray, mean: FloatArray, squares: FloatArray, outer: number, n: number, inner: number): void {
    this.addon.moments(outer, n, inner, x, mean, squares);
  }
  scan(op: ScanOp, reverse: boolean, x: DataArray, y: DataArray, outer: number, n: number, inner: number): void {
    this.addon.scan(op, reverse, outer, n, inner, x, y);
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
    this.addon.linearScan(reverse, outer, n, inner, a, b, y);
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
    this.addon.extremeScan(op, outer, n, inner, x, y, indices);
  }
  sortRows(
    descending: boolean,
    x: DataArray,
    y: DataArray | null,
    indices: Int32Array | null,
    rows: number,
    n: number,
  ): void {
    this.addon.sortRows(descending, rows, n, x, y, indices);
  }
  topRows(largest: boolean, x: DataArray, indices: Int32Array, rows: number, n: number, k: number): void {
    this.addon.topRows(largest, rows, n, k, x, indices);
  }
  rankRows(x: DataArray, ranks: Int32Array, indices: Int32Array, rows: number, n: number, m: number): number {
    return this.addon.rankRows(rows, n, m, x, ranks, indices);
  }
  copyStrided(x: DataArray, xOffset: number, y: DataArray, yOffset: number, layout: Int32Array): void {
    this.addon.copyStrided(xOffset, yOffset, layout, x, y);
  }
  convert(x: DataArray, y: DataArray, toBool: boolean): void {
    this.addon.convert(elementOf(x), toBool ? BOOL : elementOf(y), x, y);
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
    this.addon.gemm(transA, transB, accumulate, m, n, k, batch, aStride, bStride, cStride, a, b, c, bias);
  }
  gatherRows(table: DataArray, ids: Int32Array, y: DataArray, width: number, outer: number): number {
    return this.addon.gatherRows(outer, width, table, ids, y);
  }
  scatterAddRows(src: DataArray, ids: Int32Array, table: DataArray, width: number, outer: number): number {
    return this.addon.scatterAddRows(outer, width, src, ids, table);
  }
  setRows(src: DataArray, ids: Int32Array, table: DataArray, width: number, outer: number): number {
    return this.addon.setRows(outer, width, src, ids, table);
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
    return this.addon.places(n, stride, wrap, accumulate, layout, ids, places);
  }
  nonzero(mask: Uint8Array, places: Int32Array | null): number {
    return this.addon.nonzero(places?.length ?? 0, mask, places);
  }
  uniform(seedLo: number, seedHi: number, streamLo: number, streamHi: number, block: number, y: Float32Array): void {
    this.addon.uniform(seedLo, seedHi, streamLo, streamHi, block, y);
  }
  uniformRows(
    { seedLo, seedHi, streamLo, streamHi, block }: DrawPlace,
    stride: number,
    outer: number,
    rows: number,
    inner: number,
    y: Float32Array,
  ): void {
    this.addon.uniformRows(seedLo, seedHi, streamLo, streamHi, block, stride, outer, rows, inner, y);
  }
  uniform53({ seedLo, seedHi, streamLo, streamHi, block }: DrawPlace, y: Float64Array): void {
    this.addon.uniform53(seedLo, seedHi, streamLo, streamHi, block, y);
  }
  normal({ seedLo, seedHi, streamLo, streamHi, block }: DrawPlace, y: FloatArray): void {
    this.addon.normal(seedLo, seedHi, streamLo, streamHi, block, y instanceof Float64Array, y);
  }
  integers({ seedLo, seedHi, streamLo, streamHi, block }: DrawPlace, low: number, count: number, y: Int32Array): void {
    this.addon.integers(seedLo, seedHi, streamLo, streamHi, block, low, count, y);
  }
}
