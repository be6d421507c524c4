/** Curriculum F3 and F3b: the gates of an LSTM looked at and touched, on tasks that ask to keep and to let go. */

import { describe, expect, test, vi } from 'vitest';
import {
  add,
  data,
  eq,
  logicalNot,
  manualSeed,
  mean,
  mul,
  narrow,
  type nn,
  noGrad,
  select,
  sub,
  type Tensor,
} from '../../src/index.ts';
import { accuracy, answerLoss, forgetBias, Reader, SLOW, SLOW_REASON, stepsFirst, train } from './memory-tasks.ts';

// Seconds on a machine of its own; trainings wait where others share it.
vi.setConfig({ testTimeout: 300_000 });

const HIDDEN = 32;

const forget = (value: number, steps: Tensor | readonly number[]): nn.GateClamp<nn.LstmGate>[] => [
  { gate: 'f', value, steps },
];

/** The mean of f over the steps of [T, B] where a mask holds, unit by unit. */
function unitMeans(f: Tensor, mask: Tensor): number[] {
  const [, , hidden] = f.shape;
  const sums = new Array<number>(hidden).fill(0);
  let steps = 0;
  for (let at = 0; at < mask.size; at++) {
    if (!mask.data[at]) continue;
    steps++;
    for (let k = 0; k < hidden; k++) sums[k] += f.data[at * hidden + k];
  }
  return sums.map((total) => total / steps);
}

const average = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

describe('F3: a pronoun, and the name it refers to 98 words before', () => {
  const WORDS = 98;
  const vocabulary = 8 + 16 + 1;

  function trained(kind: 'lstm' | 'rnn', words: number): Reader {
    manualSeed(1);
    const reader = new Reader({ kind, hidden: HIDDEN, vocabulary, features: 16, outputs: 2 });
    if (kind === 'lstm') forgetBias(reader, 4);
    train(reader, { lr: 3e-3, steps: 800, batch: 64, until: 0.01 }, (samples, seed) => {
      const [x, y] = stepsFirst(data.pronounReference(samples, { words, seed }));
      return answerLoss(reader.forward(x), y);
    });
    return reader;
  }

  test('is kept by an open forget gate, and lost where the gate is held shut', ({ skip }) => {
    skip(SLOW, SLOW_REASON);
    const reader = trained('lstm', WORDS);
    const [x, y] = stepsFirst(data.pronounReference(512, { words: WORDS, seed: 7 }));
    noGrad(() => {
      const [answers, f] = reader.withForget(x);
      expect(accuracy(answers, y)).toBeGreaterThan(0.99);
      expect(mean(narrow(f, 0, 1, WORDS)).item()).toBeGreaterThan(0.95);
      const middle = Array.from({ length: 10 }, (_, i) => 45 + i);
      const [without] = reader.withForget(x, forget(0, middle));
      expect(Math.abs(accuracy(without, y) - 0.5)).toBeLessThan(0.08);
      // Holding the gate open there instead costs nothing.
      expect(accuracy(reader.withForget(x, forget(1, middle))[0], y)).toBeGreaterThan(0.99);
    });
  });

  test('is lost on a plain RNN from 30 words on', ({ skip }) => {
    skip(SLOW, SLOW_REASON);
    const reader = trained('rnn', 30);
    const [x, y] = stepsFirst(data.pronounReference(512, { words: 30, seed: 7 }));
    expect(Math.abs(noGrad(() => accuracy(reader.forward(x), y)) - 0.5)).toBeLessThan(0.08);
  });
});

describe('F3: values that count until a reset', () => {
  const [VALUES, VOCABULARY] = [4, 8];
  const RESET = VALUES + VOCABULARY + 1;
  const LAMBDA = 1;
  const set = (samples: number, seed: number): [Tensor, Tensor] =>
    stepsFirst(data.resetSequences(samples, { length: 60, values: VALUES, vocabulary: VOCABULARY, seed }));

  test('a loss on the gates trains them; held, they keep or lose what they should', ({ skip }) => {
    skip(SLOW, SLOW_REASON);
    manualSeed(1);
    const size = { hidden: HIDDEN, vocabulary: RESET + 1, features: 16, outputs: VALUES + 1 };
    const reader = forgetBias(new Reader({ kind: 'lstm', ...size }), 4);
    train(reader, { lr: 1e-2, steps: 400, batch: 32 }, (samples, seed) => {
      const [x, y] = set(samples, seed);
      const [answers, f] = reader.withForget(x);
      return add(answerLoss(answers, y), mul(mean(mul(f, sub(1, f))), LAMBDA));
    });
    const [x, y] = set(256, 99);
    const resets = eq(x, RESET);
    const others = logicalNot(resets);
    /** The share of questions that a value stands before and that are answered rightly. */
    const ofValues = (answers: Tensor): number => accuracy(answers, y, (at) => y.data[at] < VALUES);
    noGrad(() => {
      const [answers, f] = reader.withForget(x);
      const free = accuracy(answers, y);
      expect(free).toBeGreaterThan(0.99);
      expect(average(unitMeans(f, others))).toBeGreaterThan(0.99);
      const atResets = unitMeans(f, resets);
      expect(atResets.filter((m) => m < 0.1).length).toBeGreaterThanOrEqual(3);
      const held = (value: number, steps: Tensor): Tensor => reader.withForget(x, forget(value, steps))[0];
      expect(free - accuracy(held(0, resets), y)).toBeLessThan(0.01);
      expect(free - accuracy(held(1, resets), y)).toBeGreaterThan(0.15);
      // Nothing passes from step to step: no better than guessing one of the values.
      expect(ofValues(held(0, others))).toBeLessThan(1 / VALUES + 0.08);
    });
  });
});

describe('F3b: a translation whose adjectives agree with their own noun', () => {
  const [NOUNS, VOCABULARY, ADJECTIVES, GENDERS] = [6, 6, 3, 2];
  const FIRST_ADJECTIVE = NOUNS + VOCABULARY;
  const STOP = FIRST_ADJECTIVE + ADJECTIVES;
  const set = (samples: number, seed: number): [Tensor, Tensor] => {
    const sizes = { nouns: NOUNS, vocabulary: VOCABULARY, adjectives: ADJECTIVES, genders: GENDERS };
    return stepsFirst(data.agreementSentences(samples, { length: 60, span: [4, 8], seed, ...sizes }));
  };

  test('the gender is kept to the adjective, and goes at the full stop', ({ skip }) => {
    skip(SLOW, SLOW_REASON);
    manualSeed(1);
    const outputs = FIRST_ADJECTIVE + ADJECTIVES * (GENDERS + 1) + 1;
    const size = { hidden: HIDDEN, vocabulary: STOP + 1, features: 16, outputs };
    const reader = forgetBias(new Reader({ kind: 'lstm', ...size }), 1);
    train(reader, { lr: 1e-2, steps: 1500, batch: 32, until: 0.001 }, (samples, seed) => {
      const [x, y] = set(samples, seed);
      return answerLoss(reader.forward(x), y);
    });
    const [x, y] = set(256, 99);
    const stops = eq(x, STOP);
    const isAdjective = (at: number): boolean => x.data[at] >= FIRST_ADJECTIVE && x.data[at] < STOP;
    noGrad(() => {
      const [answers, f] = reader.withForget(x);
      expect(accuracy(answers, y)).toBeGreaterThan(0.99);
      const free = accuracy(answers, y, isAdjective);
      expect(free).toBeGreaterThan(0.99);
      expect(unitMeans(f, stops).filter((m) => m < 0.1).length).toBeGreaterThanOrEqual(3);
      const held = (value: number, steps: Tensor): number =>
        accuracy(reader.withForget(x, forget(value, steps))[0], y, isAdjective);
      expect(free - held(0, stops)).toBeLessThan(0.01);
      expect(free - held(1, stops)).toBeGreaterThan(0.15);
      // Nothing passes from noun to adjective: no better than guessing one of the two genders.
      const [shut] = reader.withForget(x, forget(0, logicalNot(stops)));
      const hasNoun = (at: number): boolean =>
        isAdjective(at) && (y.data[at] - FIRST_ADJECTIVE) % (GENDERS + 1) < GENDERS;
      expect(accuracy(shut, y, hasNoun)).toBeLessThan(1 / GENDERS + 0.08);
      // The first sentence has no sentence before it: nothing to forget.
      const first = Array.from({ length: x.shape[1] }, (_, b) => [...select(stops, 1, b).data].indexOf(1));
      const inFirst = (at: number): boolean => Math.floor(at / x.shape[1]) < first[at % x.shape[1]] && isAdjective(at);
      expect(accuracy(reader.withForget(x, forget(1, stops))[0], y, inFirst)).toBeGreaterThan(0.99);
    });
  });
});
