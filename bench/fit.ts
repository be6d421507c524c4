/**
 * `fit` beside the work that it cannot do without. `of kernels` is the part of an epoch that passes in the backend's kernels,
 * `waited` the part in which batches are waited for; beside them, what fit adds to a step of a loop that somebody writes.
 *
 * npx tsx --import ./bench/compiled.ts bench/fit.ts [--json] [--ts]
 */

import { backward, scope } from '../src/autograd/index.ts';
import { kernelsFor, setBackend } from '../src/backend/select.ts';
import { manualSeed } from '../src/core/rng.ts';
import { DataLoader, TensorDataset } from '../src/data/index.ts';
import { Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential, Tanh } from '../src/nn/index.ts';
import { crossEntropy, rand, randint, randn } from '../src/ops/index.ts';
import { Adam } from '../src/optim/index.ts';
import type { Tensor } from '../src/tensor.ts';
import { fit } from '../src/train/index.ts';
import { report } from './harness.ts';
import { median, significant, spread } from './statistics.ts';

const onTs = process.argv.includes('--ts');
if (onTs) setBackend('ts');
const ROUNDS = onTs ? 3 : 9;

interface Work {
  readonly name: string;
  readonly model: Sequential;
  readonly data: TensorDataset;
  readonly batchSize: number;
}

function cnn(): Sequential {
  return new Sequential(
    new Conv2d(1, 16, 5, { padding: 2 }),
    new ReLU(),
    new MaxPool2d(2),
    new Conv2d(16, 32, 5, { padding: 2 }),
    new ReLU(),
    new MaxPool2d(2),
    new Flatten(),
    new Linear(32 * 49, 10),
  );
}

manualSeed(1);
const images = (onTs ? 4 : 24) * 64;
const points = 400 * 16;
const works: readonly Work[] = [
  {
    name: 'CNN 16, 32 on images',
    model: cnn(),
    data: new TensorDataset(rand([images, 1, 28, 28]), randint(0, 10, [images])),
    batchSize: 64,
  },
  {
    name: 'MLP 16-16-4',
    model: new Sequential(new Linear(16, 16), new Tanh(), new Linear(16, 4)),
    data: new TensorDataset(randn([points, 16]), randint(0, 4, [points])),
    batchSize: 16,
  },
];

/** Notes how long the kernels of the backend take, until it is told to stop. */
function watchKernels(): () => number {
  const kernels = kernelsFor('float32') as unknown as Record<string, unknown>;
  const own = new Set(Object.getOwnPropertyNames(kernels));
  const replaced: string[] = [];
  let depth = 0;
  let total = 0;
  for (let at: object = kernels; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) {
      const call = kernels[name];
      if (own.has(name) || name === 'constructor' || typeof call !== 'function' || replaced.includes(name)) continue;
      replaced.push(name);
      kernels[name] = (...args: unknown[]): unknown => {
        const since = performance.now();
        depth++;
        try {
          return call.apply(kernels, args);
        } finally {
          depth--;
          // A kernel that calls another is one piece of work.
          if (depth === 0) total += performance.now() - since;
        }
      };
    }
  }
  return () => {
    for (const name of replaced) delete kernels[name];
    return total;
  };
}

async function byHand({ model, data, batchSize }: Work, optimizer: Adam): Promise<void> {
  const loader = new DataLoader(data, { batchSize, shuffle: true, seed: 1 });
  for await (const [x, y] of loader.epoch(0, 0, { recycle: true })) {
    scope(() => {
      optimizer.zeroGrad({ recycle: true });
      const loss = crossEntropy(model.forward(x), y);
      loss.item();
      backward(loss);
      optimizer.step();
    });
  }
}

async function rowOf(work: Work): Promise<Record<string, unknown>> {
  const { model, data, batchSize } = work;
  const optimizer = new Adam(model.parameters(), { lr: 1e-3 });
  const loader = new DataLoader(data, { batchSize, shuffle: true, seed: 1 });
  const times: Record<'fit' | 'hand' | 'kernels' | 'waited', number[]> = { fit: [], hand: [], kernels: [], waited: [] };
  const fitOnce = () => fit<Tensor, Tensor[]>(model, loader, { loss: crossEntropy, optimizer, progress: false });
  for (let round = -2; round < ROUNDS; round++) {
    let since = performance.now();
    const history = await fitOnce();
    const wall = performance.now() - since;
    since = performance.now();
    await byHand(work, optimizer);
    const hand = performance.now() - since;
    const stop = watchKernels();
    since = performance.now();
    await fitOnce();
    const watched = performance.now() - since;
    const kernels = stop() / watched;
    if (round < 0) continue;
    times.fit.push(wall);
    times.hand.push(hand);
    times.kernels.push(kernels);
    times.waited.push(1000 * history.epochs[0].waitedSeconds);
  }
  const [wall, kernels, waited] = [times.fit, times.kernels, times.waited].map((list) => median(list));
  // A small difference of large times: of the rounds that were least disturbed.
  const added = Math.min(...times.fit) - Math.min(...times.hand);
  const steps = loader.length;
  return {
    work: `${work.name}, batches of ${batchSize}`,
    'µs a step': significant((1000 * wall) / steps),
    spread: significant(spread(times.fit)),
    'added to a loop, µs a step': significant((1000 * added) / steps),
    'of kernels': significant(kernels),
    waited: significant(waited / wall),
  };
}

const rows: Record<string, unknown>[] = [];
for (const work of works) rows.push(await rowOf(work));
report('fit', rows, { by: ['work'], time: 'µs a step', ratios: ['of kernels'] });
