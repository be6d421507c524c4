import { expect, test } from 'vitest';
import { backward } from '../../src/autograd/index.ts';
import { ConfigError, DTypeError } from '../../src/errors.ts';
import { add, gradcheck, mul, ones, square, sub, sum, tensor } from '../../src/ops/index.ts';
import { l1Penalty, l2Penalty, proximalL1_, SGD } from '../../src/optim/index.ts';
import type { Tensor } from '../../src/tensor.ts';

const wide = (values: number[]): Tensor => tensor(values, { dtype: 'float64', requiresGrad: true });

test('penalties over several parameters, and their gradients', () => {
  const [a, b] = [wide([1, -2]), wide([3])];
  expect(l1Penalty([a, b]).item()).toBe(6);
  expect(l2Penalty([a, b], 0.5).item()).toBe(7);
  backward(add(l1Penalty([a, b], 2), l2Penalty([a, b])));
  expect([...a.grad!.data, ...b.grad!.data]).toEqual([4, -6, 8]);
  expect(gradcheck((x, y) => l2Penalty([x, y], 0.3), [a, b])).toBe(true);
  expect(gradcheck((x, y) => l1Penalty([x, y], 0.3), [a, b])).toBe(true);
});

test('at 0 the absolute value gives no gradient', () => {
  const x = wide([0, 1]);
  backward(l1Penalty(x));
  expect([...x.grad!.data]).toEqual([0, 1]);
});

test('λΣw² is the weight decay 2λ, to the bit where λ is a power of two', () => {
  const [penalized, decayed] = [wide([1, 2, -3]), wide([1, 2, -3])];
  const data = tensor([0.5, -1, 2], { dtype: 'float64' });
  const optimizers = [new SGD([penalized], { lr: 0.1 }), new SGD([decayed], { lr: 0.1, weightDecay: 0.25 })];
  for (let t = 0; t < 5; t++) {
    for (const optimizer of optimizers) optimizer.zeroGrad();
    backward(add(sum(mul(penalized, data)), l2Penalty(penalized, 0.125)));
    backward(sum(mul(decayed, data)));
    for (const optimizer of optimizers) optimizer.step();
  }
  expect([...penalized.data]).toEqual([...decayed.data]);
});

test.each(['float32', 'float64'] as const)('the proximal step in %s gives exact zeros', (dtype) => {
  const x = tensor([0.25, -0.25, 1, -1, 0.5, Number.NaN], { dtype, requiresGrad: true });
  proximalL1_(x, 0.5);
  expect([...x.data]).toEqual([0, 0, 0.5, -0.5, 0, Number.NaN]);
});

test('proximal steps find the sparse least squares, whose zeros are exact', () => {
  // ½‖w − c‖² + λ‖w‖₁ has its minimum at the soft threshold of c.
  const c = tensor([3, 0.4, -2, -0.1], { dtype: 'float64' });
  const w = wide([1, 1, 1, 1]);
  const optimizer = new SGD([w], { lr: 0.5 });
  for (let t = 0; t < 60; t++) {
    optimizer.zeroGrad();
    backward(mul(sum(square(sub(w, c))), 0.5));
    optimizer.step();
    proximalL1_([w], 0.5 * 0.5);
  }
  expect([...w.data]).toEqual([expect.closeTo(2.5, 12), 0, expect.closeTo(-1.5, 12), 0]);
});

test('refusals leave everything as it is', () => {
  const x = wide([1]);
  expect(() => l1Penalty([])).toThrow(ConfigError);
  expect(() => proximalL1_(x, -1)).toThrow(ConfigError);
  expect(() => proximalL1_([x, ones([1], { dtype: 'int32' })], 0.5)).toThrow(DTypeError);
  expect(x.item()).toBe(1);
});
