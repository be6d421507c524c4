/** Steps for token ids [T], for waveforms [T] or [C, T], and noise for any sample. */

import type { Shape } from '../../core/shape.ts';
import { ConfigError, ShapeError } from '../../errors.ts';
import { checkCount } from '../draws.ts';
import { type Augmentation, between, checkProbability, checkRange, type Step } from './step.ts';

function anyShape(input: Shape): Shape {
  return input;
}

function ofRank(op: string, what: string, most: number): (input: Shape) => Shape {
  return (input) => {
    if (input.length >= 1 && input.length <= most) return input;
    throw new ShapeError({ op, problem: what, got: input });
  };
}

interface NoiseStep {
  readonly std: number;
  readonly clip: readonly [number, number] | null;
}

/**
 * Adds draws from a normal distribution to every value of a sample of any shape.
 *
 * @param std   Their standard deviation, in the units of the values.
 * @param clip  Where values end: the range of pixels, or of a waveform.
 * @throws ConfigError  if `std` is negative, or `clip` no range
 */
export function gaussianNoise(std: number, { clip }: { clip?: readonly [number, number] } = {}): Augmentation {
  const op = 'gaussianNoise';
  if (!(std >= 0 && std < Infinity)) {
    throw new ConfigError({ op, problem: 'the deviation is out of range', got: std, expected: '0 or more' });
  }
  const bounds = clip === undefined ? null : checkRange(op, 'clip', clip);
  return { kind: op, options: { std, clip: bounds } satisfies NoiseStep };
}

function noise({ std, clip }: NoiseStep): Step {
  const [low, high] = clip ?? [-Infinity, Infinity];
  return {
    shape: anyShape,
    apply(input, _, output, draws) {
      const normal = draws.normal(input.length);
      for (let i = 0; i < input.length; i++) output[i] = Math.min(high, Math.max(low, input[i] + std * normal[i]));
    },
  };
}

interface TokenStep {
  readonly p: number;
  readonly padding: number | null;
}

const TOKENS = 'tokens are a list of ids, [T]';

function paddingOf(op: string, padding: number | undefined): number | null {
  return padding === undefined ? null : checkCount(op, 'padding', padding, -(2 ** 31));
}

/**
 * Leaves out tokens, each with probability `p`; the rest moves up, and `padding` fills the end.
 *
 * @param padding  The id at the end of shorter lists; it is never left out itself.
 * @throws ConfigError  if `p` is no probability
 */
export function dropTokens(p: number, { padding }: { padding: number }): Augmentation {
  const op = 'dropTokens';
  return { kind: op, options: { p: checkProbability(op, p), padding: paddingOf(op, padding) } satisfies TokenStep };
}

function dropping({ p, padding }: TokenStep): Step {
  return {
    shape: ofRank('dropTokens', TOKENS, 1),
    apply(input, _, output, draws) {
      const u = draws.uniform53(input.length);
      let kept = 0;
      for (let i = 0; i < input.length; i++) if (input[i] === padding || u[i] >= p) output[kept++] = input[i];
      output.fill(padding!, kept);
    },
  };
}

/**
 * Lets neighbours change places, each pair with probability `p`; a token moves by one place at most.
 *
 * @param padding  An id that stays where it is.
 * @throws ConfigError  if `p` is no probability
 */
export function swapTokens(p: number, { padding }: { padding?: number } = {}): Augmentation {
  const op = 'swapTokens';
  return { kind: op, options: { p: checkProbability(op, p), padding: paddingOf(op, padding) } satisfies TokenStep };
}

function swapping({ p, padding }: TokenStep): Step {
  return {
    shape: ofRank('swapTokens', TOKENS, 1),
    apply(input, _, output, draws) {
      const u = draws.uniform53(input.length);
      output.set(input);
      for (let i = 0; i + 1 < input.length; i++) {
        if (u[i] >= p || input[i] === padding || input[i + 1] === padding) continue;
        [output[i], output[i + 1]] = [input[i + 1], input[i]];
        i++;
      }
    },
  };
}

interface ReplaceStep extends TokenStep {
  readonly by: readonly number[] | number;
}

/**
 * Puts other tokens in the place of some, each with probability `p`.
 *
 * @param by       What is drawn from: a number of ids, 0 up to it, or a list of them (one, as a mask).
 * @param padding  An id that stays as it is.
 * @throws ConfigError  if `p` is no probability, or there is nothing to draw from
 */
export function replaceTokens(
  p: number,
  { by, padding }: { by: number | readonly number[]; padding?: number },
): Augmentation {
  const op = 'replaceTokens';
  checkCount(op, '`by`', typeof by === 'number' ? by : by.length, 1);
  const options: ReplaceStep = { p: checkProbability(op, p), padding: paddingOf(op, padding), by };
  return { kind: op, options };
}

function replacing({ p, padding, by }: ReplaceStep): Step {
  return {
    shape: ofRank('replaceTokens', TOKENS, 1),
    apply(input, _, output, draws) {
      const u = draws.uniform53(input.length);
      const drawn = draws.integers(input.length, typeof by === 'number' ? by : by.length);
      for (let i = 0; i < input.length; i++) {
        const other = typeof by === 'number' ? drawn[i] : by[drawn[i]];
        output[i] = u[i] < p && input[i] !== padding ? other : input[i];
      }
    },
  };
}

const WAVEFORM = 'a waveform is [T] or [C, T]';

/**
 * Moves a waveform in time by up to `most` steps either way, all channels together; what comes in is silence.
 *
 * @throws ConfigError  if `most` is no integer from 0
 */
export function randomTimeShift(most: number): Augmentation {
  return { kind: 'randomTimeShift', options: { most: checkCount('randomTimeShift', 'the shift', most, 0) } };
}

function timeShift({ most }: { most: number }): Step {
  return {
    shape: ofRank('randomTimeShift', WAVEFORM, 2),
    apply(input, shape, output, draws) {
      const by = draws.integers(1, 2 * most + 1)[0] - most;
      const steps = shape[shape.length - 1];
      for (let i = 0; i < input.length; i++) {
        const from = (i % steps) - by;
        output[i] = from >= 0 && from < steps ? input[i - by] : 0;
      }
    },
  };
}

/** Multiplies a waveform by a factor from [low, high). @throws ConfigError if the factors are no range */
export function randomGain(factors: readonly [number, number]): Augmentation {
  return { kind: 'randomGain', options: { range: checkRange('randomGain', 'the factors', factors) } };
}

function gain({ range }: { range: readonly [number, number] }): Step {
  return {
    shape: ofRank('randomGain', WAVEFORM, 2),
    apply(input, _, output, draws) {
      const factor = between(range, draws.uniform53(1)[0]);
      for (let i = 0; i < input.length; i++) output[i] = factor * input[i];
    },
  };
}

export const sequenceSteps = {
  gaussianNoise: noise,
  dropTokens: dropping,
  swapTokens: swapping,
  replaceTokens: replacing,
  randomTimeShift: timeShift,
  randomGain: gain,
};
