/** An LSTM that forecasts the next value of a series, and how it is trained. */

import { data, fit, mseLoss, nn, noGrad, optim, select, type Tensor, tensor } from '../../src/index.ts';

export class Forecaster extends nn.Module {
  readonly lstm: nn.LSTM;
  readonly head: nn.Linear;

  constructor(features: number, hidden: number) {
    super();
    this.lstm = new nn.LSTM(features, hidden, { batchFirst: true });
    this.head = new nn.Linear(hidden, 1);
  }

  /** Shapes: x [B, T, F] → [B], the forecast after the last step. */
  forward(x: Tensor): Tensor {
    const [y] = this.lstm.forward(x);
    return this.head.forward(select(y, 1, x.shape[1] - 1)).reshape([x.shape[0]]);
  }
}

export interface Windows {
  /** Steps of a window, each a list of features. */
  readonly steps: readonly (readonly (readonly number[])[])[];
  readonly targets: readonly number[];
}

export interface ForecastTraining {
  readonly hidden: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly lr: number;
  readonly weightDecay?: number;
}

/** Trains on windows, all features and targets scaled by those, and gives forecasts for others. */
export async function forecast(
  training: Windows,
  test: Windows['steps'],
  options: ForecastTraining,
): Promise<number[]> {
  const { hidden, epochs, batchSize, lr, weightDecay = 0 } = options;
  const scaler = new data.StandardScaler();
  const features = training.steps[0][0].length;
  const table = (steps: Windows['steps']) => tensor(steps.flat(2), { dtype: 'float32' }).reshape([-1, features]);
  const windows = (steps: Windows['steps']) =>
    scaler.transform(table(steps)).reshape([steps.length, steps[0].length, features]);
  scaler.fit(table(training.steps));
  const target = tensor([...training.targets]);
  const [mean, deviation] = [target.mean().item(), target.std().item()];
  const model = new Forecaster(features, hidden);
  const set = new data.TensorDataset(windows(training.steps), target.sub(mean).div(deviation));
  const loader = new data.DataLoader(set, { batchSize, shuffle: true, seed: 1 });
  await fit(model, loader, {
    loss: mseLoss,
    optimizer: new optim.AdamW(model.parameters(), { lr, weightDecay }),
    schedule: (optimizer) => new optim.CosineAnnealingLR(optimizer, epochs),
    epochs,
    clipGradNorm: 1,
  });
  const found = noGrad(() => model.eval().forward(windows(test)));
  return Array.from(found.data, (value) => Number(value) * deviation + mean);
}

export function rmse(found: readonly number[], wanted: readonly number[]): number {
  const squares = found.map((value, i) => (value - wanted[i]) ** 2);
  return Math.sqrt(squares.reduce((sum, s) => sum + s, 0) / squares.length);
}
