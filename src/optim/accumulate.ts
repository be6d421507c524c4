import { backward } from '../autograd/index.ts';
import { ConfigError } from '../errors.ts';
import { mul } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';

/**
 * Gradients of one large batch out of micro-batches: runs forward and backward for each, weighted by its share, and leaves the
 * sum of their gradients, so that a batch need not fit into memory. For a mean over samples the shares are the sizes of the
 * micro-batches; they are divided by their sum.
 *
 * The bits are defined: each micro-batch's gradient is complete before it is added, and they are added in order, so that
 * shares computed apart and summed in that order give the same.
 *
 * @param loss  the mean loss of one micro-batch
 * @returns the weighted loss of the whole batch
 * @throws ConfigError  without micro-batches, or if a share is negative or not one stands beside each
 *
 * @example
 * const net = new Linear(2, 1);
 * const optimizer = new SGD(net.parameters(), { lr: 0.1 });
 * const parts = [randn([8, 2]), randn([4, 2])];
 * optimizer.zeroGrad();
 * accumulateGradients(parts, (x) => mean(square(net.forward(x))), [8, 4]);
 * optimizer.step();
 */
export function accumulateGradients<B>(
  microBatches: readonly B[],
  loss: (microBatch: B, index: number) => Tensor,
  shares: readonly number[] = microBatches.map(() => 1),
): number {
  const op = 'accumulateGradients';
  const total = shares.reduce((sum, share) => sum + share, 0);
  if (shares.length !== microBatches.length || shares.some((share) => !(share >= 0)) || !(total > 0)) {
    const expected = `${microBatches.length} numbers ≥ 0, and not all 0`;
    throw new ConfigError({ op, problem: 'one share a micro-batch', got: shares, expected });
  }
  return microBatches.reduce((sum, microBatch, i) => {
    const term = mul(loss(microBatch, i), shares[i] / total);
    backward(term);
    return sum + term.item();
  }, 0);
}
