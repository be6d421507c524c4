/** Arguments of a native call as data, so that one test can spoil each in turn, and their placing between canaries. */

export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;
type ArrayClass = new (buffer: ArrayBufferLike, offset: number, length: number) => TypedArray;

/** What a kernel does with an array: reads it, overwrites it (in place if it likes), or reads and writes it. */
export type Role = 'in' | 'out' | 'inPlace' | 'inOut';

export interface ArrayArgument {
  readonly kind: 'array';
  readonly type: ArrayClass & { readonly BYTES_PER_ELEMENT: number; readonly name: string };
  readonly n: number;
  readonly role: Role;
  readonly values: readonly number[] | null;
  /** null may stand in its place. */
  readonly optional: boolean;
  /** Its length is a size of the problem, so a shorter one is no mistake of its own. */
  readonly gives: boolean;
}
export interface ListArgument {
  readonly kind: 'list';
  readonly items: readonly ArrayArgument[];
  readonly optional: boolean;
  readonly counts: boolean;
}
export interface ScalarArgument {
  readonly kind: 'integer' | 'number' | 'flag';
  readonly value: number | boolean;
  /** The least value an integer takes. */
  readonly low: number;
}
export type Argument = ArrayArgument | ListArgument | ScalarArgument;

type Options = Partial<Pick<ArrayArgument, 'values' | 'optional' | 'gives'>>;

function array(type: unknown, n: number, role: Role, options: Options): ArrayArgument {
  const klass = type as ArrayArgument['type'];
  return { kind: 'array', type: klass, n, role, values: null, optional: false, gives: false, ...options };
}
export const f32 = (n: number, options: Options = {}): ArrayArgument => array(Float32Array, n, 'in', options);
export const f64 = (n: number): ArrayArgument => array(Float64Array, n, 'in', {});
export const u8 = (values: readonly number[], options: Options = {}): ArrayArgument =>
  array(Uint8Array, values.length, 'in', { values, ...options });
export const i32 = (values: readonly number[], options: Options = {}): ArrayArgument =>
  array(Int32Array, values.length, 'in', { values, ...options });
export const out = (n: number, options: Options = {}): ArrayArgument => array(Float32Array, n, 'out', options);
export const outI32 = (n: number, options: Options = {}): ArrayArgument => array(Int32Array, n, 'out', options);
export const outF64 = (n: number, options: Options = {}): ArrayArgument => array(Float64Array, n, 'out', options);
export const outU8 = (n: number): ArrayArgument => array(Uint8Array, n, 'out', {});
export const inPlace = (n: number): ArrayArgument => array(Float32Array, n, 'inPlace', {});
export const inOut = (n: number, options: Options = {}): ArrayArgument => array(Float32Array, n, 'inOut', options);
export const inOutI32 = (values: readonly number[]): ArrayArgument =>
  array(Int32Array, values.length, 'inOut', { values });
export const list = (items: readonly ArrayArgument[], optional = false, counts = false): ListArgument => ({
  kind: 'list',
  items,
  optional,
  counts,
});
export const int = (value: number, low = 0): ScalarArgument => ({ kind: 'integer', value, low });
export const num = (value: number): ScalarArgument => ({ kind: 'number', value, low: 0 });
export const flag = (value: boolean): ScalarArgument => ({ kind: 'flag', value, low: 0 });

const MARGIN = 128;
/** The pattern around every operand: a NaN as a float32, and no likely integer. */
const CANARY = 0x7fc0dead;

/** An array in the middle of a buffer of its own, canaries around it and, until filled, in it. */
export function place({ type, n, role, values }: ArrayArgument, seed: number): TypedArray {
  const bytes = 4 * Math.ceil((n * type.BYTES_PER_ELEMENT) / 4);
  const buffer = new ArrayBuffer(2 * MARGIN + bytes);
  new Uint32Array(buffer).fill(CANARY);
  const view = new type(buffer, MARGIN, n);
  if (role === 'out' || role === 'inPlace') return view;
  for (let i = 0; i < n; i++) view[i] = values ? values[i] : ((i * 37 + seed * 11) % 61) / 64 - 0.4;
  return view;
}

/** Whether every byte around the array is as it was placed. */
export function marginsAreUntouched(array: TypedArray): boolean {
  const words = new Uint32Array(array.buffer);
  const after = array.byteOffset + array.byteLength;
  if (words.subarray(0, array.byteOffset / 4).some((word) => word !== CANARY)) return false;
  if (words.subarray(Math.ceil(after / 4)).some((word) => word !== CANARY)) return false;
  // The last word of an array of bytes may be half outside.
  const expected = new Uint8Array(Uint32Array.of(CANARY).buffer);
  const bytes = new Uint8Array(array.buffer);
  for (let at = after; at % 4 !== 0; at++) if (bytes[at] !== expected[at % 4]) return false;
  return true;
}
