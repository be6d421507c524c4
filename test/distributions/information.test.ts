import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Bernoulli, Categorical, Laplace, Normal, Uniform } from '../../src/distributions/index.ts';
import { crossEntropy, entropy, jensenShannon, kl, mutualInformation } from '../../src/distributions/information.ts';
import { RandomVariable, SampleSpace } from '../../src/distributions/probability/index.ts';
import { ConfigError, ShapeError } from '../../src/errors.ts';
import { gradcheck, gradgradcheck, softmax, sum, tensor } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';

const bits = { base: 2 } as const;

/** Probabilities, some of them 0. */
const distribution = (n: number): fc.Arbitrary<number[]> =>
  fc
    .array(fc.oneof(fc.constant(0), fc.double({ min: 1e-3, max: 1, noNaN: true })), { minLength: n, maxLength: n })
    .filter((weights) => weights.some((x) => x > 0))
    .map((weights) => {
      const total = weights.reduce((a, b) => a + b, 0);
      return weights.map((x) => x / total);
    });

const pair = fc.integer({ min: 1, max: 8 }).chain((n) => fc.tuple(distribution(n), distribution(n)));

describe('properties', () => {
  test('KL is at least 0, and the difference of cross-entropy and entropy', () => {
    fc.assert(
      fc.property(pair, ([p, q]) => {
        const divergence = kl(p, q).item();
        const covered = p.every((x, i) => x === 0 || q[i] > 0);
        if (!covered) {
          expect([divergence, crossEntropy(p, q).item()]).toEqual([Infinity, Infinity]);
          return;
        }
        expect(divergence).toBeGreaterThan(-1e-12);
        expect(divergence).toBeCloseTo(crossEntropy(p, q).item() - entropy(p).item(), 10);
      }),
      { numRuns: 200 },
    );
  });

  test('entropy lies between 0 and that of the uniform distribution', () => {
    fc.assert(
      fc.property(pair, ([p]) => {
        const most = entropy(new Array(p.length).fill(1 / p.length), bits).item();
        expect(most).toBeCloseTo(Math.log2(p.length), 12);
        expect(entropy(p, bits).item()).toBeLessThanOrEqual(most + 1e-12);
        expect(entropy(p, bits).item()).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test('Jensen–Shannon is symmetric, finite, and at most one bit', () => {
    fc.assert(
      fc.property(pair, ([p, q]) => {
        const [there, back] = [jensenShannon(p, q, bits).item(), jensenShannon(q, p, bits).item()];
        expect(there).toBeCloseTo(back, 12);
        expect(there).toBeGreaterThan(-1e-12);
        expect(there).toBeLessThan(1 + 1e-12);
      }),
    );
    expect(jensenShannon([1, 0], [0, 1], bits).item()).toBe(1);
  });

  test('mutual information: 0 for a product, H of a variable with itself, H(X) + H(Y) − H(X, Y)', () => {
    fc.assert(
      fc.property(pair, ([p, q]) => {
        expect(mutualInformation(p.map((a) => q.map((b) => a * b))).item()).toBeCloseTo(0, 12);
        const itself = p.map((a, i) => p.map((_, j) => (i === j ? a : 0)));
        expect(mutualInformation(itself).item()).toBeCloseTo(entropy(p).item(), 12);
      }),
    );
    const table = tensor(
      [
        [0.1, 0.3, 0],
        [0.2, 0.15, 0.25],
      ],
      { dtype: 'float64' },
    );
    const parts = entropy(sum(table, 1)).item() + entropy(sum(table, 0)).item() - entropy(table.reshape([6])).item();
    expect(mutualInformation(table).item()).toBeCloseTo(parts, 14);
  });
});

test('axes and batches', () => {
  const p = tensor(
    [
      [0.5, 0.25, 0.25],
      [1, 0, 0],
    ],
    { dtype: 'float64' },
  );
  expect(entropy(p, bits).toArray()).toEqual([1.5, 0]);
  expect(entropy(p.transpose(0, 1), { ...bits, axis: 0 }).toArray()).toEqual([1.5, 0]);
  expect(kl(p, [0.5, 0.25, 0.25], bits).toArray()).toEqual([0, 1]);
  expect(entropy(tensor([0.5, 0.5])).dtype).toBe('float32');
});

test('gradients through a softmax, of both orders', () => {
  const logits = (values: number[]): Tensor => tensor(values, { dtype: 'float64', requiresGrad: true });
  const inputs = [logits([0.3, -1, 2]), logits([1, 0.2, -0.4])];
  for (const fn of [
    (a: Tensor, b: Tensor) => kl(softmax(a, -1), softmax(b, -1)),
    (a: Tensor, b: Tensor) => crossEntropy(softmax(a, -1), softmax(b, -1), bits),
    (a: Tensor, b: Tensor) => jensenShannon(softmax(a, -1), softmax(b, -1)).add(entropy(softmax(a, -1))),
  ]) {
    expect(gradcheck(fn, inputs)).toBe(true);
    expect(gradgradcheck(fn, inputs)).toBe(true);
  }
});

test('of distributions', () => {
  const [p, q] = [new Normal([0, 1], 1, { dtype: 'float64' }), new Normal(0, 2, { dtype: 'float64' })];
  const difference = crossEntropy(p, q).sub(entropy(p)).data;
  expect([...kl(p, q).data]).toEqual([...difference].map((x) => expect.closeTo(x, 14)));
  expect(entropy(new Bernoulli({ probs: 0.5 }), bits).item()).toBe(1);
  expect(entropy(new Categorical({ probs: [0.7, 0.2, 0.1] }), bits).item()).toBeCloseTo(1.15678, 5);
  const sampled = crossEntropy(new Uniform(-1, 1), new Laplace(0, 1), { seed: 1 });
  expect(sampled.item()).toBeCloseTo(0.5 + Math.LN2, 1);
});

test('the joint table of two random variables', () => {
  const coins = SampleSpace.uniform([0, 1]).power(3);
  const [first, heads] = [new RandomVariable(coins, ([a]) => a), new RandomVariable(coins, (all) => all[0] + all[1])];
  expect(mutualInformation(first.joint(heads), bits).item()).toBeCloseTo(0.5, 14);
  const third = new RandomVariable(coins, ([, , c]) => c);
  expect(mutualInformation(first.joint(third), bits).item()).toBe(0);
});

test.each([
  ['not 1 in all', () => entropy([0.5, 0.4])],
  ['negative', () => kl([1.5, -0.5], [0.5, 0.5])],
  ['NaN', () => entropy([NaN, 1])],
  ['of an unknown base', () => entropy([1], { base: 10 as never })],
  ['a distribution beside a vector', () => kl(new Normal(0, 1) as never, [1])],
  [
    'a joint table that is none',
    () =>
      mutualInformation([
        [1, 1],
        [0, 0],
      ]),
  ],
])('%s is refused', (_, call) => {
  expect(call).toThrow(ConfigError);
});

test('shapes that do not fit are refused', () => {
  expect(() => kl([0.5, 0.5], [0.2, 0.3, 0.5])).toThrow(ShapeError);
  expect(() => entropy(1)).toThrow(ShapeError);
  expect(() => entropy([1], { axis: 1 })).toThrow(ShapeError);
  expect(() => mutualInformation([1])).toThrow(ShapeError);
});
