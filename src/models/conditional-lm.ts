import { noGrad } from '../autograd/index.ts';
import { checkPositiveInteger } from '../core/options.ts';
import { Generator as RandomGenerator } from '../core/rng.ts';
import { ConfigError } from '../errors.ts';
import { Embedding, type FloatDType, Linear, LSTM, type LstmState, Module } from '../nn/index.ts';
import { checkProbability } from '../nn/make-parameter.ts';
import { cat, dropout, expand, tensor, unsqueeze } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';

export interface ConditionalLMOptions {
  /** How many tokens there are. */
  vocab: number;
  /** How many conditions there are: languages, authors, kinds of name. */
  conditions: number;
  /** Size of a token's vector. Default 64. */
  embed?: number;
  /** Size of a condition's vector. Default 16. */
  conditionEmbed?: number;
  /** Hidden units of each layer. Default 256. */
  hidden?: number;
  /** Layers on top of each other. Default 1. */
  layers?: number;
  /** In training, the probability of dropping an output of an LSTM layer on its way up. Default 0. */
  dropout?: number;
  dtype?: FloatDType;
}

export interface ConditionalGenerateOptions {
  /** Ids that the sequence begins with, at least one. */
  start: ArrayLike<number>;
  /** The id that ends a sequence. Without it only `length` does. */
  end?: number;
  /** Tokens to write at most. Default 100. */
  length?: number;
  /** Divides the logits: below 1 bolder, 0 always the likeliest token. Default 1. */
  temperature?: number;
  /** Of the draws. Default 0. */
  seed?: number | bigint;
}

/**
 * A language model that is told what kind of text to write: the vector of a condition stands beside that of each token.
 *
 * Shapes: ids [T, B] (int32), condition [B] (int32) → logits [T, B, V], state h, c [L, B, H]
 *         (T steps, B sequences, V tokens, L layers, H hidden units)
 * State dict: emb.weight, condition.weight, lstm.weight_ih_l0 …, head.weight, head.bias
 *
 * @throws ConfigError  if a size is no positive integer
 * @throws ShapeError   from `forward`, if ids and conditions do not fit or an id is out of range
 */
export class ConditionalLM extends Module {
  readonly emb: Embedding;
  readonly condition: Embedding;
  readonly lstm: LSTM;
  readonly head: Linear;
  readonly dropout: number;

  constructor(options: ConditionalLMOptions) {
    super();
    const { vocab, conditions, embed = 64, conditionEmbed = 16, hidden = 256, layers = 1, dtype = 'float32' } = options;
    for (const [name, size] of Object.entries({ vocab, conditions, embed, conditionEmbed, hidden, layers })) {
      checkPositiveInteger('ConditionalLM', name, size);
    }
    this.dropout = checkProbability('ConditionalLM', 'dropout', options.dropout ?? 0);
    this.emb = new Embedding(vocab, embed, { dtype });
    this.condition = new Embedding(conditions, conditionEmbed, { dtype });
    this.lstm = new LSTM(embed + conditionEmbed, hidden, { numLayers: layers, dropout: this.dropout, dtype });
    this.head = new Linear(hidden, vocab, { dtype });
  }

  /** The logits of each next token under the conditions; the state at the end goes into the next call. */
  forward(ids: Tensor, condition: Tensor, state?: LstmState): [logits: Tensor, state: LstmState] {
    const [steps, batch] = ids.shape;
    const kind = this.condition.forward(condition);
    const beside = expand(unsqueeze(kind, 0), [steps, batch, kind.shape[1]]);
    const [hidden, end] = this.lstm.forward(cat([this.emb.forward(ids), beside], 2), state);
    const kept = this.dropout > 0 ? dropout(hidden, this.dropout, { training: this.training }) : hidden;
    return [this.head.forward(kept), end];
  }

  /** Writes one sequence under a condition: the ids after the start, without the one that ends it. */
  generate(condition: number, options: ConditionalGenerateOptions): Int32Array {
    const { start, end, length = 100, temperature = 1, seed = 0 } = options;
    const refuse = (problem: string, got: unknown) => new ConfigError({ op: 'ConditionalLM.generate', problem, got });
    if (!(start.length > 0)) throw refuse('the sequence must begin with a token', start);
    if (!(Number.isSafeInteger(length) && length >= 0)) throw refuse('length must be a number of tokens', length);
    if (!(temperature >= 0 && temperature < Infinity)) throw refuse('temperature must not be negative', temperature);
    const { training } = this;
    this.eval();
    try {
      return noGrad(() => this.#write(condition, start, end, temperature, new RandomGenerator(seed).uniform53(length)));
    } finally {
      this.train(training);
    }
  }

  #write(
    condition: number,
    start: ArrayLike<number>,
    end: number | undefined,
    temperature: number,
    draws: Float64Array,
  ): Int32Array {
    const kind = tensor([condition], { dtype: 'int32' });
    const written: number[] = [];
    let next: ArrayLike<number> = start;
    let state: LstmState | undefined;
    for (const u of draws) {
      const ids = tensor(Array.from(next), { dtype: 'int32' }).reshape([next.length, 1]);
      const [logits, after] = this.forward(ids, kind, state);
      const id = pick(logits.select(0, next.length - 1).data as ArrayLike<number>, temperature, u);
      if (id === end) break;
      written.push(id);
      next = [id];
      state = after;
    }
    return Int32Array.from(written);
  }
}

/** The id that a uniform number falls on; at temperature 0 the likeliest. */
function pick(logits: ArrayLike<number>, temperature: number, u: number): number {
  let likeliest = 0;
  for (let id = 1; id < logits.length; id++) if (logits[id] > logits[likeliest]) likeliest = id;
  if (temperature === 0) return likeliest;
  const weights = Array.from(logits, (logit) => Math.exp((logit - logits[likeliest]) / temperature));
  let rest = u * weights.reduce((sum, w) => sum + w, 0);
  for (let id = 0; id < weights.length; id++) {
    rest -= weights[id];
    if (rest < 0) return id;
  }
  return likeliest;
}
