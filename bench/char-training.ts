/** The training step that several benchmarks time: forward, loss, backward, clip to norm 5, Adam. */

import { scope } from '../src/autograd/index.ts';
import { manualSeed } from '../src/core/rng.ts';
import { CharLSTM } from '../src/models/char-lstm.ts';
import { detachState, Embedding, GRU, Linear, type LstmState, Module, RNN } from '../src/nn/index.ts';
import { crossEntropy, randint } from '../src/ops/index.ts';
import { Adam, clipGradNorm_ } from '../src/optim/index.ts';
import type { Tensor } from '../src/tensor.ts';
import { type Cell, type TrainSize, VOCAB } from './workloads.ts';

const layersOf = { GRU, RNN } as const;

/** CharLSTM with other layers. */
class CharRecurrent extends Module {
  readonly emb: Embedding;
  readonly rnn: GRU | RNN;
  readonly head: Linear;

  constructor(cell: 'GRU' | 'RNN', { embed, hidden, layers }: TrainSize) {
    super();
    this.emb = new Embedding(VOCAB, embed);
    this.rnn = new layersOf[cell](embed, hidden, { numLayers: layers });
    this.head = new Linear(hidden, VOCAB);
  }

  forward(ids: Tensor, state?: Tensor): [logits: Tensor, state: Tensor] {
    const [y, end] = this.rnn.forward(this.emb.forward(ids), state);
    return [this.head.forward(y), end];
  }
}

/** Steps of `model`, whose state goes from one to the next with its history cut. */
function stepper<State>(
  model: Module & { forward(ids: Tensor, state?: State): [logits: Tensor, state: State] },
  { batch, steps }: TrainSize,
  detach: (state: State) => State,
): () => void {
  const parameters = model.parameters();
  const adam = new Adam(parameters, { lr: 1e-3 });
  const ids = randint(0, VOCAB, [steps, batch]);
  const targets = randint(0, VOCAB, [steps * batch]);
  let state: State | undefined;
  return () => {
    state = scope(() => {
      adam.zeroGrad({ recycle: true });
      const [logits, end] = model.forward(ids, state);
      crossEntropy(logits.reshape([steps * batch, VOCAB]), targets).backward();
      clipGradNorm_(parameters, 5);
      adam.step();
      return detach(end);
    });
  };
}

/** A model of that size with an optimizer and a batch; each call is one step. */
export function trainingStep(size: TrainSize, cell: Cell = 'LSTM'): () => void {
  manualSeed(1);
  if (cell !== 'LSTM') return stepper<Tensor>(new CharRecurrent(cell, size), size, (state) => state.detach());
  const { embed, hidden, layers } = size;
  return stepper<LstmState>(new CharLSTM({ vocab: VOCAB, embed, hidden, layers }), size, detachState);
}
