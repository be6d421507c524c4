/** What indexing, scattering and rearranging mean where words are shorter than a reference: examples, and refusals. */

import { describe, expect, test } from 'vitest';
import { noGrad } from '../../src/autograd/index.ts';
import { AutogradError, DTypeError, ShapeError } from '../../src/errors.ts';
import * as ops from '../../src/ops/index.ts';
import { arange, at, full, indexPut, indexPut_, reshape, tensor, zeros } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';

const ids = (...list: number[]): Tensor => tensor(Int32Array.from(list));
const cube = (): Tensor => reshape(arange(24), [2, 3, 4]);

describe('at', () => {
  const x = cube();
  const shapeOf = (...index: ops.Index[]): readonly number[] => at(x, ...index).shape;

  test('numbers take an axis away, null adds one, axes that are not named stay', () => {
    expect(at(x, 1, -1, 2).item()).toBe(22);
    expect(shapeOf(1)).toEqual([3, 4]);
    expect(shapeOf(null, ':', 0, null)).toEqual([1, 2, 1, 4]);
    expect(shapeOf('...', 0)).toEqual([2, 3]);
    expect(shapeOf('...')).toEqual([2, 3, 4]);
  });

  test('slices are Python’s', () => {
    const row = arange(6);
    const of = (...part: (number | null)[]): unknown => at(row, part).toArray();
    expect(of(1, 4)).toEqual([1, 2, 3]);
    expect(of(-2, null)).toEqual([4, 5]);
    expect(of(null, null, 4)).toEqual([0, 4]);
    expect(of(null, null, -1)).toEqual([5, 4, 3, 2, 1, 0]);
    expect(of(4, 0, -2)).toEqual([4, 2]);
    expect(of(-9, 99, 5)).toEqual([0, 5]);
    expect(of(1, 4, -1)).toEqual([]);
    expect(of()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('lists of ids stand where they were, or in front if something lies between them', () => {
    expect(shapeOf(':', ids(0, 2), ids(1, 1))).toEqual([2, 2]);
    expect(shapeOf(ids(0, 1, 1), ':', ids(3, 0, 1))).toEqual([3, 3]);
    expect(shapeOf(':', ':', reshape(ids(0, 1, 2, 3), [2, 2]))).toEqual([2, 3, 2, 2]);
    expect(at(x, ids(1, 0), ids(-1, 0), ids(0, -1)).toArray()).toEqual([20, 3]);
    expect(at(x, 1, Int32Array.of(2, 0)).toArray()).toEqual([
      [20, 21, 22, 23],
      [12, 13, 14, 15],
    ]);
  });

  test('masks take as many axes as they have', () => {
    expect(at(x, x.gt(20)).toArray()).toEqual([21, 22, 23]);
    expect(shapeOf(full([2, 3], true), 0)).toEqual([6]);
    expect(shapeOf(':', tensor([true, false, true]))).toEqual([2, 2, 4]);
    expect(shapeOf(tensor(true))).toEqual([1, 2, 3, 4]);
    expect(shapeOf(tensor(false))).toEqual([0, 2, 3, 4]);
  });

  test('what cannot be an index is refused by kind', () => {
    const code = (...index: unknown[]): string | undefined => {
      try {
        at(x, ...(index as ops.Index[]));
      } catch (error) {
        return (error as ShapeError).code;
      }
      return undefined;
    };
    expect(code(2)).toBe('ERR_INDEX');
    expect(code(ids(0, 2))).toBe('ERR_INDEX');
    expect(code(0, 0, 0, 0)).toBe('ERR_SHAPE');
    expect(code('...', '...')).toBe('ERR_SHAPE');
    expect(code(ids(0, 1), ids(0, 1, 2))).toBe('ERR_SHAPE');
    expect(code([0, 1, 1, 1])).toBe('ERR_SHAPE');
    expect(code([0, 1, 0])).toBe('ERR_SHAPE');
    expect(code('0:1')).toBe('ERR_SHAPE');
    expect(code(1.5)).toBe('ERR_INDEX');
    expect(code(full([3], true))).toBe('ERR_INDEX');
    expect(code(tensor([0, 1]))).toBe('ERR_DTYPE');
    expect(code(tensor([0, 1], { dtype: 'uint8' }))).toBe('ERR_DTYPE');
  });
});

describe('indexPut', () => {
  test('a value is broadcast to the part, and the tensor itself stays', () => {
    const x = zeros([2, 3]);
    expect(indexPut(x, [':', [1, null]], tensor([5, 6])).toArray()).toEqual([
      [0, 5, 6],
      [0, 5, 6],
    ]);
    expect(indexPut(x, [1, ids(0, 0, 2)], 1, { accumulate: true }).toArray()).toEqual([
      [0, 0, 0],
      [2, 0, 1],
    ]);
    expect(x.toArray()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(() => indexPut(x, [0], tensor([1, 2]))).toThrow(/indexPut: .*\[2\].*\[3\]/);
    expect(() => indexPut(arange(3), [0], 0.5)).toThrow(DTypeError);
  });

  test('in place it writes and is counted as a write', () => {
    const x = zeros([3]);
    expect(indexPut_(x, [x.eq(0)], 2).toArray()).toEqual([2, 2, 2]);
    x.requiresGrad = true;
    expect(() => indexPut_(x, [0], 1)).toThrow(AutogradError);
    noGrad(() => indexPut_(x, [0], 1));
    expect(x.toArray()).toEqual([1, 2, 2]);
  });
});

describe('every dtype', () => {
  const values = [3, 0, 1, 2];
  test.each(['float32', 'float64', 'int32', 'uint8', 'bool'] as const)('%s', (dtype) => {
    const x = tensor(values, { dtype });
    const own = (list: number[]): number[] => list.map((v) => (dtype === 'bool' ? Number(v !== 0) : v));
    const data = (y: Tensor): number[] => {
      expect(y.dtype).toBe(dtype);
      return [...y.data];
    };
    expect(data(ops.flip(x))).toEqual(own([2, 1, 0, 3]));
    expect(data(ops.roll(x, 1))).toEqual(own([2, 3, 0, 1]));
    expect(data(ops.gather(x, 0, ids(1, 0)))).toEqual(own([0, 3]));
    expect(data(ops.scatter(x, 0, ids(1), tensor([1], { dtype })))).toEqual(own([3, 1, 1, 2]));
    expect(data(ops.maskedSelect(x, x.ne(0)))).toEqual(own([3, 1, 2]));
    expect(data(ops.pad(x, [1, 0], { value: 1 }))).toEqual(own([1, 3, 0, 1, 2]));
    expect(data(ops.pad(x, [1, 1], { mode: 'reflect' }))).toEqual(own([0, 3, 0, 1, 2, 1]));
    expect(data(ops.tril(reshape(x, [2, 2])))).toEqual(own([3, 0, 1, 2]));
    expect(data(ops.diagEmbed(x.slice(0, 0, 2)))).toEqual(own([3, 0, 0, 0]));
    expect(data(ops.repeat(x, 2))).toEqual(own([...values, ...values]));
    expect(data(ops.repeatInterleave(x, ids(0, 2, 1, 0)))).toEqual(own([0, 0, 1]));
    expect([...ops.nonzero(x).data]).toEqual([0, 2, 3]);
  });
});

describe('ranges', () => {
  test('linspace reaches its end exactly; one point is the start', () => {
    expect(ops.linspace(0, 1, 5).toArray()).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(ops.linspace(0.1, 0.7, 1000).data.at(-1)).toBe(Math.fround(0.7));
    expect(ops.linspace(3, 9, 1).toArray()).toEqual([3]);
    expect(ops.linspace(3, 9, 0).shape).toEqual([0]);
    expect(ops.logspace(0, 3, 4, { base: 2 }).toArray()).toEqual([1, 2, 4, 8]);
    expect(() => ops.linspace(0, 1, -1)).toThrow(ShapeError);
    expect(() => ops.linspace(0, Infinity, 3)).toThrow(/linspace/);
  });

  test('arange is of integers only where all its numbers are', () => {
    expect(arange(3).dtype).toBe('int32');
    expect(arange(0, 2.5).dtype).toBe('float32');
    expect(arange(0, 2, 0.5).toArray()).toEqual([0, 0.5, 1, 1.5]);
  });
});

test('a gradient sums repeated ids in their order, whatever the number of threads', () => {
  const x = tensor([1, 2, 3], { requiresGrad: true });
  ops
    .gather(x, 0, ids(0, 2, 0))
    .mul(tensor([1, 2, 4]))
    .sum()
    .backward();
  expect(x.grad?.toArray()).toEqual([5, 0, 2]);
});
