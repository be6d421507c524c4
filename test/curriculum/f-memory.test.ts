/** Curriculum F2: copy memory and the adding problem at lag 100, which an LSTM solves and a plain RNN does not. */

import { describe, expect, test, vi } from 'vitest';
import { data, manualSeed, noGrad } from '../../src/index.ts';
import {
  accuracy,
  answerLoss,
  lastError,
  Reader,
  SLOW,
  SLOW_REASON,
  spreadMemory,
  stepsFirst,
  train,
} from './memory-tasks.ts';

// Seconds on a machine of its own; trainings wait where others share it.
vi.setConfig({ testTimeout: 300_000 });

const LAG = 100;
const long = process.env.LANEGRAD_LONG !== undefined;

describe('copy memory', () => {
  const symbols = 8;

  /** The share of symbols that are said again rightly, after training. */
  function solve(kind: 'lstm' | 'rnn', length: number, hidden: number, lr: number, steps: number): number {
    manualSeed(1);
    const size = { hidden, vocabulary: symbols + 2, features: 12, outputs: symbols };
    const reader = new Reader({ kind, ...size });
    if (kind === 'lstm') spreadMemory(reader, LAG);
    const set = (samples: number, seed: number) =>
      stepsFirst(data.copyMemory(samples, { lag: LAG, length, symbols, seed }));
    train(reader, { lr, steps, batch: 32, until: 0.01 }, (samples, seed) => {
      const [x, y] = set(samples, seed);
      return answerLoss(reader.forward(x), y);
    });
    const [x, y] = set(512, 5);
    return accuracy(
      noGrad(() => reader.forward(x)),
      y,
    );
  }

  test('one symbol over 100 steps', ({ skip }) => {
    skip(SLOW, SLOW_REASON);
    expect(solve('lstm', 1, 32, 1e-2, 800)).toBeGreaterThan(0.99);
    expect(solve('rnn', 1, 32, 1e-3, 500)).toBeLessThan(0.3);
  });

  test.runIf(long)(
    'four symbols over 100 steps',
    ({ skip }) => {
      skip(SLOW, SLOW_REASON);
      expect(solve('lstm', 4, 64, 5e-3, 4000)).toBeGreaterThan(0.99);
      for (const lr of [1e-3, 5e-3]) expect(solve('rnn', 4, 64, lr, 4000)).toBeLessThan(0.3);
    },
    300_000,
  );
});

describe('the adding problem', () => {
  /** The mean squared error after training; always saying 1 has 0.167. */
  function solve(kind: 'lstm' | 'rnn', lr: number): number {
    manualSeed(1);
    const reader = new Reader({ kind, hidden: 32, features: 2, outputs: 1 });
    if (kind === 'lstm') spreadMemory(reader, LAG);
    const set = (samples: number, seed: number) => data.addingProblem(samples, { length: LAG, seed });
    train(reader, { lr, steps: 1000, batch: 32, until: 0.003 }, (samples, seed) =>
      lastError(reader, set(samples, seed)),
    );
    return noGrad(() => lastError(reader, set(512, 5))).item();
  }

  test('over 100 steps', ({ skip }) => {
    skip(SLOW, SLOW_REASON);
    expect(solve('lstm', 1e-2)).toBeLessThan(0.01);
    for (const lr of long ? [1e-3, 3e-3, 1e-2] : [1e-2]) expect(solve('rnn', lr)).toBeGreaterThan(0.1);
  });
});
