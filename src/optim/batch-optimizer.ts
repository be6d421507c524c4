/** The optimizers that update all parameters of a group, as far as they are alike, by one kernel call. */

import type { FloatArray } from '../core/dtype.ts';
import type { Tensor } from '../tensor.ts';
import { Optimizer, type ParamGroup } from './optimizer.ts';
import type { ParameterState } from './state.ts';

/** Parameters of one group and dtype that one kernel call updates, with their gradients. */
export interface Batch {
  readonly dtype: 'float32' | 'float64';
  readonly tensors: readonly Tensor[];
  readonly params: readonly FloatArray[];
  readonly grads: readonly FloatArray[];
}

interface MutableBatch extends Batch {
  readonly cohort: string | number | boolean;
  readonly tensors: Tensor[];
  readonly params: FloatArray[];
  readonly grads: FloatArray[];
}

export abstract class BatchOptimizer<O extends { lr: number }> extends Optimizer<O> {
  /** @throws ShapeError  if a gradient does not have the shape of its parameter */
  override step(): void;
  override step(closure: () => Tensor): Tensor;
  override step(closure?: () => Tensor): Tensor | undefined {
    const loss = closure?.();
    for (const group of this.paramGroups) {
      for (const batch of this.#batchesOf(group)) {
        this.apply(group, batch);
        for (const parameter of batch.tensors) parameter.storage.written(this.constructor.name);
      }
    }
    return loss;
  }

  /** What must be equal for two parameters to be updated by one kernel call, their dtype apart. */
  protected abstract cohortOf(state: ParameterState | undefined): string | number | boolean;

  /** Updates a batch by one kernel call. */
  protected abstract apply(group: O, batch: Batch): void;

  /** Parameters with a gradient, by what one call can update together: nearly always one batch. */
  #batchesOf(group: ParamGroup<O>): Batch[] {
    const batches: MutableBatch[] = [];
    for (const parameter of group.params) {
      const gradient = parameter.grad;
      if (gradient === null) continue;
      this.checkGradient(parameter, gradient);
      const dtype = parameter.dtype as Batch['dtype'];
      const cohort = this.cohortOf(this.state.get(parameter));
      let batch = batches.find((other) => other.cohort === cohort && other.dtype === dtype);
      if (batch === undefined) batches.push((batch = { dtype, cohort, tensors: [], params: [], grads: [] }));
      batch.tensors.push(parameter);
      batch.params.push(parameter.data as FloatArray);
      batch.grads.push(gradient.data as FloatArray);
    }
    return batches;
  }
}
