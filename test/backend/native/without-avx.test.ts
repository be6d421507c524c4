/**
 * The objects of the last build on an emulated processor that has SSE2 and no more of the kind: dispatch must find the
 * baseline alone, and the C++ kernel tests pass without an illegal instruction. `npm run native:test -- --target sse2`
 * does so for all of them.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../../src/backend/native/load.ts';

const sources = join(packageRoot, 'native');
const folder = join(packageRoot, 'build', 'Release', 'obj.target', 'lanegrad_core');
const PROCESSOR = ['-cpu', 'qemu64,-sse3'];

const filesIn = (path: string, ending: RegExp): string[] =>
  (readdirSync(path, { recursive: true }) as string[])
    .filter((file) => ending.test(file))
    .map((file) => join(path, file));
const writtenAt = (files: readonly string[]): number[] => files.map((file) => statSync(file).mtimeMs);

/** Objects of other headers than those that the tests would be compiled with would crash, and prove nothing. */
function isStale(): boolean {
  const headers = ['core', 'kernels', 'simd'].flatMap((room) => filesIn(join(sources, room), /\.h$/));
  return Math.max(...writtenAt(headers)) > Math.min(...writtenAt(filesIn(folder, /\.o$/)));
}

function missing(): string | null {
  if (process.arch !== 'x64' || process.platform !== 'linux') return 'needs Linux on x86-64';
  if (!existsSync(folder)) return 'needs the objects of a native build';
  for (const command of ['qemu-x86_64', 'g++'])
    if (spawnSync(command, ['--version']).status !== 0) return `needs ${command}`;
  if (isStale()) return 'needs a native build of these sources';
  return null;
}

test('the baseline runs where there is no AVX', (context) => {
  const reason = missing();
  if (reason !== null) return context.skip(reason);
  const objects = filesIn(folder, /\.o$/);
  const scratch = mkdtempSync(join(tmpdir(), 'lanegrad-'));
  try {
    for (const [name, says] of [
      ['dispatch', 'dispatch: baseline\n'],
      ['kernels', 'kernels: baseline ok\n'],
    ]) {
      const source = join(sources, 'test', `${name}_test.cc`);
      const program = join(scratch, name);
      const compiled = spawnSync('g++', ['-std=c++20', '-O1', source, ...objects, '-pthread', '-ldl', '-o', program], {
        encoding: 'utf8',
      });
      expect(compiled).toMatchObject({ status: 0, stderr: '' });
      const ran = spawnSync('qemu-x86_64', [...PROCESSOR, program], { encoding: 'utf8' });
      expect(ran).toMatchObject({ status: 0, stdout: says, stderr: '' });
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
});
