/** Element types: one table of their array class, size and safetensors name, and the rules of promotion. */

import { DTypeError } from '../errors.ts';

export type DType = 'float32' | 'float64' | 'int32' | 'uint8' | 'bool';
/** The dtypes that have gradients. */
export type FloatDType = 'float32' | 'float64';
export type FloatArray = Float32Array | Float64Array;
/** The storage of a tensor: Float32Array, Float64Array, Int32Array, or Uint8Array (uint8 and bool). */
export type DataArray = Float32Array | Float64Array | Int32Array | Uint8Array;

interface DTypeRow {
  readonly bytes: number;
  readonly array: new (n: number) => DataArray;
  /** The name in a safetensors header. */
  readonly safetensors: string;
  /** The place in promotion: bool < uint8 < int32 < float32 < float64. */
  readonly rank: number;
}

export const dtypes = {
  float32: { bytes: 4, array: Float32Array, safetensors: 'F32', rank: 3 },
  float64: { bytes: 8, array: Float64Array, safetensors: 'F64', rank: 4 },
  int32: { bytes: 4, array: Int32Array, safetensors: 'I32', rank: 2 },
  uint8: { bytes: 1, array: Uint8Array, safetensors: 'U8', rank: 1 },
  bool: { bytes: 1, array: Uint8Array, safetensors: 'BOOL', rank: 0 },
} as const satisfies Record<DType, DTypeRow>;

export function isDType(value: unknown): value is DType {
  return typeof value === 'string' && Object.hasOwn(dtypes, value);
}

/** @throws DTypeError if `value` names no dtype. */
export function checkDType(op: string, value: unknown): DType {
  if (isDType(value)) return value;
  throw new DTypeError({ op, problem: 'unknown dtype', got: value, expected: Object.keys(dtypes).join(' | ') });
}

export function isFloat(dtype: DType): boolean {
  // Not read from the table: operations ask this several times each, and a comparison is a tenth of a lookup.
  return dtype === 'float32' || dtype === 'float64';
}

/** The wider of two dtypes: bool < uint8 < int32 < float32 < float64. */
export function promote(a: DType, b: DType): DType {
  return dtypes[a].rank >= dtypes[b].rank ? a : b;
}

/** The dtype of a mean, a quotient or a transcendental function of `dtype`: floats stay, the rest become float32. */
export function floatOf(dtype: DType): DType {
  return isFloat(dtype) ? dtype : 'float32';
}

/** The dtype of a sum over `dtype`: bool and uint8 count in int32, as the widest integer here. */
export function sumOf(dtype: DType): DType {
  return isFloat(dtype) ? dtype : 'int32';
}

/** A new zeroed array for `n` elements of `dtype`. */
export function newArray(dtype: DType, n: number): DataArray {
  return new dtypes[dtype].array(n);
}
