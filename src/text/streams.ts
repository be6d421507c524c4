/**
 * A text as parallel streams, walked in step: the batches of truncated backpropagation through time, and the
 * evaluation that predicts each character once. Ids and targets are time-major, [T, B].
 */

import { ConfigError, CorpusError } from '../errors.ts';
import type { IdArray } from './corpus.ts';

/** Where a text is cut in two: training before `trainSize`, validation from there. */
export interface TextSplit {
  readonly trainSize: number;
  readonly validationSize: number;
}

/** The last `fraction` of a text of `size` characters is kept for validation. @throws ConfigError outside [0, 1) */
export function splitText(size: number, fraction: number): TextSplit {
  if (!(fraction >= 0 && fraction < 1)) {
    throw new ConfigError({
      op: 'splitText',
      problem: 'the part for validation is out of range',
      got: fraction,
      expected: '0 to less than 1',
    });
  }
  const trainSize = Math.floor(size * (1 - fraction));
  return { trainSize, validationSize: size - trainSize };
}

/** One step of all streams: ids and the characters that follow them, [steps, batch], time-major. */
export interface TextBatch {
  readonly ids: Int32Array;
  readonly targets: Int32Array;
  readonly steps: number;
  readonly batch: number;
  /** The streams begin here, so no state is carried in. */
  readonly fresh: boolean;
}

/**
 * The training part of a text as `batch` contiguous streams, in steps of `seq` characters. A stream goes on where its
 * last step ended, so the recurrent state is carried, until an epoch ends.
 *
 * The place in the data is the number of steps taken, nothing else. Where `seq` does not divide a stream, each epoch
 * starts at another character within the rest, so that over the epochs every character is learned from.
 */
export class TrainingStreams {
  readonly batch: number;
  readonly seq: number;
  /** Steps until every stream has been walked. */
  readonly stepsPerEpoch: number;
  readonly #ids: IdArray;
  /** Predictions in one stream. */
  readonly #length: number;

  /**
   * @throws CorpusError  if the text is shorter than one sequence
   * @throws ConfigError  if it is too short for so many streams
   */
  constructor(ids: IdArray, { batch, seq }: { batch: number; seq: number }) {
    const op = 'TrainingStreams';
    if (ids.length < seq + 1) {
      throw new CorpusError({
        op,
        problem: 'the text is shorter than one sequence',
        got: `${ids.length} characters for training`,
        expected: `${seq + 1} or more`,
        hint: 'take a longer text, or a smaller seq',
      });
    }
    this.#length = Math.floor((ids.length - 1) / batch);
    if (this.#length < seq) {
      throw new ConfigError({
        op,
        problem: `the batch is larger than the text: ${batch} streams of ${seq} characters and more`,
        got: `${ids.length} characters for training`,
        expected: `${batch * seq + 1} or more`,
        hint: `at most ${Math.floor((ids.length - 1) / seq)} streams fit`,
      });
    }
    this.#ids = ids;
    this.batch = batch;
    this.seq = seq;
    this.stepsPerEpoch = Math.floor(this.#length / seq);
  }

  /** The batch of a step, counted from 0 over all epochs. */
  at(step: number): TextBatch {
    const { batch, seq } = this;
    const epoch = Math.floor(step / this.stepsPerEpoch);
    const within = step % this.stepsPerEpoch;
    const start = this.#shift(epoch) + within * seq;
    const ids = new Int32Array(seq * batch);
    const targets = new Int32Array(seq * batch);
    for (let b = 0; b < batch; b++) {
      const from = b * this.#length + start;
      for (let t = 0; t < seq; t++) {
        ids[t * batch + b] = this.#ids[from + t];
        targets[t * batch + b] = this.#ids[from + t + 1];
      }
    }
    return { ids, targets, steps: seq, batch, fresh: within === 0 };
  }

  /** How many characters of each stream an epoch leaves out at the start: multiples of the golden ratio spread evenly. */
  #shift(epoch: number): number {
    const rest = this.#length % this.seq;
    return Math.floor(((epoch * 0.6180339887498949) % 1) * (rest + 1));
  }
}

/** The target of a place that no stream has: `crossEntropy` ignores it. */
export const NO_TARGET = -100;
const MOST_STREAMS = 20;
/** A stream begins without a state, so short ones would judge a model by what it cannot know. */
const SHORTEST_STREAM = 256;
const EVALUATION_SEQ = 128;

/**
 * A part of a text in which each character is predicted once from those before it, in at most 20 contiguous streams
 * that carry their state. The character before the part, if there is one, is where the first stream begins.
 */
export class EvaluationStreams {
  /** How many characters are predicted. */
  readonly predictions: number;
  readonly streams: number;
  readonly #ids: IdArray;
  /** The place of the first character that is predicted. */
  readonly #first: number;

  /** @throws CorpusError  if no character of ids[begin …] has one before it */
  constructor(ids: IdArray, begin = 0) {
    this.#ids = ids;
    this.#first = Math.max(1, begin);
    this.predictions = ids.length - this.#first;
    if (this.predictions < 1) {
      throw new CorpusError({
        op: 'EvaluationStreams',
        problem: 'the text is too short: there is no character to predict',
        got: `${ids.length} characters`,
        expected: '2 or more',
      });
    }
    this.streams = Math.min(MOST_STREAMS, Math.max(1, Math.floor(this.predictions / SHORTEST_STREAM)));
  }

  /** The batches in order. Streams differ by at most one character; the shorter ones end with `NO_TARGET`. */
  *[Symbol.iterator](): Generator<TextBatch> {
    const { streams, predictions } = this;
    const [least, longer] = [Math.floor(predictions / streams), predictions % streams];
    const longest = least + (longer > 0 ? 1 : 0);
    for (let at = 0; at < longest; at += EVALUATION_SEQ) {
      const steps = Math.min(EVALUATION_SEQ, longest - at);
      const ids = new Int32Array(steps * streams);
      const targets = new Int32Array(steps * streams).fill(NO_TARGET);
      for (let b = 0; b < streams; b++) {
        const from = this.#first + b * least + Math.min(b, longer) + at;
        const present = Math.min(steps, least + (b < longer ? 1 : 0) - at);
        for (let t = 0; t < present; t++) {
          ids[t * streams + b] = this.#ids[from + t - 1];
          targets[t * streams + b] = this.#ids[from + t];
        }
      }
      yield { ids, targets, steps, batch: streams, fresh: at === 0 };
    }
  }
}
