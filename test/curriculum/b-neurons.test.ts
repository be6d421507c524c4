/** Curriculum B1–B6 and C12: neurons, discriminants, the perceptron rule, least squares. */

import { describe, expect, test } from 'vitest';
import { backward, linalg, matmul, models, nn, optim, randn, step, tensor } from '../../src/index.ts';

const { Discriminant, LinearRegression, Perceptron } = models;

const corners = tensor([
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
]);
const gates = { and: [0, 0, 0, 1], or: [0, 1, 1, 1], xor: [0, 1, 1, 0] };

test('B1: a linear neuron with bias .1 and weights (.2, .3) answers .6 to (1, 1)', () => {
  const neuron = new nn.Linear(2, 1, { dtype: 'float64' });
  neuron.weight.data.set([0.2, 0.3]);
  neuron.bias!.data.set([0.1]);
  expect(neuron.forward(tensor([1, 1], { dtype: 'float64' })).item()).toBeCloseTo(0.6, 15);
});

test('B2: the normal of 1 + 2x₁ + 3x₂ is (2, 3), its boundary lies 1/√13 from the origin', () => {
  const g = new Discriminant([2, 3], 1);
  expect(g.normal).toEqual([2, 3]);
  expect(g.distanceFromOrigin).toBeCloseTo(1 / Math.sqrt(13), 15);
  expect(Math.hypot(...g.foot)).toBeCloseTo(1 / Math.sqrt(13), 15);
  const points = tensor([[0, 0], [-2, 1], [-2, 0], g.foot], { dtype: 'float64' });
  expect([...g.side(points).data].slice(0, 3)).toEqual([1, 0, -1]);
  expect([...g.distance(points).data]).toEqual([1, 0, -3, 0].map((v) => expect.closeTo(v / Math.sqrt(13), 14)));
});

test('B3: weights (1, 1) with bias −1.5 are AND, with −.5 OR', () => {
  for (const [bias, gate] of [
    [-1.5, gates.and],
    [-0.5, gates.or],
  ] as const) {
    expect([...step(matmul(corners, tensor([1, 1])).add(bias)).data]).toEqual(gate);
  }
});

test('B3: the rule learns AND from (1.2, .6): w = (1.2, .6), b = −.5 after two epochs with errors', async () => {
  const and = new Perceptron({ weights: [1.2, 0.6], threshold: 1, lr: 0.5 });
  await and.fit(corners, tensor(gates.and));
  expect(and.weights).toEqual([1.2, 0.6].map((w) => expect.closeTo(w, 14)));
  expect(and.bias).toBe(-0.5);
  expect(and.errors).toEqual([2, 1, 0].map(() => expect.any(Number)));
  expect(and.errors.filter((e) => e > 0)).toHaveLength(2);
  expect([...and.predict(corners).data]).toEqual(gates.and);
});

test('B4: OR from (.6, .6): (.6, 1.1) and .5', async () => {
  const or = await new Perceptron({ weights: [0.6, 0.6], threshold: 1, lr: 0.5 }).fit(corners, tensor(gates.or));
  expect([or.weights, or.bias]).toEqual([[0.6, 1.1], 0.5]);
});

describe('B4: AND from w = 0, b = .1, η = .1', () => {
  const learn = (unit: number) =>
    new Perceptron({ weights: [0, 0], bias: unit, lr: unit, epochs: 10 }).fit(corners, tensor(gates.and));

  test('in tenths it is exact: errors 3, 3, 2, 3, 2, 1, 0, w = (2, 1), b = −3', async () => {
    const and = await learn(1);
    expect(and.errors).toEqual([3, 3, 2, 3, 2, 1, 0]);
    expect([and.weights, and.bias]).toEqual([[2, 1], -3]);
    expect(and.trace).toHaveLength(14);
    expect(and.trace[0]).toEqual({ epoch: 1, sample: 0, output: 1, target: 0, weights: [0, 0], bias: 0 });
    expect(and.trace.at(-1)).toMatchObject({ epoch: 6, weights: [2, 1], bias: -3 });
  });

  test('in floating point it stops after epoch 4 at b = −.2, by rounding alone', async () => {
    const and = await learn(0.1);
    expect(and.bias).toBeCloseTo(-0.2, 14);
    expect(and.errors.at(-1)).toBe(0);
    expect(and.errors.filter((e) => e > 0)).toHaveLength(4);
  });
});

describe('B5: XOR', () => {
  test('no perceptron converges', async () => {
    const xor = await new Perceptron({ epochs: 1000 }).fit(corners, tensor(gates.xor));
    expect(xor.converged).toBe(false);
    expect(xor.errors).toHaveLength(1000);
    expect(xor.score(corners, tensor(gates.xor))).toBeLessThan(1);
  });

  test.each(['cholesky', 'qr', 'svd'] as const)('least squares by %s gives w = (0, 0), b = ½', async (solver) => {
    const xor = await new LinearRegression({ solver }).fit(corners.to('float64'), tensor(gates.xor));
    expect([...xor.weight.data, xor.bias.item()]).toEqual([0, 0, 0.5].map((v) => expect.closeTo(v, 14)));
  });

  test('a network with a hidden layer solves it', () => {
    const net = new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Linear(8, 1));
    const optimizer = new optim.Adam(net.parameters(), { lr: 0.05 });
    const target = tensor(gates.xor).reshape([4, 1]).to('float32');
    const loss = new nn.BCEWithLogitsLoss();
    for (let i = 0; i < 300; i++) {
      optimizer.zeroGrad();
      backward(loss.forward(net.forward(corners), target));
      optimizer.step();
    }
    expect([...step(net.forward(corners)).data]).toEqual(gates.xor);
  });
});

describe('B6: least squares', () => {
  const x = randn([40, 3], { dtype: 'float64' });
  const y = x.matmul(tensor([1, -2, 0.5], { dtype: 'float64' })).add(randn([40], { dtype: 'float64' }).mul(0.1));

  test('the solvers agree on a well-conditioned design', async () => {
    const found = await Promise.all(
      (['cholesky', 'qr', 'svd'] as const).map((solver) => new LinearRegression({ solver }).fit(x, y)),
    );
    for (const model of found.slice(1)) {
      for (const [j, w] of [...found[0].weight.data].entries()) expect(model.weight.data[j]).toBeCloseTo(w, 13);
      expect(model.bias.item()).toBeCloseTo(found[0].bias.item(), 13);
      expect(model.score(x, y)).toBeGreaterThan(0.99);
    }
  });

  test('of 1, 2, 3, 4, 100 squares pick the mean 22, absolutes the median 3', async () => {
    const values = tensor([1, 2, 3, 4, 100], { dtype: 'float64' });
    const none = tensor(new Float64Array(0), { shape: [5, 0] });
    const mean = await new LinearRegression().fit(none, values);
    expect(mean.bias.item()).toBeCloseTo(22, 12);
    // The sum of absolute differences, by its subgradient: 0 at the median.
    const slope = (at: number) => [...values.data].reduce((sum: number, v) => sum + Math.sign(at - Number(v)), 0);
    expect([slope(2.99), slope(3), slope(3.01)]).toEqual([-1, 0, 1]);
  });

  test('the normal equation squares the condition number, and loses the digits that QR keeps', async () => {
    // Polynomials of high degree on [0, 1]: columns that hardly differ.
    const degree = 9;
    const points = Array.from({ length: 50 }, (_, i) => i / 49);
    const design = tensor(
      points.map((t) => Array.from({ length: degree }, (_, j) => t ** (j + 1))),
      { dtype: 'float64' },
    );
    const truth = tensor(
      Array.from({ length: degree }, () => 1),
      { dtype: 'float64' },
    );
    const target = matmul(design, truth);
    const condition = linalg.cond(design).item();
    const squared = linalg.cond(matmul(design, design, { transA: true })).item();
    expect(squared / condition ** 2).toBeGreaterThan(0.5);
    expect(squared / condition ** 2).toBeLessThan(2);
    const errorOf = async (solver: 'cholesky' | 'qr') => {
      const { weight } = await new LinearRegression({ solver, bias: false }).fit(design, target);
      return Math.max(...[...weight.data].map((w) => Math.abs(Number(w) - 1)));
    };
    const [normal, qr] = [await errorOf('cholesky'), await errorOf('qr')];
    expect(qr).toBeLessThan(1e-8);
    expect(normal).toBeGreaterThan(100 * qr);
  });
});

describe('C12: XOR in five dimensions', () => {
  const lifted = tensor(
    [...Array(4).keys()].map((i) => {
      const [a, b] = [i >> 1, i & 1];
      return [a, b, a * a, b * b, a * b];
    }),
    { dtype: 'float64' },
  );

  test('(x₁, x₂, x₁², x₂², x₁x₂) makes it separable: (1, 1, 1, 1, −5), −1, free of errors at epoch 11', async () => {
    const xor = await new Perceptron().fit(lifted, tensor(gates.xor));
    expect([xor.weights, xor.bias]).toEqual([[1, 1, 1, 1, -5], -1]);
    expect(xor.errors).toHaveLength(11);
    expect(xor.converged).toBe(true);
  });

  test('the least squares of least norm are (.5, .5, .5, .5, −2), 0, exactly', async () => {
    const line = await new LinearRegression({ solver: 'svd' }).fit(lifted, tensor(gates.xor));
    const want = [0.5, 0.5, 0.5, 0.5, -2, 0];
    expect([...line.weight.data, line.bias.item()]).toEqual(want.map((v) => expect.closeTo(v, 12)));
    await expect(new LinearRegression().fit(lifted, tensor(gates.xor))).rejects.toThrow(/depend on each other.*svd/);
  });
});
