import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { opcodesHeader, opcodesHeaderPath } from '../../scripts/opcodes.ts';
import { opcodeTables } from '../../src/backend/opcodes.ts';

test('native/core/opcodes.h is what scripts/opcodes.ts writes', () => {
  expect(readFileSync(opcodesHeaderPath, 'utf8')).toBe(opcodesHeader());
});

describe.each(Object.entries(opcodeTables))('%s', (name, table) => {
  test('every code stands in the header under its name', () => {
    const header = readFileSync(opcodesHeaderPath, 'utf8');
    for (const [key, code] of Object.entries(table)) {
      expect(header).toContain(`  k${key[0].toUpperCase()}${key.slice(1)} = ${code},\n`);
    }
    expect(header).toContain(`constexpr int32_t k${name}Count = ${Object.keys(table).length};`);
  });
});
