import { spawnSync } from 'node:child_process';
import { chmodSync, lstatSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CheckpointError } from '../../src/errors.ts';
import { atomicWrite, removeStaleTemporaries } from '../../src/io/atomic-write.ts';
import { CrashDisk, failure } from './crash-disk.ts';
import { filesIn, temporaryFolder } from './folder.ts';

const OLD = 'the old content';
const NEW = 'the new content, which is longer';
const parts = [Buffer.from(NEW.slice(0, 10)), Buffer.alloc(0), Buffer.from(NEW.slice(10))];

function save(disk: CrashDisk): void {
  atomicWrite('/a', parts, { op: 'save', keepPrevious: 'b', fs: disk.fs });
}

/** The operations that one save performs, in order. */
function operationsOfASave(): string[] {
  const disk = new CrashDisk({ '/a': OLD });
  const operations: string[] = [];
  disk.before = (operation) => operations.push(operation);
  save(disk);
  return operations;
}

describe('on a disk in memory', () => {
  test('the new content takes the name, the old one is kept, nothing else stays', () => {
    const disk = new CrashDisk({ '/a': OLD, '/b': 'older' });
    save(disk);
    expect([...disk.names.keys()].sort()).toEqual(['/a', '/b']);
    expect([disk.read('/a'), disk.read('/b')]).toEqual([NEW, OLD]);
  });

  test('the first save has no previous file to keep', () => {
    const disk = new CrashDisk({});
    save(disk);
    expect([...disk.names.keys()]).toEqual(['/a']);
  });

  test('a process that died between keeping the old file and taking its name leaves nothing that stays', () => {
    const disk = new CrashDisk({ '/a': OLD });
    let renames = 0;
    disk.before = (operation) => {
      if (operation === 'renameSync' && ++renames === 2) throw failure('EIO');
    };
    expect(() => save(disk)).toThrow(CheckpointError); // both names are now of one file
    disk.before = () => undefined;
    save(disk);
    expect([...disk.names.keys()].sort()).toEqual(['/a', '/b']);
    expect([disk.read('/a'), disk.read('/b')]).toEqual([NEW, OLD]);
  });

  const codes = ['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO', 'EROFS', 'EACCES', 'EMFILE'];
  test.each(codes)('%s at any operation: a typed error, the old file as it was, no temporary left', (code) => {
    const operations = operationsOfASave();
    expect(operations.length).toBeGreaterThan(15);
    for (const [failing, operation] of operations.entries()) {
      const disk = new CrashDisk({ '/a': OLD });
      let count = 0;
      disk.before = () => {
        if (count++ === failing) throw failure(code);
      };
      expect(() => save(disk), `${operation} (${failing})`).toThrow(CheckpointError);
      const left = [...disk.names.keys()].filter((name) => name.endsWith('.tmp'));
      expect(left, `${operation} (${failing})`).toEqual([]);
      // Once the name is taken, only the sync of the folder can still fail; the new file is then whole.
      const renamed = failing > operations.lastIndexOf('renameSync');
      expect(disk.read('/a'), `${operation} (${failing})`).toBe(renamed ? NEW : OLD);
    }
  });

  test('the message names the bytes needed and free', () => {
    const disk = new CrashDisk({ '/a': OLD });
    disk.before = (operation) => {
      if (operation === 'writeSync') throw failure('ENOSPC');
    };
    expect(() => save(disk)).toThrow(
      /the disk is full .*32 bytes needed, 20480 free; the file that was there is unchanged/,
    );
  });

  test('a file system without hard links keeps no previous file, and saves', () => {
    const disk = new CrashDisk({ '/a': OLD });
    disk.before = (operation) => {
      if (operation === 'linkSync') throw failure('EPERM');
    };
    save(disk);
    expect([...disk.names.keys()]).toEqual(['/a']);
    expect(disk.read('/a')).toBe(NEW);
  });

  test('a file whose sync failed is not synced again, but replaced by a new one', () => {
    const disk = new CrashDisk({ '/a': OLD });
    let syncs = 0;
    disk.before = (operation) => {
      if (operation === 'fsyncSync' && syncs++ === 0) throw failure('EIO');
    };
    expect(() => save(disk)).toThrow(/EIO/);
    expect(syncs).toBe(1);
    save(disk);
    expect(disk.read('/a')).toBe(NEW);
  });

  test('what was not written as given is seen when it is read back', () => {
    const disk = new CrashDisk({ '/a': OLD });
    disk.before = (operation) => {
      if (operation !== 'fstatSync') return;
      for (const [name, inode] of disk.names) if (name.endsWith('.tmp')) inode.content[5] ^= 1;
    };
    expect(() => save(disk)).toThrow(/read back differs/);
    expect(disk.read('/a')).toBe(OLD);
  });

  test('a death or a power failure at any moment leaves the old file or the new one, whole; after the save, the new one', () => {
    const operations = operationsOfASave();
    let states = 0;
    for (let last = 0; last <= operations.length; last++) {
      const disk = new CrashDisk({ '/a': OLD });
      let count = 0;
      disk.before = () => {
        if (count++ >= last) throw failure('DEAD');
      };
      let acknowledged = true;
      try {
        save(disk);
      } catch {
        acknowledged = false;
      }
      expect(acknowledged).toBe(last === operations.length);
      for (const state of disk.statesAfterPowerLoss()) {
        states++;
        const found = state.get('/a');
        expect(acknowledged ? [NEW] : [OLD, NEW], `after ${last} operations`).toContain(found);
        if (state.has('/b')) expect(state.get('/b')).toBe(OLD);
      }
    }
    expect(states).toBeGreaterThan(200);
  });
});

describe('on a real disk', () => {
  test('replaces a file, through a symbolic link', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'real'), OLD);
    symlinkSync('real', join(folder, 'link'));
    atomicWrite(join(folder, 'link'), parts, { op: 'save', keepPrevious: 'before' });
    expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(folder, 'real'), 'utf8')).toBe(NEW);
    expect(readFileSync(join(folder, 'before'), 'utf8')).toBe(OLD);
    expect(filesIn(folder)).toEqual(['before', 'link', 'real']);
  });

  test('temporaries of dead processes go, those of living ones and other files stay', () => {
    const folder = temporaryFolder();
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    const names = [`a.${dead}.0.1.tmp`, `a.${process.pid}.0.1.tmp`, `ab.${dead}.0.1.tmp`, 'a.tmp', 'a.x.0.1.tmp', 'a'];
    for (const name of names) writeFileSync(join(folder, name), '');
    removeStaleTemporaries(join(folder, 'a'));
    expect(filesIn(folder)).toEqual(names.slice(1).sort());
    removeStaleTemporaries(join(folder, 'a'), true);
    expect(filesIn(folder)).toEqual(names.slice(2).sort());
  });

  test('a folder that may not be written', (context) => {
    if (process.getuid?.() === 0) return context.skip('root may write anywhere');
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'a'), OLD);
    chmodSync(folder, 0o500);
    expect(() => atomicWrite(join(folder, 'a'), parts, { op: 'save' })).toThrow(/permission denied/);
    chmodSync(folder, 0o700);
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe(OLD);
  });

  /** Runs a script in a mount namespace of its own, where it may mount; null where this machine does not allow it. */
  function inOwnMounts(script: string, folder: string): ReturnType<typeof spawnSync> | null {
    const allowed = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', folder]);
    if (allowed.error !== undefined || allowed.status !== 0) return null;
    return spawnSync('unshare', ['-rm', 'sh', '-c', script], { encoding: 'utf8' });
  }

  const saver = (path: string) => {
    const module = resolve('src/io/atomic-write.ts');
    const code = `import { atomicWrite } from '${module}';
      try { atomicWrite('${path}', [new Uint8Array(3_000_000)], { op: 'save' }); console.log('saved'); }
      catch (error) { console.log(error.code, error.message); }`;
    return `node --import tsx --input-type=module -e "${code.replaceAll('\n', ' ')}"`;
  };

  test('a full disk', (context) => {
    const folder = temporaryFolder();
    const run = inOwnMounts(
      `mount -t tmpfs -o size=1m none ${folder} && printf old > ${folder}/a && ${saver(`${folder}/a`)} && cat ${folder}/a && ls ${folder}`,
      folder,
    );
    if (run === null) return context.skip('this machine does not let us mount');
    expect(run.stdout).toMatch(
      /^ERR_CHECKPOINT save: cannot write .*the disk is full \(ENOSPC\) \(3000000 bytes needed, \d+ free; .*\)\nolda\n$/,
    );
  });

  test('a read-only file system', (context) => {
    const folder = temporaryFolder();
    const run = inOwnMounts(
      `mount -t tmpfs none ${folder} && printf old > ${folder}/a && mount -o remount,ro none ${folder} && ${saver(`${folder}/a`)} && cat ${folder}/a && ls ${folder}`,
      folder,
    );
    if (run === null) return context.skip('this machine does not let us mount');
    expect(run.stdout).toMatch(/^ERR_CHECKPOINT save: cannot write .*read-only \(EROFS\).*\nolda\n$/);
  });

  test('a limit on the size of a file', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'a'), 'old');
    const run = spawnSync('sh', ['-c', `ulimit -f 1000; trap '' XFSZ; ${saver(join(folder, 'a'))}`], {
      encoding: 'utf8',
    });
    expect(run.stdout).toMatch(/^ERR_CHECKPOINT save: cannot write .*\(EFBIG\)/);
    expect(filesIn(folder)).toEqual(['a']);
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('old');
  });
});
