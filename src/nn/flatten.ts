/** Modules that only change the shape. */

import { checkAxis, type Shape } from '../core/shape.ts';
import { flatten, reshape } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { Module } from './module.ts';

/** Merges the axes from `startDim` to `endDim` into one: by default all but the batch. */
export class Flatten extends Module {
  readonly startDim: number;
  readonly endDim: number;

  constructor(startDim = 1, endDim = -1) {
    super();
    this.startDim = startDim;
    this.endDim = endDim;
  }

  forward(x: Tensor): Tensor {
    return flatten(x, this.startDim, this.endDim);
  }

  override extraRepr(): string {
    return `startDim: ${this.startDim}, endDim: ${this.endDim}`;
  }
}

/**
 * Cuts one axis into several, of which one may be −1: what is left over.
 *
 * @throws ShapeError  from `forward` if the sizes do not multiply to the axis
 */
export class Unflatten extends Module {
  readonly dim: number;
  readonly unflattenedSize: Shape;

  constructor(dim: number, unflattenedSize: Shape) {
    super();
    this.dim = dim;
    this.unflattenedSize = [...unflattenedSize];
  }

  forward(x: Tensor): Tensor {
    const at = checkAxis('Unflatten', this.dim, x.rank);
    return reshape(x, [...x.shape.slice(0, at), ...this.unflattenedSize, ...x.shape.slice(at + 1)]);
  }

  override extraRepr(): string {
    return `dim: ${this.dim}, unflattenedSize: [${this.unflattenedSize.join(', ')}]`;
  }
}
