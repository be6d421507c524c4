import { expect, test } from 'vitest';
import { alignColumns, formatTable } from '../../src/core/table.ts';

test('alignColumns: the named columns to the left, the others to the right', () => {
  const rows = [
    ['name', 'n'],
    ['a', '10'],
    ['longer', '2'],
  ];
  expect(alignColumns(rows)).toBe('name     n\na       10\nlonger   2');
  expect(alignColumns(rows, () => false)).toBe('  name   n\n     a  10\nlonger   2');
});

test('formatTable: text to the left, numbers to the right with six digits, what is not there left out', () => {
  const rows = [
    ['sgd', 0.123456789, null],
    ['adam', 3, Number.NaN],
    [undefined, -Infinity, 1e-9],
  ];
  expect(formatTable(['rule', 'loss', 'x'], rows)).toBe(
    ['rule      loss     x', 'sgd   0.123457', 'adam         3   nan', '          -inf  1e-9'].join('\n'),
  );
});
