import { describe, expect, test } from 'vitest';
import { grad, noGrad } from '../../src/autograd/index.ts';
import { AutogradError, ConfigError } from '../../src/errors.ts';
import { max, ones, tensor } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';

const leaf = (values: number[]): Tensor => tensor(values, { dtype: 'float64', requiresGrad: true });
const list = (t: Tensor | null): number[] => [...(t?.data ?? [])];

describe('registerHook', () => {
  test('sees the complete gradient of a leaf and of a result, and is taken away by its handle', () => {
    const x = leaf([3]);
    const h = x.mul(x);
    const seen: [string, number[]][] = [];
    const handles = [
      x.registerHook((g) => void seen.push(['x', list(g)])),
      h.registerHook((g) => void seen.push(['h', list(g)])),
    ];
    // h is used twice: 2·h + h, its gradient is complete only with both.
    h.mul(2).add(h).sum().backward(null, { retainGraph: true });
    expect(seen).toEqual([
      ['h', [3]],
      ['x', [18]],
    ]);
    for (const handle of handles) handle.remove();
    h.sum().backward();
    expect(seen.length).toBe(2);
  });

  test('what it returns replaces the gradient, in the order of registration', () => {
    const x = leaf([1, 2]);
    const h = x.mul(3);
    h.registerHook((g) => g.add(1));
    h.registerHook((g) => g.mul(10));
    x.registerHook((g) => g.mul(-1));
    h.sum().backward();
    expect(list(x.grad)).toEqual([-60, -60]);
    expect(list(grad(x.mul(3).sum(), [x])[0])).toEqual([-3, -3]);
  });

  test('hooks of two outputs of one operation are their own', () => {
    const x = leaf([1, 5, 2, 4]);
    const { values } = max(x.reshape([2, 2]), 1);
    values.registerHook((g) => g.mul(7));
    values.sum().backward();
    expect(list(x.grad)).toEqual([0, 7, 0, 7]);
  });

  test('one function registered twice is called twice, and taken away once', () => {
    const x = leaf([1]);
    const double = (g: Tensor): Tensor => g.mul(2);
    const first = x.registerHook(double);
    x.registerHook(double);
    x.mul(1).sum().backward();
    first.remove();
    first.remove();
    x.mul(1).sum().backward();
    expect(list(x.grad)).toEqual([6]);
  });

  test('a hook that goes while the walk is at it does not disturb the others', () => {
    const x = leaf([1]);
    const calls: string[] = [];
    const first = x.registerHook(() => {
      calls.push('first');
      first.remove();
    });
    x.registerHook(() => void calls.push('second'));
    for (let i = 0; i < 2; i++) x.mul(1).sum().backward();
    expect(calls).toEqual(['first', 'second', 'second']);
  });

  test('with createGraph what it computes is part of the derivative', () => {
    const x = leaf([2]);
    const h = x.mul(x);
    h.registerHook((g) => g.mul(x));
    const [first] = grad(h.sum(), [x], { createGraph: true }); // 2x · x
    expect(list(first)).toEqual([8]);
    expect(list(grad(first.sum(), [x])[0])).toEqual([8]);
  });

  test('refuses what has no gradient, what is no function, and a replacement that does not fit', () => {
    expect(() => tensor([1]).registerHook(() => {})).toThrow(AutogradError);
    expect(() => leaf([1]).registerHook(1 as never)).toThrow(ConfigError);
    const x = leaf([1, 2]);
    x.registerHook(() => ones([2]));
    expect(() => x.mul(2).sum().backward()).toThrow(
      /registerHook: a hook .* got float32 \[2\], expected float64 \[2\]/,
    );
  });
});

describe('registerPostAccumulateGradHook', () => {
  test('is called with the leaf once its grad is filled, after hooks on the gradient', () => {
    const x = leaf([3]);
    const seen: number[][] = [];
    const handle = x.registerPostAccumulateGradHook((filled) => void seen.push(list(filled.grad)));
    x.registerHook((g) => g.mul(2));
    x.mul(x).add(x).sum().backward();
    x.mul(1).sum().backward();
    handle.remove();
    x.mul(1).sum().backward();
    expect(seen).toEqual([[14], [16]]);
  });

  test('an optimizer in the backward pass: the gradient can be given up at once', () => {
    const x = leaf([1]);
    x.registerPostAccumulateGradHook((filled) => {
      noGrad(() => filled.sub_((filled.grad as Tensor).mul(0.1)));
      filled.grad = null;
    });
    x.mul(5).sum().backward();
    expect([list(x), x.grad]).toEqual([[0.5], null]);
  });

  test('only leaves that require a gradient', () => {
    expect(() =>
      leaf([1])
        .mul(2)
        .registerPostAccumulateGradHook(() => {}),
    ).toThrow(/use registerHook/);
    expect(() => tensor([1]).registerPostAccumulateGradHook(() => {})).toThrow(AutogradError);
  });
});

describe('retainGrad', () => {
  test('keeps what the hooks made of the gradient of a result, and adds up', () => {
    const x = leaf([2]);
    const h = x.mul(3);
    h.retainGrad();
    h.registerHook((g) => g.mul(10));
    const y = h.mul(h).sum();
    y.backward(null, { retainGraph: true });
    expect([list(h.grad), list(x.grad)]).toEqual([[120], [360]]);
    y.backward();
    expect(list(h.grad)).toEqual([240]);
  });

  test('is owned by the result: changing it changes no other gradient', () => {
    const [a, b] = [leaf([1]), leaf([2])];
    const h = a.add(b);
    h.retainGrad();
    h.sum().backward();
    h.grad?.mul_(9);
    expect([list(a.grad), list(b.grad), list(h.grad)]).toEqual([[1], [1], [9]]);
  });

  test('grad() leaves it alone; without it a result has none; leaves have theirs anyway', () => {
    const x = leaf([2]);
    x.retainGrad();
    const h = x.mul(3);
    h.retainGrad();
    grad(h.sum(), [x]);
    expect([h.grad, x.grad]).toEqual([null, null]);
    const k = x.mul(3);
    k.sum().backward();
    expect([k.grad, list(x.grad)]).toEqual([null, [3]]);
    expect(() => tensor([1]).retainGrad()).toThrow(AutogradError);
  });
});
