/** N-grams: probabilities that sum to 1, Witten and Bell's by hand, and draws that follow them. */

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { NGram } from '../../src/text/index.ts';

const seed = Number(process.env.LANEGRAD_SEED ?? 5);
const sequence = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 40 });

test('Witten and Bell by hand: unigrams of 0, 1, 0 over three ids', () => {
  const counted = new NGram({ order: 2, size: 3 }).add([0, 1, 0]);
  // Two kinds in three tokens: (c + 2·⅓)/5.
  const unigram = [(2 + 2 / 3) / 5, (1 + 2 / 3) / 5, 2 / 3 / 5];
  expect([...counted.probs()]).toEqual(unigram.map((p) => expect.closeTo(p, 15)));
  // After 0 came 1, once: (c + P(w))/2.
  expect([...counted.probs([2, 0])]).toEqual(unigram.map((p, id) => expect.closeTo(((id === 1 ? 1 : 0) + p) / 2, 15)));
  // After 2 nothing is known.
  expect([...counted.probs([2])]).toEqual(unigram.map((p) => expect.closeTo(p, 15)));
});

test('probabilities are positive and sum to 1, and cross-entropy is their mean logarithm', () => {
  fc.assert(
    fc.property(
      fc.array(sequence, { maxLength: 5 }),
      sequence,
      fc.integer({ min: 1, max: 4 }),
      (texts, held, order) => {
        const counted = new NGram({ order, size: 5 });
        for (const text of texts) counted.add(text);
        let nats = 0;
        for (const [i, id] of held.entries()) {
          const probs = counted.probs(held.slice(0, i));
          expect(Math.min(...probs)).toBeGreaterThan(0);
          expect(probs.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
          nats -= Math.log(probs[id]);
        }
        expect(counted.crossEntropy([held])).toBeCloseTo(nats / held.length, 12);
      },
    ),
    { seed, numRuns: 100 },
  );
});

test('a longer context predicts better what repeats', () => {
  const text = Array.from({ length: 300 }, (_, i) => [0, 1, 0, 2][i % 4]);
  const nats = [1, 2, 3].map((order) => new NGram({ order, size: 3 }).add(text).crossEntropy([text]));
  expect(nats[1]).toBeLessThan(nats[0] - 0.3);
  expect(nats[2]).toBeLessThan(0.1);
});

test('draws follow the probabilities, and the seed decides them', () => {
  const counted = new NGram({ order: 1, size: 3 }).add([0, 0, 0, 1, 2, 0]);
  const drawn = counted.generate(20_000, { seed: 3 });
  const probs = counted.probs();
  for (let id = 0; id < 3; id++) {
    expect(drawn.filter((d) => d === id).length / drawn.length).toBeCloseTo(probs[id], 1.8);
  }
  expect(counted.generate(50, { seed: 3 })).toEqual(drawn.subarray(0, 50));
  expect(counted.generate(50, { seed: 4 })).not.toEqual(drawn.subarray(0, 50));
});

test('refuses ids that there are not', () => {
  const counted = new NGram({ order: 2, size: 3 });
  expect(() => counted.add([0, 3])).toThrow(/NGram: no such id: got 3, expected 0 to 2/);
  // Nothing of the sequence was counted.
  expect([...counted.probs()]).toEqual([1 / 3, 1 / 3, 1 / 3]);
  expect(() => counted.crossEntropy([[]])).toThrow(/no token/);
  expect(() => new NGram({ order: 0, size: 3 })).toThrow(/order must be a positive integer/);
  expect(() => counted.generate(-1)).toThrow(/number of tokens/);
});
