/**
 * Where random draws over data come from: each use, epoch and sample has a stream of its own, so that what one of them
 * draws depends on the seed and on nothing that was drawn before.
 */

import { defaultGenerator, Generator } from '../core/rng.ts';
import { ConfigError } from '../errors.ts';

/** What draws; the upper four bits of a stream. The default generator's stream is 0. */
export const Use = { order: 1n, augmentation: 2n, split: 3n, synthetic: 4n } as const;
export type Use = (typeof Use)[keyof typeof Use];

/** Epochs have 28 bits of a stream, samples 32. */
export const MAX_EPOCHS = 2 ** 28;

/** The seed to draw by: the given one, or the default generator's. @throws ConfigError if it is none */
export function seedOf(seed: number | bigint | undefined): bigint {
  return seed === undefined ? defaultGenerator.seed : new Generator(seed).seed;
}

/** The generator of one use in one epoch (0 where there are none), and where it draws by sample, of one sample. */
export function drawsFor(use: Use, seed: number | bigint, epoch = 0, sample = 0): Generator {
  return new Generator(seed, (use << 60n) | (BigInt(epoch) << 32n) | BigInt(sample));
}

/** @throws ConfigError  if `value` is no integer from `least` to `most` */
export function checkCount(op: string, name: string, value: number, least: number, most = 2 ** 31 - 1): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  const expected = most === 2 ** 31 - 1 ? `an integer from ${least}` : `an integer from ${least} to ${most}`;
  throw new ConfigError({ op, problem: `${name} is out of range`, got: value, expected });
}
