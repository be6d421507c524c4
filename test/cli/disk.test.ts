import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { filesIn, temporaryFolder } from '../io/folder.ts';
import { canMount, folderWithText, inOwnMounts } from './run.ts';

const TIMEOUT = { timeout: 60_000 };
/** 330 kB of weights, and three times as much with Adam's moments. */
const MODEL = '--hidden 100 --embed 64 --batch 4 --seq 16 --steps 20';

describe.skipIf(!canMount('/mnt'))('a disk that fails (needs leave to mount)', TIMEOUT, () => {
  test('no room for the first state: refused at once, nothing left', () => {
    const cwd = folderWithText();
    const disk = temporaryFolder();
    const script = `mount -t tmpfs -o size=200k none ${disk} && $LANEGRAD train text.txt --out ${disk}/runs/a ${MODEL}; echo "exit $?"; ls -A ${disk}`;
    const { stdout, stderr } = inOwnMounts(script, cwd);
    expect(stdout).toBe('exit 2\n');
    expect(stderr).toMatch(
      /^lanegrad: saveSafetensors: cannot write .*the disk is full \(ENOSPC\) \(\d+ bytes needed, \d+ free; .*\)\n$/,
    );
  });

  test('a disk that fills up later: training goes on and says so, the last save fails, the good state stays', () => {
    const cwd = folderWithText();
    const disk = temporaryFolder();
    const script = `mount -t tmpfs -o size=1m none ${disk} && $LANEGRAD train text.txt --out ${disk}/a ${MODEL} --checkpoint-every 8 --val 0; echo "exit $?"
      ls -A ${disk}/a; cp ${disk}/a/checkpoint.safetensors kept.safetensors; $LANEGRAD generate ${disk}/a --length 5 --seed 1 | wc -m`;
    const { stdout, stderr } = inOwnMounts(script, cwd);
    expect(stdout).toBe('exit 2\ncheckpoint.safetensors\nmetrics.jsonl\n5\n');
    expect(stderr.match(/ENOSPC.*; training goes on$/gm)).toHaveLength(2);
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^lanegrad: saveSafetensors: cannot write .*ENOSPC/);
    expect(readFileSync(join(cwd, 'kept.safetensors')).length).toBeLessThan(500_000);
  });

  test('a read-only disk: refused at once; a run on it is read, not continued, and left alone', () => {
    const cwd = folderWithText();
    const disk = temporaryFolder();
    const script = `mount -t tmpfs none ${disk} && $LANEGRAD train text.txt --out ${disk}/a ${MODEL} > /dev/null 2>&1; cksum ${disk}/a/* > before
      mount -o remount,ro none ${disk}; $LANEGRAD train text.txt --out ${disk}/b ${MODEL}; echo "exit $?"
      $LANEGRAD train --out ${disk}/a --resume --steps 30; echo "exit $?"
      $LANEGRAD generate ${disk}/a --length 5 --seed 1 | wc -m; cksum ${disk}/a/* | cmp - before && ls -A ${disk}`;
    const { stdout, stderr } = inOwnMounts(script, cwd);
    expect(stdout).toBe('exit 2\nexit 2\n5\na\n');
    expect(stderr).toMatch(
      /^lanegrad: train: cannot create .*read-only \(EROFS\)\nlanegrad: lock: cannot write in .*read-only \(EROFS\)\n$/,
    );
  });

  test('a limit on the size of files: the same', () => {
    const cwd = folderWithText();
    const script = `trap '' XFSZ; ulimit -f 200; $LANEGRAD train text.txt --out a ${MODEL}; echo "exit $?"`;
    const { stdout, stderr } = inOwnMounts(script, cwd);
    expect([stdout, filesIn(cwd)]).toEqual(['exit 2\n', ['text.txt']]);
    expect(stderr).toMatch(/EFBIG/);
  });
});
