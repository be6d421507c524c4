/** A series in time as samples: what was seen, and what came next. */

import { checkOptions, type OptionNames } from '../core/options.ts';
import { sizeOf } from '../core/shape.ts';
import { ConfigError, ShapeError } from '../errors.ts';
import { checkTensor } from '../ops/define.ts';
import type { Tensor } from '../tensor.ts';
import type { Dataset } from './dataset.ts';
import { checkCount } from './draws.ts';
import { checkIndex, emptyBatch, rowsOf } from './rows.ts';

export interface WindowOptions {
  /** Steps that are seen. */
  length: number;
  /** Steps that are to be told, right after them. Default 1. */
  horizon?: number;
  /** Steps from the start of one window to that of the next. Default 1. */
  stride?: number;
  /** The series that is to be told, step by step beside the one that is seen; that one unless given. */
  target?: Tensor;
}

const OPTIONS: OptionNames<WindowOptions> = { length: true, horizon: true, stride: true, target: true };

/** The windows of a series; window i begins at step i · stride. Made by `windows`. */
export class WindowDataset implements Dataset<Tensor[]> {
  readonly length: number;
  readonly stride: number;
  readonly #series: Tensor;
  readonly #target: Tensor;
  readonly #steps: number;
  readonly #horizon: number;

  /** @internal */
  constructor(series: Tensor, options: WindowOptions) {
    const op = 'windows';
    checkOptions(op, options, OPTIONS);
    const { length, horizon = 1, stride = 1, target = series } = options;
    checkTensor(op, series);
    checkTensor(op, target);
    if (series.rank === 0 || target.rank === 0 || series.shape[0] !== target.shape[0]) {
      const got = `${series.shape[0] ?? 'none'} and ${target.shape[0] ?? 'none'}`;
      throw new ShapeError({ op, problem: 'series and target lie step by step beside each other', got });
    }
    this.#steps = checkCount(op, 'length', length, 1);
    this.#horizon = checkCount(op, 'horizon', horizon, 0);
    this.stride = checkCount(op, 'stride', stride, 1);
    const room = series.shape[0] - length - horizon;
    if (room < 0) {
      const expected = `${length + horizon} steps or more`;
      throw new ConfigError({ op, problem: 'the series is shorter than one window', got: series.shape[0], expected });
    }
    this.length = Math.floor(room / stride) + 1;
    this.#series = series.detach();
    this.#target = target.detach();
  }

  get(index: number): Tensor[] {
    const begin = checkIndex('windows', index, this.length) * this.stride;
    const end = begin + this.#steps;
    return [rowsOf(this.#series, begin, end), rowsOf(this.#target, end, end + this.#horizon)];
  }

  batch(indices: Int32Array): Tensor[] {
    for (let i = 0; i < indices.length; i++) checkIndex('windows', indices[i], this.length);
    return [
      this.#gather(this.#series, indices, 0, this.#steps),
      this.#gather(this.#target, indices, this.#steps, this.#horizon),
    ];
  }

  /** Copies of the steps from `skip` on of each window. */
  #gather(x: Tensor, indices: Int32Array, skip: number, steps: number): Tensor {
    const inner = x.shape.slice(1);
    const width = sizeOf(inner);
    const batch = emptyBatch([indices.length, steps, ...inner], x.dtype);
    const out = batch.data;
    const { data } = x;
    indices.forEach((index, i) => {
      const from = (index * this.stride + skip) * width;
      out.set(data.subarray(from, from + steps * width), i * steps * width);
    });
    return batch;
  }
}

/**
 * The windows of a series as a data set: samples [seen, next], the next `horizon` steps after `length` that are seen.
 *
 * Cut the series in time first and make windows of each part: windows that overlap share values.
 *
 * Shapes: series [T, …], target [T, …] → seen [length, …], next [horizon, …]
 * @throws ShapeError   if series and target differ in length
 * @throws ConfigError  if an option is out of range, or the series shorter than one window
 * @example
 * const [seen, next] = windows(arange(10), { length: 3, horizon: 2 }).get(4);
 * [seen.toArray(), next.toArray()]; // => [ [ 4, 5, 6 ], [ 7, 8 ] ]
 */
export function windows(series: Tensor, options: WindowOptions): WindowDataset {
  return new WindowDataset(series, options);
}
