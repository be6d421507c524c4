/** Curriculum C7, C9 and C10: what a network of layers is, and what its activations are for. */

import { describe, expect, test } from 'vitest';
import {
  add,
  elu,
  grad,
  leakyRelu,
  manualSeed,
  matmul,
  nn,
  relu,
  sigmoid,
  sum,
  tanh,
  tensor,
} from '../../src/index.ts';
import type { Tensor } from '../../src/tensor.ts';

const dtype = 'float64';

function perceptron(sizes: readonly number[]): nn.Sequential {
  return new nn.Sequential(...sizes.slice(1).map((out, i) => new nn.Linear(sizes[i], out, { dtype })));
}

test('C7: parameters of 4-3-2-1 and of 2-2-1', () => {
  expect(nn.summary(perceptron([4, 3, 2, 1]), [1, 4]).totals.parameters).toBe(26);
  expect(nn.summary(perceptron([2, 2, 1]), [1, 2]).totals.parameters).toBe(9);
});

describe('C9: without activations depth collapses', () => {
  test('4-3-2-1 is W₃W₂W₁x + W₃W₂b₁ + W₃b₂ + b₃', () => {
    manualSeed(3);
    const net = perceptron([4, 3, 2, 1]);
    const [[w1, b1], [w2, b2], [w3, b3]] = [...net].map((layer) => layer.parameters());
    const x = tensor([[0.3, -1.2, 2, 0.7], [1, 0, -3, 0.1]], { dtype }); // biome-ignore format: rows
    const w32 = matmul(w3, w2);
    const b = add(add(matmul(w32, b1), matmul(w3, b2)), b3);
    const collapsed = add(matmul(x, matmul(w32, w1), { transB: true }), b);
    const expected = [...collapsed.data].map((y) => expect.closeTo(y, 12));
    expect([...net.forward(x).data]).toEqual(expected);
  });

  test('so it cannot do XOR: opposite corners have the same sum, and a quarter of the error is left', () => {
    for (const seed of [1, 2, 3]) {
      manualSeed(seed);
      const corners = tensor([[0, 0], [1, 1], [0, 1], [1, 0]], { dtype }); // biome-ignore format: rows
      const [a, b, c, d] = perceptron([2, 8, 8, 1]).forward(corners).data;
      expect(a + b).toBeCloseTo(c + d, 12);
      expect((a ** 2 + b ** 2 + (1 - c) ** 2 + (1 - d) ** 2) / 4).toBeGreaterThanOrEqual(0.25);
    }
  });
});

describe('C10: what makes a good activation', () => {
  const activations: readonly (readonly [string, (x: Tensor) => Tensor, number, number, number])[] = [
    ['sigmoid', sigmoid, 0.5, 0.25, 0.00664806],
    ['tanh', tanh, 0, 1, 0.000181583],
    ['ReLU', relu, 0.398942, 0, 1],
    ['leaky ReLU', (x) => leakyRelu(x, 0.01), 0.394953, 0.01, 1],
    ['ELU', (x) => elu(x), 0.160521, 1, 1],
  ];

  test.each(activations)('%s: mean under N(0, 1), slope at 0 and at 5', (_, fn, mean, ...slopes) => {
    // The trapezoidal rule from −9 to 9, with the kink at a node.
    const [n, step] = [18_001, 0.001];
    const grid = Float64Array.from({ length: n }, (_, i) => -9 + i * step);
    const y = fn(tensor(grid)).data;
    const total = grid.reduce((area, x, i) => area + y[i] * Math.exp((-x * x) / 2) * step, 0);
    expect(total / Math.sqrt(2 * Math.PI)).toBeCloseTo(mean, 6);
    const at = tensor([0, 5], { dtype, requiresGrad: true });
    expect([...grad(sum(fn(at)), [at])[0].data]).toEqual(slopes.map((slope) => expect.closeTo(slope, 8)));
  });
});
