import { describe, expect, test } from 'vitest';
import { Generator } from '../../src/core/rng.ts';
import { ConfigError, ShapeError } from '../../src/errors.ts';
import { BatchNorm1d, BatchNorm2d, InstanceNorm1d, InstanceNorm2d } from '../../src/nn/index.ts';
import { gradcheck, randn, tensor, zeros } from '../../src/ops/index.ts';

const dtype = 'float64';
const input = (...shape: number[]) => randn(shape, { dtype, requiresGrad: true, generator: new Generator(4) });

describe('running statistics', () => {
  const x = tensor([[1, 10], [3, 30], [5, 20]], { dtype }); // biome-ignore format: a table

  test('follow the batches, the variance unbiased, and serve in evaluation', () => {
    const norm = new BatchNorm1d(2, { dtype, momentum: 0.5 });
    norm.forward(x);
    expect(norm.running_mean!.toArray()).toEqual([1.5, 10]);
    expect(norm.running_var!.toArray()).toEqual([2.5, 50.5]);
    expect(norm.num_batches_tracked!.item()).toBe(1);
    norm.eval();
    const y = norm.forward(tensor([[1.5, 10 + Math.sqrt(50.5 + 1e-5)]], { dtype }));
    expect(y.toArray()).toEqual([[0, expect.closeTo(1, 12)]]);
    expect(norm.running_mean!.toArray()).toEqual([1.5, 10]);
  });

  test('are averages over all batches with momentum null', () => {
    const norm = new BatchNorm1d(2, { dtype, momentum: null });
    for (const scale of [1, 3]) norm.forward(x.mul(scale));
    expect(norm.running_mean!.toArray()).toEqual([6, 40]);
    expect(norm.running_var!.toArray()).toEqual([20, 500]);
  });

  test('stand in the state dict under PyTorch’s names, and can be left out', () => {
    const names = ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked'];
    expect(Object.keys(new BatchNorm2d(3).stateDict())).toEqual(names);
    expect(Object.keys(new InstanceNorm2d(3).stateDict())).toEqual([]);
    const untracked = new BatchNorm1d(2, { dtype, trackRunningStats: false, affine: false });
    expect(untracked.eval().forward(x).toArray()).toEqual(untracked.train().forward(x).toArray());
    expect(Object.keys(untracked.stateDict())).toEqual([]);
  });

  test('of InstanceNorm are the averages over the samples, used in evaluation alone', () => {
    const norm = new InstanceNorm1d(1, { dtype, trackRunningStats: true, momentum: 1 });
    const sequences = tensor([[[1, 3]], [[5, 5]]], { dtype });
    expect(norm.forward(sequences).at(1).toArray()).toEqual([[0, 0]]);
    expect(norm.running_mean!.toArray()).toEqual([3.5]);
    expect(norm.running_var!.toArray()).toEqual([1]);
    expect(norm.eval().forward(sequences).at(1, 0, 0).item()).toBeCloseTo(1.5, 4);
  });
});

test.each([
  ['BatchNorm1d of features', new BatchNorm1d(3, { dtype }), [5, 3]],
  ['BatchNorm1d of sequences', new BatchNorm1d(3, { dtype }), [2, 3, 4]],
  ['BatchNorm2d', new BatchNorm2d(2, { dtype }), [2, 2, 3, 2]],
  ['BatchNorm2d in evaluation', new BatchNorm2d(2, { dtype }).eval(), [2, 2, 3, 2]],
  ['InstanceNorm1d', new InstanceNorm1d(2, { dtype, affine: true }), [3, 2, 4]],
  ['InstanceNorm2d of one image', new InstanceNorm2d(2, { dtype, affine: true }), [2, 3, 2]],
] as const)('gradients of %s', (_, norm, shape) => {
  const x = input(...shape);
  expect(gradcheck(() => norm.forward(x), [x, ...norm.parameters()])).toBe(true);
});

test.each([
  ['too many axes', () => new BatchNorm1d(3).forward(zeros([2, 3, 4, 5]))],
  ['no batch', () => new BatchNorm2d(3).forward(zeros([3, 4, 5]))],
  ['other channels', () => new BatchNorm2d(3).forward(zeros([2, 4, 5, 5]))],
  ['one value a channel', () => new BatchNorm1d(3).forward(zeros([1, 3]))],
  ['one place a channel', () => new InstanceNorm2d(3).forward(zeros([2, 3, 1, 1]))],
  ['features alone', () => new InstanceNorm1d(3).forward(zeros([3]))],
])('refuses inputs of %s', (_, forward) => {
  expect(forward).toThrow(ShapeError);
});

test('a refused batch changes no running statistics', () => {
  const norm = new BatchNorm1d(3);
  expect(() => norm.forward(zeros([1, 3]))).toThrow(/BatchNorm|batchNorm/);
  expect(norm.num_batches_tracked!.item()).toBe(0);
  expect(norm.running_var!.toArray()).toEqual([1, 1, 1]);
});

test.each([
  ['no features', () => new BatchNorm1d(0)],
  ['a negative eps', () => new BatchNorm2d(2, { eps: -1 })],
  ['a momentum that is no number', () => new InstanceNorm1d(2, { momentum: Number.NaN })],
  ['integers', () => new InstanceNorm2d(2, { dtype: 'int32' as never })],
])('refuses %s', (_, make) => {
  expect(make).toThrow(ConfigError);
});
