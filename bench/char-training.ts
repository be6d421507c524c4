/** The training step that several benchmarks time: forward, loss, backward, clip to norm 5, Adam. */

import { scope } from '../src/autograd/index.ts';
import { manualSeed } from '../src/core/rng.ts';
import { CharLSTM } from '../src/models/char-lstm.ts';
import { detachState } from '../src/nn/index.ts';
import { crossEntropy, randint } from '../src/ops/index.ts';
import { Adam, clipGradNorm_ } from '../src/optim/index.ts';
import { type TrainSize, VOCAB } from './workloads.ts';

/** A model of that size with an optimizer and a batch; each call is one step. */
export function trainingStep({ embed, hidden, layers, batch, steps }: TrainSize): () => void {
  manualSeed(1);
  const model = new CharLSTM({ vocab: VOCAB, embed, hidden, layers });
  const parameters = model.parameters();
  const adam = new Adam(parameters, { lr: 1e-3 });
  const ids = randint(0, VOCAB, [steps, batch]);
  const targets = randint(0, VOCAB, [steps * batch]);
  let state = model.initHidden(batch);
  return () => {
    state = scope(() => {
      adam.zeroGrad({ recycle: true });
      const [logits, end] = model.forward(ids, state);
      crossEntropy(logits.reshape([steps * batch, VOCAB]), targets).backward();
      clipGradNorm_(parameters, 5);
      adam.step();
      return detachState(end);
    });
  };
}
