import { describe, expect, test } from 'vitest';
import { ConfigError, DivergenceError } from '../../src/errors.ts';
import { tensor, zeros } from '../../src/ops/index.ts';
import { clipGradNorm_, clipGradValue_ } from '../../src/optim/index.ts';
import type { Tensor } from '../../src/tensor.ts';

function withGradient(gradient: number[] | null, dtype: 'float32' | 'float64' = 'float64'): Tensor {
  const leaf = zeros([gradient?.length ?? 1], { dtype, requiresGrad: true });
  leaf.grad = gradient === null ? null : tensor(gradient, { dtype });
  return leaf;
}

const gradients = (params: Tensor[]): number[][] => params.map(({ grad }) => [...grad!.data]);

describe('clipGradNorm_', () => {
  test.each([
    [2, Math.sqrt(4 + 9 + 36)],
    [1, 11],
    [Infinity, 6],
    [3, (8 + 27 + 216) ** (1 / 3)],
  ])('takes the %s-norm over all gradients, of both float types', (normType, norm) => {
    const params = [withGradient([-2, 3], 'float32'), withGradient(null), withGradient([0, -6])];
    const present = [params[0], params[2]];
    expect(clipGradNorm_(params, 100, { normType })).toBeCloseTo(norm, 10);
    expect(gradients(present)).toEqual([
      [-2, 3],
      [0, -6],
    ]);
    expect(clipGradNorm_(params, 1, { normType })).toBeCloseTo(norm, 10);
    expect(clipGradNorm_(params, 100, { normType })).toBeCloseTo(norm / (norm + 1e-6), 6);
  });

  test('takes one parameter, or none', () => {
    expect(clipGradNorm_(withGradient([3, 4]), 1)).toBe(5);
    expect(clipGradNorm_([], 1)).toBe(0);
    expect(clipGradNorm_([withGradient(null)], 1)).toBe(0);
  });

  test('scales a gradient that two parameters share once', () => {
    const [a, b] = [withGradient([4]), withGradient([4])];
    b.grad = a.grad;
    expect(clipGradNorm_([a, b], 1)).toBe(4);
    expect(a.grad!.item()).toBeCloseTo(1, 6);
  });

  test('counts its writes', () => {
    const param = withGradient([2]);
    clipGradNorm_(param, 3);
    expect(param.grad!.storage.version).toBe(0);
    clipGradNorm_(param, 1);
    expect(param.grad!.storage.version).toBe(1);
  });

  test.each([
    [2, Number.NaN],
    [1, Number.NaN],
    [Infinity, Number.NaN],
    [2, Infinity],
    [Infinity, -Infinity],
  ])('of the %s-norm, %s in a gradient is seen', (normType, bad) => {
    const params = [withGradient([1, bad]), withGradient([1])];
    expect(() => clipGradNorm_(params, 1, { normType, errorIfNonfinite: true })).toThrow(DivergenceError);
    expect(gradients(params)).toEqual([[1, bad], [1]]);
    const norm = clipGradNorm_(params, 1, { normType });
    expect(norm).toBe(Number.isNaN(bad) ? Number.NaN : Infinity);
    expect(params[0].grad!.data[1]).toBeNaN();
  });

  test('refuses limits without a meaning', () => {
    expect(() => clipGradNorm_([], -1)).toThrow(ConfigError);
    expect(() => clipGradNorm_([], Number.NaN)).toThrow(ConfigError);
    expect(() => clipGradNorm_([], 1, { normType: 0 })).toThrow(ConfigError);
  });
});

test('clipGradValue_ cuts each element, and lets NaN stand', () => {
  const params = [withGradient([-3, 0.5, Number.NaN], 'float32'), withGradient([Infinity])];
  clipGradValue_(params, 2);
  expect(gradients(params)).toEqual([[-2, 0.5, Number.NaN], [2]]);
  expect(params[0].grad!.storage.version).toBe(1);
  expect(() => clipGradValue_(params, -1)).toThrow(ConfigError);
});
