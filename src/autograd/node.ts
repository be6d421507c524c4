/** Node: one recorded operation. It carries what its backward rule needs and the edges to what it was computed from. */

import type { Backend } from '../backend/backend.ts';
import type { DataArray, DType } from '../core/dtype.ts';
import { allocate, recycle } from '../core/pool.ts';
import type { Shape } from '../core/shape.ts';
import { AutogradError } from '../errors.ts';
import type { GraphNode, Tensor } from '../tensor.ts';

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

let nextSeq = 1;

/** Shared by all that have none: most operations outside a graph are made and forgotten without any list. */
const NONE: never[] = [];

/** A recorded operation, or (with no op) the end of the graph at a leaf. */
export class Node<P = unknown> implements GraphNode {
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
  /** The engine's: the last walk that came by, and the place of this node in its order. */
  walk = 0;
  place = 0;

  /** Which output of its node each input is; null if all are the first. */
  #slots: number[] | null = null;
  #saved: readonly MaybeTensor[] = NONE;
  #versions: readonly number[] = NONE;
  #scratch: DataArray[] | null = null;
  #freed = false;

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
    const dtypes = new Array<DType>(count);
    for (let i = 0; i < count; i++) {
      const input = inputs[i];
      shapes[i] = input === null ? NO_SHAPE : input.shape;
      dtypes[i] = input === null ? 'float32' : input.dtype;
      if (input !== null && input.slot !== 0) (this.#slots ??= new Array<number>(count).fill(0))[i] = input.slot;
    }
    this.edges = edges;
    this.shapes = shapes;
    this.dtypes = dtypes;
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
    this.#checkAlive();
    const saved = this.#saved;
    const versions = this.#versions;
    for (let i = 0; i < saved.length; i++) {
      const tensor = saved[i];
      if (tensor !== null && tensor.storage.version !== versions[i]) {
        throw new AutogradError({
          op: this.opName,
          problem: `a tensor saved for the gradient, [${tensor.shape.join(', ')}], was changed in place`,
          got: `version ${tensor.storage.version}`,
          expected: `version ${versions[i]}`,
          hint: 'change a clone, or change it after backward()',
        });
      }
    }
    return saved;
  }

  scratchArrays(): readonly DataArray[] {
    this.#checkAlive();
    return this.#scratch ?? [];
  }

  /** Drops what was saved; scratch goes back to the pool. */
  free(): void {
    this.#freed = true;
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

  #checkAlive(): void {
    if (!this.#freed) return;
    throw new AutogradError({
      op: this.opName,
      problem: 'backward ran through this graph already, and what it had saved was freed',
      hint: 'give the first backward { retainGraph: true }',
    });
  }
}
