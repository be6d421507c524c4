import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CheckpointError } from '../../src/errors.ts';
import { FolderLock, LOCK_FILE } from '../../src/io/folder-lock.ts';
import { filesIn, temporaryFolder } from './folder.ts';

function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

describe('FolderLock', () => {
  test('is held once, and free again after release', () => {
    const folder = temporaryFolder();
    const lock = FolderLock.acquire(folder);
    lock.assertHeld();
    expect(filesIn(folder)).toEqual([LOCK_FILE]);
    expect(() => FolderLock.acquire(folder)).toThrow(new RegExp(`written by process ${process.pid}`));
    expect(filesIn(folder)).toEqual([LOCK_FILE]);
    lock.release();
    expect(filesIn(folder)).toEqual([]);
    FolderLock.acquire(folder).release();
  });

  test.each([
    ['a dead process', () => ({ pid: deadPid(), startTime: '1', host: hostname(), token: 'x' })],
    [
      'a process number that another program has by now',
      () => ({ pid: process.pid, startTime: '1', host: hostname(), token: 'x' }),
    ],
  ])('is taken over from %s', (_, holder) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, LOCK_FILE), JSON.stringify(holder()));
    const lock = FolderLock.acquire(folder);
    lock.assertHeld();
    lock.release();
    expect(filesIn(folder)).toEqual([]);
  });

  test.each(['', '{', '[]', 'null', '{"pid":"1"}', '{"pid":-0.5,"host":1}'])(
    'a lock that says nothing (%j) is taken over',
    (text) => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, LOCK_FILE), text);
      FolderLock.acquire(folder).release();
    },
  );

  test('a process on another machine cannot be asked, and counts as running', () => {
    const folder = temporaryFolder();
    const text = JSON.stringify({ pid: deadPid(), startTime: null, host: 'elsewhere', token: 'x' });
    writeFileSync(join(folder, LOCK_FILE), text);
    expect(() => FolderLock.acquire(folder)).toThrow(/on elsewhere .*remove/);
    expect(readFileSync(join(folder, LOCK_FILE), 'utf8')).toBe(text);
  });

  test('a lock that was removed or replaced is no longer ours, and release leaves the other one alone', () => {
    const folder = temporaryFolder();
    const lock = FolderLock.acquire(folder);
    rmSync(join(folder, LOCK_FILE));
    expect(() => lock.assertHeld()).toThrow(CheckpointError);
    const other = FolderLock.acquire(folder);
    expect(() => lock.assertHeld()).toThrow(/taken over/);
    lock.release();
    other.assertHeld();
  });

  test('a folder that is not there', () => {
    expect(() => FolderLock.acquire(join(temporaryFolder(), 'none'))).toThrow(/ENOENT/);
  });

  test('of processes that race for a dead one’s lock, one gets it', async () => {
    const folder = temporaryFolder();
    const code = `import { FolderLock } from '${resolve('src/io/folder-lock.ts')}';
      console.log('ready');
      process.stdin.on('data', (line) => {
        try { globalThis.lock = FolderLock.acquire('${folder}'); console.log('held'); } catch (error) { console.log(error.code); }
      });
      process.stdin.on('end', () => process.exit());`;
    const racers = Array.from({ length: 4 }, () =>
      spawn('node', ['--import', 'tsx', '--input-type=module', '-e', code]),
    );
    const says = async (racer: (typeof racers)[number]) => String((await once(racer.stdout, 'data'))[0]).trim();
    await Promise.all(racers.map(says));
    for (let round = 0; round < 25; round++) {
      const stale = { pid: deadPid(), startTime: '1', host: hostname(), token: `${round}` };
      writeFileSync(join(folder, LOCK_FILE), JSON.stringify(stale));
      const answers = racers.map(says);
      for (const racer of racers) racer.stdin.write('go\n');
      expect((await Promise.all(answers)).sort()).toEqual(['ERR_LOCKED', 'ERR_LOCKED', 'ERR_LOCKED', 'held']);
    }
    for (const racer of racers) racer.kill('SIGKILL');
  }, 60_000);
});
