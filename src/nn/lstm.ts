import { add, cat, chunk, lstmLayer, mul, sigmoid, tanh } from '../ops/index.ts';
import { emptyTensor, type Tensor } from '../tensor.ts';
import type { GatedCell } from './gates.ts';
import {
  type GateOptions,
  Recurrent,
  type RecurrentOptions,
  type RunLayer,
  type SequenceOptions,
} from './recurrent.ts';

/** The state of all layers: hidden h and cell c, both [L·D, B, H], or [L·D, H] for a single sequence. */
export interface LstmState {
  readonly h: Tensor;
  readonly c: Tensor;
}

/** The same state outside the graph: what truncated backpropagation carries from one batch to the next. */
export function detachState({ h, c }: LstmState): LstmState {
  return { h: h.detach(), c: c.detach() };
}

export type LstmOptions = RecurrentOptions;

/** Input, forget, cell (the candidate) and output. */
export type LstmGate = 'i' | 'f' | 'g' | 'o';
/** The gates, and the cell state c after each step. */
export type LstmGates = Readonly<Record<LstmGate | 'c', Tensor>>;

const cell: GatedCell<LstmGate> = {
  gates: ['i', 'f', 'g', 'o'],
  activate(input, recurrent, hold) {
    const [i, f, g, o] = chunk(add(input, recurrent), 4, -1);
    return {
      i: hold('i', sigmoid(i)),
      f: hold('f', sigmoid(f)),
      g: hold('g', tanh(g)),
      o: hold('o', sigmoid(o)),
    };
  },
  advance({ i, f, g, o }, [, c]) {
    const after = add(mul(f, c), mul(i, g));
    return [mul(o, tanh(after)), after];
  },
  memory: ({ i, f, g }) => [f, mul(i, g)],
};

/**
 * The weights [4H, 1] of an input that is 1 in padding: it shuts the input gates and opens the forget gates so far that they
 * are 0 and 1 to the bit, with slopes of 0. The cell state then stays, and nothing flows back into padding.
 */
function holding({ shape, dtype }: Tensor): Tensor {
  const weights = emptyTensor([shape[0], 1], dtype);
  const hidden = shape[0] / 4;
  weights.data
    .fill(0)
    .fill(-1e4, 0, hidden)
    .fill(1e4, hidden, 2 * hidden);
  return weights;
}

/**
 * Multi-layer LSTM. Gates in PyTorch's order i, f, g, o; names, layouts and initial values are those of torch.nn.LSTM:
 * everything from U(±1/√H). Each layer and direction is one fused operation over the whole sequence.
 *
 * i, f, o = σ(x·W_ihᵀ + b_ih + h·W_hhᵀ + b_hh), g = tanh(the same), c′ = f·c + i·g, h′ = o·tanh c′
 *
 * Shapes: x [T, B, I] → y [T, B, D·H], state h, c [L·D, B, H]; without the batch axis for a single sequence
 *         weight_ih_l{k} [4H, I or D·H], weight_hh_l{k} [4H, H], biases [4H], suffix `_reverse` for the way back
 *         (T steps, B batch, I inputs, H hidden, L layers, D directions)
 * Source: Hochreiter, Schmidhuber, Long short-term memory, 1997, with the forget gate of Gers et al., 2000.
 *
 * @throws ShapeError  from `forward` if x or the state does not fit
 * @example
 * const lstm = new LSTM(64, 256, { numLayers: 2 });
 * const [y, state] = lstm.forward(randn([16, 8, 64]));
 * y.shape; // => [ 16, 8, 256 ]
 * const [next] = lstm.forward(randn([16, 8, 64]), detachState(state)); // goes on where the first ended
 */
export class LSTM extends Recurrent {
  constructor(inputSize: number, hiddenSize: number, options: LstmOptions = {}) {
    super('LSTM', 4, inputSize, hiddenSize, options);
  }

  /** The state before the first step: zeros, for `batch` sequences, or for a single one without a batch axis. */
  initHidden(batch?: number): LstmState {
    return { h: this.zeroState(batch), c: this.zeroState(batch) };
  }

  readonly #run: RunLayer = ({ wIh, wHh, bIh, bHh, reverse }, sequence, [h0, c0], padding = null) => {
    const [x, w] = padding === null ? [sequence, wIh] : [cat([sequence, padding], 2), cat([wIh, holding(wIh)], 1)];
    const { y, hN, cN } = lstmLayer(x, h0, c0, w, wHh, bIh, bHh, { reverse });
    return [y, hN, cN];
  };

  /** Walks the sequences from `state` (zeros if it is not given) and returns the outputs and the state at their end. */
  forward(x: Tensor, state?: LstmState, options: SequenceOptions = {}): [y: Tensor, state: LstmState] {
    const states = { 'state.h': state?.h, 'state.c': state?.c };
    const [y, h, c] = this.walk(x, states, options, this.#run);
    return [y, { h, c }];
  }

  /**
   * As `forward`, with the gates and the cell states as differentiable tensors, for each layer and direction in the order of
   * the state's rows. A clamped gate is held at its value, and what comes after follows from that.
   *
   * Shapes: each gate is as y, with H features
   *
   * @throws ConfigError  if a clamp names a gate, layer, step or unit that there is not
   * @example
   * const lstm = new LSTM(8, 16);
   * const x = randn([20, 4, 8]);
   * const [, , [{ f }]] = lstm.forwardGates(x);
   * f.shape; // => [ 20, 4, 16 ]
   * const forget = { gate: 'f', value: 0, steps: [10] } as const; // forget everything at step 10
   * const [y] = lstm.forwardGates(x, undefined, { clamp: forget });
   */
  forwardGates(
    x: Tensor,
    state?: LstmState,
    options: GateOptions<LstmGate> = {},
  ): [y: Tensor, state: LstmState, gates: LstmGates[]] {
    const states = { 'state.h': state?.h, 'state.c': state?.c };
    const [[y, h, c], gates] = this.walkGates(x, states, options, cell, this.#run);
    return [y, { h, c }, gates];
  }
}
