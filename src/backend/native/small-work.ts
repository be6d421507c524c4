/**
 * The native backend as it is used: elementwise work and copies of few elements stay in TypeScript, where the result is defined
 * to the bit and so is the same on either side. A crossing into the addon costs more than such work itself.
 */

import { type DrawPlace, integers, normal, uniform53 } from '../../core/draws.ts';
import type { DataArray, FloatArray } from '../../core/dtype.ts';
import type { BroadcastPlan } from '../../core/shape.ts';
import { BinaryOp, type CompareOp, UnaryOp } from '../opcodes.ts';
import { binary, compare, isclose, lerp, select } from '../ts/broadcast.ts';
import { unary } from '../ts/elementwise.ts';
import { convert, copyStrided } from '../ts/movement.ts';
import { gatherRows, nonzero, places, scatterAddRows, setRows } from '../ts/rows.ts';
import { NativeBackend } from './native.ts';

/**
 * The most elements that stay in TypeScript. A call of the addon with three arrays takes 150 to 200 ns, an element in
 * TypeScript about 1 ns: `bench/small-ops.ts` shows both sides.
 */
export const SMALL_WORK = 128;

/** The most draws that stay in TypeScript: each takes some 30 ns there, and the addon makes many at a time. */
const FEW_DRAWS = 16;

/** Functions that are rounded correctly, or that choose or move values: one result on every backend. */
const exactUnary = new Set<UnaryOp>([
  UnaryOp.neg,
  UnaryOp.abs,
  UnaryOp.sign,
  UnaryOp.square,
  UnaryOp.sqrt,
  UnaryOp.reciprocal,
  UnaryOp.relu,
  UnaryOp.clamp,
  UnaryOp.affine,
  UnaryOp.leakyRelu,
  UnaryOp.threshold,
  UnaryOp.floor,
  UnaryOp.ceil,
  UnaryOp.round,
  UnaryOp.trunc,
  UnaryOp.softshrink,
  UnaryOp.hardshrink,
  UnaryOp.nanToNum,
]);
const exactBinary = new Set<BinaryOp>([
  BinaryOp.add,
  BinaryOp.sub,
  BinaryOp.mul,
  BinaryOp.div,
  BinaryOp.maximum,
  BinaryOp.minimum,
  BinaryOp.gate,
  BinaryOp.fmod,
  BinaryOp.copysign,
  BinaryOp.prelu,
]);

/** A table by opcode, which is read at every call. */
function byOpcode(exact: ReadonlySet<number>, opcodes: Record<string, number>): readonly boolean[] {
  return Array.from({ length: Object.keys(opcodes).length }, (_, op) => exact.has(op));
}

const unaryIsExact = byOpcode(exactUnary, UnaryOp);
const binaryIsExact = byOpcode(exactBinary, BinaryOp);

export class SmallWorkBackend extends NativeBackend {
  /** The most elements that stay in TypeScript; 0 sends all of them to the addon, for tests of its kernels. */
  smallWork = SMALL_WORK;

  /** A detached array has no elements: it goes to the addon, which refuses it. */
  #isSmall(size: number, a: DataArray, b: DataArray, y: DataArray): boolean {
    return size <= this.smallWork && y.length >= size && a.length > 0 && b.length > 0;
  }

  #isFew(y: DataArray): boolean {
    return y.length <= Math.min(this.smallWork, FEW_DRAWS);
  }

  override unary(op: UnaryOp, x: FloatArray, y: FloatArray, p0: number, p1: number): void {
    if (unaryIsExact[op] && this.#isSmall(x.length, x, x, y)) unary(op, x, y, p0, p1);
    else super.unary(op, x, y, p0, p1);
  }

  override binary(op: BinaryOp, plan: BroadcastPlan, a: DataArray, b: DataArray, y: DataArray): void {
    if (binaryIsExact[op] && this.#isSmall(plan.size, a, b, y)) binary(op, plan, a, b, y);
    else super.binary(op, plan, a, b, y);
  }

  override compare(op: CompareOp, plan: BroadcastPlan, a: DataArray, b: DataArray, y: Uint8Array): void {
    if (this.#isSmall(plan.size, a, b, y)) compare(op, plan, a, b, y);
    else super.compare(op, plan, a, b, y);
  }

  override copyStrided(x: DataArray, xOffset: number, y: DataArray, yOffset: number, layout: Int32Array): void {
    let size = 1;
    for (let axis = 1; axis <= layout[0]; axis++) size *= layout[axis];
    if (size <= this.smallWork && x.length > 0 && y.length >= size) copyStrided(x, xOffset, y, yOffset, layout);
    else super.copyStrided(x, xOffset, y, yOffset, layout);
  }

  override convert(x: DataArray, y: DataArray, toBool: boolean): void {
    if (this.#isSmall(x.length, x, x, y)) convert(x, y, toBool);
    else super.convert(x, y, toBool);
  }

  override uniform53(place: DrawPlace, y: Float64Array): void {
    if (this.#isFew(y)) uniform53(place, y);
    else super.uniform53(place, y);
  }

  override normal(place: DrawPlace, y: FloatArray): void {
    if (this.#isFew(y)) normal(place, y);
    else super.normal(place, y);
  }

  override integers(place: DrawPlace, low: number, count: number, y: Int32Array): void {
    if (this.#isFew(y)) integers(place, low, count, y);
    else super.integers(place, low, count, y);
  }

  override select(mask: Uint8Array, a: DataArray, b: DataArray, y: DataArray): void {
    if (this.#isSmall(mask.length, a, b, y)) select(mask, a, b, y);
    else super.select(mask, a, b, y);
  }

  override lerp(weight: number, a: FloatArray, b: FloatArray, y: FloatArray): void {
    if (b.length === a.length && this.#isSmall(a.length, a, b, y)) lerp(weight, a, b, y);
    else super.lerp(weight, a, b, y);
  }

  override isclose(rtol: number, atol: number, equalNan: boolean, a: DataArray, b: DataArray, y: Uint8Array): void {
    if (b.length === a.length && this.#isSmall(a.length, a, b, y)) isclose(rtol, atol, equalNan, a, b, y);
    else super.isclose(rtol, atol, equalNan, a, b, y);
  }

  override gatherRows(table: DataArray, ids: Int32Array, y: DataArray, width: number, outer: number): number {
    const small = this.#isSmall(ids.length * width * outer, table, ids, y);
    return small ? gatherRows(table, ids, y, width, outer) : super.gatherRows(table, ids, y, width, outer);
  }

  override scatterAddRows(src: DataArray, ids: Int32Array, table: DataArray, width: number, outer: number): number {
    const small = this.#isSmall(ids.length * width * outer, table, ids, src);
    return small ? scatterAddRows(src, ids, table, width, outer) : super.scatterAddRows(src, ids, table, width, outer);
  }

  override setRows(src: DataArray, ids: Int32Array, table: DataArray, width: number, outer: number): number {
    const small = this.#isSmall(ids.length * width * outer, table, ids, src);
    return small ? setRows(src, ids, table, width, outer) : super.setRows(src, ids, table, width, outer);
  }

  override places(
    ids: Int32Array,
    out: Int32Array,
    layout: Int32Array,
    n: number,
    stride: number,
    wrap: boolean,
    accumulate: boolean,
  ): number {
    const small = this.#isSmall(out.length, ids, ids, out);
    return small
      ? places(ids, out, layout, n, stride, wrap, accumulate)
      : super.places(ids, out, layout, n, stride, wrap, accumulate);
  }

  override nonzero(mask: Uint8Array, found: Int32Array | null): number {
    return this.#isSmall(mask.length, mask, mask, mask) ? nonzero(mask, found) : super.nonzero(mask, found);
  }
}
