/** The character sampler against a float64 model that follows the same text and judges every draw. */

import { describe, expect, test } from 'vitest';
import type { CharSamplerWeights, SamplingRule } from '../../../src/backend/arguments.ts';
import type { FloatArray } from '../../../src/core/dtype.ts';
import { expectExact, expectWithin, type Harness, Random } from './harness.ts';

interface Size {
  readonly vocab: number;
  readonly embed: number;
  readonly hidden: number;
  readonly layers: number;
}

function makeWeights(h: Harness, { vocab, embed, hidden, layers }: Size, seed: number): CharSamplerWeights {
  const random = new Random(seed);
  const bound = 1.5 / Math.sqrt(hidden);
  return {
    vocab,
    embed,
    hidden,
    embedding: h.uniform(random, vocab * embed, -1.5, 1.5),
    layers: Array.from({ length: layers }, (_, l) => ({
      wIh: h.uniform(random, 4 * hidden * (l === 0 ? embed : hidden), -bound, bound),
      wHh: h.uniform(random, 4 * hidden * hidden, -bound, bound),
      bIh: h.uniform(random, 4 * hidden, -bound, bound),
      bHh: h.uniform(random, 4 * hidden, -bound, bound),
    })),
    headWeight: h.uniform(random, vocab * hidden, -3 * bound, 3 * bound),
    headBias: h.uniform(random, vocab),
  };
}

const logistic = (z: number) => 1 / (1 + Math.exp(-z));

/** One step of the model: advances h and c of every layer and gives the logits. */
function referenceStep(w: CharSamplerWeights, id: number, h: number[][], c: number[][]): number[] {
  const matrixRow = (matrix: FloatArray, row: number, x: number[]) =>
    x.reduce((sum, v, k) => sum + matrix[row * x.length + k] * v, 0);
  let x = Array.from(w.embedding.subarray(id * w.embed, (id + 1) * w.embed));
  for (const [l, { wIh, wHh, bIh, bHh }] of w.layers.entries()) {
    const pre = Array.from(
      { length: 4 * w.hidden },
      (_, r) => bIh[r] + bHh[r] + matrixRow(wIh, r, x) + matrixRow(wHh, r, h[l]),
    );
    const gate = (g: number, j: number) => pre[g * w.hidden + j];
    c[l] = c[l].map((v, j) => logistic(gate(1, j)) * v + logistic(gate(0, j)) * Math.tanh(gate(2, j)));
    h[l] = c[l].map((v, j) => logistic(gate(3, j)) * Math.tanh(v));
    x = h[l];
  }
  return Array.from({ length: w.vocab }, (_, v) => w.headBias[v] + matrixRow(w.headWeight, v, x));
}

/** The ids that a rule keeps, with their probabilities, in ascending id. */
function keptBy(logits: number[], { temperature, topK, topP }: SamplingRule): Map<number, number> {
  const byLikelihood = logits.map((_, v) => v).sort((a, b) => logits[b] - logits[a] || a - b);
  let kept = topK > 0 ? byLikelihood.slice(0, topK) : byLikelihood;
  const weight = (v: number) => Math.exp((logits[v] - logits[byLikelihood[0]]) / temperature);
  const total = (ids: number[]) => ids.reduce((sum, v) => sum + weight(v), 0);
  const mass = total(kept);
  let reached = 0;
  kept = kept.filter((v, rank) => {
    const keep = rank === 0 || topP >= 1 || reached < topP * mass;
    reached += weight(v);
    return keep;
  });
  const sum = total(kept);
  return new Map(kept.sort((a, b) => a - b).map((v) => [v, weight(v) / sum]));
}

/** How far a float32 model's cumulative probability may stray. */
const SLACK = 2e-5;

const SIZE: Size = { vocab: 29, embed: 7, hidden: 33, layers: 2 };
const PLAIN: SamplingRule = { temperature: 1, topK: 0, topP: 1 };

export function charSamplerBlock(h: Harness): void {
  const drawn = (seed: number, n: number) => {
    const random = new Random(seed);
    return Float64Array.from({ length: n }, () => random.next());
  };
  const stateOf = (size: Size) => h.floats(new Array(2 * size.layers * size.hidden).fill(0));

  describe.each([
    ['one layer', { vocab: 65, embed: 16, hidden: 32, layers: 1 }],
    ['odd sizes', SIZE],
    ['smallest', { vocab: 1, embed: 1, hidden: 1, layers: 1 }],
    ['three layers', { vocab: 10, embed: 3, hidden: 17, layers: 3 }],
    ['wide', { vocab: 130, embed: 65, hidden: 65, layers: 1 }],
  ] as [string, Size][])('%s', (_, size) => {
    test.each([
      ['plain', PLAIN],
      ['cold', { temperature: 0.3, topK: 0, topP: 1 }],
      ['top 5', { temperature: 1.2, topK: 5, topP: 1 }],
      ['nucleus', { temperature: 0.9, topK: 0, topP: 0.7 }],
      ['both', { temperature: 1, topK: 8, topP: 0.6 }],
      ['k past the vocabulary, p of 0', { temperature: 1, topK: 1000, topP: 0 }],
    ])('%s: every id is what the draw and the model say', (__, rule) => {
      const weights = makeWeights(h, size, 91);
      const steps = 60;
      const given = 4;
      const ids = h.ints(Array.from({ length: steps + 1 }, (___, i) => (i < given ? (i * 5) % size.vocab : -7)));
      const draws = drawn(92, steps);
      const state = stateOf(size);
      h.backend.createCharSampler(weights).run(ids, given, steps, draws, rule, state);

      const layers = () => Array.from({ length: size.layers }, () => new Array<number>(size.hidden).fill(0));
      const [refH, refC] = [layers(), layers()];
      for (let i = 0; i < steps; i++) {
        const logits = referenceStep(weights, ids[i], refH, refC);
        if (i + 1 < given) continue;
        const kept = keptBy(logits, rule);
        expect(kept.has(ids[i + 1]), `step ${i}: ${ids[i + 1]} is not kept`).toBe(true);
        let below = 0;
        for (const [v, p] of kept) if (v < ids[i + 1]) below += p;
        expect(below).toBeLessThanOrEqual(draws[i] + SLACK);
        expect(below + (kept.get(ids[i + 1]) ?? 0)).toBeGreaterThanOrEqual(draws[i] - SLACK);
      }
      expectWithin('state', state, [...refH.flat(), ...refC.flat()], 1e-5);
    });

    test('temperature 0 takes the largest', () => {
      const weights = makeWeights(h, size, 93);
      const ids = h.ints(new Array(41).fill(0));
      h.backend.createCharSampler(weights).run(ids, 1, 40, drawn(94, 40), { ...PLAIN, temperature: 0 }, stateOf(size));
      const layers = () => Array.from({ length: size.layers }, () => new Array<number>(size.hidden).fill(0));
      const [refH, refC] = [layers(), layers()];
      for (let i = 0; i < 40; i++) {
        const logits = referenceStep(weights, ids[i], refH, refC);
        expect(logits[ids[i + 1]]).toBeGreaterThanOrEqual(Math.max(...logits) - SLACK);
      }
    });
  });

  describe('equal logits', () => {
    const vocab = 8;
    const run = (rule: SamplingRule, draws: number[]) => {
      const zeros = (n: number) => h.floats(new Array(n).fill(0));
      const layer = { wIh: zeros(8), wHh: zeros(16), bIh: zeros(8), bHh: zeros(8) };
      const sizes = { vocab, embed: 1, hidden: 2 };
      const tables = { embedding: zeros(vocab), headWeight: zeros(2 * vocab), headBias: zeros(vocab) };
      const sampler = h.backend.createCharSampler({ ...sizes, ...tables, layers: [layer] });
      const ids = h.ints(new Array(draws.length + 1).fill(0));
      sampler.run(ids, 1, draws.length, Float64Array.from(draws), rule, zeros(4));
      return [...ids.subarray(1)];
    };
    const draws = [0, 0.124, 0.126, 0.49, 0.51, 0.874, 0.876, 1 - 2 ** -53];

    test('a draw falls on the id whose share of [0, 1) holds it', () => {
      expect(run(PLAIN, draws)).toEqual([0, 0, 1, 3, 4, 6, 7, 7]);
    });

    test('the smaller ids stay at the border of the k largest', () => {
      expect(run({ ...PLAIN, topK: 2 }, draws)).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
    });

    test('and at the border of the nucleus', () => {
      expect(run({ ...PLAIN, topP: 0.45 }, draws)).toEqual([0, 0, 0, 1, 2, 3, 3, 3]);
    });

    test('the first of equals at temperature 0', () => {
      expect(run({ ...PLAIN, temperature: 0 }, draws)).toEqual(new Array(8).fill(0));
    });
  });

  test('one run cut in two, at a forced id and at a drawn one, is the same run', () => {
    const weights = makeWeights(h, SIZE, 95);
    const sampler = h.backend.createCharSampler(weights);
    const draws = drawn(96, 50);
    const whole = h.ints([3, 1, 4, 1, 5, ...new Array(46).fill(0)]);
    const state = stateOf(SIZE);
    sampler.run(whole, 5, 50, draws, PLAIN, state);
    for (const cut of [2, 5, 30]) {
      const ids = h.ints([3, 1, 4, 1, 5, ...new Array(46).fill(0)]);
      const cutState = stateOf(SIZE);
      sampler.run(ids.subarray(0, cut + 1), Math.min(5, cut + 1), cut, draws.subarray(0, cut), PLAIN, cutState);
      sampler.run(ids.subarray(cut), Math.max(1, 5 - cut), 50 - cut, draws.subarray(cut), PLAIN, cutState);
      expectExact(`cut at ${cut}`, ids, whole);
      expectExact(`state, cut at ${cut}`, cutState, state);
    }
  });

  test('it is a snapshot: later changes of the weights do not reach it', () => {
    const weights = makeWeights(h, SIZE, 97);
    const sampler = h.backend.createCharSampler(weights);
    const run = () => {
      const ids = h.ints(new Array(21).fill(0));
      sampler.run(ids, 1, 20, drawn(98, 20), PLAIN, stateOf(SIZE));
      return ids;
    };
    const before = run();
    const { layers, embedding, headWeight, headBias } = weights;
    for (const array of [embedding, headWeight, headBias, ...layers.flatMap((l) => Object.values(l))]) array.fill(9);
    expectExact('ids', run(), before);
  });

  test('an id out of range is refused before anything is written', () => {
    const sampler = h.backend.createCharSampler(makeWeights(h, SIZE, 99));
    for (const [bad, at] of [
      [-1, 0],
      [29, 2],
      [2 ** 31 - 1, 1],
    ]) {
      const list = [1, 2, 3, -5, -5, -5];
      list[at] = bad;
      const ids = h.ints(list);
      const state = stateOf(SIZE);
      const refused = expect(() => sampler.run(ids, 3, 5, drawn(1, 5), PLAIN, state));
      refused.toThrow(expect.objectContaining({ code: 'ERR_INDEX' }));
      expectExact('ids', ids, list);
      expectExact('state', state, stateOf(SIZE));
    }
  });

  test('no steps: nothing happens', () => {
    const ids = h.ints([2]);
    const state = stateOf(SIZE);
    h.backend.createCharSampler(makeWeights(h, SIZE, 90)).run(ids, 1, 0, new Float64Array(0), PLAIN, state);
    expectExact('ids', ids, [2]);
    expectExact('state', state, stateOf(SIZE));
  });
}
