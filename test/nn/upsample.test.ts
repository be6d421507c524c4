import { expect, test } from 'vitest';
import { ConfigError, LanegradError } from '../../src/errors.ts';
import { Upsample } from '../../src/nn/index.ts';
import { interpolate, reshape, tensor, zeros } from '../../src/ops/index.ts';

test('is interpolate with its options kept', () => {
  const x = reshape(tensor([1, 2, 3, 4]), [1, 1, 2, 2]);
  expect(new Upsample({ scaleFactor: 2 }).forward(x).at(0, 0).toArray()).toEqual([
    [1, 1, 2, 2],
    [1, 1, 2, 2],
    [3, 3, 4, 4],
    [3, 3, 4, 4],
  ]);
  const options = { size: [3, 5], mode: 'bilinear', alignCorners: true } as const;
  expect(new Upsample(options).forward(x).toArray()).toEqual(interpolate(x, options).toArray());
  expect(String(new Upsample(options))).toContain('size: [3, 5], mode: bilinear, alignCorners: true');
});

test('refuses neither or both of size and factor, and inputs that the mode does not take', () => {
  expect(() => new Upsample({})).toThrow(ConfigError);
  expect(() => new Upsample({ size: 2, scaleFactor: 2 })).toThrow(ConfigError);
  expect(() => new Upsample({ size: 2, mode: 'bilinear' }).forward(zeros([1, 1, 4]))).toThrow(LanegradError);
  expect(() => new Upsample({ size: 2 }).forward(zeros([4, 4]))).toThrow(LanegradError);
});
