/**
 * Signals at random moments of a training that saves at every step: what was acknowledged is never lost, and the
 * course goes on, to the bit, as if nothing had been.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Generator } from '../../src/core/rng.ts';
import { loadCheckpoint } from '../../src/io/checkpoint.ts';
import { filesIn } from '../io/folder.ts';
import { folderWithText, lanegrad, long, metricsOf, TINY } from './run.ts';
import { differences } from './tensors.ts';

/** Every other signal comes at any moment from the start of the process on, the rest so soon after its first save. */
const AFTER_SAVE_MS = 300;

// Without validation and with an even rate, the course does not depend on where the end is.
const training = ['train', 'text.txt', ...TINY, '--schedule', 'constant', '--val', '0', '--dropout', '0.1'];
const endless = ['--steps', '1000000', '--checkpoint-every', '1'];
const resume = ['train', '--out', 'run', '--resume'];

const stepIn = (run: string) => (loadCheckpoint(run).documents.progress as { step: number }).step;

/** The last step that the run said was saved; −1 before the first. */
const acknowledged = (run: string) => metricsOf(run).reduce((last, line) => (line.saved ? line.step : last), -1);

/** Starts a run `cycles` times, ends it by the signal of the cycle, and looks at what is left. */
async function survive(cycles: number, signals: Partial<Record<NodeJS.Signals, number>>): Promise<void> {
  const cwd = folderWithText();
  const run = join(cwd, 'run');
  const checkpoint = join(run, 'checkpoint.safetensors');
  const began = performance.now();
  expect((await lanegrad([...training, '--out', 'first', '--steps', '1'], { cwd })).code).toBe(0);
  const startMs = performance.now() - began;
  const draws = new Generator(BigInt(Date.now())).uniform53(cycles);
  const names = Object.keys(signals) as NodeJS.Signals[];
  const exits: Record<string, number> = {};
  let inTraining = 0;
  let last = -1;
  for (let cycle = 0; cycle < cycles; cycle++) {
    const name = names[(cycle >> 1) % names.length];
    const args = existsSync(checkpoint) ? resume : [...training, ...endless, '--out', 'run'];
    const { code, stderr } = await lanegrad(args, {
      cwd,
      onStart: async (child) => {
        if (cycle % 2 === 0) await setTimeout(2 * startMs * draws[cycle]);
        else {
          while (child.exitCode === null && acknowledged(run) <= last) await setTimeout(5);
          await setTimeout(AFTER_SAVE_MS * draws[cycle]);
        }
        child.kill(name);
      },
    });
    // Before the training listens, the signal ends the process as it ends any other.
    expect([name, signals[name]], `cycle ${cycle}: ${stderr}`).toContain(code);
    exits[code] = (exits[code] ?? 0) + 1;
    const said = acknowledged(run);
    expect(said, `cycle ${cycle}`).toBeGreaterThanOrEqual(last);
    if (!existsSync(checkpoint)) continue;
    expect(stepIn(run), `cycle ${cycle}`).toBeGreaterThanOrEqual(said);
    if (said > last && last >= 0) inTraining++;
    last = said;
  }
  const reached = stepIn(run) + 3;
  expect((await lanegrad([...resume, '--steps', String(reached)], { cwd })).code).toBe(0);
  expect(filesIn(run)).toEqual(['checkpoint.safetensors', 'metrics.jsonl', 'previous.safetensors']);
  expect((await lanegrad([...training, '--out', 'whole', '--steps', String(reached)], { cwd })).code).toBe(0);
  expect(differences(checkpoint, join(cwd, 'whole', 'checkpoint.safetensors'))).toEqual([]);
  process.stdout.write(
    `${cycles} signals, ${inTraining} in training, ends ${JSON.stringify(exits)}, step ${reached}\n`,
  );
  expect(inTraining).toBeGreaterThan(0);
}

describe('a training survives', () => {
  const kills = long ? 200 : 10;
  test(`kill -9, ${kills} times`, { timeout: kills * 10_000 }, () => survive(kills, { SIGKILL: 137 }));

  const interruptions = long ? 60 : 6;
  test(`Ctrl-C and SIGTERM, ${interruptions} times`, { timeout: interruptions * 10_000 }, () =>
    survive(interruptions, { SIGINT: 130, SIGTERM: 143 }),
  );
});
