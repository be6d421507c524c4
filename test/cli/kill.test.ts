/**
 * `kill -9` at random moments of a training that saves at every step: what was acknowledged is never lost, and the
 * course goes on as if nothing had been.
 */

import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Generator } from '../../src/core/rng.ts';
import { loadCheckpoint } from '../../src/io/checkpoint.ts';
import { filesIn } from '../io/folder.ts';
import { folderWithText, lanegrad, long, metricsOf, TINY } from './run.ts';
import { differences } from './tensors.ts';

const CYCLES = long ? 200 : 10;
/** Deaths come within so many times the duration of a start: some before the first step, most in the midst of steps. */
const STARTS = 2.5;

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
    const began = performance.now();
    const first = [...begin.slice(0, 3), 'first', ...begin.slice(4), '--steps', '1'];
    expect((await lanegrad(first, { cwd })).code).toBe(0);
    const longest = STARTS * (performance.now() - began);
    const delays = new Generator(BigInt(Date.now())).uniform53(CYCLES).map((u) => longest * u);
    let deathsInTraining = 0;
    let last = -1;
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      const { code, stderr } = await lanegrad(last < 0 ? begin : resume, {
        cwd,
        onStart: async (child) => {
          await setTimeout(delays[cycle]);
          child.kill('SIGKILL');
        },
      });
      expect(code, `cycle ${cycle}: ${stderr}`).toBe('SIGKILL');
      const said = acknowledged(run);
      expect(said, `cycle ${cycle}`).toBeGreaterThanOrEqual(last);
      if (said < 0) continue;
      const found = stepIn(run);
      expect(found, `cycle ${cycle}, after ${delays[cycle]} ms`).toBeGreaterThanOrEqual(said);
      if (said > last && last >= 0) deathsInTraining++;
      last = Math.max(said, 0);
    }
    const reached = stepIn(run) + 3;
    const end = ['--steps', String(reached)];
    expect((await lanegrad([...resume, ...end], { cwd })).code).toBe(0);
    expect(filesIn(run)).toEqual(['checkpoint.safetensors', 'metrics.jsonl', 'previous.safetensors']);
    const whole = [...begin.slice(0, 3), 'whole', ...begin.slice(4), ...end, '--checkpoint-every', '1000000'];
    expect((await lanegrad(whole, { cwd })).code).toBe(0);
    expect(differences(join(run, 'checkpoint.safetensors'), join(cwd, 'whole', 'checkpoint.safetensors'))).toEqual([]);
    process.stdout.write(
      `kill -9: ${CYCLES} cycles, ${deathsInTraining} of them in the middle of training, step ${reached} reached\n`,
    );
    expect(deathsInTraining).toBeGreaterThan(0);
  });
});
