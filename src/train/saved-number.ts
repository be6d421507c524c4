/** Numbers in JSON, which has no form for infinities and for what is not a number: those stand as their names. */

import { CheckpointError } from '../errors.ts';

export function saveNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** @throws CheckpointError  if this is not what `saveNumber` gave */
export function restoreNumber(op: string, value: unknown): number {
  if (typeof value === 'number') return value;
  const number = typeof value === 'string' ? Number(value) : 0;
  if (!Number.isFinite(number)) return number;
  throw new CheckpointError({ op, problem: 'a number that was saved is none', got: value });
}

export function saveNumbers(values: Readonly<Record<string, number>>): Record<string, number | string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, saveNumber(value)]));
}

/** @throws CheckpointError  if one is none */
export function restoreNumbers(op: string, values: unknown): Record<string, number> {
  return Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, restoreNumber(op, value)]));
}
