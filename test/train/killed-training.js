/**
 * A training, or a search over trainings, that saves at every step and goes on with what its folder holds:
 * node killed-training.js fit|search FOLDER. At its end it prints what it learned as one line of JSON.
 */

import { crossEntropy, data, fit, Generator, manualSeed, nn, optim, search, tensor, train } from '../../dist/index.js';

const [kind, folder] = process.argv.slice(2);
const SAMPLES = 96;
const u = new Generator(3).uniform53(2 * SAMPLES);
const x = Array.from({ length: SAMPLES }, (_, i) => [2 * u[2 * i] - 1, 2 * u[2 * i + 1] - 1]);
const y = x.map(([a, b]) => (a * b > 0 ? 1 : 0));
const dataset = new data.TensorDataset(tensor(x), tensor(y, { dtype: 'int32' }));

function modelWith(dropout) {
  return new nn.Sequential(new nn.Linear(2, 16), new nn.Tanh(), new nn.Dropout(dropout), new nn.Linear(16, 2));
}

function bitsOf(weights) {
  const entries = Object.entries(weights).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([name, { data: a }]) => [
    name,
    Buffer.from(a.buffer, a.byteOffset, a.byteLength).toString('hex'),
  ]);
}

function trainOn(model, parts, { lr, epochs, checkpoint, seed }) {
  const loaders = {
    train: new data.DataLoader(parts.train, { batchSize: 8, shuffle: true, seed, prefetch: 2 }),
    validation: new data.DataLoader(parts.validation, { batchSize: 24 }),
  };
  return fit(model, loaders, {
    loss: crossEntropy,
    optimizer: (m) => new optim.Adam(m.parameters(), { lr }),
    schedule: (o) => new optim.ExponentialLR(o, 0.9),
    earlyStopping: { patience: 50, restoreBest: true },
    accumulate: 2,
    epochs,
    checkpoint: { ...checkpoint, resume: true, every: { steps: 1 } },
  });
}

const courseOf = ({ epochs }) => epochs.map(({ seconds: _, waitedSeconds: __, ...row }) => row);

if (kind === 'fit') {
  manualSeed(5);
  const model = modelWith(0.3);
  const { train: rest, test: validation } = data.trainTestSplit(dataset, { seed: 1 });
  const history = await trainOn(
    model,
    { train: rest, validation },
    { lr: 0.02, epochs: 12, checkpoint: { folder }, seed: 4 },
  );
  console.log(JSON.stringify({ course: courseOf(history), best: history.best, weights: bitsOf(model.stateDict()) }));
} else {
  const space = { lr: train.logUniform(1e-3, 1e-1), dropout: [0, 0.3] };
  const run = async ({ lr, dropout }, { train: rest, validation, checkpoint, seed }) => {
    const model = modelWith(dropout);
    const history = await trainOn(model, { train: rest, validation }, { lr, epochs: 4, checkpoint, seed });
    return { value: history.best.value, model };
  };
  const options = { kind: 'random', trials: 4, seed: 6, data: dataset, stratify: y, folder, resume: true };
  const result = await search(space, run, options);
  const table = result.trials.map(({ seconds: _, ...trial }) => trial);
  console.log(JSON.stringify({ table, weights: bitsOf(result.bestWeights) }));
}
