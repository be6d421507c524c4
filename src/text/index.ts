/** Text as ids: vocabularies by code point, corpora read as streams, and the batches that carry their state. */

export { Corpus, type IdArray, type ReadCorpusOptions } from './corpus.ts';
export {
  EvaluationStreams,
  NO_TARGET,
  splitText,
  type TextBatch,
  type TextSplit,
  TrainingStreams,
} from './streams.ts';
export { Vocabulary } from './vocabulary.ts';
