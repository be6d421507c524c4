import { type Shape, sameShape } from '../core/shape.ts';
import { ShapeError } from '../errors.ts';
import { cat, dropout, lstmLayer, select, squeeze, stack, transpose, unsqueeze, zeros } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { checkFloatDType, checkProbability, checkSize, type FloatDType, uniformParameter } from './init.ts';
import { Module } from './module.ts';
import type { Parameter } from './parameter.ts';

/** The state of all layers: hidden h and cell c, both [L·D, B, H], or [L·D, H] for a single sequence. */
export interface LstmState {
  readonly h: Tensor;
  readonly c: Tensor;
}

/** The same state outside the graph: what truncated backpropagation carries from one batch to the next. */
export function detachState({ h, c }: LstmState): LstmState {
  return { h: h.detach(), c: c.detach() };
}

export interface LstmOptions {
  /** Layers on top of each other. Default 1. */
  numLayers?: number;
  bias?: boolean;
  /** x and y are [B, T, …] instead of [T, B, …]; the state keeps its layout. */
  batchFirst?: boolean;
  /** In training, the probability of dropping an output of a layer on its way to the next. */
  dropout?: number;
  /** A second LSTM walks each sequence backwards; outputs are concatenated. */
  bidirectional?: boolean;
  dtype?: FloatDType;
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
export class LSTM extends Module {
  [name: `${'weight' | 'bias'}_${'ih' | 'hh'}_l${number}${'' | '_reverse'}`]: Parameter;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly batchFirst: boolean;
  readonly bidirectional: boolean;
  readonly dropout: number;
  readonly #bias: boolean;

  constructor(inputSize: number, hiddenSize: number, options: LstmOptions = {}) {
    super();
    const { numLayers = 1, bias = true, batchFirst = false, bidirectional = false, dtype = 'float32' } = options;
    this.inputSize = checkSize('LSTM', 'inputSize', inputSize);
    this.hiddenSize = checkSize('LSTM', 'hiddenSize', hiddenSize);
    this.numLayers = checkSize('LSTM', 'numLayers', numLayers);
    this.dropout = checkProbability('LSTM', 'dropout', options.dropout ?? 0);
    checkFloatDType('LSTM', dtype);
    this.batchFirst = batchFirst;
    this.bidirectional = bidirectional;
    this.#bias = bias;
    const bound = 1 / Math.sqrt(hiddenSize);
    const rows = 4 * hiddenSize;
    for (let layer = 0; layer < numLayers; layer++) {
      const inputs = layer === 0 ? inputSize : this.#directions.length * hiddenSize;
      for (const suffix of this.#directions) {
        this[`weight_ih_l${layer}${suffix}`] = uniformParameter([rows, inputs], bound, dtype);
        this[`weight_hh_l${layer}${suffix}`] = uniformParameter([rows, hiddenSize], bound, dtype);
        if (!bias) continue;
        this[`bias_ih_l${layer}${suffix}`] = uniformParameter([rows], bound, dtype);
        this[`bias_hh_l${layer}${suffix}`] = uniformParameter([rows], bound, dtype);
      }
    }
  }

  get #directions(): readonly ('' | '_reverse')[] {
    return this.bidirectional ? ['', '_reverse'] : [''];
  }

  /** The state before the first step: zeros, for `batch` sequences, or for a single one without a batch axis. */
  initHidden(batch?: number): LstmState {
    const rows = this.numLayers * this.#directions.length;
    const shape = batch === undefined ? [rows, this.hiddenSize] : [rows, batch, this.hiddenSize];
    const { dtype } = this.weight_ih_l0;
    return { h: zeros(shape, { dtype }), c: zeros(shape, { dtype }) };
  }

  /** Walks the sequences from `state` (zeros if it is not given) and returns the outputs and the state at their end. */
  forward(x: Tensor, state?: LstmState): [y: Tensor, state: LstmState] {
    const batched = x.rank === 3;
    if ((!batched && x.rank !== 2) || x.shape[x.rank - 1] !== this.inputSize) {
      const steps = this.batchFirst ? 'B, T' : 'T, B';
      throw new ShapeError({
        op: 'LSTM',
        problem: 'x does not fit',
        got: x.shape,
        expected: `[${steps}, ${this.inputSize}] or [T, ${this.inputSize}]`,
      });
    }
    let sequence = !batched ? unsqueeze(x, 1) : this.batchFirst ? transpose(x, 0, 1) : x;
    const start = this.#startState(state, batched, sequence.shape[1]);
    const ends: { h: Tensor[]; c: Tensor[] } = { h: [], c: [] };
    for (let layer = 0; layer < this.numLayers; layer++) {
      if (layer > 0 && this.dropout > 0) sequence = dropout(sequence, this.dropout, { training: this.training });
      const outputs: Tensor[] = [];
      for (const suffix of this.#directions) {
        const row = ends.h.length;
        const { y, hN, cN } = lstmLayer(
          sequence,
          select(start.h, 0, row),
          select(start.c, 0, row),
          this[`weight_ih_l${layer}${suffix}`],
          this[`weight_hh_l${layer}${suffix}`],
          this.#bias ? this[`bias_ih_l${layer}${suffix}`] : null,
          this.#bias ? this[`bias_hh_l${layer}${suffix}`] : null,
          { reverse: suffix !== '' },
        );
        outputs.push(y);
        ends.h.push(hN);
        ends.c.push(cN);
      }
      sequence = outputs.length === 1 ? outputs[0] : cat(outputs, 2);
    }
    const end = { h: stack(ends.h, 0), c: stack(ends.c, 0) };
    if (!batched) return [squeeze(sequence, 1), { h: squeeze(end.h, 1), c: squeeze(end.c, 1) }];
    return [this.batchFirst ? transpose(sequence, 0, 1) : sequence, end];
  }

  /** The state as [L·D, B, H], checked. */
  #startState(state: LstmState | undefined, batched: boolean, batch: number): LstmState {
    if (state === undefined) return this.initHidden(batch);
    const rows = this.numLayers * this.#directions.length;
    const expected: Shape = batched ? [rows, batch, this.hiddenSize] : [rows, this.hiddenSize];
    for (const name of ['h', 'c'] as const) {
      if (!sameShape(state[name].shape, expected)) {
        throw new ShapeError({ op: 'LSTM', problem: `state.${name} does not fit`, got: state[name].shape, expected });
      }
    }
    return batched ? state : { h: unsqueeze(state.h, 1), c: unsqueeze(state.c, 1) };
  }

  override extraRepr(): string {
    const options = [
      this.numLayers > 1 ? `numLayers: ${this.numLayers}` : '',
      this.#bias ? '' : 'bias: false',
      this.batchFirst ? 'batchFirst: true' : '',
      this.dropout > 0 ? `dropout: ${this.dropout}` : '',
      this.bidirectional ? 'bidirectional: true' : '',
    ].filter((option) => option !== '');
    return [this.inputSize, this.hiddenSize, ...options].join(', ');
  }
}
