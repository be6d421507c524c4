/** Synthetic sequences that ask for memory: what a network must keep over how many steps, and when it must let go. */

import { ConfigError } from '../errors.ts';
import { wrapArray } from '../tensor.ts';
import { TensorDataset } from './dataset.ts';
import { checkCount, drawsFor, seedOf, Use } from './draws.ts';

export interface SequenceSetOptions {
  /** Default: the default generator's seed. */
  seed?: number | bigint;
}

/** Where nothing is asked: what `crossEntropy` leaves out unless told otherwise. */
const UNASKED = -100;

/** Rows of ids and of what is asked at each step. */
class Steps {
  readonly ids: Int32Array;
  readonly asked: Int32Array;
  readonly #shape: readonly [samples: number, steps: number];

  constructor(samples: number, steps: number, filler: number) {
    this.#shape = [samples, steps];
    this.ids = new Int32Array(samples * steps).fill(filler);
    this.asked = new Int32Array(samples * steps).fill(UNASKED);
  }

  set(sample: number, step: number, id: number, asked = UNASKED): void {
    const at = sample * this.#shape[1] + step;
    this.ids[at] = id;
    this.asked[at] = asked;
  }

  dataset(): TensorDataset {
    return new TensorDataset(wrapArray(this.ids, this.#shape, 'int32'), wrapArray(this.asked, this.#shape, 'int32'));
  }
}

/** Integers below a bound, one after the other, drawn in blocks. */
function drawer(seed: number | bigint | undefined): (bound: number) => number {
  const generator = drawsFor(Use.synthetic, seedOf(seed));
  let block: Float64Array = new Float64Array(0);
  let at = 0;
  return (bound) => {
    if (at === block.length) {
      block = generator.uniform53(1024);
      at = 0;
    }
    return Math.floor(block[at++] * bound);
  };
}

/** @throws ConfigError  if a span does not go from an integer of at least `shortest` to one no less */
function checkSpan(op: string, span: readonly [number, number], shortest: number): readonly [number, number] {
  const [least, most] = span;
  if (Number.isInteger(least) && Number.isInteger(most) && least >= shortest && most >= least) return span;
  throw new ConfigError({ op, problem: 'this is no span', got: span, expected: `[least, most], from ${shortest}` });
}

export interface CopyMemoryOptions extends SequenceSetOptions {
  /** Steps of nothing between the last symbol and the signal to recall. Default 100. */
  lag?: number;
  /** Symbols to be remembered. Default 4. */
  length?: number;
  /** Different symbols. Default 8. */
  symbols?: number;
}

/**
 * Symbols, a long nothing, and a signal at which they are to be said again, in order.
 *
 * Ids below `symbols` are symbols, `symbols` is nothing, `symbols` + 1 the signal, which stands in for each symbol that is
 * asked for.
 *
 * Shapes: samples [x, y], x and y [2·length + lag] (int32); y is −100 where nothing is asked
 * Source: Hochreiter, Schmidhuber 1997; in this form Arjovsky, Shah, Bengio 2016
 */
export function copyMemory(samples: number, options: CopyMemoryOptions = {}): TensorDataset {
  const op = 'copyMemory';
  const lag = checkCount(op, 'lag', options.lag ?? 100, 0);
  const length = checkCount(op, 'length', options.length ?? 4, 1);
  const symbols = checkCount(op, 'symbols', options.symbols ?? 8, 2);
  checkCount(op, 'samples', samples, 1);
  const drawn = drawsFor(Use.synthetic, seedOf(options.seed)).integers(samples * length, symbols);
  const steps = new Steps(samples, 2 * length + lag, symbols);
  for (let n = 0; n < samples; n++) {
    for (let i = 0; i < length; i++) {
      const symbol = drawn[n * length + i];
      steps.set(n, i, symbol);
      steps.set(n, length + lag + i, symbols + 1, symbol);
    }
  }
  return steps.dataset();
}

export interface AddingOptions extends SequenceSetOptions {
  /** Steps. Default 100. */
  length?: number;
}

/**
 * The adding problem: numbers from U(0, 1), two of which are marked, one in each half; asked for is their sum. Who always
 * says 1 has a mean squared error of 1/6.
 *
 * Shapes: samples [x, y], x [T, 2] (the number, its mark), y [1]
 * Source: Hochreiter, Schmidhuber 1997
 */
export function addingProblem(samples: number, options: AddingOptions = {}): TensorDataset {
  const length = checkCount('addingProblem', 'length', options.length ?? 100, 2);
  checkCount('addingProblem', 'samples', samples, 1);
  const generator = drawsFor(Use.synthetic, seedOf(options.seed));
  const numbers = generator.uniform53(samples * length);
  const half = Math.floor(length / 2);
  const marks = [generator.integers(samples, half), generator.integers(samples, length - half)];
  const x = new Float32Array(samples * length * 2);
  const y = new Float32Array(samples);
  for (let i = 0; i < samples * length; i++) x[2 * i] = numbers[i];
  for (let n = 0; n < samples; n++) {
    for (const step of [marks[0][n], half + marks[1][n]]) {
      const at = n * length + step;
      x[2 * at + 1] = 1;
      y[n] += x[2 * at];
    }
  }
  return new TensorDataset(wrapArray(x, [samples, length, 2], 'float32'), wrapArray(y, [samples, 1], 'float32'));
}

export interface PronounOptions extends SequenceSetOptions {
  /** Words between the name and the pronoun. Default 98. */
  words?: number;
  /** Different names; each has the gender of its number modulo `genders`. Default 8. */
  names?: number;
  /** Default 2. */
  genders?: number;
  /** Different words. Default 16. */
  vocabulary?: number;
}

/**
 * A name, words that say nothing, and a place for the pronoun that refers to the name: which one is asked.
 *
 * Ids below `names` are names, then come the words, and `names` + `vocabulary` is the place for the pronoun.
 *
 * Shapes: samples [x, y], x and y [words + 2] (int32); y is −100 where nothing is asked
 */
export function pronounReference(samples: number, options: PronounOptions = {}): TensorDataset {
  const op = 'pronounReference';
  const words = checkCount(op, 'words', options.words ?? 98, 0);
  const genders = checkCount(op, 'genders', options.genders ?? 2, 2);
  const names = checkCount(op, 'names', options.names ?? 8, genders);
  const vocabulary = checkCount(op, 'vocabulary', options.vocabulary ?? 16, 1);
  checkCount(op, 'samples', samples, 1);
  const generator = drawsFor(Use.synthetic, seedOf(options.seed));
  const name = generator.integers(samples, names);
  const said = generator.integers(samples * words, vocabulary);
  const steps = new Steps(samples, words + 2, 0);
  for (let n = 0; n < samples; n++) {
    steps.set(n, 0, name[n]);
    for (let t = 0; t < words; t++) steps.set(n, t + 1, names + said[n * words + t]);
    steps.set(n, words + 1, names + vocabulary, name[n] % genders);
  }
  return steps.dataset();
}

export interface ResetOptions extends SequenceSetOptions {
  /** Steps. Default 100. */
  length?: number;
  /** Different values to keep. Default 4. */
  values?: number;
  /** Different words that say nothing. Default 8. */
  vocabulary?: number;
  /** Steps from a reset to the next, at least and at most. Default [8, 16]. */
  span?: readonly [least: number, most: number];
}

/**
 * Values to keep until a reset, after which they count no more. At a question the value since the last reset is asked for,
 * or that there has been none: just behind some resets, and in front of each, where one span in four has no value.
 *
 * Ids below `values` are values, then come the words, the question (`values` + `vocabulary`) and the reset (one more). The
 * answer `values` is that there is none.
 *
 * Shapes: samples [x, y], x and y [length] (int32); y is −100 where nothing is asked
 */
export function resetSequences(samples: number, options: ResetOptions = {}): TensorDataset {
  const op = 'resetSequences';
  const length = checkCount(op, 'length', options.length ?? 100, 4);
  const values = checkCount(op, 'values', options.values ?? 4, 2);
  const vocabulary = checkCount(op, 'vocabulary', options.vocabulary ?? 8, 1);
  const [least, most] = checkSpan(op, options.span ?? [8, 16], 4);
  checkCount(op, 'samples', samples, 1);
  const draw = drawer(options.seed);
  const [question, reset] = [values + vocabulary, values + vocabulary + 1];
  const steps = new Steps(samples, length, 0);
  for (let n = 0; n < samples; n++) {
    for (let from = 0; from < length; ) {
      const end = from + least + draw(most - least + 1) - 1;
      const value = draw(4) === 0 ? values : draw(values);
      const early = draw(2) === 0;
      const at = from + 1 + draw(Math.min(3, end - from - 2));
      for (let t = from; t <= end && t < length; t++) {
        if (t === end) steps.set(n, t, reset);
        else if (t === end - 1) steps.set(n, t, question, value);
        else if (t === from && early) steps.set(n, t, question, values);
        else if (t === at && value < values) steps.set(n, t, value);
        else steps.set(n, t, values + draw(vocabulary));
      }
      from = end + 1;
    }
  }
  return steps.dataset();
}

export interface AgreementOptions extends SequenceSetOptions {
  /** Steps. Default 100. */
  length?: number;
  /** Different nouns; each has the gender of its number modulo `genders`. Default 6. */
  nouns?: number;
  /** Default 2. */
  genders?: number;
  /** Different adjectives. Default 3. */
  adjectives?: number;
  /** Different words that are translated one for one. Default 6. */
  vocabulary?: number;
  /** Words between the noun and the adjective, at least and at most. Default [4, 12]. */
  span?: readonly [least: number, most: number];
}

/**
 * A stream of sentences to be translated word by word into a language whose adjectives agree with the noun: noun, words,
 * adjective, full stop. One sentence in four has no noun, and its adjective stands in a form of its own.
 *
 * Ids to translate: nouns, words, adjectives, the full stop. Ids of the translation: nouns, words, `genders` + 1 forms of each
 * adjective (the last without a noun), the full stop.
 *
 * Shapes: samples [x, y], x and y [length] (int32)
 */
export function agreementSentences(samples: number, options: AgreementOptions = {}): TensorDataset {
  const op = 'agreementSentences';
  const length = checkCount(op, 'length', options.length ?? 100, 4);
  const genders = checkCount(op, 'genders', options.genders ?? 2, 2);
  const nouns = checkCount(op, 'nouns', options.nouns ?? 6, genders);
  const adjectives = checkCount(op, 'adjectives', options.adjectives ?? 3, 1);
  const vocabulary = checkCount(op, 'vocabulary', options.vocabulary ?? 6, 1);
  const [least, most] = checkSpan(op, options.span ?? [4, 12], 0);
  checkCount(op, 'samples', samples, 1);
  const draw = drawer(options.seed);
  const firstAdjective = nouns + vocabulary;
  const steps = new Steps(samples, length, 0);
  for (let n = 0; n < samples; n++) {
    for (let t = 0; t < length; ) {
      const say = (id: number, translated = id): void => {
        if (t < length) steps.set(n, t, id, translated);
        t++;
      };
      const noun = draw(4) === 0 ? null : draw(nouns);
      const words = least + draw(most - least + 1);
      const adjective = draw(adjectives);
      const form = noun === null ? genders : noun % genders;
      if (noun !== null) say(noun);
      for (let i = 0; i < words; i++) say(nouns + draw(vocabulary));
      say(firstAdjective + adjective, firstAdjective + adjective * (genders + 1) + form);
      say(firstAdjective + adjectives, firstAdjective + adjectives * (genders + 1));
    }
  }
  return steps.dataset();
}
