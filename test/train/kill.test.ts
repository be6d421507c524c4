/** kill -9 at random moments of a training, and of a search: it goes on, to the bit, as if nothing had been. */

import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Generator } from '../../src/core/rng.ts';
import { loadCheckpoint } from '../../src/io/checkpoint.ts';
import { temporaryFolder } from '../io/folder.ts';

const program = resolve('test/train/killed-training.js');
const long = process.env.LANEGRAD_LONG === '1';
/** A kill comes so soon after the folder changed: within the next few steps. */
const AFTER_SAVE_MS = 40;

interface Ended {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program; `killWhen` resolves when it is to die. */
async function run(kind: string, folder: string, killWhen?: () => Promise<void>): Promise<Ended> {
  const child = spawn(process.execPath, [program, kind, folder], {
    env: { ...process.env, LANEGRAD_QUIET: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      out[name] += text;
    });
  }
  const ended = new Promise<Ended>((done) => {
    child.on('close', (code, signal) => done({ code: code ?? String(signal), ...out }));
  });
  await Promise.race([ended, killWhen?.().then(() => child.kill('SIGKILL'))].filter((wait) => wait !== undefined));
  return ended;
}

/** When a file under the folder was last written; 0 before the first. */
function lastChange(folder: string): number {
  if (!existsSync(folder)) return 0;
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.safetensors'),
  );
  return Math.max(0, ...found.map((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0));
}

async function survive(kind: 'fit' | 'search', kills: number): Promise<{ folder: string; killed: number }> {
  const cwd = temporaryFolder();
  const whole = await run(kind, join(cwd, 'whole'));
  expect(whole.stderr).toBe('');
  const draws = new Generator(BigInt(Date.now())).uniform53(kills);
  const folder = join(cwd, 'parts');
  let killed = 0;
  let got: Ended | null = null;
  for (const draw of draws) {
    const before = lastChange(folder);
    const ended = await run(kind, folder, async () => {
      while (lastChange(folder) <= before) await setTimeout(3);
      await setTimeout(AFTER_SAVE_MS * draw);
    });
    if (ended.code === 'SIGKILL') killed++;
    else {
      got = ended;
      break;
    }
  }
  got ??= await run(kind, folder);
  expect(got).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(got.stdout)).toEqual(JSON.parse(whole.stdout));
  expect(killed).toBeGreaterThan(0);
  return { folder, killed };
}

describe('kill -9', () => {
  const kills = long ? 100 : 4;
  test('a training in the middle of its epochs', { timeout: 60_000 + kills * 5000 }, async () => {
    const { folder, killed } = await survive('fit', kills);
    process.stdout.write(`${killed} kills of a training\n`);
    expect((loadCheckpoint(folder).documents.progress as { step: number }).step).toBe(12 * 5);
  });

  test('a search in the middle of its trials', { timeout: 60_000 + kills * 5000 }, async () => {
    const { killed } = await survive('search', kills);
    process.stdout.write(`${killed} kills of a search\n`);
  });
});
