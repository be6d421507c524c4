import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { LimitError, ShapeError } from '../src/errors.ts';
import { arange, eye, full, rand, tensor, zeros } from '../src/ops/index.ts';

describe('tensor', () => {
  test('dtypes by what is given', () => {
    expect(tensor([1, 2]).dtype).toBe('float32');
    expect(tensor(3).shape).toEqual([]);
    expect(tensor([true, false]).dtype).toBe('bool');
    expect(tensor(new Float64Array(2)).dtype).toBe('float64');
    expect(tensor(new Int32Array(2)).dtype).toBe('int32');
    expect(tensor(new Uint8Array([0, 2]), { dtype: 'bool' }).toArray()).toEqual([false, true]);
    expect(tensor(new BigInt64Array([5n, -1n])).toArray()).toEqual([5, -1]);
    expect(() => tensor(new BigInt64Array([2n ** 31n]))).toThrow(LimitError);
    expect(tensor([1.9, -1.9], { dtype: 'int32' }).toArray()).toEqual([1, -1]);
  });

  test('values are copied', () => {
    const values = new Float32Array([1, 2]);
    const t = tensor(values);
    values[0] = 9;
    expect(t.toArray()).toEqual([1, 2]);
  });

  test('shapes out of nesting', () => {
    expect(
      tensor([
        [[1], [2]],
        [[3], [4]],
      ]).shape,
    ).toEqual([2, 2, 1]);
    expect(tensor([[], []]).shape).toEqual([2, 0]);
    expect(() => tensor([[1, 2], [3]])).toThrow(ShapeError);
    expect(() => tensor([1, [2]] as never)).toThrow(ShapeError);
    expect(() => tensor(['a'] as never)).toThrow(ShapeError);
    expect(tensor([1, 2, 3, 4], { shape: [2, 2] }).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(() => tensor([1, 2, 3], { shape: [2, 2] })).toThrow(ShapeError);
  });

  test('sizes that cannot be', () => {
    for (const shape of [[-1], [1.5], [NaN], [-0], ['2']] as number[][]) expect(() => zeros(shape)).toThrow(ShapeError);
    for (const shape of [[4194305, 4194305, 211106198978564], [2 ** 31], [2 ** 53, 2], [2 ** 16, 2 ** 16, 0]]) {
      expect(() => zeros(shape)).toThrow(LimitError);
    }
  });

  test('item and toArray', () => {
    expect(tensor([[5]]).item()).toBe(5);
    expect(() => tensor([1, 2]).item()).toThrow(ShapeError);
    expect(eye(2, 3).toArray()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
    expect(arange(5).dtype).toBe('int32');
    expect(arange(1, 2, 0.25).toArray()).toEqual([1, 1.25, 1.5, 1.75]);
    expect(arange(3, 0, -1).toArray()).toEqual([3, 2, 1]);
  });

  test('views share memory, copies do not', () => {
    const x = arange(6).reshape([2, 3]);
    expect(x.reshape([3, 2]).storage).toBe(x.storage);
    expect(x.select(0, 1).storage).toBe(x.storage);
    expect(x.select(0, 1).toArray()).toEqual([3, 4, 5]);
    expect(x.slice(1, 1).storage).not.toBe(x.storage);
    expect(x.transpose(0, 1).toArray()).toEqual([
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
  });
});

describe('what a person sees', () => {
  test('shape, dtype and values', () => {
    expect(
      inspect(
        tensor([
          [1, 2],
          [3, 4],
        ]),
      ),
    ).toBe('Tensor float32 [2, 2]\n[[1, 2],\n [3, 4]]');
    expect(inspect(tensor(2.5))).toBe('Tensor float32 [] 2.5000');
    expect(inspect(tensor([true, false]))).toBe('Tensor bool [2] [ true, false]');
    expect(inspect(tensor([NaN, Infinity, -1]))).toBe('Tensor float32 [3] [nan, inf,  -1]');
    expect(inspect(zeros([2, 0]))).toBe('Tensor float32 [2, 0]\n[[],\n []]');
  });

  test('where it comes from', () => {
    const x = tensor([1], { requiresGrad: true });
    expect(String(x)).toContain('requiresGrad');
    expect(String(x.mul(2))).toContain('from mul');
  });

  test('long tensors are shortened, wide ranges in exponents', () => {
    const text = inspect(rand([100, 100]));
    expect(text.split('\n').length).toBe(8);
    expect(text).toContain('...');
    expect(inspect(tensor([1e-9, 1.5]))).toContain('e-9');
    expect(inspect(full([2], 1e12))).toContain('e+12');
  });
});
