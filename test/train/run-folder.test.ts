import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { loadCheckpoint } from '../../src/io/checkpoint.ts';
import { wrapArray } from '../../src/tensor.ts';
import { RunFolder } from '../../src/train/run-folder.ts';
import { filesIn, temporaryFolder } from '../io/folder.ts';

const state = (value: number) => ({
  weights: { w: wrapArray(Float32Array.of(value), [1], 'float32') },
  train: { t: wrapArray(Float64Array.of(-value), [1], 'float64') },
  documents: { progress: { step: value } },
});

describe('RunFolder', () => {
  test('keeps the latest state, the one before and the best', () => {
    const path = join(temporaryFolder(), 'a', 'b');
    const run = RunFolder.create(path);
    for (const value of [1, 2, 3]) run.save(state(value));
    run.saveBest(state(2));
    run.metrics.append({ step: 3 });
    run.close();
    expect(filesIn(path)).toEqual([
      'best.safetensors',
      'checkpoint.safetensors',
      'metrics.jsonl',
      'previous.safetensors',
    ]);
    const values = ['checkpoint', 'previous', 'best'].map((name) =>
      loadCheckpoint(join(path, `${name}.safetensors`)).weights.w.item(),
    );
    expect(values).toEqual([3, 2, 2]);
    const { weights, train, documents } = loadCheckpoint(path);
    expect([weights.w.item(), train.t.item(), documents.progress]).toEqual([3, -3, { step: 3 }]);
    expect(Object.keys(loadCheckpoint(path, { weightsOnly: true }).train)).toEqual([]);
  });

  test('a run in which nothing was saved leaves the folders as it found them', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'kept'));
    const run = RunFolder.create(join(folder, 'kept', 'a', 'b'));
    run.metrics.append({ step: 0 });
    run.close();
    expect(filesIn(folder)).toEqual(['kept']);
    expect(filesIn(join(folder, 'kept'))).toEqual([]);
    RunFolder.create(join(folder, 'kept')).close();
    expect(filesIn(folder)).toEqual(['kept']);
  });

  test.each(['checkpoint.safetensors', 'previous.safetensors', 'best.safetensors', 'metrics.jsonl'])(
    'a folder with %s holds a run',
    (name) => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, name), '');
      expect(() => RunFolder.create(folder)).toThrow(ConfigError);
      expect(filesIn(folder)).toEqual([name]);
    },
  );

  test('a folder with other files may begin a run', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'notes.txt'), '');
    RunFolder.create(folder).close();
    expect(filesIn(folder)).toEqual(['notes.txt']);
  });

  test('a file, a folder below a file, a folder that is no run', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    expect(() => RunFolder.create(join(folder, 'file'))).toThrow(/is not a folder/);
    expect(() => RunFolder.create(join(folder, 'file', 'sub'))).toThrow(/cannot use .*ENOTDIR/);
    expect(() => RunFolder.create('/proc/nothing/run')).toThrow(/cannot create/);
    expect(() => RunFolder.reopen(folder)).toThrow(/not a run folder/);
    expect(() => RunFolder.reopen(join(folder, 'none'))).toThrow(/ENOENT/);
  });

  test('one writer at a time, and what a dead one left is swept away', () => {
    const folder = temporaryFolder();
    const first = RunFolder.create(folder);
    first.save(state(1));
    expect(() => RunFolder.reopen(folder)).toThrow(/process/);
    first.close();
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    // Even one whose number belongs to a living process by now.
    for (const pid of [dead, process.pid]) writeFileSync(join(folder, `checkpoint.safetensors.${pid}.0.7.tmp`), 'half');
    writeFileSync(join(folder, 'best.safetensors.1.0.0.tmp'), 'half');
    const second = RunFolder.reopen(folder);
    expect(filesIn(folder)).toEqual(['.lock', 'checkpoint.safetensors']);
    second.save(state(2));
    second.close();
    expect(filesIn(folder)).toEqual(['checkpoint.safetensors', 'previous.safetensors']);
  });

  test('a damaged state is refused, and the one before is pointed out', () => {
    const folder = temporaryFolder();
    const run = RunFolder.create(folder);
    run.save(state(1));
    run.save(state(2));
    run.close();
    writeFileSync(join(folder, 'checkpoint.safetensors'), 'not much');
    expect(() => loadCheckpoint(folder)).toThrow(/the state before it is in .*previous\.safetensors/);
    expect(loadCheckpoint(join(folder, 'previous.safetensors')).weights.w.item()).toBe(1);
  });
});
