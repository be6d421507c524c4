/**
 * The functions of the addon for the steps of the optimizers and for gradients before them.
 * What holds for all of them: `../addon.ts`.
 */

import type { FloatArray } from '../../../core/dtype.ts';

type Optional<T> = T | null;

export interface TrainingFunctions {
  adam(
    params: readonly FloatArray[],
    grads: readonly FloatArray[],
    m: readonly FloatArray[],
    v: readonly FloatArray[],
    vMax: Optional<readonly FloatArray[]>,
    lr: number,
    beta1: number,
    beta2: number,
    eps: number,
    weightDecay: number,
    biasCorrection1: number,
    biasCorrection2: number,
    decoupled: boolean,
    maximize: boolean,
  ): void;
  sgd(
    params: readonly FloatArray[],
    grads: readonly FloatArray[],
    momentum: Optional<readonly FloatArray[]>,
    lr: number,
    momentumFactor: number,
    dampening: number,
    weightDecay: number,
    nesterov: boolean,
    maximize: boolean,
    first: boolean,
  ): void;
  update(
    params: readonly FloatArray[],
    grads: readonly FloatArray[],
    first: readonly FloatArray[],
    second: Optional<readonly FloatArray[]>,
    third: Optional<readonly FloatArray[]>,
    rule: number,
    rate: number,
    beta1: number,
    beta2: number,
    eps: number,
    weightDecay: number,
    keep: number,
    momentum: number,
    correction: number,
    average: number,
    grow: number,
    shrink: number,
    low: number,
    high: number,
    adaptive: boolean,
    maximize: boolean,
  ): void;
  sumSquares(arrays: readonly FloatArray[]): number;
  scale(arrays: readonly FloatArray[], factor: number): void;
}
