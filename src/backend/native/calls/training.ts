/** Calls of the addon for the steps of the optimizers and for gradients before them. */

import type { FloatArray } from '../../../core/dtype.ts';
import type { AdamStep, SgdStep, UpdateStates, UpdateStep } from '../../arguments.ts';
import type { UpdateRule } from '../../opcodes.ts';
import type { TrainingKernels } from '../../seam/training.ts';
import { NativeRecurrentKernels } from './recurrent.ts';

export class NativeTrainingKernels extends NativeRecurrentKernels implements TrainingKernels {
  adam(
    params: readonly FloatArray[],
    grads: readonly FloatArray[],
    m: readonly FloatArray[],
    v: readonly FloatArray[],
    vMax: readonly FloatArray[] | null,
    s: AdamStep,
  ): void {
    const rates = [s.lr, s.beta1, s.beta2, s.eps, s.weightDecay, s.biasCorrection1, s.biasCorrection2] as const;
    this.addon.adam(params, grads, m, v, vMax, ...rates, s.decoupled, s.maximize);
  }
  sgd(
    params: readonly FloatArray[],
    grads: readonly FloatArray[],
    momentum: readonly FloatArray[] | null,
    s: SgdStep,
  ): void {
    const rates = [s.lr, s.momentum, s.dampening, s.weightDecay] as const;
    this.addon.sgd(params, grads, momentum, ...rates, s.nesterov, s.maximize, s.first);
  }
  update(
    rule: UpdateRule,
    params: readonly FloatArray[],
    grads: readonly FloatArray[],
    [first, second = null, third = null]: UpdateStates,
    s: UpdateStep,
  ): void {
    const rates = [s.rate, s.beta1, s.beta2, s.eps, s.weightDecay, s.keep, s.momentum, s.correction] as const;
    const others = [s.average, s.grow, s.shrink, s.low, s.high, s.adaptive, s.maximize] as const;
    this.addon.update(params, grads, first, second, third, rule, ...rates, ...others);
  }
  sumSquares(arrays: readonly FloatArray[]): number {
    return this.addon.sumSquares(arrays);
  }
  scale(arrays: readonly FloatArray[], factor: number): void {
    this.addon.scale(arrays, factor);
  }
}
