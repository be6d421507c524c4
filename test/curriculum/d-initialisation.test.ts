/** Curriculum D9: what initial values do to a signal on its way through fifty layers. */

import { expect, test } from 'vitest';
import { Generator, matmul, mul, nn, randn, relu, tanh, zeros } from '../../src/index.ts';
import type { Tensor } from '../../src/tensor.ts';

const [LAYERS, WIDTH] = [50, 512];

/** Each net by its activation and its weights' variance, in units of 1/fan-in. */
const nets: Record<string, { activation: (x: Tensor) => Tensor; variance: number; about: number }> = {
  linear: { activation: (x) => x, variance: 1, about: 1 },
  'linear, half of it': { activation: (x) => x, variance: 0.5, about: 2 ** -LAYERS },
  'linear, twice': { activation: (x) => x, variance: 2, about: 2 ** LAYERS },
  tanh: { activation: tanh, variance: 1, about: 0.01 },
  ReLU: { activation: relu, variance: 1, about: 2 ** -LAYERS },
  'ReLU, twice': { activation: relu, variance: 2, about: 1 },
};

test('D9: second moments after 50 layers of 512', () => {
  const generator = new Generator(9);
  const start = randn([8, WIDTH], { generator });
  const states = new Map(Object.keys(nets).map((name) => [name, start]));
  const weight = zeros([WIDTH, WIDTH]);
  for (let layer = 0; layer < LAYERS; layer++) {
    nn.init.lecunNormal_(weight, { generator });
    for (const [name, { activation, variance }] of Object.entries(nets)) {
      const z = mul(matmul(states.get(name)!, weight, { transB: true }), Math.sqrt(variance));
      states.set(name, activation(z));
    }
  }
  // The logarithm wanders by some half a unit: each layer's moment is an average over 512 draws.
  for (const [name, { about }] of Object.entries(nets)) {
    const moment = states.get(name)!.square().mean().item() / (name.startsWith('ReLU') ? 0.5 : 1);
    expect(Math.abs(Math.log(moment / about)), `${name}: ${moment}`).toBeLessThan(2);
  }
});
