/** −E_p[log q] where it is closed: a sum over p's values where they are finitely many, else out of p's moments. */

import { LOG_2PI } from '../core/point-mass.ts';
import { broadcastShapes } from '../core/shape.ts';
import { lbeta } from '../ops/elementwise/gamma.ts';
import {
  add,
  digamma,
  div,
  erf,
  exp,
  gt,
  lgamma,
  log,
  lt,
  maximum,
  mul,
  neg,
  square,
  sub,
  sum,
  where,
} from '../ops/index.ts';
import { filled } from '../ops/reduction/broadcast.ts';
import { Tensor } from '../tensor.ts';
import { Bernoulli } from './bernoulli.ts';
import { Beta } from './beta.ts';
import { Binomial } from './binomial.ts';
import { Categorical } from './categorical.ts';
import type { Distribution } from './distribution.ts';
import { enumerate } from './enumerate.ts';
import { Exponential } from './exponential.ts';
import { Gamma } from './gamma.ts';
import { Laplace } from './laplace.ts';
import { Normal } from './normal.ts';
import { Poisson } from './poisson.ts';
import { EULER_GAMMA, timesLog, weighted } from './terms.ts';
import { Uniform } from './uniform.ts';

type Bound = Tensor | number;

/** Between what bounds a density is above 0; null for a discrete or multivariate distribution. */
function rangeOf(p: Distribution): readonly [Bound, Bound] | null {
  if (p instanceof Uniform) return [p.low, p.high];
  if (p instanceof Exponential || p instanceof Gamma) return [0, Infinity];
  if (p instanceof Beta) return [0, 1];
  return p instanceof Normal || p instanceof Laplace ? [-Infinity, Infinity] : null;
}

/** The mean of log x between two bounds, of which those below 0 count as 0. */
function meanLog(low: Tensor, high: Tensor): Tensor {
  const [from, until] = [low, high].map((x) => maximum(x, 0));
  return sub(div(sub(timesLog(until, until), timesLog(from, from)), sub(high, low)), 1);
}

/** E[log X]. */
function expectedLog(p: Distribution): Tensor | null {
  if (p instanceof Gamma) return sub(digamma(p.concentration), log(p.rate));
  if (p instanceof Exponential) return neg(add(log(p.rate), EULER_GAMMA));
  if (p instanceof Beta) return sub(digamma(p.concentration1), digamma(p.total));
  return p instanceof Uniform ? meanLog(p.low, p.high) : null;
}

/** E[log(1 − X)]. */
function expectedLogRest(p: Distribution): Tensor | null {
  if (p instanceof Beta) return sub(digamma(p.concentration0), digamma(p.total));
  return p instanceof Uniform ? meanLog(sub(1, p.high), sub(1, p.low)) : null;
}

/** E|X − at|. */
function expectedDistance(p: Distribution, at: Tensor): Tensor | null {
  if (!(p instanceof Normal)) return null;
  const shift = sub(p.loc, at);
  const z = div(shift, mul(p.scale, Math.SQRT2));
  const spread = mul(mul(p.scale, Math.sqrt(2 / Math.PI)), exp(neg(square(z))));
  return add(spread, mul(shift, erf(z)));
}

/** −E_p[log q] where q is above 0 wherever p is. */
function crossEntropyInside(p: Distribution, q: Distribution): Tensor | null {
  if (q instanceof Uniform) return log(sub(q.high, q.low));
  if (q instanceof Exponential) return sub(mul(q.rate, p.mean), log(q.rate));
  if (q instanceof Gamma) {
    const logX = expectedLog(p);
    const normaliser = sub(lgamma(q.concentration), mul(q.concentration, log(q.rate)));
    return logX && add(normaliser, sub(mul(q.rate, p.mean), mul(sub(q.concentration, 1), logX)));
  }
  if (q instanceof Beta) {
    const [logX, logRest] = [expectedLog(p), expectedLogRest(p)];
    if (logX === null || logRest === null) return null;
    const powers = add(mul(sub(q.concentration1, 1), logX), mul(sub(q.concentration0, 1), logRest));
    return sub(lbeta(q.concentration1, q.concentration0), powers);
  }
  if (q instanceof Laplace) {
    const distance = expectedDistance(p, q.loc);
    return distance && add(div(distance, q.scale), log(mul(q.scale, 2)));
  }
  if (q instanceof Normal) {
    const spread = div(add(p.variance, square(sub(p.mean, q.loc))), square(q.scale));
    return add(mul(spread, 0.5), add(log(q.scale), LOG_2PI / 2));
  }
  return null;
}

/** Whether draws are integers: masses and densities have no divergence from each other. */
export function isDiscrete(p: Distribution): boolean {
  return lastOf(p) !== null || p instanceof Poisson;
}

/** The largest value of a p that has finitely many, 0 … last; else null. */
function lastOf(p: Distribution): number | null {
  if (p instanceof Bernoulli) return 1;
  if (p instanceof Binomial) return p.largestCount;
  return p instanceof Categorical ? p.probs.shape[p.probs.rank - 1] - 1 : null;
}

/** −Σ p(k) log q(k) over the values of a finite p. */
function crossEntropyOfCounts(p: Distribution, q: Distribution): Tensor | null {
  const last = lastOf(p);
  // Every count is a value of a Poisson distribution, and of no other here.
  if (last === null) {
    if (q instanceof Poisson) return null;
    return filled(broadcastShapes('kl', p.batchShape, q.batchShape), Infinity, p.dtype);
  }
  const k = enumerate(last, Math.max(p.batchShape.length, q.batchShape.length), p.dtype);
  return sub(0, sum(weighted(exp(p.logProbAnywhere(k)), q.logProbAnywhere(k)), 0));
}

/** −E_p[log q], in nats, or null where there is no closed form; ∞ where p reaches values that q does not. */
export function crossEntropyOf(p: Distribution, q: Distribution): Tensor | null {
  if (isDiscrete(p) && isDiscrete(q)) return crossEntropyOfCounts(p, q);
  const [own, others] = [rangeOf(p), rangeOf(q)];
  if (own === null || others === null) return null;
  const wide = (bound: Bound): Tensor => (bound instanceof Tensor ? bound : filled([], bound, p.dtype));
  const uncovered = add(lt(wide(own[0]), others[0]), gt(wide(own[1]), others[1]));
  const inside = crossEntropyInside(p, q);
  if (inside !== null) return where(uncovered, Infinity, inside);
  return uncovered.data.every((value) => value === 1) ? where(uncovered, Infinity, p.entropy()) : null;
}
