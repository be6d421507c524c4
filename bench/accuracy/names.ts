/**
 * Given names: the mean surprise of a character LSTM in nats a character on names it did not see (a tenth of all, the end
 * of a name counted), beside n-grams.
 *
 * npx tsx bench/accuracy/names.ts [--json]
 */

import {
  crossEntropy,
  data,
  fit,
  manualSeed,
  models,
  noGrad,
  optim,
  type Tensor,
  tensor,
  text,
} from '../../src/index.ts';
import { dataPath } from './data.ts';
import { report } from './report.ts';

const NONE = -100;
const EPOCHS = 12;

const names = (await data.readText(dataPath('names/names.txt'))).trim().split('\n');
// '.' begins and ends a name, and has the lowest code point: id 0.
const vocabulary = text.Vocabulary.fromText(`.${names.join('')}`);
const encoded = names.map((name) => vocabulary.encode(`.${name}.`));
const longest = Math.max(...encoded.map((ids) => ids.length)) - 1;

/** Ids and the characters that follow them, [N, T]; behind the end of a name nothing is asked. */
function table(rows: ArrayLike<number>): data.TensorDataset {
  const ids = new Int32Array(rows.length * longest);
  const targets = new Int32Array(rows.length * longest).fill(NONE);
  for (let i = 0; i < rows.length; i++) {
    const name = encoded[rows[i]];
    ids.set(name.subarray(0, -1), i * longest);
    targets.set(name.subarray(1), i * longest);
  }
  const shape = [rows.length, longest];
  return new data.TensorDataset(tensor(ids, { shape }), tensor(targets, { shape }));
}

manualSeed(1);
const [train, validation, test] = data
  .randomSplit(new data.ArrayDataset([...encoded.keys()]), [0.8, 0.1, 0.1], { seed: 1 })
  .map((part) => Array.from({ length: part.length }, (_, i) => part.get(i)));
const model = new models.CharLSTM({ vocab: vocabulary.size, embed: 48, hidden: 192, dropout: 0.25, batchFirst: true });
const loss = (batch: Tensor[], reduction: 'mean' | 'sum' = 'mean') => {
  const [logits] = model.forward(batch[0]);
  return crossEntropy(logits.reshape([-1, vocabulary.size]), batch[1].reshape([-1]), { ignoreIndex: NONE, reduction });
};
const loader = new data.DataLoader(table(train), { batchSize: 64, shuffle: true, seed: 1 });
const history = await fit(
  model,
  { train: loader, validation: new data.DataLoader(table(validation), { batchSize: 512 }) },
  {
    step: (_model, batch) => loss(batch),
    optimizer: new optim.AdamW(model.parameters(), { lr: 4e-3, weightDecay: 0.05 }),
    schedule: (optimizer) => new optim.OneCycleLR(optimizer, 4e-3, { totalSteps: EPOCHS * loader.length }),
    scheduleBy: 'step',
    epochs: EPOCHS,
    clipGradNorm: 1,
  },
);
console.error(history.toString());

const held = test.map((i) => encoded[i].subarray(1));
const characters = held.reduce((sum, ids) => sum + ids.length, 0);
const nats = noGrad(() => {
  model.eval();
  return loss(table(test).batch(Int32Array.from(test.keys())), 'sum').item() / characters;
});
const counted = [2, 3, 4, 5].map((order) => {
  const grams = new text.NGram({ order, size: vocabulary.size });
  for (const i of train) grams.add(encoded[i]);
  // The point before a name is known, not predicted.
  const all = grams.crossEntropy(test.map((i) => encoded[i])) * (characters + test.length);
  const points = grams.crossEntropy(test.map(() => [0])) * test.length;
  return `${order}-grams ${((all - points) / characters).toFixed(3)}`;
});
report('names', [{ what: 'nats a character on held-out names', value: nats, target: 2.05, is: 'at most' }], {
  'counted by': counted.join(', '),
  parameters: model.parameters().reduce((sum, p) => sum + p.size, 0),
});
