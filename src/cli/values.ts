/** What an option takes, as text on the command line or as JSON in a checkpoint. One rule serves both. */

import { ConfigError } from '../errors.ts';
import type { Horizon } from '../train/index.ts';

/** A kind of value: how its text is read, which values it has, and how a message says so. */
export interface Rule<T> {
  readonly expected: string;
  readonly read: (text: string) => unknown;
  readonly accepts: (value: unknown) => value is T;
}

const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
/** The largest count. Sizes that are too large for the machine are refused later, with an estimate. */
const LARGEST_COUNT = 2 ** 40;
const LARGEST_SEED = 2n ** 64n - 1n;

/** The value of an option's text. @throws ConfigError naming the option, what was given and what would do */
export function fromText<T>(option: string, { expected, read, accepts }: Rule<T>, text: string): T {
  const value = read(text);
  if (accepts(value)) return value;
  throw new ConfigError({ op: option, problem: 'it does not take this value', got: JSON.stringify(text), expected });
}

/** A value that was saved. @throws ConfigError naming its key */
export function fromSaved<T>(key: string, { expected, accepts }: Rule<T>, value: unknown): T {
  if (accepts(value)) return value;
  const got = JSON.stringify(value);
  throw new ConfigError({ op: 'resume', problem: `the saved configuration has a bad ${key}`, got, expected });
}

function numbers(expected: string, accepts: (value: number) => boolean): Rule<number> {
  return {
    expected,
    read: (text) => (DECIMAL.test(text.trim()) ? Number(text) : undefined),
    accepts: (value): value is number => typeof value === 'number' && Number.isFinite(value) && accepts(value),
  };
}

export function count(least = 1): Rule<number> {
  const isCount = (value: number) => Number.isInteger(value) && value >= least && value <= LARGEST_COUNT;
  return numbers(`an integer of at least ${least}`, isCount);
}

export const positive = numbers('a number above 0', (value) => value > 0);
export const nonNegative = numbers('a number of at least 0', (value) => value >= 0);
export const fraction = numbers('a number from 0 to less than 1', (value) => value >= 0 && value < 1);
export const probability = numbers('a number above 0 and at most 1', (value) => value > 0 && value <= 1);

/** A seed stays text: 64 bits do not fit a number of JavaScript. */
export const seed: Rule<string> = {
  expected: 'an integer from 0 to 2⁶⁴ − 1',
  read: (text) => text,
  accepts: (value): value is string =>
    typeof value === 'string' && /^\d{1,20}$/.test(value) && BigInt(value) <= LARGEST_SEED,
};

export function oneOf<T extends string>(allowed: readonly T[]): Rule<T> {
  return {
    expected: allowed.join(' | '),
    read: (text) => text,
    accepts: (value): value is T => (allowed as readonly unknown[]).includes(value),
  };
}

/** Steps or a time, null if it is neither. */
function parseInterval(text: string): Horizon | null {
  const match = /^(\d+|\d*\.\d+)([sm]?)$/.exec(text);
  if (match === null) return null;
  const value = Number(match[1]);
  if (!(value > 0 && value <= LARGEST_COUNT)) return null;
  if (match[2] !== '') return { seconds: match[2] === 'm' ? 60 * value : value };
  return Number.isInteger(value) ? { steps: value } : null;
}

/** `200` steps, `30s` or `5m`, kept as text. */
export const interval: Rule<string> = {
  expected: 'steps, as 200, or a time, as 30s or 5m',
  read: (text) => text,
  accepts: (value): value is string => typeof value === 'string' && parseInterval(value) !== null,
};

/** What an accepted interval means. */
export function intervalOf(text: string): Horizon {
  return parseInterval(text) as Horizon;
}
