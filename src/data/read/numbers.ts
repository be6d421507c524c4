/** Numbers out of the bytes of a file, in either order of bytes, as the dtypes there are. */

import { type DataArray, type DType, newArray } from '../../core/dtype.ts';
import { MAX_ELEMENTS, MAX_RANK, type Shape } from '../../core/shape.ts';
import { DataError } from '../../errors.ts';

/** What a file stores: floats, signed and unsigned integers by their size in bytes, and bool. */
export type Stored = 'f2' | 'f4' | 'f8' | 'i1' | 'i2' | 'i4' | 'i8' | 'u1' | 'u2' | 'u4' | 'u8' | 'b1';

/** The dtype that holds what is stored; wide integers only where they fit. */
const HELD: Readonly<Record<Stored, DType>> = {
  f2: 'float32',
  f4: 'float32',
  f8: 'float64',
  i1: 'int32',
  i2: 'int32',
  i4: 'int32',
  i8: 'int32',
  u1: 'uint8',
  u2: 'int32',
  u4: 'int32',
  u8: 'int32',
  b1: 'bool',
};

export function isStored(name: string): name is Stored {
  return Object.hasOwn(HELD, name);
}

export function heldAs(stored: Stored): DType {
  return HELD[stored];
}

/** A half-precision float, by its bits. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

type Read = (view: DataView, at: number, little: boolean) => number;

const READ: Readonly<Record<Stored, Read>> = {
  f2: (view, at, little) => fromHalf(view.getUint16(at, little)),
  f4: (view, at, little) => view.getFloat32(at, little),
  f8: (view, at, little) => view.getFloat64(at, little),
  i1: (view, at) => view.getInt8(at),
  i2: (view, at, little) => view.getInt16(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  i8: (view, at, little) => Number(view.getBigInt64(at, little)),
  u1: (view, at) => view.getUint8(at),
  u2: (view, at, little) => view.getUint16(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  u8: (view, at, little) => Number(view.getBigUint64(at, little)),
  b1: (view, at) => (view.getUint8(at) === 0 ? 0 : 1),
};

/** Stored as the array itself lies in memory, on a machine that puts the low byte first. */
const AS_IT_IS: readonly Stored[] = ['f4', 'f8', 'i4', 'u1'];
const LITTLE_MACHINE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * `n` numbers from `bytes`.
 *
 * @throws DataError  if an integer does not fit int32
 */
export function decodeNumbers(op: string, bytes: Uint8Array, stored: Stored, n: number, little: boolean): DataArray {
  const out = newArray(HELD[stored], n);
  const size = Number(stored[1]);
  if (AS_IT_IS.includes(stored) && (size === 1 || little === LITTLE_MACHINE)) {
    new Uint8Array(out.buffer).set(bytes.subarray(0, n * size));
    return out;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = READ[stored];
  const checked = HELD[stored] === 'int32' && size >= 4;
  for (let i = 0; i < n; i++) {
    const value = read(view, i * size, little);
    if (checked && (value | 0) !== value) {
      throw new DataError({ op, problem: `value ${i} does not fit int32`, got: value, expected: '−2³¹ to 2³¹ − 1' });
    }
    out[i] = value;
  }
  return out;
}

/**
 * The number of elements of a shape that a file's header claims.
 *
 * @throws DataError  if no tensor has that shape
 */
export function claimedSize(op: string, name: string, shape: Shape): number {
  const size = shape.reduce((product, n) => product * n, 1);
  const nonzero = shape.reduce((product, n) => product * Math.max(1, n), 1);
  if (shape.length <= MAX_RANK && nonzero <= MAX_ELEMENTS) return size;
  const problem = `the header of ${name} claims a shape that no tensor has`;
  throw new DataError({ op, problem, got: shape, expected: `at most ${MAX_RANK} axes and ${MAX_ELEMENTS} elements` });
}
