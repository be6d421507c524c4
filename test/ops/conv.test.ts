/** Convolutions and max pooling: PyTorch's layers as functions, and what is refused. */

import { describe, expect, test } from 'vitest';
import { backward } from '../../src/autograd/index.ts';
import { ConfigError, DTypeError, ShapeError } from '../../src/errors.ts';
import {
  conv1d,
  conv2d,
  type MaxPoolOptions,
  maxPool1d,
  maxPool2d,
  randn,
  tensor,
  zeros,
} from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';
import { camelCase, seededLoss } from '../support/expression-cases.ts';
import {
  expectGradient,
  expectTensor,
  type FixtureCase,
  floatDTypes,
  loadFamily,
  type Names,
  toTensor,
} from '../support/fixtures.ts';

interface LayerCase extends FixtureCase {
  readonly module: string;
  readonly options: Readonly<Record<string, never>>;
  readonly inputs: Names;
  readonly params: Names;
  readonly outputs: Names;
  readonly seed: Names;
  readonly grads: Names;
  readonly param_grads: Names;
  readonly torch_f32_error?: Readonly<
    Record<'outputs' | 'grads' | 'param_grads', Readonly<Record<string, number>> | undefined>
  >;
}

const family = loadFamily<LayerCase>('nn');
const functions: Record<string, (x: Tensor, params: Record<string, Tensor>, options: never) => Tensor> = {
  Conv1d: (x, { weight, bias }, options) => conv1d(x, weight, bias ?? null, options),
  Conv2d: (x, { weight, bias }, options) => conv2d(x, weight, bias ?? null, options),
  MaxPool1d: (x, _, { kernelSize, ...options }: MaxPoolOptions & { kernelSize: number }) =>
    maxPool1d(x, kernelSize, { ...options, returnIndices: false }),
  MaxPool2d: (x, _, { kernelSize, ...options }: MaxPoolOptions & { kernelSize: number }) =>
    maxPool2d(x, kernelSize, { ...options, returnIndices: false }),
};
// Padding that reflects is the layer's, in front of the convolution.
const cases = family.cases.filter(
  (c) => Object.hasOwn(functions, c.module) && !Object.hasOwn(c.options, 'padding_mode'),
);

describe('as PyTorch', () => {
  test('every layer has cases', () => {
    expect(new Set(cases.map((c) => c.module))).toEqual(new Set(Object.keys(functions)));
  });

  describe.each(cases.map((c) => [c.id, c] as const))('%s', (_, fixture) => {
    test.each(floatDTypes)('%s', (dtype) => {
      const options = Object.fromEntries(Object.entries(fixture.options).map(([name, v]) => [camelCase(name), v]));
      const read = (names: Names): Record<string, Tensor> =>
        Object.fromEntries(Object.entries(names).map(([name, at]) => [name, toTensor(family.tensor(at), dtype, true)]));
      const [{ x }, params] = [read(fixture.inputs), read(fixture.params)];
      const out = functions[fixture.module](x, params, options as never);
      const errors = fixture.torch_f32_error;
      expectTensor('out', out, family.tensor(fixture.outputs.out), { dtype, torchError: errors?.outputs?.out });
      backward(seededLoss(family, { out }, fixture.seed, dtype));
      for (const [name, at] of Object.entries(fixture.grads)) {
        expectGradient(`gradient of ${name}`, x, family.tensor(at), { dtype, torchError: errors?.grads?.[name] });
      }
      for (const [name, at] of Object.entries(fixture.param_grads)) {
        const torchError = errors?.param_grads?.[name];
        expectGradient(`gradient of ${name}`, params[name], family.tensor(at), { dtype, torchError });
      }
    });
  });
});

describe('conv2d', () => {
  test("'same' keeps the size, and puts an odd zero behind", () => {
    const y = conv2d(tensor([[[1, 2, 3]]]), tensor([[[[1, 10]]]]), null, { padding: 'same' });
    expect([...y.data]).toEqual([21, 32, 3]);
  });

  test('a batch of nothing', () => {
    const x = zeros([0, 2, 5, 5], { requiresGrad: true });
    const w = randn([3, 2, 3, 3], { requiresGrad: true });
    const y = conv2d(x, w);
    expect(y.shape).toEqual([0, 3, 3, 3]);
    backward(y.sum());
    expect(w.grad!.data.every((v) => v === 0)).toBe(true);
    expect(x.grad!.shape).toEqual([0, 2, 5, 5]);
  });

  test('what does not fit is refused', () => {
    const [x, w] = [zeros([2, 4, 6, 6]), zeros([6, 4, 3, 3])];
    expect(() => conv2d(zeros([6, 6]), w)).toThrow(ShapeError);
    expect(() => conv2d(x, zeros([6, 4, 3]))).toThrow(ShapeError);
    expect(() => conv2d(x, zeros([6, 3, 3, 3]))).toThrow(
      'conv2d: the weight does not fit the input: got [[2, 4, 6, 6], [6, 3, 3, 3]] (the weight must be [O, 4, k, k])',
    );
    expect(() => conv2d(x, zeros([6, 4, 0, 3]))).toThrow(ShapeError);
    expect(() => conv2d(x, w, zeros([5]))).toThrow(ShapeError);
    expect(() => conv2d(x, zeros([6, 4, 7, 3]))).toThrow(
      /larger than the padded input: got \[\[2, 4, 6, 6\], \[6, 4, 7, 3\]\] \(7 > 6\)/,
    );
    expect(() => conv2d(x, w, null, { dilation: [1, 3] })).toThrow(ShapeError);
    expect(() => conv2d(x, w, null, { groups: 3 })).toThrow(ConfigError);
    expect(() => conv2d(x, w, null, { stride: 0 })).toThrow(ConfigError);
    expect(() => conv2d(x, w, null, { stride: [1, 2, 3] })).toThrow(ConfigError);
    expect(() => conv2d(x, w, null, { padding: -1 })).toThrow(ConfigError);
    expect(() => conv2d(x, w, null, { padding: 1.5 })).toThrow(ConfigError);
    expect(() => conv2d(x, w, null, { padding: 'full' as 'same' })).toThrow(ConfigError);
    expect(() => conv2d(x, w, null, { padding: 'same', stride: 2 })).toThrow(ConfigError);
    expect(() => conv2d(x, zeros([6, 4, 3, 3], { dtype: 'float64' }))).toThrow(DTypeError);
    expect(() => conv2d(zeros([2, 4, 6, 6], { dtype: 'int32' }), w)).toThrow(DTypeError);
    expect(() => conv1d(x, zeros([6, 4, 3]))).toThrow(/conv1d: x must be \[N, C, L\]/);
  });
});

describe('maxPool2d', () => {
  test('places count within their plane', () => {
    const x = tensor([[[1, 5, 2, 0]], [[7, 3, 3, 8]]]);
    const { values, indices } = maxPool2d(x, [1, 2], { returnIndices: true });
    expect([...values.data]).toEqual([5, 2, 7, 8]);
    expect([...indices.data]).toEqual([1, 2, 0, 3]);
    expect(indices.dtype).toBe('int32');
    expect(indices.shape).toEqual(values.shape);
  });

  test('ceilMode keeps a window that begins inside, and none that begins behind', () => {
    expect(maxPool1d(zeros([1, 5]), 2, { ceilMode: true }).shape).toEqual([1, 3]);
    expect(maxPool1d(zeros([1, 5]), 2).shape).toEqual([1, 2]);
    expect(maxPool1d(zeros([1, 4]), 1, { stride: 3, ceilMode: true }).shape).toEqual([1, 2]);
    expect(maxPool1d(zeros([1, 5]), 1, { stride: 6, ceilMode: true }).shape).toEqual([1, 1]);
  });

  test('what does not fit is refused', () => {
    const x = zeros([1, 2, 4, 4]);
    expect(() => maxPool2d(zeros([4, 4]), 2)).toThrow(ShapeError);
    expect(() => maxPool2d(x, 5)).toThrow(/smaller than the window: got 4, expected at least 5/);
    expect(() => maxPool2d(x, 2, { dilation: 4 })).toThrow(ShapeError);
    expect(() => maxPool2d(x, 2, { dilation: 5, padding: 1, stride: 1 })).toThrow(ShapeError);
    expect(() => maxPool2d(x, 3, { padding: 2 })).toThrow(ConfigError);
    expect(() => maxPool2d(x, 0)).toThrow(ConfigError);
    expect(() => maxPool2d(x, 2, { stride: [1, 1, 1] })).toThrow(ConfigError);
    expect(() => maxPool2d(zeros([1, 4, 4], { dtype: 'int32' }), 2)).toThrow(DTypeError);
    expect(() => maxPool1d(x, 2)).toThrow(ShapeError);
  });
});
