/**
 * Writes `native/core/opcodes.h` from `src/backend/opcodes.ts`, so that both languages number their operations from
 * one list. With `--check` it writes nothing and exits 1 when the file on disk is not what it would write.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { opcodeTables } from '../src/backend/opcodes.ts';

export const opcodesHeaderPath = fileURLToPath(new URL('../native/core/opcodes.h', import.meta.url));

function enumOf(name: string, table: Readonly<Record<string, number>>): string {
  const rows = Object.entries(table).sort(([, a], [, b]) => a - b);
  rows.forEach(([key, code], place) => {
    if (code !== place)
      throw new Error(`${name}.${key} is ${code}: the codes of a table count up from 0 without a gap`);
  });
  const members = rows.map(([key, code]) => `  k${key[0].toUpperCase()}${key.slice(1)} = ${code},`);
  return [`enum class ${name} : int32_t {`, ...members, '};', `constexpr int32_t k${name}Count = ${rows.length};`].join(
    '\n',
  );
}

/** The whole text of `native/core/opcodes.h`. */
export function opcodesHeader(): string {
  return [
    '// Written by scripts/opcodes.ts from src/backend/opcodes.ts; change that file and run the script.',
    '#pragma once',
    '',
    '#include <stdint.h>',
    '',
    'namespace lanegrad {',
    '',
    Object.entries(opcodeTables)
      .map(([name, table]) => enumOf(name, table))
      .join('\n\n'),
    '',
    '}  // namespace lanegrad',
    '',
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = opcodesHeader();
  if (!process.argv.includes('--check')) {
    writeFileSync(opcodesHeaderPath, text);
  } else if (readFileSync(opcodesHeaderPath, 'utf8') !== text) {
    process.stderr.write('opcodes: native/core/opcodes.h is out of date (run `npx tsx scripts/opcodes.ts`)\n');
    process.exitCode = 1;
  }
}
