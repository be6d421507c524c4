import { describe, expect, test } from 'vitest';
import { noGrad } from '../../src/autograd/index.ts';
import { AutogradError, ConfigError, DTypeError } from '../../src/errors.ts';
import { customFunction, exp, gradcheck, gradgradcheck, matmul, mul, randn, sum, tensor } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';

const leaf = (values: number[] | number[][]): Tensor => tensor(values, { dtype: 'float64', requiresGrad: true });
const list = (t: Tensor | null): number[] => [...(t?.data ?? [])];

/** x·y and x + y, by rules of their own. */
const productAndSum = customFunction({
  name: 'productAndSum',
  forward(node, [x, y]) {
    node.save(x, y);
    return [mul(x, y), x.add(y)];
  },
  backward(node, [dp, ds]) {
    const [x, y] = node.saved();
    return [dp.mul(y).add(ds), node.needs(1) ? dp.mul(x).add(ds) : null];
  },
});

const sigmoidLike = customFunction({
  name: 'sigmoidLike',
  forward(node, [x]) {
    const y = x.mul(-1).exp().add(1).reciprocal();
    node.save(y);
    return y;
  },
  backward(node, [dy]) {
    const [y] = node.saved();
    return [dy.mul(y).mul(y.mul(-1).add(1))];
  },
});

test('differentiates by its own rule, to any order', () => {
  expect(gradcheck(productAndSum, [leaf([1, 2]), leaf([3, 5])])).toBe(true);
  expect(gradgradcheck(productAndSum, [leaf([1, 2]), leaf([3, 5])])).toBe(true);
  expect(gradgradcheck(sigmoidLike, [leaf([0.3, -2])])).toBe(true);
  const tensors = [leaf([[1, 2]]), leaf([[3], [4]])];
  expect(gradgradcheck((a, b) => sigmoidLike(matmul(a, b)), tensors)).toBe(true);
});

test('an output that is not used has a gradient of zeros', () => {
  const [x, y] = [leaf([2]), leaf([3])];
  const [product] = productAndSum(x, y);
  product.sum().backward();
  expect([list(x.grad), list(y.grad)]).toEqual([[3], [2]]);
});

test('the rule may be another one than that of the values: straight through', () => {
  const straight = customFunction({ name: 'round', forward: (_, [x]) => x.round(), backward: (_, [dy]) => [dy] });
  const x = leaf([0.4, 1.6]);
  const y = straight(x);
  y.mul(y).sum().backward();
  expect([list(y), list(x.grad)]).toEqual([
    [0, 2],
    [0, 4],
  ]);
});

test('an input handed through keeps its own place in the graph', () => {
  const reverse = customFunction({ name: 'reverse', forward: (_, [x]) => x, backward: (_, [dy]) => [dy.mul(-1)] });
  const x = leaf([1, 2]);
  const h = x.mul(3);
  reverse(h).add(h.mul(10)).sum().backward();
  expect(list(x.grad)).toEqual([27, 27]);
  expect(h.node?.opName).toBe('mul');
  const twice = customFunction({
    name: 'twice',
    forward: (_, [a]) => [a, a],
    backward: (_, [p, q]) => [p.add(q.mul(2))],
  });
  const [p, q] = twice(x);
  x.grad = null;
  p.add(q).sum().backward();
  expect(list(x.grad)).toEqual([3, 3]);
});

test('records nothing where nothing asks for it, and integers and missing rules end the graph', () => {
  expect(sigmoidLike(tensor([1])).requiresGrad).toBe(false);
  expect(noGrad(() => sigmoidLike(leaf([1]))).requiresGrad).toBe(false);
  const count = customFunction({ name: 'count', forward: (_, [x]) => x.gt(0).sum() });
  expect(count(leaf([1, -1])).requiresGrad).toBe(false);
  const flat = customFunction({ name: 'flat', forward: (_, [x]) => x.mul(2) });
  expect(flat(leaf([1])).requiresGrad).toBe(false);
});

describe('a rule that is wrong is caught', () => {
  const ruled = (backward: (dy: Tensor) => unknown): (() => void) => {
    const fn = customFunction({
      name: 'ruled',
      forward: (_, [x, y]) => x.mul(y),
      backward: (_, [dy]) => backward(dy) as Tensor[],
    });
    return () =>
      fn(leaf([1, 2]), leaf([3, 4]))
        .sum()
        .backward();
  };

  test.each([
    ['too few gradients', (dy: Tensor) => [dy], /ruled: .* got 1 gradients, expected 2/],
    ['too many', (dy: Tensor) => [dy, dy, dy], /got 3 gradients/],
    ['a tensor in place of a list', (dy: Tensor) => dy, /got a Tensor/],
    ['another shape', (dy: Tensor) => [dy.sum(), dy], /does not fit input 0: got float64 \[\], expected float64 \[2\]/],
    ['another dtype', (dy: Tensor) => [dy, dy.to('float32')], /does not fit input 1: got float32/],
    ['no tensor', (dy: Tensor) => [dy, 3], /does not fit input 1: got 3/],
  ])('%s', (_, backward, message) => {
    expect(ruled(backward)).toThrow(AutogradError);
    expect(ruled(backward)).toThrow(message);
  });

  test('another value: by gradcheck', () => {
    const off = customFunction({ name: 'off', forward: (_, [x]) => exp(x), backward: (_, [dy]) => [dy] });
    expect(() => gradcheck(off, [leaf([1])])).toThrow(AutogradError);
  });
});

test('refuses definitions and calls that make no sense', () => {
  expect(() => customFunction({ name: '', forward: (_, [x]) => x })).toThrow(ConfigError);
  expect(() => customFunction({ name: 'a', forward: 3 as never })).toThrow(/the forward of a must be a function/);
  expect(() => customFunction({ name: 'a', forward: (_, [x]) => x, backward: 3 as never })).toThrow(ConfigError);
  expect(() => sigmoidLike(3 as never)).toThrow(DTypeError);
  expect(() => customFunction({ name: 'a', forward: () => 3 as never })(leaf([1]))).toThrow(
    /a: its forward must return/,
  );
});

test('a tensor it saved that was changed in place names both sides', () => {
  const w = randn([2], { dtype: 'float64' });
  const fn = customFunction({
    name: 'weighted',
    forward(node, [x]) {
      node.save(w);
      return x.mul(w);
    },
    backward: (node, [dy]) => [dy.mul(node.saved()[0])],
  });
  const y = sum(fn(leaf([1, 2])));
  w.mul_(2);
  expect(() => y.backward()).toThrow(
    /^weighted: a tensor it saved for the gradient, \[2\] was changed in place by mul_/,
  );
});
