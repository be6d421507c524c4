/** The packed package in a user's project: reached in every way there is, and without the addon. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeProject, pack, root, runNode } from '../support/package.ts';

const COMPUTE = 'console.log(lanegrad.tensor([1, 2, 3]).exp().sum().item().toFixed(4));';
const ANSWER = '30.1929\n';
const FALLBACK = /^lanegrad: no native addon \((.+)\); using the TypeScript backend, .*: .*node .*install\.cjs$/;

let folder = '';
let project = '';
let installed = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanegrad-pack-'));
  ({ project, installed } = makeProject(join(folder, pack(folder).filename)));
  writeFileSync(join(project, 'package.json'), '{ "name": "user", "private": true }');
});

afterAll(() => {
  for (const path of [folder, project]) rmSync(path, { recursive: true, force: true });
});

function write(name: string, text: string): string {
  writeFileSync(join(project, name), text);
  return name;
}

describe('reached by', () => {
  test('import', () => {
    const file = write('esm.mjs', `import * as lanegrad from 'lanegrad';\n${COMPUTE}`);
    expect(runNode(project, [file], { LANEGRAD_QUIET: '1' })).toEqual({ status: 0, stdout: ANSWER, stderr: [] });
  });

  test('require', () => {
    const file = write('cjs.cjs', `const lanegrad = require('lanegrad');\n${COMPUTE}`);
    expect(runNode(project, [file], { LANEGRAD_QUIET: '1' })).toEqual({ status: 0, stdout: ANSWER, stderr: [] });
  });

  test('both, which give one and the same instance', () => {
    const file = write(
      'both.mjs',
      `import { createRequire } from 'node:module';
       import * as imported from 'lanegrad';
       const required = createRequire(import.meta.url)('lanegrad');
       imported.manualSeed(7);
       const [first] = required.rand([1]).data;
       required.manualSeed(7);
       const same = first === imported.rand([1]).data[0];
       console.log(imported.Tensor === required.Tensor, required.tensor([1]) instanceof imported.Tensor, same);`,
    );
    expect(runNode(project, [file], { LANEGRAD_QUIET: '1' }).stdout).toBe('true true true\n');
  });

  test('a loader, whose transform runs on another thread', () => {
    write(
      'double.mjs',
      `import { isMainThread } from 'node:worker_threads';
       export default (by) => ([x]) => [x.mul(by), isMainThread];`,
    );
    const file = write(
      'loader.mjs',
      `import { data, ones } from 'lanegrad';
       const set = new data.TensorDataset(ones([4, 500]));
       const transform = data.moduleTransform(new URL('./double.mjs', import.meta.url), 3);
       const steps = data.augment([data.gaussianNoise(0.1)]);
       const shown = [];
       for (const prefetch of [0, 2]) {
         const [x, here] = (await new data.DataLoader(set, { batchSize: 4, transform, prefetch }).epoch(0).next()).value;
         const [noisy] = (await new data.DataLoader(set, { batchSize: 4, transform: steps, prefetch }).epoch(0).next()).value;
         shown.push(x.sum().item(), here, noisy.data[0]);
       }
       console.log(shown[0] === shown[3], shown[1], shown[4], shown[2] === shown[5], shown[2] !== 1);`,
    );
    expect(runNode(project, [file], { LANEGRAD_QUIET: '1' })).toEqual({
      status: 0,
      stdout: 'true true false true true\n',
      stderr: [],
    });
  });

  test('CSV, whose parser comes along', () => {
    const file = write(
      'csv.mjs',
      `import { data } from 'lanegrad';\nconsole.log((await data.readCsv(['a\\n1\\n2'])).column('a').join());`,
    );
    expect(runNode(project, [file])).toEqual({ status: 0, stdout: '1,2\n', stderr: [] });
  });

  test.each(['esm', 'cjs'] as const)('a bundle of package and program, as %s', async (format) => {
    const entry = write('entry.mjs', `import * as lanegrad from 'lanegrad';\n${COMPUTE}`);
    const alone = mkdtempSync(join(tmpdir(), 'lanegrad-bundle-'));
    try {
      await build({
        entryPoints: [join(project, entry)],
        bundle: true,
        platform: 'node',
        format,
        outfile: join(alone, 'bundle.js'),
        logLevel: 'silent',
      });
      writeFileSync(join(alone, 'package.json'), JSON.stringify({ type: format === 'esm' ? 'module' : 'commonjs' }));
      const { status, stdout, stderr } = runNode(alone, ['bundle.js']);
      expect({ status, stdout }).toEqual({ status: 0, stdout: ANSWER });
      expect(stderr).toEqual([
        expect.stringMatching(/^lanegrad: .*bundled.*: tell the bundler that lanegrad is external$/),
      ]);
    } finally {
      rmSync(alone, { recursive: true, force: true });
    }
  });

  test.each([
    ['nodenext', 'nodenext', 'a.mts'],
    ['nodenext', 'nodenext', 'a.cts'],
    ['node20', 'node16', 'a.mts'],
    ['esnext', 'bundler', 'a.ts'],
  ])('TypeScript, module %s, resolution %s, from %s', (module, resolution, name) => {
    const code = [
      "import { type DType, nn, type Tensor, tensor } from 'lanegrad';",
      "const dtype: DType = 'float32';",
      'const x: Tensor = tensor([[1, 2]], { dtype }).add(1);',
      'export const loss: number = new nn.Linear(2, 3).forward(x).max(1).values.sum().item();',
      '// @ts-expect-error: an item is a number',
      'export const wrong: string = x.item();',
    ].join('\n');
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const options = [
      '--noEmit',
      '--strict',
      '--target',
      'es2022',
      '--module',
      module,
      '--moduleResolution',
      resolution,
    ];
    const run = spawnSync(process.execPath, [tsc, ...options, '--types', 'node', write(name, code)], {
      cwd: project,
      encoding: 'utf8',
    });
    expect(run.stdout).toBe('');
    expect(run.status).toBe(0);
  });
});

describe('without the addon', () => {
  const compute = () => write('compute.mjs', `import * as lanegrad from 'lanegrad';\n${COMPUTE}`);

  test('an import alone says nothing', () => {
    const outcome = runNode(project, ['--input-type=module', '-e', "import 'lanegrad'"]);
    expect(outcome).toEqual({ status: 0, stdout: '', stderr: [] });
  });

  test('the first operation says so in one line, with the reason and the remedy', () => {
    const { status, stdout, stderr } = runNode(project, [compute()]);
    expect({ status, stdout }).toEqual({ status: 0, stdout: ANSWER });
    expect(stderr).toEqual([expect.stringMatching(FALLBACK)]);
    expect(FALLBACK.exec(stderr[0])?.[1]).toBe('the addon was never built');
    expect(stderr[0]).toContain(join('node_modules', 'lanegrad', 'scripts', 'install.cjs'));
  });

  test('eight workers say it no more often', () => {
    const file = write(
      'workers.mjs',
      `import { isMainThread, Worker } from 'node:worker_threads';
       import * as lanegrad from 'lanegrad';
       ${COMPUTE}
       if (isMainThread) for (let i = 0; i < 8; i++) new Worker(new URL(import.meta.url));`,
    );
    const { status, stdout, stderr } = runNode(project, [file]);
    expect({ status, stdout }).toEqual({ status: 0, stdout: ANSWER.repeat(9) });
    expect(stderr).toEqual([expect.stringMatching(FALLBACK)]);
  });

  test('who insists on it gets an error that tells where it was looked for', () => {
    const { status, stderr } = runNode(project, [compute()], { LANEGRAD_BACKEND: 'native' });
    expect(status).toBe(1);
    expect(stderr.join('\n')).toContain(join('build', 'Release', 'lanegrad.node'));
    expect(stderr.join('\n')).toContain('ERR_BACKEND_UNAVAILABLE');
  });
});

describe('the install script', () => {
  const compilerless = { CXX: '/bin/false', CC: '/bin/false' };

  test('fails no install where there is no compiler, and the program tells why it is slow', () => {
    const install = runNode(installed, ['scripts/install.cjs'], compilerless);
    expect(install.status).toBe(0);
    expect(install.stdout).toMatch(/no native addon: .*runs on TypeScript/);
    expect(existsSync(join(installed, 'build', 'install-status.json'))).toBe(true);
    const file = write('compute.mjs', `import * as lanegrad from 'lanegrad';\n${COMPUTE}`);
    const { status, stdout, stderr } = runNode(project, [file]);
    expect({ status, stdout }).toEqual({ status: 0, stdout: ANSWER });
    expect(stderr).toEqual([expect.stringMatching(FALLBACK)]);
    expect(stderr[0]).not.toContain('never built');
    rmSync(join(installed, 'build'), { recursive: true, force: true });
  });

  test('fails where the addon is required', () => {
    expect(runNode(installed, ['scripts/install.cjs', '--require'], compilerless).status).toBe(1);
    rmSync(join(installed, 'build'), { recursive: true, force: true });
  });

  test('compiles nothing when told so', () => {
    const install = runNode(installed, ['scripts/install.cjs'], { LANEGRAD_SKIP_BUILD: '1' });
    expect(install.status).toBe(0);
    expect(install.stdout).toContain('LANEGRAD_SKIP_BUILD=1');
    expect(existsSync(join(installed, 'build', 'Release'))).toBe(false);
    rmSync(join(installed, 'build'), { recursive: true, force: true });
  });
});
