import { expect, test } from 'vitest';
import { Generator } from '../../src/core/rng.ts';
import { ConfigError, ShapeError } from '../../src/errors.ts';
import { Bilinear } from '../../src/nn/index.ts';
import { gradcheck, randn, zeros } from '../../src/ops/index.ts';

test.each([true, false])('gradients, bias: %s', (bias) => {
  const of = (n: number) => randn([2, 3, n], { dtype: 'float64', requiresGrad: true, generator: new Generator(n) });
  const [a, b, layer] = [of(2), of(4), new Bilinear(2, 4, 3, { bias, dtype: 'float64' })];
  expect(layer.forward(a, b).shape).toEqual([2, 3, 3]);
  expect(gradcheck(() => layer.forward(a, b), [a, b, ...layer.parameters()])).toBe(true);
});

test('refuses sizes and inputs that do not fit', () => {
  expect(() => new Bilinear(0, 1, 1)).toThrow(ConfigError);
  expect(() => new Bilinear(1, 1.5, 1)).toThrow(ConfigError);
  expect(() => new Bilinear(1, 1, -1)).toThrow(ConfigError);
  const layer = new Bilinear(2, 4, 3);
  expect(() => layer.forward(zeros([5, 2]), zeros([5, 3]))).toThrow(ShapeError);
  expect(() => layer.forward(zeros([5, 2]), zeros([6, 4]))).toThrow(ShapeError);
});
