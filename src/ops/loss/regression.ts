/** Losses of numbers against numbers: squared, absolute, and in between. */

import { UnaryOp } from '../../backend/opcodes.ts';
import { ConfigError } from '../../errors.ts';
import type { Tensor } from '../../tensor.ts';
import { type OpCase, registerOp, type Sampler } from '../define.ts';
import { mul, sub } from '../elementwise/arithmetic.ts';
import { defineUnary, onFloats } from '../elementwise/define-unary.ts';
import { abs, clamp, square } from '../elementwise/unary.ts';
import { checkMeet, type LossOptions, type Reduction, reduceLoss } from './reduction.ts';

type Loss = (x: Tensor, target: Tensor, reduction: Reduction) => Tensor;

const CASES = [
  { reduction: 'mean', x: [3, 4], target: [3, 4] },
  { reduction: 'sum', x: [5], target: [5] },
  { reduction: 'none', x: [2, 1, 3], target: [2, 1, 3] },
  { reduction: 'mean', x: [3, 1], target: [4] },
  { reduction: 'none', x: [], target: [2, 3] },
] as const;

/** Input and target at least 0.03 apart, so that no difference comes near a kink at 0. */
const casesOf = (loss: Loss): readonly ((s: Sampler) => OpCase)[] =>
  CASES.map(({ reduction, x, target }) => (s: Sampler) => ({
    inputs: [s.uniform(x, -0.02, 0.02), s.distinct(target, 0.05)],
    call: (input, t) => loss(input, t, reduction),
  }));

/**
 * (x − target)², averaged by default.
 *
 * Shapes:   x and target [...], broadcast → [], or [...] for `none`
 * @throws ShapeError  if the shapes do not broadcast
 */
export function mseLoss(x: Tensor, target: Tensor, { reduction = 'mean' }: LossOptions = {}): Tensor {
  checkMeet('mseLoss', x, target);
  return reduceLoss('mseLoss', square(sub(x, target)), reduction);
}
registerOp({ name: 'mseLoss', cases: casesOf((x, t, reduction) => mseLoss(x, t, { reduction })) });

/**
 * |x − target|, averaged by default.
 *
 * Shapes:   x and target [...], broadcast → [], or [...] for `none`
 * Gradient: the sign of the difference, 0 at 0
 * @throws ShapeError  if the shapes do not broadcast
 */
export function l1Loss(x: Tensor, target: Tensor, { reduction = 'mean' }: LossOptions = {}): Tensor {
  checkMeet('l1Loss', x, target);
  return reduceLoss('l1Loss', abs(sub(x, target)), reduction);
}
registerOp({ name: 'l1Loss', cases: casesOf((x, t, reduction) => l1Loss(x, t, { reduction })) });

const huberOp = defineUnary(
  UnaryOp.huber,
  { name: 'huber', call: (x) => onFloats(huberOp, x, { p0: 0.7, p1: 1.5 }), tolerance: 4e-6 },
  'x',
  (dy, x, { p0, p1 }) => {
    const slope = clamp(x, -p0, p0);
    return mul(dy, p1 === 1 ? slope : mul(slope, p1));
  },
);

export interface HuberLossOptions extends LossOptions {
  /** The difference up to which it is squared, above 0. Default 1. */
  delta?: number;
}

/**
 * Half the squared difference up to `delta`, and delta·(|x − target| − delta/2) beyond.
 *
 * Shapes:   x and target [...], broadcast → [], or [...] for `none`
 * Gradient: the difference, held between −delta and delta
 * @throws ShapeError   if the shapes do not broadcast
 * @throws ConfigError  unless delta is above 0
 */
export function huberLoss(x: Tensor, target: Tensor, { reduction = 'mean', delta = 1 }: HuberLossOptions = {}): Tensor {
  checkMeet('huberLoss', x, target);
  if (!(delta > 0)) throw new ConfigError({ op: 'huberLoss', problem: 'delta must be above 0', got: delta });
  return reduceLoss('huberLoss', onFloats(huberOp, sub(x, target), { p0: delta, p1: 1 }), reduction);
}
registerOp({
  name: 'huberLoss',
  cases: casesOf((x, t, reduction) => huberLoss(x, t, { reduction, delta: 0.6 })),
  tolerance: 4e-6,
});

export interface SmoothL1LossOptions extends LossOptions {
  /** The difference up to which it is squared; at 0 this is the L1 loss. Default 1. */
  beta?: number;
}

/**
 * The L1 loss with its kink rounded off: (x − target)²/2β up to β, and |x − target| − β/2 beyond.
 *
 * Shapes:   x and target [...], broadcast → [], or [...] for `none`
 * Gradient: the difference over β, held between −1 and 1
 * @throws ShapeError   if the shapes do not broadcast
 * @throws ConfigError  if beta is below 0
 */
export function smoothL1Loss(
  x: Tensor,
  target: Tensor,
  { reduction = 'mean', beta = 1 }: SmoothL1LossOptions = {},
): Tensor {
  checkMeet('smoothL1Loss', x, target);
  if (!(beta >= 0)) throw new ConfigError({ op: 'smoothL1Loss', problem: 'beta is not below 0', got: beta });
  const difference = sub(x, target);
  const losses = beta === 0 ? abs(difference) : onFloats(huberOp, difference, { p0: beta, p1: 1 / beta });
  return reduceLoss('smoothL1Loss', losses, reduction);
}
registerOp({
  name: 'smoothL1Loss',
  cases: [
    ...casesOf((x, t, reduction) => smoothL1Loss(x, t, { reduction, beta: 0.6 })),
    ...casesOf((x, t, reduction) => smoothL1Loss(x, t, { reduction, beta: 0 })).slice(0, 1),
  ],
  tolerance: 4e-6,
});
