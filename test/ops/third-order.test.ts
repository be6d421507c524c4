/** The third derivative through fused operations: the gradient as a function of its own, its second order checked. */

import { describe, expect, test } from 'vitest';
import { enableGrad, grad } from '../../src/autograd/index.ts';
import {
  avgPool2d,
  batchNorm,
  type CrossEntropyOptions,
  conv1d,
  conv2d,
  convTranspose2d,
  crossEntropy,
  einsum,
  gradgradcheck,
  groupNorm,
  gruLayer,
  interpolate,
  layerNorm,
  logSoftmax,
  lstmLayer,
  matmul,
  maxPool2d,
  rnnLayer,
  type Sampler,
  softmax,
  sum,
  tanh,
} from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';
import { sampler } from '../support/sampler.ts';

type Case = (s: Sampler) => { inputs: Tensor[]; call: (...inputs: Tensor[]) => Tensor };

const small: Record<string, Case> = {
  conv1d: (s) => ({
    inputs: [s.normal([1, 1, 4]), s.normal([1, 1, 2]), s.normal([1])],
    call: (x, w, b) => conv1d(x, w, b, { padding: 1 }),
  }),
  conv2d: (s) => ({
    inputs: [s.normal([1, 2, 3, 3]), s.normal([1, 2, 2, 2])],
    call: (x, w) => conv2d(x, w, null, { stride: 2, padding: 1 }),
  }),
  convTranspose2d: (s) => ({
    inputs: [s.normal([1, 2, 2, 2]), s.normal([2, 1, 2, 2])],
    call: (x, w) => convTranspose2d(x, w, null, { stride: 2 }),
  }),
  maxPool2d: (s) => ({ inputs: [s.distinct([1, 3, 4])], call: (x) => maxPool2d(x, 2, { stride: 1 }) }),
  avgPool2d: (s) => ({ inputs: [s.normal([1, 3, 4])], call: (x) => avgPool2d(x, 2, { padding: 1 }) }),
  interpolate: (s) => ({
    inputs: [s.normal([1, 1, 2, 3])],
    call: (x) => interpolate(x, { scaleFactor: 2, mode: 'bilinear' }),
  }),
  batchNorm: (s) => ({
    inputs: [s.normal([3, 2]), s.normal([2]), s.normal([2])],
    call: (x, weight, bias) => batchNorm(x, { weight, bias, training: true }),
  }),
  groupNorm: (s) => ({
    inputs: [s.normal([1, 2, 2]), s.normal([2]), s.normal([2])],
    call: (x, weight, bias) => groupNorm(x, 1, { weight, bias }),
  }),
  layerNorm: (s) => ({
    inputs: [s.normal([2, 3]), s.normal([3]), s.normal([3])],
    call: (x, w, b) => layerNorm(x, [3], w, b),
  }),
  softmax: (s) => ({ inputs: [s.normal([2, 3])], call: (x) => softmax(x) }),
  logSoftmax: (s) => ({ inputs: [s.normal([2, 3])], call: (x) => logSoftmax(x) }),
  crossEntropy: (s) => {
    const [target, options]: [Tensor, CrossEntropyOptions] = [s.ids([3], 4), { labelSmoothing: 0.1 }];
    return { inputs: [s.normal([3, 4])], call: (x) => crossEntropy(x, target, options) };
  },
  matmul: (s) => ({ inputs: [s.normal([2, 3]), s.normal([3, 2])], call: (a, b) => matmul(a, b) }),
  einsum: (s) => ({
    inputs: [s.normal([2, 2]), s.normal([2, 3]), s.normal([3, 2])],
    call: (...operands) => einsum('ii,ij,jk->ik', ...operands),
  }),
  lstm: (s) => ({
    inputs: [[2, 1, 2], [1, 1], [1, 1], [4, 2], [4, 1], [4], [4]].map((shape) => s.normal(shape)),
    call: (x, h0, c0, wIh, wHh, bIh, bHh) => lstmLayer(x, h0, c0, wIh, wHh, bIh, bHh).y,
  }),
  gru: (s) => ({
    inputs: [[2, 1, 2], [1, 1], [3, 2], [3, 1], [3], [3]].map((shape) => s.normal(shape)),
    call: (x, h0, wIh, wHh, bIh, bHh) => gruLayer(x, h0, wIh, wHh, bIh, bHh).y,
  }),
  rnn: (s) => ({
    inputs: [[2, 1, 2], [1, 2], [2, 2], [2, 2], [2], [2]].map((shape) => s.normal(shape)),
    call: (x, h0, wIh, wHh, bIh, bHh) => rnnLayer(x, h0, wIh, wHh, bIh, bHh).y,
  }),
};

describe.each(Object.entries(small))('%s', (name, build) => {
  test('the gradient of the gradient of the gradient', () => {
    const { inputs, call } = build(sampler(name, 0, 'float64'));
    for (const x of inputs) x.requiresGrad = true;
    // Not linear in the outputs, so that no derivative vanishes.
    const gradients = (...leaves: Tensor[]): Tensor[] =>
      enableGrad(() => grad([sum(tanh(call(...leaves)))], leaves, { createGraph: true }) as Tensor[]);
    expect(gradgradcheck(gradients, inputs)).toBe(true);
  });
});
