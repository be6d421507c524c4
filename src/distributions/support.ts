/** What values a parameter or a draw may have, and the check of it. */

import { ConfigError } from '../errors.ts';
import { add, gt, le, lt, ne, type Operand } from '../ops/index.ts';
import { emptyTensor, type Tensor } from '../tensor.ts';

/** The values a distribution gives a probability to. */
export interface Support {
  /** As an error names it. */
  readonly name: string;
  /** True where a value lies outside. NaN lies nowhere, and is not outside. */
  outside(x: Tensor): Tensor;
  /** A value inside: what is computed with in place of one that is not, so that no gradient becomes NaN. */
  readonly inside: Operand;
}

/** A condition on numbers. */
export interface Constraint {
  readonly name: string;
  readonly holds: (x: number) => boolean;
}

export const real: Constraint = { name: 'a number', holds: (x) => !Number.isNaN(x) };
export const finite: Constraint = { name: 'a finite number', holds: Number.isFinite };
export const positive: Constraint = { name: 'above 0', holds: (x) => x > 0 };
export const nonNegative: Constraint = { name: 'at least 0', holds: (x) => x >= 0 };
export const unitInterval: Constraint = { name: 'from 0 to 1', holds: (x) => x >= 0 && x <= 1 };
export const bit: Constraint = { name: '0 or 1', holds: (x) => x === 0 || x === 1 };
export const count: Constraint = { name: 'an integer of at least 0', holds: (x) => Number.isInteger(x) && x >= 0 };

/** The support that a constraint describes. */
export function supportOf({ name, holds }: Constraint, inside: number): Support {
  return {
    name,
    inside,
    outside(x) {
      const y = emptyTensor(x.shape, 'bool');
      for (let i = 0; i < x.size; i++) y.data[i] = holds(x.data[i]) || Number.isNaN(x.data[i]) ? 0 : 1;
      return y;
    },
  };
}

/** From `low` to `high`, both included. */
export function interval(low: Tensor, high: Tensor): Support {
  return { name: 'within [low, high]', inside: low, outside: (x) => add(lt(x, low), gt(x, high)) };
}

/** Integers from 0 to `last`. */
export function integersTo(last: Operand): Support {
  return {
    name: 'an integer from 0 to the last',
    inside: 0,
    outside: (x) => add(add(lt(x, 0), gt(x, last)), ne(x, x.floor())),
  };
}

/** [low, high): what a uniform density is above 0 on. */
export function halfOpen(x: Tensor, low: Tensor, high: Tensor): Tensor {
  return le(low, x).mul(lt(x, high));
}

/** @throws ConfigError  naming the first value of a parameter that does not meet its constraint (ERR_PARAMETER) */
export function checkParameter(op: string, name: string, x: Tensor, { name: expected, holds }: Constraint): void {
  const { data } = x;
  for (let i = 0; i < data.length; i++) {
    if (holds(data[i])) continue;
    throw new ConfigError({ op, problem: `bad ${name}`, got: data[i], expected, code: 'ERR_PARAMETER' });
  }
}

/** @throws ConfigError  naming the first value outside the support, or NaN (ERR_SUPPORT) */
export function checkInside(op: string, x: Tensor, outside: Tensor, expected: string): void {
  for (let i = 0; i < outside.size; i++) {
    if (outside.data[i] === 0 && !Number.isNaN(x.data[i])) continue;
    const got = x.size === outside.size ? x.data[i] : 'a value outside';
    throw new ConfigError({ op, problem: 'not in the support', got, expected, code: 'ERR_SUPPORT' });
  }
}
