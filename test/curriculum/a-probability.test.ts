/** Curriculum A4 to A8: sample spaces, Bayes, random variables, information, cosine similarity. */

import { describe, expect, test } from 'vitest';
import { cosineSimilarity, distributions, information, probability, tensor } from '../../src/index.ts';

const { bayes, Event, RandomVariable, SampleSpace } = probability;
const { Normal, Uniform } = distributions;

describe('A4: sample spaces and events', () => {
  test('an even number on a die', () => {
    const die = SampleSpace.uniform([1, 2, 3, 4, 5, 6]);
    const even = die.event((points) => points % 2 === 0);
    expect(even.probability).toBe(0.5);
    expect(even.complement().outcomes).toEqual([1, 3, 5]);
    expect(even.union(die.event([1])).outcomes).toEqual([1, 2, 4, 6]);
    expect(even.union(even.complement()).probability).toBe(1);
  });

  test('three coins: an even number of heads, given that the first is heads', () => {
    const coins = SampleSpace.uniform(['heads', 'tails']).power(3);
    const evenHeads = coins.event((faces) => faces.filter((face) => face === 'heads').length % 2 === 0);
    const firstHeads = coins.event(([first]) => first === 'heads');
    expect(coins.size).toBe(8);
    expect(evenHeads.probability).toBe(0.5);
    expect(evenHeads.given(firstHeads)).toBe(0.5);
    expect(evenHeads.isIndependentOf(firstHeads)).toBe(true);
  });

  test('50 students, 30 girls, 35 passed of whom 20 girls', () => {
    const students = SampleSpace.weighted([
      [{ girl: true, passed: true }, 20],
      [{ girl: true, passed: false }, 10],
      [{ girl: false, passed: true }, 15],
      [{ girl: false, passed: false }, 5],
    ]);
    const girl = students.event((student) => student.girl);
    const passed = students.event((student) => student.passed);
    expect([girl.probability, passed.probability]).toEqual([30 / 50, 35 / 50]);
    expect(girl.given(passed)).toBe(4 / 7);
    expect(girl.isIndependentOf(passed)).toBe(false);
    expect(girl).toBeInstanceOf(Event);
  });
});

test('A5: Bayes: the mail that says "free" is spam', () => {
  expect(bayes({ prior: 0.01, likelihood: 0.8, falsePositive: 0.1 })).toBeCloseTo(0.0747664, 7);
  expect(probability.posterior([0.01, 0.99], [0.8, 0.1])[0]).toBeCloseTo(0.0747664, 7);
});

describe('A6: random variables', () => {
  const coins = SampleSpace.uniform(['heads', 'tails']).power(3);
  const count = (side: string) => new RandomVariable(coins, (faces) => faces.filter((face) => face === side).length);
  const [heads, tails] = [count('heads'), count('tails')];

  test('heads and tails of three coins', () => {
    expect([...heads.distribution()]).toEqual([
      [0, 1 / 8],
      [1, 3 / 8],
      [2, 3 / 8],
      [3, 1 / 8],
    ]);
    expect([-1, 0, 0.5, 1, 2, 3].map((x) => heads.cdf(x))).toEqual([0, 1 / 8, 1 / 8, 1 / 2, 7 / 8, 1]);
    expect(heads.expectation()).toBe(1.5);
    expect(heads.variance()).toBe(0.75);
    expect(heads.covariance(tails)).toBe(-0.75);
    expect(heads.correlation(tails)).toBe(-1);
  });

  test('Var(X + Y) = Var X + Var Y + 2 Cov(X, Y)', () => {
    const dice = SampleSpace.uniform([1, 2, 3, 4, 5, 6]).power(2);
    const first = new RandomVariable(dice, ([a]) => a);
    const larger = new RandomVariable(dice, ([a, b]) => Math.max(a, b));
    const [x, y, both] = [first.variance(), larger.variance(), first.covariance(larger)];
    expect(both).toBeGreaterThan(1);
    expect(first.plus(larger).variance()).toBeCloseTo(x + y + 2 * both, 12);
    expect(heads.plus(tails).variance()).toBe(0);
  });

  test('uniform and normal: closed form and sampled', () => {
    const [a, b] = [-1, 4];
    const uniform = new Uniform(a, b, { dtype: 'float64' });
    expect(uniform.mean.item()).toBe((a + b) / 2);
    expect(uniform.variance.item()).toBeCloseTo((b - a) ** 2 / 12, 14);
    expect(uniform.prob(0).item()).toBeCloseTo(1 / 5, 15);
    expect(uniform.cdf(0).item()).toBeCloseTo(1 / 5, 15);
    const normal = new Normal(2, 3, { dtype: 'float64' });
    expect([normal.mean.item(), normal.variance.item()]).toEqual([2, 9]);
    expect(normal.prob(2).item()).toBeCloseTo(1 / (3 * Math.sqrt(2 * Math.PI)), 15);
    expect(normal.cdf(2).item()).toBe(0.5);
    const n = 100_000;
    for (const each of [uniform, normal]) {
      const draws = each.sample([n], { seed: 5 });
      // Five standard errors.
      expect(Math.abs(draws.mean().item() - each.mean.item())).toBeLessThan(5 * (each.stddev.item() / Math.sqrt(n)));
      expect(draws.variance().item() / each.variance.item()).toBeCloseTo(1, 1);
    }
  });
});

describe('A7: information in bits', () => {
  const bits = { base: 2 } as const;

  test('of probability vectors', () => {
    const [p, q] = [
      [0.7, 0.2, 0.1],
      [0.6, 0.3, 0.1],
    ];
    const [h, cross, divergence] = [
      information.entropy(p, bits),
      information.crossEntropy(p, q, bits),
      information.kl(p, q, bits),
    ].map((x) => x.item());
    expect(h).toBeCloseTo(1.15678, 5);
    expect(cross).toBeCloseTo(1.19546, 5);
    expect(divergence).toBeCloseTo(0.0386822, 7);
    expect(divergence).toBeCloseTo(cross - h, 14);
  });

  test('of U(0, 1) against U(0, 2)', () => {
    const [narrow, wide] = [new Uniform(0, 1), new Uniform(0, 2)];
    expect(information.entropy(narrow, bits).item()).toBe(0);
    expect(information.entropy(wide, bits).item()).toBe(1);
    expect(information.crossEntropy(narrow, wide, bits).item()).toBe(1);
    expect(information.kl(narrow, wide, bits).item()).toBe(1);
    expect(information.kl(wide, narrow, bits).item()).toBe(Infinity);
    expect(information.crossEntropy(wide, narrow, bits).item()).toBe(Infinity);
  });
});

test('A8: cosine similarity', () => {
  const [a, b] = [
    tensor([0.2, 0.5, 0.8, 0.1], { dtype: 'float64' }),
    tensor([0.3, 0.4, 0.7, 0.2], { dtype: 'float64' }),
  ];
  expect(cosineSimilarity(a, b, { axis: 0 }).item()).toBeCloseTo(0.980998, 6);
});
