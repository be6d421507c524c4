/** Draws of choices: what they draw from, how often, and that the seed decides them. */

import { describe, expect, test } from 'vitest';
import { bernoulli, Generator, manualSeed, multinomial, randperm, tensor, zeros } from '../../src/index.ts';

const generator = () => new Generator(7);

describe('randperm', () => {
  test('gives each number once, in an order that the seed decides', () => {
    const order = randperm(100, { generator: generator() });
    expect(order.dtype).toBe('int32');
    expect([...order.data].sort((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect([...order.data]).toEqual([...randperm(100, { generator: generator() }).data]);
    expect([...order.data]).not.toEqual([...order.data].sort());
    expect(randperm(0).shape).toEqual([0]);
    expect(() => randperm(-1)).toThrow(/randperm/);
  });

  test('draws from the default generator unless it is given one', () => {
    manualSeed(4);
    const first = [...randperm(20).data];
    expect([...randperm(20).data]).not.toEqual(first);
    manualSeed(4);
    expect([...randperm(20).data]).toEqual(first);
  });
});

test('bernoulli draws ones as often as their probability says', () => {
  const p = tensor([0, 0.25, 0.9, 1]);
  const draws = bernoulli(p.unsqueeze(0).expand([20_000, 4]), { generator: generator() });
  expect(draws.dtype).toBe('float32');
  const [never, seldom, often, always] = draws.mean(0).data;
  expect([never, always]).toEqual([0, 1]);
  expect(seldom).toBeCloseTo(0.25, 1.9);
  expect(often).toBeCloseTo(0.9, 1.9);
  expect(() => bernoulli(tensor([1.5]))).toThrow(/no probability: got 1.5/);
  expect(() => bernoulli(tensor([Number.NaN]))).toThrow(/no probability/);
});

describe('multinomial', () => {
  const weights = tensor([1, 0, 3, 4]);

  test('with replacement draws places as often as their weights say', () => {
    const places = multinomial(weights, 40_000, { replacement: true, generator: generator() });
    const counts = places.bincount({ minlength: 4 }).to('float64').div(40_000);
    expect([...counts.data]).toEqual([0.125, 0, 0.375, 0.5].map((share) => expect.closeTo(share, 1.9)));
  });

  test('without it each place comes once, the first as often as its weight says', () => {
    const table = weights.unsqueeze(0).expand([20_000, 4]);
    const places = multinomial(table, 3, { generator: generator() });
    expect(places.shape).toEqual([20_000, 3]);
    expect([...places.sort(1).values.data.subarray(0, 6)]).toEqual([0, 2, 3, 0, 2, 3]);
    const first = places.select(1, 0).bincount({ minlength: 4 }).to('float64').div(20_000);
    expect([...first.data]).toEqual([0.125, 0, 0.375, 0.5].map((share) => expect.closeTo(share, 1.9)));
    // The second after the first: P(2 then 3) = ⅜ · ⅘.
    const pairs = places.select(1, 0).eq(2).logicalAnd(places.select(1, 1).eq(3));
    expect(pairs.to('float64').mean().item()).toBeCloseTo(0.375 * 0.8, 1.9);
  });

  test('refuses weights that cannot be drawn by', () => {
    expect(() => multinomial(weights, 4)).toThrow(/too few places have a weight: got 3, expected 4.*replacement/);
    expect(() => multinomial(zeros([2, 3]), 1)).toThrow(/too few places/);
    expect(() => multinomial(tensor([1, -1]), 1)).toThrow(/not negative: got -1/);
    expect(() => multinomial(tensor([1, Infinity]), 1)).toThrow(/finite/);
    expect(() => multinomial(zeros([1, 2, 3]), 1)).toThrow(/\[C\] or \[N, C\]/);
    expect(() => multinomial(tensor([1, 2], { dtype: 'int32' }), 1)).toThrow(/takes floats/);
  });
});
