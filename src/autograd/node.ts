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

/** A recorded operation, or (with no op) the end of the graph at a leaf. */
export class Node<P = unknown> implements GraphNode {
  /** Creation order: an operation comes after all it depends on. */
  readonly seq: number;
  readonly op: DifferentiableOp<P> | null;
  readonly params: P;
  /** The backend that computed the outputs, and will compute the raw part of the gradient. */
  readonly kernels: Backend;
  /** Shapes and dtypes of the inputs: what a gradient must fit. */
  readonly shapes: Shape[] = [];
  readonly dtypes: DType[] = [];
  /** Where the gradient of each input goes; null for an input that wants none. */
  readonly edges: (Node | null)[] = [];
  readonly slots: number[] = [];
  outputCount = 1;
  /** For the end of the graph: the tensor whose `grad` is filled. */
  leaf: Tensor | null = null;

  #saved: MaybeTensor[] | null = null;
  #versions: number[] | null = null;
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

  /** Whether the gradient of input `i` is asked for. */
  needs(i: number): boolean {
    return this.edges[i] != null;
  }

  /** Keeps tensors for the backward rule. */
  save(...tensors: MaybeTensor[]): void {
    this.#saved = tensors;
    this.#versions = tensors.map((t) => t?.storage.version ?? 0);
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
    const saved = this.#saved ?? [];
    const versions = this.#versions ?? [];
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
    this.dropSaved();
  }

  /** Drops what was saved by an operation that was not recorded after all. */
  dropSaved(): void {
    this.#saved = null;
    this.#versions = null;
    if (this.#scratch !== null) for (const array of this.#scratch) recycle(array);
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
