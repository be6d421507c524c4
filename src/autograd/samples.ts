/**
 * Which samples of a step's batch are at hand. What is drawn for a sample (which of its elements dropout drops) is then
 * a function of the step, the number of the draw within it, and the sample, not of how the batch is cut into shares.
 */

import { philox4x32 } from '../core/philox.ts';
import { defaultGenerator, type Generator } from '../core/rng.ts';
import { ConfigError } from '../errors.ts';
import { checkSynchronous } from './mode.ts';

const WORD = 2 ** 32;
/** Blocks of four words that each sample has to itself; block numbers end at 2⁵³. */
export const BLOCKS_A_SAMPLE = 2 ** 28;
const MOST_SAMPLES = 2 ** 25;

/** A sequence of its own, as the counters and the key of Philox. */
interface Sequence {
  readonly seedLo: number;
  readonly seedHi: number;
  readonly streamLo: number;
  readonly streamHi: number;
}

function sequenceFrom(generator: Generator): Sequence {
  const { seedLo, seedHi, streamLo, streamHi, block } = generator.reserve(1);
  const words = new Uint32Array(4);
  philox4x32(block % WORD, Math.floor(block / WORD), streamLo, streamHi, seedLo, seedHi, words);
  return { seedLo: words[0], seedHi: words[1], streamLo: words[2], streamHi: words[3] };
}

/**
 * What the shares of one step's batch have in common: the place in the generator's sequence that their draws are made
 * from. Making one takes a single block of four words from the generator, whatever is drawn by it, so processes that
 * compute a share each stay at the same place.
 */
export class StepDraws {
  readonly #sequences: Map<Generator, Sequence>;

  constructor(generator: Generator | StepDraws = defaultGenerator) {
    if (generator instanceof StepDraws) this.#sequences = new Map(generator.#sequences);
    else this.#sequences = new Map([[generator, sequenceFrom(generator)]]);
  }

  /** Another generator than the step's own is asked for its block at its first draw. */
  sequenceOf(generator: Generator): Sequence {
    let sequence = this.#sequences.get(generator);
    if (sequence === undefined) this.#sequences.set(generator, (sequence = sequenceFrom(generator)));
    return sequence;
  }
}

export interface Samples {
  /** The number in the step's batch of the first sample at hand. */
  readonly first: number;
  /** How many are at hand. */
  readonly count: number;
  /** How many the step's batch has. Default: `count` without `draws`; unknown with them, and more may be elsewhere. */
  readonly total?: number;
  /** The same for all shares of a batch; a new one if the batch is whole. */
  readonly draws?: StepDraws;
}

/** The samples at hand and how many draws were made for them. */
export interface SampleState {
  readonly first: number;
  readonly count: number;
  /** Whether the samples at hand are all of the step's. */
  readonly whole: boolean;
  readonly draws: StepDraws;
  drawn: number;
}

let current: SampleState | null = null;

/** What `repeatSamples` needs to draw for the same samples again. */
export function samplesNow(): SampleState | null {
  return current === null ? null : { ...current, draws: new StepDraws(current.draws) };
}

/** Runs `fn` with the samples that were at hand then. */
export function repeatSamples<T>(state: SampleState | null, fn: () => T): T {
  const before = current;
  current = state;
  try {
    return fn();
  } finally {
    current = before;
  }
}

interface SampleDraw extends Sequence {
  readonly first: number;
  readonly count: number;
  readonly whole: boolean;
}

/** Where the next draw for the samples at hand is made; null if nobody said which they are. */
export function nextSampleDraw(generator: Generator): SampleDraw | null {
  if (current === null) return null;
  const { first, count, whole, draws } = current;
  const sequence = draws.sequenceOf(generator);
  return { ...sequence, streamHi: (sequence.streamHi + current.drawn++) % WORD, first, count, whole };
}

/**
 * Runs `fn`, a forward pass over some samples of a batch, so that dropout drops of each sample what it would drop if the
 * whole batch were there. The shares of a batch are then free to be computed one after another, or by other processes:
 * their gradients, summed in the order of the shares, have the same bits.
 *
 * Dropout finds the samples along its `sampleAxis`. Other draws (`rand`, `randn`) know no samples: they go on in the
 * generator's sequence.
 *
 * @throws ConfigError  if `first` `count` or `total` is no count, they do not fit each other, or `fn` returns a promise
 * @example
 * const x = ones([4, 8]);
 * const draws = new StepDraws();
 * const whole = withSamples({ first: 0, count: 4, draws }, () => dropout(x));
 * const last = withSamples({ first: 3, count: 1, draws }, () => dropout(x.slice(0, 3, 4)));
 * whole.slice(0, 3, 4).equal(last); // => true
 */
export function withSamples<T>({ first, count, total, draws }: Samples, fn: () => T): T {
  const op = 'withSamples';
  for (const [name, value] of Object.entries({ first, count, total: total ?? 0 })) {
    if (Number.isSafeInteger(value) && value >= 0) continue;
    throw new ConfigError({ op, problem: `${name} must be an integer from 0 on`, got: value });
  }
  const most = total ?? MOST_SAMPLES;
  if (first + count > most || most > MOST_SAMPLES) {
    const expected = `at most ${Math.min(most, MOST_SAMPLES)}`;
    throw new ConfigError({
      op,
      problem: 'a batch has fewer samples',
      got: Math.max(first + count, total ?? 0),
      expected,
    });
  }
  const whole = total === undefined ? draws === undefined : total === count;
  return repeatSamples({ first, count, whole, draws: draws ?? new StepDraws(), drawn: 0 }, () =>
    checkSynchronous('withSamples', fn()),
  );
}
