/** The gates of recurrent layers as differentiable tensors, and layers walked with some of them clamped. */

import { ConfigError, ShapeError } from '../errors.ts';
import {
  add,
  cat,
  full,
  linear,
  logicalAnd,
  maskedFill,
  mul,
  narrow,
  reshape,
  select,
  stack,
  unbind,
  unsqueeze,
  where,
} from '../ops/index.ts';
import { emptyTensor, type Tensor } from '../tensor.ts';
import type { FloatDType } from './make-parameter.ts';
import type { Parameter } from './parameter.ts';

/** What one layer in one direction is computed from. */
export interface DirectedLayer {
  readonly wIh: Parameter;
  readonly wHh: Parameter;
  readonly bIh: Parameter | null;
  readonly bHh: Parameter | null;
  readonly layer: number;
  readonly reverse: boolean;
}

/** A gate that is held at a value instead of what its layer computes. No gradient passes through it there. */
export interface GateClamp<Gate extends string = string> {
  readonly gate: Gate;
  readonly value: number;
  /** Default: every layer. */
  readonly layer?: number;
  /** The way back alone (true) or the way forth alone (false). Default: both. */
  readonly reverse?: boolean;
  /** At which steps: their numbers, or a bool tensor of the shape of x without its features. Default: all. */
  readonly steps?: readonly number[] | Tensor;
  /** Which units. Default: all. */
  readonly units?: readonly number[];
}

/** Replaces the activation of a gate where it is clamped. */
type Hold<Gate extends string> = (gate: Gate, activation: Tensor) => Tensor;

/** What a kind of layer does in one step: the composite twin of its fused operation, with its gates in the open. */
export interface GatedCell<Gate extends string> {
  readonly gates: readonly Gate[];
  /** The gates from their input and recurrent parts [..., G·H], for a step or for all of them at once. */
  activate(input: Tensor, recurrent: Tensor, hold: Hold<Gate>): Readonly<Record<Gate, Tensor>>;
  /** The states after a step, h first. */
  advance(gates: Readonly<Record<Gate, Tensor>>, states: readonly Tensor[]): readonly Tensor[];
  /** What each step keeps of the cell state and what it adds, where there is one. */
  memory?(gates: Readonly<Record<Gate, Tensor>>): readonly [keep: Tensor, added: Tensor];
}

/** The sequences that a layer walks: T steps of B, of which some may end early. */
export interface Walked {
  readonly steps: number;
  readonly batch: number;
  readonly hidden: number;
  /** [T, B, 1], true up to the end of each sequence; null where all have T steps. */
  readonly alive: Tensor | null;
  readonly lengths: readonly number[] | null;
}

function checkPlaces(op: string, what: string, places: readonly number[], n: number): void {
  const wrong = places.find((place) => !Number.isInteger(place) || place < 0 || place >= n);
  if (wrong === undefined) return;
  throw new ConfigError({ op, problem: `${what} to clamp does not exist`, got: wrong, expected: `0 to ${n - 1}` });
}

function marked(places: readonly number[], n: number): Tensor {
  const mask = emptyTensor([n], 'bool');
  mask.data.fill(0);
  for (const place of places) mask.data[place] = 1;
  return mask;
}

/** A clamp with its steps and units as masks. */
interface Held<Gate extends string> extends GateClamp<Gate> {
  /** [T, B, 1] or [T, 1, 1]; null for all steps. */
  readonly stepMask: Tensor | null;
  /** [H]; null for all units. */
  readonly unitMask: Tensor | null;
}

/** The clamps of a call, checked once. */
export class Clamps<Gate extends string> {
  readonly #held: readonly Held<Gate>[];

  /** `steps` of a clamp that are a tensor come as [T, B], or [T] for all sequences. */
  constructor(
    op: string,
    clamps: readonly GateClamp<Gate>[],
    gates: readonly Gate[],
    layers: number,
    { steps, batch, hidden }: Walked,
    stepsFirst: (mask: Tensor) => Tensor,
  ) {
    this.#held = clamps.map((clamp) => {
      if (!gates.includes(clamp.gate)) {
        throw new ConfigError({ op, problem: 'no such gate', got: clamp.gate, expected: gates.join(' | ') });
      }
      if (typeof clamp.value !== 'number') {
        throw new ConfigError({ op, problem: 'a gate is clamped to a number', got: clamp.value });
      }
      if (clamp.layer !== undefined) checkPlaces(op, 'the layer', [clamp.layer], layers);
      if (clamp.units !== undefined) checkPlaces(op, 'a unit', clamp.units, hidden);
      const unitMask = clamp.units === undefined ? null : marked(clamp.units, hidden);
      return { ...clamp, unitMask, stepMask: this.#stepMask(op, clamp.steps, steps, batch, stepsFirst) };
    });
  }

  #stepMask(
    op: string,
    at: GateClamp['steps'],
    steps: number,
    batch: number,
    stepsFirst: (mask: Tensor) => Tensor,
  ): Tensor | null {
    if (at === undefined) return null;
    if ('length' in at) {
      checkPlaces(op, 'a step', at, steps);
      return reshape(marked(at, steps), [steps, 1, 1]);
    }
    const mask = stepsFirst(at);
    const [t, b] = [mask.shape[0], mask.shape[1] ?? 1];
    if (mask.dtype !== 'bool' || mask.rank > 2 || t !== steps || (mask.rank === 2 && b !== batch)) {
      const expected = `bool, ${steps} steps of ${batch} sequences`;
      throw new ShapeError({ op, problem: 'the steps to clamp do not fit', got: at, expected });
    }
    return reshape(mask, [steps, b, 1]);
  }

  #of(layer: number, reverse: boolean): readonly Held<Gate>[] {
    return this.#held.filter((clamp) => (clamp.layer ?? layer) === layer && (clamp.reverse ?? reverse) === reverse);
  }

  /** Whether anything of a layer in one direction is clamped. */
  touch({ layer, reverse }: DirectedLayer): boolean {
    return this.#of(layer, reverse).length > 0;
  }

  /** What holds in a layer in one direction, by its steps. */
  over({ layer, reverse }: DirectedLayer): (step: number) => Hold<Gate> {
    const held = this.#of(layer, reverse);
    return (step) => (gate, activation) => {
      let y = activation;
      for (const { gate: clamped, value, stepMask, unitMask } of held) {
        if (clamped !== gate) continue;
        const now = stepMask && select(stepMask, 0, step);
        const mask = now && unitMask ? logicalAnd(now, unitMask) : (now ?? unitMask);
        y = mask === null ? full(y.shape, value, { dtype: y.dtype as FloatDType }) : maskedFill(y, mask, value);
      }
      return y;
    };
  }
}

/** h before each step, [T, B, H], from the outputs. */
function hiddenBefore(y: Tensor, h0: Tensor, reverse: boolean, { steps, lengths }: Walked): Tensor {
  const first = unsqueeze(h0, 0);
  const others = narrow(y, 0, reverse ? 1 : 0, steps - 1);
  const shifted = cat(reverse ? [others, first] : [first, others], 0);
  if (!reverse || lengths === null) return shifted;
  // On the way back a sequence begins at its own last step.
  const last = emptyTensor([steps, lengths.length, 1], 'bool');
  last.data.fill(0);
  for (const [b, length] of lengths.entries()) last.data[(length - 1) * lengths.length + b] = 1;
  return where(last, first, shifted);
}

/** The order in which steps are walked. */
function walkOrder(steps: number, reverse: boolean): number[] {
  return Array.from({ length: steps }, (_, s) => (reverse ? steps - 1 - s : s));
}

/**
 * The gates of a layer whose outputs are known, for all steps at once: h before each step is the output of the step
 * before, so the fused operation has done what cannot be done at once.
 */
export function gatesOf<Gate extends string>(
  cell: GatedCell<Gate>,
  { wIh, wHh, bIh, bHh, reverse }: DirectedLayer,
  x: Tensor,
  y: Tensor,
  h0: Tensor,
  walked: Walked,
): Readonly<Record<Gate, Tensor>> {
  const before = hiddenBefore(y, h0, reverse, walked);
  return cell.activate(linear(x, wIh, bIh), linear(before, wHh, bHh), (_, activation) => activation);
}

/** A layer walked step by step under its clamps: the states at the end, those of all steps, and the gates of all steps. */
export function walkClamped<Gate extends string>(
  cell: GatedCell<Gate>,
  directed: DirectedLayer,
  x: Tensor,
  start: readonly Tensor[],
  clamps: Clamps<Gate>,
  { steps, alive }: Walked,
): { ends: readonly Tensor[]; states: readonly Tensor[]; gates: Readonly<Record<Gate, Tensor>> } {
  const { wIh, wHh, bIh, bHh, reverse } = directed;
  const inputs = unbind(linear(x, wIh, bIh), 0);
  const hold = clamps.over(directed);
  const states = start.map(() => new Array<Tensor>(steps));
  const seen = cell.gates.map(() => new Array<Tensor>(steps));
  let ends = start;
  for (const t of walkOrder(steps, reverse)) {
    const gates = cell.activate(inputs[t], linear(ends[0], wHh, bHh), hold(t));
    const after = cell.advance(gates, ends);
    const within = alive && select(alive, 0, t);
    ends = within === null ? after : after.map((state, s) => where(within, state, ends[s]));
    for (const [s, state] of ends.entries()) states[s][t] = state;
    for (const [g, gate] of cell.gates.entries()) seen[g][t] = gates[gate];
  }
  const gates = Object.fromEntries(cell.gates.map((gate, g) => [gate, stack(seen[g], 0)]));
  return { ends, states: states.map((all) => stack(all, 0)), gates: gates as Record<Gate, Tensor> };
}

/** The cell states of all steps: c′ = keep·c + added. */
export function accumulate(
  [keep, added]: readonly [Tensor, Tensor],
  c0: Tensor,
  reverse: boolean,
  { steps, alive }: Walked,
): Tensor {
  const [kept, more] = [unbind(keep, 0), unbind(added, 0)];
  const cells = new Array<Tensor>(steps);
  let c = c0;
  for (const t of walkOrder(steps, reverse)) {
    const after = add(mul(kept[t], c), more[t]);
    c = alive === null ? after : where(select(alive, 0, t), after, c);
    cells[t] = c;
  }
  return stack(cells, 0);
}
