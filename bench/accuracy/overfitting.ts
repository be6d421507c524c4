/**
 * Overfitting and its cures on Fashion-MNIST with few samples: a network that learns 1,500 images by heart, and the same
 * one with each cure. The gap is the loss on held-out images less that on the images it learned.
 *
 * npx tsx bench/accuracy/overfitting.ts [--json]
 */

import { crossEntropy, data, fit, manualSeed, metrics, nn, optim, train } from '../../src/index.ts';
import { images, standardised } from './data.ts';
import { report } from './report.ts';

const EPOCHS = 40;
const SAMPLES = 1500;

const training = await images('fashion-mnist', 'train');
const all = standardised(training, training);
const part = (from: number, n: number) =>
  new data.Subset(
    all,
    Int32Array.from({ length: n }, (_, i) => from + i),
  );
const [learned, held] = [part(0, SAMPLES), part(50_000, 5000)];

interface Cure {
  readonly name: string;
  readonly dropout?: number;
  readonly batchNorm?: boolean;
  /** λ of λΣw² and of λΣ|w|. */
  readonly l2?: number;
  readonly l1?: number;
  readonly augmentation?: readonly data.Augmentation[];
  readonly earlyStopping?: boolean;
}

const cures: readonly Cure[] = [
  { name: 'none' },
  { name: 'L2', l2: 2e-3 },
  { name: 'L1', l1: 2e-2 },
  { name: 'dropout', dropout: 0.5 },
  { name: 'batch norm', batchNorm: true },
  {
    name: 'augmentation',
    augmentation: [data.randomHorizontalFlip(), data.randomShift(2), data.gaussianNoise(0.2)],
  },
  { name: 'early stopping', earlyStopping: true },
];

function network({ dropout = 0, batchNorm = false }: Cure): nn.Sequential {
  const net = new nn.Sequential(new nn.Flatten());
  for (const [inputs, outputs] of [
    [784, 256],
    [256, 256],
  ]) {
    net.append(new nn.Linear(inputs, outputs));
    if (batchNorm) net.append(new nn.BatchNorm1d(outputs));
    net.append(new nn.ReLU());
    if (dropout > 0) net.append(new nn.Dropout(dropout));
  }
  return net.append(new nn.Linear(256, 10));
}

async function cured(cure: Cure): Promise<Record<string, string | number>> {
  manualSeed(1);
  const model = network(cure);
  const { l1 = 0, l2 = 0, augmentation, earlyStopping } = cure;
  const loader = new data.DataLoader(learned, {
    batchSize: 16,
    shuffle: true,
    seed: 1,
    ...(augmentation === undefined ? {} : { transform: data.augment(augmentation) }),
  });
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3, weightDecay: 2 * l2 });
  const validation = new data.DataLoader(held, { batchSize: 500 });
  const history = await fit(
    model,
    { train: loader, validation },
    {
      loss: crossEntropy,
      optimizer,
      epochs: EPOCHS,
      ...(earlyStopping ? { earlyStopping: { patience: 3, restoreBest: true } } : {}),
      callbacks: {
        onBatchEnd: () => {
          if (l1 > 0) optim.proximalL1_(model.parameters(), 1e-3 * l1);
        },
      },
    },
  );
  const measure = (source: data.Dataset<never, never>) =>
    train.evaluate(model, new data.DataLoader(source, { batchSize: 500 }), {
      loss: crossEntropy,
      metrics: [new metrics.Accuracy()],
    });
  const [on, off] = [await measure(learned as never), await measure(held as never)];
  return {
    cure: cure.name,
    epochs: history.epochs.length,
    'loss learned': on.loss!,
    'loss held out': off.loss!,
    gap: off.loss! - on.loss!,
    'accuracy held out': Number(off.metrics.accuracy),
  };
}

const rows: Record<string, string | number>[] = [];
for (const cure of cures) rows.push(await cured(cure));
console.table(rows);
const gapOf = (name: string) => Number(rows.find((row) => row.cure === name)!.gap);
report(
  'overfitting',
  cures.slice(1).map(({ name }) => ({
    what: `gap with ${name} over that without`,
    value: gapOf(name) / gapOf('none'),
    target: 1,
    is: 'at most' as const,
  })),
);
