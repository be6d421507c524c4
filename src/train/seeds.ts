/** Seeds of runs that are told apart by a number: folds, trials. */

import { defaultGenerator, Generator } from '../core/rng.ts';

/** The seed of run `number`, 64 bits: independent of the other runs', and of how many there are. */
export function seedFor(seed: number | bigint, number: number): bigint {
  const [low, high] = new Generator(seed, number).words(2);
  return (BigInt(high) << 32n) | BigInt(low);
}

/** Runs `fn` with the default generator seeded, and puts the generator back where it was. */
export async function withSeed<T>(seed: bigint, fn: () => Promise<T>): Promise<T> {
  const before = defaultGenerator.getState();
  defaultGenerator.manualSeed(seed);
  try {
    return await fn();
  } finally {
    defaultGenerator.setState(before);
  }
}
