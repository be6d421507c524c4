/** One step of a recurrent layer as a module: RNNCell, GRUCell, LSTMCell. */

import { checkOptions, checkPositiveInteger, type OptionNames } from '../core/options.ts';
import { type Shape, sameShape, sizeOf } from '../core/shape.ts';
import { ShapeError } from '../errors.ts';
import { gruLayer, lstmLayer, type Nonlinearity, rnnLayer, unsqueeze, zeros } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import type { LstmState } from './lstm.ts';
import { checkFloatDType, type FloatDType, uniformParameter } from './make-parameter.ts';
import { Module } from './module.ts';
import type { Parameter } from './parameter.ts';
import { checkNonlinearity } from './rnn.ts';

export interface RecurrentCellOptions {
  bias?: boolean;
  dtype?: FloatDType;
}

export interface RnnCellOptions extends RecurrentCellOptions {
  /** What is applied to the sums: 'tanh' (default) or 'relu'. */
  nonlinearity?: Nonlinearity;
}

/** What a layer's operation takes for a sequence of one step, and whether x came without its batch axis. */
interface Step {
  readonly x: Tensor;
  readonly states: readonly Tensor[];
  readonly single: boolean;
}

const OPTIONS: OptionNames<RecurrentCellOptions> = { bias: true, dtype: true };

abstract class RecurrentCell extends Module {
  readonly inputSize: number;
  readonly hiddenSize: number;
  weight_ih: Parameter;
  weight_hh: Parameter;
  bias_ih: Parameter | null;
  bias_hh: Parameter | null;
  readonly #name: string;

  protected constructor(
    name: string,
    gates: number,
    inputSize: number,
    hiddenSize: number,
    options: RecurrentCellOptions,
  ) {
    super();
    checkOptions(name, options, OPTIONS);
    const { bias = true, dtype = 'float32' } = options;
    this.#name = name;
    this.inputSize = checkPositiveInteger(name, 'inputSize', inputSize);
    this.hiddenSize = checkPositiveInteger(name, 'hiddenSize', hiddenSize);
    checkFloatDType(name, dtype);
    const bound = 1 / Math.sqrt(hiddenSize);
    const rows = gates * hiddenSize;
    this.weight_ih = uniformParameter([rows, inputSize], bound, dtype);
    this.weight_hh = uniformParameter([rows, hiddenSize], bound, dtype);
    this.bias_ih = bias ? uniformParameter([rows], bound, dtype) : null;
    this.bias_hh = bias ? uniformParameter([rows], bound, dtype) : null;
  }

  /** The input and the states, zeros where there is none, as the step of a sequence. */
  protected step(x: Tensor, given: Readonly<Record<string, Tensor | undefined>>): Step {
    const single = x.rank === 1;
    if ((!single && x.rank !== 2) || x.shape[x.rank - 1] !== this.inputSize) {
      const expected = `[B, ${this.inputSize}] or [${this.inputSize}]`;
      throw new ShapeError({ op: this.#name, problem: 'x does not fit', got: x.shape, expected });
    }
    const shape = single ? [this.hiddenSize] : [x.shape[0], this.hiddenSize];
    const states = Object.entries(given).map(([name, state]) => {
      if (state === undefined) return zeros([single ? 1 : x.shape[0], this.hiddenSize], { dtype: x.dtype });
      if (!sameShape(state.shape, shape))
        throw new ShapeError({ op: this.#name, problem: `${name} does not fit`, got: state.shape, expected: shape });
      return single ? unsqueeze(state, 0) : state;
    });
    return { x: unsqueeze(single ? unsqueeze(x, 0) : x, 0), states, single };
  }

  /** The products with both weights, for every sample. */
  multiplyAdds([input]: readonly Shape[]): number {
    return (sizeOf(input) / this.inputSize) * (this.weight_ih.size + this.weight_hh.size);
  }

  override extraRepr(): string {
    return `${this.inputSize}, ${this.hiddenSize}${this.bias_ih === null ? ', bias: false' : ''}`;
  }
}

/**
 * One step of a plain recurrent layer, h′ = f(x·W_ihᵀ + b_ih + h·W_hhᵀ + b_hh) with f = tanh or relu. Names, layouts and
 * initial values are those of torch.nn.RNNCell.
 *
 * Shapes: x [B, I], h [B, H] → h′ [B, H]; all without B for a single one; weight_ih [H, I], weight_hh [H, H], biases [H]
 *
 * @throws ShapeError   from `forward` if x or h does not fit
 * @throws ConfigError  if the nonlinearity is none of the two
 */
export class RNNCell extends RecurrentCell {
  readonly nonlinearity: Nonlinearity;

  constructor(inputSize: number, hiddenSize: number, { nonlinearity = 'tanh', ...options }: RnnCellOptions = {}) {
    super('RNNCell', 1, inputSize, hiddenSize, options);
    this.nonlinearity = checkNonlinearity('RNNCell', nonlinearity);
  }

  /** The state after one step from `h` (zeros if it is not given). */
  forward(x: Tensor, h?: Tensor): Tensor {
    const { x: sequence, states, single } = this.step(x, { h });
    const { nonlinearity } = this;
    const { weight_ih, weight_hh, bias_ih, bias_hh } = this;
    const { hN } = rnnLayer(sequence, states[0], weight_ih, weight_hh, bias_ih, bias_hh, { nonlinearity });
    return single ? hN.squeeze(0) : hN;
  }

  override extraRepr(): string {
    return this.nonlinearity === 'tanh' ? super.extraRepr() : `${super.extraRepr()}, nonlinearity: relu`;
  }
}

/**
 * One step of a GRU, gates in the order r, z, n. Names, layouts and initial values are those of torch.nn.GRUCell; the
 * equations are `GRU`'s.
 *
 * Shapes: x [B, I], h [B, H] → h′ [B, H]; all without B for a single one; weight_ih [3H, I], weight_hh [3H, H], biases [3H]
 *
 * @throws ShapeError  from `forward` if x or h does not fit
 */
export class GRUCell extends RecurrentCell {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentCellOptions = {}) {
    super('GRUCell', 3, inputSize, hiddenSize, options);
  }

  /** The state after one step from `h` (zeros if it is not given). */
  forward(x: Tensor, h?: Tensor): Tensor {
    const { x: sequence, states, single } = this.step(x, { h });
    const { hN } = gruLayer(sequence, states[0], this.weight_ih, this.weight_hh, this.bias_ih, this.bias_hh);
    return single ? hN.squeeze(0) : hN;
  }
}

/**
 * One step of an LSTM, gates in the order i, f, g, o. Names, layouts and initial values are those of torch.nn.LSTMCell; the
 * equations are `LSTM`'s.
 *
 * Shapes: x [B, I], h and c [B, H] → h′, c′ [B, H]; all without B for a single one; weight_ih [4H, I], weight_hh [4H, H],
 *         biases [4H]
 *
 * @throws ShapeError  from `forward` if x or the state does not fit
 * @example
 * const cell = new LSTMCell(3, 8);
 * let state = cell.forward(randn([5, 3]));
 * state = cell.forward(randn([5, 3]), state);
 * state.h.shape; // => [ 5, 8 ]
 */
export class LSTMCell extends RecurrentCell {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentCellOptions = {}) {
    super('LSTMCell', 4, inputSize, hiddenSize, options);
  }

  /** The state after one step from `state` (zeros if it is not given). */
  forward(x: Tensor, state?: LstmState): LstmState {
    const given = { 'state.h': state?.h, 'state.c': state?.c };
    const { x: sequence, states, single } = this.step(x, given);
    const [h0, c0] = states;
    const { weight_ih, weight_hh, bias_ih, bias_hh } = this;
    const { hN, cN } = lstmLayer(sequence, h0, c0, weight_ih, weight_hh, bias_ih, bias_hh);
    return single ? { h: hN.squeeze(0), c: cN.squeeze(0) } : { h: hN, c: cN };
  }
}
