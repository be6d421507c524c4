import { describe, expect, test } from 'vitest';
import { checkOptions, checkPositiveInteger, type OptionNames } from '../../src/core/options.ts';
import { ConfigError } from '../../src/errors.ts';

const names: OptionNames<{ batchSize?: number; seed?: number; dropLast?: boolean }> = {
  batchSize: true,
  seed: true,
  dropLast: true,
};

describe('checkOptions', () => {
  test('takes any of the names', () => {
    expect(() => checkOptions('load', {}, names)).not.toThrow();
    expect(() => checkOptions('load', { seed: 1, dropLast: undefined }, names)).not.toThrow();
  });

  test.each([
    ['batchsize', 'did you mean batchSize?'],
    ['batch_size', 'did you mean batchSize?'],
    ['seeds', 'did you mean seed?'],
    ['dropLats', 'did you mean dropLast?'],
  ])('of %s tells the option that was meant', (name, hint) => {
    const message = `load: unknown option: got ${name}, expected batchSize | seed | dropLast (${hint})`;
    expect(() => checkOptions('load', { [name]: 1 }, names)).toThrow(new ConfigError(message));
  });

  test('guesses nothing where nothing is near', () => {
    const message = 'load: unknown option: got colour, expected batchSize | seed | dropLast';
    expect(() => checkOptions('load', { colour: 1 }, names)).toThrow(new ConfigError(message));
  });

  test.each([[3], ['fast'], [null], [[1, 2]]])('refuses %j, which is no object', (given) => {
    expect(() => checkOptions('load', given, names)).toThrow(/options come as an object: got .* seed, dropLast }/);
  });

  test('inherited names are no options', () => {
    expect(() => checkOptions('load', { toString: 1 }, names)).toThrow(ConfigError);
  });
});

test('checkPositiveInteger', () => {
  expect(checkPositiveInteger('fit', 'epochs', 3)).toBe(3);
  for (const value of [0, -1, 1.5, Number.NaN, Infinity, '3', undefined]) {
    expect(() => checkPositiveInteger('fit', 'epochs', value)).toThrow('fit: epochs must be a positive integer');
  }
});
