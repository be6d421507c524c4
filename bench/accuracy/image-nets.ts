/** Networks for images of 28 × 28, and how they are trained. */

import { crossEntropy, data, fit, manualSeed, metrics, nn, optim, train } from '../../src/index.ts';
import { images, standardised } from './data.ts';

export function mlp(hidden: number, dropout: number): nn.Sequential {
  return new nn.Sequential(
    new nn.Flatten(),
    new nn.Linear(784, hidden),
    new nn.ReLU(),
    new nn.Dropout(dropout),
    new nn.Linear(hidden, 10),
  );
}

export function cnn(channels: readonly [number, number], hidden: number, dropout: number): nn.Sequential {
  return new nn.Sequential(
    new nn.Conv2d(1, channels[0], 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(channels[0], channels[1], 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Dropout(dropout),
    new nn.Linear(channels[1] * 49, hidden),
    new nn.ReLU(),
    new nn.Dropout(dropout),
    new nn.Linear(hidden, 10),
  );
}

export interface ImageTraining {
  readonly set: 'mnist' | 'fashion-mnist';
  readonly model: () => nn.Sequential;
  readonly epochs: number;
  readonly batchSize: number;
  readonly lr: number;
}

/** Trains on the training images by AdamW with one cycle of the rate; the accuracy on the test images. */
export async function trainImages({ set, model: make, epochs, batchSize, lr }: ImageTraining): Promise<number> {
  manualSeed(1);
  const [training, test] = [await images(set, 'train'), await images(set, 't10k')];
  const model = make();
  const loader = new data.DataLoader(standardised(training, training), { batchSize, shuffle: true, seed: 1 });
  const history = await fit(model, loader, {
    loss: crossEntropy,
    optimizer: new optim.AdamW(model.parameters(), { lr, weightDecay: 0.01 }),
    schedule: (optimizer) => new optim.OneCycleLR(optimizer, lr, { totalSteps: epochs * loader.length }),
    scheduleBy: 'step',
    epochs,
  });
  console.error(history.toString());
  const accuracy = new metrics.Accuracy();
  await train.evaluate(model, new data.DataLoader(standardised(test, training), { batchSize: 500 }), {
    metrics: [accuracy],
  });
  return accuracy.compute();
}
