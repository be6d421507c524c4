/** A walk through the graph: its order, and the gradients that wait at its nodes. */

import { sameShape } from '../core/shape.ts';
import { AutogradError, DTypeError, ShapeError } from '../errors.ts';
import { emptyTensor, Tensor } from '../tensor.ts';
import { nodeOf } from './graph-end.ts';
import type { MaybeTensor, Node } from './node.ts';

let addGradients: ((a: Tensor, b: Tensor) => Tensor) | null = null;

/** `ops` registers the differentiable sum, which stands to the right of this. */
export function registerSum(add: (a: Tensor, b: Tensor) => Tensor): void {
  addGradients = add;
}

/** The sum of two gradients. */
export function sumOf(a: Tensor, b: Tensor): Tensor {
  return addGradients!(a, b);
}

/** Of `order`, the nodes from which a target can be reached, targets included. */
export function leadingTo(order: readonly Node[], targets: ReadonlySet<Node>): Set<Node> {
  const leading = new Set<Node>();
  for (const node of order) {
    if (targets.has(node) || node.edges.some((next) => next !== null && leading.has(next))) leading.add(node);
  }
  return leading;
}

function seedFor(op: string, root: Tensor, seed: Tensor | null | undefined): Tensor {
  if (seed == null) {
    if (root.size !== 1) {
      throw new AutogradError({
        op,
        problem: 'only a tensor of one element can be differentiated without a seed',
        got: root.shape,
        hint: 'reduce it, or pass a seed of its shape',
      });
    }
    const one = emptyTensor(root.shape, root.dtype);
    one.data.fill(1);
    return one;
  }
  if (!(seed instanceof Tensor) || !sameShape(seed.shape, root.shape)) {
    throw new ShapeError({
      op,
      problem: 'the seed must have the shape of the tensor',
      got: seed instanceof Tensor ? seed.shape : seed,
      expected: root.shape,
    });
  }
  if (seed.dtype !== root.dtype) {
    throw new DTypeError({
      op,
      problem: 'the seed must have the dtype of the tensor',
      got: seed.dtype,
      expected: root.dtype,
    });
  }
  return seed;
}

/** Counts walks. */
let lastWalk = 0;
/** The walk whose places stand in the nodes: a rule or a hook may start another one in the midst of a walk. */
let placedWalk = 0;

/** The nodes that can be reached from some roots, in ascending creation order, and the gradients that wait at them. */
export class Walk {
  readonly order: readonly Node[];
  /** By place in `order`: one gradient an output, or null for a node that none has reached. */
  readonly #waiting: (MaybeTensor[] | null)[];
  readonly #number: number;

  constructor(op: string, roots: readonly Tensor[], seeds: readonly (Tensor | null | undefined)[]) {
    const ends: Node[] = [];
    for (let i = 0; i < roots.length; i++) {
      const node = nodeOf(roots[i]);
      if (node === null) {
        throw new AutogradError({
          op,
          problem: 'this tensor does not depend on any tensor that requires a gradient',
          hint: 'set requiresGrad on a leaf, and compute outside noGrad',
        });
      }
      ends.push(node);
    }
    this.#number = ++lastWalk;
    this.order = this.#collect(ends);
    this.#waiting = new Array<MaybeTensor[] | null>(this.order.length).fill(null);
    this.#putInPlaces();
    for (let i = 0; i < roots.length; i++) this.deposit(ends[i], roots[i].slot, seedFor(op, roots[i], seeds[i]));
  }

  /** Adds to what waits at an output of a node of this walk. */
  deposit(node: Node, slot: number, gradient: Tensor): void {
    if (placedWalk !== this.#number) this.#putInPlaces();
    const slots = this.#waiting[node.place];
    if (slots === null) {
      const made: MaybeTensor[] = node.outputCount === 1 ? [null] : new Array(node.outputCount).fill(null);
      made[slot] = gradient;
      this.#waiting[node.place] = made;
    } else {
      const before = slots[slot];
      slots[slot] = before === null ? gradient : sumOf(before, gradient);
    }
  }

  /** The gradients that wait at the node in that place, which are forgotten here. */
  take(place: number): readonly MaybeTensor[] | null {
    const slots = this.#waiting[place];
    this.#waiting[place] = null;
    return slots;
  }

  #collect(ends: readonly Node[]): Node[] {
    const leaves: Node[] = [];
    const order: Node[] = [];
    for (let i = 0; i < ends.length; i++) this.#visit(ends[i], leaves, order);
    // A chain is met in descending order already, and many a graph is little more.
    let descending = true;
    for (let i = 0; i < order.length; i++) {
      const { edges, seq } = order[i];
      for (let j = 0; j < edges.length; j++) {
        const next = edges[j];
        if (next !== null) this.#visit(next, leaves, order);
      }
      if (i > 0 && seq > order[i - 1].seq) descending = false;
    }
    if (descending) order.reverse();
    else order.sort((a, b) => a.seq - b.seq);
    return leaves.concat(order);
  }

  #visit(node: Node, leaves: Node[], order: Node[]): void {
    if (node.walk === this.#number) return;
    node.walk = this.#number;
    if (node.op === null) leaves.push(node);
    else order.push(node);
  }

  #putInPlaces(): void {
    for (let i = 0; i < this.order.length; i++) this.order[i].place = i;
    placedWalk = this.#number;
  }
}
