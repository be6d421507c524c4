/** The contract of metrics that are fed batch by batch. */

import type { Tensor } from '../tensor.ts';
import type { Values } from './values.ts';

/** Measures outputs against targets, batch after batch. */
export interface Metric<O = Tensor, R = unknown> {
  readonly name: string;
  update(output: O, target: Tensor): void;
  /** What all updates since the last reset come to. */
  compute(): R;
  reset(): void;
}

/** A metric of tensors or arrays whose parts, fed elsewhere, can be put together. */
export interface MergeableMetric<R = unknown> extends Metric<Values, R> {
  update(output: Values, target: Values): void;
  /** What the other has seen counts as if this one had seen it. */
  merge(other: this): void;
}
