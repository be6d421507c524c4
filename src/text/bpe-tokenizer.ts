/** Byte-pair encoding over bytes: no text is unknown. */

import { inspect } from 'node:util';
import { checkOptions, type OptionNames } from '../core/options.ts';
import { ConfigError } from '../errors.ts';
import { learnMerges, pairKey } from './bpe-training.ts';
import { Heap } from './heap.ts';
import { piecesOf, type Tokenizer } from './tokenizer.ts';

const BYTES = 256;
/** Pieces whose tokens are remembered; most of a text are words that come again. */
const REMEMBERED = 1 << 16;

export interface BPETokenizerOptions {
  /** Ids to end with, at least 256; fewer where the text has no more pairs that come often enough. */
  size: number;
  /** Pairs that occur less often are not merged. Default 2. */
  minCount?: number;
}

const OPTIONS: OptionNames<BPETokenizerOptions> = { size: true, minCount: true };

/** Where a pair could be merged, by the rank of its merge, then by place. */
interface Step {
  readonly rank: number;
  readonly at: number;
  readonly left: number;
  readonly right: number;
}

/**
 * Tokens by byte-pair encoding: the 256 bytes, and the pairs of tokens that were most frequent in the text it was
 * trained on, merged one after the other. Merges stay within a word and the space before it. Every text can be encoded,
 * and decoding gives it back exactly.
 *
 * @example
 * const bpe = BPETokenizer.train('low lower lowest low low', { size: 259 });
 * [...bpe.encode(' lowest')].map((id) => bpe.decode([id])); // => [ ' low', 'e', 's', 't' ]
 */
export class BPETokenizer implements Tokenizer {
  readonly #merges: readonly (readonly [left: number, right: number])[];
  readonly #ranks = new Map<number, number>();
  /** The bytes of each id. */
  readonly #bytes: Uint8Array[];
  readonly #remembered = new Map<string, Int32Array>();

  private constructor(merges: readonly (readonly [number, number])[]) {
    this.#merges = merges;
    this.#bytes = Array.from({ length: BYTES }, (_, byte) => Uint8Array.of(byte));
    for (const [rank, [left, right]] of merges.entries()) {
      this.#ranks.set(pairKey(left, right), rank);
      this.#bytes.push(Uint8Array.of(...this.#bytes[left], ...this.#bytes[right]));
    }
  }

  /** @throws ConfigError  for a size below 256 or a count below 1 */
  static train(text: string, options: BPETokenizerOptions): BPETokenizer {
    const op = 'BPETokenizer.train';
    checkOptions(op, options, OPTIONS);
    const { size, minCount = 2 } = options;
    if (!Number.isSafeInteger(size) || size < BYTES || size > 2 ** 24) {
      throw new ConfigError({ op, problem: 'size is out of range', got: size, expected: '256 to 2²⁴' });
    }
    if (!(minCount >= 1)) throw new ConfigError({ op, problem: 'minCount below 1', got: minCount });
    const counts = new Map<string, number>();
    for (const piece of piecesOf(text)) counts.set(piece, (counts.get(piece) ?? 0) + 1);
    return new BPETokenizer(learnMerges(counts, size - BYTES, minCount));
  }

  /** From what `toJSON` gave. @throws ConfigError  if a merge is none of two ids that came before it */
  static fromJSON(value: unknown): BPETokenizer {
    const merges = (value as { merges?: unknown } | null)?.merges;
    const isId = (id: unknown, rank: number) =>
      Number.isSafeInteger(id) && Number(id) >= 0 && Number(id) < BYTES + rank;
    const valid =
      Array.isArray(merges) &&
      merges.every((m, rank) => Array.isArray(m) && m.length === 2 && isId(m[0], rank) && isId(m[1], rank)) &&
      new Set(merges.map(([left, right]) => pairKey(left, right))).size === merges.length;
    if (!valid) {
      throw new ConfigError({
        op: 'BPETokenizer',
        problem: 'a saved tokenizer has a list of merges, each of two ids that came before it',
      });
    }
    return new BPETokenizer(merges.map(([left, right]): [number, number] => [left, right]));
  }

  get size(): number {
    return this.#bytes.length;
  }

  encode(text: string): Int32Array {
    const parts = piecesOf(text).map((piece) => this.#encodePiece(piece));
    const ids = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      ids.set(part, at);
      at += part.length;
    }
    return ids;
  }

  /** Bytes that are no UTF-8, as a cut through a character leaves them, become U+FFFD. @throws ConfigError for a bad id */
  decode(ids: ArrayLike<number>): string {
    const parts = Array.from(ids, (id) => {
      const bytes = this.#bytes[id];
      if (bytes !== undefined) return bytes;
      const expected = `0 to ${this.size - 1}`;
      throw new ConfigError({ op: 'BPETokenizer.decode', problem: 'no such id', got: id, expected });
    });
    return Buffer.concat(parts).toString('utf8');
  }

  toJSON(): { merges: readonly (readonly [number, number])[] } {
    return { merges: this.#merges };
  }

  [inspect.custom](): string {
    return `BPETokenizer(${this.size})`;
  }

  #encodePiece(piece: string): Int32Array {
    const known = this.#remembered.get(piece);
    if (known !== undefined) return known;
    const ids = this.#merge(new TextEncoder().encode(piece));
    if (this.#remembered.size < REMEMBERED && piece.length < 64) this.#remembered.set(piece, ids);
    return ids;
  }

  /** Merges in the order in which they were learned; n·log n for a piece of n bytes. */
  #merge(bytes: Uint8Array): Int32Array {
    const tokens = Int32Array.from(bytes);
    const n = tokens.length;
    // A chain of places: where the next token and the one before begin; −1 past the ends.
    const next = Int32Array.from({ length: n }, (_, i) => (i + 1 < n ? i + 1 : -1));
    const previous = Int32Array.from({ length: n }, (_, i) => i - 1);
    const steps = new Heap<Step>((a, b) => a.rank < b.rank || (a.rank === b.rank && a.at < b.at));
    const consider = (at: number): void => {
      if (at < 0 || next[at] < 0) return;
      const [left, right] = [tokens[at], tokens[next[at]]];
      const rank = this.#ranks.get(pairKey(left, right));
      if (rank !== undefined) steps.push({ rank, at, left, right });
    };
    for (let i = 0; i < n; i++) consider(i);
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
      const { at, rank, left, right } = step;
      const second = next[at];
      // Merged since by another step, alone or with its neighbour.
      if (tokens[at] !== left || second < 0 || tokens[second] !== right) continue;
      tokens[at] = BYTES + rank;
      tokens[second] = -1;
      next[at] = next[second];
      next[second] = -1;
      if (next[at] >= 0) previous[next[at]] = at;
      consider(at);
      consider(previous[at]);
    }
    return tokens.filter((id) => id >= 0);
  }
}
