/** Curriculum C1 to C3: activations and their derivatives, and losses out of likelihoods. */

import { describe, expect, test } from 'vitest';
import {
  abs,
  binaryCrossEntropyWithLogits,
  crossEntropy,
  distributions,
  elu,
  ge,
  grad,
  gradcheck,
  jacobian,
  leakyRelu,
  logSoftmax,
  logsigmoid,
  mean,
  mseLoss,
  relu,
  sigmoid,
  softmax,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
  to,
} from '../../src/index.ts';

const wide = (values: number[] | number[][]): Tensor => tensor(values, { dtype: 'float64', requiresGrad: true });
const close = (values: readonly number[], digits = 14): unknown[] => values.map((x) => expect.closeTo(x, digits));

describe('C1: activations and their derivatives', () => {
  const at = [-2.5, -1, -0.3, 0.4, 1.7, 3];
  const s = (x: number): number => 1 / (1 + Math.exp(-x));
  const activations: readonly (readonly [
    string,
    (x: Tensor) => Tensor,
    (x: number) => number,
    (x: number) => number,
  ])[] = [
    ['sigmoid', sigmoid, s, (x) => s(x) * (1 - s(x))],
    ['tanh', tanh, Math.tanh, (x) => 1 - Math.tanh(x) ** 2],
    ['ReLU', relu, (x) => Math.max(x, 0), (x) => (x > 0 ? 1 : 0)],
    ['leaky ReLU', (x) => leakyRelu(x, 0.01), (x) => (x > 0 ? x : 0.01 * x), (x) => (x > 0 ? 1 : 0.01)],
    ['ELU', (x) => elu(x), (x) => (x > 0 ? x : Math.exp(x) - 1), (x) => (x > 0 ? 1 : Math.exp(x))],
  ];

  test.each(activations)('%s', (_, fn, value, slope) => {
    const x = wide(at);
    expect([...fn(x).data]).toEqual(close(at.map(value)));
    expect([...grad(sum(fn(x)), [x])[0].data]).toEqual(close(at.map(slope)));
    expect(gradcheck(fn, [x])).toBe(true);
  });

  test('step: 0 below 0, 1 from there on, and nothing to descend along', () => {
    const step = to(ge(wide([-0.5, 0, 0.5]), 0), 'float64');
    expect([[...step.data], step.requiresGrad]).toEqual([[0, 1, 1], false]);
  });

  test('softmax', () => {
    const x = wide([0.5, 1.5, 0.1]);
    expect([...softmax(x, -1).data]).toEqual(close([0.227863, 0.619396, 0.152741], 6));
    expect(gradcheck((z) => softmax(z, -1), [x])).toBe(true);
  });
});

describe('C2: full Jacobians', () => {
  const x = wide([0.5, 1.5, 0.1, -2]);
  const s = [...softmax(x, -1).data];
  const table = (entry: (i: number, j: number) => number): unknown[][] =>
    s.map((_, i) => close(s.map((_, j) => entry(i, j))));
  const delta = (i: number, j: number): number => (i === j ? 1 : 0);

  test.each([
    ['log-sigmoid: 1 − σ(x)', logsigmoid, (i: number, j: number) => delta(i, j) * (1 - 1 / (1 + Math.exp(-x.data[i])))],
    ['softmax: sᵢ(δᵢⱼ − sⱼ)', (z: Tensor) => softmax(z, -1), (i: number, j: number) => s[i] * (delta(i, j) - s[j])],
    ['log-softmax: δᵢⱼ − sⱼ', (z: Tensor) => logSoftmax(z, -1), (i: number, j: number) => delta(i, j) - s[j]],
  ] as const)('%s', (_, fn, entry) => {
    expect((jacobian(fn, x) as Tensor).toArray()).toEqual(table(entry));
  });
});

describe('C3: losses, and the likelihoods they come from', () => {
  const { Bernoulli, Categorical, Laplace, Normal } = distributions;
  const [y, guess] = [wide([1, 2, 4]), wide([1.5, 1, 4.25])];
  const negativeLog = (d: distributions.Distribution, value: Tensor): number => -mean(d.logProb(value)).item();

  test('MAE is the likelihood of a Laplace distribution, MSE and RMSE that of a normal one', () => {
    const [mae, mse] = [mean(abs(sub(guess, y))).item(), mseLoss(guess, y).item()];
    expect(mae).toBeCloseTo(1.75 / 3, 15);
    expect(mse).toBeCloseTo(1.3125 / 3, 15);
    expect(sqrt(mean(square(sub(guess, y)))).item()).toBeCloseTo(Math.sqrt(1.3125 / 3), 15);
    expect(negativeLog(new Laplace(guess, 1), y)).toBeCloseTo(mae + Math.LN2, 14);
    expect(negativeLog(new Normal(guess, 1), y)).toBeCloseTo(mse / 2 + Math.log(2 * Math.PI) / 2, 14);
  });

  test('binary cross-entropy is the likelihood of a Bernoulli distribution', () => {
    const [logits, target] = [wide([-1, 0.5, 3]), wide([0, 1, 0])];
    const byHand = [Math.log1p(Math.exp(-1)), Math.log1p(Math.exp(-0.5)), Math.log1p(Math.exp(3))];
    const loss = binaryCrossEntropyWithLogits(logits, target).item();
    expect(loss).toBeCloseTo(byHand.reduce((a, b) => a + b) / 3, 14);
    expect(negativeLog(new Bernoulli({ logits }), target)).toBeCloseTo(loss, 14);
    expect(negativeLog(new Bernoulli({ probs: sigmoid(logits) }), target)).toBeCloseTo(loss, 14);
  });

  test('categorical cross-entropy is the likelihood of a categorical distribution', () => {
    const logits = wide([
      [0.5, 1.5, 0.1],
      [2, -1, 0],
    ]);
    const target = tensor(Int32Array.of(1, 2));
    const loss = crossEntropy(logits, target).item();
    const byHand = [
      Math.log(Math.exp(0.5) + Math.exp(1.5) + Math.exp(0.1)) - 1.5,
      Math.log(Math.exp(2) + Math.exp(-1) + 1),
    ];
    expect(loss).toBeCloseTo((byHand[0] + byHand[1]) / 2, 14);
    expect(negativeLog(new Categorical({ logits }), target)).toBeCloseTo(loss, 14);
  });
});
