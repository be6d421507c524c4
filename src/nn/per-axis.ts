/** Options that are a number for every axis, or one each. */

import { ConfigError } from '../errors.ts';
import type { PerAxis } from '../ops/index.ts';

/**
 * One integer an axis, each at least `low`.
 *
 * @throws ConfigError  if it is no such thing
 */
export function checkPerAxis(module: string, name: string, value: PerAxis, axes: number, low: number): number[] {
  const list = typeof value === 'number' ? [value] : [...value];
  const each = list.length === 1 ? new Array<number>(axes).fill(list[0]) : list;
  if (each.length === axes && each.every((v) => Number.isSafeInteger(v) && v >= low)) return each;
  const several = axes === 1 ? '' : `, or ${axes} of them`;
  throw new ConfigError({
    op: module,
    problem: `${name} does not fit`,
    got: value,
    expected: `an integer ≥ ${low}${several}`,
  });
}

/** `3` for [3, 3], `[3, 2]` otherwise. */
export function showPerAxis(value: PerAxis): string {
  if (typeof value === 'number') return String(value);
  return value.every((v) => v === value[0]) ? String(value[0]) : `[${value.join(', ')}]`;
}
