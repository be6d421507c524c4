/**
 * `kill -9` at random moments of a training that saves at every step: what was acknowledged is never lost, and the
 * course goes on as if nothing had been.
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

const CYCLES = long ? 200 : 10;
/** Every other death comes at any moment from the start of the process on, the rest so soon after its first save. */
const AFTER_SAVE_MS = 300;

const stepIn = (run: string) => (loadCheckpoint(run).documents.progress as { step: number }).step;

/** The last step that the run said was saved; −1 before the first. */
const acknowledged = (run: string) => metricsOf(run).reduce((last, line) => (line.saved ? line.step : last), -1);

describe('kill -9', () => {
  test(`${CYCLES} times`, { timeout: CYCLES * 10_000 }, async () => {
    const cwd = folderWithText();
    const run = join(cwd, 'run');
    // Without validation and with an even rate, the course does not depend on where the end is.
    const even = ['--schedule', 'constant', '--val', '0', '--dropout', '0.1'];
    const begin = [
      'train',
      'text.txt',
      '--out',
      'run',
      ...TINY,
      ...even,
      '--steps',
      '1000000',
      '--checkpoint-every',
      '1',
    ];
    const resume = ['train', '--out', 'run', '--resume'];
    const checkpoint = join(run, 'checkpoint.safetensors');
    const began = performance.now();
    const first = [...begin.slice(0, 3), 'first', ...begin.slice(4), '--steps', '1'];
    expect((await lanegrad(first, { cwd })).code).toBe(0);
    const startMs = performance.now() - began;
    const draws = new Generator(BigInt(Date.now())).uniform53(CYCLES);
    let deathsInTraining = 0;
    let last = -1;
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      const { code, stderr } = await lanegrad(existsSync(checkpoint) ? resume : begin, {
        cwd,
        onStart: async (child) => {
          if (cycle % 2 === 0) await setTimeout(2 * startMs * draws[cycle]);
          else {
            while (child.exitCode === null && acknowledged(run) <= last) await setTimeout(5);
            await setTimeout(AFTER_SAVE_MS * draws[cycle]);
          }
          child.kill('SIGKILL');
        },
      });
      expect(code, `cycle ${cycle}: ${stderr}`).toBe('SIGKILL');
      const said = acknowledged(run);
      expect(said, `cycle ${cycle}`).toBeGreaterThanOrEqual(last);
      if (!existsSync(checkpoint)) continue;
      const found = stepIn(run);
      expect(found, `cycle ${cycle}`).toBeGreaterThanOrEqual(said);
      if (said > last && last >= 0) deathsInTraining++;
      last = said;
    }
    const reached = stepIn(run) + 3;
    const end = ['--steps', String(reached)];
    expect((await lanegrad([...resume, ...end], { cwd })).code).toBe(0);
    expect(filesIn(run)).toEqual(['checkpoint.safetensors', 'metrics.jsonl', 'previous.safetensors']);
    const whole = [...begin.slice(0, 3), 'whole', ...begin.slice(4), ...end, '--checkpoint-every', '1000000'];
    expect((await lanegrad(whole, { cwd })).code).toBe(0);
    expect(differences(checkpoint, join(cwd, 'whole', 'checkpoint.safetensors'))).toEqual([]);
    process.stdout.write(
      `kill -9: ${CYCLES} cycles, ${deathsInTraining} of them in the middle of training, step ${reached} reached\n`,
    );
    expect(deathsInTraining).toBeGreaterThan(0);
  });
});
