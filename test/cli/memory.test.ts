import { describe, expect, test } from 'vitest';
import { checkMemory, countParameters, estimateTrainingBytes, formatBytes } from '../../src/cli/memory.ts';
import { LimitError } from '../../src/errors.ts';
import { CharLSTM } from '../../src/models/char-lstm.ts';

describe('memory', () => {
  test.each([
    { vocab: 65, embed: 64, hidden: 32, layers: 1 },
    { vocab: 5, embed: 3, hidden: 7, layers: 3 },
  ])('parameters of %j are counted as the model has them', (sizes) => {
    const { vocab, embed, hidden, layers } = sizes;
    const model = new CharLSTM({ vocab, embed, hidden, layers });
    expect(countParameters(sizes)).toBe(model.parameters().reduce((sum, { size }) => sum + size, 0));
  });

  test('sizes beyond all machines are refused with an estimate, others pass', () => {
    const sizes = { vocab: 65, embed: 64, hidden: 256, layers: 1 };
    checkMemory(sizes, 32, 64);
    expect(() => checkMemory({ ...sizes, hidden: 1e9 }, 32, 64)).toThrow(LimitError);
    expect(() => checkMemory({ ...sizes, hidden: 1e9 }, 32, 64)).toThrow(
      /hidden 1000000000 .* does not fit into memory: got about 80,000 PB, expected at most/,
    );
    expect(() => checkMemory(sizes, 2 ** 40, 64)).toThrow(LimitError);
    expect(() => checkMemory({ ...sizes, layers: 2 ** 40 }, 32, 64)).toThrow(LimitError);
    expect(estimateTrainingBytes(sizes, 32, 64)).toBeGreaterThan(4 * countParameters(sizes));
  });

  test.each([
    [999, '999 bytes'],
    [1000, '1.00 kB'],
    [25_316_000_000, '25.3 GB'],
    [8e19, '80,000 PB'],
  ])('%d is %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});
