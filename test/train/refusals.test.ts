/** What is told to somebody who calls the functions of this room wrongly. */

import { expect, test } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import {
  arange,
  crossValidate,
  data,
  evaluate,
  fit,
  metrics,
  nn,
  optim,
  predict,
  search,
  tensor,
} from '../../src/index.ts';

const model = new nn.Linear(2, 1);
const [x, y] = [
  tensor([
    [1, 2],
    [3, 4],
  ]),
  tensor([[1], [2]]),
];
const batches = [[x, y]];
const loss = new nn.MSELoss();
const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
const given = { loss, optimizer };
const set = new data.TensorDataset(arange(8));
const wrong = (value: unknown) => value as never;

test.each<[string, () => Promise<unknown>, string]>([
  ['no options', () => fit(model, batches, wrong(undefined)), 'fit: options come as an object'],
  ['epoch', () => fit(model, batches, wrong({ ...given, epoch: 3 })), 'did you mean epochs?'],
  [
    'patience',
    () => fit(model, batches, { ...given, earlyStopping: wrong({ patient: 3 }) }),
    'fit.earlyStopping: unknown',
  ],
  [
    'checkpoint',
    () => fit(model, batches, { ...given, checkpoint: wrong({ dir: 'runs' }) }),
    'fit.checkpoint: unknown',
  ],
  ['the name of a loss', () => fit(model, batches, wrong({ loss: 'mse', optimizer })), 'this is no loss: got mse'],
  [
    'a class of losses',
    () => fit(model, batches, wrong({ loss: nn.MSELoss, optimizer })),
    'this is no loss: got function MSELoss',
  ],
  ['the name of an optimizer', () => fit(model, batches, wrong({ loss, optimizer: 'adam' })), 'no optimizer: got adam'],
  [
    'a class of optimizers',
    () => fit(model, batches, wrong({ loss, optimizer: optim.SGD })),
    'no optimizer: got function SGD',
  ],
  [
    'the name of a metric',
    () => fit(model, batches, wrong({ ...given, metrics: ['accuracy'] })),
    'this is no metric: got accuracy',
  ],
  [
    'a function',
    () => evaluate(model, batches, wrong({ loss, metrics: [metrics.accuracy] })),
    'no metric: got function accuracy',
  ],
  ['tensors', () => fit(model, wrong([x, y]), given), '[[x, y]] is a list of one batch'],
  ['a data set', () => fit(model, wrong(new data.TensorDataset(x, y)), given), 'new DataLoader(dataset'],
  ['metric', () => evaluate(model, batches, wrong({ metric: [] })), 'did you mean metrics?'],
  ['batchsize', () => predict(model, x, wrong({ batchsize: 3 })), 'did you mean batchSize?'],
  [
    'folds',
    () => crossValidate(() => new nn.Linear(2, 1), set, wrong({ ...given, folds: 3 })),
    'crossValidate: unknown option',
  ],
  [
    'a folder of folds',
    () => crossValidate(() => model, set, wrong({ ...given, checkpoint: 'runs' })),
    'unknown option: got checkpoint',
  ],
  ['trails', () => search({ a: [1] }, () => 1, wrong({ trails: 3 })), 'did you mean trials?'],
  ['a mode', () => search({ a: [1] }, () => 1, wrong({ mode: 'least' })), 'unknown mode: got least'],
  ['no number of trials', () => search({ a: [1] }, () => 1, { kind: 'random' }), 'trials must be a positive integer'],
])('%s', async (_, call, message) => {
  await expect(call()).rejects.toThrow(ConfigError);
  await expect(call()).rejects.toThrow(message);
});
