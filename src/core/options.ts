/** Options as users write them: names that are known, and counts. */

import { ConfigError } from '../errors.ts';

/** The names of all options; one that is added to the type is asked for here. */
export type OptionNames<O> = Readonly<Record<keyof O & string, true>>;

/** How many letters must be inserted, removed or replaced to make one word of the other. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}

/** The option that was probably meant; case and underscores apart, a third of the letters may be wrong. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const plain = (text: string): string => text.replaceAll('_', '').toLowerCase();
  const distances = known.map((other) => editDistance(plain(name), plain(other)));
  const least = Math.min(...distances);
  return least * 3 <= name.length ? known[distances.indexOf(least)] : undefined;
}

/**
 * Refuses what would otherwise be ignored without a word.
 *
 * @throws ConfigError  if the options are no object, or one is unknown
 */
export function checkOptions(op: string, given: unknown, names: Readonly<Record<string, true>>): void {
  const known = Object.keys(names);
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    const expected = `{ ${known.join(', ')} }`;
    throw new ConfigError({ op, problem: 'options come as an object', got: given, expected });
  }
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(names, name));
  if (unknown === undefined) return;
  const meant = nearest(unknown, known);
  const hint = meant === undefined ? undefined : `did you mean ${meant}?`;
  throw new ConfigError({ op, problem: 'unknown option', got: unknown, expected: known.join(' | '), hint });
}

/** @throws ConfigError  if `value` is no positive integer */
export function checkPositiveInteger(op: string, name: string, value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) > 0) return value as number;
  throw new ConfigError({ op, problem: `${name} must be a positive integer`, got: value });
}
