import { expect, test } from 'vitest';
import { ShapeError } from '../../src/errors.ts';
import { Flatten, Unflatten } from '../../src/nn/index.ts';
import { arange, reshape, zeros } from '../../src/ops/index.ts';

test('Unflatten undoes Flatten, with one size left open', () => {
  const x = reshape(arange(24), [2, 3, 4]);
  const flat = new Flatten().forward(x);
  expect(new Unflatten(1, [3, -1]).forward(flat).toArray()).toEqual(x.toArray());
  expect(new Unflatten(-1, [3, 4]).forward(flat).shape).toEqual([2, 3, 4]);
  expect(String(new Unflatten(1, [3, -1]))).toContain('dim: 1, unflattenedSize: [3, -1]');
});

test('refuse axes that are not there, and sizes that do not multiply to the axis', () => {
  expect(() => new Flatten(3).forward(zeros([2, 3]))).toThrow(ShapeError);
  expect(() => new Flatten(1, 0).forward(zeros([2, 3]))).toThrow(ShapeError);
  expect(() => new Unflatten(2, [1, 1]).forward(zeros([2, 3]))).toThrow(ShapeError);
  expect(() => new Unflatten(1, [2, 2]).forward(zeros([2, 3]))).toThrow(ShapeError);
  expect(() => new Unflatten(1, [2, -1]).forward(zeros([2, 3]))).toThrow(ShapeError);
});
