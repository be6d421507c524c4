/** Cross-validation of a small network on a table of classes: iris and penguins. */

import { cat, crossEntropy, data, metrics, nn, optim, type Tensor, train } from '../../src/index.ts';
import { report } from './report.ts';
import { scaleInputs } from './tables.ts';

export interface TableTask {
  readonly subject: string;
  readonly table: data.Table;
  readonly numbers: readonly string[];
  readonly categories?: readonly string[];
  readonly label: string;
  readonly target: number;
}

export async function classifyTable(task: TableTask): Promise<void> {
  const { subject, table, numbers, categories = [], label, target } = task;
  const textOf = (name: string) => table.column(name) as readonly string[];
  const parts: Tensor[] = [table.tensor(numbers)];
  if (categories.length > 0) {
    const columns = categories.map(textOf);
    parts.push(new data.OneHotEncoder().fit(columns).transform(columns));
  }
  const encoder = new data.LabelEncoder();
  const y = encoder.fitTransform(textOf(label));
  const x = cat(parts, 1);
  const result = await train.crossValidate(
    () => new nn.Sequential(new nn.Linear(x.shape[1], 16), new nn.Tanh(), new nn.Linear(16, encoder.classes.length)),
    new data.TensorDataset(x, y),
    {
      k: 10,
      stratify: y,
      seed: 1,
      prepare: scaleInputs,
      batchSize: 16,
      epochs: 60,
      loss: crossEntropy,
      optimizer: (model) => new optim.AdamW(model.parameters(), { lr: 0.01, weightDecay: 0.02 }),
      metrics: [new metrics.Accuracy()],
    },
  );
  console.error(result.toString());
  report(subject, [{ what: 'accuracy, mean of ten folds', value: result.mean.accuracy, target, is: 'at least' }], {
    samples: table.length,
  });
}
