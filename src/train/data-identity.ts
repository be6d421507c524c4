/** Which data a checkpoint was written over, as far as its source tells: what goes on must walk the same batches. */

import type { BatchSource } from '../data/index.ts';
import { CheckpointError } from '../errors.ts';

/** What loaders say of themselves, and other sources may. */
interface Described {
  readonly batchSize?: unknown;
  readonly seed?: unknown;
  readonly sampler?: { readonly length?: unknown };
}

export type DataIdentity = Readonly<Record<string, number | string>>;

export function identityOf(source: BatchSource<unknown>, accumulate: number): DataIdentity {
  const { batchSize, seed, sampler } = source as Described;
  return {
    batches: source.length,
    accumulate,
    ...(typeof batchSize === 'number' && { batchSize }),
    ...(typeof sampler?.length === 'number' && { samples: sampler.length }),
    ...((typeof seed === 'bigint' || typeof seed === 'number') && { seed: String(seed) }),
  };
}

/** @throws CheckpointError  naming the first that differs */
export function checkSameData(saved: unknown, now: DataIdentity): void {
  const before = (typeof saved === 'object' && saved !== null ? saved : {}) as Record<string, unknown>;
  for (const name of new Set([...Object.keys(before), ...Object.keys(now)])) {
    if (before[name] === now[name]) continue;
    throw new CheckpointError({
      op: 'resume',
      problem: 'the training data is cut into other batches',
      got: `${name} ${now[name] ?? 'unknown'}`,
      expected: `${name} ${before[name] ?? 'unknown'}`,
      hint: 'go on with the loader that it was begun with, or begin anew in another folder',
    });
  }
}
