import { dropout } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { checkProbability } from './make-parameter.ts';
import { Module } from './module.ts';

/**
 * In training, sets each element to 0 with probability p and scales the rest by 1/(1 − p); in evaluation, the identity.
 * The draws come from the default generator.
 *
 * Shapes: x [...] → y [...]
 * Source: Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting, 2014.
 */
export class Dropout extends Module {
  readonly p: number;
  readonly sampleAxis: number | null;

  /** @param sampleAxis  where the samples lie, for `withSamples`: 0 (default), 1 for [T, B, …], null for none. */
  constructor(p = 0.5, { sampleAxis = 0 }: { sampleAxis?: number | null } = {}) {
    super();
    this.p = checkProbability('Dropout', 'p', p);
    this.sampleAxis = sampleAxis;
  }

  forward(x: Tensor): Tensor {
    return dropout(x, this.p, { training: this.training, sampleAxis: this.sampleAxis });
  }

  override extraRepr(): string {
    return `p: ${this.p}`;
  }
}
