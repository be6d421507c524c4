/** Divergences between two distributions of one family, in forms without cancellation. */

import { lbeta } from '../ops/elementwise/gamma.ts';
import { abs, add, digamma, div, exp, gt, lgamma, log, lt, mul, neg, square, sub, sum, where } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { Bernoulli } from './bernoulli.ts';
import { Beta } from './beta.ts';
import { Categorical } from './categorical.ts';
import type { Distribution } from './distribution.ts';
import { Exponential } from './exponential.ts';
import { Gamma } from './gamma.ts';
import { Laplace } from './laplace.ts';
import { MultivariateNormal } from './multivariate-normal.ts';
import { Normal } from './normal.ts';
import { Poisson } from './poisson.ts';
import { timesLog } from './terms.ts';
import { Uniform } from './uniform.ts';

type Family<D extends Distribution> = abstract new (...args: never[]) => D;
type Formula<D extends Distribution> = (p: D, q: D) => Tensor;

interface Rule {
  readonly family: Family<Distribution>;
  readonly formula: Formula<never>;
}

function rule<D extends Distribution>(family: Family<D>, formula: Formula<D>): Rule {
  return { family, formula };
}

/** r − 1 − log r: what two scales of one family differ by. */
function excess(ratio: Tensor): Tensor {
  return sub(sub(ratio, 1), log(ratio));
}

const RULES: readonly Rule[] = [
  rule(Bernoulli, ({ chance: p }, { chance: q }) => {
    const [yes, no] = [p.probs, p.rest];
    const successes = sub(p.weightedLog(yes, 'success'), q.weightedLog(yes, 'success'));
    return add(successes, sub(p.weightedLog(no, 'failure'), q.weightedLog(no, 'failure')));
  }),
  rule(Beta, (p, q) => {
    const [da, db] = [sub(p.concentration1, q.concentration1), sub(p.concentration0, q.concentration0)];
    const slopes = add(mul(da, digamma(p.concentration1)), mul(db, digamma(p.concentration0)));
    const normalisers = sub(lbeta(q.concentration1, q.concentration0), lbeta(p.concentration1, p.concentration0));
    return sub(add(normalisers, slopes), mul(add(da, db), digamma(p.total)));
  }),
  rule(Categorical, (p, q) => sub(p.expectedLog(p.probs), q.expectedLog(p.probs))),
  rule(Exponential, (p, q) => excess(div(q.rate, p.rate))),
  rule(Gamma, (p, q) => {
    const [a, b] = [p.concentration, q.concentration];
    const shapes = add(sub(lgamma(b), lgamma(a)), mul(sub(a, b), digamma(a)));
    const ratio = div(q.rate, p.rate);
    return add(shapes, sub(mul(a, sub(ratio, 1)), mul(b, log(ratio))));
  }),
  rule(Laplace, (p, q) => {
    const distance = abs(sub(p.loc, q.loc));
    const ratio = div(p.scale, q.scale);
    const tail = mul(ratio, exp(neg(div(distance, p.scale))));
    return sub(add(div(distance, q.scale), tail), add(log(ratio), 1));
  }),
  rule(MultivariateNormal, (p, q) => {
    const shift = q.squaredDistance(sub(p.loc, q.loc));
    const spread = sum(square(q.whitened(p.scaleTril)), [-2, -1]);
    return add(sub(q.halfLogDet, p.halfLogDet), mul(sub(add(spread, shift), p.eventShape[0]), 0.5));
  }),
  rule(Normal, (p, q) => {
    const shift = square(div(sub(p.loc, q.loc), q.scale));
    return mul(add(excess(square(div(p.scale, q.scale))), shift), 0.5);
  }),
  rule(Poisson, (p, q) => add(sub(timesLog(p.rate, p.rate), timesLog(p.rate, q.rate)), sub(q.rate, p.rate))),
  rule(Uniform, (p, q) => {
    const uncovered = add(lt(p.low, q.low), gt(p.high, q.high));
    return where(uncovered, Infinity, log(div(sub(q.high, q.low), sub(p.high, p.low))));
  }),
];

/** The divergence of two distributions of one family; null where they are of two, or have no formula. */
export function klWithinFamily(p: Distribution, q: Distribution): Tensor | null {
  const found = RULES.find(({ family }) => p instanceof family && q instanceof family);
  return found === undefined ? null : found.formula(p as never, q as never);
}
