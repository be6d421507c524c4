import { expect, test } from 'vitest';
import { Generator } from '../../src/core/rng.ts';
import { ConfigError, ShapeError } from '../../src/errors.ts';
import { GroupNorm } from '../../src/nn/index.ts';
import { gradcheck, randn, zeros } from '../../src/ops/index.ts';

const dtype = 'float64';

test.each([
  [1, [3, 4]],
  [2, [2, 4, 3]],
  [4, [2, 4, 2, 3]],
] as const)('gradients of %i groups in %j', (groups, shape) => {
  const x = randn([...shape], { dtype, requiresGrad: true, generator: new Generator(4) });
  const norm = new GroupNorm(groups, 4, { dtype });
  expect(gradcheck(() => norm.forward(x), [x, ...norm.parameters()])).toBe(true);
});

test('acts the same in training and evaluation, and for each sample alone', () => {
  const x = randn([3, 4, 5], { dtype, generator: new Generator(4) });
  const norm = new GroupNorm(2, 4, { dtype, affine: false });
  expect(norm.eval().forward(x).toArray()).toEqual(norm.train().forward(x).toArray());
  expect(
    norm
      .forward(x.narrow(0, 1, 1))
      .at(0)
      .toArray(),
  ).toEqual(norm.forward(x).at(1).toArray());
  expect(Object.keys(norm.stateDict())).toEqual([]);
  expect(String(norm)).toContain('2, 4, eps: 0.00001, affine: false');
});

test('refuses groups that do not divide the channels, and inputs that do not fit', () => {
  expect(() => new GroupNorm(3, 4)).toThrow(/GroupNorm: groups must divide the channels: got 3/);
  expect(() => new GroupNorm(0, 4)).toThrow(ConfigError);
  expect(() => new GroupNorm(2, 4, { eps: -1 })).toThrow(ConfigError);
  const norm = new GroupNorm(2, 4);
  for (const shape of [[4], [2, 6, 3], [2, 5]]) expect(() => norm.forward(zeros(shape))).toThrow(ShapeError);
  expect(() => new GroupNorm(4, 4).forward(zeros([1, 4]))).toThrow(ShapeError);
});
