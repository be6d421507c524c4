import { expect, test } from 'vitest';
import { ConfigError, ShapeError } from '../../src/errors.ts';
import { LearnedPositionalEncoding, SinusoidalPositionalEncoding } from '../../src/nn/index.ts';
import { zeros } from '../../src/ops/index.ts';

test.each([
  ['sinusoids', new SinusoidalPositionalEncoding(4)],
  ['a learned table', new LearnedPositionalEncoding(3, 4)],
])('%s refuse inputs of other widths or axes', (_, encoding) => {
  for (const shape of [[4], [2, 3], [2, 3, 5], [1, 2, 3, 4]]) {
    expect(() => encoding.forward(zeros(shape))).toThrow(ShapeError);
  }
});

test('refuse sizes that are none, and sequences longer than the table', () => {
  expect(() => new SinusoidalPositionalEncoding(0)).toThrow(ConfigError);
  expect(() => new SinusoidalPositionalEncoding(4, { dropout: 2 })).toThrow(ConfigError);
  expect(() => new LearnedPositionalEncoding(0, 4)).toThrow(ConfigError);
  expect(() => new LearnedPositionalEncoding(3, 4).forward(zeros([4, 1, 4]))).toThrow(/too long: got 4, expected 3/);
  const batchFirst = new LearnedPositionalEncoding(3, 4, { batchFirst: true });
  expect(batchFirst.forward(zeros([5, 3, 4])).shape).toEqual([5, 3, 4]);
});
