import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigError, CorpusError } from '../../src/errors.ts';
import { EvaluationStreams, NO_TARGET, splitText, TrainingStreams } from '../../src/text/streams.ts';

/** A text whose ids are its places. */
const places = (n: number) => Uint32Array.from({ length: n }, (_, i) => i);

describe('splitText', () => {
  test('the last tenth', () => {
    expect(splitText(1_115_394, 0.1)).toEqual({ trainSize: 1_003_854, validationSize: 111_540 });
    expect(splitText(10, 0)).toEqual({ trainSize: 10, validationSize: 0 });
  });

  test.each([-0.1, 1, 1.5, Number.NaN])('%d is refused', (fraction) => {
    expect(() => splitText(10, fraction)).toThrow(ConfigError);
  });
});

describe('TrainingStreams', () => {
  test('streams go on where they ended, and targets are the characters that follow', () => {
    const streams = new TrainingStreams(places(21), { batch: 2, seq: 3 });
    expect(streams.stepsPerEpoch).toBe(3);
    // Streams of ten predictions: 0 to 9 and 10 to 19.
    expect([...streams.at(0).ids]).toEqual([0, 10, 1, 11, 2, 12]);
    expect([...streams.at(0).targets]).toEqual([1, 11, 2, 12, 3, 13]);
    expect([...streams.at(1).ids]).toEqual([3, 13, 4, 14, 5, 15]);
    expect([0, 1, 2, 3, 4].map((step) => streams.at(step).fresh)).toEqual([true, false, false, true, false]);
  });

  test('within an epoch a stream is one piece of text; over the epochs every character is a target', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 0, max: 80 }),
        (batch, seq, extra) => {
          const size = batch * seq + 1 + extra;
          const streams = new TrainingStreams(places(size), { batch, seq });
          const seen = new Set<number>();
          const torn: [id: number, target: number][] = [];
          for (let epoch = 0; epoch < 40; epoch++) {
            const last = new Array<number>(batch).fill(-1);
            for (let k = 0; k < streams.stepsPerEpoch; k++) {
              const { ids, targets, fresh } = streams.at(epoch * streams.stepsPerEpoch + k);
              expect(fresh).toBe(k === 0);
              for (let i = 0; i < ids.length; i++) {
                const before = last[i % batch];
                if (targets[i] !== ids[i] + 1 || (before >= 0 && ids[i] !== before)) torn.push([ids[i], targets[i]]);
                last[i % batch] = targets[i];
                seen.add(targets[i]);
              }
            }
          }
          expect(torn).toEqual([]);
          expect(Math.max(...seen)).toBeLessThan(size);
          // What does not divide by the number of streams is left at the end.
          expect(seen.size).toBe(batch * Math.floor((size - 1) / batch));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a step is a place in the data: nothing else is remembered', () => {
    const streams = new TrainingStreams(places(500), { batch: 3, seq: 7 });
    const late = streams.at(100);
    for (let step = 0; step < 50; step++) streams.at(step);
    expect(streams.at(100)).toEqual(late);
    expect(new TrainingStreams(places(500), { batch: 3, seq: 7 }).at(100)).toEqual(late);
  });

  test.each([
    [0, 1, 4, CorpusError, /shorter than one sequence: got 0 characters/],
    [1, 1, 4, CorpusError, /got 1 characters.*expected 5 or more/],
    [4, 1, 4, CorpusError, /shorter than one sequence/],
    [5, 2, 4, ConfigError, /the batch is larger than the text.*at most 1 streams fit/],
    [8, 2, 4, ConfigError, /expected 9 or more/],
  ])('%d characters in %d streams of %d', (size, batch, seq, type, message) => {
    const make = () => new TrainingStreams(places(size), { batch, seq });
    expect(make).toThrow(type);
    expect(make).toThrow(message);
  });

  test('the shortest text that fits', () => {
    const streams = new TrainingStreams(places(9), { batch: 2, seq: 4 });
    expect([streams.stepsPerEpoch, [...streams.at(0).targets]]).toEqual([1, [1, 5, 2, 6, 3, 7, 4, 8]]);
  });
});

describe('EvaluationStreams', () => {
  test('every character of the part is predicted once, after the character before it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 9000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (size, fraction) => {
          const begin = Math.floor(size * fraction);
          const evaluation = new EvaluationStreams(places(size), begin);
          expect(evaluation.streams).toBeLessThanOrEqual(20);
          const counts = new Map<number, number>();
          const last = new Map<number, number>();
          const torn: [id: number, target: number][] = [];
          let first = true;
          for (const { ids, targets, steps, batch, fresh } of evaluation) {
            expect([ids.length, targets.length, fresh]).toEqual([steps * batch, steps * batch, first]);
            first = false;
            for (let i = 0; i < ids.length; i++) {
              if (targets[i] === NO_TARGET) continue;
              if (targets[i] !== ids[i] + 1 || ids[i] !== (last.get(i % batch) ?? ids[i]))
                torn.push([ids[i], targets[i]]);
              last.set(i % batch, targets[i]);
              counts.set(targets[i], (counts.get(targets[i]) ?? 0) + 1);
            }
          }
          expect(torn).toEqual([]);
          expect(counts.size).toBe(evaluation.predictions);
          expect([...counts.values()].every((n) => n === 1)).toBe(true);
          expect(Math.min(...counts.keys())).toBe(Math.max(1, begin));
          expect(Math.max(...counts.keys())).toBe(size - 1);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('the validation part of a corpus of a million characters: 20 streams, all of its characters', () => {
    const { trainSize, validationSize } = splitText(1_115_394, 0.1);
    const evaluation = new EvaluationStreams(new Uint8Array(1_115_394), trainSize);
    expect([evaluation.streams, evaluation.predictions]).toEqual([20, validationSize]);
  });

  test.each([
    [1, 0],
    [0, 0],
    [5, 5],
  ])('%d characters from %d on have none to predict', (size, begin) => {
    expect(() => new EvaluationStreams(places(size), begin)).toThrow(CorpusError);
  });
});
