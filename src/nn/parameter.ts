/** Parameter: the tensors a module learns. */

import { keepStorage } from '../core/pool.ts';
import { Tensor } from '../tensor.ts';

/**
 * A tensor that a `Module` counts among its parameters and an optimizer may change. It is a leaf that asks for
 * gradients and shares the memory of the tensor it is made from, outside that tensor's graph. It outlives a `scope`.
 *
 * @throws DTypeError  if the tensor holds no floats
 */
export class Parameter extends Tensor {
  constructor(values: Tensor, { requiresGrad = true }: { requiresGrad?: boolean } = {}) {
    super(values.storage, values.offset, values.shape, values.dtype);
    keepStorage(values.storage);
    this.requiresGrad_(requiresGrad);
  }

  override toString(): string {
    return super.toString().replace(/^Tensor/, 'Parameter');
  }
}
