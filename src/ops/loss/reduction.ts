/** What the losses share: how the losses of the elements become one, and what fits together. */

import { isFloat } from '../../core/dtype.ts';
import { type Shape, sameShape } from '../../core/shape.ts';
import { ConfigError, DTypeError, ShapeError } from '../../errors.ts';
import type { Tensor } from '../../tensor.ts';
import { checkFloat, checkTensor } from '../define.ts';
import { checkBroadcast, sum } from '../reduction/broadcast.ts';
import { mean } from '../reduction/reduce.ts';

/** How the losses of the elements become one: their (weighted) mean, their sum, or not at all. */
export type Reduction = 'mean' | 'sum' | 'none';

export interface LossOptions {
  /** Default 'mean'. */
  reduction?: Reduction;
}

/** @throws ConfigError  if `reduction` names none */
export function reduceLoss(op: string, losses: Tensor, reduction: Reduction): Tensor {
  if (reduction === 'none') return losses;
  if (reduction === 'sum') return sum(losses);
  if (reduction === 'mean') return mean(losses);
  throw new ConfigError({ op, problem: 'unknown reduction', got: reduction, expected: 'mean | sum | none' });
}

/** @throws ShapeError  unless input and target, of floats, have one shape */
export function checkSame(op: string, x: Tensor, target: Tensor): void {
  checkFloat(op, x);
  if (!sameShape(x.shape, checkTensor(op, target).shape)) {
    throw new ShapeError({ op, problem: 'input and target must have one shape', got: target.shape, expected: x.shape });
  }
}

/** The losses that have said that they broadcast. */
const warned = new Set<string>();

/**
 * Lets input and target broadcast, as PyTorch does, and warns of it once a loss: [N, 1] against [N] gives [N, N], which
 * is nearly always a mistake.
 *
 * @throws ShapeError  unless the shapes broadcast
 */
export function checkMeet(op: string, x: Tensor, target: Tensor): void {
  checkFloat(op, x);
  if (sameShape(x.shape, checkTensor(op, target).shape)) return;
  const [a, b] = [x.shape, target.shape].map((shape) => `[${shape.join(', ')}]`);
  const shape = checkBroadcast(op, x, target);
  if (warned.has(op)) return;
  warned.add(op);
  const detail = `if that is not meant, give both one shape. Said once for ${op}.`;
  process.emitWarning(`${op}: input ${a} and target ${b} are broadcast to [${shape.join(', ')}]`, {
    type: 'LanegradWarning',
    code: 'LANEGRAD_BROADCAST',
    detail,
  });
}

/** @throws DTypeError  if the target is not of floats */
export function checkFloatTarget(op: string, target: Tensor): void {
  if (isFloat(checkTensor(op, target).dtype)) return;
  throw new DTypeError({ op, problem: 'targets must be floats', got: target.dtype, hint: 'convert with to' });
}

/** @throws ShapeError  if a factor cannot be broadcast to the shape of the losses */
export function checkFactor(op: string, name: string, factor: Tensor | null, x: Tensor): void {
  if (factor === null) return;
  if (sameShape(checkBroadcast(op, x, factor), x.shape)) return;
  throw new ShapeError({ op, problem: `${name} must broadcast to the input`, got: factor.shape, expected: x.shape });
}

/** @throws ShapeError  unless there is one weight a class */
export function checkClassWeight(op: string, weight: Tensor | null, classes: number): void {
  if (weight === null || sameShape(checkTensor(op, weight).shape, [classes])) return;
  throw new ShapeError({
    op,
    problem: 'the weight must have one value a class',
    got: weight.shape,
    expected: [classes],
  });
}

/** @throws ShapeError  unless the targets have the shape `expected`: one a row of the input */
export function checkTargets(op: string, x: Tensor, ids: Tensor, expected: Shape): void {
  if (sameShape(ids.shape, expected)) return;
  throw new ShapeError({ op, problem: 'there must be one target a row', got: [x.shape, ids.shape], expected });
}
