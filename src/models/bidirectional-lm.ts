import { checkPositiveInteger } from '../core/options.ts';
import { Embedding, type FloatDType, Linear, LSTM, Module } from '../nn/index.ts';
import { checkProbability } from '../nn/make-parameter.ts';
import { cat, dropout, flip, narrow, zeros } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';

export interface BidirectionalLMOptions {
  /** How many tokens there are. */
  vocab: number;
  /** Size of a token's vector. Default 64. */
  embed?: number;
  /** Hidden units of each layer, in each direction. Default 256. */
  hidden?: number;
  /** Layers on top of each other. Default 1. */
  layers?: number;
  /** In training, the probability of dropping an output of an LSTM layer on its way up. Default 0. */
  dropout?: number;
  dtype?: FloatDType;
}

/**
 * A language model that reads from both sides: each token is predicted from all that stand before it and all that stand
 * after it, never from itself. It fills gaps and judges words in their place, where a model that reads one way writes on.
 *
 * One LSTM walks the text forwards, another backwards; they meet only in the head, since a second layer over both would
 * let a token see itself.
 *
 * Shapes: ids [T, B] (int32) → logits [T, B, V]; [T] → [T, V] for a single sequence
 *         (T steps, B sequences, V tokens)
 * State dict: emb.weight, before.weight_ih_l0 …, after.weight_ih_l0 …, head.weight, head.bias
 * Source: Peters et al., Deep contextualized word representations, 2018.
 *
 * @throws ConfigError  if a size is no positive integer
 */
export class BidirectionalLM extends Module {
  readonly emb: Embedding;
  readonly before: LSTM;
  readonly after: LSTM;
  readonly head: Linear;
  readonly dropout: number;

  constructor(options: BidirectionalLMOptions) {
    super();
    const { vocab, embed = 64, hidden = 256, layers = 1, dtype = 'float32' } = options;
    for (const [name, size] of Object.entries({ vocab, embed, hidden, layers })) {
      checkPositiveInteger('BidirectionalLM', name, size);
    }
    this.dropout = checkProbability('BidirectionalLM', 'dropout', options.dropout ?? 0);
    const stack = () => new LSTM(embed, hidden, { numLayers: layers, dropout: this.dropout, dtype });
    this.emb = new Embedding(vocab, embed, { dtype });
    this.before = stack();
    this.after = stack();
    this.head = new Linear(2 * hidden, vocab, { dtype });
  }

  /** The logits of every token, from the others. */
  forward(ids: Tensor): Tensor {
    const x = this.emb.forward(ids);
    const [past] = this.before.forward(x);
    const [turned] = this.after.forward(flip(x, [0]));
    const future = flip(turned, [0]);
    // What is known before the first token, and after the last, is nothing.
    const steps = ids.shape[0];
    const nothing = zeros([1, ...past.shape.slice(1)], { dtype: past.dtype });
    const around = cat(
      [cat([nothing, narrow(past, 0, 0, steps - 1)], 0), cat([narrow(future, 0, 1, steps - 1), nothing], 0)],
      -1,
    );
    return this.head.forward(this.dropout > 0 ? dropout(around, this.dropout, { training: this.training }) : around);
  }
}
