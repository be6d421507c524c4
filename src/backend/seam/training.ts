/**
 * The part of the seam for the steps of the optimizers and for gradients before them.
 * Rules and numeric contract: `backend.ts`.
 */

import type { FloatArray } from '../../core/dtype.ts';
import type { AdamStep, SgdStep, UpdateStates, UpdateStep } from '../arguments.ts';
import type { UpdateRule } from '../opcodes.ts';

export interface TrainingKernels {
  /** One Adam step over all parameters; vMax is the running maximum of AMSGrad, or null. */
  adam(
    params: readonly FloatArray[],
    grads: readonly FloatArray[],
    m: readonly FloatArray[],
    v: readonly FloatArray[],
    vMax: readonly FloatArray[] | null,
    step: AdamStep,
  ): void;
  /** One SGD step over all parameters; `momentum` holds the buffers, or is null when momentum is 0. */
  sgd(
    params: readonly FloatArray[],
    grads: readonly FloatArray[],
    momentum: readonly FloatArray[] | null,
    step: SgdStep,
  ): void;
  /** One step of another rule over all parameters. */
  update(
    rule: UpdateRule,
    params: readonly FloatArray[],
    grads: readonly FloatArray[],
    states: UpdateStates,
    step: UpdateStep,
  ): void;
  /** Σ x² over all arrays in float64, in blocks of `REDUCE_BLOCK` added in index order. */
  sumSquares(arrays: readonly FloatArray[]): number;
  /** x ·= factor for all arrays. */
  scale(arrays: readonly FloatArray[], factor: number): void;
}
