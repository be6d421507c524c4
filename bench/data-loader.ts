/**
 * The loader beside the training that it feeds: 28 × 28 images in batches of 128, gathered, scaled, and augmented on this
 * thread and on another. `waits` is the part of an epoch that the steps wait for batches; a training that waits for
 * nothing takes the time of its steps.
 *
 * npx tsx bench/data-loader.ts [--json] [--ts]
 */

import { scope } from '../src/autograd/index.ts';
import { setBackend } from '../src/backend/select.ts';
import { manualSeed } from '../src/core/rng.ts';
import {
  augment,
  DataLoader,
  type DataLoaderOptions,
  gaussianNoise,
  randomCrop,
  randomRotation,
  TensorDataset,
} from '../src/data/index.ts';
import { Conv2d, Flatten, Linear, MaxPool2d, type Module, ReLU, Sequential } from '../src/nn/index.ts';
import { crossEntropy, rand, randint } from '../src/ops/index.ts';
import { Adam } from '../src/optim/index.ts';
import type { Tensor } from '../src/tensor.ts';
import { report } from './harness.ts';
import { median, significant, spread } from './statistics.ts';

type Options = DataLoaderOptions<Tensor[], Tensor[], Tensor[]>;

const onTs = process.argv.includes('--ts');
if (onTs) setBackend('ts');
const BATCH = 128;
const BATCHES = onTs ? 8 : 48;
const ROUNDS = onTs ? 1 : 5;

manualSeed(1);
const labels = randint(0, 10, [BATCH * BATCHES]);
const floats = new TensorDataset(rand([BATCH * BATCHES, 1, 28, 28]), labels);
const bytes = new TensorDataset(randint(0, 256, [BATCH * BATCHES, 1, 28, 28]).to('uint8'), labels);
const moved = [randomCrop(28, { padding: 2 })];
const changed = [...moved, randomRotation(10), gaussianNoise(0.05)];

const loaders: readonly { name: string; set: TensorDataset; options: Options }[] = [
  { name: 'gathered', set: floats, options: {} },
  { name: 'bytes, scaled', set: bytes, options: { transform: ([x, y]) => [x.to('float32').div(255), y] } },
  { name: 'cropped', set: floats, options: { transform: augment(moved) } },
  { name: 'cropped on a thread', set: floats, options: { transform: augment(moved), prefetch: 4 } },
  { name: 'cropped, turned, noisy', set: floats, options: { transform: augment(changed) } },
  { name: 'cropped, turned, noisy on a thread', set: floats, options: { transform: augment(changed), prefetch: 4 } },
];

function stepOf(model: Module & { forward(x: Tensor): Tensor }): (batch: Tensor[]) => void {
  const adam = new Adam(model.parameters(), { lr: 1e-3 });
  return ([x, y]) => {
    scope(() => {
      adam.zeroGrad();
      crossEntropy(model.forward(x), y).backward();
      adam.step();
    });
  };
}

const trainings: readonly { name: string; step: (batch: Tensor[]) => void }[] = [
  { name: 'none', step: () => undefined },
  {
    name: 'MLP 784-256-10',
    step: stepOf(new Sequential(new Flatten(), new Linear(784, 256), new ReLU(), new Linear(256, 10))),
  },
  {
    name: 'CNN 16, 32',
    step: stepOf(
      new Sequential(
        new Conv2d(1, 16, 5, { padding: 2 }),
        new ReLU(),
        new MaxPool2d(2),
        new Conv2d(16, 32, 5, { padding: 2 }),
        new ReLU(),
        new MaxPool2d(2),
        new Flatten(),
        new Linear(32 * 49, 10),
      ),
    ),
  },
];

/** Seconds of one epoch, and how many of them passed while a batch was awaited. */
async function walk(
  loader: DataLoader<Tensor[]>,
  epoch: number,
  step: (batch: Tensor[]) => void,
): Promise<[number, number]> {
  let waited = 0;
  const start = performance.now();
  const batches = loader.epoch(epoch, 0, { recycle: true });
  for (;;) {
    const asked = performance.now();
    const { value, done } = await batches.next();
    waited += performance.now() - asked;
    if (done) break;
    step(value);
  }
  return [(performance.now() - start) / 1e3, waited / 1e3];
}

const rows: Record<string, unknown>[] = [];
for (const { name: training, step } of trainings) {
  if (onTs && training.startsWith('CNN')) continue;
  for (const { name, set, options } of loaders) {
    const loader = new DataLoader(set, { batchSize: BATCH, shuffle: true, seed: 1, ...options });
    await walk(loader, 0, step); // threads start here, and code is compiled
    const times: [number, number][] = [];
    for (let round = 1; round <= ROUNDS; round++) times.push(await walk(loader, round, step));
    await loader.close();
    const seconds = times.map(([whole]) => whole);
    const whole = median(seconds);
    rows.push({
      training,
      batches: name,
      µs: significant((whole / BATCHES) * 1e6),
      'samples/s': significant((BATCH * BATCHES) / whole),
      'waits %': significant((100 * median(times.map(([, waited]) => waited))) / whole, 2),
      'spread %': significant(spread(seconds) * 100, 2),
    });
  }
}
report('data-loader', rows, { by: ['training', 'batches'], time: 'µs' });
