/** Draws: their moments and distribution, gradients through them, and the same bits on every backend. */

import { afterAll, describe, expect, test } from 'vitest';
import { grad } from '../../src/autograd/index.ts';
import { backendInfo, getNumThreads, setBackend, setNumThreads } from '../../src/backend/select.ts';
import { Generator, manualSeed } from '../../src/core/rng.ts';
import * as D from '../../src/distributions/index.ts';
import { ConfigError } from '../../src/errors.ts';
import { gradcheck, gradgradcheck, mean, mul, square, sum, tensor } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';
import { nativeIsas, onIsa } from '../support/native.ts';

const N = 40_000;
const f64 = { dtype: 'float64' } as const;

const families: readonly (readonly [string, () => D.Distribution])[] = [
  ['Normal', () => new D.Normal([-1, 5], [2, 0.1], f64)],
  ['Laplace', () => new D.Laplace([-1, 5], [2, 0.1], f64)],
  ['Uniform', () => new D.Uniform([-1, 5], [2, 5.5], f64)],
  ['Exponential', () => new D.Exponential([0.2, 7], f64)],
  ['Gamma', () => new D.Gamma([0.05, 0.7, 1, 3, 200], 2, f64)],
  ['Beta', () => new D.Beta([0.1, 0.5, 2, 60], [0.2, 3, 2, 20], f64)],
  ['Poisson', () => new D.Poisson([0, 0.3, 9.9, 10.1, 40, 3000], f64)],
  ['Binomial', () => new D.Binomial([0, 5, 40, 100, 5000, 30], { probs: [0.5, 0.3, 0.2, 0.9, 0.4, 1] }, f64)],
  ['Bernoulli', () => new D.Bernoulli({ logits: [-3, 0, 2] }, f64)],
];

/** Six standard errors: with a fixed seed a right sampler passes once and for all, a wrong one hardly ever. */
const ERRORS = 6;

describe.each(families)('%s', (name, build) => {
  const d = build();
  const draws = d.sample([N], { seed: 11 });
  const width = d.batchShape[0];
  const column = (i: number): number[] => Array.from({ length: N }, (_, j) => draws.data[j * width + i]);

  test('mean and variance', () => {
    expect(draws.shape).toEqual([N, width]);
    for (let i = 0; i < width; i++) {
      const xs = column(i);
      const [m, v] = [d.mean.data[i], d.variance.data[i]];
      const average = xs.reduce((a, x) => a + x, 0) / N;
      const spread = xs.reduce((a, x) => a + (x - m) ** 2, 0) / N;
      const fourth = xs.reduce((a, x) => a + (x - m) ** 4, 0) / N;
      expect(Math.abs(average - m), `mean ${i}`).toBeLessThanOrEqual(ERRORS * Math.sqrt(v / N) + 1e-12);
      expect(Math.abs(spread - v), `variance ${i}`).toBeLessThanOrEqual(ERRORS * Math.sqrt(fourth / N) + 1e-12);
    }
  });

  test('shares below a value are those of the distribution function', () => {
    for (let i = 0; i < width; i++) {
      const xs = column(i).sort((a, b) => a - b);
      for (const share of [0.02, 0.3, 0.5, 0.8, 0.99]) {
        const at = xs[Math.floor(share * N)];
        const row = tensor(new Float64Array(width).fill(at));
        const p = d.cdf(row).data[i];
        const got = xs.filter((x) => x <= at).length / N;
        expect(Math.abs(got - p), `${i} at ${at}`).toBeLessThanOrEqual(ERRORS * Math.sqrt((p * (1 - p)) / N) + 1e-9);
      }
    }
  });

  test('values outside the support never come up', () => {
    expect(d.logProb(draws).data.every((x) => !Number.isNaN(x))).toBe(true);
  });

  test('a seed decides the draws, and the default generator continues', () => {
    const again = [d.sample([5], { seed: 11 }), d.sample([5], { generator: new Generator(11) })];
    expect([...again[0].data]).toEqual([...again[1].data]);
    manualSeed(3);
    const [first, second] = [d.sample([40]), d.sample([40])];
    expect([...first.data]).not.toEqual([...second.data]);
    manualSeed(3);
    expect([...d.sample([40]).data]).toEqual([...first.data]);
    expect(() => d.sample([1], { seed: 1, generator: new Generator(1) })).toThrow(ConfigError);
  });

  test('sample is outside the graph; rsample is in it where there is one', () => {
    expect(d.sample().requiresGrad).toBe(false);
    if (d.hasRsample) return;
    expect(() => d.rsample()).toThrow(`${name}.rsample`);
  });
});

test('the shapes and types of draws', () => {
  const normal = new D.Normal(tensor([[0], [1]]), tensor([1, 2, 3]));
  expect(normal.batchShape).toEqual([2, 3]);
  expect(normal.sample([4, 5]).shape).toEqual([4, 5, 2, 3]);
  expect(normal.sample([0]).shape).toEqual([0, 2, 3]);
  expect(new D.Normal(0, 1).sample().shape).toEqual([]);
  expect(new D.Normal(0, 1).sample().dtype).toBe('float32');
  expect(new D.Normal(tensor([0], f64), 1).sample().dtype).toBe('float64');
  const categorical = new D.Categorical({
    probs: [
      [1, 1, 2],
      [0, 1, 0],
    ],
  });
  const drawn = categorical.sample([1000], { seed: 1 });
  expect([drawn.shape, drawn.dtype]).toEqual([[1000, 2], 'int32']);
  expect([...drawn.data].filter((_, i) => i % 2 === 1).every((x) => x === 1)).toBe(true);
  const vector = new D.MultivariateNormal([0, 0], {
    scaleTril: [
      [1, 0],
      [2, 1],
    ],
  });
  expect(vector.sample([3]).shape).toEqual([3, 2]);
  expect(new D.Categorical({ probs: tensor(new Float32Array(0), { shape: [0, 3] }) }).sample([2]).shape).toEqual([
    2, 0,
  ]);
});

test('categories come up with their probabilities', () => {
  const probs = [0.5, 0, 0.3, 0.2];
  for (const parameter of [{ probs }, { logits: probs.map(Math.log) }]) {
    const drawn = [...new D.Categorical(parameter).sample([N], { seed: 4 }).data];
    probs.forEach((p, i) => {
      const share = drawn.filter((x) => x === i).length / N;
      expect(Math.abs(share - p)).toBeLessThanOrEqual(ERRORS * Math.sqrt((p * (1 - p)) / N));
    });
  }
});

test('vectors have the covariance that was asked for', () => {
  const covarianceMatrix = [
    [2, 0.6],
    [0.6, 0.5],
  ];
  const d = new D.MultivariateNormal([1, -2], { covarianceMatrix }, f64);
  const { data } = d.sample([N], { seed: 8 });
  const centred = [0, 1].map((i) => Array.from({ length: N }, (_, j) => data[2 * j + i] - [1, -2][i]));
  for (const [i, j] of [
    [0, 0],
    [0, 1],
    [1, 1],
  ]) {
    const got = centred[i].reduce((total, x, k) => total + x * centred[j][k], 0) / N;
    expect(Math.abs(got - covarianceMatrix[i][j])).toBeLessThan((ERRORS * 3) / Math.sqrt(N));
  }
});

describe('the same bits', () => {
  const builds: readonly (readonly [string, () => D.Distribution])[] = [
    ...families.map(([name, build]) => [`${name}, float64`, build] as const),
    ['Normal', () => new D.Normal([0.1, 3], [1.7, 0.3])],
    ['Laplace', () => new D.Laplace([0.1, 3], [1.7, 0.3])],
    ['Uniform', () => new D.Uniform([0.1, 3], [1.7, 9.3])],
    ['Exponential', () => new D.Exponential([0.3, 3])],
    ['Gamma', () => new D.Gamma([0.03, 0.7, 30], [0.3, 3, 7])],
    ['Beta', () => new D.Beta([0.03, 0.7, 30], [0.3, 3, 7])],
    ['Poisson', () => new D.Poisson([0.3, 33])],
    ['Binomial', () => new D.Binomial(40, { logits: [-2.1, 0.3] })],
    ['Bernoulli', () => new D.Bernoulli({ logits: [-2.1, 0.3] })],
    ['Categorical', () => new D.Categorical({ logits: [-2.1, 0.3, 1.7] })],
    [
      'MultivariateNormal',
      () =>
        new D.MultivariateNormal([1, 2], {
          covarianceMatrix: [
            [2, 0.6],
            [0.6, 0.5],
          ],
        }),
    ],
  ];
  const before = { backend: backendInfo().backend, threads: getNumThreads() };
  afterAll(() => {
    setBackend(before.backend);
    setNumThreads(before.threads);
  });

  test.skipIf(nativeIsas().length === 0).each(builds)('%s on every backend and any number of threads', (_, build) => {
    const draw = (): number[] => [...build().sample([4001], { seed: 21 }).data];
    setBackend('ts');
    const want = draw();
    for (const isa of nativeIsas()) {
      for (const threads of [1, 2, 3]) {
        const got = onIsa(isa, () => {
          setNumThreads(threads);
          return draw();
        });
        expect(got).toEqual(want);
      }
    }
  });
});

describe('gradients through draws', () => {
  const parameters = (...values: number[][]): Tensor[] =>
    values.map((xs) => tensor(xs, { dtype: 'float64', requiresGrad: true }));

  const direct: readonly (readonly [string, number[][], (...p: Tensor[]) => D.Distribution])[] = [
    [
      'Normal',
      [
        [0.3, -1],
        [1.2, 0.4],
      ],
      (a, b) => new D.Normal(a, b),
    ],
    [
      'Laplace',
      [
        [0.3, -1],
        [1.2, 0.4],
      ],
      (a, b) => new D.Laplace(a, b),
    ],
    [
      'Uniform',
      [
        [0.3, -1],
        [1.2, 0.4],
      ],
      (a, b) => new D.Uniform(a, b),
    ],
    ['Exponential', [[0.3, 1.4]], (a) => new D.Exponential(a)],
  ];

  test.each(direct)('%s: draws from the same seed move with the parameters', (_, values, build) => {
    const draw = (...p: Tensor[]): Tensor => build(...p).rsample([3], { seed: 5 });
    expect(gradcheck(draw, parameters(...values))).toBe(true);
    expect(gradgradcheck(draw, parameters(...values))).toBe(true);
  });

  test('MultivariateNormal, in every form', () => {
    const loc = tensor([0.5, -1], { dtype: 'float64', requiresGrad: true });
    const matrix = tensor(
      [
        [2, 0.6],
        [0.6, 0.5],
      ],
      { dtype: 'float64', requiresGrad: true },
    );
    const symmetric = (x: Tensor): Tensor => mul(x.add(x.transpose(0, 1)), 0.5);
    const forms = [
      (x: Tensor) => ({ covarianceMatrix: symmetric(x) }),
      (x: Tensor) => ({ precisionMatrix: symmetric(x) }),
      (x: Tensor) => ({ scaleTril: x.tril() }),
    ];
    for (const form of forms) {
      const draw = (m: Tensor, x: Tensor): Tensor => new D.MultivariateNormal(m, form(x)).rsample([3], { seed: 5 });
      expect(gradcheck(draw, [loc, matrix])).toBe(true);
    }
  });

  /** The share below a draw stays as it is: so the gradient is that of the quantile at it. */
  test('Gamma and Beta: that of the quantile at the share of the draw', () => {
    const [a, b] = parameters([0.05, 0.8, 3, 40], [0.5, 2, 7, 0.3]);
    const gamma = new D.Gamma(a, b);
    const x = gamma.rsample([], { seed: 3 });
    const got = grad(sum(mul(x, square(x))), [a, b]);
    const again = gamma.icdf(gamma.cdf(x).detach());
    const want = grad(sum(mul(again, square(again))), [a, b]);
    got.forEach((g, i) => {
      expect([...g.data].map((value, j) => value / want[i].data[j])).toEqual(Array(4).fill(expect.closeTo(1, 7)));
    });
    const beta = new D.Beta(a, b);
    const y = beta.rsample([], { seed: 4 });
    // Two gamma draws move, not one quantile: the same on average, E[X] = a/(a + b).
    const n = 20_000;
    const [da] = grad(mean(beta.rsample([n], { seed: 6 }), 0), [a], { seeds: tensor([1, 1, 1, 1], f64) });
    a.data.forEach((alpha, i) => {
      expect(da.data[i]).toBeCloseTo(b.data[i] / (alpha + b.data[i]) ** 2, 1);
    });
    expect(y.requiresGrad).toBe(true);
  });

  test('on average they are the gradients of the expectation, at second order too', () => {
    const [a] = parameters([1.7]);
    const n = 20_000;
    // E[X²] = a(a + 1) for the rate 1.
    const second = mean(square(new D.Gamma(a, 1).rsample([n], { seed: 9 })));
    const [first] = grad(second, [a], { createGraph: true });
    expect(first.data[0]).toBeCloseTo(2 * 1.7 + 1, 0);
    const [curvature] = grad(sum(first), [a]);
    expect(curvature.data[0]).toBeCloseTo(2, 0);
  });
});
