import { expect, test } from 'vitest';
import { Generator } from '../../src/core/rng.ts';
import { ConfigError, ShapeError } from '../../src/errors.ts';
import * as nn from '../../src/nn/index.ts';
import { arange, gradcheck, randn, reshape, zeros } from '../../src/ops/index.ts';

const dtype = 'float64';

test.each([
  ['MaxPool1d', new nn.MaxPool1d(2), [2, 2, 5]],
  ['MaxPool2d', new nn.MaxPool2d(3, { stride: 2, padding: 1, ceilMode: true }), [2, 6, 5]],
  ['AvgPool1d', new nn.AvgPool1d(2, { padding: 1, countIncludePad: false }), [2, 5]],
  ['AvgPool2d', new nn.AvgPool2d([2, 3], { stride: 1 }), [1, 2, 4, 4]],
  ['AdaptiveAvgPool2d', new nn.AdaptiveAvgPool2d([2, null]), [1, 2, 5, 3]],
  ['AdaptiveMaxPool1d', new nn.AdaptiveMaxPool1d(2), [1, 2, 5]],
] as const)('gradients of %s', (_, pool, shape) => {
  const x = randn([...shape], { dtype, requiresGrad: true, generator: new Generator(4) });
  expect(gradcheck(() => pool.forward(x), [x])).toBe(true);
});

test('tells the places of the maxima', () => {
  const x = reshape(arange(0, 12, 1, { dtype: 'float32' }), [1, 1, 3, 4]);
  const { values, indices } = new nn.MaxPool2d(2, { returnIndices: true }).forward(x);
  expect(values.toArray()).toEqual([[[[5, 7]]]]);
  expect(indices.toArray()).toEqual([[[[5, 7]]]]);
});

test.each([
  ['a window of nothing', () => new nn.MaxPool2d(0), ConfigError],
  ['two sizes for one axis', () => new nn.MaxPool1d([2, 2]), ConfigError],
  ['a stride of 0', () => new nn.AvgPool2d(2, { stride: 0 }), ConfigError],
  ['a negative padding', () => new nn.AvgPool1d(2, { padding: -1 }), ConfigError],
  [
    'more padding than half the window',
    () => new nn.MaxPool2d(2, { padding: 2 }).forward(zeros([1, 4, 4])),
    ConfigError,
  ],
  ['less than a window', () => new nn.AvgPool2d(5).forward(zeros([1, 1, 4, 4])), ShapeError],
  ['too few axes', () => new nn.MaxPool2d(2).forward(zeros([4, 4])), ShapeError],
  ['too many axes', () => new nn.AdaptiveAvgPool1d(2).forward(zeros([1, 1, 4, 4])), ShapeError],
])('refuses %s', (_, call, error) => {
  expect(call).toThrow(error);
});
