/** Padded batches of sequences of several lengths, walked without the padding. */

import { ConfigError, DTypeError, ShapeError } from '../errors.ts';
import { cat, indexCopy, indexSelect, reshape, split, zeros } from '../ops/index.ts';
import { emptyTensor, Tensor } from '../tensor.ts';

/** Steps of each sequence of a padded batch: integers from 1 to T, in any order. */
export type Lengths = readonly number[] | Int32Array | Tensor;

/** A layer over sequences [T, B, I] of one length, from states [B, H]: the outputs, then the states at the end. */
export type WalkSteps = (x: Tensor, states: readonly Tensor[]) => readonly Tensor[];

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

function ids(list: readonly number[]): Tensor {
  const tensor = emptyTensor([list.length], 'int32');
  tensor.data.set(list);
  return tensor;
}

/**
 * The sequences of a padded batch, longest first, cut into spans of steps over which the same of them go on. Within a
 * span they are an ordinary batch, so a layer's fused operation walks each span, and what it does is in proportion to
 * the steps there are and not to T·B. All spans lie behind each other as rows: a layer reads and writes its span as a view.
 */
export class Packing {
  readonly #steps: number;
  readonly #batch: number;
  /** The sequence in each place, longest first, and the place of each sequence. */
  readonly #order: Tensor;
  readonly #places: Tensor;
  /** Row t·B + b of the padded batch for each row of the packed one. */
  readonly #rows: Tensor;
  readonly #spans: readonly { readonly steps: number; readonly batch: number }[];

  constructor(lengths: readonly number[], steps: number) {
    const batch = lengths.length;
    const order = Array.from(lengths.keys()).sort((a, b) => lengths[b] - lengths[a]);
    const places = new Array<number>(batch);
    for (const [place, b] of order.entries()) places[b] = place;
    const rows: number[] = [];
    const spans: { steps: number; batch: number }[] = [];
    let from = 0;
    for (let active = batch; active > 0; active--) {
      const until = lengths[order[active - 1]];
      if (until === from) continue;
      spans.push({ steps: until - from, batch: active });
      for (let t = from; t < until; t++) for (let i = 0; i < active; i++) rows.push(t * batch + order[i]);
      from = until;
    }
    this.#steps = steps;
    this.#batch = batch;
    this.#order = ids(order);
    this.#places = ids(places);
    this.#rows = ids(rows);
    this.#spans = spans;
  }

  /** The shape of a padded batch of `features`. */
  paddedShape(features: number): [steps: number, batch: number, features: number] {
    return [this.#steps, this.#batch, features];
  }

  /** [T, B, F] → [rows, F] */
  pack(x: Tensor): Tensor {
    return indexSelect(reshape(x, [this.#steps * this.#batch, x.shape[2]]), 0, this.#rows);
  }

  /** [rows, F] → [T, B, F], zeros behind the end of each sequence. */
  unpack(packed: Tensor): Tensor {
    const features = packed.shape[1];
    const padding = zeros([this.#steps * this.#batch, features], { dtype: packed.dtype });
    return reshape(indexCopy(padding, 0, this.#rows, packed), [this.#steps, this.#batch, features]);
  }

  /**
   * Runs a layer over the packed sequences, from the states of the batch [B, H]: forth from the first step, back from
   * the last step of each sequence. The packed outputs, then the state of each sequence at its own end.
   */
  walk(packed: Tensor, states: readonly Tensor[], reverse: boolean, run: WalkSteps): Tensor[] {
    const sorted = states.map((state) => indexSelect(state, 0, this.#order));
    const sizes = this.#spans.map(({ steps, batch }) => steps * batch);
    const parts = split(packed, sizes, 0).map((part, i) =>
      reshape(part, [this.#spans[i].steps, this.#spans[i].batch, packed.shape[1]]),
    );
    const outputs = new Array<Tensor>(parts.length);
    const runSpan = (i: number, before: readonly Tensor[]): Tensor[] => {
      const [y, ...after] = run(parts[i], before);
      outputs[i] = reshape(y, [sizes[i], y.shape[2]]);
      return after;
    };
    const ends = reverse ? this.#backwards(sorted, runSpan) : this.#forwards(sorted, runSpan);
    return [cat(outputs, 0), ...ends.map((end) => indexSelect(end, 0, this.#places))];
  }

  /** As `walk`, over the padded batch [T, B, F] and back. */
  walkPadded(x: Tensor, states: readonly Tensor[], reverse: boolean, run: WalkSteps): Tensor[] {
    const [y, ...ends] = this.walk(this.pack(x), states, reverse, run);
    return [this.unpack(y), ...ends];
  }

  /** Sequences drop out where they end, the shortest first. */
  #forwards(start: readonly Tensor[], run: (i: number, states: readonly Tensor[]) => Tensor[]): Tensor[] {
    let states = start;
    const ended: Tensor[][] = start.map(() => []);
    for (const [i, { batch }] of this.#spans.entries()) {
      const next = this.#spans[i + 1]?.batch ?? 0;
      states = run(i, states).map((state, s) => {
        const [going, done] = split(state, [next, batch - next], 0);
        ended[s].unshift(done);
        return going;
      });
    }
    return ended.map((parts) => cat(parts, 0));
  }

  /** Sequences join where they end, the longest first. */
  #backwards(start: readonly Tensor[], run: (i: number, states: readonly Tensor[]) => Tensor[]): Tensor[] {
    const batches = this.#spans.map(({ batch }) => batch).reverse();
    const joining = start.map((state) =>
      split(
        state,
        batches.map((batch, i) => batch - (batches[i - 1] ?? 0)),
        0,
      ),
    );
    let states = joining.map(([longest]) => longest);
    for (const [k] of batches.entries()) {
      if (k > 0) states = states.map((state, s) => cat([state, joining[s][k]], 0));
      states = run(batches.length - 1 - k, states);
    }
    return states;
  }
}
