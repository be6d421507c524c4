/** `lanegrad eval`: how well a saved model predicts a text. */

import { CharLSTM } from '../models/char-lstm.ts';
import { Corpus } from '../text/corpus.ts';
import { EvaluationStreams } from '../text/streams.ts';
import { evaluateLanguageModel } from '../train/index.ts';

export interface EvalReport {
  /** Characters that were predicted: all but the first. */
  readonly chars: number;
  /** Mean loss, natural logarithm. */
  readonly nats: number;
  readonly bits: number;
  readonly perplexity: number;
}

/** @throws CheckpointError, CorpusError  naming what cannot be read, or the character that the model does not know */
export async function evaluateFile(path: string, file: string): Promise<EvalReport> {
  const model = CharLSTM.load(path);
  const corpus = await Corpus.read([file], { vocabulary: model.vocabulary });
  const streams = new EvaluationStreams(corpus.ids);
  const nats = (await evaluateLanguageModel(model, streams)) as number;
  return { chars: streams.predictions, nats, bits: nats / Math.LN2, perplexity: Math.exp(nats) };
}

export function describeEvaluation({ chars, nats, bits, perplexity }: EvalReport): string {
  const predicted = `${chars.toLocaleString('en-US')} characters predicted`;
  return `${predicted}: ${nats.toFixed(4)} nats, ${bits.toFixed(4)} bits a character, perplexity ${perplexity.toFixed(3)}`;
}
