/** Options of an optimizer: their defaults, what they accept, and the one check for all of them. */

import { ConfigError } from '../errors.ts';

export interface OptionRule<T> {
  readonly default: T;
  /** What the option takes, for the message. */
  readonly expected: string;
  accepts(value: unknown): boolean;
}

export type OptionRules<O> = { readonly [K in keyof O]-?: OptionRule<O[K]> };

const isFiniteNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

export function nonNegative(value: number): OptionRule<number> {
  return { default: value, expected: 'a number ≥ 0', accepts: (v) => isFiniteNumber(v) && v >= 0 };
}

export function finite(value: number): OptionRule<number> {
  return { default: value, expected: 'a number', accepts: isFiniteNumber };
}

export function positive(value: number): OptionRule<number> {
  return { default: value, expected: 'a number > 0', accepts: (v) => isFiniteNumber(v) && v > 0 };
}

/** A share in [0, 1]. */
export function share(value: number): OptionRule<number> {
  return { default: value, expected: 'a number in [0, 1]', accepts: (v) => isFiniteNumber(v) && v >= 0 && v <= 1 };
}

export function flag(value: boolean): OptionRule<boolean> {
  return { default: value, expected: 'true | false', accepts: (v) => typeof v === 'boolean' };
}

/** Two decay rates, each in [0, 1). */
export function decayRates(first: number, second: number): OptionRule<[number, number]> {
  return {
    default: [first, second],
    expected: 'two numbers in [0, 1)',
    accepts: (v) =>
      Array.isArray(v) && v.length === 2 && v.every((beta) => isFiniteNumber(beta) && beta >= 0 && beta < 1),
  };
}

/** Arrays are copied, so that no two groups share one. */
function own<T>(value: T): T {
  return Array.isArray(value) ? ([...value] as T) : value;
}

/** What is wrong with `given`, one line an option; empty if nothing is. */
export function optionFaults<O extends object>(
  rules: OptionRules<O>,
  given: Readonly<Record<string, unknown>>,
): string[] {
  const faults: string[] = [];
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(rules, name)) faults.push(`unknown option ${name} (there are ${Object.keys(rules).join(', ')})`);
    else {
      const rule = rules[name as keyof O];
      if (value !== undefined && !rule.accepts(value))
        faults.push(`${name} must be ${rule.expected}, not ${String(value)}`);
    }
  }
  return faults;
}

/**
 * `given` over `base` (over the defaults of the rules).
 *
 * @throws ConfigError  for an unknown option or a value that an option does not take
 */
export function resolveOptions<O extends object>(
  op: string,
  rules: OptionRules<O>,
  given: Readonly<Record<string, unknown>>,
  base?: O,
): O {
  const faults = optionFaults(rules, given);
  if (faults.length > 0) throw new ConfigError({ op, problem: faults.join('; ') });
  const options: Partial<O> = {};
  for (const name of Object.keys(rules) as (keyof O & string)[]) {
    options[name] = own((given[name] ?? base?.[name] ?? rules[name].default) as O[typeof name]);
  }
  return options as O;
}
