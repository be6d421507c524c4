/** Runs the compiled command line as its users do: a process of its own, in a folder of its own. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { temporaryFolder } from '../io/folder.ts';

export const main = resolve('dist/cli/main.js');

/** Set by `npm run test:long`: the harnesses run at their full counts. */
export const long = process.env.LANEGRAD_LONG === '1';

export interface Finished {
  /** The exit code, or the signal that ended the process. */
  code: number | string;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd: string;
  env?: Record<string, string>;
  /** Called at once, with the running process. */
  onStart?: (child: ChildProcess) => void;
}

export function lanegrad(args: readonly string[], { cwd, env, onStart }: RunOptions): Promise<Finished> {
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    env: { ...process.env, LANEGRAD_QUIET: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      out[name] += text;
    });
  }
  onStart?.(child);
  return new Promise((done) => {
    child.on('close', (code, signal) => done({ code: code ?? (signal as string), ...out }));
  });
}

/** The line in which a command says what the user can mend. */
export async function refusal(args: readonly string[], options: RunOptions): Promise<string> {
  const { code, stdout, stderr } = await lanegrad(args, options);
  const lines = stderr.split('\n').filter((line) => line !== '');
  if (code !== 2 || stdout !== '' || lines.length !== 1 || !lines[0].startsWith('lanegrad: ')) {
    throw new Error(`no clean refusal: exit ${code}\n${stdout}\n${stderr}`);
  }
  return lines[0];
}

/** A folder with a text of about 12,000 characters in `text.txt`. */
export function folderWithText(folder = temporaryFolder()): string {
  writeFileSync(join(folder, 'text.txt'), sampleText(120));
  return folder;
}

/** So many lines that have something to learn and never repeat. */
export function sampleText(lines: number): string {
  const words = [
    'the',
    'tree',
    'runs',
    'over',
    'green',
    'hills',
    'and',
    'never',
    'stops',
    'to',
    'rest',
    '—',
    'naïve',
    '😀',
  ];
  return Array.from({ length: lines }, (_, i) => {
    const line = Array.from({ length: 16 }, (_, k) => words[(i * i + 3 * k * k + i * k) % words.length]).join(' ');
    return `${i}: ${line}.\n`;
  }).join('');
}

/** Options of a training that takes a moment. */
export const TINY = ['--hidden', '12', '--embed', '6', '--batch', '4', '--seq', '16'];

export interface MetricsLine {
  step: number;
  loss?: number;
  validationLoss?: number;
  saved?: true;
}

/** The whole lines of a run's metrics; none before there is a file. */
export function metricsOf(run: string): MetricsLine[] {
  const path = join(run, 'metrics.jsonl');
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.slice(0, -1).map((line) => JSON.parse(line) as MetricsLine);
}

/** Whether this machine lets us mount in a namespace of our own, as the tests of full and read-only disks do. */
export function canMount(folder: string): boolean {
  const { error, status } = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', folder]);
  return error === undefined && status === 0;
}

/** Runs shell lines in a mount namespace of their own; `$LANEGRAD` is the command line. */
export function inOwnMounts(script: string, cwd: string): Finished {
  const run = spawnSync('unshare', ['-rm', 'sh', '-c', script], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, LANEGRAD_QUIET: '1', LANEGRAD: `${process.execPath} ${main}` },
  });
  return { code: run.status ?? String(run.signal), stdout: run.stdout, stderr: run.stderr };
}
