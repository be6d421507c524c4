/** Gradients of densities, entropies and divergences; supports and refusals; quantiles. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { grad } from '../../src/autograd/index.ts';
import * as D from '../../src/distributions/index.ts';
import { ConfigError, DTypeError, type LanegradError, ShapeError } from '../../src/errors.ts';
import { gradcheck, gradgradcheck, sum, tensor } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';

const f64 = { dtype: 'float64' } as const;
const wide = (values: number[]): Tensor => tensor(values, { dtype: 'float64', requiresGrad: true });

interface Family {
  readonly name: string;
  readonly parameters: readonly number[][];
  readonly others: readonly number[][];
  readonly build: (...p: Tensor[]) => D.Distribution;
  readonly values: readonly number[];
  readonly cdf?: boolean;
  readonly icdf?: boolean;
}

const families: readonly Family[] = [
  {
    name: 'Normal',
    parameters: [
      [0.3, -1],
      [1.2, 0.4],
    ],
    others: [
      [1, 0],
      [0.5, 2],
    ],
    build: (a, b) => new D.Normal(a, b),
    values: [-0.7, 2],
    cdf: true,
    icdf: true,
  },
  {
    name: 'Laplace',
    parameters: [
      [0.3, -1],
      [1.2, 0.4],
    ],
    others: [
      [1, 0],
      [0.5, 2],
    ],
    build: (a, b) => new D.Laplace(a, b),
    values: [-0.7, 2],
    cdf: true,
    icdf: true,
  },
  {
    name: 'Uniform',
    parameters: [
      [-1, -2],
      [1.2, 2.4],
    ],
    others: [
      [-2, -3],
      [2, 3],
    ],
    build: (a, b) => new D.Uniform(a, b),
    values: [-0.7, 2],
    cdf: true,
    icdf: true,
  },
  {
    name: 'Exponential',
    parameters: [[0.3, 2]],
    others: [[1, 0.5]],
    build: (a) => new D.Exponential(a),
    values: [0.7, 2],
    cdf: true,
    icdf: true,
  },
  {
    name: 'Gamma',
    parameters: [
      [0.6, 3],
      [1.2, 0.4],
    ],
    others: [
      [1.4, 2],
      [0.5, 2],
    ],
    build: (a, b) => new D.Gamma(a, b),
    values: [0.7, 2],
    cdf: true,
    icdf: true,
  },
  {
    name: 'Beta',
    parameters: [
      [0.6, 3],
      [1.2, 0.4],
    ],
    others: [
      [1.4, 2],
      [0.5, 2],
    ],
    build: (a, b) => new D.Beta(a, b),
    values: [0.7, 0.2],
    cdf: true,
    icdf: true,
  },
  {
    name: 'Poisson',
    parameters: [[0.6, 3]],
    others: [[1.4, 2]],
    build: (a) => new D.Poisson(a),
    values: [0, 2],
    cdf: true,
  },
  {
    name: 'Bernoulli',
    parameters: [[0.6, 0.1]],
    others: [[0.4, 0.2]],
    build: (probs) => new D.Bernoulli({ probs }),
    values: [0, 1],
    cdf: true,
  },
  {
    name: 'Bernoulli of logits',
    parameters: [[0.6, -2]],
    others: [[0.4, 0.2]],
    build: (logits) => new D.Bernoulli({ logits }),
    values: [0, 1],
    cdf: true,
  },
  {
    name: 'Binomial',
    parameters: [[0.6, 0.1]],
    others: [[0.4, 0.2]],
    build: (probs) => new D.Binomial(6, { probs }),
    values: [2, 6],
    cdf: true,
  },
  {
    name: 'Categorical',
    parameters: [[0.6, 0.1, 0.9]],
    others: [[0.4, 0.2, 1]],
    build: (probs) => new D.Categorical({ probs }),
    values: [2, 0],
  },
  {
    name: 'Categorical of logits',
    parameters: [[0.6, 0.1, 0.9]],
    others: [[0.4, 0.2, 1]],
    build: (logits) => new D.Categorical({ logits }),
    values: [2, 0],
  },
];

describe.each(families.map((family) => [family.name, family] as const))('%s', (name, family) => {
  const { build, values } = family;
  const parameters = (): Tensor[] => family.parameters.map(wide);
  const twice = (fn: (...p: Tensor[]) => Tensor, inputs: Tensor[]): void => {
    expect(gradcheck(fn, inputs)).toBe(true);
    expect(gradgradcheck(fn, inputs)).toBe(true);
  };

  test('gradients of logProb in the parameters', () => {
    twice((...p) => build(...p).logProb(tensor([...values], f64)), parameters());
  });

  test('gradients of the entropy, and of the divergence in both', () => {
    twice((...p) => build(...p).entropy(), parameters());
    const n = family.parameters.length;
    const both = [...parameters(), ...family.others.map(wide)];
    twice((...p) => D.kl(build(...p.slice(0, n)), build(...p.slice(n))), both);
  });

  test('the divergence from itself is 0', () => {
    for (const x of D.kl(build(...parameters()), build(...parameters())).data) expect(x).toBeCloseTo(0, 13);
  });

  test.runIf(family.cdf === true)('gradients of cdf', () => {
    twice((...p) => build(...p).cdf(tensor([...values], f64)), parameters());
  });

  test.runIf(family.icdf === true)('icdf undoes cdf, and differentiates', () => {
    const d = build(...parameters());
    const shares = tensor(
      [
        [1e-9, 1e-3],
        [0.3, 0.5],
        [0.9, 0.999],
      ],
      f64,
    );
    const [got, want] = [d.cdf(d.icdf(shares)).data, shares.data];
    for (const [i, p] of want.entries()) expect(Math.abs(got[i] - p)).toBeLessThan(5e-12 * p + 2e-16);
    twice((...p) => build(...p).icdf(tensor([0.2, 0.7], f64)), parameters());
    expect([...d.icdf(0).data]).toEqual([...d.icdf(tensor([0, 0], f64)).data]);
    expect(() => d.icdf(1.5)).toThrow(ConfigError);
    expect([
      ...new (Object.getPrototypeOf(d).constructor)(...parameters(), { validateArgs: false }).icdf(1.5).data,
    ]).toEqual([NaN, NaN]);
  });

  test.runIf(!name.startsWith('Categorical'))('NaN is refused, or stays NaN', () => {
    expect(() => build(...parameters()).logProb(NaN)).toThrow(`${name.split(' ')[0]}.logProb`);
    expect(() => build(...parameters()).cdf(NaN)).toThrow(ConfigError);
  });
});

describe('values outside the support', () => {
  const outside: readonly (readonly [string, (options: D.DistributionOptions) => D.Distribution, number])[] = [
    ['Uniform', (o) => new D.Uniform(0, 1, o), 1.5],
    ['Exponential', (o) => new D.Exponential(2, o), -1],
    ['Gamma', (o) => new D.Gamma(2, 3, o), -0.1],
    ['Beta', (o) => new D.Beta(2, 3, o), 1.1],
    ['Poisson', (o) => new D.Poisson(3, o), 1.5],
    ['Bernoulli', (o) => new D.Bernoulli({ probs: 0.3 }, o), 0.5],
    ['Binomial', (o) => new D.Binomial(4, { probs: 0.3 }, o), 5],
    ['Categorical', (o) => new D.Categorical({ probs: [0.3, 0.7] }, o), 2],
  ];

  test.each(outside)('%s', (name, build, value) => {
    let code = '';
    try {
      build({}).logProb(value);
    } catch (error) {
      code = (error as LanegradError).code;
      expect((error as Error).message).toContain(`${name}.logProb`);
    }
    expect(code).toBe('ERR_SUPPORT');
    expect(build({ validateArgs: false }).logProb(value).item()).toBe(-Infinity);
  });

  test('have no part in gradients', () => {
    const rate = wide([2]);
    const d = new D.Gamma(rate, 1, { validateArgs: false });
    expect(grad(sum(d.logProb(tensor([-1, 1], f64)).narrow(0, 1, 1)), [rate])[0].data[0]).toBeCloseTo(-0.4227843, 6);
  });

  test('the distribution function is 0 and 1 there', () => {
    for (const d of [
      new D.Gamma(2, 1),
      new D.Beta(2, 1),
      new D.Exponential(1),
      new D.Uniform(0, 1),
      new D.Poisson(2),
      new D.Binomial(3, { probs: 0.5 }),
      new D.Bernoulli({ probs: 0.5 }),
    ]) {
      expect([...d.cdf(tensor([-1, 1e6])).data]).toEqual([0, 1]);
    }
    expect([...new D.Binomial(0, { probs: 0.5 }).cdf(tensor([-1, 0])).data]).toEqual([0, 1]);
  });

  test('at its ends', () => {
    expect([...new D.Uniform(0, 2).logProb(tensor([0, 2])).data]).toEqual([Math.fround(-Math.LN2), -Infinity]);
    expect([...new D.Beta([1, 0.5], [1, 2]).logProb(0).data]).toEqual([0, Infinity]);
    expect(new D.Poisson(0).logProb(tensor([0])).item()).toBeCloseTo(0, 15);
    expect(new D.Bernoulli({ probs: 0 }).logProb(tensor([0, 1])).toArray()).toEqual([0, -Infinity]);
    expect(new D.Bernoulli({ probs: [0, 1] }).entropy().toArray()).toEqual([0, 0]);
    const probs = wide([0, 1, 1]);
    const [slope] = grad(sum(new D.Categorical({ probs }).entropy()), [probs]);
    expect(slope.data.every(Number.isFinite)).toBe(true);
  });
});

describe('refusals', () => {
  const bad: readonly (readonly [string, () => unknown])[] = [
    ['a scale of 0', () => new D.Normal(0, 0)],
    ['a scale that is none', () => new D.Normal(0, NaN)],
    ['a location at infinity', () => new D.Laplace(Infinity, 1)],
    ['bounds the wrong way round', () => new D.Uniform(1, 1)],
    ['a negative rate', () => new D.Exponential(-1)],
    ['a concentration of 0', () => new D.Gamma(0, 1)],
    ['a concentration of 0', () => new D.Beta(1, 0)],
    ['a negative rate', () => new D.Poisson(-1)],
    ['a probability above 1', () => new D.Bernoulli({ probs: 1.1 })],
    ['a number of trials that is none', () => new D.Binomial(1.5, { probs: 0.5 })],
    ['a negative probability', () => new D.Categorical({ probs: [1, -1] })],
    ['probabilities that are all 0', () => new D.Categorical({ probs: [0, 0] })],
    ['both forms', () => new D.Bernoulli({ probs: 0.5, logits: 0 })],
    ['neither form', () => new D.Categorical({})],
    ['two covariances', () => new D.MultivariateNormal([0], { scaleTril: [[1]], covarianceMatrix: [[1]] })],
    [
      'a covariance that is not symmetric',
      () =>
        new D.MultivariateNormal([0, 0], {
          covarianceMatrix: [
            [1, 1],
            [0, 1],
          ],
        }),
    ],
    [
      'a factor that is not triangular',
      () =>
        new D.MultivariateNormal([0, 0], {
          scaleTril: [
            [1, 1],
            [0, 1],
          ],
        }),
    ],
    ['a mass and a density', () => D.kl(new D.Normal(0, 1), new D.Poisson(1))],
    ['no distribution', () => D.kl(new D.Normal(0, 1), 1 as never)],
    ['no samples', () => D.kl(new D.Uniform(0, 1), new D.Laplace(0, 1), { samples: 0 })],
    ['a distribution without quantiles', () => new D.Poisson(1).icdf(0.5)],
    ['a distribution without cdf', () => new D.Categorical({ probs: [1] }).cdf(0)],
  ];

  test.each(bad)('%s', (_, make) => {
    expect(make).toThrow(ConfigError);
  });

  test('shapes and dtypes', () => {
    expect(() => new D.Normal([1, 2], [1, 2, 3])).toThrow(ShapeError);
    expect(() => new D.Normal([1, 2], 1).logProb([1, 2, 3])).toThrow(/Normal\.logProb/);
    expect(() => new D.Categorical({ probs: 1 })).toThrow(ShapeError);
    expect(() => new D.MultivariateNormal([0, 0], { scaleTril: [[1]] })).toThrow(ShapeError);
    expect(() => new D.Normal(0, 1, { dtype: 'int32' as never })).toThrow(DTypeError);
    expect(() => D.kl(new D.Normal([0, 1], 1), new D.Normal([0, 1, 2], 1))).toThrow(ShapeError);
  });

  test('a covariance that is not positive definite says so', () => {
    expect(
      () =>
        new D.MultivariateNormal([0, 0], {
          covarianceMatrix: [
            [1, 2],
            [2, 1],
          ],
        }),
    ).toThrow(/positive definite/);
  });
});

describe('divergences', () => {
  const scale = fc.double({ min: 0.05, max: 20, noNaN: true });
  const place = fc.double({ min: -10, max: 10, noNaN: true });

  test('are never negative', () => {
    fc.assert(
      fc.property(place, scale, place, scale, (a, b, c, d) => {
        const pairs: readonly (readonly [D.Distribution, D.Distribution])[] = [
          [new D.Normal(a, b, f64), new D.Normal(c, d, f64)],
          [new D.Laplace(a, b, f64), new D.Laplace(c, d, f64)],
          [new D.Normal(a, b, f64), new D.Laplace(c, d, f64)],
          [new D.Gamma(b, d, f64), new D.Gamma(d, b, f64)],
          [new D.Gamma(b, d, f64), new D.Exponential(b, f64)],
          [new D.Beta(b, d, f64), new D.Beta(d, b, f64)],
          [new D.Poisson(b, f64), new D.Poisson(d, f64)],
        ];
        for (const [p, q] of pairs) expect(D.kl(p, q).item()).toBeGreaterThan(-1e-9);
      }),
    );
  });

  test('by sampling come near the closed ones, with gradients', () => {
    const scaleOf = wide([0.7]);
    const [p, q] = [new D.Uniform(-1, 2, f64), new D.Laplace(0.5, scaleOf)];
    expect(D.hasClosedKl(p, q)).toBe(false);
    // E|x − ½| = ¾ for U(−1, 2), so the divergence is ¾/b + log 2b − log 3.
    const got = D.kl(p, q, { seed: 1, samples: 40_000 });
    expect(got.data[0]).toBeCloseTo(0.75 / 0.7 + Math.log(1.4 / 3), 1);
    expect(grad(sum(got), [scaleOf])[0].data[0]).toBeCloseTo(-0.75 / 0.49 + 1 / 0.7, 1);
    expect([...D.kl(p, q, { seed: 1, samples: 50 }).data]).toEqual([...D.kl(p, q, { seed: 1, samples: 50 }).data]);
  });
});
