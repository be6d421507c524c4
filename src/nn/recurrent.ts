/** What LSTM, GRU and RNN share: options, parameters, and the walk through layers and directions. */

import { type Shape, sameShape } from '../core/shape.ts';
import { ShapeError } from '../errors.ts';
import { cat, dropout, select, squeeze, stack, transpose, unsqueeze, zeros } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { checkFloatDType, checkProbability, checkSize, type FloatDType, uniformParameter } from './make-parameter.ts';
import { Module } from './module.ts';
import type { Parameter } from './parameter.ts';

export interface RecurrentOptions {
  /** Layers on top of each other. Default 1. */
  numLayers?: number;
  bias?: boolean;
  /** x and y are [B, T, …] instead of [T, B, …]; the state keeps its layout. */
  batchFirst?: boolean;
  /** In training, the probability of dropping an output of a layer on its way to the next. */
  dropout?: number;
  /** A second layer walks each sequence backwards; outputs are concatenated. */
  bidirectional?: boolean;
  dtype?: FloatDType;
}

/** What one layer in one direction is computed from. */
export interface DirectedLayer {
  readonly wIh: Parameter;
  readonly wHh: Parameter;
  readonly bIh: Parameter | null;
  readonly bHh: Parameter | null;
  readonly reverse: boolean;
}

/** One layer in one direction: the outputs [T, B, H], then its states [B, H] at the end. */
type RunLayer = (layer: DirectedLayer, x: Tensor, states: readonly Tensor[]) => readonly Tensor[];

type Suffix = '' | '_reverse';

/** A module of recurrent layers, with PyTorch's names, layouts and initial values: everything from U(±1/√H). */
export abstract class Recurrent extends Module {
  [name: `${'weight' | 'bias'}_${'ih' | 'hh'}_l${number}${Suffix}`]: Parameter;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly batchFirst: boolean;
  readonly bidirectional: boolean;
  readonly dropout: number;
  readonly #name: string;
  readonly #bias: boolean;

  protected constructor(name: string, gates: number, inputSize: number, hiddenSize: number, options: RecurrentOptions) {
    super();
    const { numLayers = 1, bias = true, batchFirst = false, bidirectional = false, dtype = 'float32' } = options;
    this.#name = name;
    this.inputSize = checkSize(name, 'inputSize', inputSize);
    this.hiddenSize = checkSize(name, 'hiddenSize', hiddenSize);
    this.numLayers = checkSize(name, 'numLayers', numLayers);
    this.dropout = checkProbability(name, 'dropout', options.dropout ?? 0);
    checkFloatDType(name, dtype);
    this.batchFirst = batchFirst;
    this.bidirectional = bidirectional;
    this.#bias = bias;
    const bound = 1 / Math.sqrt(hiddenSize);
    const rows = gates * hiddenSize;
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

  get #directions(): readonly Suffix[] {
    return this.bidirectional ? ['', '_reverse'] : [''];
  }

  /** The state before the first step: zeros [L·D, B, H], or [L·D, H] without a batch. */
  protected zeroState(batch?: number): Tensor {
    const rows = this.numLayers * this.#directions.length;
    const shape = batch === undefined ? [rows, this.hiddenSize] : [rows, batch, this.hiddenSize];
    return zeros(shape, { dtype: this.weight_ih_l0.dtype });
  }

  /**
   * Walks the sequences through all layers. `states` are those before the first step, by name, undefined for zeros.
   * Returns the outputs, then the states at the end.
   */
  protected walk(x: Tensor, states: Readonly<Record<string, Tensor | undefined>>, run: RunLayer): Tensor[] {
    const batched = x.rank === 3;
    if ((!batched && x.rank !== 2) || x.shape[x.rank - 1] !== this.inputSize) {
      const steps = this.batchFirst ? 'B, T' : 'T, B';
      throw new ShapeError({
        op: this.#name,
        problem: 'x does not fit',
        got: x.shape,
        expected: `[${steps}, ${this.inputSize}] or [T, ${this.inputSize}]`,
      });
    }
    let sequence = !batched ? unsqueeze(x, 1) : this.batchFirst ? transpose(x, 0, 1) : x;
    const starts = this.#startStates(states, batched, sequence.shape[1]);
    const ends: Tensor[][] = starts.map(() => []);
    for (let layer = 0; layer < this.numLayers; layer++) {
      if (layer > 0 && this.dropout > 0) {
        sequence = dropout(sequence, this.dropout, { training: this.training, sampleAxis: 1 });
      }
      const outputs: Tensor[] = [];
      for (const suffix of this.#directions) {
        const row = ends[0].length;
        const directed: DirectedLayer = {
          wIh: this[`weight_ih_l${layer}${suffix}`],
          wHh: this[`weight_hh_l${layer}${suffix}`],
          bIh: this.#bias ? this[`bias_ih_l${layer}${suffix}`] : null,
          bHh: this.#bias ? this[`bias_hh_l${layer}${suffix}`] : null,
          reverse: suffix !== '',
        };
        const before = starts.map((state) => select(state, 0, row));
        const [y, ...after] = run(directed, sequence, before);
        outputs.push(y);
        after.forEach((state, i) => {
          ends[i].push(state);
        });
      }
      sequence = outputs.length === 1 ? outputs[0] : cat(outputs, 2);
    }
    const end = ends.map((rows) => stack(rows, 0));
    if (!batched) return [sequence, ...end].map((t) => squeeze(t, 1));
    return [this.batchFirst ? transpose(sequence, 0, 1) : sequence, ...end];
  }

  /** The states as [L·D, B, H], checked. */
  #startStates(states: Readonly<Record<string, Tensor | undefined>>, batched: boolean, batch: number): Tensor[] {
    const rows = this.numLayers * this.#directions.length;
    const expected: Shape = batched ? [rows, batch, this.hiddenSize] : [rows, this.hiddenSize];
    return Object.entries(states).map(([name, state]) => {
      if (state === undefined) return this.zeroState(batch);
      if (!sameShape(state.shape, expected))
        throw new ShapeError({ op: this.#name, problem: `${name} does not fit`, got: state.shape, expected });
      return batched ? state : unsqueeze(state, 1);
    });
  }

  override extraRepr(): string {
    const options = [
      this.numLayers > 1 ? `numLayers: ${this.numLayers}` : '',
      this.#bias ? '' : 'bias: false',
      this.batchFirst ? 'batchFirst: true' : '',
      this.dropout > 0 ? `dropout: ${this.dropout}` : '',
      this.bidirectional ? 'bidirectional: true' : '',
    ];
    return [this.inputSize, this.hiddenSize, ...options.filter(Boolean)].join(', ');
  }
}
