/** graph: what a tensor was computed from, as nodes and edges to look at. */

import { backwardOrder, gradientsThrough } from '../autograd/engine.ts';
import { type MaybeTensor, type Node, type Printable, printable } from '../autograd/node.ts';
import { type DType, newArray } from '../core/dtype.ts';
import type { Shape } from '../core/shape.ts';
import { AutogradError, BufferError, DTypeError } from '../errors.ts';
import { type NestedArray, Tensor, wrapArray } from '../tensor.ts';
import { type DotOptions, dotText } from './dot.ts';
import { renderSvg } from './graphviz.ts';
import type { GraphEdge, GraphVertex } from './vertex.ts';

export interface GraphOptions {
  /** What tensors are called, leaves and results: `{ x, w }`, or pairs as `namedParameters()` gives them. */
  names?: Readonly<Record<string, Tensor>> | Iterable<readonly [name: string, tensor: Tensor]>;
}

/** The computation behind a tensor. Plain data: `JSON.stringify` takes it. */
export class Graph {
  /** Each after all it was computed from; the last one is the tensor itself. */
  readonly nodes: readonly GraphVertex[];
  readonly edges: readonly GraphEdge[];

  constructor(nodes: readonly GraphVertex[], edges: readonly GraphEdge[]) {
    this.nodes = nodes;
    this.edges = edges;
  }

  /** The graph in Graphviz's language. */
  toDot(options: DotOptions = {}): string {
    return dotText(this, options);
  }

  /**
   * The graph as a picture, laid out by Graphviz from the optional package `@viz-js/viz`.
   *
   * @throws ConfigError  if that package is not installed
   */
  async toSvg(options: DotOptions = {}): Promise<string> {
    return renderSvg(this.toDot(options));
  }
}

/** A printed value as nested arrays. */
function nested(value: Printable | null | undefined, shape: Shape, dtype: DType): NestedArray | null {
  if (value == null) return null;
  const array = newArray(dtype, typeof value === 'number' ? 1 : value.length);
  if (typeof value === 'number') array[0] = value;
  else array.set(value);
  return wrapArray(array, shape, dtype).toArray();
}

const ofTensor = (tensor: MaybeTensor): NestedArray | null =>
  tensor === null || tensor.storage.released ? null : nested(printable(tensor), tensor.shape, tensor.dtype);

const isList = <T>(value: T | readonly T[]): value is readonly T[] => Array.isArray(value);

/** The entry of an output, where a single one stands without a list. */
function at(values: Printable | readonly (Printable | null)[] | null, slot: number): Printable | null {
  return isList(values) ? (values[slot] ?? null) : values;
}

function namesOf({ names = [] }: GraphOptions): Map<Node | Tensor, Map<number, string>> {
  const pairs = Symbol.iterator in names ? [...names] : Object.entries(names);
  const found = new Map<Node | Tensor, Map<number, string>>();
  for (const [name, tensor] of pairs as Iterable<readonly [string, Tensor]>) {
    if (!(tensor instanceof Tensor)) {
      throw new DTypeError({ op: 'graph', problem: `what is called ${name} must be a tensor`, got: tensor });
    }
    const place = (tensor.node as Node | null) ?? tensor;
    const bySlot = found.get(place) ?? new Map<number, string>();
    found.set(place, bySlot.set(tensor.slot, name));
  }
  return found;
}

/** The gradients computed here, or null where the graph cannot be walked any more: freed, taken back, written over. */
function tryGradients(root: Tensor, order: readonly Node[]): ReadonlyMap<Node, readonly MaybeTensor[]> | null {
  if (root.size !== 1 || order.some((node) => node.freed)) return null;
  try {
    return gradientsThrough(root);
  } catch (error) {
    if (error instanceof AutogradError || error instanceof BufferError) return null;
    throw error;
  }
}

/** What a gradient is known to be: as `backward()` left it, or else computed here, which leaves the graph as it is. */
function gradientReader(root: Tensor, order: readonly Node[]): (node: Node, slot: number) => Printable | null {
  const [end] = order;
  const walked = end.leaf === null ? end.gradients !== null : end.leaf.grad !== null;
  const found = walked ? null : tryGradients(root, order);
  if (found !== null) {
    return (node, slot) => {
      const gradient = found.get(node)?.[slot] ?? null;
      return gradient === null ? null : printable(gradient);
    };
  }
  return (node, slot) => {
    if (node.leaf === null) return at(node.gradients, slot);
    const { grad } = node.leaf;
    return grad === null || grad.storage.released ? null : printable(grad);
  };
}

/** Shapes and dtypes of every output that something was computed from. */
function usedOutputs(root: Tensor, ascending: readonly Node[]): Map<Node, Map<number, { shape: Shape; dtype: DType }>> {
  const used = new Map<Node, Map<number, { shape: Shape; dtype: DType }>>();
  const note = (node: Node, slot: number, shape: Shape, dtype: DType): void => {
    const slots = used.get(node) ?? new Map<number, { shape: Shape; dtype: DType }>();
    used.set(node, slots.set(slot, { shape, dtype }));
  };
  note(ascending[ascending.length - 1], root.slot, root.shape, root.dtype);
  for (const node of ascending) {
    node.edges.forEach((from, i) => {
      if (from !== null) note(from, node.slotOf(i), node.shapes[i], node.dtypes[i]);
    });
  }
  return used;
}

/**
 * The graph of the computation that made `tensor`: operations, leaves and constants, with shape and dtype, the values of
 * those of up to 16 elements, and the gradients there. These are what `backward()` left; before it, and for a single
 * value, they are computed here without touching any `grad`.
 *
 * @throws DTypeError  if it is given something that is no tensor
 * @example
 * const [x, y] = [tensor(2, { requiresGrad: true }), tensor(3, { requiresGrad: true })];
 * const { nodes } = graph(x.mul(y).tanh(), { names: { x, y } });
 * nodes.map(({ name, op, value }) => `${name ?? op} ${value}`); // => [ 'x 2', 'y 3', 'mul 6', 'tanh 0.9999877214431763' ]
 */
export function graph(tensor: Tensor, options: GraphOptions = {}): Graph {
  if (!(tensor instanceof Tensor)) {
    throw new DTypeError({ op: 'graph', problem: 'expected a tensor', got: tensor, hint: 'a result, or a leaf' });
  }
  const names = namesOf(options);
  if (!tensor.requiresGrad) {
    const name = names.get(tensor)?.get(0) ?? null;
    const { shape, dtype } = tensor;
    const nothing = { gradient: null, forward: null, backward: null };
    return new Graph(
      [{ id: 'n0', kind: 'constant', op: 'constant', name, shape, dtype, value: ofTensor(tensor), ...nothing }],
      [],
    );
  }
  const order = backwardOrder(tensor);
  const ascending = order.toReversed();
  const operations = ascending.filter((node) => node.leaf === null);
  const forward = new Map(operations.map((node, i) => [node, i + 1]));
  const backward = new Map(order.map((node, i) => [node, i + 1]));
  const gradientAt = gradientReader(tensor, order);
  const used = usedOutputs(tensor, ascending);

  const nodes: GraphVertex[] = [];
  const edges: GraphEdge[] = [];
  const ids = new Map<Node, Map<number, string>>();
  const push = (vertex: Omit<GraphVertex, 'id'>): string => {
    const id = `n${nodes.length}`;
    nodes.push({ id, ...vertex });
    return id;
  };
  const constantAt = (node: Node, i: number): string => {
    const [shape, dtype] = [node.shapes[i], node.dtypes[i]];
    const value = nested(at(node.constants, i), shape, dtype);
    const nothing = { name: null, gradient: null, forward: null, backward: null };
    return push({ kind: 'constant', op: 'constant', shape, dtype, value, ...nothing });
  };

  for (const node of ascending) {
    const sources: [id: string, input: number][] = [];
    node.edges.forEach((from, i) => {
      if (from !== null) sources.push([ids.get(from)!.get(node.slotOf(i))!, i]);
      else if (!node.lacks(i)) sources.push([constantAt(node, i), i]);
    });
    const outputs = new Map<number, string>();
    ids.set(node, outputs);
    for (const [slot, { shape, dtype }] of used.get(node) ?? []) {
      const id = push({
        kind: node.leaf === null ? 'result' : 'leaf',
        op: node.opName,
        name: names.get(node.leaf ?? node)?.get(slot) ?? null,
        shape,
        dtype,
        value: node.leaf === null ? nested(at(node.values, slot), shape, dtype) : ofTensor(node.leaf),
        gradient: nested(gradientAt(node, slot), shape, dtype),
        forward: forward.get(node) ?? null,
        backward: backward.get(node) ?? null,
      });
      outputs.set(slot, id);
      for (const [source, input] of sources) edges.push({ from: source, to: id, input });
    }
  }
  return new Graph(nodes, edges);
}
