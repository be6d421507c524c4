/**
 * The addon in worker threads and at the end of processes: faults E1 to E4 and E6 of the fault model, and memory that
 * is not there (T13). Each case is a process of its own, since what is feared is the end of one.
 */

import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { expect, test, vi } from 'vitest';
import { addonPath, describeNative } from './addon.ts';

const long = process.env.LANEGRAD_LONG === '1';
const timeout = long ? 900_000 : 60_000;
vi.setConfig({ testTimeout: timeout });

/** Loads the addon in the main thread or a worker, and offers work for `threads` threads. */
const prelude = `
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
const load = (path = process.env.ADDON) => {
  const addon = require(path);
  addon.init({
    BufferError: class BufferError extends Error {}, LimitError: class LimitError extends Error {},
    ShapeError: class ShapeError extends Error {}, BackendError: class BackendError extends Error {},
    isResizable: Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'resizable').get,
  });
  return addon;
};
const numbers = (n, seed) => Float32Array.from({ length: n }, (_, i) => ((i * 37 + seed * 11) % 61) / 64 - 0.4);
// A few products large enough to be shared among threads, and their bits as one number.
const work = (addon, threads, times, n = 96) => {
  addon.setThreads(threads);
  let hash = 0;
  for (let t = 0; t < times; t++) {
    const [a, b, c] = [numbers(n * n, t), numbers(n * n, t + 1), new Float32Array(n * n)];
    addon.gemm(false, (t & 1) === 1, false, n, n, n, 1, 0, 0, 0, a, b, c, null);
    const big = new Float32Array(200000);
    addon.unary(11, 0, 0, numbers(200000, t), big);
    for (const word of new Uint32Array(c.buffer)) hash = (Math.imul(hash, 31) + word) | 0;
    hash = (Math.imul(hash, 31) + new Uint32Array(big.buffer)[t]) | 0;
  }
  return hash;
};
const inWorker = (body) => new Worker(process.env.PRELUDE + body, { eval: true });
`;

function run(
  script: string,
  env: NodeJS.ProcessEnv = {},
  command = process.execPath,
  before: string[] = [],
): SpawnSyncReturns<string> {
  return spawnSync(command, [...before, '-e', prelude + script], {
    encoding: 'utf8',
    timeout,
    env: { ...process.env, ...env, ADDON: addonPath, PRELUDE: prelude, NODE_OPTIONS: '' },
  });
}

/** What a script printed; it must end well. */
function output(script: string): string {
  const result = run(script);
  expect({ status: result.status, signal: result.signal, stderr: result.stderr }).toEqual({
    status: 0,
    signal: null,
    stderr: '',
  });
  return result.stdout.trim();
}

describeNative('the addon in threads and processes', () => {
  test('eight workers at once compute the bits of one thread alone', () => {
    const results = JSON.parse(
      output(`
        const alone = work(load(), 1, 12);
        const workers = Array.from({ length: 8 }, (_, i) =>
          inWorker('parentPort.postMessage(work(load(), ' + (1 + (i % 4)) + ', 12))'));
        const own = work(load(), 3, 12);
        Promise.all(workers.map((w) => new Promise((ok, bad) => w.once('message', ok).once('error', bad)))).then((all) =>
          console.log(JSON.stringify({ alone, all: [own, ...all] })));
      `),
    ) as { alone: number; all: number[] };
    expect(results.all).toEqual(new Array(9).fill(results.alone));
  });

  test('each environment has its own instruction set and threads', () => {
    const [main, worker] = JSON.parse(
      output(`
        const addon = load();
        addon.setThreads(1);
        inWorker(\`
          const addon = load();
          addon.setThreads(3);
          addon.setIsa('baseline');
          parentPort.postMessage(addon.info());
        \`).once('message', (info) => console.log(JSON.stringify([addon.info(), info])));
      `),
    ) as { isa: string; isas: string[]; threads: number }[];
    expect(main).toMatchObject({ isa: main.isas[0], threads: 1 });
    expect(worker).toMatchObject({ isa: 'baseline', threads: 3 });
  });

  test('worker.terminate() at any moment leaves the parent working', () => {
    const cycles = long ? 1000 : 30;
    const out = output(`
      const addon = load();
      const before = work(addon, 2, 3);
      (async () => {
        for (let i = 0; i < ${cycles}; i++) {
          const worker = inWorker('const addon = load(); for (;;) work(addon, 2, 1)');
          await new Promise((go) => setTimeout(go, (i * 7) % 60));
          await worker.terminate();
        }
        console.log(work(addon, 2, 3) === before);
      })();
    `);
    expect(out).toBe('true');
  });

  test('workers come and go, and no thread stays behind', () => {
    const generations = long ? 1000 : 30;
    const counts = JSON.parse(
      output(`
        const { readdirSync } = require('node:fs');
        const count = () => readdirSync('/proc/self/task').length;
        const one = () => new Promise((ok, bad) =>
          inWorker('work(load(), 4, 2)').once('exit', ok).once('error', bad));
        (async () => {
          const counts = [];
          for (let i = 0; i < ${generations}; i++) {
            await one();
            // The pool's workers leave by themselves once the last environment is gone.
            for (let wait = 0; wait < 200 && counts.length > 0 && count() > counts[0]; wait++) {
              await new Promise((go) => setTimeout(go, 5));
            }
            counts.push(count());
          }
          console.log(JSON.stringify(counts));
        })();
      `),
    ) as number[];
    expect(Math.max(...counts.slice(10))).toBeLessThanOrEqual(Math.max(...counts.slice(0, 10)));
  });

  // What a process is doing when it ends, and how; never a crash, never a hang.
  const busyWorker = `const w = inWorker('const addon = load(); parentPort.postMessage(0); for (;;) work(addon, 2, 1)');`;
  const states = {
    'idle, never used': 'load();',
    'after a job, workers spinning': 'work(load(), 4, 2);',
    'a worker thread busy': `${busyWorker} work(load(), 4, 1);`,
  };
  const ends: Record<string, [script: string, status: number]> = {
    'process.exit(3)': ['process.exit(3);', 3],
    'an uncaught throw': ['throw new Error("on purpose");', 1],
    'an unhandled rejection': ['Promise.reject(new Error("on purpose"));', 1],
  };
  const cases = Object.entries(states).flatMap(([state, start]) =>
    Object.entries(ends).map(([end, [script, status]]) => [state, end, start, script, status] as const),
  );
  test.each(cases)('%s: %s', (state, _end, start, script, status) => {
    for (let i = 0; i < (long ? 50 : 2); i++) {
      const result = run(state.includes('busy') ? `${start} w.once('message', () => { ${script} });` : start + script);
      expect({ status: result.status, signal: result.signal }).toEqual({ status, signal: null });
    }
  });

  test.each([
    ['a normal end', 'work(load(), 4, 2);', 0],
    ['the end of a worker', `inWorker('work(load(), 4, 2)');`, 0],
    [
      'process.exit() in a worker',
      `inWorker('work(load(), 4, 2); process.exit(5)').once('exit', (code) => process.exit(code));`,
      5,
    ],
    [
      'a throw in a worker',
      `inWorker('work(load(), 4, 2); throw new Error("on purpose")').once('error', () => process.exit(6));`,
      6,
    ],
    [
      'only workers loaded it, main goes on',
      `inWorker('work(load(), 4, 2)').once('exit', () => setTimeout(() => process.exit(7), 30));`,
      7,
    ],
  ])('%s', (_, script, status) => {
    for (let i = 0; i < (long ? 50 : 3); i++) {
      const result = run(script);
      expect({ status: result.status, signal: result.signal }).toEqual({ status, signal: null });
    }
  });

  test('SIGTERM in the middle of a job ends the process at once', () => {
    const result = run(`
      const addon = load();
      setTimeout(() => {}, 1e6);
      process.kill(process.pid, 'SIGTERM');
      for (;;) work(addon, 4, 1);
    `);
    expect(result.signal).toBe('SIGTERM');
  });

  test.skipIf(process.platform !== 'linux')('one CPU: the same bits, no deadlock', () => {
    const script = 'console.log(work(load(), 4, 10))';
    const pinned = run(script, {}, 'taskset', ['-c', '0', process.execPath]);
    if (pinned.error) return; // no taskset on this machine
    expect(pinned.stdout).toBe(run(script).stdout);
    expect(pinned.status).toBe(0);
  });

  test.skipIf(process.platform !== 'linux')('no memory: threads and scratch that cannot be had', () => {
    // prlimit takes the process's right to any further memory away while it waits.
    const result = run(`
      const { execFileSync } = require('node:child_process');
      const { readFileSync } = require('node:fs');
      const addon = load();
      const n = 1500;
      const [a, c] = [numbers(n * n, 1), new Float32Array(n * n)];
      const x = numbers(1 << 20, 1), y = new Float32Array(1 << 20), z = new Float32Array(1 << 20);
      // Without pipes: Node itself would allocate for them, and end for want of memory.
      const limit = (bytes) => execFileSync('prlimit', ['--pid', String(process.pid), '--as=' + bytes + ':unlimited'], { stdio: 'ignore' });
      addon.setThreads(1);
      addon.unary(11, 0, 0, x, z);
      addon.setThreads(8);
      const gemm = () => addon.gemm(true, false, false, n, n, n, 1, 0, 0, 0, a, a, c, null);
      let error = null;
      limit(1 << 20);
      try { gemm(); } catch (e) { error = e; }
      addon.unary(11, 0, 0, x, y);
      const alive = addon.info().workers;
      process.stdout.write(JSON.stringify({ name: error && error.constructor.name, message: error && error.message, alive,
        same: Buffer.from(y.buffer).equals(Buffer.from(z.buffer)) }) + '\\n');
    `);
    if (/prlimit ENOENT/.test(result.stderr)) return;
    expect(result.stderr).toBe('');
    const seen = JSON.parse(result.stdout) as { name: string; message: string; alive: number; same: boolean };
    expect(seen).toMatchObject({ name: 'LimitError', alive: 0, same: true });
    expect(seen.message).toMatch(/^gemm: no memory for scratch: got \d+ bytes to allocate$/);
  });

  test('idle workers stop spinning', () => {
    const used = Number(
      output(`
        work(load(), ${Math.max(2, Math.min(4, cpus().length))}, 3);
        const before = process.cpuUsage();
        setTimeout(() => { const { user, system } = process.cpuUsage(before); console.log((user + system) / 1000); }, 500);
      `),
    );
    expect(used).toBeLessThan(150); // milliseconds of CPU in half a second; spinning workers would take 500 and more
  });
});
