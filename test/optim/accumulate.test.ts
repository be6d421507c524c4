/** Gradients of micro-batches, added in order: the bits that shares computed apart give when they are summed in rank order. */

import { expect, test } from 'vitest';
import { backward } from '../../src/autograd/index.ts';
import { ConfigError } from '../../src/errors.ts';
import { Linear, Module } from '../../src/nn/index.ts';
import { add, mean, mseLoss, mul, randn, slice, square, tanh, tensor } from '../../src/ops/index.ts';
import { AdamW, accumulateGradients, clipGradNorm_ } from '../../src/optim/index.ts';
import type { Tensor } from '../../src/tensor.ts';

/** The second layer is applied twice, so that its gradient is a sum within each micro-batch. */
class Net extends Module {
  readonly first = new Linear(5, 16);
  readonly again = new Linear(16, 16);
  readonly last = new Linear(16, 1);

  forward(x: Tensor): Tensor {
    const once = tanh(this.again.forward(tanh(this.first.forward(x))));
    return this.last.forward(tanh(this.again.forward(once)));
  }
}

const BATCH = 24;
const [x, y] = [randn([BATCH, 5]), randn([BATCH, 1])];
const parts = (sizes: readonly number[]): [Tensor, Tensor][] => {
  let at = 0;
  return sizes.map((size) => {
    const range = [at, (at += size)] as const;
    return [slice(x, 0, ...range), slice(y, 0, ...range)];
  });
};

const copyOf = (net: Net): Net => {
  const copy = new Net();
  copy.loadStateDict(net.stateDict());
  return copy;
};
const bits = (net: Net): Uint32Array[] => net.parameters().map(({ data }) => new Uint32Array(data.slice().buffer));

test.each([[[12, 12]], [[10, 8, 6]], [[7, 7, 7, 3]]])('shares of %j: one process and one a share agree', (sizes) => {
  const alone = new Net();
  const ranks = sizes.map(() => copyOf(alone));
  const optimizers = [alone, ...ranks].map((net) => new AdamW(net.parameters(), { lr: 0.01 }));
  for (let step = 0; step < 4; step++) {
    for (const optimizer of optimizers) optimizer.zeroGrad();
    accumulateGradients(parts(sizes), ([input, target]) => mseLoss(alone.forward(input), target), sizes);
    // Each rank has its share alone; what they hold is then added in rank order, and every rank takes the sum.
    for (const [rank, [input, target]] of parts(sizes).entries()) {
      backward(mul(mseLoss(ranks[rank].forward(input), target), sizes[rank] / BATCH));
    }
    for (let i = 0; i < alone.parameters().length; i++) {
      const total = ranks.map((net) => net.parameters()[i].grad!).reduce((sum, gradient) => add(sum, gradient));
      for (const net of ranks) net.parameters()[i].grad = mul(total, 1);
    }
    for (const net of [alone, ...ranks]) clipGradNorm_(net.parameters(), 0.5);
    for (const optimizer of optimizers) optimizer.step();
    for (const net of ranks) expect(bits(net)).toEqual(bits(alone));
  }
});

test('is the gradient of the whole batch, and its loss', () => {
  const net = new Net();
  const whole = copyOf(net);
  const loss = accumulateGradients(
    parts([10, 8, 6]),
    ([input, target]) => mseLoss(net.forward(input), target),
    [10, 8, 6],
  );
  const want = mseLoss(whole.forward(x), y);
  backward(want);
  expect(loss).toBeCloseTo(want.item(), 6);
  for (const [i, { grad }] of net.parameters().entries()) {
    for (const [j, value] of whole.parameters()[i].grad!.data.entries()) expect(grad!.data[j]).toBeCloseTo(value, 5);
  }
});

test('refuses shares that are none', () => {
  const w = tensor([1], { requiresGrad: true });
  const loss = (): Tensor => mean(square(w));
  for (const shares of [[1], [1, -1], [0, 0], [Number.NaN, 1]]) {
    expect(() => accumulateGradients([0, 1], loss, shares)).toThrow(ConfigError);
  }
  expect(() => accumulateGradients([], loss)).toThrow(ConfigError);
  expect(w.grad).toBeNull();
});
