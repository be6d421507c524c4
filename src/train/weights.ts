/** What was learned: whether it is still made of numbers, and copies of it. */

import type { DataArray } from '../core/dtype.ts';
import { DivergenceError } from '../errors.ts';
import type { Module, StateDict } from '../nn/index.ts';
import { wrapArray } from '../tensor.ts';

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

/** A state dict of its own memory, which no later step changes. */
export function copyWeights(model: Module): StateDict {
  const tensors = Object.entries(model.stateDict());
  return Object.fromEntries(
    tensors.map(([name, { data, shape, dtype }]) => [name, wrapArray(data.slice(), shape, dtype)]),
  );
}
