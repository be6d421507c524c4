/** Words and their ids. */

import { inspect } from 'node:util';
import { checkOptions, type OptionNames } from '../core/options.ts';
import { ConfigError } from '../errors.ts';
import { piecesOf, type Tokenizer } from './tokenizer.ts';

export interface WordTokenizerOptions {
  /** Ids at most, that of unknown words among them; the most frequent words stay. Default: all words. */
  maxSize?: number;
  /** A word that occurs less often is unknown. Default 1. */
  minCount?: number;
  /** What an unknown word becomes; its id is 0. Default '<unk>'. */
  unknown?: string;
}

const OPTIONS: OptionNames<WordTokenizerOptions> = { maxSize: true, minCount: true, unknown: true };

/**
 * Words, numbers and punctuation as tokens, each with the space before it, so that decoding gives the text back but for
 * words that are not known. Ids count up from the most frequent word to the rarest; id 0 is the unknown word.
 *
 * @example
 * const words = WordTokenizer.fromText('to be, or not to be');
 * words.decode(words.encode('or be')); // => <unk> be
 * words.size; // => 7
 */
export class WordTokenizer implements Tokenizer {
  readonly #words: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;

  private constructor(words: readonly string[]) {
    this.#words = words;
    this.#ids = new Map(words.map((word, id) => [word, id]));
  }

  /** @throws ConfigError  for a bad size or count, or an unknown word that is empty */
  static fromText(text: string, options: WordTokenizerOptions = {}): WordTokenizer {
    checkOptions('WordTokenizer.fromText', options, OPTIONS);
    const { maxSize = Infinity, minCount = 1, unknown = '<unk>' } = options;
    const refuse = (problem: string, got: unknown) => new ConfigError({ op: 'WordTokenizer', problem, got });
    if (!(maxSize >= 1)) throw refuse('maxSize must be positive', maxSize);
    if (!(minCount >= 1)) throw refuse('minCount must be positive', minCount);
    if (typeof unknown !== 'string' || unknown === '') throw refuse('unknown must be a word', unknown);
    const counts = new Map<string, number>();
    for (const piece of piecesOf(text)) counts.set(piece, (counts.get(piece) ?? 0) + 1);
    counts.delete(unknown);
    // Sorting is stable: words that are as frequent stay in the order in which they first occur.
    const frequent = [...counts].filter(([, count]) => count >= minCount).sort(([, a], [, b]) => b - a);
    return new WordTokenizer([unknown, ...frequent.slice(0, maxSize - 1).map(([word]) => word)]);
  }

  /** From what `toJSON` gave. @throws ConfigError  if it is no list of distinct words */
  static fromJSON(value: unknown): WordTokenizer {
    const words = (value as { words?: unknown } | null)?.words;
    const valid = Array.isArray(words) && words.length > 0 && words.every((w) => typeof w === 'string' && w !== '');
    if (!valid || new Set(words).size !== words.length) {
      throw new ConfigError({ op: 'WordTokenizer', problem: 'a saved tokenizer has a list of distinct words' });
    }
    return new WordTokenizer([...words]);
  }

  get size(): number {
    return this.#words.length;
  }

  /** The tokens in the order of their ids. */
  get words(): readonly string[] {
    return this.#words;
  }

  encode(text: string): Int32Array {
    return Int32Array.from(piecesOf(text), (piece) => this.#ids.get(piece) ?? 0);
  }

  /** @throws ConfigError  if an id is out of range */
  decode(ids: ArrayLike<number>): string {
    return Array.from(ids, (id) => {
      const word = this.#words[id];
      if (word !== undefined) return word;
      const expected = `0 to ${this.size - 1}`;
      throw new ConfigError({ op: 'WordTokenizer.decode', problem: 'no such id', got: id, expected });
    }).join('');
  }

  toJSON(): { words: readonly string[] } {
    return { words: this.#words };
  }

  [inspect.custom](): string {
    return `WordTokenizer(${this.size})`;
  }
}
