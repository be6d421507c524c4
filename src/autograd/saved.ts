/**
 * Saved tensors that can be dropped and computed anew: what `checkpoint` does to the part of a graph that a function
 * recorded.
 */

import type { DType } from '../core/dtype.ts';
import { type Shape, sameShape } from '../core/shape.ts';
import { AutogradError } from '../errors.ts';
import { type GraphNode, Tensor } from '../tensor.ts';
/** What computes saved tensors anew that were dropped: a part of the graph under `checkpoint`. */
export interface Recomputation {
  /** Gives every node of the part what it had saved. */
  recompute(): void;
}

/** In place of a saved tensor that was dropped: its place in the graph, which the one computed anew takes. */
class Dropped {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly #node: GraphNode | null;
  readonly #slot: number;

  constructor(tensor: Tensor) {
    this.shape = tensor.shape;
    this.dtype = tensor.dtype;
    this.#node = tensor.node;
    this.#slot = tensor.slot;
  }

  refill(op: string, again: Saved | undefined): Tensor {
    if (!(again instanceof Tensor) || again.dtype !== this.dtype || !sameShape(again.shape, this.shape)) {
      throw new AutogradError({
        op: 'checkpoint',
        problem: `the function computed something else the second time, seen at what ${op} saved`,
        got: again instanceof Tensor ? `${again.dtype} [${again.shape.join(', ')}]` : 'nothing',
        expected: `${this.dtype} [${this.shape.join(', ')}]`,
      });
    }
    const tensor = new Tensor(again.storage, again.offset, this.shape, this.dtype);
    if (this.#node !== null) tensor.attach(this.#node, this.#slot);
    return tensor;
  }
}

/** A tensor as a node keeps it. */
export type Saved = Tensor | Dropped | null;

/** Where recorded operations are listed, if somebody wants to know. */
let listed: Recorded[] | null = null;

/** A recorded operation, or a part of the graph that stands for all it holds. */
export interface Recorded {
  readonly opName: string;
  /** Drops what was saved and came into being since; `owner` can compute it anew. */
  dropSaved(since: number, owner: Recomputation): void;
  /** Takes what `again`, the same work done a second time, has saved. */
  refillFrom(again: Recorded): void;
}

/** Runs `fn`, and lists what is recorded meanwhile in the order of creation. */
export function listRecorded<T>(fn: () => T): [result: T, recorded: Recorded[]] {
  const before = listed;
  const mine: Recorded[] = [];
  listed = mine;
  try {
    return [fn(), mine];
  } finally {
    listed = before;
  }
}

/** Puts an operation into the list, or a part of the graph in place of its operations. */
export function list(recorded: Recorded): void {
  if (listed !== null) listed.push(recorded);
}

/** Saved tensors, those dropped that came into being since the operation of that number. */
export function dropped(saved: readonly Saved[], since: number): Saved[] {
  return saved.map((tensor) => {
    if (!(tensor instanceof Tensor)) return tensor;
    // What is older, and leaves, live without the graph; constants without a node are found again by computing anew.
    const kept = tensor.node === null ? tensor.requiresGrad : tensor.node.seq < since;
    return kept ? tensor : new Dropped(tensor);
  });
}

/** The reverse of `dropped`. */
export function refilled(op: string, saved: readonly Saved[], again: readonly Saved[]): Saved[] {
  return saved.map((tensor, i) => (tensor instanceof Dropped ? tensor.refill(op, again[i]) : tensor));
}
