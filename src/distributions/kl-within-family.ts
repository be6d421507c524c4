/** Divergences between two distributions of one family, in forms without cancellation. */

import { abs, add, div, exp, gt, log, lt, mul, neg, square, sub, where } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { Bernoulli } from './bernoulli.ts';
import { Categorical } from './categorical.ts';
import type { Distribution } from './distribution.ts';
import { Exponential } from './exponential.ts';
import { Laplace } from './laplace.ts';
import { Normal } from './normal.ts';
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
  rule(Categorical, (p, q) => sub(p.expectedLog(p.probs), q.expectedLog(p.probs))),
  rule(Exponential, (p, q) => excess(div(q.rate, p.rate))),
  rule(Laplace, (p, q) => {
    const distance = abs(sub(p.loc, q.loc));
    const ratio = div(p.scale, q.scale);
    const tail = mul(ratio, exp(neg(div(distance, p.scale))));
    return sub(add(div(distance, q.scale), tail), add(log(ratio), 1));
  }),
  rule(Normal, (p, q) => {
    const shift = square(div(sub(p.loc, q.loc), q.scale));
    return mul(add(excess(square(div(p.scale, q.scale))), shift), 0.5);
  }),
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
