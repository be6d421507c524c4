import { describe, expect, test } from 'vitest';
import {
  count,
  fraction,
  fromSaved,
  fromText,
  interval,
  intervalOf,
  nonNegative,
  oneOf,
  positive,
  probability,
  type Rule,
  seed,
} from '../../src/cli/values.ts';
import { ConfigError } from '../../src/errors.ts';

const rules: [name: string, rule: Rule<unknown>, good: [string, unknown][], bad: string[]][] = [
  [
    'count',
    count(),
    [
      ['1', 1],
      ['256', 256],
      ['1e9', 1e9],
      ['+7', 7],
      ['1.0', 1],
    ],
    ['0', '-1', '1.5', 'NaN', 'Infinity', '1e999', '0x10', '', ' ', 'ten', '1_000', '1e13', 'null'],
  ],
  ['count from 0', count(0), [['0', 0]], ['-1', '-0.5']],
  [
    'positive',
    positive,
    [
      ['4e-3', 4e-3],
      ['.5', 0.5],
      ['1.', 1],
    ],
    ['0', '-1', 'NaN', 'Infinity', ''],
  ],
  [
    'nonNegative',
    nonNegative,
    [
      ['0', 0],
      ['0.8', 0.8],
    ],
    ['-0.1', 'NaN', 'x'],
  ],
  [
    'fraction',
    fraction,
    [
      ['0', 0],
      ['0.999', 0.999],
    ],
    ['1', '-0.1', 'NaN', '1.5'],
  ],
  [
    'probability',
    probability,
    [
      ['1', 1],
      ['1e-9', 1e-9],
    ],
    ['0', '1.01', 'NaN', '-1'],
  ],
  [
    'seed',
    seed,
    [
      ['0', '0'],
      ['18446744073709551615', '18446744073709551615'],
    ],
    ['18446744073709551616', '-1', '1.5', '1e3', '', '999999999999999999999'],
  ],
  ['oneOf', oneOf(['auto', 'ts']), [['ts', 'ts']], ['TS', '', 'toString', 'auto ']],
  [
    'interval',
    interval,
    [
      ['200', '200'],
      ['30s', '30s'],
      ['0.5m', '0.5m'],
    ],
    ['0', '0s', '-1', '1.5', '5h', 's', '', 'NaN', '1e3'],
  ],
];

describe.each(rules)('%s', (_, rule, good, bad) => {
  test.each(good)('takes %j', (text, value) => {
    expect(fromText('--x', rule, text)).toBe(value);
    expect(fromSaved('x', rule, JSON.parse(JSON.stringify(value)))).toBe(value);
  });

  test.each(bad)('refuses %j', (text) => {
    expect(() => fromText('--x', rule, text)).toThrow(ConfigError);
    expect(() => fromText('--x', rule, text)).toThrow(
      `--x: it does not take this value: got ${JSON.stringify(text)}, expected ${rule.expected}`,
    );
  });

  test.each([[null], [undefined], [{}], [[]], [true], [() => 1], [Number.NaN]])('refuses a saved %j', (value) => {
    expect(() => fromSaved('x', rule, value)).toThrow(ConfigError);
  });
});

test('a number saved as text is no number, and a seed saved as a number is no seed', () => {
  expect(() => fromSaved('hidden', count(), '256')).toThrow(/bad hidden: got "256", expected an integer/);
  expect(() => fromSaved('seed', seed, 1)).toThrow(/bad seed/);
});

test('what an interval means', () => {
  expect(['200', '30s', '0.5m'].map(intervalOf)).toEqual([{ steps: 200 }, { seconds: 30 }, { seconds: 30 }]);
});
