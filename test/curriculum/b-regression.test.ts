/** Curriculum B6 by descent, B10, B11 and B12: regressions by descent, and several classes out of two. */

import { describe, expect, test } from 'vitest';
import {
  backward,
  crossEntropy,
  matmul,
  models,
  noGrad,
  randn,
  softmax,
  type Tensor,
  tensor,
} from '../../src/index.ts';

const { LinearRegression, LogisticRegression, OneVsOne, OneVsRest, Perceptron, SoftmaxRegression } = models;
const wide = { dtype: 'float64' } as const;

test('B6: mini-batch descent comes to the weights of the normal equation', async () => {
  const x = randn([60, 3], wide);
  const y = x.matmul(tensor([1, -2, 0.5], wide)).add(randn([60], wide).mul(0.1));
  const exact = await new LinearRegression({ solver: 'cholesky' }).fit(x, y);
  const whole = await new LinearRegression({ solver: 'descent', lr: 0.1, epochs: 400 }).fit(x, y);
  for (const [j, w] of [...exact.weight.data].entries()) expect(whole.weight.data[j]).toBeCloseTo(Number(w), 8);
  expect(whole.bias.item()).toBeCloseTo(exact.bias.item(), 8);
  const batches = await new LinearRegression({ solver: 'descent', lr: 0.02, epochs: 60, batchSize: 8, seed: 1 }).fit(
    x,
    y,
  );
  for (const [j, w] of [...exact.weight.data].entries()) expect(batches.weight.data[j]).toBeCloseTo(Number(w), 1);
});

test('a penalty shrinks the weights alike by every solver', async () => {
  const x = randn([40, 3], wide);
  const y = randn([40, 2], wide);
  const found = await Promise.all(
    (['cholesky', 'qr', 'svd'] as const).map((solver) => new LinearRegression({ solver, l2: 5 }).fit(x, y)),
  );
  found.push(await new LinearRegression({ solver: 'descent', l2: 5, lr: 0.1, epochs: 500 }).fit(x, y));
  for (const model of found.slice(1)) {
    for (const [j, w] of [...found[0].weight.data].entries()) expect(model.weight.data[j]).toBeCloseTo(Number(w), 8);
  }
  const free = await new LinearRegression().fit(x, y);
  expect(found[0].weight.square().sum().item()).toBeLessThan(free.weight.square().sum().item());
});

describe('B10: logistic regression on positives only, w = 0, η = 1', () => {
  // 0 lies between the inputs: their pulls on w cancel, and b alone moves.
  const x = tensor([[-1], [1]], wide);
  const positives = tensor([1, 1]);
  const [after, bias, training, held] = [
    [10, 100, 1000, 10_000],
    [2.26324, 4.58925, 6.90501, 9.20995],
    [0.0989513, 0.0101092, 0.00100225, 0.000100034],
    [1.23057, 2.30473, 3.45351, 4.60508],
  ];

  test('b grows as ln t, the training loss falls, the loss on half-negative labels rises', () => {
    let b = 0;
    let gradient = 1;
    const softplus = (z: number) => Math.log1p(Math.exp(z));
    for (let t = 1, row = 0; t <= 10_000; t++) {
      const next = -1 / (1 + Math.exp(b));
      expect(Math.abs(next)).toBeLessThan(gradient);
      gradient = Math.abs(next);
      b -= next;
      if (t !== after[row]) continue;
      expect(b).toBeCloseTo(bias[row], 4);
      expect(softplus(-b) / training[row]).toBeCloseTo(1, 5);
      expect((softplus(-b) + softplus(b)) / 2).toBeCloseTo(held[row], 4);
      row++;
    }
    expect(gradient).toBeGreaterThan(0);
  });

  test.each([0, 1, 2])('and so does the model', async (row) => {
    const model = await new LogisticRegression({ solver: 'descent', lr: 1, epochs: after[row] }).fit(x, positives);
    expect(model.linear.bias!.item()).toBeCloseTo(bias[row], 4);
    expect(model.linear.weight.item()).toBe(0);
    expect(model.losses).toHaveLength(after[row]);
    expect(model.losses.every((loss, t) => t === 0 || loss < model.losses[t - 1])).toBe(true);
  });

  test('w grows without end where 0 lies outside of the hull of the inputs', async () => {
    const grown = await Promise.all(
      [10, 100, 1000].map(async (epochs) => {
        const { linear } = await new LogisticRegression({ solver: 'descent', lr: 1, epochs }).fit(
          tensor([[1], [2]], wide),
          positives,
        );
        return linear.weight.item();
      }),
    );
    expect(grown[1]).toBeGreaterThan(grown[0] + 0.3);
    expect(grown[2]).toBeGreaterThan(grown[1] + 0.3);
  });
});

describe('B11: softmax regression', () => {
  test('∇W = −1/n Σ x(y − ŷ) + αW and ∇b = −1/n Σ (y − ŷ) are what autograd gives', () => {
    const [n, d, k, alpha] = [7, 4, 3, 0.5];
    const x = randn([n, d], wide);
    const ids = tensor([0, 1, 2, 2, 1, 0, 2], { dtype: 'int32' });
    const [w, b] = [randn([k, d], wide).requiresGrad_(), randn([k], wide).requiresGrad_()];
    const logits = matmul(x, w, { transB: true }).add(b);
    backward(
      crossEntropy(logits, ids).add(
        w
          .square()
          .sum()
          .mul(alpha / 2),
      ),
    );
    noGrad(() => {
      const missed = tensor(
        [...ids.data].map((id) => [0, 1, 2].map((c) => Number(c === id))),
        wide,
      ).sub(softmax(logits, 1));
      const wanted = matmul(missed, x, { transA: true }).div(-n).add(w.mul(alpha));
      for (const [i, g] of [...w.grad!.data].entries()) expect(g).toBeCloseTo(Number(wanted.data[i]), 14);
      const wantedBias = missed.sum(0).div(-n);
      for (const [i, g] of [...b.grad!.data].entries()) expect(g).toBeCloseTo(Number(wantedBias.data[i]), 14);
    });
  });

  test('one step from 0 is that gradient times the rate, in mini-batches too', async () => {
    const x = randn([6, 2], wide);
    const y = tensor([0, 1, 2, 0, 1, 2]);
    const { linear } = await new SoftmaxRegression({ solver: 'descent', lr: 0.5, epochs: 1, l2: 3 }).fit(x, y);
    const missed = tensor(
      [...y.data].map((id) => [0, 1, 2].map((c) => Number(c === id) - 1 / 3)),
      wide,
    );
    const wanted = matmul(missed, x, { transA: true }).mul(0.5 / 6);
    for (const [i, w] of [...linear.weight.data].entries()) expect(w).toBeCloseTo(Number(wanted.data[i]), 14);
  });
});

test('L-BFGS and descent come to the same weights', async () => {
  const x = randn([50, 3], wide);
  const y = tensor(Array.from({ length: 50 }, (_, i) => i % 3));
  const [quick, slow] = [
    await new SoftmaxRegression({ l2: 0.1, tolerance: 1e-14 }).fit(x, y),
    await new SoftmaxRegression({ l2: 0.1, solver: 'descent', lr: 0.5, epochs: 1000 }).fit(x, y),
  ];
  for (const [i, w] of [...quick.linear.weight.data].entries()) {
    expect(slow.linear.weight.data[i]).toBeCloseTo(Number(w), 5);
  }
  expect(quick.losses.length).toBeLessThan(60);
});

describe('B12: several classes by discriminants of two', () => {
  // Three clusters in a row: a line parts each from each other one, but none parts the middle from the rest.
  const centres = [-4, 0, 4];
  const spread = randn([60, 2], wide).clamp(-1.5, 1.5);
  const y = tensor(Array.from({ length: 60 }, (_, i) => i % 3));
  const x = spread.add(
    tensor(
      Array.from({ length: 60 }, (_, i) => [centres[i % 3], 0]),
      wide,
    ),
  );

  test('k of them one against all, k(k − 1)/2 one against one', async () => {
    const make = () => new LogisticRegression({ solver: 'descent', lr: 1, epochs: 50 });
    expect((await new OneVsRest(make).fit(x, y)).models).toHaveLength(3);
    const four = tensor(Array.from({ length: 60 }, (_, i) => i % 4));
    expect((await new OneVsOne(make).fit(x, four)).models).toHaveLength(6);
  });

  test('the second split is the easier one', async () => {
    const make = () => new Perceptron({ epochs: 200 });
    const pairs = await new OneVsOne(make).fit(x, y);
    const rest = await new OneVsRest(make).fit(x, y);
    expect(pairs.models.map((model) => model.converged)).toEqual([true, true, true]);
    expect(rest.models.map((model) => model.converged)).toEqual([true, false, true]);
    expect(pairs.score(x, y)).toBe(1);
    expect(rest.score(x, y)).toBeLessThan(1);
  });

  test('the rows of a softmax regression are templates: each class is most like its own', async () => {
    const model = await new SoftmaxRegression().fit(x, y);
    expect(model.score(x, y)).toBe(1);
    const { weight } = model.linear;
    expect(weight.shape).toEqual([3, 2]);
    expect([...weight.select(1, 0).argsort().data]).toEqual([0, 1, 2]);
    expect([...model.predictProba(x).sum(1).data].every((p) => Math.abs(Number(p) - 1) < 1e-12)).toBe(true);
  });
});

test('wrong input is refused by name', async () => {
  const x: Tensor = tensor([[1], [2]]);
  await expect(new LogisticRegression().fit(x, tensor([0, 2]))).rejects.toThrow(/no class: got 2, expected 0 to 1/);
  await expect(new LogisticRegression().fit(tensor([1, 2]), tensor([0, 1]))).rejects.toThrow(
    /rows of a table: got \[2\]/,
  );
  await expect(new SoftmaxRegression().fit(x, tensor([0]))).rejects.toThrow(/one target a sample/);
  await expect(new SoftmaxRegression({ l2: -1 }).fit(x, tensor([0, 1]))).rejects.toThrow(/l2 must not be negative/);
  await expect(new OneVsRest(() => new Perceptron()).fit(x, tensor([0, 0]))).rejects.toThrow(/two classes/);
  await expect(new OneVsOne(() => new Perceptron()).fit(x, tensor([0, 2]))).rejects.toThrow(/no sample: got 1/);
  expect(() => new LinearRegression().predict(x)).toThrow(/nothing has been learned yet.*fit/);
  expect(() => new LinearRegression({ solver: 'lu' as 'qr' })).toThrow(/unknown solver: got lu/);
  const bad = { epoch: 3 } as object;
  expect(() => new LogisticRegression(bad)).toThrow(/unknown option: got epoch, .* \(did you mean epochs\?\)/);
  expect(() => new Perceptron(bad)).toThrow(/Perceptron: unknown option/);
  await expect(new LogisticRegression({ lr: 1 }).fit(x, tensor([0, 1]))).rejects.toThrow(/option of descent: got lr/);
});
