import { ConfigError } from '../errors.ts';
import { type Nonlinearity, rnnLayer } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { Recurrent, type RecurrentOptions, type SequenceOptions } from './recurrent.ts';

export interface RnnOptions extends RecurrentOptions {
  /** What is applied to the sums: 'tanh' (default) or 'relu'. */
  nonlinearity?: Nonlinearity;
}

/** @throws ConfigError  if the nonlinearity is none of the two */
export function checkNonlinearity(op: string, nonlinearity: unknown): Nonlinearity {
  if (nonlinearity === 'tanh' || nonlinearity === 'relu') return nonlinearity;
  throw new ConfigError({ op, problem: 'unknown nonlinearity', got: nonlinearity, expected: "'tanh' or 'relu'" });
}

/**
 * Multi-layer plain recurrent network. Names, layouts and initial values are those of torch.nn.RNN: everything from
 * U(±1/√H). Each layer and direction is one fused operation over the whole sequence.
 *
 * h′ = f(x·W_ihᵀ + b_ih + h·W_hhᵀ + b_hh), f = tanh or relu
 *
 * Shapes: x [T, B, I] → y [T, B, D·H], state h [L·D, B, H]; without the batch axis for a single sequence
 *         weight_ih_l{k} [H, I or D·H], weight_hh_l{k} [H, H], biases [H], suffix `_reverse` for the way back
 *         (T steps, B batch, I inputs, H hidden, L layers, D directions)
 * Source: Elman, Finding structure in time, 1990.
 *
 * @throws ShapeError   from `forward` if x or the state does not fit
 * @throws ConfigError  if the nonlinearity is none of the two
 * @example
 * const rnn = new RNN(64, 256, { nonlinearity: 'relu' });
 * const [y, h] = rnn.forward(randn([16, 8, 64]));
 * h.shape; // => [ 1, 8, 256 ]
 * const [next] = rnn.forward(randn([16, 8, 64]), h.detach()); // goes on where the first ended
 */
export class RNN extends Recurrent {
  readonly nonlinearity: Nonlinearity;

  constructor(inputSize: number, hiddenSize: number, { nonlinearity = 'tanh', ...options }: RnnOptions = {}) {
    super('RNN', 1, inputSize, hiddenSize, options);
    this.nonlinearity = checkNonlinearity('RNN', nonlinearity);
  }

  /** The state before the first step: zeros, for `batch` sequences, or for a single one without a batch axis. */
  initHidden(batch?: number): Tensor {
    return this.zeroState(batch);
  }

  /** Walks the sequences from `h` (zeros if it is not given) and returns the outputs and the state at their end. */
  forward(x: Tensor, h?: Tensor, options: SequenceOptions = {}): [y: Tensor, h: Tensor] {
    const { nonlinearity } = this;
    const [y, end] = this.walk(x, { h }, options, ({ wIh, wHh, bIh, bHh, reverse }, sequence, [h0]) => {
      const { y, hN } = rnnLayer(sequence, h0, wIh, wHh, bIh, bHh, { reverse, nonlinearity });
      return [y, hN];
    });
    return [y, end];
  }

  override extraRepr(): string {
    return this.nonlinearity === 'tanh' ? super.extraRepr() : `${super.extraRepr()}, nonlinearity: relu`;
  }
}
