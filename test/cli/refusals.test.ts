import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { saveSafetensors } from '../../src/io/safetensors.ts';
import { wrapArray } from '../../src/tensor.ts';
import { filesIn, temporaryFolder } from '../io/folder.ts';
import { folderWithText, lanegrad, refusal, TINY } from './run.ts';

/** A folder with every kind of bad text there is. */
function folderOfBadTexts(): string {
  const folder = folderWithText();
  writeFileSync(join(folder, 'empty.txt'), '');
  writeFileSync(join(folder, 'one.txt'), 'x');
  writeFileSync(join(folder, 'short.txt'), 'a short text');
  writeFileSync(join(folder, 'binary.txt'), Buffer.from([0x6f, 0x6b, 0x0a, 0xff, 0xfe]));
  mkdirSync(join(folder, 'folder'));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  return folder;
}

const refusedTrainings: [args: string[], message: RegExp][] = [
  [[], /no text to learn from/],
  [['missing.txt'], /no such file: .*missing\.txt/],
  [['empty.txt'], /the text is empty/],
  [['folder'], /is a folder/],
  [['pipe'], /not a regular file/],
  [['one.txt'], /shorter than one sequence/],
  [['short.txt'], /shorter than one sequence: got 10 characters for training, expected 65 or more/],
  [['binary.txt'], /not UTF-8: the sequence at byte 3 is invalid/],
  [['text.txt', 'missing.txt'], /no such file/],
  [['text.txt', '--hidden', '0'], /--hidden: it does not take this value: got "0", expected an integer of at least 1/],
  [['text.txt', '--hidden', '-1'], /--hidden/],
  [['text.txt', '--hidden', 'NaN'], /--hidden/],
  [['text.txt', '--hidden', '1e9'], /does not fit into memory: got about 80,000 PB/],
  [['text.txt', '--hidden', '1000000000'], /does not fit into memory/],
  [['text.txt', '--hidden', '1.5'], /--hidden/],
  [['text.txt', '--hidden'], /argument missing/],
  [['text.txt', '--layers', '0'], /--layers/],
  [['text.txt', '--layers', '1e12'], /does not fit into memory/],
  [['text.txt', '--embed', '0'], /--embed/],
  [['text.txt', '--seq', '0'], /--seq/],
  [['text.txt', '--seq', '2147483648'], /does not fit into memory/],
  [['text.txt', '--batch', '0'], /--batch/],
  [['text.txt', '--batch', '5000'], /the batch is larger than the text/],
  [['text.txt', '--dropout', '1'], /--dropout/],
  [['text.txt', '--dropout', '-0.1'], /--dropout/],
  [['text.txt', '--lr', '-1'], /--lr/],
  [['text.txt', '--lr', '0'], /--lr/],
  [['text.txt', '--lr', 'fast'], /--lr/],
  [['text.txt', '--schedule', 'stairs'], /--schedule.*cosine \| linear \| constant/],
  [['text.txt', '--clip', '-5'], /--clip/],
  [['text.txt', '--weight-decay', '-0.1'], /--weight-decay/],
  [['text.txt', '--epochs', '0'], /--epochs/],
  [['text.txt', '--steps', '1.5'], /--steps/],
  [['text.txt', '--minutes', '0'], /--minutes/],
  [['text.txt', '--steps', '5', '--epochs', '1'], /the end is given twice/],
  [['text.txt', '--val', '1'], /--val/],
  [['text.txt', '--seed', '-1'], /--seed/],
  [['text.txt', '--seed', '18446744073709551616'], /--seed/],
  [['text.txt', '--threads', '0'], /--threads/],
  [['text.txt', '--threads', '1000'], /setNumThreads/],
  [['text.txt', '--backend', 'gpu'], /--backend.*auto \| native \| ts/],
  [['text.txt', '--checkpoint-every', 'often'], /--checkpoint-every/],
  [['text.txt', '--hiden', '5'], /unknown option '--hiden' \(Did you mean --hidden\?\)/],
  [['text.txt', '--resume'], /--resume: which run\?/],
  [['--out', 'folder', '--resume'], /folder is not a run folder/],
  [['--out', 'missing', '--resume'], /no such file or folder/],
  [['text.txt', '--out', 'text.txt'], /text\.txt is not a folder/],
  [['text.txt', '--out', 'text.txt/run'], /cannot use text\.txt\/run/],
  [['text.txt', '--out', '/proc/nothing/run'], /cannot create/],
];

describe('a training that cannot be is refused in one line with exit 2, and leaves nothing behind', () => {
  // One process after the other, but in one test: each costs a start of Node.
  test('train', { timeout: 120_000 }, async () => {
    const cwd = folderOfBadTexts();
    const before = filesIn(cwd);
    for (const [args, message] of refusedTrainings) {
      expect(await refusal(['train', ...args], { cwd }), args.join(' ')).toMatch(message);
      expect(filesIn(cwd), args.join(' ')).toEqual(before);
      expect(filesIn(join(cwd, 'folder'))).toEqual([]);
    }
  });

  test('an environment that cannot be', async () => {
    const cwd = folderWithText();
    for (const [name, value] of [
      ['LANEGRAD_BACKEND', 'gpu'],
      ['LANEGRAD_NUM_THREADS', 'many'],
    ]) {
      const options = { cwd, env: { LANEGRAD_BACKEND: 'auto', [name]: value } };
      expect(await refusal(['train', 'text.txt', ...TINY, '--steps', '1'], options)).toMatch(name);
    }
    expect(filesIn(cwd)).toEqual(['text.txt']);
  });

  test('the words of the command line', async () => {
    const cwd = temporaryFolder();
    expect(await refusal(['trian'], { cwd })).toMatch(/unknown command 'trian' \(Did you mean train\?\)/);
    expect(await refusal(['generate'], { cwd })).toMatch(/missing required argument 'run'/);
    expect(await refusal(['generate', 'a', 'b'], { cwd })).toMatch(/too many arguments/);
    expect(await refusal(['eval', 'a'], { cwd })).toMatch(/missing required argument 'file'/);
    expect(await refusal(['info', '--jsn'], { cwd })).toMatch(/unknown option/);
    for (const args of [[], ['--help'], ['help'], ['train', '--help'], ['--version']]) {
      const { code, stdout, stderr } = await lanegrad(args, { cwd });
      expect([code, stderr], args.join(' ')).toEqual([0, '']);
      expect(stdout).toMatch(args[0] === '--version' ? /^\d+\.\d+\.\d+\n$/ : /^Usage: lanegrad/);
    }
  });
});

describe('what was saved', () => {
  test('generate and eval refuse what is no run, or a damaged one, and leave it as it is', {
    timeout: 60_000,
  }, async () => {
    const cwd = folderWithText();
    expect((await lanegrad(['train', 'text.txt', '--out', 'run', ...TINY, '--steps', '3'], { cwd })).code).toBe(0);
    const good = readFileSync(join(cwd, 'run', 'checkpoint.safetensors'));
    mkdirSync(join(cwd, 'folder'));
    writeFileSync(join(cwd, 'foreign.txt'), 'Ж');
    saveSafetensors(join(cwd, 'other.safetensors'), { w: wrapArray(new Float32Array(3), [3], 'float32') });
    const flipped = Buffer.from(good);
    flipped[good.length >> 1] ^= 4;
    for (const [name, bytes] of [
      ['cut', good.subarray(0, good.length - 1)],
      ['flipped', flipped],
      ['nothing', Buffer.alloc(0)],
    ] as const) {
      mkdirSync(join(cwd, name));
      writeFileSync(join(cwd, name, 'checkpoint.safetensors'), bytes);
    }
    const cases: [args: string[], message: RegExp][] = [
      [['folder'], /not a run folder/],
      [['missing'], /no such file or folder/],
      [['text.txt'], /too long, or this is no safetensors file/],
      [['other.safetensors'], /holds no CharLSTM/],
      [['cut'], /cannot load .*cut/],
      [['flipped'], /damaged/],
      [['nothing'], /too short/],
    ];
    for (const [args, message] of cases) {
      expect(await refusal(['generate', ...args], { cwd }), args.join(' ')).toMatch(message);
      expect(await refusal(['eval', ...args, 'text.txt'], { cwd }), args.join(' ')).toMatch(message);
    }
    expect(await refusal(['train', '--out', 'flipped', '--resume'], { cwd })).toMatch(/damaged/);
    expect(filesIn(join(cwd, 'flipped'))).toEqual(['checkpoint.safetensors']);
    expect(readFileSync(join(cwd, 'flipped', 'checkpoint.safetensors')).equals(flipped)).toBe(true);

    const refusedTexts: [args: string[], message: RegExp][] = [
      [['--seed-text', 'Жук'], /does not know: "Ж" \(U\+0416\)/],
      [['--length', '-1'], /--length/],
      [['--length', 'NaN'], /--length/],
      [['--temperature', '-1'], /--temperature/],
      [['--top-k', '1.5'], /--top-k/],
      [['--top-p', '0'], /--top-p/],
      [['--top-p', '2'], /--top-p/],
      [['--seed', 'x'], /--seed/],
    ];
    for (const [args, message] of refusedTexts) {
      expect(await refusal(['generate', 'run', ...args], { cwd }), args.join(' ')).toMatch(message);
    }
    expect(await refusal(['eval', 'run', 'missing.txt'], { cwd })).toMatch(/no such file/);
    expect(await refusal(['eval', 'run', 'foreign.txt'], { cwd })).toMatch(
      /does not know: "Ж" .*character 0 of the text/,
    );
  });

  test('a folder that holds a run is not begun anew, and a run goes on only as it began', {
    timeout: 60_000,
  }, async () => {
    const cwd = folderWithText();
    const training = ['train', 'text.txt', '--out', 'run', ...TINY];
    expect((await lanegrad([...training, '--steps', '3'], { cwd })).code).toBe(0);
    const before = filesIn(join(cwd, 'run')).map((name) => readFileSync(join(cwd, 'run', name)));
    writeFileSync(join(cwd, 'other.txt'), readFileSync(join(cwd, 'text.txt'), 'utf8').replace('1', '2'));
    const resume = ['train', '--out', 'run', '--resume'];
    expect(await refusal([...training, '--steps', '9'], { cwd })).toMatch(/run holds a run already .*--resume/);
    expect(await refusal([...resume, '--hidden', '13'], { cwd })).toMatch(
      /--hidden: a run cannot change this: got 13, expected 12/,
    );
    expect(await refusal([...resume, '--seed', '2'], { cwd })).toMatch(/--seed/);
    expect(await refusal([...resume, 'other.txt'], { cwd })).toMatch(/not the one that this run began with/);
    const after = filesIn(join(cwd, 'run')).map((name) => readFileSync(join(cwd, 'run', name)));
    expect(after).toEqual(before);
  });

  test('a training that diverges says where, and keeps the last good state', { timeout: 60_000 }, async () => {
    const cwd = folderWithText();
    const wild = ['--steps', '50', '--lr', '1e9', '--checkpoint-every', '1'];
    const { code: refused, stderr } = await lanegrad(['train', 'text.txt', '--out', 'run', ...TINY, ...wild], { cwd });
    expect(refused).toBe(2);
    expect(stderr).toMatch(
      /^lanegrad: train: the training diverged at step \d+: loss [\d.e+]+, learning rate [\d.]+, gradient norm [\d.e+-]+ .*smaller learning rate.* step \d+ is kept in run\/checkpoint\.safetensors/m,
    );
    const { code, stdout } = await lanegrad(['generate', 'run', '--length', '5', '--seed', '1'], { cwd });
    expect([code, Array.from(stdout).length]).toEqual([0, 5]);
    expect(filesIn(join(cwd, 'run'))).not.toContain('.lock');
  });
});
