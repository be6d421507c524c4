/** How results are compared: NaN equals NaN alone, infinities their own sign, and the message names the first fault. */

import type { Tensor } from '../../src/tensor.ts';

export interface Values {
  readonly length: number;
  readonly [i: number]: number;
}

/** null where all agree within atol + rtol·|want|, else what the first difference is. */
export function firstDifference(got: Values, want: Values, atol: number, rtol: number): string | null {
  if (got.length !== want.length) return `${got.length} values, expected ${want.length}`;
  for (let i = 0; i < want.length; i++) {
    const [g, w] = [got[i], want[i]];
    if (Object.is(g, w) || (Number.isNaN(g) && Number.isNaN(w))) continue;
    if (Number.isFinite(g) && Number.isFinite(w) && Math.abs(g - w) <= atol + rtol * Math.abs(w)) continue;
    return `at ${i}: got ${g}, expected ${w} (difference ${g - w}, allowed ${atol + rtol * Math.abs(w)})`;
  }
  return null;
}

/** @throws Error  naming the first element that differs */
export function expectClose(got: Tensor, want: Tensor, tolerance: number, what: string): void {
  if (got.dtype !== want.dtype || got.shape.join() !== want.shape.join()) {
    throw new Error(`${what}: got ${got.dtype} [${got.shape}], expected ${want.dtype} [${want.shape}]`);
  }
  const fault = firstDifference(got.data, want.data, tolerance, tolerance);
  if (fault !== null) throw new Error(`${what}: ${fault}`);
}
