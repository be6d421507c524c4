/** Samples by index: tensors, arrays, and what is made of other data sets. */

import { inspect } from 'node:util';
import { ConfigError, ShapeError } from '../errors.ts';
import { checkTensor } from '../ops/define.ts';
import type { Tensor } from '../tensor.ts';
import { type Collated, collate } from './collate.ts';
import { checkIndex, gatherRows, rowOf } from './rows.ts';

/** Samples that can be had by index, 0 to length − 1. */
export interface Dataset<T, B = Collated<T>> {
  readonly length: number;
  get(index: number): T;
  /** The samples at these indices as one batch, where that is faster than one by one. */
  batch?(indices: Int32Array): B;
}

/** @throws ConfigError  for anything that is no data set: a tensor, a list */
export function checkDataset(op: string, dataset: unknown): void {
  const { length, get } = (dataset ?? {}) as Partial<Dataset<unknown>>;
  if (Number.isSafeInteger(length) && typeof get === 'function') return;
  throw new ConfigError({
    op,
    problem: 'this is no data set',
    got: Array.isArray(dataset) ? 'a list' : dataset,
    expected: '{ length, get(index) }',
    hint: 'new TensorDataset(x, y) is one of tensors, new ArrayDataset(samples) one of a list',
  });
}

/**
 * Tensors that agree in their first axis; a sample is a row of each, as views, a batch copies of rows.
 *
 * @throws ShapeError  if there is none, one is a scalar, or they differ in length
 */
export class TensorDataset implements Dataset<Tensor[]> {
  readonly tensors: readonly Tensor[];
  readonly length: number;

  constructor(...tensors: readonly Tensor[]) {
    const op = 'TensorDataset';
    for (const x of tensors) checkTensor(op, x);
    if (tensors.length === 0 || tensors.some(({ rank }) => rank === 0)) {
      throw new ShapeError({
        op,
        problem: 'samples lie along the first axis',
        got: tensors.map(({ shape }) => shape),
        expected: 'one or more tensors of rank 1 and above',
      });
    }
    this.length = tensors[0].shape[0];
    if (tensors.some(({ shape }) => shape[0] !== this.length)) {
      throw new ShapeError({
        op,
        problem: 'the tensors differ in their number of samples',
        got: tensors.map(({ shape }) => shape[0]).join(', '),
      });
    }
    this.tensors = tensors.map((x) => x.detach());
  }

  get(index: number): Tensor[] {
    checkIndex('TensorDataset', index, this.length);
    return this.tensors.map((x) => rowOf(x, index));
  }

  batch(indices: Int32Array): Tensor[] {
    for (let i = 0; i < indices.length; i++) checkIndex('TensorDataset', indices[i], this.length);
    return this.tensors.map((x) => gatherRows(x, indices));
  }

  [inspect.custom](): string {
    const parts = this.tensors.map(({ dtype, shape }) => `${dtype} [${shape.slice(1).join(', ')}]`);
    return `TensorDataset(${this.length} × ${parts.join(', ')})`;
  }
}

/** The elements of an array as samples. */
export class ArrayDataset<T> implements Dataset<T> {
  readonly samples: readonly T[];

  constructor(samples: readonly T[]) {
    this.samples = samples;
  }

  get length(): number {
    return this.samples.length;
  }

  get(index: number): T {
    return this.samples[checkIndex('ArrayDataset', index, this.length)];
  }
}

class MappedDataset<T, U> implements Dataset<U> {
  readonly dataset: Dataset<T, unknown>;
  readonly #fn: (sample: T, index: number) => U;

  constructor(dataset: Dataset<T, unknown>, fn: (sample: T, index: number) => U) {
    this.dataset = dataset;
    this.#fn = fn;
  }

  get length(): number {
    return this.dataset.length;
  }

  get(index: number): U {
    return this.#fn(this.dataset.get(index), index);
  }
}

/** A data set whose samples are `fn(sample, index)`, computed each time one is asked for. */
export function map<T, U>(dataset: Dataset<T, unknown>, fn: (sample: T, index: number) => U): Dataset<U> {
  return new MappedDataset(dataset, fn);
}

/**
 * The samples of another data set at these indices, in this order.
 *
 * @throws ShapeError  (ERR_INDEX) if it has no such sample
 */
export class Subset<T, B = Collated<T>> implements Dataset<T, B> {
  readonly dataset: Dataset<T, B>;
  readonly indices: Int32Array;
  /** Only where the data set has it. */
  readonly batch?: (indices: Int32Array) => B;

  constructor(dataset: Dataset<T, B>, indices: ArrayLike<number>) {
    for (let i = 0; i < indices.length; i++) checkIndex('Subset', indices[i], dataset.length);
    this.dataset = dataset;
    this.indices = Int32Array.from(indices);
    if (dataset.batch !== undefined) {
      this.batch = (wanted) => dataset.batch!(wanted.map((i) => this.indices[checkIndex('Subset', i, this.length)]));
    }
  }

  get length(): number {
    return this.indices.length;
  }

  get(index: number): T {
    return this.dataset.get(this.indices[checkIndex('Subset', index, this.length)]);
  }

  [inspect.custom](): string {
    return `Subset(${this.length} of ${inspect(this.dataset)})`;
  }
}

/** Data sets one after another. @throws ConfigError if there is none */
export class ConcatDataset<T> implements Dataset<T> {
  readonly datasets: readonly Dataset<T, unknown>[];
  readonly length: number;
  /** Where each begins. */
  readonly #starts: readonly number[];

  constructor(datasets: readonly Dataset<T, unknown>[]) {
    if (datasets.length === 0) throw new ConfigError({ op: 'ConcatDataset', problem: 'there is no data set' });
    this.datasets = [...datasets];
    const starts: number[] = [];
    this.length = datasets.reduce((start, { length }) => {
      starts.push(start);
      return start + length;
    }, 0);
    this.#starts = starts;
  }

  get(index: number): T {
    checkIndex('ConcatDataset', index, this.length);
    // The last that begins at or before it; empty ones before that begin there too.
    const part = this.#starts.findLastIndex((start) => start <= index);
    return this.datasets[part].get(index - this.#starts[part]);
  }
}

/** All samples of a data set as one batch: what a transform is fitted to. */
export function wholeBatch<T, B = Collated<T>>(dataset: Dataset<T, B>): B {
  const indices = Int32Array.from({ length: dataset.length }, (_, i) => i);
  if (dataset.batch !== undefined) return dataset.batch(indices);
  return collate(Array.from(indices, (index) => dataset.get(index))) as B;
}
