/** Positions for layers that have no order of their own: added to the inputs. */

import { expOf, turn } from '../core/elementary.ts';
import { checkOptions, checkPositiveInteger, type OptionNames } from '../core/options.ts';
import { ConfigError, ShapeError } from '../errors.ts';
import { add, dropout, narrow, reshape } from '../ops/index.ts';
import { emptyTensor, type Tensor } from '../tensor.ts';
import { checkFloatDType, checkProbability, type FloatDType, normalParameter } from './make-parameter.ts';
import { Module } from './module.ts';
import type { Parameter } from './parameter.ts';

export interface PositionalEncodingOptions {
  /** In training, the probability of dropping an element of the sum. Default 0. */
  dropout?: number;
  /** x is [B, T, E] instead of [T, B, E]. */
  batchFirst?: boolean;
}

/**
 * The table of sinusoids: column 2j is sin(t / 10000^(2j/E)), column 2j+1 the cosine of the same angle.
 *
 * Shapes: → [length, dim]
 * Source: Vaswani et al., Attention is all you need, 2017, section 3.5
 */
export function sinusoidalPositions(length: number, dim: number, dtype: FloatDType = 'float32'): Tensor {
  checkPositiveInteger('sinusoidalPositions', 'length', length);
  checkPositiveInteger('sinusoidalPositions', 'dim', dim);
  const table = emptyTensor([length, dim], checkFloatDType('sinusoidalPositions', dtype));
  for (let j = 0; j < dim; j++) {
    const turns = expOf((-4 * Math.LN10 * (j - (j % 2))) / dim) / (2 * Math.PI);
    for (let t = 0; t < length; t++) {
      const angle = t * turns;
      const [cosine, sine] = turn(angle - Math.floor(angle));
      table.data[t * dim + j] = j % 2 === 0 ? sine : cosine;
    }
  }
  return table;
}

const OPTIONS: OptionNames<PositionalEncodingOptions> = { dropout: true, batchFirst: true };

abstract class PositionalEncoding extends Module {
  readonly dim: number;
  readonly dropout: number;
  readonly batchFirst: boolean;

  protected constructor(name: string, dim: number, options: PositionalEncodingOptions) {
    super();
    checkOptions(name, options, OPTIONS);
    this.dim = checkPositiveInteger(name, 'dim', dim);
    this.dropout = checkProbability(name, 'dropout', options.dropout ?? 0);
    this.batchFirst = options.batchFirst ?? false;
  }

  /** The rows for the first `length` places. */
  protected abstract positions(length: number, x: Tensor): Tensor;

  forward(x: Tensor): Tensor {
    const name = this.constructor.name;
    const { rank } = x;
    if ((rank !== 2 && rank !== 3) || x.shape[rank - 1] !== this.dim) {
      const expected = `[${this.batchFirst ? 'B, T' : 'T, B'}, ${this.dim}] or [T, ${this.dim}]`;
      throw new ShapeError({ op: name, problem: 'x does not fit', got: x.shape, expected });
    }
    const length = x.shape[rank === 3 && this.batchFirst ? 1 : 0];
    const rows = this.positions(length, x);
    const placed = rank === 3 && !this.batchFirst ? reshape(rows, [length, 1, this.dim]) : rows;
    const sampleAxis = this.batchFirst ? 0 : 1;
    return dropout(add(x, placed), this.dropout, { training: this.training, sampleAxis });
  }
}

/**
 * Adds sinusoids of the positions. Nothing is learned, nothing stands in the state dict, and no length is too great.
 *
 * Shapes: x [T, B, E] → y [T, B, E]; [B, T, E] with `batchFirst`; [T, E] for a single sequence
 * Source: Vaswani et al., Attention is all you need, 2017, section 3.5.
 *
 * @throws ShapeError  from `forward` if x does not fit
 * @example
 * const encoding = new SinusoidalPositionalEncoding(16, { batchFirst: true });
 * encoding.forward(zeros([2, 5, 16])).shape; // => [ 2, 5, 16 ]
 */
export class SinusoidalPositionalEncoding extends PositionalEncoding {
  #table: Tensor | null = null;

  constructor(dim: number, options: PositionalEncodingOptions = {}) {
    super('SinusoidalPositionalEncoding', dim, options);
  }

  protected positions(length: number, x: Tensor): Tensor {
    const table = this.#table;
    if (table !== null && table.dtype === x.dtype && table.shape[0] >= length) return narrow(table, 0, 0, length);
    // Twice what is asked for: a text that grows by a token at a time does not make a table for each.
    const made = sinusoidalPositions(
      2 * Math.max(length, 1),
      this.dim,
      checkFloatDType(this.constructor.name, x.dtype),
    );
    this.#table = made;
    return narrow(made, 0, 0, length);
  }

  override extraRepr(): string {
    return `${this.dim}`;
  }
}

export interface LearnedPositionalEncodingOptions extends PositionalEncodingOptions {
  dtype?: FloatDType;
}

/**
 * Adds a learned vector for each position, from N(0, 0.02²) at first.
 *
 * Shapes: x [T, B, E] → y [T, B, E]; [B, T, E] with `batchFirst`; [T, E] for a single sequence; weight [maxLength, E]
 *
 * @throws ShapeError   from `forward` if x does not fit
 * @throws ConfigError  from `forward` if a sequence is longer than `maxLength`
 */
export class LearnedPositionalEncoding extends PositionalEncoding {
  readonly maxLength: number;
  weight: Parameter;

  constructor(
    maxLength: number,
    dim: number,
    { dtype = 'float32', ...options }: LearnedPositionalEncodingOptions = {},
  ) {
    const name = 'LearnedPositionalEncoding';
    super(name, dim, options);
    this.maxLength = checkPositiveInteger(name, 'maxLength', maxLength);
    this.weight = normalParameter([maxLength, dim], checkFloatDType(name, dtype), 0.02);
  }

  protected positions(length: number): Tensor {
    if (length > this.maxLength) {
      const op = 'LearnedPositionalEncoding';
      throw new ConfigError({ op, problem: 'the sequence is too long', got: length, expected: this.maxLength });
    }
    return narrow(this.weight, 0, 0, length);
  }

  override extraRepr(): string {
    return `${this.maxLength}, ${this.dim}`;
  }
}
