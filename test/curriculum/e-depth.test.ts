/** Curriculum E7 and E8: units that die, gradients that vanish, and networks that are the same. */

import { describe, expect, test } from 'vitest';
import { backward, indexSelect, manualSeed, mseLoss, nn, optim, randn, type Tensor, tensor } from '../../src/index.ts';

const norm = (t: Tensor): number => Math.sqrt([...t.data].reduce((total, v) => total + v * v, 0));

describe('E7: dying ReLU', () => {
  const [inputs, hidden] = [4, 32];

  /** Units that are negative for every sample, before and after training by descent, and what it came to. */
  function train(activation: nn.Layer): { before: number; after: number; loss: number } {
    manualSeed(17);
    const [first, last] = [new nn.Linear(inputs, hidden), new nn.Linear(hidden, 1)];
    // As after a step that was too long: every unit far on the side where a ReLU is flat.
    nn.init.constant_(first.bias!, -6);
    const net = new nn.Sequential(first, activation, last);
    const x = randn([64, inputs]);
    const y = x.sum(1, { keepdim: true });
    const dead = (): number => [...first.forward(x).max(0).values.data].filter((most) => most <= 0).length;
    const before = dead();
    const optimizer = new optim.Adam(net.parameters(), { lr: 0.05 });
    let loss = 0;
    for (let step = 0; step < 200; step++) {
      net.zeroGrad();
      const error = mseLoss(net.forward(x), y);
      backward(error);
      optimizer.step();
      loss = error.item();
    }
    return { before, after: dead(), loss };
  }

  test('what is dead stays dead and learns nothing; a leak lets it learn', () => {
    const [plain, leaky] = [train(new nn.ReLU()), train(new nn.LeakyReLU(0.01))];
    expect([plain.before, leaky.before]).toEqual([hidden, hidden]);
    expect(plain.after).toBe(hidden);
    // The last bias alone has learned: what is left is the variance of a sum of four, about 4.
    expect(plain.loss).toBeGreaterThan(2);
    expect(leaky.loss).toBeLessThan(0.2);
  });
});

describe('E7: vanishing gradients', () => {
  test('ten sigmoids in a row pass at most (¼)¹⁰ = 9.54e−7 of a gradient', () => {
    expect(0.25 ** 10).toBeCloseTo(9.54e-7, 9);
    for (const start of [-2, 0, 0.5, 3]) {
      const x = tensor([start], { dtype: 'float64', requiresGrad: true });
      let y = x;
      for (let layer = 0; layer < 10; layer++) y = y.sigmoid();
      backward(y.sum());
      expect(x.grad!.item()).toBeGreaterThan(0);
      expect(x.grad!.item()).toBeLessThanOrEqual(0.25 ** 10);
    }
  });

  /** The gradient of the first layer's weight relative to that of the last. */
  function ratio(depth: number, activation: () => nn.Layer, initialise: (weight: Tensor) => Tensor): number {
    manualSeed(23);
    const layers = Array.from({ length: depth }, () => new nn.Linear(32, 32));
    for (const { weight } of layers) initialise(weight);
    const net = new nn.Sequential(...layers.flatMap((layer) => [layer, activation()]));
    backward(
      net
        .forward(randn([16, 32]))
        .square()
        .sum(),
    );
    return norm(layers[0].weight.grad!) / norm(layers[depth - 1].weight.grad!);
  }

  test('with depth they vanish under sigmoid, and not under ReLU', () => {
    const sigmoid = [2, 5, 10].map((depth) => ratio(depth, () => new nn.Sigmoid(), nn.init.xavierNormal_));
    const relu = [2, 5, 10].map((depth) => ratio(depth, () => new nn.ReLU(), nn.init.kaimingNormal_));
    for (const i of [1, 2]) expect(sigmoid[i]).toBeLessThan(sigmoid[i - 1] / 10);
    expect(sigmoid[2]).toBeLessThan(1e-4);
    for (const r of relu) expect(r).toBeGreaterThan(0.1);
  });
});

test('E8: permuting hidden units changes nothing: (3!)² = 36 equal networks', () => {
  manualSeed(29);
  const dtype = 'float64';
  const sizes = [2, 3, 3, 1];
  const make = (): nn.Linear[] => sizes.slice(1).map((out, i) => new nn.Linear(sizes[i], out, { dtype }));
  const output = (layers: nn.Linear[], x: Tensor): number[] => {
    const [a, b, c] = layers;
    return [...c.forward(b.forward(a.forward(x).tanh()).tanh()).data];
  };
  const orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]; // biome-ignore format: a table
  const layers = make();
  const x = randn([10, 2], { dtype });
  const want = output(layers, x).map((y) => expect.closeTo(y, 14));
  const seen = new Set<string>();
  for (const first of orders) {
    for (const second of orders) {
      const [a, b, c] = make();
      const pick = (t: Tensor, order: number[], axis = 0): Tensor =>
        indexSelect(t.detach(), axis, tensor(order, { dtype: 'int32' }));
      const [{ weight: wa, bias: ba }, { weight: wb, bias: bb }, { weight: wc, bias: bc }] = layers;
      a.loadStateDict({ weight: pick(wa, first), bias: pick(ba!, first) });
      b.loadStateDict({ weight: pick(pick(wb, second), first, 1), bias: pick(bb!, second) });
      c.loadStateDict({ weight: pick(wc, second, 1), bias: bc! });
      expect(output([a, b, c], x)).toEqual(want);
      seen.add(JSON.stringify([a, b, c].map((layer) => layer.weight.toArray())));
    }
  }
  expect(seen.size).toBe(36);
});
