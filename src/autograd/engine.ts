/**
 * The engine: reverse-mode differentiation, iterative, in descending creation order. It sums the gradients that meet;
 * an operation never does.
 */

import { keepStorage } from '../core/pool.ts';
import { sameShape } from '../core/shape.ts';
import { AutogradError, DTypeError, ShapeError } from '../errors.ts';
import { emptyTensor, Tensor } from '../tensor.ts';
import { enableGrad, isGradEnabled, setGradEnabled } from './mode.ts';
import { type MaybeTensor, Node } from './node.ts';

export interface BackwardOptions {
  /** Keep what was saved, so that the graph can be walked again. Default: the value of `createGraph`. */
  retainGraph?: boolean;
  /** Record the gradient's own computation, so that it can be differentiated. Default false. */
  createGraph?: boolean;
}

export interface GradOptions extends BackwardOptions {
  /** One seed an output; ones for an output of one element. */
  seeds?: readonly (Tensor | null)[] | Tensor;
  /** Give null for an input that the outputs do not depend on, in place of an error. Default false. */
  allowUnused?: boolean;
}

let addGradients: ((a: Tensor, b: Tensor) => Tensor) | null = null;
let aliasOf: ((x: Tensor) => Tensor) | null = null;

/** `ops` registers the two operations the engine needs: the differentiable sum, and the identity. */
export function registerEngineOps(ops: { add: (a: Tensor, b: Tensor) => Tensor; alias: (x: Tensor) => Tensor }): void {
  addGradients = ops.add;
  aliasOf = ops.alias;
}

/** The end of the graph at a leaf that asks for a gradient. */
export function accumulatorOf(leaf: Tensor): Node {
  if (leaf.accumulator === null) {
    const node = new Node<unknown>(null, undefined, undefined as never, true);
    node.leaf = leaf;
    leaf.accumulator = node;
  }
  return leaf.accumulator as Node;
}

/** The node a tensor's gradient flows to, or null if it asks for none. */
export function nodeOf(tensor: Tensor): Node | null {
  if (tensor.node !== null) return tensor.node as Node;
  return tensor.requiresGrad ? accumulatorOf(tensor) : null;
}

/** Of `order`, the nodes from which a target can be reached, targets included. */
function leadingTo(order: readonly Node[], targets: ReadonlySet<Node>): Set<Node> {
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
class Walk {
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
      slots[slot] = before === null ? gradient : addGradients!(before, gradient);
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

/** Differentiates the composite twin of a fused operation, whose own rule is a raw kernel or missing. */
function backwardThroughTwin(node: Node, dys: readonly MaybeTensor[], createGraph: boolean): readonly MaybeTensor[] {
  const inputs = node.saved().slice(0, node.edges.length);
  return enableGrad(() => {
    // Each input passes under another name: wanted is the partial derivative, also where one depends on another.
    const aliases = inputs.map((x, i) => (x !== null && node.needs(i) ? aliasOf!(x) : x));
    const outputs = node.op!.twin!(aliases, node.params);
    const used = outputs.map((y, i) => [y, dys[i]] as const).filter(([y, dy]) => dy !== null && y.requiresGrad);
    const wanted = aliases.filter((x, i) => x !== null && node.needs(i)) as Tensor[];
    const found = gradientsOf(
      node.opName,
      used.map(([y]) => y),
      used.map(([, dy]) => dy),
      wanted,
      { createGraph },
    );
    let next = 0;
    return inputs.map((x, i) => (x !== null && node.needs(i) ? found[next++] : null));
  });
}

function runNode(node: Node, dys: readonly MaybeTensor[], createGraph: boolean): readonly MaybeTensor[] {
  const op = node.op!;
  if (op.twin !== undefined && (createGraph || op.backward === undefined)) {
    return backwardThroughTwin(node, dys, createGraph);
  }
  return op.backward!(node, dys, node.params);
}

/** Checks what a backward rule returned against the input it belongs to. */
function checkGradient(node: Node, i: number, gradient: Tensor): void {
  const shape = node.shapes[i];
  const dtype = node.dtypes[i];
  if (sameShape(gradient.shape, shape) && gradient.dtype === dtype) return;
  throw new AutogradError({
    op: node.opName,
    problem: `its backward rule gave a gradient that does not fit input ${i}`,
    got: `${gradient.dtype} [${gradient.shape.join(', ')}]`,
    expected: `${dtype} [${shape.join(', ')}]`,
  });
}

interface Visitor {
  /** Called with the complete gradient of each output of `node`, before its rule runs; true ends there. */
  complete(node: Node, dys: readonly MaybeTensor[]): boolean;
}

function run(
  walk: Walk,
  follow: ReadonlySet<Node> | null,
  { retainGraph, createGraph }: Required<BackwardOptions>,
  visitor: Visitor,
): void {
  const before = isGradEnabled();
  setGradEnabled(createGraph);
  try {
    for (let i = walk.order.length - 1; i >= 0; i--) {
      const node = walk.order[i];
      const dys = walk.take(i);
      if (dys === null || visitor.complete(node, dys)) continue;
      const gradients = runNode(node, dys, createGraph);
      for (let j = 0; j < node.edges.length; j++) {
        const next = node.edges[j];
        const gradient = gradients[j];
        if (next === null || gradient == null || (follow !== null && !follow.has(next))) continue;
        checkGradient(node, j, gradient);
        walk.deposit(next, node.slotOf(j), gradient);
      }
      if (!retainGraph) node.free();
    }
  } finally {
    setGradEnabled(before);
  }
}

/** Gradients of Σ outputs·seeds for each of `inputs`; null where the outputs do not depend on one. */
export function gradientsOf(
  op: string,
  outputs: readonly Tensor[],
  seeds: readonly (Tensor | null | undefined)[],
  inputs: readonly Tensor[],
  { createGraph = false, retainGraph = createGraph }: BackwardOptions,
): MaybeTensor[] {
  if (outputs.length === 0) return inputs.map(() => null);
  const targets = inputs.map((input, i) => {
    const node = nodeOf(input);
    if (node !== null) return node;
    throw new AutogradError({ op, problem: `input ${i} does not require a gradient`, hint: 'use requiresGrad_()' });
  });
  const walk = new Walk(op, outputs, seeds);
  const targetSet = new Set(targets);
  const leading = leadingTo(walk.order, targetSet);
  const found = new Map<Node, readonly MaybeTensor[]>();
  run(
    walk,
    leading,
    { retainGraph, createGraph },
    {
      complete(node, dys) {
        if (targetSet.has(node)) found.set(node, dys);
        if (node.op === null) return true;
        // A target is passed through only on the way to another one.
        return !leading.has(node) || !node.edges.some((next) => next !== null && leading.has(next));
      },
    },
  );
  return inputs.map((input, i) => found.get(targets[i])?.[input.slot] ?? null);
}

/**
 * Adds the gradient of `root` to the `grad` of every leaf it depends on.
 *
 * @param seed  the gradient with respect to `root`, of its shape; ones for a tensor of one element
 * @throws AutogradError  if `root` depends on no leaf, has many elements and no seed, or the graph was freed
 */
export function backward(root: Tensor, seed?: Tensor | null, options: BackwardOptions = {}): void {
  const { createGraph = false, retainGraph = createGraph } = options;
  const walk = new Walk('backward', [root], [seed]);
  if (seed != null) seed.storage.given = true;
  run(
    walk,
    null,
    { retainGraph, createGraph },
    {
      complete(node, dys) {
        if (node.leaf === null) return false;
        giveToLeaf(node.leaf, dys[0]!, createGraph);
        return true;
      },
    },
  );
}

function giveToLeaf(leaf: Tensor, gradient: Tensor, createGraph: boolean): void {
  let total = leaf.grad === null ? gradient : addGradients!(leaf.grad, gradient);
  // Two leaves may be given one and the same tensor (the rule of `add` hands it through); each must own what it has.
  if (!createGraph && (total.storage.given || total.storage.array.length !== total.size)) {
    const copy = emptyTensor(total.shape, total.dtype);
    copy.data.set(total.data);
    total = copy;
  }
  total.storage.given = true;
  keepStorage(total.storage);
  leaf.grad = total;
  for (const hook of leaf.gradHooks) hook(total);
}

/**
 * The gradients of `outputs` (summed, each times its seed) with respect to `inputs`; no `grad` is touched.
 *
 * @throws AutogradError  if an input requires no gradient, or is not reached and `allowUnused` is not set
 */
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: readonly Tensor[],
  options?: GradOptions & { allowUnused?: false },
): Tensor[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: readonly Tensor[],
  options: GradOptions,
): (Tensor | null)[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: readonly Tensor[],
  { seeds = [], allowUnused = false, ...options }: GradOptions = {},
): (Tensor | null)[] {
  const roots = outputs instanceof Tensor ? [outputs] : outputs;
  const given = seeds instanceof Tensor ? [seeds] : seeds;
  const found = gradientsOf('grad', roots, given, inputs, options);
  const unused = found.indexOf(null);
  if (unused >= 0 && !allowUnused) {
    throw new AutogradError({
      op: 'grad',
      problem: `the outputs do not depend on input ${unused}`,
      hint: '{ allowUnused: true } gives null for it',
    });
  }
  return found;
}
