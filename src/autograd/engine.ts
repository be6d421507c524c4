/**
 * The engine: reverse-mode differentiation, iterative, in descending creation order. It sums the gradients that meet;
 * an operation never does.
 */

import { keepStorage } from '../core/pool.ts';
import { sameShape } from '../core/shape.ts';
import { AutogradError } from '../errors.ts';
import { emptyTensor, Tensor } from '../tensor.ts';
import { anomalyMode, inspectBackward } from './anomaly.ts';
import { nodeOf } from './graph-end.ts';
import { throughHooks } from './hooks.ts';
import { enableGrad, isGradEnabled, setGradEnabled } from './mode.ts';
import type { MaybeTensor, Node } from './node.ts';
import { leadingTo, registerSum, sumOf, Walk } from './walk.ts';

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

let aliasOf: ((x: Tensor) => Tensor) | null = null;

/** `ops` registers the two operations the engine needs: the differentiable sum, and the identity. */
export function registerEngineOps(ops: { add: (a: Tensor, b: Tensor) => Tensor; alias: (x: Tensor) => Tensor }): void {
  registerSum(ops.add);
  aliasOf = ops.alias;
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

function applyRule(node: Node, dys: readonly MaybeTensor[], createGraph: boolean): readonly MaybeTensor[] {
  const op = node.op!;
  if (op.twin !== undefined && (createGraph || op.backward === undefined)) {
    return backwardThroughTwin(node, dys, createGraph);
  }
  return op.backward!(node, dys, node.params);
}

function runNode(node: Node, dys: readonly MaybeTensor[], createGraph: boolean): readonly MaybeTensor[] {
  if (!anomalyMode) return applyRule(node, dys, createGraph);
  return inspectBackward(node, dys, () => applyRule(node, dys, createGraph));
}

/** Checks what a backward rule returned against the input it belongs to. */
function checkGradient(node: Node, i: number, gradient: Tensor): void {
  const shape = node.shapes[i];
  const dtype = node.dtypes[i];
  const isTensor = gradient instanceof Tensor;
  if (isTensor && sameShape(gradient.shape, shape) && gradient.dtype === dtype) return;
  throw new AutogradError({
    op: node.opName,
    problem: `its backward rule gave a gradient that does not fit input ${i}`,
    got: isTensor ? `${gradient.dtype} [${gradient.shape.join(', ')}]` : gradient,
    expected: `${dtype} [${shape.join(', ')}]`,
  });
}

/** One gradient an input, or null: no rule may be short of one. */
function checkCount(node: Node, gradients: readonly MaybeTensor[]): void {
  if (Array.isArray(gradients) && gradients.length === node.edges.length) return;
  throw new AutogradError({
    op: node.opName,
    problem: 'its backward rule must return a list with one gradient, or null, for each input',
    got: Array.isArray(gradients) ? `${gradients.length} gradients` : gradients,
    expected: node.edges.length,
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
      const taken = walk.take(i);
      if (taken === null) continue;
      const dys = node.hooks === null ? taken : throughHooks(node, node.hooks, taken);
      if (visitor.complete(node, dys)) continue;
      const gradients = runNode(node, dys, createGraph);
      checkCount(node, gradients);
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
        if (node.leaf === null) {
          if (node.hooks !== null) retain(node.hooks.retained, dys, createGraph);
          node.showGradients(dys);
          return false;
        }
        addToGrad(node.leaf, dys[0]!, createGraph);
        if (node.hooks !== null) for (const hook of node.hooks.accumulated) hook(node.leaf);
        return true;
      },
    },
  );
}

/** The operations and leaves that a gradient from `root` passes, in the order in which a walk back completes them. */
export function backwardOrder(root: Tensor): readonly Node[] {
  const seed = emptyTensor(root.shape, root.dtype);
  return new Walk('graph', [root], [seed]).order.toReversed();
}

/** The gradients of `root`, a single value, at everything it was computed from, by output; no `grad` is touched. */
export function gradientsThrough(root: Tensor): ReadonlyMap<Node, readonly MaybeTensor[]> {
  const found = new Map<Node, readonly MaybeTensor[]>();
  const walk = new Walk('graph', [root], [null]);
  run(
    walk,
    null,
    { retainGraph: true, createGraph: false },
    {
      complete(node, dys) {
        found.set(node, dys);
        return node.op === null;
      },
    },
  );
  return found;
}

function retain(asked: readonly (Tensor | undefined)[], dys: readonly MaybeTensor[], createGraph: boolean): void {
  for (const [slot, tensor] of asked.entries()) {
    const gradient = dys[slot];
    if (tensor !== undefined && gradient !== null) addToGrad(tensor, gradient, createGraph);
  }
}

function addToGrad(tensor: Tensor, gradient: Tensor, createGraph: boolean): void {
  let total = tensor.grad === null ? gradient : sumOf(tensor.grad, gradient);
  // Two tensors may be given one and the same (the rule of `add` hands it through); each must own what it has.
  if (!createGraph && (total.storage.given || total.storage.array.length !== total.size)) {
    const copy = emptyTensor(total.shape, total.dtype);
    copy.data.set(total.data);
    total = copy;
  }
  total.storage.given = true;
  keepStorage(total.storage);
  tensor.grad = total;
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
