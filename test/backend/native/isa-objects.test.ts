/**
 * What the compiler made of the per-ISA units. An AVX instruction outside them, or a function of theirs that another
 * unit may be linked to, would be an illegal instruction on an older machine, seen by none of the other tests.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../../src/backend/native/load.ts';

const folder = join(packageRoot, 'build', 'Release', 'obj.target');

function tool(command: string, ...args: string[]): string | null {
  const { stdout, status } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 29 });
  return status === 0 ? stdout : null;
}

const usable =
  process.arch === 'x64' &&
  process.platform === 'linux' &&
  existsSync(join(folder, 'lanegrad.node')) &&
  tool('objdump', '--version') &&
  tool('nm', '--version');
const objects = usable
  ? (readdirSync(folder, { recursive: true }) as string[])
      .filter((path) => path.endsWith('.o'))
      .map((path) => join(folder, path))
  : [];
const named = (name: string): string[] => objects.filter((path) => basename(path) === `${name}.o`);
const isPerIsa = (path: string): boolean => /isa_(avx2|avx512)\.o$/.test(path);

test.skipIf(!usable)('the objects of the last build are here', () => {
  for (const name of ['isa_baseline', 'isa_avx2', 'isa_avx512', 'thread_pool', 'exports'])
    expect(named(name)).toHaveLength(1);
});

test.skipIf(!usable).each(['isa_baseline', 'isa_avx2', 'isa_avx512'])(
  '%s exports its table and nothing else',
  (name) => {
    const symbols = tool('nm', '-C', '--defined-only', named(name)[0])!.trim().split('\n');
    const shared = symbols
      .map((line) => line.replace(/^[0-9a-f]* */, ''))
      .filter((line) => !/^[a-z] /.test(line) || /^[uvw] /.test(line));
    expect(shared).toEqual([`D lanegrad::${name.slice(4)}::kTable`]);
  },
);

/** An instruction with a VEX or EVEX encoding: its name begins with v, as that of two others does. */
const VEX = /^\s*[0-9a-f]+:\t(?!verr|verw)v\w+|%[yz]mm\d/;
const lines = (path: string, pattern: RegExp): string[] =>
  tool('objdump', '-d', '--no-show-raw-insn', path)!
    .split('\n')
    .filter((line) => pattern.test(line));

test.skipIf(!usable)('no AVX instruction outside the units of AVX', () => {
  for (const path of objects) {
    if (isPerIsa(path)) continue;
    expect({ path, avx: lines(path, VEX).slice(0, 3) }).toEqual({ path, avx: [] });
  }
});

test.skipIf(!usable)('AVX2 stays within its registers, and each unit uses its own', () => {
  expect(lines(named('isa_avx2')[0], /%zmm\d|%[xy]mm(1[6-9]|2\d|3[01])|%k[0-7]\b/)).toEqual([]);
  expect(lines(named('isa_avx2')[0], VEX).length).toBeGreaterThan(1000);
  expect(lines(named('isa_avx2')[0], /\tvfmadd\w+ .*%ymm\d/).length).toBeGreaterThan(50);
  expect(lines(named('isa_avx512')[0], /\tvfmadd\w+ .*%zmm\d/).length).toBeGreaterThan(50);
});
