/** Batches by number: where training gets them from, and what they are taken for. */

import type { BatchSource } from '../data/index.ts';
import { ConfigError, ShapeError } from '../errors.ts';
import { Tensor } from '../tensor.ts';

/** A loader, or a list of batches that every epoch takes in its order. */
export type Batches<B> = BatchSource<B> | readonly B[];

class ListSource<B> implements BatchSource<B> {
  readonly #batches: readonly B[];

  constructor(batches: readonly B[]) {
    this.#batches = batches;
  }

  get length(): number {
    return this.#batches.length;
  }

  async *epoch(_n: number, from = 0): AsyncGenerator<B> {
    yield* this.#batches.slice(from);
  }
}

/** @throws ConfigError  if it is neither, or has no batch */
export function sourceOf<B>(op: string, data: Batches<B>): BatchSource<B> {
  const isList = Array.isArray(data);
  if (!isList && typeof (data as Partial<BatchSource<B>> | null)?.epoch !== 'function') {
    const expected = 'a DataLoader, or a list of batches';
    const hint = 'new DataLoader(dataset, { batchSize: 32 }) makes batches of a data set';
    throw new ConfigError({ op, problem: 'these are no batches', got: data, expected, hint });
  }
  if (data.length === 0) throw new ConfigError({ op, problem: 'there are no batches' });
  return isList ? new ListSource<B>(data) : (data as BatchSource<B>);
}

/** Walks a source batch by batch, in any order of epochs, and measures how long it is waited for. */
export class BatchWalk<B> {
  readonly source: BatchSource<B>;
  readonly #op: string;
  readonly #recycle: boolean;
  #batches: AsyncIterator<B> | null = null;
  /** The epoch and the batch that come next. */
  #epoch = -1;
  #batch = 0;
  /** Milliseconds spent waiting for batches so far. */
  waited = 0;

  /** @param recycle  Lets the source reuse the memory of a batch when the next is taken. */
  constructor(op: string, source: BatchSource<B>, { recycle = false }: { recycle?: boolean } = {}) {
    this.#op = op;
    this.source = source;
    this.#recycle = recycle;
  }

  /** @throws ConfigError  if the source has fewer batches than it said */
  async take(epoch: number, batch: number): Promise<B> {
    const since = performance.now();
    if (this.#batches === null || this.#epoch !== epoch || this.#batch !== batch) {
      await this.close();
      this.#batches = this.source.epoch(epoch, batch, { recycle: this.#recycle })[Symbol.asyncIterator]();
      this.#epoch = epoch;
      this.#batch = batch;
    }
    const { done, value } = await this.#batches.next();
    if (done) {
      throw new ConfigError({
        op: this.#op,
        problem: `epoch ${epoch} ended before its time`,
        got: `${batch} batches`,
        expected: this.source.length,
      });
    }
    this.#batch++;
    this.waited += performance.now() - since;
    return value;
  }

  /** Ends the walk: what the source prefetches for it is no longer wanted. */
  async close(): Promise<void> {
    const batches = this.#batches;
    this.#batches = null;
    await batches?.return?.();
  }
}

/** The tensors of a batch, the last of them the target. @throws ConfigError if it is no list of tensors */
export function splitBatch(op: string, batch: unknown): [inputs: Tensor[], target: Tensor] {
  if (Array.isArray(batch) && batch.length >= 2 && batch.every((part) => part instanceof Tensor)) {
    return [batch.slice(0, -1), batch[batch.length - 1]];
  }
  throw new ConfigError({
    op,
    problem: 'a batch must be a list of tensors: inputs, then the target',
    got: batch,
    hint:
      batch instanceof Tensor
        ? '[[x, y]] is a list of one batch; a DataLoader cuts a TensorDataset into batches'
        : 'say by `step` how the loss comes from another',
  });
}

/** How many samples a batch has, by the first tensor that it is or holds; 1 without one. */
export function samplesIn(op: string, batch: unknown, axis: number): number {
  const isHolder = typeof batch === 'object' && batch !== null && !(batch instanceof Tensor);
  const first = (isHolder ? Object.values(batch) : [batch]).find((part) => part instanceof Tensor);
  if (first === undefined) return 1;
  if (axis >= 0 && axis < first.rank) return first.shape[axis];
  throw new ShapeError({ op, problem: `a batch has no sample axis ${axis}`, got: first.shape });
}
