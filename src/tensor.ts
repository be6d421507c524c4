/**
 * Tensor: a contiguous, row-major array with a shape, a dtype and a place in the graph. Its arithmetic is added by
 * `ops/tensor-methods`.
 */

import { inspect } from 'node:util';
import { type DataArray, type DType, isFloat } from './core/dtype.ts';
import { formatValues } from './core/format.ts';
import { newStorage, Storage } from './core/pool.ts';
import { type Shape, sizeOf } from './core/shape.ts';
import { AutogradError, DTypeError, ShapeError } from './errors.ts';

/** What a tensor knows of the graph: the node that made it. The class stands in `autograd/node`. */
export interface GraphNode {
  readonly seq: number;
  readonly opName: string;
}

/** A value, or arrays of values nested as the shape is. */
export type NestedArray = number | boolean | NestedArray[];

/**
 * An n-dimensional array. Made by `tensor()`, `zeros()`, `randn()` …, not by this constructor.
 *
 * Views (`reshape`, a slice of the leading axis) share the storage, and with it the version counter.
 */
export class Tensor {
  /** Sizes of the axes; [] for a single value. */
  readonly shape: Shape;
  readonly dtype: DType;
  /** Number of elements. */
  readonly size: number;
  /** @internal */
  readonly storage: Storage;
  /** @internal The first element, counted from the start of the storage. */
  readonly offset: number;
  /** The gradient that `backward()` left here: in leaves, and in results that were asked to keep it by `retainGrad()`. */
  grad: Tensor | null = null;
  /** @internal The node that made this tensor; null for a leaf. */
  node: GraphNode | null = null;
  /** @internal Which output of `node` this is. */
  slot = 0;
  /** @internal The graph's end at this leaf, made when first needed. */
  accumulator: GraphNode | null = null;
  #requiresGrad = false;
  #view: DataArray | null = null;

  /** @internal */
  constructor(storage: Storage, offset: number, shape: Shape, dtype: DType) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.dtype = dtype;
    this.size = sizeOf(shape);
  }

  /** The elements in row-major order: the memory itself, not a copy. */
  get data(): DataArray {
    const whole = this.storage.array;
    if (whole.length === this.size) return whole;
    if (this.#view === null) this.#view = whole.subarray(this.offset, this.offset + this.size);
    return this.#view;
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** True for a tensor no recorded operation made. */
  get isLeaf(): boolean {
    return this.node === null;
  }

  get requiresGrad(): boolean {
    return this.#requiresGrad;
  }

  set requiresGrad(value: boolean) {
    this.requiresGrad_(value);
  }

  /**
   * Asks that operations on this leaf be recorded, or no longer be.
   *
   * @throws DTypeError     if the dtype is not a float
   * @throws AutogradError  if a recorded operation made this tensor
   */
  requiresGrad_(value = true): this {
    if (value && !isFloat(this.dtype)) {
      throw new DTypeError({
        op: 'requiresGrad_',
        problem: 'only floats have gradients',
        got: this.dtype,
        expected: 'float32 | float64',
      });
    }
    if (!value && this.node !== null) {
      throw new AutogradError({
        op: 'requiresGrad_',
        problem: 'this tensor is the result of a recorded operation',
        hint: 'use detach()',
      });
    }
    this.#requiresGrad = value;
    return this;
  }

  /** @internal Marks the output of a recorded operation. */
  attach(node: GraphNode, slot: number): void {
    this.node = node;
    this.slot = slot;
    this.#requiresGrad = true;
  }

  /** The same memory outside the graph. */
  detach(): Tensor {
    return new Tensor(this.storage, this.offset, this.shape, this.dtype);
  }

  /**
   * The single value of a tensor of one element.
   *
   * @throws ShapeError  if there are more or fewer elements
   */
  item(): number {
    if (this.size !== 1) {
      throw new ShapeError({ op: 'item', problem: 'only a tensor of one element has an item', got: this.shape });
    }
    return this.data[0];
  }

  /** The values as nested arrays; bool as booleans, everything else as numbers. */
  toArray(): NestedArray {
    const { data, shape, dtype } = this;
    const value = (i: number): number | boolean => (dtype === 'bool' ? data[i] !== 0 : data[i]);
    const nest = (axis: number, start: number, span: number): NestedArray => {
      if (axis === shape.length) return value(start);
      const step = shape[axis] === 0 ? 0 : span / shape[axis];
      return Array.from({ length: shape[axis] }, (_, i) => nest(axis + 1, start + i * step, step));
    };
    return nest(0, 0, this.size);
  }

  toString(): string {
    const origin = this.node !== null ? ` from ${this.node.opName}` : this.#requiresGrad ? ' requiresGrad' : '';
    const head = `Tensor ${this.dtype} [${this.shape.join(', ')}]${origin}`;
    if (this.storage.released) return `${head} (released by its scope)`;
    const values = formatValues(this.data, this.shape, this.dtype === 'bool');
    return values.includes('\n') ? `${head}\n${values}` : `${head} ${values}`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** A tensor whose content is undefined, for an operation to fill. */
export function emptyTensor(shape: Shape, dtype: DType): Tensor {
  return new Tensor(newStorage(dtype, sizeOf(shape)), 0, shape, dtype);
}

/** A tensor around an array that the caller hands over. */
export function wrapArray(array: DataArray, shape: Shape, dtype: DType): Tensor {
  return new Tensor(new Storage(array), 0, shape, dtype);
}
