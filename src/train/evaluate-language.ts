/** How well a language model predicts a text it did not learn from. */

import { scope } from '../autograd/index.ts';
import type { Module } from '../nn/index.ts';
import { detachState, type LstmState } from '../nn/index.ts';
import { crossEntropy, reshape } from '../ops/index.ts';
import { type Tensor, wrapArray } from '../tensor.ts';
import { type EvaluationStreams, NO_TARGET } from '../text/streams.ts';
import { EvaluationMode } from './evaluation-mode.ts';
import { Turns } from './turns.ts';

/** A recurrent model of text: ids [T, B] and the state before them → logits [T, B, V] and the state after them. */
export interface LanguageModel extends Module {
  forward(ids: Tensor, state?: LstmState): [logits: Tensor, state: LstmState];
  initHidden(batch: number): LstmState;
}

/** Logits [T, B, V] as [T·B, V], as the loss takes them. */
export function flattenLogits(logits: Tensor): Tensor {
  const vocab = logits.shape[logits.rank - 1];
  return reshape(logits, [logits.size / vocab, vocab]);
}

export interface EvaluateLanguageModelOptions {
  readonly signal?: AbortSignal;
  /** Called with the part that is done, from 0 to 1. */
  readonly onProgress?: (done: number) => void;
}

/**
 * The mean loss in nats a character over the streams, each character predicted once, the state carried; null if the
 * signal broke it off. Nothing is recorded, dropout lets everything pass, and other work has its turn in between.
 */
export async function evaluateLanguageModel(
  model: LanguageModel,
  streams: EvaluationStreams,
  { signal, onProgress }: EvaluateLanguageModelOptions = {},
): Promise<number | null> {
  const mode = new EvaluationMode(model);
  const turns = new Turns();
  let state: LstmState | undefined;
  let total = 0;
  let done = 0;
  for (const { ids, targets, steps, batch } of streams) {
    if (signal?.aborted) return null;
    const [loss, next] = mode.run(() =>
      scope((): [number, LstmState] => {
        const [logits, end] = model.forward(wrapArray(ids, [steps, batch], 'int32'), state);
        const sum = crossEntropy(flattenLogits(logits), wrapArray(targets, [steps * batch], 'int32'), {
          reduction: 'sum',
          ignoreIndex: NO_TARGET,
        });
        return [sum.item(), detachState(end)];
      }),
    );
    state = next;
    total += loss;
    done += steps * batch;
    onProgress?.(Math.min(1, done / streams.predictions));
    await turns.give();
  }
  return total / streams.predictions;
}
