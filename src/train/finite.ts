/** Whether what was learned is still made of numbers. */

import type { DataArray } from '../core/dtype.ts';
import { DivergenceError } from '../errors.ts';
import type { Module } from '../nn/index.ts';

export function allFinite(array: DataArray): boolean {
  for (let i = 0; i < array.length; i++) if (array[i] - array[i] !== 0) return false;
  return true;
}

/** @throws DivergenceError  naming the first parameter that is not finite */
export function checkWeights(op: string, model: Module): void {
  for (const [name, { data }] of model.namedParameters()) {
    if (allFinite(data)) continue;
    throw new DivergenceError({ op, problem: `${name} is no longer finite`, hint: 'try a smaller rate' });
  }
}
