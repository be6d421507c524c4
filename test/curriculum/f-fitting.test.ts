/**
 * Curriculum F5: what each kind of network is for. A recurrent one tells which of three generated languages a word comes
 * from; the languages have the same letters as often, and only their order tells. (A feed-forward net on the mpg table and
 * an LSTM on temperatures are bench/accuracy/mpg.ts and melbourne.ts.)
 */

import { expect, test } from 'vitest';
import {
  crossEntropy,
  data,
  fit,
  Generator,
  manualSeed,
  metrics,
  nn,
  optim,
  type Tensor,
  tensor,
  train,
} from '../../src/index.ts';

const LETTERS = 6;
const LONGEST = 12;
/** How far the next letter of each language usually is. */
const STEPS = [1, 5, 2];

/** Words of each language in turn, filled up with letter 0, with their lengths. */
function words(count: number, seed: number): data.TensorDataset {
  const random = new Generator(seed);
  const ids = new Int32Array(count * LONGEST);
  const lengths = new Int32Array(count);
  const language = Int32Array.from({ length: count }, (_, i) => i % STEPS.length);
  for (let i = 0; i < count; i++) {
    lengths[i] = 6 + random.integers(1, LONGEST - 5)[0];
    let letter = random.integers(1, LETTERS)[0];
    for (const [t, u] of random.uniform53(lengths[i]).entries()) {
      ids[i * LONGEST + t] = letter;
      letter = u < 0.7 ? (letter + STEPS[language[i]]) % LETTERS : Math.floor(((u - 0.7) / 0.3) * LETTERS);
    }
  }
  return new data.TensorDataset(tensor(ids, { shape: [count, LONGEST] }), tensor(lengths), tensor(language));
}

/** Reads a word letter by letter and judges by what it remembers at its end. */
class Reader extends nn.Module {
  readonly letters = new nn.Embedding(LETTERS, 8);
  readonly rnn = new nn.RNN(8, 24, { batchFirst: true });
  readonly head = new nn.Linear(24, STEPS.length);

  forward(ids: Tensor, lengths: Tensor): Tensor {
    const [, end] = this.rnn.forward(this.letters.forward(ids), undefined, { lengths });
    return this.head.forward(end.select(0, 0));
  }
}

/** Counts letters, whatever their order. */
class Counter extends nn.Module {
  readonly head = new nn.Linear(LETTERS, STEPS.length);

  forward(ids: Tensor, lengths: Tensor): Tensor {
    const known = tensor(Int32Array.from({ length: LONGEST }, (_, t) => t)).lt(lengths.unsqueeze(1));
    const counts = Array.from({ length: LETTERS }, (_, letter) =>
      ids.eq(letter).logicalAnd(known).to('float32').sum(1),
    );
    return this.head.forward(tensor(counts.map((count) => [...count.data] as number[])).transpose(0, 1));
  }
}

async function accuracyOf(model: nn.Module & { forward(...inputs: Tensor[]): Tensor }): Promise<number> {
  const loader = new data.DataLoader(words(600, 1), { batchSize: 30, shuffle: true, seed: 1 });
  await fit(model, loader, {
    loss: crossEntropy,
    optimizer: new optim.Adam(model.parameters(), { lr: 0.01 }),
    epochs: 8,
    clipGradNorm: 1,
  });
  const accuracy = new metrics.Accuracy();
  await train.evaluate(model, new data.DataLoader(words(300, 2), { batchSize: 100 }), { metrics: [accuracy] });
  return accuracy.compute();
}

test('F5: an RNN tells languages by the order of their letters, which counting them cannot', async () => {
  manualSeed(1);
  const [reader, counter] = [await accuracyOf(new Reader()), await accuracyOf(new Counter())];
  expect(reader).toBeGreaterThan(0.9);
  expect(counter).toBeLessThan(0.5);
});
