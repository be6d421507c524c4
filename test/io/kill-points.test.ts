/**
 * Death and failure at the system calls of a save, one after another, injected by strace into a real process: whichever
 * call it is, the file is the old one or the new one, whole.
 */

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { removeStaleTemporaries } from '../../src/io/atomic-write.ts';
import { filesIn, temporaryFolder } from './folder.ts';

const SAVE_CALLS = ['fsync', 'rename', 'link'] as const;
/** Calls that Node makes by the hundred before the save begins; their places are counted first. */
const COMMON_CALLS = ['openat', 'write', 'close', 'read', 'fstat'] as const;
const long = process.env.LANEGRAD_LONG === '1';

const OLD = 'old content';
const NEW = 'new content '.repeat(1000);
/** The save begins after this file was looked for. */
const MARKER = '/lanegrad-marker';

/** A process that saves once and says so. */
function saver(path: string): string[] {
  const code = `import { existsSync } from 'node:fs';
    import { atomicWrite } from '${resolve('dist/io/atomic-write.js')}';
    existsSync('${MARKER}');
    try {
      atomicWrite('${path}', [Buffer.from('${NEW}')], { op: 'save', keepPrevious: 'previous' });
      console.log('saved');
    } catch (error) {
      console.log(error.code);
    }`;
  return [process.execPath, '--input-type=module', '-e', code];
}

function strace(options: readonly string[], command: readonly string[]) {
  return spawnSync('strace', ['-f', '-qq', ...options, ...command], { encoding: 'utf8' });
}

const usable = strace(['-o', '/dev/null', '-e', 'trace=fsync'], ['true']).status === 0;

function newFile(): string {
  const path = join(temporaryFolder(), 'file');
  writeFileSync(path, OLD);
  return path;
}

/** The old file or the new one; after a save that was acknowledged, the new one; after a sweep, nothing else. */
function checkAfter(path: string, stdout: string, label: string): void {
  const found = readFileSync(path, 'utf8');
  expect(stdout === 'saved\n' ? [NEW] : [OLD, NEW], label).toContain(found);
  removeStaleTemporaries(path);
  removeStaleTemporaries(join(path, '..', 'previous'));
  const rest = filesIn(join(path, '..')).filter((name) => name !== 'file');
  expect([[], ['previous']], label).toContainEqual(rest);
  if (rest.length > 0) expect(readFileSync(join(path, '..', 'previous'), 'utf8'), label).toBe(OLD);
}

/** How often each call is made before the save, and in all. */
function countCalls(): Map<string, { before: number; total: number }> {
  const path = newFile();
  const calls = [...SAVE_CALLS, ...COMMON_CALLS];
  const log = join(path, '..', 'strace.log');
  strace(['-o', log, '-e', `trace=${calls.join(',')},access,stat,newfstatat,statx,faccessat,faccessat2`], saver(path));
  const counts = new Map(calls.map((call) => [call as string, { before: 0, total: 0 }]));
  let begun = false;
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    if (line.includes(MARKER)) begun = true;
    const call = /^\d+\s+(\w+)\(/.exec(line)?.[1];
    const count = call === undefined ? undefined : counts.get(call);
    if (count === undefined) continue;
    count.total++;
    if (!begun) count.before++;
  }
  expect(begun).toBe(true);
  return counts;
}

describe.skipIf(!usable)('a save under strace', { timeout: 300_000 }, () => {
  test('killed at its calls', () => {
    const counts = countCalls();
    let killed = 0;
    for (const call of long ? [...SAVE_CALLS, ...COMMON_CALLS] : SAVE_CALLS) {
      const { before, total } = counts.get(call)!;
      for (let when = before + 1; when <= total; when++) {
        const path = newFile();
        const run = strace(['-o', '/dev/null', '-e', `inject=${call}:signal=SIGKILL:when=${when}`], saver(path));
        if (run.signal === 'SIGKILL') killed++;
        checkAfter(path, run.stdout, `${call} ${when}`);
      }
    }
    expect(killed).toBeGreaterThanOrEqual(SAVE_CALLS.length);
  });

  test.each([
    ['fsync', 'EIO'],
    ['rename', 'EIO'],
    ['link', 'EIO'],
  ])('%s answers %s', (call, errno) => {
    const { total } = countCalls().get(call)!;
    for (let when = 1; when <= total; when++) {
      const path = newFile();
      const run = strace(['-o', '/dev/null', '-e', `inject=${call}:error=${errno}:when=${when}`], saver(path));
      expect(run.stdout, `${call} ${when}`).toBe('ERR_CHECKPOINT\n');
      checkAfter(path, run.stdout, `${call} ${when}`);
      expect(filesIn(join(path, '..')).some((name) => name.endsWith('.tmp'))).toBe(false);
    }
  });
});
