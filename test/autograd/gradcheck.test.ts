import { describe, expect, test } from 'vitest';
import { AutogradError, ConfigError, DTypeError } from '../../src/errors.ts';
import {
  customFunction,
  dropout,
  exp,
  gradcheck,
  gradcheckError,
  gradgradcheck,
  indexSelect,
  max,
  randn,
  tensor,
} from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';

const leaf = (values: number[] | number[][]): Tensor => tensor(values, { dtype: 'float64', requiresGrad: true });

/** x·y with a rule that is off by a factor in one element of one gradient. */
const planted = customFunction({
  name: 'planted',
  forward(node, [x, y]) {
    node.save(x, y);
    return x.mul(y);
  },
  backward(node, [dy]) {
    const [x, y] = node.saved();
    return [dy.mul(y), dy.mul(x).mul(tensor([[1, 1, 1.001]], { dtype: 'float64' }))];
  },
});

test('several inputs and outputs, integers among both', () => {
  const ids = tensor([1, 0, 1], { dtype: 'int32' });
  const f = (x: Tensor, i: Tensor, y: Tensor): Tensor[] => {
    const { values, indices } = max(indexSelect(x, 0, i), 1);
    return [values.mul(y), indices, exp(y)];
  };
  const inputs = [leaf([[1, 5, 2], [4, 3, 9]]), ids, leaf([1, 2, 3])]; // biome-ignore format: a matrix
  expect(gradcheck(f, inputs)).toBe(true);
  expect(gradgradcheck(f, inputs)).toBe(true);
  expect(gradcheckError(f, inputs)).toBeLessThan(1);
});

test('names the output, the input and the element that are furthest off, with both values', () => {
  const [x, y] = [leaf([[1, 2, 3]]), leaf([[1, 1, 1]])];
  const f = (a: Tensor, b: Tensor): Tensor[] => [a.exp(), planted(a, b)];
  expect(() => gradcheck(f, [x, y])).toThrow(AutogradError);
  expect(() => gradcheck(f, [x, y])).toThrow(
    /gradcheck: the gradient of output 1 with respect to element \[0, 2\] of input 1 is wrong: got -1\.333.*, expected -1\.332.* by central/,
  );
  expect(gradcheck(f, [x, y], { rtol: 0.01 })).toBe(true);
});

test('a second derivative that is wrong, and a graph that is cut', () => {
  // The rule is right, but what it multiplies with has left the graph.
  const cut = customFunction({
    name: 'cut',
    forward(node, [x]) {
      node.save(x);
      return x.mul(x);
    },
    backward: (node, [dy]) => [dy.mul(node.saved()[0].detach()).mul(2)],
  });
  expect(gradcheck(cut, [leaf([1, 2])])).toBe(true);
  expect(() => gradgradcheck(cut, [leaf([1, 2])])).toThrow(/gradgradcheck: the gradient of output 0/);
  expect(() => gradcheck((x) => x.mul(2).detach(), [leaf([1])])).toThrow(/got 0, expected 1\.88/);
});

test('a rule that is not linear in what flows in', () => {
  const squared = customFunction({
    name: 'squared',
    forward: (_, [x]) => x.mul(1),
    backward: (_, [dy]) => [dy.mul(dy).div(dy.detach())],
  });
  expect(gradcheck(squared, [leaf([1])])).toBe(true);
  expect(() => gradgradcheck(squared, [leaf([1])])).toThrow(/of input 1 is wrong/);
});

test('leaves the inputs as they are, also when the function throws', () => {
  const x = leaf([1, 2]);
  gradcheck((a) => a.exp(), [x]);
  const throwing = (a: Tensor): Tensor => {
    if (a.data[1] !== 2) throw new Error('inside');
    return a.exp();
  };
  expect(() => gradcheck(throwing, [x])).toThrow('inside');
  expect([[...x.data], x.grad]).toEqual([[1, 2], null]);
});

describe('refusals', () => {
  test('nothing to differentiate, or in the wrong dtype', () => {
    expect(() => gradcheck(exp, [tensor([1], { dtype: 'float64' })])).toThrow(/no input requires a gradient/);
    expect(() => gradcheck(exp, [tensor([1], { requiresGrad: true })])).toThrow(DTypeError);
    expect(() => gradcheck((x) => x.to('float32'), [leaf([1])])).toThrow(DTypeError);
    expect(() => gradcheck((x) => x.gt(0), [leaf([1])])).toThrow(/must give float64: got no floats/);
    expect(() => gradcheck(() => 3 as never, [leaf([1])])).toThrow(DTypeError);
  });

  test('inputs that move each other', () => {
    const x = leaf([1, 2, 3, 4]);
    const view = x.detach().reshape([2, 2]).requiresGrad_();
    expect(() => gradcheck((a, b) => a.sum().mul(b.sum()), [x, view])).toThrow(/inputs 0 and 1 share memory/);
    const [first, second] = [view.detach().select(0, 0).requiresGrad_(), view.detach().select(0, 1).requiresGrad_()];
    expect(gradcheck((a, b) => a.mul(b), [first, second])).toBe(true);
    expect(gradcheck((a, b) => a.mul(b), [x, x])).toBe(true);
  });

  test('a function that gives something else each time, forward or backward', () => {
    expect(() => gradcheck((x) => dropout(x.exp()), [randn([20], { dtype: 'float64', requiresGrad: true })])).toThrow(
      /another result each time/,
    );
    let count = 0;
    const drifting = customFunction({
      name: 'drifting',
      forward: (_, [x]) => x.mul(1),
      backward: (_, [dy]) => [dy.mul(1 + ++count)],
    });
    expect(() => gradcheck(drifting, [leaf([1])])).toThrow(/differs from one walk to the next/);
  });

  test('arguments', () => {
    expect(() => gradcheck(3 as never, [leaf([1])])).toThrow(ConfigError);
    expect(() => gradcheck(exp, leaf([1]) as never)).toThrow(/must be a list/);
    expect(() => gradcheck(exp, [3 as never])).toThrow(DTypeError);
    for (const options of [{ eps: 0 }, { eps: NaN }, { atol: -1 }, { rtol: -1 }]) {
      expect(() => gradcheck(exp, [leaf([1])], options)).toThrow(ConfigError);
    }
  });
});
