/** How a result of the library is held against the reference: an account of the first fault, or null. */

import type { Tensor } from '../../src/tensor.ts';
import { type Dims, Illegal, ulps, type Value } from './reference/value.ts';

export type FloatName = 'float32' | 'float64';

/** Rounding errors of doubles in the reference itself, and in an order of operations that is not the library's. */
const SLACK = 8;
const UNIT = { float32: 2 ** -24, float64: 2 ** -53 } as const;
/** Half the spacing of the numbers that are not normal: no result can be nearer than that. */
const SMALLEST = { float32: 2 ** -150, float64: 0 } as const;

export function shapeText(shape: Dims): string {
  return `[${shape.join(', ')}]`;
}

/** Whether `got` may stand for `want`: NaN for NaN alone, each infinity for itself, finite values within the bound. */
function near(got: number, want: number, bound: number | undefined, doubt: number, dtype: FloatName): boolean {
  const rounded = dtype === 'float32' ? Math.fround(want) : want;
  if (got === rounded || (Number.isNaN(got) && Number.isNaN(want))) return true;
  if (bound === undefined) return false;
  // At the end of the range the last bits decide between the largest number and infinity.
  const largest = dtype === 'float32' ? 3.4028234663852886e38 : Number.MAX_VALUE;
  const finite = (v: number): number => Math.min(Math.max(v, -largest), largest);
  if (Number.isNaN(got) || Number.isNaN(want)) return false;
  if (!Number.isFinite(want) && Number.isFinite(got)) return false;
  if (!Number.isFinite(got) && Math.abs(want) < largest * (1 - 1e-6)) return false;
  const slack = dtype === 'float64' ? SLACK : 1;
  // What is within a bound before rounding may be half a place further after it.
  const allowed =
    slack * bound * UNIT[dtype] +
    (UNIT[dtype] * ulps(1, want)) / 2 +
    2 * SMALLEST[dtype] +
    doubt * (1 + Math.abs(want));
  return Math.abs(finite(got) - finite(want)) <= allowed;
}

/** The first fault of one output, or null. */
export function faultOf(got: Tensor, want: Value, dtype: FloatName, inputs: 'float' | 'int32'): string | null {
  const kind = want.dtype ?? inputs;
  // Functions that leave the integers give float32.
  const float: FloatName = inputs === 'int32' ? 'float32' : dtype;
  const wanted = kind === 'float' ? float : kind;
  if (got.dtype !== wanted) return `dtype ${got.dtype}, expected ${wanted}`;
  if (shapeText(got.shape) !== shapeText(want.shape))
    return `shape ${shapeText(got.shape)}, expected ${shapeText(want.shape)}`;
  for (let i = 0; i < want.data.length; i++) {
    const w = want.data[i];
    const fits = kind === 'float' ? near(got.data[i], w, want.bound?.[i], want.doubt ?? 0, float) : got.data[i] === w;
    if (!fits) return `element ${i}: got ${got.data[i]}, expected ${w}, allowed ${want.bound?.[i] ?? 0} u`;
  }
  return null;
}

/** What is wrong with the refusal of an illegal call, or null. */
export function refusalFault(error: unknown, want: Illegal, op: string): string | null {
  if (!(error instanceof Error) || !want.errors.includes(error.name))
    return `expected a ${want.errors.join(' or ')}, got ${error}`;
  if (!error.message.startsWith(`${op}: `)) return `the message does not name ${op}: ${error.message}`;
  const unnamed = want.shapes.filter((shape) => !error.message.includes(shapeText(shape)));
  return unnamed.length === 0 ? null : `the message does not name ${unnamed.map(shapeText)}: ${error.message}`;
}

/** The first fault of a call that gave `got` (or threw), or null. */
export function callFault(
  got: readonly Tensor[] | { thrown: unknown },
  want: readonly Value[] | Illegal,
  op: string,
  dtype: FloatName,
  inputs: 'float' | 'int32',
): string | null {
  if (want instanceof Illegal) {
    if ('thrown' in got) return refusalFault(got.thrown, want, op);
    return `gave ${got.map((t) => shapeText(t.shape))} for a call that must be refused`;
  }
  if ('thrown' in got) return `refused a legal call: ${got.thrown}`;
  if (got.length !== want.length) return `${got.length} outputs, expected ${want.length}`;
  for (let i = 0; i < want.length; i++) {
    const fault = faultOf(got[i], want[i], dtype, inputs);
    if (fault !== null) return `output ${i}: ${fault}`;
  }
  return null;
}

/** Whether two tensors share a byte of memory. */
export function overlap(a: Tensor, b: Tensor): boolean {
  if (a.data.buffer !== b.data.buffer || a.size === 0 || b.size === 0) return false;
  return (
    a.data.byteOffset < b.data.byteOffset + b.data.byteLength &&
    b.data.byteOffset < a.data.byteOffset + a.data.byteLength
  );
}
