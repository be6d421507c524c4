/** The loader, and what becomes of a program whose addon is missing or broken (E10): never a crash. */

import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadAddon, packageRoot } from '../../../src/backend/native/load.ts';
import { addonPath, describeNative } from './addon.ts';

const folder = mkdtempSync(join(tmpdir(), 'lanegrad-load-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: Buffer | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const select = JSON.stringify(join(packageRoot, 'src', 'backend', 'select.ts'));

/** Runs TypeScript on the backend of a fresh process. */
function program(
  body: string,
  env: NodeJS.ProcessEnv,
): { status: number | null; signal: string | null; stdout: string; stderr: string } {
  const script = `import { backendInfo, currentBackend } from ${select};\n${body}`;
  const path = file(`program-${randomBytes(4).toString('hex')}.mts`, script);
  const { LANEGRAD_BACKEND, LANEGRAD_ISA, LANEGRAD_NUM_THREADS, LANEGRAD_QUIET, LANEGRAD_NATIVE_PATH, ...rest } =
    process.env;
  const run = spawnSync(process.execPath, ['--import', 'tsx', path], {
    encoding: 'utf8',
    cwd: packageRoot,
    env: { ...rest, NODE_OPTIONS: '', ...env },
  });
  return { status: run.status, signal: run.signal, stdout: run.stdout, stderr: run.stderr };
}

const report =
  'const { backend, reason, attempts } = backendInfo(); console.log(JSON.stringify({ backend, reason, attempts }));';
const missing = join(folder, 'missing.node');

describe('without an addon', () => {
  test('one line on standard error names the reason and the remedy, and TypeScript computes', () => {
    const { stderr, stdout, status } = program(`${report} currentBackend(); backendInfo();`, {
      LANEGRAD_NATIVE_PATH: missing,
    });
    expect(status).toBe(0);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(
      /^lanegrad: no native addon \(.*missing\.node is not there\); using the TypeScript backend.*install\.cjs\n$/,
    );
    expect(JSON.parse(stdout)).toMatchObject({ backend: 'ts', attempts: [{ path: missing }] });
  });

  test('whoever has heard it, a worker of such a thread too, hears it no second time', () => {
    const body = `
      import { Worker } from 'node:worker_threads';
      currentBackend();
      const heard = "console.log(require('node:worker_threads').getEnvironmentData('lanegrad.fallback-said'))";
      new Worker(heard, { eval: true });
    `;
    const first = program(body, { LANEGRAD_NATIVE_PATH: missing });
    expect(first).toMatchObject({ status: 0, stdout: 'true\n' });
    expect(first.stderr.trim().split('\n')).toHaveLength(1);
    const later = `
      import { setEnvironmentData } from 'node:worker_threads';
      setEnvironmentData('lanegrad.fallback-said', true);
      console.log(currentBackend().name);
    `;
    expect(program(later, { LANEGRAD_NATIVE_PATH: missing })).toMatchObject({ status: 0, stdout: 'ts\n', stderr: '' });
  });

  test.each([
    ['LANEGRAD_QUIET', { LANEGRAD_QUIET: '1', LANEGRAD_NATIVE_PATH: missing }],
    ['a user who asked for TypeScript', { LANEGRAD_BACKEND: 'ts', LANEGRAD_NATIVE_PATH: missing }],
  ])('%s silences it', (_, env) => {
    const { stderr, stdout, status } = program(report, env);
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(JSON.parse(stdout)).toMatchObject({ backend: 'ts' });
  });

  test('LANEGRAD_BACKEND=native is an error that tells where it looked', () => {
    const body =
      'try { currentBackend(); } catch (error) { console.log(JSON.stringify([error.name, error.code, error.message])); }';
    const { stdout } = program(body, { LANEGRAD_BACKEND: 'native', LANEGRAD_NATIVE_PATH: missing });
    const [name, code, message] = JSON.parse(stdout) as string[];
    expect([name, code]).toEqual(['BackendError', 'ERR_BACKEND_UNAVAILABLE']);
    expect(message).toContain(missing);
    expect(message).toMatch(/install\.cjs\)$/);
  });
});

describe('what the environment asks for', () => {
  const tell =
    'try { console.log(backendInfo().backend); } catch (error) { console.log(error.name + " " + error.message); }';
  test.each([
    [
      'LANEGRAD_BACKEND',
      'cuda',
      /^ConfigError LANEGRAD_BACKEND: unknown value: got cuda, expected auto \| native \| ts$/,
    ],
    ['LANEGRAD_ISA', 'sse9', /^ConfigError LANEGRAD_ISA: unknown value: got sse9, expected baseline/],
    ['LANEGRAD_NUM_THREADS', 'many', /^ConfigError LANEGRAD_NUM_THREADS: bad number of threads: got many/],
  ])('%s=%s is one clear error', (name, value, message) => {
    expect(program(tell, { [name]: value }).stdout.trim()).toMatch(message);
  });
});

describeNative('what the environment asks of the addon', () => {
  test('LANEGRAD_ISA and LANEGRAD_NUM_THREADS are what runs', () => {
    const body = 'const { isa, threads } = backendInfo(); console.log(JSON.stringify({ isa, threads }));';
    const { stdout } = program(body, { LANEGRAD_ISA: 'baseline', LANEGRAD_NUM_THREADS: '3' });
    expect(JSON.parse(stdout)).toEqual({ isa: 'baseline', threads: 3 });
  });

  test('LANEGRAD_ISA that this machine lacks is an error, and no fallback', () => {
    const lacking = process.arch === 'x64' ? 'neon' : 'avx2';
    const body = 'try { currentBackend(); } catch (error) { console.log(error.code, error.message); }';
    const { stdout } = program(body, { LANEGRAD_ISA: lacking });
    expect(stdout).toMatch(new RegExp(`^ERR_BACKEND_UNAVAILABLE .*got ${lacking}, expected .*baseline`));
  });
});

describeNative('a broken addon', () => {
  const whole = (): Buffer => readFileSync(addonPath);
  const broken: [string, () => Buffer | string][] = [
    ['an empty file', () => ''],
    ['a truncated one', () => whole().subarray(0, 5000)],
    ['half of one', () => whole().subarray(0, whole().length >> 1)],
    ['random bytes', () => randomBytes(20000)],
    [
      'one for another machine',
      () => {
        const elf = Buffer.from(whole());
        elf.writeUInt16LE(0x28, 18);
        return elf;
      },
    ],
  ];
  test.each(broken)('%s: TypeScript computes, and the reason is told', (name, make) => {
    const path = file(`${name.replaceAll(' ', '-')}.node`, make());
    const { status, signal, stdout, stderr } = program(report, { LANEGRAD_NATIVE_PATH: path });
    expect({ status, signal }).toEqual({ status: 0, signal: null });
    expect(stderr.trim().split('\n')).toHaveLength(1);
    const seen = JSON.parse(stdout) as { backend: string; reason: string };
    expect(seen.backend).toBe('ts');
    expect(seen.reason.startsWith(`${path}: `)).toBe(true);
  });

  test('an addon of another version is refused', () => {
    const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };
    const elf = whole();
    const at = elf.indexOf(`${version}/`);
    expect(at).toBeGreaterThan(0);
    elf.write('9', at);
    const path = file('older.node', elf);
    const { stdout } = program(report, { LANEGRAD_NATIVE_PATH: path });
    expect(JSON.parse(stdout)).toMatchObject({
      backend: 'ts',
      reason: expect.stringMatching(/built for 9\S*, expected /),
    });
  });

  test('something else that Node loads is refused', () => {
    const path = file(
      'other.cjs',
      'module.exports = { abi: "other" }; // and nothing that the binding of lanegrad has',
    );
    expect(loadAddon(path)).toMatchObject({ addon: null, reason: expect.stringMatching(/built for other, expected/) });
  });

  test('one that computes wrongly is refused', () => {
    const path = file(
      'wrong.cjs',
      `module.exports = { ...require(${JSON.stringify(addonPath)}), init() {}, gemm() {} };`,
    );
    expect(loadAddon(path)).toMatchObject({ addon: null, reason: expect.stringContaining('the self-check failed') });
  });
});
