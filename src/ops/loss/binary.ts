/** Binary cross-entropy, of probabilities and of logits. */

import { BinaryOp } from '../../backend/opcodes.ts';
import { floatOf } from '../../core/dtype.ts';
import { ConfigError } from '../../errors.ts';
import type { Tensor } from '../../tensor.ts';
import { registerOp } from '../define.ts';
import { add, broadcastCases, defineBinary, div, meet, mul, sub } from '../elementwise/arithmetic.ts';
import { clamp, log, log1p, neg, sigmoid, softplusAll } from '../elementwise/unary.ts';
import { sumTo } from '../reduction/broadcast.ts';
import { aminmax } from '../reduction/reduce.ts';
import { checkFactor, checkFloatTarget, checkSame, type LossOptions, reduceLoss } from './reduction.ts';

const probabilityOp = defineBinary(
  BinaryOp.binaryCrossEntropy,
  { name: 'cross-entropy of probabilities', tolerance: 4e-6 },
  broadcastCases(
    (p, t) => probabilityOp.run([p, t], undefined),
    (s, shape) => s.uniform(shape, 0.1, 0.9),
  ),
  true,
  (node, [dy]) => {
    const [p, t] = node.saved() as [Tensor, Tensor];
    const logOf = (x: Tensor): Tensor => clamp(x, -100);
    return [
      // As in PyTorch the quotient stays finite at 0 and 1.
      node.needs(0) ? sumTo(div(mul(dy!, sub(p, t)), clamp(mul(sub(1, p), p), 1e-12)), node.shapes[0]) : null,
      node.needs(1) ? sumTo(mul(dy!, sub(logOf(log1p(neg(p))), logOf(log(p)))), node.shapes[1]) : null,
    ];
  },
);

const logitOp = defineBinary(
  BinaryOp.logitCrossEntropy,
  { name: 'cross-entropy of logits', tolerance: 4e-6 },
  broadcastCases(logitCrossEntropy, (s, shape) => s.normal(shape)),
  true,
  (node, [dy]) => {
    const [x, t] = node.saved() as [Tensor, Tensor];
    return [
      node.needs(0) ? sumTo(mul(dy!, sub(sigmoid(x), t)), node.shapes[0]) : null,
      node.needs(1) ? sumTo(neg(mul(dy!, x)), node.shapes[1]) : null,
    ];
  },
);

/** −(t·log σ(x) + (1 − t)·log σ(−x)) of every element, without overflow; broadcast. */
export function logitCrossEntropy(x: Tensor, target: Tensor): Tensor {
  return logitOp.run(meet('binaryCrossEntropyWithLogits', x, target, floatOf), undefined);
}

export interface BinaryCrossEntropyOptions extends LossOptions {
  /** A factor a term, broadcast to the input. */
  weight?: Tensor | null;
}

/**
 * −(t·log x + (1 − t)·log(1 − x)) in nats, of probabilities x against targets in [0, 1]. The logarithms are not below
 * −100, so that a certain mistake costs 100 and no infinity. Logits have more digits: `binaryCrossEntropyWithLogits`.
 *
 * Shapes:   x and target [...] → [], or [...] for `none`
 * Gradient: dx = (x − t)/(x·(1 − x)), the denominator at least 10⁻¹²
 * @throws ShapeError   if the shapes differ, or the weight does not broadcast to them
 * @throws DTypeError   if the target is not of floats
 * @throws ConfigError  if an input lies outside [0, 1]
 */
export function binaryCrossEntropy(
  x: Tensor,
  target: Tensor,
  { weight = null, reduction = 'mean' }: BinaryCrossEntropyOptions = {},
): Tensor {
  const op = 'binaryCrossEntropy';
  checkSame(op, x, target);
  checkFloatTarget(op, target);
  checkFactor(op, 'weight', weight, x);
  checkProbabilities(op, x);
  const losses = probabilityOp.run(meet(op, x, target, floatOf), undefined);
  return reduceLoss(op, weight === null ? losses : mul(losses, weight), reduction);
}

function checkProbabilities(op: string, x: Tensor): void {
  if (x.size === 0) return;
  const range = aminmax(x.detach());
  const [low, high] = [range.min.item(), range.max.item()];
  if (low >= 0 && high <= 1) return;
  throw new ConfigError({
    op,
    problem: 'probabilities lie between 0 and 1',
    got: low >= 0 ? high : low,
    hint: 'binaryCrossEntropyWithLogits takes logits',
  });
}

registerOp({
  name: 'binaryCrossEntropy',
  cases: [
    (s) => ({
      inputs: [s.uniform([3, 4], 0.1, 0.9), s.uniform([3, 4], 0, 1)],
      call: (x, t) => binaryCrossEntropy(x, t),
    }),
    (s) => ({
      inputs: [s.uniform([3, 4], 0.1, 0.9), s.uniform([3, 4], 0, 1), s.uniform([4], 0.5, 2)],
      call: (x, t, weight) => binaryCrossEntropy(x, t, { weight, reduction: 'none' }),
    }),
  ],
  tolerance: 4e-6,
});

export interface BinaryCrossEntropyWithLogitsOptions extends BinaryCrossEntropyOptions {
  /** The weight of positive targets, broadcast to the input. */
  posWeight?: Tensor | null;
}

/**
 * Binary cross-entropy of logits against targets in [0, 1], without overflow for large logits:
 * (1 − t)·x + (1 + (p − 1)·t)·log(1 + e⁻ˣ).
 *
 * Shapes:   x and target [...] → [], or [...] for `none`
 * Gradient: dx = σ(x) − t, when unweighted
 * @throws ShapeError  if the shapes differ, or a weight does not broadcast to them
 * @throws DTypeError  if the target is not of floats
 */
export function binaryCrossEntropyWithLogits(
  x: Tensor,
  target: Tensor,
  { weight = null, posWeight = null, reduction = 'mean' }: BinaryCrossEntropyWithLogitsOptions = {},
): Tensor {
  const op = 'binaryCrossEntropyWithLogits';
  checkSame(op, x, target);
  checkFloatTarget(op, target);
  checkFactor(op, 'weight', weight, x);
  checkFactor(op, 'posWeight', posWeight, x);
  let losses: Tensor;
  if (posWeight === null) losses = logitCrossEntropy(x, target);
  else {
    const factor = add(mul(sub(posWeight, 1), target), 1);
    losses = add(mul(sub(1, target), x), mul(factor, softplusAll(neg(x))));
  }
  return reduceLoss(op, weight === null ? losses : mul(losses, weight), reduction);
}

registerOp({
  name: 'binaryCrossEntropyWithLogits',
  cases: [
    (s) => ({
      inputs: [s.normal([3, 4]), s.uniform([3, 4], 0, 1)],
      call: (x, t) => binaryCrossEntropyWithLogits(x, t),
    }),
    (s) => ({
      inputs: [s.normal([3, 4]), s.uniform([3, 4], 0, 1), s.uniform([4], 0.5, 2), s.uniform([3, 1], 0.5, 2)],
      call: (x, t, posWeight, weight) => binaryCrossEntropyWithLogits(x, t, { posWeight, weight, reduction: 'sum' }),
    }),
  ],
  tolerance: 4e-6,
});
