/** Losses out of likelihoods: divergences of distributions, counts, and normal deviations. */

import { UnaryOp } from '../../backend/opcodes.ts';
import { floatOf } from '../../core/dtype.ts';
import { sameShape } from '../../core/shape.ts';
import { ConfigError, ShapeError } from '../../errors.ts';
import type { Tensor } from '../../tensor.ts';
import { checkFloat, registerOp, type Sampler } from '../define.ts';
import { add, div, mul, sub } from '../elementwise/arithmetic.ts';
import { resultDType, to } from '../elementwise/cast.ts';
import { xlogy } from '../elementwise/combine.ts';
import { gt, where } from '../elementwise/compare.ts';
import { defineUnary } from '../elementwise/define-unary.ts';
import { exp, log, square } from '../elementwise/unary.ts';
import { unsqueeze } from '../movement/movement.ts';
import { checkBroadcast, sum } from '../reduction/broadcast.ts';
import { amin } from '../reduction/reduce.ts';
import { checkFloatTarget, type LossOptions, type Reduction, reduceLoss } from './reduction.ts';

export interface KlDivOptions {
  /** Beside the reductions of the other losses `batchmean`: the sum over the length of the first axis. Default 'mean'. */
  reduction?: Reduction | 'batchmean';
  /** The target holds log-probabilities. */
  logTarget?: boolean;
}

/**
 * The terms t·(log t − x) of the Kullback–Leibler divergence of a target from log-probabilities x, in nats; where the
 * target is 0 the term is 0. The divergence of distributions is `batchmean`: `mean` divides by all elements.
 *
 * Shapes:   x and target [...], broadcast → [], or [...] for `none`
 * Gradient: dx = −t
 * @throws ShapeError   if the shapes do not broadcast
 * @throws DTypeError   if an operand is not of floats
 * @throws ConfigError  if `reduction` names none
 */
export function klDiv(x: Tensor, target: Tensor, { reduction = 'mean', logTarget = false }: KlDivOptions = {}): Tensor {
  checkFloat('klDiv', x);
  checkFloatTarget('klDiv', target);
  checkBroadcast('klDiv', x, target);
  const terms = logTarget ? mul(exp(target), sub(target, x)) : sub(xlogy(target, target), mul(target, x));
  if (reduction !== 'batchmean') return reduceLoss('klDiv', terms, reduction);
  return x.rank === 0 ? sum(terms) : div(sum(terms), x.shape[0]);
}

registerOp({
  name: 'klDiv',
  cases: [
    (s) => ({ inputs: [s.normal([3, 4]), s.uniform([3, 4], 0.1, 1)], call: (x, t) => klDiv(x, t) }),
    (s) => ({
      inputs: [s.normal([3, 4]), s.normal([4])],
      call: (x, t) => klDiv(x, t, { logTarget: true, reduction: 'batchmean' }),
    }),
  ],
});

export interface PoissonNllLossOptions extends LossOptions {
  /** The input is the logarithm of the rate. Default true. */
  logInput?: boolean;
  /** Adds Stirling's approximation of log t! for targets above 1. */
  full?: boolean;
  /** Added to a rate before its logarithm is taken. Default 1e-8. */
  eps?: number;
}

/**
 * The negative log-likelihood of counts under Poisson distributions, without the term log t! or with an approximation
 * of it: eˣ − t·x of a log-rate, x − t·log(x + eps) of a rate.
 *
 * Shapes:   x and target [...], broadcast → [], or [...] for `none`
 * @throws ShapeError  if the shapes do not broadcast
 */
export function poissonNllLoss(
  x: Tensor,
  target: Tensor,
  { logInput = true, full = false, eps = 1e-8, reduction = 'mean' }: PoissonNllLossOptions = {},
): Tensor {
  checkFloat('poissonNllLoss', x);
  checkBroadcast('poissonNllLoss', x, target);
  const t = to(target, floatOf(resultDType(x, target)));
  const rest = logInput ? sub(exp(x), mul(t, x)) : sub(x, mul(t, log(add(x, eps))));
  return reduceLoss('poissonNllLoss', full ? add(rest, stirling(t)) : rest, reduction);
}

/** log t! where t passes 1, by t·log t − t + ½·log 2πt; else 0. */
function stirling(t: Tensor): Tensor {
  const passes = gt(t, 1);
  const safe = where(passes, t, 1);
  const terms = add(sub(mul(safe, log(safe)), safe), mul(log(mul(safe, 2 * Math.PI)), 0.5));
  return where(passes, terms, 0);
}

registerOp({
  name: 'poissonNllLoss',
  cases: [
    (s) => ({ inputs: [s.normal([3, 4]), s.uniform([3, 4], 2, 5)], call: (x, t) => poissonNllLoss(x, t) }),
    (s) => ({
      inputs: [s.uniform([3, 1], 0.5, 2), s.uniform([4], 0.2, 5)],
      call: (x, t) => poissonNllLoss(x, t, { logInput: false, full: true, reduction: 'none' }),
    }),
  ],
});

/** max(x, p0) whose gradient is that of x, also where it was raised. */
const raisedOp = defineUnary(
  UnaryOp.clamp,
  {
    name: 'variance raised to eps',
    call: (x) => raisedOp.run([x], { p0: 0.01, p1: Number.POSITIVE_INFINITY }),
    sample: (s, shape) => s.uniform(shape, 0.1, 2),
    tolerance: 0,
  },
  'nothing',
  (dy) => dy,
);

export interface GaussianNllLossOptions extends LossOptions {
  /** Adds ½·log 2π. */
  full?: boolean;
  /** The least variance counted with. Default 1e-6. */
  eps?: number;
}

/**
 * The negative log-likelihood of targets under normal distributions of mean x: ½·(log v + (x − target)²/v), the variance
 * v raised to `eps` where it is below. The variance takes a gradient there too, which can lead it back.
 *
 * Shapes:   x and target [..., D], broadcast; variance as x, or one a row: [...] or [..., 1]
 *           → [], or [..., D] for `none`
 * @throws ShapeError   if the shapes do not fit
 * @throws ConfigError  if a variance is negative
 */
export function gaussianNllLoss(
  x: Tensor,
  target: Tensor,
  variance: Tensor,
  { full = false, eps = 1e-6, reduction = 'mean' }: GaussianNllLossOptions = {},
): Tensor {
  const op = 'gaussianNllLoss';
  checkFloat(op, x);
  checkFloat(op, variance);
  checkBroadcast(op, x, target);
  const v = raisedOp.run([varianceOf(op, x, variance)], { p0: eps, p1: Number.POSITIVE_INFINITY });
  checkBroadcast(op, x, target, v);
  const terms = mul(add(log(v), div(square(sub(x, target)), v)), 0.5);
  return reduceLoss(op, full ? add(terms, 0.5 * Math.log(2 * Math.PI)) : terms, reduction);
}

function varianceOf(op: string, x: Tensor, variance: Tensor): Tensor {
  if (variance.size > 0 && amin(variance.detach()).item() < 0) {
    throw new ConfigError({ op, problem: 'a variance is negative', got: amin(variance.detach()).item() });
  }
  const rows = x.shape.slice(0, -1);
  if (sameShape(variance.shape, x.shape)) return variance;
  if (x.rank > 0 && sameShape(variance.shape, rows)) return unsqueeze(variance, -1);
  if (sameShape(variance.shape, [...rows, 1])) return variance;
  throw new ShapeError({
    op,
    problem: 'there must be one variance an element or one a row',
    got: [x.shape, variance.shape],
    expected: x.shape,
  });
}

registerOp({
  name: 'gaussianNllLoss',
  cases: [[3, 4], [3], [3, 1]].map((shape, i) => (s: Sampler) => ({
    inputs: [s.normal([3, 4]), s.normal([3, 4]), s.uniform(shape, 0.3, 2)],
    call: (x, t, v) => gaussianNllLoss(x, t, v, { full: i > 0, reduction: (['mean', 'sum', 'none'] as const)[i] }),
  })),
});
