/** Learning the merges of byte-pair encoding. */

import { Heap } from './heap.ts';

/** Ids below 2²⁶ keep a pair exact in a double. */
const RADIX = 2 ** 26;

export const pairKey = (left: number, right: number): number => left * RADIX + right;

/** A distinct piece of the text as its tokens so far. */
interface Word {
  tokens: number[];
  readonly count: number;
}

interface Candidate {
  readonly key: number;
  readonly count: number;
}

/** How often each pair of neighbours occurs, and in which words it may. */
class PairCounts {
  readonly #counts = new Map<number, number>();
  readonly #words = new Map<number, Set<number>>();
  /** Counts as they were when they last changed; those that have changed since are passed over. */
  readonly #queue = new Heap<Candidate>((a, b) => a.count > b.count || (a.count === b.count && a.key < b.key));

  add(key: number, count: number, word: number): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
    const words = this.#words.get(key);
    if (words === undefined) this.#words.set(key, new Set([word]));
    else words.add(word);
  }

  remove(key: number, count: number): void {
    this.#counts.set(key, this.#counts.get(key)! - count);
  }

  queue(key: number): void {
    this.#queue.push({ key, count: this.#counts.get(key)! });
  }

  queueAll(): void {
    for (const key of this.#counts.keys()) this.queue(key);
  }

  /** The most frequent pair, of several the one with the lowest ids; undefined where none occurs `least` times. */
  best(least: number): number | undefined {
    for (let top = this.#queue.pop(); top !== undefined; top = this.#queue.pop()) {
      if (this.#counts.get(top.key) !== top.count) continue;
      return top.count >= least ? top.key : undefined;
    }
    return undefined;
  }

  /** The words that may hold a pair, which is about to be merged away. */
  take(key: number): Iterable<number> {
    const words = this.#words.get(key) ?? [];
    this.#words.delete(key);
    this.#counts.delete(key);
    return words;
  }
}

/**
 * The pairs of ids to merge, in order; the merge at place i makes the id 256 + i. The most frequent pair is merged first,
 * and of equally frequent ones the one with the lowest ids.
 *
 * Source: Sennrich, Haddow, Birch, Neural machine translation of rare words with subword units, 2016.
 */
export function learnMerges(
  pieces: ReadonlyMap<string, number>,
  wanted: number,
  minCount: number,
): [left: number, right: number][] {
  const encoder = new TextEncoder();
  const words: Word[] = Array.from(pieces, ([text, count]) => ({ tokens: [...encoder.encode(text)], count }));
  const pairs = new PairCounts();
  for (const [at, { tokens, count }] of words.entries()) {
    for (let i = 1; i < tokens.length; i++) pairs.add(pairKey(tokens[i - 1], tokens[i]), count, at);
  }
  pairs.queueAll();
  const merges: [number, number][] = [];
  while (merges.length < wanted) {
    const key = pairs.best(minCount);
    if (key === undefined) break;
    const [left, right] = [Math.floor(key / RADIX), key % RADIX];
    const id = 256 + merges.length;
    merges.push([left, right]);
    const changed = new Set<number>();
    for (const at of pairs.take(key)) mergeIn(words[at], at, left, right, id, pairs, changed);
    changed.delete(key);
    for (const other of changed) pairs.queue(other);
  }
  return merges;
}

/** Merges a pair in one word, and counts its neighbours anew. */
function mergeIn(
  word: Word,
  at: number,
  left: number,
  right: number,
  id: number,
  pairs: PairCounts,
  changed: Set<number>,
): void {
  const { tokens, count } = word;
  const merged: number[] = [];
  const merge = pairKey(left, right);
  for (let i = 0; i < tokens.length; i++) {
    const isPair = tokens[i] === left && tokens[i + 1] === right;
    merged.push(isPair ? id : tokens[i]);
    if (isPair) i++;
  }
  if (merged.length === tokens.length) return;
  for (let i = 1; i < tokens.length; i++) {
    const key = pairKey(tokens[i - 1], tokens[i]);
    if (key === merge) continue;
    pairs.remove(key, count);
    changed.add(key);
  }
  for (let i = 1; i < merged.length; i++) {
    const key = pairKey(merged[i - 1], merged[i]);
    pairs.add(key, count, at);
    changed.add(key);
  }
  word.tokens = merged;
}
