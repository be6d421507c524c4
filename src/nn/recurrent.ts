/** What LSTM, GRU and RNN share: options, parameters, and the walk through layers and directions. */

import { checkOptions, checkPositiveInteger, type OptionNames } from '../core/options.ts';
import { type Shape, sameShape, sizeOf } from '../core/shape.ts';
import { ShapeError } from '../errors.ts';
import { cat, dropout, mul, ones, select, squeeze, stack, transpose, unsqueeze, where, zeros } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import {
  accumulate,
  Clamps,
  type DirectedLayer,
  type GateClamp,
  type GatedCell,
  gatesOf,
  type Walked,
  walkClamped,
} from './gates.ts';
import { checkFloatDType, checkProbability, type FloatDType, uniformParameter } from './make-parameter.ts';
import { Module } from './module.ts';
import { aliveSteps, checkLengths, type Lengths, Packing } from './packing.ts';
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

export interface SequenceOptions {
  /**
   * Steps of each sequence of a padded batch, sorted or not. What lies behind is not walked: y is 0 there, a final state is
   * that at the sequence's own end, and the way back begins there.
   */
  lengths?: Lengths;
}

export interface GateOptions<Gate extends string> extends SequenceOptions {
  /** Gates to hold at a value. */
  clamp?: GateClamp<Gate> | readonly GateClamp<Gate>[];
}

/**
 * One layer in one direction: the outputs [T, B, H], then its states [B, H] at the end. Where `padding` [T, B, 1] is 1, states
 * other than h stay as they are.
 */
export type RunLayer = (
  layer: DirectedLayer,
  x: Tensor,
  states: readonly Tensor[],
  padding?: Tensor | null,
) => readonly Tensor[];

/** The states before the first step, by name, undefined for zeros. */
type States = Readonly<Record<string, Tensor | undefined>>;

type Suffix = '' | '_reverse';

const OPTIONS: OptionNames<RecurrentOptions> = {
  numLayers: true,
  bias: true,
  batchFirst: true,
  dropout: true,
  bidirectional: true,
  dtype: true,
};

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
    checkOptions(name, options, OPTIONS);
    const { numLayers = 1, bias = true, batchFirst = false, bidirectional = false, dtype = 'float32' } = options;
    this.#name = name;
    this.inputSize = checkPositiveInteger(name, 'inputSize', inputSize);
    this.hiddenSize = checkPositiveInteger(name, 'hiddenSize', hiddenSize);
    this.numLayers = checkPositiveInteger(name, 'numLayers', numLayers);
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

  /** Walks the sequences through all layers. Returns the outputs, then the states at the end. */
  protected walk(x: Tensor, states: States, { lengths }: SequenceOptions, run: RunLayer): Tensor[] {
    const sequence = this.#stepsFirst(x);
    const starts = this.#startStates(states, x.rank === 3, sequence.shape[1]);
    const steps = this.#lengths(lengths, x, sequence.shape);
    if (steps === null) return this.#leave(x, this.#throughLayers(sequence, starts, run));
    const packing = new Packing(steps, sequence.shape[0], x.dtype);
    const runPacked: RunLayer = (layer, rows, before) =>
      packing.walk(rows, before, layer.reverse, (part, at, padding) =>
        run({ ...layer, reverse: false }, part, at, padding),
      );
    const [y, ...ends] = this.#throughLayers(packing.pack(sequence), starts, runPacked, packing);
    return this.#leave(x, [packing.unpack(y), ...ends]);
  }

  /**
   * As `walk`, with the gates of each layer and direction, and its cell states as c if it has any. Layers with no clamp
   * run as they always do, and their gates are computed from what came out.
   */
  protected walkGates<Gate extends string>(
    x: Tensor,
    states: States,
    { lengths, clamp = [] }: GateOptions<Gate>,
    cell: GatedCell<Gate>,
    run: RunLayer,
  ): [outputs: Tensor[], gates: Record<Gate | 'c', Tensor>[]] {
    const sequence = this.#stepsFirst(x);
    const [steps, batch] = sequence.shape;
    const starts = this.#startStates(states, x.rank === 3, batch);
    const list = this.#lengths(lengths, x, sequence.shape);
    const alive = list && aliveSteps(list, steps);
    const walked: Walked = { steps, batch, hidden: this.hiddenSize, lengths: list, alive };
    const clamps = new Clamps(
      this.#name,
      Array.isArray(clamp) ? clamp : [clamp],
      cell.gates,
      this.numLayers,
      walked,
      (mask) => (this.batchFirst && mask.rank === 2 ? transpose(mask, 0, 1) : mask),
    );
    const packing = list && new Packing(list, steps, x.dtype);
    const within = (y: Tensor): Tensor => (alive === null ? y : where(alive, y, 0));
    const found: Record<Gate | 'c', Tensor>[] = [];
    const outputs = this.#throughLayers(sequence, starts, (layer, before, at) => {
      const clamped = clamps.touch(layer) ? walkClamped(cell, layer, before, at, clamps, walked) : null;
      const [y, ...ends] =
        clamped !== null
          ? [within(clamped.states[0]), ...clamped.ends]
          : packing === null
            ? run(layer, before, at)
            : packing.walkPadded(before, at, layer.reverse, (part, state, padding) =>
                run({ ...layer, reverse: false }, part, state, padding),
              );
      const gates = clamped?.gates ?? gatesOf(cell, layer, before, y, at[0], walked);
      const cells = clamped?.states[1] ?? (cell.memory && accumulate(cell.memory(gates), at[1], layer.reverse, walked));
      const named = Object.entries<Tensor>(cells === undefined ? gates : { ...gates, c: cells });
      const shown = named.map(([name, gate]) => [name, this.#leave(x, [within(gate)])[0]]);
      found.push(Object.fromEntries(shown) as Record<Gate | 'c', Tensor>);
      return [y, ...ends];
    });
    return [this.#leave(x, outputs), found];
  }

  /** Dropout between layers. Packed rows are drawn for as the padded batch, in which samples lie along an axis. */
  #drop(sequence: Tensor, packing: Packing | undefined): Tensor {
    if (packing === undefined) return dropout(sequence, this.dropout, { sampleAxis: 1 });
    const { shape, dtype } = sequence;
    const kept = dropout(ones(packing.paddedShape(shape[1]), { dtype }), this.dropout, { sampleAxis: 1 });
    return mul(sequence, packing.pack(kept));
  }

  /** x as [T, B, I]. */
  #stepsFirst(x: Tensor): Tensor {
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
    return !batched ? unsqueeze(x, 1) : this.batchFirst ? transpose(x, 0, 1) : x;
  }

  /** Outputs [T, B, …] in the layout of x, and states without the batch axis where x had none. */
  #leave(x: Tensor, [y, ...ends]: readonly Tensor[]): Tensor[] {
    if (x.rank === 2) return [y, ...ends].map((t) => squeeze(t, 1));
    return [this.batchFirst ? transpose(y, 0, 1) : y, ...ends];
  }

  /** The lengths of the sequences, or null where all are as long as the batch. */
  #lengths(lengths: Lengths | undefined, x: Tensor, [steps, batch]: Shape): number[] | null {
    if (lengths === undefined) return null;
    if (x.rank === 2) {
      const hint = 'leave them away, or add a batch axis';
      throw new ShapeError({ op: this.#name, problem: 'lengths are those of a batch', got: x.shape, hint });
    }
    const list = checkLengths(this.#name, lengths, steps, batch);
    return list.every((length) => length === steps) ? null : list;
  }

  /** Sequences, padded or packed, through all layers and directions: the outputs, then the states at the end. */
  #throughLayers(x: Tensor, starts: readonly Tensor[], run: RunLayer, packing?: Packing): Tensor[] {
    let sequence = x;
    const ends: Tensor[][] = starts.map(() => []);
    for (let layer = 0; layer < this.numLayers; layer++) {
      if (layer > 0 && this.dropout > 0 && this.training) sequence = this.#drop(sequence, packing);
      const outputs: Tensor[] = [];
      for (const suffix of this.#directions) {
        const row = ends[0].length;
        const directed: DirectedLayer = {
          wIh: this[`weight_ih_l${layer}${suffix}`],
          wHh: this[`weight_hh_l${layer}${suffix}`],
          bIh: this.#bias ? this[`bias_ih_l${layer}${suffix}`] : null,
          bHh: this.#bias ? this[`bias_hh_l${layer}${suffix}`] : null,
          layer,
          reverse: suffix !== '',
        };
        const before = starts.map((state) => select(state, 0, row));
        const [y, ...after] = run(directed, sequence, before);
        outputs.push(y);
        after.forEach((state, i) => {
          ends[i].push(state);
        });
      }
      sequence = outputs.length === 1 ? outputs[0] : cat(outputs, -1);
    }
    return [sequence, ...ends.map((rows) => stack(rows, 0))];
  }

  /** The states as [L·D, B, H], checked. */
  #startStates(states: States, batched: boolean, batch: number): Tensor[] {
    const rows = this.numLayers * this.#directions.length;
    const expected: Shape = batched ? [rows, batch, this.hiddenSize] : [rows, this.hiddenSize];
    return Object.entries(states).map(([name, state]) => {
      if (state === undefined) return this.zeroState(batch);
      if (!sameShape(state.shape, expected))
        throw new ShapeError({ op: this.#name, problem: `${name} does not fit`, got: state.shape, expected });
      return batched ? state : unsqueeze(state, 1);
    });
  }

  /** The products with the weights, at every step of every sequence. */
  multiplyAdds([input]: readonly Shape[]): number {
    const weights = this.namedParameters().filter(([name]) => name.startsWith('weight'));
    return (sizeOf(input) / this.inputSize) * weights.reduce((sum, [, weight]) => sum + weight.size, 0);
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
