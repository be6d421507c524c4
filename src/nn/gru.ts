import { add, chunk, gruLayer, mul, sigmoid, sub, tanh } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import type { GatedCell } from './gates.ts';
import {
  type GateOptions,
  Recurrent,
  type RecurrentOptions,
  type RunLayer,
  type SequenceOptions,
} from './recurrent.ts';

export type GruOptions = RecurrentOptions;

/** Reset, update and new (the candidate). */
export type GruGate = 'r' | 'z' | 'n';
export type GruGates = Readonly<Record<GruGate, Tensor>>;

const cell: GatedCell<GruGate> = {
  gates: ['r', 'z', 'n'],
  activate(input, recurrent, hold) {
    const [inputR, inputZ, inputN] = chunk(input, 3, -1);
    const [recurrentR, recurrentZ, recurrentN] = chunk(recurrent, 3, -1);
    const r = hold('r', sigmoid(add(inputR, recurrentR)));
    const z = hold('z', sigmoid(add(inputZ, recurrentZ)));
    return { r, z, n: hold('n', tanh(add(inputN, mul(r, recurrentN)))) };
  },
  advance: ({ z, n }, [h]) => [add(n, mul(z, sub(h, n)))],
};

/**
 * Multi-layer GRU. Gates in PyTorch's order r, z, n; names, layouts and initial values are those of torch.nn.GRU:
 * everything from U(±1/√H). Each layer and direction is one fused operation over the whole sequence.
 *
 * r, z = σ(x·W_ihᵀ + b_ih + h·W_hhᵀ + b_hh), n = tanh(x·W_inᵀ + b_in + r·(h·W_hnᵀ + b_hn)), h′ = (1 − z)·n + z·h
 *
 * Shapes: x [T, B, I] → y [T, B, D·H], state h [L·D, B, H]; without the batch axis for a single sequence
 *         weight_ih_l{k} [3H, I or D·H], weight_hh_l{k} [3H, H], biases [3H], suffix `_reverse` for the way back
 *         (T steps, B batch, I inputs, H hidden, L layers, D directions)
 * Source: Cho et al., Learning phrase representations using RNN encoder-decoder, 2014, with the reset gate behind the
 *         product.
 *
 * @throws ShapeError  from `forward` if x or the state does not fit
 * @example
 * const gru = new GRU(64, 256, { numLayers: 2 });
 * const [y, h] = gru.forward(randn([16, 8, 64]));
 * y.shape; // => [ 16, 8, 256 ]
 * const [next] = gru.forward(randn([16, 8, 64]), h.detach()); // goes on where the first ended
 */
export class GRU extends Recurrent {
  constructor(inputSize: number, hiddenSize: number, options: GruOptions = {}) {
    super('GRU', 3, inputSize, hiddenSize, options);
  }

  /** The state before the first step: zeros, for `batch` sequences, or for a single one without a batch axis. */
  initHidden(batch?: number): Tensor {
    return this.zeroState(batch);
  }

  readonly #run: RunLayer = ({ wIh, wHh, bIh, bHh, reverse }, sequence, [h0]) => {
    const { y, hN } = gruLayer(sequence, h0, wIh, wHh, bIh, bHh, { reverse });
    return [y, hN];
  };

  /** Walks the sequences from `h` (zeros if it is not given) and returns the outputs and the state at their end. */
  forward(x: Tensor, h?: Tensor, options: SequenceOptions = {}): [y: Tensor, h: Tensor] {
    const [y, end] = this.walk(x, { h }, options, this.#run);
    return [y, end];
  }

  /**
   * As `forward`, with the gates as differentiable tensors, for each layer and direction in the order of the state's rows.
   * A clamped gate is held at its value, and what comes after follows from that.
   *
   * Shapes: each gate is as y, with H features
   *
   * @throws ConfigError  if a clamp names a gate, layer, step or unit that there is not
   */
  forwardGates(x: Tensor, h?: Tensor, options: GateOptions<GruGate> = {}): [y: Tensor, h: Tensor, gates: GruGates[]] {
    const [[y, end], gates] = this.walkGates(x, { h }, options, cell, this.#run);
    return [y, end, gates];
  }
}
