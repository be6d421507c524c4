import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bayes,
  marginals,
  mutuallyIndependent,
  pairwiseIndependent,
  posterior,
  posteriorOfEvents,
  RandomVariable,
  SampleSpace,
  totalProbability,
} from '../../src/distributions/probability/index.ts';
import { ConfigError, LimitError, ShapeError } from '../../src/errors.ts';

const die = SampleSpace.uniform([1, 2, 3, 4, 5, 6]);

describe('sample spaces', () => {
  test('outcomes of any kind; arrays are equal by their elements', () => {
    const dice = die.product(SampleSpace.uniform(['a', 'b']));
    expect(dice.size).toBe(12);
    expect(dice.probabilityOf([3, 'b'])).toBe(1 / 12);
    expect(dice.probabilityOf([7, 'b'])).toBe(0);
    expect(
      dice.event([
        [1, 'a'],
        [1, 'b'],
      ]).probability,
    ).toBe(1 / 6);
    const [x, y] = [{}, {}];
    expect(SampleSpace.uniform([x, y]).event([y]).outcomes[0]).toBe(y);
    expect(SampleSpace.uniform(['1', 1, 1n, true, null, undefined, Number.NaN]).size).toBe(7);
  });

  test('weights are shares of their sum', () => {
    const loaded = SampleSpace.weighted([
      ['six', 3],
      ['other', 1],
    ]);
    expect(loaded.probabilityOf('six')).toBe(0.75);
    expect(loaded.power(2).probabilityOf(['six', 'other'])).toBe(3 / 16);
    expect(die.power(0).outcomes).toEqual([[]]);
  });

  test('the space given an event', () => {
    const even = die.given(die.event((points) => points % 2 === 0));
    expect(even.outcomes).toEqual([2, 4, 6]);
    expect(even.event([2]).probability).toBe(1 / 3);
  });

  test('draws follow the weights, and are the same for the same seed', () => {
    const loaded = SampleSpace.weighted([
      ['never', 0],
      ['often', 3],
      ['rarely', 1],
    ]);
    const draws = loaded.sample(4000, { seed: 3 });
    expect(draws).toEqual(loaded.sample(4000, { seed: 3 }));
    expect(draws).not.toContain('never');
    expect(draws.filter((draw) => draw === 'often').length / 4000).toBeCloseTo(0.75, 1);
  });

  test.each([
    ['no outcome', () => SampleSpace.uniform([])],
    ['one named twice', () => SampleSpace.uniform([[1], [1]])],
    ['a negative weight', () => SampleSpace.weighted([['a', -1]])],
    ['a weight that is none', () => SampleSpace.weighted([['a', NaN]])],
    ['no weight at all', () => SampleSpace.weighted([['a', 0]])],
    ['an event of what is no outcome', () => die.event([7])],
    ['events of two spaces', () => die.certain.union(SampleSpace.uniform([1]).certain)],
    ['a condition that cannot happen', () => die.certain.given(die.impossible)],
    ['a space given what cannot happen', () => die.given(die.impossible)],
    ['a number of draws that is none', () => die.sample(-1)],
    ['a power that is none', () => die.power(1.5)],
  ])('%s is refused', (_, make) => {
    expect(make).toThrow(ConfigError);
  });

  test('too large a product is refused before it is made', () => {
    expect(() => die.power(20)).toThrow(LimitError);
  });
});

describe('events', () => {
  const subset = fc.uniqueArray(fc.constantFrom(...die.outcomes)).map((outcomes) => die.event(outcomes));

  test('are sets: the laws of de Morgan, and of inclusion and exclusion', () => {
    fc.assert(
      fc.property(subset, subset, (a, b) => {
        expect(a.union(b).complement().equals(a.complement().intersection(b.complement()))).toBe(true);
        expect(a.difference(b).equals(a.intersection(b.complement()))).toBe(true);
        expect(a.union(b).size + a.intersection(b).size).toBe(a.size + b.size);
        expect(a.intersection(b).isSubsetOf(a)).toBe(true);
        expect(a.difference(b).isDisjointFrom(b)).toBe(true);
      }),
    );
  });

  test('total probability and the product rule', () => {
    fc.assert(
      fc.property(subset, subset, (a, b) => {
        fc.pre(b.size > 0 && b.size < 6);
        const total = a.given(b) * b.probability + a.given(b.complement()) * b.complement().probability;
        expect(total).toBeCloseTo(a.probability, 14);
      }),
    );
  });

  test('three events can be independent in pairs and not together', () => {
    const coins = SampleSpace.uniform([0, 1]).power(2);
    const events = [coins.event(([a]) => a === 1), coins.event(([, b]) => b === 1), coins.event(([a, b]) => a === b)];
    expect(pairwiseIndependent(events)).toBe(true);
    expect(mutuallyIndependent(events)).toBe(false);
    const three = SampleSpace.uniform([0, 1]).power(3);
    expect(mutuallyIndependent([0, 1, 2].map((i) => three.event((faces) => faces[i] === 1)))).toBe(true);
  });
});

describe("Bayes' rule", () => {
  test('of two events, of a partition, and of events of a space agree', () => {
    const [priors, likelihoods] = [
      [0.2, 0.3, 0.5],
      [0.9, 0.5, 0.1],
    ];
    const space = SampleSpace.weighted(
      priors.flatMap((p, i) => [
        [[i, true] as [number, boolean], p * likelihoods[i]] as const,
        [[i, false] as [number, boolean], p * (1 - likelihoods[i])] as const,
      ]),
    );
    const parts = priors.map((_, i) => space.event(([part]) => part === i));
    const observed = space.event(([, seen]) => seen);
    const want = [0.18 / 0.38, 0.15 / 0.38, 0.05 / 0.38];
    const both = [posterior(priors, likelihoods), posteriorOfEvents(parts, observed)];
    for (const got of both) expect(got).toEqual(want.map((p) => expect.closeTo(p, 14)));
    expect(totalProbability(priors, likelihoods)).toBeCloseTo(0.38, 14);
    expect(bayes({ prior: 0.2, likelihood: 0.9, falsePositive: 0.25 })).toBeCloseTo(want[0], 14);
  });

  test('refuses what makes no sense', () => {
    expect(() => bayes({ prior: 1.5, likelihood: 0.5, falsePositive: 0.5 })).toThrow(ConfigError);
    expect(() => bayes({ prior: 0.5, likelihood: 0, falsePositive: 0 })).toThrow(/probability 0/);
    expect(() => posterior([0.5, 0.4], [1, 1])).toThrow(/sum to 1/);
    expect(() => posterior([1], [1, 1])).toThrow(ShapeError);
    expect(() => posteriorOfEvents([die.event([1]), die.event([1, 2])], die.certain)).toThrow(/exactly one/);
  });
});

describe('random variables', () => {
  const dice = die.power(2);
  const [first, second] = [0, 1].map((i) => new RandomVariable(dice, (points) => points[i]));
  const sum = first.plus(second);

  test('mass and distribution function of the sum of two dice', () => {
    expect([2, 7, 12, 13].map((x) => sum.pmf(x))).toEqual([1 / 36, 6 / 36, 1 / 36, 0]);
    expect(sum.cdf(4)).toBe(6 / 36);
    expect(sum.expectation()).toBe(7);
    expect(sum.variance()).toBeCloseTo(35 / 6, 14);
    expect(sum.expectation(first.event((x) => x === 6))).toBe(9.5);
    expect([...sum.map((x) => x % 2).distribution()]).toEqual([
      [0, 0.5],
      [1, 0.5],
    ]);
  });

  test('joint and marginal tables', () => {
    const larger = new RandomVariable(dice, ([a, b]) => Math.max(a, b));
    const table = first.joint(larger);
    expect(table.rows).toEqual([1, 2, 3, 4, 5, 6]);
    expect(table.probabilities[5]).toEqual([0, 0, 0, 0, 0, 6 / 36]);
    const { rows, columns } = marginals(table);
    expect(rows).toEqual(table.rows.map((x) => expect.closeTo(first.pmf(x), 15)));
    expect(columns).toEqual(table.columns.map((x) => expect.closeTo(larger.pmf(x), 15)));
    expect(first.isIndependentOf(second)).toBe(true);
    expect(first.isIndependentOf(larger)).toBe(false);
    expect(first.covariance(second)).toBe(0);
  });

  test('an outcome of probability 0 counts for nothing', () => {
    const space = SampleSpace.weighted([
      ['sure', 1],
      ['never', 0],
    ]);
    expect(new RandomVariable(space, (outcome) => (outcome === 'sure' ? 2 : Infinity)).expectation()).toBe(2);
  });

  test('samples come near their moments', () => {
    const draws = sum.sample(20_000, { seed: 1 });
    const mean = draws.reduce((total, x) => total + x, 0) / draws.length;
    expect(Math.abs(mean - 7)).toBeLessThan(5 * Math.sqrt(35 / 6 / draws.length));
  });

  test('refuses what is no number, and variables of another space', () => {
    expect(() => new RandomVariable(die, () => NaN)).toThrow(ConfigError);
    expect(() => new RandomVariable(die, () => 'x' as never)).toThrow(ConfigError);
    expect(() => first.plus(new RandomVariable(die, (x) => x) as never)).toThrow(ConfigError);
    expect(() => first.covariance(new RandomVariable(die, (x) => x) as never)).toThrow(ConfigError);
    expect(() => first.joint(new RandomVariable(die, (x) => x) as never)).toThrow(ConfigError);
    expect(() => first.expectation(dice.impossible)).toThrow(ConfigError);
  });
});
