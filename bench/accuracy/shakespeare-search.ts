/**
 * The settings of a character LSTM searched on Tiny Shakespeare: size of the embedding, hidden units, layers and learning
 * rate, each trained for 400 steps of 32 streams of 64 characters, the rate along a cosine. PyTorch came to 1.807 nats with
 * the best of them (E 64, H 256, one layer, 4e-3) and to 3.150 with the worst (E 16, H 64, two layers, 5e-4).
 *
 * npx tsx bench/accuracy/shakespeare-search.ts [--json]
 */

import { CharLSTM, optim, text, train } from '../../src/index.ts';
import { dataPath } from './data.ts';
import { report } from './report.ts';

const STEPS = 400;
const corpus = await text.Corpus.read([dataPath('tinyshakespeare/input.txt')]);
const vocab = corpus.vocabulary.size;
const { trainSize } = text.splitText(corpus.size, 0.1);
const streams = new text.TrainingStreams(corpus.ids.subarray(0, trainSize), { batch: 32, seq: 64 });

const found = await train.search(
  { embed: [16, 64], hidden: [64, 256], layers: [1, 2], lr: [5e-4, 4e-3] },
  async ({ embed, hidden, layers, lr }) => {
    const model = new CharLSTM({ vocab, embed, hidden, layers });
    const optimizer = new optim.Adam(model.parameters());
    const task = new train.LanguageTask({ model, vocab, optimizer, train: streams, clip: 5, documents: {} });
    await train.runTraining(task, {
      horizon: { steps: STEPS },
      rateAt: (progress) => lr * optim.cosine(progress),
      folder: null,
      reporter: train.silentReporter,
      checkpointEvery: { steps: STEPS },
    });
    const value = await train.evaluateLanguageModel(model, new text.EvaluationStreams(corpus.ids, trainSize));
    return value!;
  },
  { seed: 1 },
);
console.error(found.toString());
const nats = (embed: number, hidden: number, layers: number, lr: number): number =>
  found.trials.find(({ choice: c }) => c.embed === embed && c.hidden === hidden && c.layers === layers && c.lr === lr)!
    .value;
const [best, worst] = [nats(64, 256, 1, 4e-3), nats(16, 64, 2, 5e-4)];
report(
  'shakespeare-search',
  [
    { what: "nats from PyTorch's at its best", value: Math.abs(best - 1.807), target: 0.05, is: 'at most' },
    { what: "nats from PyTorch's at its worst", value: Math.abs(worst - 3.15), target: 0.05, is: 'at most' },
  ],
  {
    best: JSON.stringify(found.best!.choice),
    'its nats': found.best!.value.toFixed(3),
    'E64 H256 L1 4e-3': best,
    'E16 H64 L2 5e-4': worst,
  },
);
