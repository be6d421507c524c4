/** What turns text into ids and back, and how text is cut before that. */

/** Text as ids, and ids as text. `Vocabulary` is the one by character. */
export interface Tokenizer {
  /** How many ids there are: a model's `vocab`. */
  readonly size: number;
  encode(text: string): Int32Array;
  decode(ids: ArrayLike<number>): string;
}

/**
 * Words with the space before them, runs of other characters with theirs, and what is left of white space; together
 * they are the text. A space goes with what follows it, so that a word is one token wherever it stands in a sentence.
 *
 * Source: Radford et al., Language models are unsupervised multitask learners, 2019 (GPT-2's rule, without its English
 * contractions: an apostrophe inside a word belongs to it).
 */
const PIECE = / ?[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*| ?\p{N}+| ?[^\s\p{L}\p{M}\p{N}]+|\s+(?!\S)|\s+/gu;

/** The pieces of a text that no token reaches over. */
export function piecesOf(text: string): string[] {
  return text.match(PIECE) ?? [];
}
