/** What is done to a batch between its samples and the network: a function here, or one that a module makes anywhere. */

import { DataError } from '../errors.ts';

/** Which batch a transform has before it. */
export interface BatchContext {
  readonly epoch: number;
  /** The batch's number in its epoch, from 0. */
  readonly batch: number;
  /** The sample of each row. */
  readonly indices: Int32Array;
  readonly seed: bigint;
}

/**
 * Makes of a batch another one, as a function of the batch and its context alone; it may write into the batch's memory
 * where that came from a TensorDataset or from `collate`.
 */
export type Transform<I, B> = (batch: I, context: BatchContext) => B | Promise<B>;

/** A transform that can be made on any thread: by a function that a module exports, out of options that can be cloned. */
export class ModuleTransform {
  /** The module, as a URL or the name of a package. */
  readonly module: string;
  readonly exportName: string;
  readonly options: unknown;
  #made: Promise<Transform<unknown, unknown>> | null = null;

  constructor(module: string, exportName: string, options: unknown) {
    this.module = module;
    this.exportName = exportName;
    this.options = options;
  }

  /** The transform on this thread. @throws DataError if the module has no such function */
  make(): Promise<Transform<unknown, unknown>> {
    this.#made ??= this.#load();
    return this.#made;
  }

  async #load(): Promise<Transform<unknown, unknown>> {
    const op = 'moduleTransform';
    const found = ((await import(this.module)) as Record<string, unknown>)[this.exportName];
    if (typeof found !== 'function') {
      throw new DataError({ op, problem: `${this.module} exports no function ${this.exportName}`, got: found });
    }
    const transform: unknown = await found(this.options);
    if (typeof transform !== 'function') {
      const expected = 'a function that returns a transform';
      throw new DataError({ op, problem: `${this.exportName} of ${this.module} made none`, got: transform, expected });
    }
    return transform as Transform<unknown, unknown>;
  }
}

/**
 * Names a transform by its module, so that a loader with `prefetch` runs it on a thread of its own. The module's export,
 * the default one unless named, is called once on each thread that needs it, as `make(options)`, and returns the transform.
 *
 * @param module   A URL, as `new URL('./augment.js', import.meta.url)`, or the name of a package.
 * @param options  What `make` is given; anything that a structured clone copies. Shared memory in it is not copied.
 */
export function moduleTransform(
  module: URL | string,
  options?: unknown,
  { exportName = 'default' }: { exportName?: string } = {},
): ModuleTransform {
  return new ModuleTransform(String(module), exportName, options);
}

/** An error of a transform, with the batch in which it came up; its cause is the error itself. */
export function transformError(cause: unknown, { epoch, batch, indices }: BatchContext): DataError {
  const shown = indices.length > 8 ? `${indices.subarray(0, 8).join(', ')} …` : indices.join(', ');
  const index = cause instanceof Error && 'index' in cause && typeof cause.index === 'number' ? cause.index : undefined;
  return new DataError({
    op: 'DataLoader',
    problem: `the transform failed in batch ${batch} of epoch ${epoch} (samples ${shown}): ${textOf(cause)}`,
    cause,
    index,
  });
}

/** What an error says. */
export function textOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
}
