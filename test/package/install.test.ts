/** A fresh clone on a machine that compiles nothing: the same suite and `npm start` pass on TypeScript. Long. */

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { root } from '../support/package.ts';

const MINUTE = 60_000;
const clones: string[] = [];
afterAll(() => {
  for (const path of clones) rmSync(path, { recursive: true, force: true });
});

/** What git has of this folder, and what it would take. */
function clone(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lanegrad-clone-'));
  clones.push(folder);
  const list = spawnSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root, encoding: 'utf8' });
  expect(list.status).toBe(0);
  for (const path of list.stdout.split('\0')) {
    if (path !== '' && existsSync(join(root, path))) cpSync(join(root, path), join(folder, path));
  }
  return folder;
}

function npm(folder: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): { status: number; output: string } {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(LANEGRAD|VITEST|NODE_OPTIONS|npm_)/.test(name));
  const run = spawnSync('npm', args, {
    cwd: folder,
    encoding: 'utf8',
    env: {
      ...Object.fromEntries(inherited),
      LANEGRAD_DATA: process.env.LANEGRAD_DATA ?? join(root, '..', 'shared', 'data'),
      ...env,
    },
    maxBuffer: 2 ** 26,
  });
  return { status: run.status ?? -1, output: `${run.stdout}${run.stderr}` };
}

describe.skipIf(process.env.LANEGRAD_LONG !== '1')('npm ci', () => {
  const variants: [name: string, args: string[], env: NodeJS.ProcessEnv][] = [
    ['without a compiler', [], { CXX: '/bin/false', CC: '/bin/false' }],
    ['without install scripts', ['--ignore-scripts'], {}],
  ];

  test.each(variants)('%s: npm test and npm start pass', { timeout: 30 * MINUTE }, (_, args, env) => {
    const folder = clone();
    const install = npm(folder, ['ci', ...args], env);
    expect(install, install.output).toMatchObject({ status: 0 });
    expect(existsSync(join(folder, 'build', 'Release', 'lanegrad.node'))).toBe(false);
    const tests = npm(folder, ['test']);
    expect(tests.status, tests.output.slice(-10_000)).toBe(0);
    const start = npm(folder, ['start']);
    expect(start.status, start.output).toBe(0);
    expect(start.output).toMatch(/on TypeScript\./);
    expect(start.output.match(/^lanegrad: no native addon /gm)).toHaveLength(1);
  });
});
