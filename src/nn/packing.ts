/** Padded batches of sequences of several lengths, walked without the padding. */

import type { DType } from '../core/dtype.ts';
import { ConfigError, DTypeError, ShapeError } from '../errors.ts';
import { cat, indexSelect, reshape, split, where } from '../ops/index.ts';
import { emptyTensor, Tensor } from '../tensor.ts';

/** Steps of each sequence of a padded batch: integers from 1 to T, in any order. */
export type Lengths = readonly number[] | Int32Array | Tensor;

/**
 * A layer over sequences [T, B, I], forth, from states [B, H]: the outputs, then the states at the end, h first. `padding`
 * [T, B, 1] is 1 where a sequence has ended: there every state but h must stay as it is. Null where none has.
 */
export type WalkSteps = (x: Tensor, states: readonly Tensor[], padding: Tensor | null) => readonly Tensor[];

/** @throws ShapeError, DTypeError  if there is not one length for each sequence, an integer from 1 to `steps` */
export function checkLengths(op: string, lengths: Lengths, steps: number, batch: number): number[] {
  if (lengths instanceof Tensor && lengths.dtype !== 'int32' && lengths.dtype !== 'uint8') {
    throw new DTypeError({ op, problem: 'lengths are integers', got: lengths.dtype, expected: 'int32' });
  }
  const list = lengths instanceof Tensor ? [...lengths.data] : [...lengths];
  if (list.length !== batch) {
    throw new ShapeError({
      op,
      problem: 'there must be a length for each sequence',
      got: list.length,
      expected: batch,
    });
  }
  for (const length of list) {
    if (!Number.isInteger(length) || length < 1 || length > steps)
      throw new ConfigError({
        op,
        problem: 'a length must be a number of steps',
        got: length,
        expected: `1 to ${steps}`,
      });
  }
  return list;
}

/** [T, B, 1]: which steps lie within their sequence. */
export function aliveSteps(lengths: readonly number[], steps: number): Tensor {
  const alive = emptyTensor([steps, lengths.length, 1], 'bool');
  for (let t = 0; t < steps; t++) {
    for (const [b, length] of lengths.entries()) alive.data[t * lengths.length + b] = Number(t < length);
  }
  return alive;
}

function ids(list: readonly number[]): Tensor {
  const tensor = emptyTensor([list.length], 'int32');
  tensor.data.set(list);
  return tensor;
}

/**
 * What a span costs beside its steps, in rows: a layer reads its weights and writes their gradient once a span, and steps of
 * few sequences are no faster. As measured with 64 and 256 units.
 */
const SPAN_ROWS = 400;

interface Span {
  readonly from: number;
  readonly until: number;
  /** Sequences that go on at `from`. */
  readonly batch: number;
}

/** The cheapest spans for lengths in descending order, by the rows they walk and what each span costs. */
function cheapestSpans(sorted: readonly number[]): Span[] {
  const bounds = [0, ...new Set([...sorted].reverse())];
  const active = bounds.map((t) => sorted.filter((length) => length > t).length);
  const cost = [0];
  const previous = [0];
  for (let j = 1; j < bounds.length; j++) {
    cost[j] = Infinity;
    for (let i = 0; i < j; i++) {
      const rows = cost[i] + (bounds[j] - bounds[i]) * active[i] + SPAN_ROWS;
      if (rows >= cost[j]) continue;
      [cost[j], previous[j]] = [rows, i];
    }
  }
  const spans: Span[] = [];
  for (let j = bounds.length - 1; j > 0; j = previous[j]) {
    spans.unshift({ from: bounds[previous[j]], until: bounds[j], batch: active[previous[j]] });
  }
  return spans;
}

/**
 * The sequences of a padded batch, longest first, cut into spans of steps at whose ends those that are over drop out. A
 * span is an ordinary batch that a layer's fused operation walks, with little padding; all lie behind each other as
 * rows, so that a layer reads its span as a view. For the way back each sequence is turned round by itself: padding
 * stays behind its end, where nothing that counts comes after it.
 */
export class Packing {
  readonly #spans: readonly Span[];
  /** The sequence in each place, longest first, and the place of each sequence. */
  readonly #order: Tensor;
  readonly #places: Tensor;
  /** The row of the padded batch for each row of the packed one, and the other way round. */
  readonly #rows: Tensor;
  readonly #back: Tensor;
  /** The packed row of the same sequence counted from its end, and the last row of each sequence. */
  readonly #mirror: Tensor;
  readonly #last: Tensor;
  /** [T, B, 1], true up to the end of each sequence. */
  readonly #alive: Tensor;
  /** For each span, 1 behind the end of each sequence, [steps, batch, 1]; null where none ends before the span does. */
  readonly #padding: readonly (Tensor | null)[];

  constructor(lengths: readonly number[], steps: number, dtype: DType) {
    const batch = lengths.length;
    const order = Array.from(lengths.keys()).sort((a, b) => lengths[b] - lengths[a]);
    const spans = cheapestSpans(order.map((b) => lengths[b]));
    const rows: number[] = [];
    const packedRow = new Map<number, number>();
    for (const { from, until, batch: active } of spans) {
      for (let t = from; t < until; t++) {
        for (const b of order.slice(0, active)) {
          // Padding repeats a step of the sequence: numbers that were checked, whatever stands behind its end.
          if (t < lengths[b]) packedRow.set(t * batch + b, rows.length);
          rows.push(Math.min(t, lengths[b] - 1) * batch + b);
        }
      }
    }
    const mirror = rows.map((_, i) => i);
    for (const [row, packed] of packedRow) {
      const [t, b] = [Math.floor(row / batch), row % batch];
      mirror[packed] = packedRow.get((lengths[b] - 1 - t) * batch + b)!;
    }
    this.#spans = spans;
    this.#order = ids(order);
    this.#places = ids(lengths.map((_, b) => order.indexOf(b)));
    this.#rows = ids(rows);
    this.#back = ids(Array.from({ length: steps * batch }, (_, row) => packedRow.get(row) ?? 0));
    this.#mirror = ids(mirror);
    this.#last = ids(lengths.map((length, b) => packedRow.get((length - 1) * batch + b)!));
    this.#alive = aliveSteps(lengths, steps);
    this.#padding = spans.map(({ from, until, batch: active }) => {
      const over = emptyTensor([until - from, active, 1], dtype);
      for (let i = 0; i < over.size; i++)
        over.data[i] = Number(from + Math.floor(i / active) >= lengths[order[i % active]]);
      return over.data.some((v) => v === 1) ? over : null;
    });
  }

  /** The shape of a padded batch of `features`. */
  paddedShape(features: number): [steps: number, batch: number, features: number] {
    return [this.#alive.shape[0], this.#alive.shape[1], features];
  }

  /** [T, B, F] → [rows, F] */
  pack(x: Tensor): Tensor {
    return indexSelect(reshape(x, [x.shape[0] * x.shape[1], x.shape[2]]), 0, this.#rows);
  }

  /** [rows, F] → [T, B, F], zeros behind the end of each sequence. */
  unpack(packed: Tensor): Tensor {
    const [steps, batch] = this.#alive.shape;
    const padded = reshape(indexSelect(packed, 0, this.#back), [steps, batch, packed.shape[1]]);
    return where(this.#alive, padded, 0);
  }

  /**
   * Runs a layer over the packed sequences, from the states of the batch [B, H]: forth from the first step, back from
   * the last step of each sequence. The packed outputs, then the state of each sequence at its own end.
   */
  walk(packed: Tensor, states: readonly Tensor[], reverse: boolean, run: WalkSteps): Tensor[] {
    const rows = reverse ? indexSelect(packed, 0, this.#mirror) : packed;
    const sizes = this.#spans.map(({ from, until, batch }) => (until - from) * batch);
    const parts = split(rows, sizes, 0);
    const outputs: Tensor[] = [];
    const ended: Tensor[][] = states.map(() => []);
    let going = states.map((state) => indexSelect(state, 0, this.#order));
    for (const [i, { from, until, batch }] of this.#spans.entries()) {
      const part = reshape(parts[i], [until - from, batch, packed.shape[1]]);
      const [y, ...after] = run(part, going, this.#padding[i]);
      outputs.push(reshape(y, [sizes[i], y.shape[2]]));
      const next = this.#spans[i + 1]?.batch ?? 0;
      going = after.map((state, s) => {
        const [on, over] = split(state, [next, batch - next], 0);
        ended[s].unshift(over);
        return on;
      });
    }
    const y = cat(outputs, 0);
    // h moves on through padding: it is read where its sequence ends.
    const ends = ended.slice(1).map((over) => indexSelect(cat(over, 0), 0, this.#places));
    return [reverse ? indexSelect(y, 0, this.#mirror) : y, indexSelect(y, 0, this.#last), ...ends];
  }

  /** As `walk`, over the padded batch [T, B, F] and back. */
  walkPadded(x: Tensor, states: readonly Tensor[], reverse: boolean, run: WalkSteps): Tensor[] {
    const [y, ...ends] = this.walk(this.pack(x), states, reverse, run);
    return [this.unpack(y), ...ends];
  }
}
