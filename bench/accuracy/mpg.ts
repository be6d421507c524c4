/**
 * Miles a gallon of cars from their tables of data: the root mean squared error by ten-fold cross-validation.
 *
 * npx tsx bench/accuracy/mpg.ts [--json]
 */

import { cat, data, metrics, mseLoss, nn, optim, train } from '../../src/index.ts';
import { report } from './report.ts';
import { readTable, scaleInputs } from './tables.ts';

const table = await readTable('mpg/mpg.csv');
const numbers = ['cylinders', 'displacement', 'horsepower', 'weight', 'acceleration', 'model_year'];
const origin = [table.column('origin') as readonly string[]];
const x = cat([table.tensor(numbers), new data.OneHotEncoder().fit(origin).transform(origin)], 1);
const y = table.tensor(['mpg']);
const result = await train.crossValidate(
  () => {
    const out = new nn.Linear(32, 1);
    // The net begins at a plausible mileage and learns what differs from it.
    out.bias!.data.fill(25);
    return new nn.Sequential(new nn.Linear(x.shape[1], 32), new nn.Tanh(), out);
  },
  new data.TensorDataset(x, y),
  {
    k: 10,
    seed: 1,
    prepare: scaleInputs,
    batchSize: 16,
    epochs: 80,
    loss: mseLoss,
    optimizer: (model) => new optim.AdamW(model.parameters(), { lr: 0.01, weightDecay: 0.05 }),
    metrics: [new metrics.RootMeanSquaredError()],
  },
);
console.error(result.toString());
report(
  'mpg',
  [
    {
      what: 'RMSE in miles a gallon, mean of ten folds',
      value: result.mean.rootMeanSquaredError,
      target: 3,
      is: 'at most',
    },
  ],
  {
    cars: table.length,
  },
);
