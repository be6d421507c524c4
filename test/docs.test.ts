/** Every example of the documentation compiles, runs, and shows what it says it shows. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import * as surface from '../src/index.ts';
import { saveCheckpoint } from '../src/io/checkpoint.ts';
import { CharLSTM } from '../src/models/char-lstm.ts';
import { Vocabulary } from '../src/text/vocabulary.ts';
import { type DocBlock, docBlocks, programOf, projectBlocks, SHOWN, shownText } from './support/doc-blocks.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const blocks = projectBlocks(root);
const home = process.cwd();
let folder = '';

/** The run folder that examples load from: a small model that knows the printable characters. */
function makeRun(path: string): void {
  const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('');
  const model = new CharLSTM({ vocab: Vocabulary.fromText(`\n${printable}`), embed: 8, hidden: 16 });
  mkdirSync(path, { recursive: true });
  saveCheckpoint(join(path, 'checkpoint.safetensors'), {
    weights: model.stateDict(),
    train: {},
    documents: { ...model.documents() },
  });
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanegrad-docs-'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  makeRun(join(folder, 'runs', 'shakespeare'));
  process.chdir(folder); // examples may write files
});

afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});

/** Runs an example; what it shows and what it says it shows, by line. */
async function run(block: DocBlock, name: string): Promise<{ shown: object; expected: object }> {
  const { code, expected } = programOf(block, surface);
  const path = join(folder, `${name}.ts`);
  writeFileSync(path, code);
  const shown: Record<number, string> = {};
  Reflect.set(globalThis, SHOWN, (line: number, value: unknown) => {
    shown[line] = shownText(value);
  });
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  try {
    await import(pathToFileURL(path).href);
  } finally {
    log.mockRestore();
  }
  return { shown, expected };
}

test('the README has examples', () => {
  expect(blocks.filter(({ name }) => name.startsWith('README.md')).length).toBeGreaterThan(3);
});

test.each(blocks.map((block, i) => [block.name, block, i] as const))('%s', async (_, block, i) => {
  const { shown, expected } = await run(block, `example-${i}`);
  expect(shown).toEqual(expected);
});

test('every example passes the type checker', () => {
  const typed = join(folder, 'typed');
  mkdirSync(typed);
  const names = blocks.map(({ name }) => `${name.replace(/\W+/g, '-')}.ts`);
  blocks.forEach((block, i) => {
    writeFileSync(join(typed, names[i]), programOf(block, surface).code);
  });
  const compilerOptions = {
    noEmit: true,
    rootDir: '/',
    noUnusedLocals: false,
    paths: { lanegrad: [join(root, 'src/index.ts')] },
    typeRoots: [join(root, 'node_modules/@types')],
  };
  writeFileSync(
    join(typed, 'tsconfig.json'),
    JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, include: names }),
  );
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', typed], { encoding: 'utf8' });
  expect(stdout).toBe('');
});

describe('the harness', () => {
  const fenced = (...code: string[]): DocBlock => docBlocks('a.md', ['text', '```ts', ...code, '```'].join('\n'))[0];

  test('sees an example that shows something else', async () => {
    const { shown, expected } = await run(fenced('const x = 1;', 'x + 1; // => 3'), 'planted');
    expect(shown).toEqual({ 1: '2' });
    expect(expected).toEqual({ 1: '3' });
  });

  test('reads console.log, strings and texts of several lines', async () => {
    const lines = ['console.log([1, 2]); // => [ 1, 2 ]', "'a\\nb'; // => a", '//    b'];
    const { shown, expected } = await run(fenced(...lines), 'forms');
    expect(shown).toEqual(expected);
    expect(expected).toEqual({ 0: '[ 1, 2 ]', 1: 'a\nb' });
  });

  test('reads the examples beside the code, where the public names need no import', async () => {
    const [block] = docBlocks(
      'a.ts',
      '/**\n * Adds.\n * @example\n * new Linear(2, 3).weight.shape; // => [ 3, 2 ]\n */',
    );
    expect(block.name).toBe('a.ts:4');
    const { shown, expected } = await run(block, 'tagged');
    expect(shown).toEqual(expected);
  });

  test('refuses a mark behind a declaration', () => {
    expect(() => programOf(fenced('const x = 1; // => 1'), surface)).toThrow(/behind no expression/);
  });
});
