/** What the cases of the elementwise functions cannot say: promotion, refusals, conventions at kinks, booleans for results. */

import { describe, expect, test } from 'vitest';
import { backward } from '../../src/autograd/index.ts';
import { ConfigError, DTypeError, ShapeError } from '../../src/errors.ts';
import * as ops from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';

const { tensor } = ops;
const int = (values: number[]): Tensor => tensor(values, { dtype: 'int32' });

describe('integers', () => {
  test('divisions by the rules of C and of Python', () => {
    const [a, b] = [int([7, -7, 7, -7]), int([2, 2, -2, -2])];
    expect(a.fmod(b).toArray()).toEqual([1, -1, 1, -1]);
    expect(a.remainder(b).toArray()).toEqual([1, 1, -1, -1]);
    expect(a.floorDivide(b).toArray()).toEqual([3, -4, -4, 3]);
    expect(ops.div(a, b, { roundingMode: 'floor' }).toArray()).toEqual([3, -4, -4, 3]);
    expect(ops.div(a, b, { roundingMode: 'trunc' }).toArray()).toEqual([3, -3, -3, 3]);
    expect(a.floorDivide(b).dtype).toBe('int32');
    expect(a.floorDivide(2.5).dtype).toBe('float32');
  });

  test('a division by 0 is refused, unless nothing is divided', () => {
    for (const f of [ops.fmod, ops.remainder, ops.floorDivide]) {
      expect(() => f(int([1]), int([0]))).toThrow(ConfigError);
      expect(f(int([]), int([0])).shape).toEqual([0]);
    }
    expect(ops.floorDivide(tensor(5), 0).item()).toBe(Infinity);
    expect(() => ops.fmod(tensor([true]), tensor([true]))).toThrow(DTypeError);
  });

  test('what has fractions for results makes float32 of them, what has not keeps them', () => {
    expect([ops.sin(int([1])), ops.atan2(int([1]), int([2])), ops.silu(int([1]))].map((y) => y.dtype)).toEqual(
      Array(3).fill('float32'),
    );
    expect([ops.relu6(int([7])), ops.hardtanh(int([7])), ops.nanToNum(int([7]))].map((y) => y.dtype)).toEqual(
      Array(3).fill('int32'),
    );
    expect(ops.atan2(int([1]), tensor([2], { dtype: 'float64' })).dtype).toBe('float64');
    expect(ops.addcmul(int([1]), int([2]), int([3])).toArray()).toEqual([7]);
    expect(ops.isfinite(int([1])).toArray()).toEqual([true]);
  });
});

describe('logic', () => {
  const a = tensor([0, 1, NaN, 0]);
  const b = tensor([0, 0, 1, 2]);
  test('anything but 0 is true, NaN too', () => {
    expect(a.logicalAnd(b).toArray()).toEqual([false, false, true, false]);
    expect(a.logicalOr(b).toArray()).toEqual([false, true, true, true]);
    expect(a.logicalXor(b).toArray()).toEqual([false, true, false, true]);
    expect(a.logicalNot().toArray()).toEqual([true, false, false, true]);
    expect(tensor([true, false]).logicalNot().toArray()).toEqual([false, true]);
    expect(
      tensor([true, false])
        .logicalAnd(int([2]))
        .toArray(),
    ).toEqual([true, false]);
  });
});

describe('close', () => {
  test('infinities are close to themselves, NaN to NaN where it is asked for', () => {
    const a = tensor([Infinity, NaN, Infinity, 1, 0]);
    const b = tensor([Infinity, NaN, -Infinity, 1.000009, 1e-9]);
    expect(a.isclose(b).toArray()).toEqual([true, false, false, true, true]);
    expect(a.isclose(b, { equalNan: true, rtol: 0 }).toArray()).toEqual([true, true, false, false, true]);
    expect(ops.allclose(tensor([1, 2]), tensor([[1], [2]]))).toBe(false);
    expect(ops.allclose(tensor([1, 1]), 1)).toBe(true);
    expect(() => ops.isclose(tensor([1, 2]), tensor([1, 2, 3]))).toThrow(ShapeError);
  });

  test('equal asks for the shape too, not for the dtype', () => {
    expect(ops.equal(int([1, 2]), tensor([1, 2]))).toBe(true);
    expect(ops.equal(tensor([1, 2]), tensor([[1, 2]]))).toBe(false);
    expect(ops.equal(tensor([NaN]), tensor([NaN]))).toBe(false);
  });
});

describe('gradients at kinks, as PyTorch has them', () => {
  const slopes = (f: (x: Tensor) => Tensor, at: number[]): unknown => {
    const x = tensor(at, { dtype: 'float64', requiresGrad: true });
    backward(f(x).sum());
    return x.grad!.toArray();
  };
  test.each<[string, (x: Tensor) => Tensor, number[], number[]]>([
    ['relu6', ops.relu6, [0, 6, 3], [0, 0, 1]],
    ['hardtanh', (x) => ops.hardtanh(x), [-1, 1, 0], [0, 0, 1]],
    ['hardsigmoid', ops.hardsigmoid, [-3, 3], [0, 0]],
    ['hardswish', ops.hardswish, [-3, 3, 0], [-0.5, 1.5, 0.5]],
    ['elu', (x) => ops.elu(x, 0.5), [0, NaN, -Infinity, Infinity], [0.5, 1, 0, 1]],
    ['celu', (x) => ops.celu(x, 0.5), [0], [1]],
    ['softshrink', (x) => ops.softshrink(x), [0.5, -0.5, 0], [0, 0, 0]],
    ['hardshrink', (x) => ops.hardshrink(x), [0.5, -0.5, 0], [0, 0, 0]],
    ['prelu', (x) => ops.prelu(x, tensor([0.25], { dtype: 'float64' })), [0, -0], [0.25, 0.25]],
    ['nanToNum', (x) => ops.nanToNum(x), [NaN, Infinity, 1], [0, 0, 1]],
    ['copysign', (x) => ops.copysign(x, -1), [0, 2, -2], [-0, -1, 1]],
    ['xlogy', (x) => ops.xlogy(x, tensor([0, 2], { dtype: 'float64' })), [0, 0], [0, Math.log(2)]],
  ])('%s', (_, f, at, want) => {
    expect(slopes(f, at)).toEqual(want);
  });

  test('an infinite exponential of the branch not taken spoils no second derivative', () => {
    const x = tensor([800], { dtype: 'float64', requiresGrad: true });
    backward(ops.square(ops.elu(x)).sum(), null, { createGraph: true });
    const first = x.grad!;
    expect(first.toArray()).toEqual([1600]);
  });
});

describe('refusals name the operation', () => {
  test('shapes', () => {
    expect(() => ops.glu(ops.ones([3]))).toThrow(/^glu: axis 0 cannot be halved: got \[3\]/);
    expect(() => ops.glu(tensor(1))).toThrow(ShapeError);
    expect(() => ops.prelu(ops.ones([3]), ops.ones([3]))).toThrow(/^prelu: .*\[\[3\], \[3\]\]/);
    expect(() => ops.prelu(ops.ones([2, 3]), ops.ones([2]))).toThrow(ShapeError);
    expect(() => ops.atan2(ops.ones([2]), ops.ones([3]))).toThrow(/^atan2: .*\[2\].*\[3\]/);
  });
  test('options', () => {
    expect(() => ops.celu(ops.ones([1]), 0)).toThrow(ConfigError);
    expect(() => ops.softshrink(ops.ones([1]), -1)).toThrow(ConfigError);
    expect(() => ops.div(ops.ones([1]), 2, { roundingMode: 'up' as 'floor' })).toThrow(ConfigError);
  });
});

test('nanToNum puts any numbers in their places', () => {
  const x = tensor([NaN, Infinity, -Infinity, 1]);
  expect(x.nanToNum({ nan: 5, posinf: 6, neginf: -7 }).toArray()).toEqual([5, 6, -7, 1]);
  expect(x.nanToNum({ posinf: 6 }).toArray()).toEqual([0, 6, -(2 - 2 ** -23) * 2 ** 127, 1]);
});

test('lerp gives its ends exactly', () => {
  const [a, b] = [tensor([0.1, 1e8]), tensor([0.7, -3])];
  expect(ops.lerp(a, b, 0).toArray()).toEqual(a.toArray());
  expect(ops.lerp(a, b, 1).toArray()).toEqual(b.toArray());
  expect(ops.lerp(a, b, tensor([1, 0])).toArray()).toEqual(
    [b.toArray(), a.toArray()].map((v, i) => (v as number[])[i]),
  );
});
