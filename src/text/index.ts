/**
 * Text as ids: tokenizers by character, word and byte pair, corpora read as streams, the batches that carry their state,
 * and n-grams to compare with.
 */

export { BPETokenizer, type BPETokenizerOptions } from './bpe-tokenizer.ts';
export { Corpus, type IdArray, type ReadCorpusOptions } from './corpus.ts';
export { loadTokenizer } from './hugging-face.ts';
export { NGram, type NGramOptions } from './ngram.ts';
export {
  EvaluationStreams,
  NO_TARGET,
  splitText,
  type TextBatch,
  type TextSplit,
  TrainingStreams,
} from './streams.ts';
export type { Tokenizer } from './tokenizer.ts';
export { Vocabulary } from './vocabulary.ts';
export { WordTokenizer, type WordTokenizerOptions } from './word-tokenizer.ts';
