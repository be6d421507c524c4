import { describe, expect, test } from 'vitest';
import { manualSeed } from '../../src/core/rng.ts';
import { CharLSTM } from '../../src/models/char-lstm.ts';
import { wrapArray } from '../../src/tensor.ts';
import { EvaluationStreams } from '../../src/text/streams.ts';
import { evaluateLanguageModel } from '../../src/train/evaluate-language.ts';

const VOCAB = 7;

function modelAndIds(size: number, dropout = 0): { model: CharLSTM; ids: Uint8Array } {
  manualSeed(3);
  const model = new CharLSTM({ vocab: VOCAB, embed: 5, hidden: 6, layers: 2, dropout });
  return { model, ids: Uint8Array.from({ length: size }, (_, i) => (i * i + (i >> 2)) % VOCAB) };
}

/** Σ −log p of each character from `first` on, one stream after another, one character at a time, in float64. */
function naive(model: CharLSTM, ids: Uint8Array, first: number, streams: number): number {
  const predictions = ids.length - first;
  let total = 0;
  let at = first;
  for (let b = 0; b < streams; b++) {
    const length = Math.floor(predictions / streams) + (b < predictions % streams ? 1 : 0);
    let state = model.initHidden(1);
    for (let k = 0; k < length; k++, at++) {
      const [logits, next] = model.forward(wrapArray(Int32Array.of(ids[at - 1]), [1, 1], 'int32'), state);
      state = next;
      const x = Array.from(logits.data);
      total -= x[ids[at]] - Math.log(x.reduce((sum, v) => sum + Math.exp(v), 0));
    }
  }
  expect(at).toBe(ids.length);
  return total / predictions;
}

describe('evaluateLanguageModel', () => {
  test.each([
    [2, 0],
    [40, 0],
    [40, 36],
    [700, 50],
    [1500, 100],
  ])('%d characters from %d on: the mean over single steps', async (size, begin) => {
    const { model, ids } = modelAndIds(size);
    const streams = new EvaluationStreams(ids, begin);
    const loss = await evaluateLanguageModel(model, streams);
    expect(loss).toBeCloseTo(naive(model, ids, Math.max(1, begin), streams.streams), 5);
  });

  test('dropout lets everything pass, the mode of the model comes back, nothing is recorded', async () => {
    const plain = modelAndIds(300);
    const dropping = modelAndIds(300, 0.5);
    expect(await evaluateLanguageModel(dropping.model, new EvaluationStreams(dropping.ids))).toBe(
      await evaluateLanguageModel(plain.model, new EvaluationStreams(plain.ids)),
    );
    expect(dropping.model.modules().every((module) => module.training)).toBe(true);
    expect(dropping.model.parameters().every((parameter) => parameter.grad === null)).toBe(true);
    dropping.model.eval();
    await evaluateLanguageModel(dropping.model, new EvaluationStreams(dropping.ids));
    expect(dropping.model.modules().some((module) => module.training)).toBe(false);
  });

  test('progress runs to the end, and a signal breaks it off', async () => {
    const { model, ids } = modelAndIds(1000);
    const seen: number[] = [];
    const streams = new EvaluationStreams(ids);
    await evaluateLanguageModel(model, streams, { onProgress: (done) => seen.push(done) });
    expect(seen.at(-1)).toBe(1);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    const controller = new AbortController();
    const stopped = evaluateLanguageModel(model, streams, {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    expect(await stopped).toBeNull();
    expect(model.training).toBe(true);
  });
});
