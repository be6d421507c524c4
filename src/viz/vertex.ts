/** What a graph is made of. */

import type { DType } from '../core/dtype.ts';
import type { Shape } from '../core/shape.ts';
import type { NestedArray } from '../tensor.ts';

export interface GraphVertex {
  /** `n0`, `n1` …: the same for the same computation. */
  readonly id: string;
  readonly kind: 'leaf' | 'constant' | 'result';
  /** The operation that made it; `leaf` and `constant` for what none made. */
  readonly op: string;
  readonly name: string | null;
  readonly shape: Shape;
  readonly dtype: DType;
  /** Null for more than 16 elements. */
  readonly value: NestedArray | null;
  /** Null for more than 16 elements, and where there is none. */
  readonly gradient: NestedArray | null;
  /** The place of its operation in the forward pass, from 1. */
  readonly forward: number | null;
  /** Its place in the backward pass, from 1. */
  readonly backward: number | null;
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  /** Which operand of `to` this is, from 0. */
  readonly input: number;
}
