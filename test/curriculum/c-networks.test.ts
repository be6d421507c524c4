/** Curriculum C4 to C6, C8, C11 and C13: gradients by hand against autograd, neurons, and what the 0–1 error lacks. */

import { describe, expect, test } from 'vitest';
import {
  add,
  binaryCrossEntropy,
  crossEntropy,
  Generator,
  ge,
  grad,
  log,
  matmul,
  metrics,
  mseLoss,
  mul,
  randn,
  relu,
  sigmoid,
  softmax,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
  to,
  transpose,
} from '../../src/index.ts';

const wide = (values: number | number[] | number[][]): Tensor =>
  tensor(values, { dtype: 'float64', requiresGrad: true });
const close = (values: readonly number[], digits: number): unknown[] => values.map((x) => expect.closeTo(x, digits));
const s = (x: number): number => 1 / (1 + Math.exp(-x));

describe('C4: one sigmoid neuron after another under binary cross-entropy', () => {
  test('the four gradients', () => {
    const [x, y] = [2, 1];
    const [w1, b1, w2, b2] = [0.5, 0, 1, 0].map((v) => wide(v));
    const a1 = sigmoid(add(mul(w1, x), b1));
    const a2 = sigmoid(add(mul(w2, a1), b2));
    const loss = binaryCrossEntropy(a2, tensor(y, { dtype: 'float64' }));
    const got = grad(loss, [w2, b2, w1, b1]).map((g) => g.item());
    expect(got).toEqual(close([-0.237567, -0.324962, -0.127783, -0.063891], 6));
    const [h, out] = [s(1), s(s(1))];
    const byHand = [h * (out - y), out - y, h * (1 - h) * (out - y) * x, h * (1 - h) * (out - y)];
    expect(got).toEqual(close(byHand, 14));
  });

  test('two hidden neurons: the same for each of them', () => {
    const [x, y] = [2, 1];
    const [w1, b1, w2, b2] = [wide([0.5, -0.3]), wide([0, 0.2]), wide([1, -2]), wide(0.1)];
    const a1 = sigmoid(add(mul(w1, x), b1));
    const a2 = sigmoid(add(sum(mul(w2, a1)), b2));
    const loss = binaryCrossEntropy(a2, tensor(y, { dtype: 'float64' }));
    const got = grad(loss, [w2, b2, w1, b1]).map((g) => [...g.data]);
    const h = [s(1), s(-0.4)];
    const off = s(h[0] - 2 * h[1] + 0.1) - y;
    const back = [1, -2].map((w, i) => w * h[i] * (1 - h[i]) * off);
    const byHand = [h.map((a) => a * off), [off], back.map((v) => v * x), back];
    expect(got).toEqual(byHand.map((values) => close(values, 14)));
  });
});

describe('C5: two layers, z₁ = xW₁ + b₁, a₁ = σ(z₁), z₂ = a₁W₂ + b₂', () => {
  const n = 5;
  const generator = new Generator(12);
  const draw = (...shape: number[]): Tensor => randn(shape, { dtype: 'float64', generator });

  /** δ₂ is the loss's slope in z₂; the rest follows: dW₂ = a₁ᵀδ₂, δ₁ = δ₂W₂ᵀ ∘ a₁(1 − a₁), dW₁ = xᵀδ₁. */
  function check(outputs: number, loss: (z2: Tensor) => Tensor, delta: (z2: Tensor) => Tensor): void {
    const x = draw(n, 3);
    const weights = [draw(3, 4), draw(4), draw(4, outputs), draw(outputs)].map((w) => w.requiresGrad_());
    const [w1, b1, w2, b2] = weights;
    const a1 = sigmoid(add(matmul(x, w1), b1));
    const z2 = add(matmul(a1, w2), b2);
    const d2 = delta(z2.detach());
    const d1 = mul(matmul(d2, transpose(w2, 0, 1)), mul(a1, sub(1, a1)));
    const byHand = [matmul(transpose(x, 0, 1), d1), sum(d1, 0), matmul(transpose(a1, 0, 1), d2), sum(d2, 0)];
    grad(loss(z2), weights).forEach((g, i) => {
      expect([...g.data]).toEqual(close([...byHand[i].data], 12));
    });
  }

  test.each([1, 3])('regression with %i outputs', (k) => {
    const y = draw(n, k);
    check(
      k,
      (z) => mseLoss(z, y),
      (z) => mul(sub(z, y), 2 / (n * k)),
    );
  });

  test('two classes: sigmoid and binary cross-entropy leave ŷ − y', () => {
    const y = to(ge(draw(n, 1), 0), 'float64');
    check(
      1,
      (z) => binaryCrossEntropy(sigmoid(z), y),
      (z) => mul(sub(sigmoid(z), y), 1 / n),
    );
  });

  test('more classes: softmax and cross-entropy leave ŷ − y', () => {
    const ids = tensor(Int32Array.of(0, 2, 1, 1, 2));
    const y = tensor(
      [0, 2, 1, 1, 2].map((c) => [0, 1, 2].map((i) => Number(i === c))),
      { dtype: 'float64' },
    );
    check(
      3,
      (z) => crossEntropy(z, ids),
      (z) => mul(sub(softmax(z, 1), y), 1 / n),
    );
  });

  test('a sigmoid output under squared error adds ŷ(1 − ŷ), in both layers', () => {
    const y = to(ge(draw(n, 1), 0), 'float64');
    check(
      1,
      (z) => mseLoss(sigmoid(z), y),
      (z) => {
        const guess = sigmoid(z);
        return mul(mul(sub(guess, y), mul(guess, sub(1, guess))), 2 / n);
      },
    );
  });
});

test('C6: a sigmoid and a step perceptron', () => {
  const z = (weights: number[], x: number[]): Tensor => sum(mul(wide(weights), wide(x)));
  expect(sigmoid(z([4, 2, -1], [0, 1, 1])).item()).toBeCloseTo(0.731059, 6);
  expect(to(ge(z([2, -4, 1], [1, 1, 0]), 0), 'int32').item()).toBe(0);
});

test('C8: one step of descent by hand', () => {
  const x = wide([1, 2]).detach();
  const [w1, b1] = [
    wide([
      [0.2, 0.4],
      [0.3, 0.7],
    ]),
    wide([0, 0]),
  ];
  const [w2, b2] = [wide([0.5, 0.9]), wide(0)];
  const guess = add(sum(mul(w2, relu(add(matmul(w1, x), b1)))), b2);
  const loss = square(sub(guess, 5));
  expect(guess.item()).toBeCloseTo(2.03, 12);
  expect(loss.item()).toBeCloseTo(8.8209, 12);
  const slopes = grad(loss, [w2, w1]);
  expect([...slopes[0].data]).toEqual(close([-5.94, -10.098], 12));
  expect([...slopes[1].data]).toEqual(close([-2.97, -5.94, -5.346, -10.692], 12));
  const weights = [w2, w1, b1, b2];
  const steps = grad(square(sub(add(sum(mul(w2, relu(add(matmul(w1, x), b1)))), b2), 5)), weights);
  const after = weights.map((w, i) => [...sub(w, mul(steps[i], 0.01)).data]);
  expect(after[0]).toEqual(close([0.5594, 1.00098], 12));
  expect(after[1]).toEqual(close([0.2297, 0.4594, 0.35346, 0.80692], 12));
  expect(after[2]).toEqual(close([0.0297, 0.05346], 12));
  expect(after[3]).toEqual(close([0.0594], 12));
});

describe('C11: the empirical error', () => {
  const x = wide([
    [1, 2],
    [2, -1],
    [-1, 0.5],
    [-2, -1],
  ]).detach();
  const y = Int32Array.of(1, 1, 0, 1);
  const guesses = (w: Tensor): Tensor => ge(matmul(x, w), 0);

  test('counts mistakes, and stays the same while the weights move a little', () => {
    const errors = (w: number[]): number => metrics.zeroOneLoss(guesses(wide(w)), y);
    expect(errors([1, 0])).toBe(0.25);
    for (const step of [-1e-3, 1e-6, 1e-2]) expect(errors([1 + step, step])).toBe(0.25);
    expect(errors([-1, 0])).toBe(0.75);
  });

  test('its slope is 0 almost everywhere: descent does not move, and log loss does', () => {
    const w = wide([1, 0]);
    // |step(x·w) − y|: mistakes as a computation, which ends at the comparison.
    const mistakes = guesses(w);
    expect(mistakes.requiresGrad).toBe(false);
    const target = tensor(y, { dtype: 'float64' });
    const slope = (loss: (v: Tensor) => number, i: number): number => {
      const at = (step: number): number => loss(wide([1, 0].map((v, j) => v + (i === j ? step : 0))));
      return (at(1e-4) - at(-1e-4)) / 2e-4;
    };
    const empirical = (v: Tensor): number => metrics.zeroOneLoss(guesses(v), y);
    expect([slope(empirical, 0), slope(empirical, 1)]).toEqual([0, 0]);
    const [g] = grad(binaryCrossEntropy(sigmoid(matmul(x, w)), target), [w]);
    expect(Math.hypot(...g.data)).toBeGreaterThan(0.1);
  });
});

test('C13: the sigmoid from a linear log-odds, and the step it becomes', () => {
  const z = wide([-5, -0.3, 0, 2, 7]);
  const p = sigmoid(z);
  expect([...log(p.div(sub(1, p))).data]).toEqual(close([...z.data], 12));
  const at = [0.01, 1, 100].map((theta) => sigmoid(wide(theta)).item());
  expect(at).toEqual([expect.closeTo(0.5025, 6), expect.closeTo(0.731059, 6), expect.closeTo(1, 12)]);
});
