/** The Kullback–Leibler divergence: closed where it can be, and by sampling elsewhere. */

import { checkPositiveInteger } from '../core/options.ts';
import { broadcastShapes, sameShape } from '../core/shape.ts';
import { ConfigError, ShapeError } from '../errors.ts';
import { add, mean, mul, neg, sub } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { crossEntropyOf, isDiscrete } from './cross-entropy.ts';
import { Distribution, generatorOf, type SampleOptions } from './distribution.ts';
import { klWithinFamily } from './kl-within-family.ts';

export interface KlOptions extends SampleOptions {
  /** Draws of the estimate where there is no closed form. Default 10 000. */
  samples?: number;
}

function checkPair(op: string, p: Distribution, q: Distribution): void {
  for (const each of [p, q]) {
    if (each instanceof Distribution) continue;
    throw new ConfigError({ op, problem: 'expected two distributions', got: each });
  }
  if (isDiscrete(p) !== isDiscrete(q)) {
    const problem = `a mass and a density have no divergence: ${p.name} and ${q.name}`;
    throw new ConfigError({ op, problem });
  }
  if (!sameShape(p.eventShape, q.eventShape)) {
    throw new ShapeError({ op, problem: 'the shapes of the events differ', got: q.eventShape, expected: p.eventShape });
  }
  broadcastShapes(op, p.batchShape, q.batchShape);
}

function closedKl(p: Distribution, q: Distribution): Tensor | null {
  const family = klWithinFamily(p, q);
  if (family !== null) return family;
  const cross = crossEntropyOf(p, q);
  return cross && sub(cross, p.entropy());
}

/** The mean of f over draws from p, with its gradient: through the draws where they have one, else by their score. */
function estimate(op: string, p: Distribution, f: (x: Tensor) => Tensor, options: KlOptions): Tensor {
  const { samples = 10_000, ...source } = options;
  checkPositiveInteger(op, 'samples', samples);
  const generator = generatorOf(op, source);
  if (p.hasRsample) return mean(f(p.rsample([samples], { generator })), 0);
  const x = p.sample([samples], { generator });
  const values = f(x);
  const logP = p.logProbAnywhere(x);
  return mean(add(values, mul(values.detach(), sub(logP, logP.detach()))), 0);
}

/** Whether `kl(p, q)` is closed; where it is not, it is an estimate from draws. */
export function hasClosedKl(p: Distribution, q: Distribution): boolean {
  checkPair('hasClosedKl', p, q);
  return closedKl(p, q) !== null;
}

/**
 * KL(p ‖ q) = E_p[log p − log q], in nats; ∞ where p reaches values that q does not. Closed for two distributions of one
 * family, and wherever a sum over p's values or its moments give it; otherwise the mean over `samples` draws from p,
 * whose error falls with their square root (`hasClosedKl` tells which).
 *
 * Shapes:   the batches broadcast together
 * Gradient: in the parameters of both, of the estimate too
 * @throws ConfigError  for a discrete and a continuous distribution
 * @throws ShapeError   if events differ in shape, or batches do not broadcast
 */
export function kl(p: Distribution, q: Distribution, options: KlOptions = {}): Tensor {
  checkPair('kl', p, q);
  const closed = closedKl(p, q);
  if (closed !== null) return closed;
  return estimate('kl', p, (x) => sub(p.logProbAnywhere(x), q.logProbAnywhere(x)), options);
}

/**
 * The cross-entropy −E_p[log q], in nats: closed and estimated as `kl`.
 *
 * @throws ConfigError  for a discrete and a continuous distribution
 */
export function crossEntropyOfDistributions(p: Distribution, q: Distribution, options: KlOptions = {}): Tensor {
  checkPair('crossEntropy', p, q);
  const cross = crossEntropyOf(p, q);
  if (cross !== null) return cross;
  const family = klWithinFamily(p, q);
  if (family !== null) return add(family, p.entropy());
  return estimate('crossEntropy', p, (x) => neg(q.logProbAnywhere(x)), options);
}
