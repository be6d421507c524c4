/** Node: one recorded operation. It carries what its backward rule needs and the edges to what it was computed from. */

import type { Backend } from '../backend/backend.ts';
import type { DataArray, DType } from '../core/dtype.ts';
import { allocate, recycle } from '../core/pool.ts';
import type { Shape } from '../core/shape.ts';
import { AutogradError } from '../errors.ts';
import type { GraphNode, Tensor } from '../tensor.ts';
import { dropped, list, type Recomputation, type Recorded, refilled, type Saved } from './saved.ts';

/** A gradient, or null where an output was not used or an input wants none. */
export type MaybeTensor = Tensor | null;

/**
 * How the gradient of an operation is computed, over tensors: run with recording on, it gives the next derivative.
 * It returns one gradient an input, in their order; `dys` has one entry an output.
 */
export type BackwardRule<P> = (node: Node<P>, dys: readonly MaybeTensor[], params: P) => readonly MaybeTensor[];

const NO_SHAPE: Shape = [];

/** What the graph keeps of an operation. */
export interface DifferentiableOp<P> {
  readonly name: string;
  readonly backward?: BackwardRule<P>;
  /**
   * The same outputs out of differentiable operations: for a fused family whose `backward` is a raw kernel, or that has
   * none. The engine differentiates it in place of `backward` when the graph of the gradient is asked for. Such an
   * operation saves all its inputs first, in their order.
   */
  readonly twin?: (inputs: readonly MaybeTensor[], params: P) => readonly Tensor[];
}

/** A value that is small enough to be printed: one element as a number, a few as their array. */
export type Printable = number | DataArray;
/** Up to this many elements a value is shown in a graph. */
const PRINTABLE = 16;

/** What `graph` will show of `tensor`; never a view that would keep larger memory alive. */
export function printable(tensor: Tensor): Printable | null {
  const { size, storage, offset } = tensor;
  if (size > PRINTABLE) return null;
  const { array } = storage;
  if (size === 1) return array[offset];
  return array.length <= PRINTABLE ? tensor.data : null;
}

/** Sees the gradient of a tensor; a tensor that it returns takes the gradient's place. */
export type GradientHook = ((gradient: Tensor) => Tensor | null | undefined) | ((gradient: Tensor) => void);

/** What hangs at a node beside the graph: `autograd/hooks` fills it. Lists by output. */
export interface NodeHooks {
  /** Called with the complete gradient of an output; may return another one. */
  readonly onGradient: (readonly GradientHook[] | undefined)[];
  /** Results of operations whose `grad` `backward()` fills as well. */
  readonly retained: (Tensor | undefined)[];
  /** At the end of the graph: called when `backward()` has filled the leaf's `grad`. */
  accumulated: readonly ((leaf: Tensor) => void)[];
}

const FREED = 'freed';

let nextSeq = 1;

/** Shared by all that have none: most operations outside a graph are made and forgotten without any list. */
const NONE: never[] = [];

/** The number that the next operation gets. */
export function nextSequence(): number {
  return nextSeq;
}

/** The dtypes of inputs that all have the same, by that and their number: nearly all operations share a few lists. */
const SAME_DTYPES = new Map<DType, (readonly DType[])[]>();

function sameDTypes(dtype: DType, count: number): readonly DType[] {
  let lists = SAME_DTYPES.get(dtype);
  if (lists === undefined) SAME_DTYPES.set(dtype, (lists = []));
  return (lists[count] ??= Object.freeze(new Array<DType>(count).fill(dtype)));
}

/** A recorded operation, or (with no op) the end of the graph at a leaf. */
export class Node<P = unknown> implements GraphNode, Recorded {
  /** Creation order: an operation comes after all it depends on. */
  readonly seq: number;
  readonly op: DifferentiableOp<P> | null;
  readonly params: P;
  /** The backend that computed the outputs, and will compute the raw part of the gradient. */
  readonly kernels: Backend;
  /** Where the gradient of each input goes; null for an input that wants none. Empty if none does. */
  edges: readonly (Node | null)[] = NONE;
  /** Shapes and dtypes of the inputs, what a gradient must fit: of a recorded operation, empty in any other. */
  shapes: readonly Shape[] = NONE;
  dtypes: readonly DType[] = NONE;
  outputCount = 1;
  /** For the end of the graph: the tensor whose `grad` is filled. */
  leaf: Tensor | null = null;
  hooks: NodeHooks | null = null;
  /** For `graph`: the outputs and the inputs outside the graph, and the gradients that `backward()` brought, if small. */
  values: Printable | readonly (Printable | null)[] | null = null;
  constants: Printable | readonly (Printable | null)[] | null = null;
  gradients: Printable | readonly (Printable | null)[] | null = null;
  /** The engine's: the last walk that came by, and the place of this node in its order. */
  walk = 0;
  place = 0;

  /** Which output of its node each input is; null if all are the first. */
  #slots: number[] | null = null;
  #saved: readonly Saved[] = NONE;
  #versions: readonly number[] = NONE;
  #scratch: DataArray[] | null = null;
  /** Null while what was saved is here; else what computes it anew, or that it is gone for good. */
  #absent: Recomputation | typeof FREED | null = null;

  constructor(op: DifferentiableOp<P> | null, params: P, kernels: Backend, leaf: boolean) {
    // Leaves come first in creation order, so that the engine, which walks it backwards, completes them last.
    this.seq = leaf ? 0 : nextSeq++;
    this.op = op;
    this.params = params;
    this.kernels = kernels;
  }

  get opName(): string {
    return this.op?.name ?? 'leaf';
  }

  /** Whether this operation is recorded. */
  get recorded(): boolean {
    return this.edges !== NONE;
  }

  /** Hangs the node into the graph: `edges` has one entry an input, at least one of them not null. */
  connect(inputs: readonly MaybeTensor[], edges: readonly (Node | null)[]): void {
    const count = inputs.length;
    const shapes = new Array<Shape>(count);
    let dtype: DType | null = null;
    let mixed = false;
    for (let i = 0; i < count; i++) {
      const input = inputs[i];
      if (input === null) {
        shapes[i] = NO_SHAPE;
        continue;
      }
      shapes[i] = input.shape;
      if (dtype === null) dtype = input.dtype;
      else if (dtype !== input.dtype) mixed = true;
      if (input.slot !== 0) (this.#slots ??= new Array<number>(count).fill(0))[i] = input.slot;
      if (edges[i] === null) this.#showConstant(i, count, input);
    }
    this.edges = edges;
    this.shapes = shapes;
    this.dtypes = mixed ? inputs.map((input) => input?.dtype ?? 'float32') : sameDTypes(dtype ?? 'float32', count);
    list(this);
  }

  #showConstant(i: number, count: number, input: Tensor): void {
    const value = printable(input);
    // Of two inputs only one is a constant: most constants are numbers beside a tensor, and need no list.
    if (count === 2) this.constants = value;
    else if (value !== null) {
      this.constants ??= new Array<Printable | null>(count).fill(null);
      (this.constants as (Printable | null)[])[i] = value;
    }
  }

  /** Notes the gradients of the outputs, for `graph`. */
  showGradients(dys: readonly MaybeTensor[]): void {
    const [first] = dys;
    if (dys.length === 1) this.gradients = first === null ? null : printable(first);
    else this.gradients = dys.map((dy) => (dy === null ? null : printable(dy)));
  }

  /** Whether input `i` was left out: null in place of a tensor. */
  lacks(i: number): boolean {
    return this.shapes[i] === NO_SHAPE;
  }

  /** Which output of `edges[i]` the gradient of input `i` belongs to. */
  slotOf(i: number): number {
    return this.#slots === null ? 0 : this.#slots[i];
  }

  /** Whether the gradient of input `i` is asked for. */
  needs(i: number): boolean {
    return i < this.edges.length && this.edges[i] !== null;
  }

  /** Keeps tensors for the backward rule, if there will be one to run. */
  save(...tensors: readonly MaybeTensor[]): void {
    if (this.edges === NONE) return;
    const versions = new Array<number>(tensors.length);
    for (let i = 0; i < tensors.length; i++) versions[i] = tensors[i]?.storage.version ?? 0;
    this.#saved = tensors;
    this.#versions = versions;
  }

  /** Memory that lives as long as what was saved, and never reaches a user. Its content is undefined. */
  scratch(dtype: DType, n: number): DataArray {
    const array = allocate(dtype, n);
    (this.#scratch ??= []).push(array);
    return array;
  }

  /**
   * What was saved.
   *
   * @throws AutogradError  if it was freed, or written to since
   */
  saved(): readonly MaybeTensor[] {
    this.#fetch();
    const saved = this.#saved as readonly MaybeTensor[];
    const versions = this.#versions;
    for (let i = 0; i < saved.length; i++) {
      const tensor = saved[i];
      if (tensor !== null && tensor.storage.version !== versions[i]) throw this.#changed(tensor, versions[i]);
    }
    return saved;
  }

  scratchArrays(): readonly DataArray[] {
    this.#fetch();
    return this.#scratch ?? [];
  }

  /** Drops what was saved; scratch goes back to the pool. */
  free(): void {
    this.#absent = FREED;
    this.#saved = NONE;
    this.#versions = NONE;
    this.dropScratch();
  }

  /** Gives the scratch of an operation that is not recorded back. */
  dropScratch(): void {
    if (this.#scratch === null) return;
    for (const array of this.#scratch) recycle(array);
    this.#scratch = null;
  }

  get freed(): boolean {
    return this.#absent === FREED;
  }

  dropSaved(since: number, owner: Recomputation): void {
    if (this.#absent !== null) return;
    this.#saved = dropped(this.#saved, since);
    this.dropScratch();
    this.#absent = owner;
  }

  refillFrom(again: Recorded): void {
    if (this.#absent === FREED || this.#absent === null) return;
    const other = again as Node;
    const refill = refilled(this.opName, this.#saved, other.#saved);
    this.#versions = refill.map((tensor, i) =>
      tensor === this.#saved[i] ? this.#versions[i] : (tensor as Tensor).storage.version,
    );
    this.#saved = refill;
    this.#scratch = other.#scratch;
    other.#scratch = null;
    this.#absent = null;
  }

  #changed(tensor: Tensor, version: number): AutogradError {
    const origin = tensor.node === null ? '' : `, a result of ${tensor.node.opName},`;
    const by = tensor.storage.writer === '' ? '' : ` by ${tensor.storage.writer}`;
    return new AutogradError({
      op: this.opName,
      problem: `a tensor it saved for the gradient, [${tensor.shape.join(', ')}]${origin} was changed in place${by}`,
      got: `version ${tensor.storage.version}`,
      expected: `version ${version}`,
      hint: 'change a clone, or change it after backward()',
    });
  }

  #fetch(): void {
    const absent = this.#absent;
    if (absent === null) return;
    if (absent !== FREED) {
      absent.recompute();
      return;
    }
    throw new AutogradError({
      op: this.opName,
      problem: 'backward ran through this graph already, and what it had saved was freed',
      hint: 'give the first backward { retainGraph: true }',
    });
  }
}
