/** What the cases cannot say: promotion, messages, refusals, special values. */

import { describe, expect, test } from 'vitest';
import type { DType } from '../../src/core/dtype.ts';
import { AutogradError, ConfigError, DTypeError, ShapeError } from '../../src/errors.ts';
import {
  add,
  amax,
  arange,
  argmax,
  cat,
  crossEntropy,
  div,
  dropout,
  embedding,
  expand,
  full,
  indexSelect,
  layerNorm,
  linear,
  logsumexp,
  lstmLayer,
  matmul,
  max,
  maximum,
  mean,
  narrow,
  oneHot,
  ones,
  pow,
  randint,
  reshape,
  select,
  softmax,
  stack,
  sub,
  sum,
  tensor,
  where,
  zeros,
} from '../../src/ops/index.ts';

const of = (dtype: DType, shape: number[] = [2]) => ones(shape, { dtype });

describe('promotion', () => {
  const table: [DType, DType, DType][] = [
    ['bool', 'uint8', 'uint8'],
    ['bool', 'int32', 'int32'],
    ['uint8', 'int32', 'int32'],
    ['int32', 'float32', 'float32'],
    ['float32', 'float64', 'float64'],
    ['bool', 'float64', 'float64'],
  ];
  test.each(table)('%s and %s meet in %s', (a, b, want) => {
    expect([add(of(a), of(b)).dtype, add(of(b), of(a)).dtype]).toEqual([want, want]);
  });

  test('a number never raises a float, a fraction raises an integer to float32', () => {
    expect(add(of('float32'), 0.1).dtype).toBe('float32');
    expect(add(of('float64'), 1).dtype).toBe('float64');
    expect(add(of('int32'), 2).dtype).toBe('int32');
    expect(add(of('int32'), 2.5).dtype).toBe('float32');
    expect(add(of('bool'), 1).dtype).toBe('int32');
    expect(sub(1, of('float64')).toArray()).toEqual([0, 0]);
  });

  test('a 0-d tensor raises another only to a higher category', () => {
    expect(add(of('float32'), of('float64', [])).dtype).toBe('float32');
    expect(add(of('int32'), of('float64', [])).dtype).toBe('float64');
    expect(add(of('uint8'), of('int32', [])).dtype).toBe('uint8');
  });

  test('quotients, means and sums', () => {
    expect(div(of('int32'), of('int32')).dtype).toBe('float32');
    expect(mean(of('int32')).dtype).toBe('float32');
    expect([sum(of('bool')).dtype, sum(of('uint8')).dtype]).toEqual(['int32', 'int32']);
    expect(sum(tensor([true, true, false])).item()).toBe(2);
    expect(tensor([1, 2], { dtype: 'int32' }).exp().dtype).toBe('float32');
  });

  test('integers keep to integers where they can', () => {
    const x = tensor([-3, 2], { dtype: 'int32' });
    expect([x.abs().toArray(), x.neg().toArray(), x.square().toArray()]).toEqual([
      [3, 2],
      [3, -2],
      [9, 4],
    ]);
    expect(pow(x, 3).toArray()).toEqual([-27, 8]);
    expect(matmul(arange(6).reshape([2, 3]), arange(3)).toArray()).toEqual([5, 14]);
    expect(amax(tensor([3, 250], { dtype: 'uint8' })).item()).toBe(250);
    expect(add(tensor([true, false]), tensor([true, true])).toArray()).toEqual([true, true]);
  });
});

describe('messages name the operation, what was got and what was expected', () => {
  const cases: [string, () => unknown, new (...args: never[]) => Error, RegExp][] = [
    [
      'matmul',
      () => matmul(zeros([32, 10]), zeros([20, 5])),
      ShapeError,
      /matmul: inner dimensions differ: \[32, 10\] × \[20, 5\].*10 ≠ 20/,
    ],
    ['add', () => add(zeros([2, 3]), zeros([4])), ShapeError, /add: shapes do not broadcast: \[2, 3\] and \[4\]/],
    ['reshape', () => reshape(zeros([6]), [4, -1]), ShapeError, /reshape: 6 elements do not fit/],
    ['reshape', () => reshape(zeros([0, 3]), [-1, 0]), ShapeError, /reshape/],
    ['sum', () => sum(zeros([2]), 1), ShapeError, /sum: axis out of range: got 1, expected -1 to 0/],
    ['sum', () => sum(zeros([2, 2]), [0, -2]), ShapeError, /named twice/],
    ['amax', () => amax(zeros([0])), ShapeError, /nothing to choose from/],
    ['cat', () => cat([]), ShapeError, /at least one/],
    ['cat', () => cat([zeros([2, 3]), zeros([2, 4])]), ShapeError, /differ outside axis 0/],
    ['stack', () => stack([zeros([2]), zeros([3])]), ShapeError, /shapes differ/],
    ['select', () => select(zeros([2]), 0, 2), ShapeError, /select: index out of range: got 2/],
    ['narrow', () => narrow(zeros([4]), 0, 2, 3), ShapeError, /do not lie inside/],
    ['expand', () => expand(zeros([2, 3]), [2, 4]), ShapeError, /expand/],
    [
      'embedding',
      () => embedding(tensor([0, 7], { dtype: 'int32' }), zeros([5, 2])),
      ShapeError,
      /id out of range at place 1: got 7, expected 0 to 4/,
    ],
    ['embedding', () => embedding(tensor([0.5]), zeros([5, 2])), DTypeError, /ids must be integers/],
    ['indexSelect', () => indexSelect(zeros([3]), 0, tensor([-1], { dtype: 'int32' })), ShapeError, /got -1/],
    ['oneHot', () => oneHot(tensor([3], { dtype: 'int32' }), 3), ShapeError, /got 3/],
    [
      'crossEntropy',
      () => crossEntropy(zeros([2, 3]), tensor([0, 3], { dtype: 'int32' })),
      ShapeError,
      /target out of range at place 1: got 3/,
    ],
    [
      'crossEntropy',
      () => crossEntropy(zeros([2, 3]), tensor([0], { dtype: 'int32' })),
      ShapeError,
      /one target a row/,
    ],
    [
      'crossEntropy',
      () => crossEntropy(zeros([2, 3]), tensor([0, 1], { dtype: 'int32' }), { reduction: 'median' as never }),
      ConfigError,
      /reduction/,
    ],
    ['linear', () => linear(zeros([2, 3]), zeros([4, 5])), ShapeError, /linear/],
    ['layerNorm', () => layerNorm(zeros([2, 3]), [4]), ShapeError, /must end in/],
    ['dropout', () => dropout(zeros([2]), 1.5), ConfigError, /probability/],
    ['where', () => where(zeros([2]), 1, 2), DTypeError, /mask/],
    ['sub', () => sub(of('bool'), of('bool')), DTypeError, /bools/],
    ['linear', () => linear(zeros([2, 3]), zeros([4, 3], { dtype: 'float64' })), DTypeError, /dtypes differ/],
    ['add', () => add('x' as never, zeros([1])), DTypeError, /expected a tensor/],
    [
      'lstmLayer',
      () => lstmLayer(zeros([2, 1, 3]), zeros([1, 4]), zeros([1, 4]), zeros([16, 2]), zeros([16, 4])),
      ShapeError,
      /wIh does not fit/,
    ],
    ['add_', () => ones([2], { requiresGrad: true }).add_(1), AutogradError, /in place/],
    ['add_', () => ones([2], { dtype: 'int32' }).add_(0.5), DTypeError, /add_/],
  ];
  test.each(cases)('%s %#', (_, run, type, message) => {
    expect(run).toThrow(type);
    expect(run).toThrow(message);
  });
});

describe('special values', () => {
  const values = (t: { data: ArrayLike<number> }) => Array.from(t.data);

  test('NaN goes through maxima, and is found first', () => {
    expect(values(maximum(tensor([NaN, 1]), tensor([1, NaN])))).toEqual([NaN, NaN]);
    expect(amax(tensor([1, NaN, 3])).item()).toBeNaN();
    expect(argmax(tensor([1, NaN, 3, NaN])).item()).toBe(1);
    expect(values(tensor([NaN, -1]).relu())).toEqual([NaN, 0]);
  });

  test('zero times infinity is not skipped in products', () => {
    expect(matmul(tensor([[0, 1]]), tensor([[Infinity], [1]])).item()).toBeNaN();
  });

  test('tails', () => {
    expect(values(tensor([Infinity, -Infinity]).sigmoid())).toEqual([1, 0]);
    expect(values(tensor([Infinity, -Infinity, -0]).tanh())).toEqual([1, -1, -0]);
    expect(values(tensor([0, -1, -Infinity]).log())).toEqual([-Infinity, NaN, NaN]);
    expect(
      values(
        softmax(
          tensor([
            [1e4, -1e4],
            [0, 0],
          ]),
        ),
      ),
    ).toEqual([1, 0, 0.5, 0.5]);
    expect(values(softmax(tensor([-Infinity, -Infinity])))).toEqual([NaN, NaN]);
    expect(logsumexp(tensor([-Infinity, -Infinity])).item()).toBe(-Infinity);
    expect(logsumexp(tensor([Infinity, 1])).item()).toBe(Infinity);
    expect(logsumexp(zeros([0])).item()).toBe(-Infinity);
    expect(mean(zeros([0])).item()).toBeNaN();
    expect(sum(zeros([0])).item()).toBe(0);
    expect(values(matmul(zeros([2, 0]), zeros([0, 2])))).toEqual([0, 0, 0, 0]);
  });

  test('all targets ignored: nothing over nothing', () => {
    const ignored = full([2], -100, { dtype: 'int32' });
    expect(crossEntropy(zeros([2, 3]), ignored).item()).toBeNaN();
    expect(crossEntropy(zeros([2, 3]), ignored, { reduction: 'sum' }).item()).toBe(0);
  });

  test('the first of equals along an axis, shares over all', () => {
    const x = tensor([[1, 3, 3]], { requiresGrad: true });
    const { values: best, indices } = max(x, 1);
    expect([best.toArray(), indices.toArray()]).toEqual([[3], [1]]);
    best.sum().backward();
    expect(x.grad?.toArray()).toEqual([[0, 1, 0]]);
    const shared = tensor([[1, 3, 3]], { requiresGrad: true });
    max(shared).backward();
    expect(shared.grad?.toArray()).toEqual([[0, 0.5, 0.5]]);
  });
});

describe('dropout', () => {
  test('keeps the expectation, and drops the share it is asked to', () => {
    const y = dropout(ones([10_000]), 0.25);
    const kept = Array.from(y.data).filter((v) => v !== 0);
    expect(kept.length / 10_000).toBeCloseTo(0.75, 1);
    expect(new Set(kept.map((v) => v.toFixed(6)))).toEqual(new Set([(4 / 3).toFixed(6)]));
    expect(dropout(ones([4]), 0.5, { training: false }).toArray()).toEqual([1, 1, 1, 1]);
    expect(dropout(ones([4]), 1).toArray()).toEqual([0, 0, 0, 0]);
  });
});

test('randint stays in its bounds', () => {
  const x = randint(-2, 3, [1000]);
  expect([Math.min(...x.data), Math.max(...x.data), x.dtype]).toEqual([-2, 2, 'int32']);
});
