/** Language models that read from both sides, and that are told what to write. */

import { describe, expect, test } from 'vitest';
import {
  backward,
  crossEntropy,
  gradcheck,
  manualSeed,
  models,
  nn,
  optim,
  type Tensor,
  tensor,
} from '../../src/index.ts';

const int32 = (values: number[] | number[][]) => tensor(values, { dtype: 'int32' });

/** The logits with one token changed, at each place. */
function changedPlaces(forward: (ids: Tensor) => Tensor, ids: readonly number[], at: number): boolean[] {
  const vocab = 5;
  const column = (values: readonly number[]) => forward(int32(values.map((id) => [id])));
  const [was, is] = [column(ids), column(ids.map((id, i) => (i === at ? (id + 1) % vocab : id)))];
  return ids.map((_, t) => [...was.select(0, t).data].some((value, k) => value !== is.select(0, t).data[k]));
}

describe('BidirectionalLM', () => {
  test('a token is predicted from all others, and not from itself', () => {
    const model = new models.BidirectionalLM({ vocab: 5, embed: 4, hidden: 6, layers: 2 });
    const ids = [0, 3, 1, 4, 2, 2];
    for (const at of ids.keys()) {
      expect(changedPlaces((x) => model.forward(x), ids, at)).toEqual(ids.map((_, t) => t !== at));
    }
  });

  test('takes a single sequence, and one of a single token', () => {
    const model = new models.BidirectionalLM({ vocab: 5, embed: 4, hidden: 6 });
    expect(model.forward(int32([0, 1, 2])).shape).toEqual([3, 5]);
    expect(model.forward(int32([[0, 1]])).shape).toEqual([1, 2, 5]);
  });

  test('its gradients are right', () => {
    const model = new models.BidirectionalLM({ vocab: 4, embed: 3, hidden: 2, dtype: 'float64' });
    const ids = int32([
      [0, 1],
      [2, 3],
      [1, 1],
    ]);
    const run = () => crossEntropy(model.forward(ids).reshape([6, 4]), ids.reshape([6]));
    expect(() => gradcheck(run, model.parameters())).not.toThrow();
  });

  test('knows what only the other side tells: the first of two equal letters', () => {
    manualSeed(3);
    // Pairs "ab·ab": the middle is free, and the first letter stands again at the end.
    const sequences = Array.from({ length: 16 }, (_, i) => [i % 4, (i >> 2) % 4, i % 4]);
    const ids = int32(sequences).transpose(0, 1);
    const model = new models.BidirectionalLM({ vocab: 4, embed: 8, hidden: 16 });
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.02 });
    for (let step = 0; step < 150; step++) {
      optimizer.zeroGrad();
      backward(crossEntropy(model.forward(ids).reshape([-1, 4]), ids.reshape([-1])));
      optimizer.step();
    }
    const losses = crossEntropy(model.forward(ids).reshape([-1, 4]), ids.reshape([-1]), { reduction: 'none' });
    const [first, middle, last] = [0, 1, 2].map((t) => losses.reshape([3, 16]).select(0, t).mean().item());
    expect(first).toBeLessThan(0.05);
    expect(last).toBeLessThan(0.05);
    // The letter in between is any of four: nothing can tell it.
    expect(middle).toBeCloseTo(Math.log(4), 1);
  });
});

describe('ConditionalLM', () => {
  test('its gradients are right, that of the condition too', () => {
    const model = new models.ConditionalLM({
      vocab: 4,
      conditions: 2,
      embed: 3,
      conditionEmbed: 2,
      hidden: 2,
      dtype: 'float64',
    });
    const ids = int32([
      [0, 1],
      [2, 3],
      [1, 1],
    ]);
    const run = () => crossEntropy(model.forward(ids, int32([0, 1]))[0].reshape([6, 4]), ids.reshape([6]));
    expect(() => gradcheck(run, model.parameters())).not.toThrow();
  });

  test('a state that is carried makes two calls one', () => {
    const model = new models.ConditionalLM({ vocab: 5, conditions: 3, embed: 3, hidden: 4, dtype: 'float64' });
    const ids = int32([
      [0, 1],
      [2, 4],
      [3, 3],
    ]);
    const kinds = int32([2, 0]);
    const [whole] = model.forward(ids, kinds);
    const [, middle] = model.forward(ids.narrow(0, 0, 2), kinds);
    const [rest] = model.forward(ids.narrow(0, 2, 1), kinds, nn.detachState(middle));
    for (const [i, value] of [...whole.select(0, 2).data].entries()) expect(rest.data[i]).toBeCloseTo(value, 12);
  });

  test('writes what it is told to: one language counts up, the other down', () => {
    manualSeed(1);
    const size = 6;
    const steps = 10;
    const column = (kind: number, from: number) =>
      Array.from({ length: steps + 1 }, (_, t) => (from + (kind === 0 ? t : size * steps - t)) % size);
    const samples = [0, 1].flatMap((kind) =>
      Array.from({ length: size }, (_, from) => ({ kind, ids: column(kind, from) })),
    );
    const ids = int32(samples.map((sample) => sample.ids)).transpose(0, 1);
    const kinds = int32(samples.map((sample) => sample.kind));
    const model = new models.ConditionalLM({ vocab: size, conditions: 2, embed: 8, conditionEmbed: 4, hidden: 16 });
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.02 });
    for (let step = 0; step < 200; step++) {
      optimizer.zeroGrad();
      const [logits] = model.forward(ids.narrow(0, 0, steps), kinds);
      backward(crossEntropy(logits.reshape([-1, size]), ids.narrow(0, 1, steps).reshape([-1])));
      optimizer.step();
    }
    expect([...model.generate(0, { start: [2], length: 6, temperature: 0 })]).toEqual([3, 4, 5, 0, 1, 2]);
    expect([...model.generate(1, { start: [2], length: 6, temperature: 0.2, seed: 9 })]).toEqual([1, 0, 5, 4, 3, 2]);
    expect([...model.generate(1, { start: [4, 3], length: 6, end: 0, temperature: 0 })]).toEqual([2, 1]);
    expect(model.training).toBe(true);
  });

  test('refuses what makes no sense', () => {
    const model = new models.ConditionalLM({ vocab: 4, conditions: 2, hidden: 4 });
    expect(() => model.generate(0, { start: [] })).toThrow(/must begin with a token/);
    expect(() => model.generate(2, { start: [0] })).toThrow(/out of range/);
    expect(() => model.generate(0, { start: [0], temperature: -1 })).toThrow(/temperature/);
    expect(() => new models.ConditionalLM({ vocab: 4, conditions: 0 })).toThrow(
      /conditions must be a positive integer/,
    );
  });
});
