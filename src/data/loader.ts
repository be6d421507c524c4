/** Batches of a data set, epoch by epoch. */

import { inspect } from 'node:util';
import { checkOptions, type OptionNames } from '../core/options.ts';
import { ConfigError, DataError, LanegradError } from '../errors.ts';
import { Tensor } from '../tensor.ts';
import { type Collated, collate as collateSamples } from './collate.ts';
import { checkDataset, type Dataset } from './dataset.ts';
import { checkCount, MAX_EPOCHS, seedOf } from './draws.ts';
import { ownsMemory } from './rows.ts';
import { RandomSampler, type Sampler, SequentialSampler } from './sampler.ts';
import { type BatchContext, ModuleTransform, type Transform, textOf, transformError } from './transform.ts';
import { TransformThreads } from './transform-threads.ts';

/** What training needs of a loader: any object that gives the batches of an epoch by number. */
export interface BatchSource<B> {
  /** Batches an epoch. */
  readonly length: number;
  /** The batches of epoch `n` from batch `from` on. */
  epoch(n: number, from?: number, options?: EpochOptions): AsyncIterable<B>;
}

export interface EpochOptions {
  /**
   * Takes the memory that the loader gathered a batch into back when the next one is asked for; touching it then is a
   * BufferError. A loop that keeps no batch is spared new memory for each: half the time of gathering one. Default false.
   */
  recycle?: boolean;
}

export interface DataLoaderOptions<T, I, B> {
  /** Samples a batch. Default 1. */
  batchSize?: number;
  /** Takes the samples in random order, another one each epoch. */
  shuffle?: boolean;
  /** Which samples, and in what order; in place of `shuffle`. */
  sampler?: Sampler;
  /** Of the order and of augmentation; the default generator's, as it is when the loader is made. */
  seed?: number | bigint;
  /** Leaves out the last batch where it is smaller than the others. */
  dropLast?: boolean;
  /** Makes a batch of samples; in place of the data set's own `batch` and of `collate`. */
  collate?: (samples: T[]) => I;
  /** Makes of a batch what the network gets. */
  transform?: Transform<I, B> | ModuleTransform;
  /** How many batches are begun before they are asked for. A transform that a module makes then runs on another thread. */
  prefetch?: number;
  /** Threads for such a transform. Default 1. */
  workers?: number;
}

const OPTIONS: OptionNames<DataLoaderOptions<unknown, unknown, unknown>> = {
  batchSize: true,
  shuffle: true,
  sampler: true,
  seed: true,
  dropLast: true,
  collate: true,
  transform: true,
  prefetch: true,
  workers: true,
};

/**
 * The batches of a data set. Those of an epoch are a function of the seed and the epoch's number, whatever was loaded
 * before and however many batches are prefetched; so two numbers, epoch and batch, tell where to go on.
 *
 * @throws ConfigError  if an option is unknown, out of range, or excludes another
 * @example
 * const numbers = new TensorDataset(arange(5), arange(5).mul(10));
 * const loader = new DataLoader(numbers, { batchSize: 2, shuffle: true, seed: 7 });
 * const inputs: unknown[] = [];
 * for await (const [x, y] of loader.epoch(0)) inputs.push(x.toArray());
 * [loader.length, inputs.length]; // => [ 3, 3 ]
 */
export class DataLoader<T, I = Collated<T>, B = I> implements BatchSource<B> {
  readonly dataset: Dataset<T, I>;
  readonly batchSize: number;
  readonly dropLast: boolean;
  readonly seed: bigint;
  readonly sampler: Sampler;
  readonly prefetch: number;
  readonly #collate: ((samples: T[]) => I) | undefined;
  readonly #transform: Transform<I, B> | ModuleTransform | undefined;
  readonly #threads: TransformThreads | null;
  /** The epoch that the loader itself walks next. */
  #next = 0;

  constructor(dataset: Dataset<T, I>, options: DataLoaderOptions<T, I, B> = {}) {
    const op = 'DataLoader';
    checkDataset(op, dataset);
    checkOptions(op, options, OPTIONS);
    const { batchSize = 1, shuffle = false, dropLast = false, collate, transform, prefetch = 0, workers = 1 } = options;
    if (shuffle && options.sampler !== undefined) {
      throw new ConfigError({ op, problem: 'a sampler decides the order, so `shuffle` cannot', hint: 'leave one out' });
    }
    this.dataset = dataset;
    this.batchSize = checkCount(op, 'batchSize', batchSize, 1);
    this.dropLast = dropLast;
    this.seed = seedOf(options.seed);
    this.sampler =
      options.sampler ?? (shuffle ? new RandomSampler(dataset.length) : new SequentialSampler(dataset.length));
    this.prefetch = checkCount(op, 'prefetch', prefetch, 0);
    checkCount(op, 'workers', workers, 1, 64);
    this.#collate = collate;
    this.#transform = transform;
    this.#threads =
      transform instanceof ModuleTransform && this.prefetch > 0 ? new TransformThreads(transform, workers) : null;
  }

  /** Batches an epoch. */
  get length(): number {
    const n = this.sampler.length / this.batchSize;
    return this.dropLast ? Math.floor(n) : Math.ceil(n);
  }

  /**
   * The batches of epoch `n` from batch `from` on. Nothing is loaded before the first is asked for.
   *
   * @throws ConfigError  if there is no such epoch or batch
   * @throws DataError    (while it is walked) if a sample cannot be had or a transform fails; names the sample or the batch
   */
  epoch(n: number, from = 0, { recycle = false }: EpochOptions = {}): AsyncGenerator<B, void, undefined> {
    checkCount('epoch', 'the number of the epoch', n, 0, MAX_EPOCHS - 1);
    checkCount('epoch', 'the batch to begin with', from, 0, this.length);
    return this.#walk(n, from, recycle);
  }

  /** The next epoch of this loader: the first time epoch 0. */
  [Symbol.asyncIterator](): AsyncGenerator<B, void, undefined> {
    return this.epoch(this.#next++);
  }

  [inspect.custom](): string {
    return `DataLoader(${inspect(this.dataset)}, ${this.length} batches of ${this.batchSize})`;
  }

  /** Ends the threads at once; they otherwise end by themselves, a second after the last epoch, or with the process. */
  async close(): Promise<void> {
    await this.#threads?.close();
  }

  async *#walk(epoch: number, from: number, recycle: boolean): AsyncGenerator<B, void, undefined> {
    const order = this.sampler.indices(epoch, this.seed);
    const count = this.length;
    const begun: Promise<B>[] = [];
    let [next, done] = [from, false];
    this.#threads?.open();
    try {
      while (next < count || begun.length > 0) {
        while (next < count && begun.length <= this.prefetch) {
          const batch = this.#load(order, epoch, next++);
          // It is reported when its turn comes, if it comes.
          batch.catch(() => undefined);
          begun.push(batch);
        }
        const batch = await begun.shift()!;
        yield batch;
        if (recycle) releaseTensors(batch);
      }
      done = true;
    } finally {
      await this.#threads?.leave(!done);
    }
  }

  async #load(order: Int32Array, epoch: number, batch: number): Promise<B> {
    const indices = order.slice(batch * this.batchSize, (batch + 1) * this.batchSize);
    const collated = this.#gather(indices);
    const transform = this.#transform;
    if (transform === undefined) return collated as unknown as B;
    const context: BatchContext = { epoch, batch, indices, seed: this.seed };
    if (this.#threads !== null) return (await this.#threads.run(collated, context)) as B;
    try {
      if (transform instanceof ModuleTransform) return (await (await transform.make())(collated, context)) as B;
      return await transform(collated, context);
    } catch (cause) {
      throw transformError(cause, context);
    }
  }

  #gather(indices: Int32Array): I {
    const { dataset } = this;
    if (this.#collate === undefined && dataset.batch !== undefined) return dataset.batch(indices);
    const samples = Array.from(indices, (index) => {
      try {
        return dataset.get(index);
      } catch (cause) {
        const problem = `sample ${index} cannot be had: ${textOf(cause)}`;
        throw new DataError({ op: 'DataLoader', problem, cause, index });
      }
    });
    if (this.#collate !== undefined) return this.#collate(samples);
    try {
      return collateSamples(samples) as I;
    } catch (cause) {
      if (!(cause instanceof LanegradError)) throw cause;
      const problem = `samples ${indices.join(', ')} make no batch: ${cause.message}`;
      throw new DataError({ op: 'DataLoader', problem, cause });
    }
  }
}

/** Gives back the memory of a batch's own tensors; a tensor that came from elsewhere keeps its. */
function releaseTensors(batch: unknown): void {
  const parts = Array.isArray(batch) ? batch : [batch];
  for (const part of parts) {
    if (part instanceof Tensor && ownsMemory(part)) part.storage.release();
  }
}
