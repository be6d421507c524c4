import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createReporter, formatCount, formatDuration, type TrainingProgress } from '../../src/train/progress.ts';

const state = (step: number, more: Partial<TrainingProgress> = {}): TrainingProgress => ({
  step,
  totalSteps: 200,
  progress: step / 200,
  loss: 1.23456,
  validationLoss: null,
  itemsPerSecond: 31234.5,
  secondsLeft: 75,
  ...more,
});

/** A stream and everything written to it. */
function stream(isTTY: boolean): { output: NodeJS.WriteStream; written: () => string } {
  const output = new PassThrough() as unknown as NodeJS.WriteStream;
  Object.assign(output, { isTTY, columns: 120, cursorTo: () => true, clearLine: () => true, moveCursor: () => true });
  let text = '';
  output.on('data', (chunk) => {
    text += String(chunk);
  });
  return { output, written: () => text };
}

describe('formats', () => {
  test.each([
    [0, '0s'],
    [-3, '0s'],
    [59.4, '59s'],
    [59.6, '1m 00s'],
    [125, '2m 05s'],
    [3599, '59m 59s'],
    [3660, '1h 01m'],
    [90_000, '25h 00m'],
  ])('%d seconds', (seconds, text) => expect(formatDuration(seconds)).toBe(text));

  test('counts are grouped', () => expect([formatCount(1234567.8), formatCount(12)]).toEqual(['1,234,568', '12']));
});

describe('without a terminal', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => void vi.useRealTimers());

  test('a line every five seconds, one at the end, and never a carriage return', async () => {
    const { output, written } = stream(false);
    const reporter = await createReporter(output, 'chars');
    for (let step = 1; step <= 120; step++) {
      vi.advanceTimersByTime(100);
      reporter.update(state(step));
    }
    reporter.stop();
    expect(written().split('\n')).toEqual([
      '25% · step 50/200 · loss 1.2346 · 31,235 chars/s · 1m 15s left',
      '50% · step 100/200 · loss 1.2346 · 31,235 chars/s · 1m 15s left',
      '60% · step 120/200 · loss 1.2346 · 31,235 chars/s · 1m 15s left',
      '',
    ]);
  });

  test('validation, an end in time, and a note', async () => {
    const { output, written } = stream(false);
    const reporter = await createReporter(output, 'chars');
    reporter.note('the disk is full');
    reporter.update(state(7, { totalSteps: null, validationLoss: 1.5 }));
    reporter.stop();
    reporter.stop();
    expect(written()).toBe('the disk is full\n3% · step 7 · loss 1.2346 · val 1.5000 · 31,235 chars/s · 1m 15s left\n');
  });

  test('a terminal that cannot redraw a line is none', async () => {
    vi.stubEnv('TERM', 'dumb');
    const { output, written } = stream(true);
    const reporter = await createReporter(output, 'chars');
    reporter.update(state(1));
    reporter.stop();
    vi.unstubAllEnvs();
    expect(written()).toMatch(/^0% · step 1\/200 .* left\n$/);
  });
});

describe('on a terminal', () => {
  beforeEach(() => void vi.stubEnv('TERM', 'xterm'));
  afterEach(() => void vi.unstubAllEnvs());

  test('one bar that is redrawn; a note goes on a line of its own; signals stay ours', async () => {
    const { output, written } = stream(true);
    const listeners = process.listenerCount('SIGINT');
    const reporter = await createReporter(output, 'chars');
    reporter.update(state(50));
    expect(process.listenerCount('SIGINT')).toBe(listeners);
    reporter.note('the disk is full');
    reporter.update(state(100));
    reporter.stop();
    reporter.stop();
    expect(written()).toMatch(
      /█{6}░{18}\] 25% · step 50\/200[\s\S]*the disk is full\n[\s\S]*█{12}░{12}\] 50% · step 100\/200/,
    );
  });
});
