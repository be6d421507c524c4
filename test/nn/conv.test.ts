import { describe, expect, test } from 'vitest';
import { Generator } from '../../src/core/rng.ts';
import { ConfigError, ShapeError } from '../../src/errors.ts';
import { Conv1d, Conv2d } from '../../src/nn/index.ts';
import { conv2d, gradcheck, pad, randn, zeros } from '../../src/ops/index.ts';

const dtype = 'float64';
const image = (...shape: number[]) => randn(shape, { dtype, requiresGrad: true, generator: new Generator(4) });

test.each([
  ['Conv1d', new Conv1d(2, 3, 3, { stride: 2, padding: 1, dtype }), [2, 2, 6]],
  ['Conv2d in groups', new Conv2d(4, 2, [3, 2], { groups: 2, bias: false, dtype }), [1, 4, 4, 4]],
  ['Conv2d of one image, mirrored', new Conv2d(1, 2, 3, { padding: 1, paddingMode: 'reflect', dtype }), [1, 4, 4]],
] as const)('gradients of %s', (_, layer, shape) => {
  const x = image(...shape);
  expect(gradcheck(() => layer.forward(x), [x, ...layer.parameters()])).toBe(true);
});

describe('padding', () => {
  test('same keeps the size, an odd border behind, in every mode', () => {
    const x = image(1, 1, 5, 6);
    for (const paddingMode of ['zeros', 'reflect', 'replicate', 'circular'] as const) {
      const layer = new Conv2d(1, 1, [2, 4], { padding: 'same', paddingMode, dtype });
      const mode = paddingMode === 'zeros' ? 'constant' : paddingMode;
      const want = conv2d(pad(x, [1, 2, 0, 1], { mode }), layer.weight, layer.bias);
      expect(layer.forward(x).toArray()).toEqual(want.toArray());
    }
  });

  test('valid is none', () => {
    expect(new Conv2d(1, 1, 3, { padding: 'valid', stride: 2 }).forward(zeros([1, 1, 7, 7])).shape).toEqual([
      1, 1, 3, 3,
    ]);
  });
});

test.each([
  ['a kernel of nothing', () => new Conv2d(1, 1, 0)],
  ['three sizes for two axes', () => new Conv2d(1, 1, [3, 3, 3])],
  ['a stride of 0', () => new Conv1d(1, 1, 3, { stride: 0 })],
  ['a negative padding', () => new Conv1d(1, 1, 3, { padding: -1 })],
  ['a padding without meaning', () => new Conv2d(1, 1, 3, { padding: 'full' as never })],
  ['same at a stride', () => new Conv2d(1, 1, 3, { padding: 'same', stride: 2 })],
  ['a mode that is none', () => new Conv2d(1, 1, 3, { paddingMode: 'mirror' as never })],
  ['groups that do not divide', () => new Conv2d(4, 6, 3, { groups: 4 })],
  ['channels of nothing', () => new Conv1d(0, 1, 3)],
  ['integers', () => new Conv1d(1, 1, 3, { dtype: 'int32' as never })],
])('refuses %s', (_, make) => {
  expect(make).toThrow(ConfigError);
});

test.each([
  ['other channels', [1, 3, 5, 5]],
  ['too few axes', [5, 5]],
  ['less than the kernel', [1, 2, 2, 5]],
])('refuses inputs of %s', (_, shape) => {
  expect(() => new Conv2d(2, 1, 3).forward(zeros(shape))).toThrow(ShapeError);
});
