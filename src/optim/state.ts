/** What an optimizer remembers of each parameter, saved and loaded in PyTorch's arrangement. */

import { type FloatArray, isFloat, newArray } from '../core/dtype.ts';
import { sameShape } from '../core/shape.ts';
import { describe } from '../errors.ts';
import { Tensor, wrapArray } from '../tensor.ts';

/** Steps taken and other numbers, and tensors of the parameter's shape under PyTorch's names (`exp_avg`, `momentum_buffer` …). */
export type ParameterState = Record<string, Tensor | number>;

/** A count of steps, a number, or a tensor of the parameter's shape. */
export type StateKind = 'count' | 'number' | 'tensor';

/**
 * Plain data, as torch.optim's `state_dict()`: the state by the number of the parameter (counted through all groups),
 * and for each group its options and the numbers of its parameters.
 */
export interface OptimizerStateDict {
  state: Record<string, ParameterState>;
  paramGroups: (Record<string, unknown> & { params: number[] })[];
}

/** Whether what came from a file is arranged as a state dict; its contents are another matter. */
export function isStateDict(value: unknown): value is OptimizerStateDict {
  const isObject = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null;
  if (!isObject(value) || !isObject(value.state) || !Array.isArray(value.paramGroups)) return false;
  return value.paramGroups.every((group) => isObject(group) && Array.isArray(group.params));
}

/** Zeros of a parameter's shape and dtype, or another value, which no `scope` takes back. */
export function zerosOf(parameter: Tensor, value = 0): Tensor {
  const array = newArray(parameter.dtype, parameter.size);
  if (value !== 0) array.fill(value);
  return wrapArray(array, parameter.shape, parameter.dtype);
}

/** The arrays of one kind of state over a batch of parameters. */
export function arraysOf(states: readonly ParameterState[], name: string): FloatArray[] {
  return states.map((state) => (state[name] as Tensor).data as FloatArray);
}

/** What is wrong with the saved state of one parameter, for the error; empty if nothing is. */
export function stateFaults(
  place: string,
  parameter: Tensor,
  layout: Readonly<Record<string, StateKind>>,
  saved: unknown,
): string[] {
  if (typeof saved !== 'object' || saved === null) return [`state ${place} (${describe(saved)} is no state)`];
  const faults: string[] = [];
  for (const name of Object.keys(saved)) if (!Object.hasOwn(layout, name)) faults.push(`unexpected ${place}.${name}`);
  for (const [name, kind] of Object.entries(layout)) {
    const value = (saved as Record<string, unknown>)[name];
    if (value === undefined) faults.push(`missing ${place}.${name}`);
    else if (kind === 'count') {
      if (!Number.isSafeInteger(value) || (value as number) < 0)
        faults.push(`wrong ${place}.${name} (${describe(value)})`);
    } else if (kind === 'number') {
      if (!Number.isFinite(value)) faults.push(`wrong ${place}.${name} (${describe(value)})`);
    } else if (!(value instanceof Tensor) || !isFloat(value.dtype)) {
      faults.push(`wrong ${place}.${name} (${describe(value)} is no tensor of floats)`);
    } else if (!sameShape(value.shape, parameter.shape)) {
      faults.push(`wrong ${place}.${name} (${describe(value.shape)}, not ${describe(parameter.shape)})`);
    }
  }
  return faults;
}

/** A copy of saved state, in the parameter's dtype. */
export function copyState(parameter: Tensor, saved: ParameterState): ParameterState {
  return Object.fromEntries(
    Object.entries(saved).map(([name, value]) => {
      if (typeof value === 'number') return [name, value];
      const copy = zerosOf(parameter);
      copy.data.set(value.data);
      return [name, copy];
    }),
  );
}
