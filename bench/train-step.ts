/**
 * One training step of a character LSTM (forward, loss, backward, clip to norm 5, Adam) by size, backend and threads.
 * GF/s counts three times the forward products.
 *
 * npx tsx bench/train-step.ts [--json] [--ts]
 */

import { scope } from '../src/autograd/index.ts';
import { backendInfo, setBackend, setNumThreads } from '../src/backend/select.ts';
import { manualSeed } from '../src/core/rng.ts';
import { CharLSTM } from '../src/models/char-lstm.ts';
import { detachState } from '../src/nn/index.ts';
import { crossEntropy, randint } from '../src/ops/index.ts';
import { Adam, clipGradNorm_ } from '../src/optim/index.ts';
import { Vocabulary } from '../src/text/vocabulary.ts';
import { interleaved, report } from './harness.ts';

interface Size {
  readonly embed: number;
  readonly hidden: number;
  readonly layers: number;
  readonly batch: number;
  readonly steps: number;
}

const VOCAB = 65;
const sizes: readonly Size[] = [
  { embed: 64, hidden: 128, layers: 1, batch: 32, steps: 64 },
  { embed: 64, hidden: 256, layers: 1, batch: 32, steps: 64 },
  { embed: 64, hidden: 256, layers: 2, batch: 32, steps: 64 },
  { embed: 64, hidden: 128, layers: 2, batch: 50, steps: 50 },
];

function forwardProducts({ embed, hidden, layers, batch, steps }: Size): number {
  let perItem = 2 * hidden * VOCAB;
  for (let layer = 0; layer < layers; layer++) perItem += 8 * hidden * (hidden + (layer === 0 ? embed : hidden));
  return perItem * batch * steps;
}

function stepper(size: Size): () => void {
  manualSeed(1);
  const { embed, hidden, layers, batch, steps } = size;
  const vocab = Vocabulary.fromCodePoints(Array.from({ length: VOCAB }, (_, i) => 32 + i));
  const model = new CharLSTM({ vocab, embed, hidden, layers });
  const adam = new Adam(model.parameters(), { lr: 1e-3 });
  const ids = randint(0, VOCAB, [steps, batch]);
  const targets = randint(0, VOCAB, [steps * batch]);
  let state = model.initHidden(batch);
  return () => {
    state = scope(() => {
      adam.zeroGrad({ recycle: true });
      const [logits, end] = model.forward(ids, state);
      crossEntropy(logits.reshape([steps * batch, VOCAB]), targets).backward();
      clipGradNorm_(model.parameters(), 5);
      adam.step();
      return detachState(end);
    });
  };
}

const onTs = process.argv.includes('--ts');
if (onTs) setBackend('ts');
const threads = backendInfo().backend === 'native' ? [1, 2] : [1];
const rows = sizes.slice(0, onTs ? 2 : sizes.length).flatMap((size) => {
  const subjects = threads.map((count) => {
    const step = stepper(size);
    return {
      name: String(count),
      run: () => {
        setNumThreads(count);
        step();
      },
    };
  });
  return interleaved(subjects, { rounds: onTs ? 3 : 15 }).map(({ name, median, fastest }) => ({
    ...size,
    threads: Number(name),
    'ms (median)': Number((median * 1e3).toFixed(2)),
    'ms (fastest)': Number((fastest * 1e3).toFixed(2)),
    'chars/s': Math.round((size.batch * size.steps) / median),
    'GF/s': Number(((3 * forwardProducts(size)) / median / 1e9).toFixed(1)),
  }));
});
report('train-step', rows);
