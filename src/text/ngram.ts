/** Counting what follows what: the baseline that a language model has to beat. */

import { checkOptions, checkPositiveInteger, type OptionNames } from '../core/options.ts';
import { Generator as RandomGenerator } from '../core/rng.ts';
import { ConfigError } from '../errors.ts';

export interface NGramOptions {
  /** Tokens that are looked at together: 1 counts tokens alone, 2 looks back one, and so on. */
  order: number;
  /** How many ids there are. */
  size: number;
}

const OPTIONS: OptionNames<NGramOptions> = { order: true, size: true };

/** What followed a context: how often each id, and how often any. */
interface Followers {
  readonly counts: Map<number, number>;
  total: number;
}

/**
 * A language model of n-grams with interpolated Witten–Bell smoothing: the more different tokens followed a context, the
 * more weight goes to the context one token shorter, down to every token being equally likely.
 *
 * P(w | h) = (c(hw) + t(h)·P(w | h′)) / (c(h) + t(h)), with t(h) the number of different tokens seen after h and h′ the
 * context without its first token.
 *
 * Source: Witten, Bell, The zero-frequency problem, 1991; Chen, Goodman, An empirical study of smoothing techniques, 1998.
 *
 * @throws ConfigError  if order or size is no positive integer
 * @example
 * const vocabulary = text.Vocabulary.fromText('abracadabra');
 * const bigrams = new text.NGram({ order: 2, size: vocabulary.size }).add(vocabulary.encode('abracadabra'));
 * bigrams.crossEntropy([vocabulary.encode('abra')]).toFixed(3); // => 0.634
 */
export class NGram {
  readonly order: number;
  readonly size: number;
  /** By the ids of the context, shortest contexts first. */
  readonly #contexts: Map<string, Followers>[];

  constructor(options: NGramOptions) {
    checkOptions('NGram', options, OPTIONS);
    const { order, size } = options;
    this.order = checkPositiveInteger('NGram', 'order', order);
    this.size = checkPositiveInteger('NGram', 'size', size);
    this.#contexts = Array.from({ length: order }, () => new Map());
  }

  /** Counts a sequence. Its first tokens are counted in the contexts they have. @throws ConfigError for a bad id */
  add(ids: ArrayLike<number>): this {
    for (let i = 0; i < ids.length; i++) this.#check(ids[i]);
    for (let i = 0; i < ids.length; i++) {
      for (let length = 0; length < this.order && length <= i; length++) {
        const context = contextBefore(ids, i, length);
        const followers = this.#contexts[length].get(context) ?? { counts: new Map(), total: 0 };
        if (followers.total === 0) this.#contexts[length].set(context, followers);
        followers.counts.set(ids[i], (followers.counts.get(ids[i]) ?? 0) + 1);
        followers.total++;
      }
    }
    return this;
  }

  /** The probability of each id after a context, of which the last `order` − 1 tokens count. */
  probs(context: ArrayLike<number> = []): Float64Array {
    const probs = new Float64Array(this.size).fill(1 / this.size);
    for (const followers of this.#followersOf(context, context.length)) {
      const kinds = followers.counts.size;
      const scale = 1 / (followers.total + kinds);
      for (let id = 0; id < this.size; id++) probs[id] *= kinds * scale;
      for (const [id, count] of followers.counts) probs[id] += count * scale;
    }
    return probs;
  }

  /**
   * The mean surprise in nats a token over sequences, each predicted from its first token on.
   *
   * @throws ConfigError  if there is no token, or a bad id
   */
  crossEntropy(sequences: Iterable<ArrayLike<number>>): number {
    let nats = 0;
    let tokens = 0;
    for (const ids of sequences) {
      for (let i = 0; i < ids.length; i++) nats -= Math.log(this.#probabilityAt(ids, i));
      tokens += ids.length;
    }
    if (tokens > 0) return nats / tokens;
    throw new ConfigError({ op: 'NGram.crossEntropy', problem: 'there is no token to predict' });
  }

  /** Draws `length` tokens after a context; the same seed gives the same ones. */
  generate(
    length: number,
    { context = [], seed = 0 }: { context?: ArrayLike<number>; seed?: number | bigint } = {},
  ): Int32Array {
    if (!(Number.isSafeInteger(length) && length >= 0)) {
      throw new ConfigError({ op: 'NGram.generate', problem: 'length must be a number of tokens', got: length });
    }
    const ids = Array.from(context);
    for (const u of new RandomGenerator(seed).uniform53(length)) {
      const probs = this.probs(ids.slice(Math.max(0, ids.length - this.order)));
      let rest = u;
      let id = 0;
      while (id < this.size - 1 && rest >= probs[id]) rest -= probs[id++];
      ids.push(id);
    }
    return Int32Array.from(ids.slice(context.length));
  }

  /** What is known of the contexts that end before place `end`, the shortest first. */
  *#followersOf(ids: ArrayLike<number>, end: number): Generator<Followers> {
    for (let length = 0; length < this.order && length <= end; length++) {
      const followers = this.#contexts[length].get(contextBefore(ids, end, length));
      // A longer context that ends in an unknown one is unknown too.
      if (followers === undefined) return;
      yield followers;
    }
  }

  #probabilityAt(ids: ArrayLike<number>, i: number): number {
    const id = this.#check(ids[i]);
    let p = 1 / this.size;
    for (const { counts, total } of this.#followersOf(ids, i)) {
      p = ((counts.get(id) ?? 0) + counts.size * p) / (total + counts.size);
    }
    return p;
  }

  #check(id: number): number {
    if (Number.isInteger(id) && id >= 0 && id < this.size) return id;
    throw new ConfigError({ op: 'NGram', problem: 'no such id', got: id, expected: `0 to ${this.size - 1}` });
  }
}

/** The `length` ids before place `end`, as a key. */
function contextBefore(ids: ArrayLike<number>, end: number, length: number): string {
  let key = '';
  for (let i = end - length; i < end; i++) key += `${ids[i]},`;
  return key;
}
