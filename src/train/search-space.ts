/** What a search may choose from, and the choice of each trial: a function of the space, the seed and its number. */

import { expOf, logOf } from '../core/elementary.ts';
import { Generator } from '../core/rng.ts';
import { ConfigError } from '../errors.ts';

/** A range that a random search draws from. */
export interface Range {
  readonly range: 'uniform' | 'logUniform' | 'integer';
  readonly low: number;
  readonly high: number;
}

/** For each name the values to choose from, or a range. */
export type Space = Readonly<Record<string, readonly unknown[] | Range>>;

/** The choice that a space leads to. */
export type Choice<S extends Space> = {
  readonly [K in keyof S]: S[K] extends readonly (infer V)[] ? V : number;
};

function range(kind: Range['range'], low: number, high: number): Range {
  const fits = Number.isFinite(low) && Number.isFinite(high) && low < high;
  if (
    fits &&
    (kind !== 'logUniform' || low > 0) &&
    (kind !== 'integer' || (Number.isInteger(low) && Number.isInteger(high)))
  ) {
    return { range: kind, low, high };
  }
  const expected = { uniform: 'low < high', logUniform: '0 < low < high', integer: 'integers low < high' }[kind];
  throw new ConfigError({ op: kind, problem: 'this is no range', got: [low, high], expected });
}

/** Numbers from [low, high). */
export function uniform(low: number, high: number): Range {
  return range('uniform', low, high);
}

/** Numbers from [low, high) whose logarithm is uniform: what learning rates are drawn from. */
export function logUniform(low: number, high: number): Range {
  return range('logUniform', low, high);
}

/** Integers from low to high, both among them. */
export function integer(low: number, high: number): Range {
  return range('integer', low, high);
}

const isList = (values: unknown): values is readonly unknown[] => Array.isArray(values);

/** @throws ConfigError  if there is nothing to choose from, or a grid has a range */
export function checkSpace(space: Space, kind: 'grid' | 'random'): void {
  const op = 'search';
  if (Object.keys(space ?? {}).length === 0) throw new ConfigError({ op, problem: 'the space is empty' });
  for (const [name, values] of Object.entries(space)) {
    if (isList(values) ? values.length > 0 : kind === 'random' && values?.range !== undefined) continue;
    const expected = kind === 'grid' ? 'a list of values' : 'a list of values, or a range';
    throw new ConfigError({ op, problem: `there is nothing to choose ${name} from`, got: values, expected });
  }
}

/** How many points a grid has. */
export function gridSize(space: Space): number {
  return Object.values(space).reduce((size, values) => size * (values as readonly unknown[]).length, 1);
}

/** Point `number` of the grid; the last name changes fastest. */
function gridPoint(space: Space, number: number): Record<string, unknown> {
  const point: [string, unknown][] = [];
  let rest = number;
  for (const [name, values] of Object.entries(space).reverse() as [string, readonly unknown[]][]) {
    point.unshift([name, values[rest % values.length]]);
    rest = Math.floor(rest / values.length);
  }
  return Object.fromEntries(point);
}

function draw({ range: kind, low, high }: Range, u: number): number {
  if (kind === 'uniform') return low + (high - low) * u;
  if (kind === 'integer') return low + Math.floor(u * (high - low + 1));
  const [from, to] = [logOf(low), logOf(high)];
  return expOf(from + (to - from) * u);
}

function randomPoint(space: Space, seed: bigint): Record<string, unknown> {
  const names = Object.keys(space);
  const draws = new Generator(seed, 1).uniform53(names.length);
  return Object.fromEntries(
    names.map((name, i) => {
      const values = space[name];
      return [name, isList(values) ? values[Math.floor(draws[i] * values.length)] : draw(values, draws[i])];
    }),
  );
}

/** What trial `number`, whose seed is given, chooses. */
export function choiceOf<S extends Space>(space: S, kind: 'grid' | 'random', number: number, seed: bigint): Choice<S> {
  return (kind === 'grid' ? gridPoint(space, number) : randomPoint(space, seed)) as Choice<S>;
}

/** How a value is written in tables, and compared between a search and the one it goes on with. */
export function nameOf(value: unknown): string {
  if (typeof value === 'function') return value.name || 'a function';
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

/** The space as text: a search that goes on must have the same. */
export function describeSpace(space: Space): string {
  return Object.entries(space)
    .map(([name, values]) => `${name}: ${isList(values) ? values.map(nameOf).join(' | ') : nameOf(values)}`)
    .join('; ');
}
