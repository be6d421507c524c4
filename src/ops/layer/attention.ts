/** Attention: averages of values by how well their keys answer a query. */

import { broadcastShapes, sameShape } from '../../core/shape.ts';
import { ConfigError, DTypeError, ShapeError } from '../../errors.ts';
import type { Tensor } from '../../tensor.ts';
import { full } from '../create.ts';
import { checkFloat, checkSameDType, checkTensor, registerOp } from '../define.ts';
import { add, mul } from '../elementwise/arithmetic.ts';
import { logicalNot, maskedFill } from '../elementwise/compare.ts';
import { triu } from '../movement/diagonal.ts';
import { matmul } from '../product/matmul.ts';
import { dropout } from './dropout.ts';
import { softmax } from './softmax.ts';

export interface AttentionOptions {
  /**
   * What may attend to what, broadcast to [..., L, S]: bool, true where the query takes part in looking at the key (as in
   * PyTorch's function, and the opposite of the masks of `MultiheadAttention`), or floats that are added to the scores.
   */
  attnMask?: Tensor | null;
  /** Each query sees the keys up to its own place only. Excludes a mask. Default false. */
  isCausal?: boolean;
  /** The probability of dropping a weight. Default 0; in evaluation leave it there. */
  dropoutP?: number;
  /** Multiplies the products of queries and keys. Default 1/√E. */
  scale?: number;
  /** Return the weights too, [..., L, S]. Default false. */
  needWeights?: boolean;
}

/** The mask [L, S] that hides from each place those after it: true where it may not attend, as modules take it. */
export function causalMask(length: number, keys = length): Tensor {
  return triu(full([length, keys], true), 1);
}

function checkOperands(op: string, query: Tensor, key: Tensor, value: Tensor): void {
  for (const x of [query, key, value]) {
    checkFloat(op, x);
    if (x.rank < 2) throw new ShapeError({ op, problem: 'expected at least two axes', got: x.shape });
  }
  checkSameDType(op, query, key, value);
  if (query.shape.at(-1) !== key.shape.at(-1) || key.shape.at(-2) !== value.shape.at(-2)) {
    throw new ShapeError({
      op,
      problem: 'query, key and value do not fit together',
      got: [query.shape, key.shape, value.shape],
      expected: '[..., L, E], [..., S, E], [..., S, V]',
    });
  }
}

function masked(op: string, scores: Tensor, mask: Tensor): Tensor {
  checkTensor(op, mask);
  if (!sameShape(broadcastShapes(op, scores.shape, mask.shape), scores.shape)) {
    throw new ShapeError({ op, problem: 'the mask does not fit the scores', got: mask.shape, expected: scores.shape });
  }
  if (mask.dtype === 'bool') return maskedFill(scores, logicalNot(mask), -Infinity);
  if (mask.dtype === scores.dtype) return add(scores, mask);
  throw new DTypeError({
    op,
    problem: 'a mask is bool or of the scores’ type',
    got: mask.dtype,
    expected: scores.dtype,
  });
}

/**
 * softmax(q·kᵀ/√E + mask)·v: for each query the average of the values, weighted by how well their keys answer it. A query
 * that may attend to nothing gives NaN, as in PyTorch.
 *
 * Shapes:   query [..., L, E], key [..., S, E], value [..., S, V] → y [..., L, V], weights [..., L, S]; leading axes broadcast
 * Gradient: through the operations it is made of, into a mask of floats too
 * Source:   Vaswani et al., "Attention is all you need", 2017
 * @throws ShapeError   if the shapes do not fit together
 * @throws ConfigError  if there are both a mask and `isCausal`
 */
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: AttentionOptions & { needWeights: true },
): [y: Tensor, weights: Tensor];
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options?: AttentionOptions,
): Tensor;
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  { attnMask = null, isCausal = false, dropoutP = 0, scale, needWeights = false }: AttentionOptions = {},
): Tensor | [y: Tensor, weights: Tensor] {
  const op = 'scaledDotProductAttention';
  checkOperands(op, query, key, value);
  if (isCausal && attnMask !== null) {
    throw new ConfigError({ op, problem: 'isCausal is a mask of its own', got: 'attnMask too' });
  }
  const lead = broadcastShapes(op, query.shape.slice(0, -2), key.shape.slice(0, -2));
  broadcastShapes(op, lead, value.shape.slice(0, -2));
  // The queries are scaled, which are fewer than the scores.
  const scaled = mul(query, scale ?? 1 / Math.sqrt(query.shape[query.rank - 1]));
  let scores = matmul(scaled, key, { transB: true });
  if (attnMask !== null) scores = masked(op, scores, attnMask);
  if (isCausal) scores = maskedFill(scores, causalMask(query.shape.at(-2)!, key.shape.at(-2)!), -Infinity);
  const weights = dropout(softmax(scores, -1), dropoutP);
  const y = matmul(weights, value);
  return needWeights ? [y, weights] : y;
}

registerOp({
  name: 'scaledDotProductAttention',
  tolerance: 1e-5,
  cases: [
    (s) => ({
      inputs: [s.normal([2, 3, 4]), s.normal([2, 5, 4]), s.normal([2, 5, 2])],
      call: (q, k, v) => scaledDotProductAttention(q, k, v, { needWeights: true }),
    }),
    (s) => ({
      inputs: [s.normal([2, 2, 3, 2]), s.normal([2, 1, 3, 2]), s.normal([2, 1, 3, 2])],
      call: (q, k, v) => scaledDotProductAttention(q, k, v, { isCausal: true, scale: 0.5 }),
    }),
    (s) => ({
      inputs: [s.normal([2, 3]), s.normal([3, 3]), s.normal([3, 1]), s.normal([2, 3])],
      call: (q, k, v, mask) => scaledDotProductAttention(q, k, v, { attnMask: mask }),
    }),
    (s) => {
      const mask = logicalNot(causalMask(3));
      return {
        inputs: [s.normal([1, 3, 2]), s.normal([1, 3, 2]), s.normal([1, 3, 2])],
        call: (q, k, v) => scaledDotProductAttention(q, k, v, { attnMask: mask }),
      };
    },
  ],
});
