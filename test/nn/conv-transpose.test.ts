import { expect, test } from 'vitest';
import { Generator } from '../../src/core/rng.ts';
import { ConfigError, ShapeError } from '../../src/errors.ts';
import { Conv2d, ConvTranspose1d, ConvTranspose2d } from '../../src/nn/index.ts';
import { gradcheck, randn, sum, zeros } from '../../src/ops/index.ts';

const dtype = 'float64';

test.each([
  ['ConvTranspose1d', new ConvTranspose1d(2, 3, 3, { stride: 2, outputPadding: 1, dtype }), [2, 2, 3]],
  ['ConvTranspose2d in groups', new ConvTranspose2d(4, 2, [3, 2], { groups: 2, padding: 1, dtype }), [1, 4, 3, 3]],
  ['ConvTranspose2d of one image', new ConvTranspose2d(1, 2, 2, { stride: 2, dtype }), [1, 2, 3]],
] as const)('gradients of %s', (_, layer, shape) => {
  const x = randn([...shape], { dtype, requiresGrad: true, generator: new Generator(4) });
  expect(gradcheck(() => layer.forward(x), [x, ...layer.parameters()])).toBe(true);
});

test('is the transpose of the convolution with its weights', () => {
  const options = { stride: 2, padding: 1, bias: false, dtype } as const;
  const [forth, back] = [new Conv2d(2, 3, 3, options), new ConvTranspose2d(3, 2, 3, options)];
  back.weight.data.set(forth.weight.data);
  const x = randn([1, 2, 5, 7], { dtype, generator: new Generator(1) });
  const y = randn([1, 3, 3, 4], { dtype, generator: new Generator(2) });
  expect(sum(forth.forward(x).mul(y)).item()).toBeCloseTo(sum(back.forward(y).mul(x)).item(), 10);
});

test('refuses options and inputs that do not fit', () => {
  expect(() => new ConvTranspose2d(4, 6, 3, { groups: 4 })).toThrow(ConfigError);
  expect(() => new ConvTranspose1d(1, 1, 0)).toThrow(ConfigError);
  const wide = new ConvTranspose2d(2, 1, 3, { stride: 2, outputPadding: 2 });
  expect(() => wide.forward(zeros([1, 2, 3, 3]))).toThrow(ConfigError);
  const layer = new ConvTranspose2d(2, 1, 3);
  for (const shape of [
    [3, 3],
    [1, 3, 3, 3],
  ])
    expect(() => layer.forward(zeros(shape))).toThrow(ShapeError);
});
