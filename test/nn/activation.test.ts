import { expect, test } from 'vitest';
import { ConfigError, LanegradError, ShapeError } from '../../src/errors.ts';
import * as nn from '../../src/nn/index.ts';
import { gradcheck, reshape, tensor, zeros } from '../../src/ops/index.ts';

test('PReLU learns one slope, or one a channel', () => {
  const x = tensor([[-1, 2], [3, -4]], { dtype: 'float64' }); // biome-ignore format: a table
  expect(new nn.PReLU({ dtype: 'float64' }).forward(x).toArray()).toEqual([[-0.25, 2], [3, -1]]); // biome-ignore format: a table
  const each = new nn.PReLU({ numParameters: 2, init: 0.5, dtype: 'float64' });
  x.requiresGrad_();
  expect(gradcheck(() => each.forward(x), [x, each.weight])).toBe(true);
  expect(() => each.forward(zeros([2, 3], { dtype: 'float64' }))).toThrow(ShapeError);
  expect(() => new nn.PReLU({ numParameters: 0 })).toThrow(ConfigError);
});

test('GLU halves an axis', () => {
  const x = reshape(tensor([1, 2, 0, 0]), [2, 2]);
  expect(new nn.GLU(0).forward(x).toArray()).toEqual([[0.5, 1]]);
  expect(() => new nn.GLU().forward(zeros([2, 3]))).toThrow(ShapeError);
});

test.each([
  ['Hardtanh', () => new nn.Hardtanh(1, -1).forward(zeros([1]))],
  ['Softshrink', () => new nn.Softshrink(-1).forward(zeros([1]))],
  ['CELU', () => new nn.CELU(0).forward(zeros([1]))],
  ['GELU', () => new nn.GELU({ approximate: 'exact' as never }).forward(zeros([1]))],
  ['Softmax', () => new nn.Softmax(1).forward(zeros([1]))],
])('%s refuses an option without meaning', (_, call) => {
  expect(call).toThrow(LanegradError);
});
