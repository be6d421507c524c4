import type { Generator } from '../core/rng.ts';
import type { Shape } from '../core/shape.ts';
import { binomialDraws } from '../core/variates.ts';
import { add, betainc, exp, floor, ge, lgamma, lt, minimum, mul, sub, sum, where } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { Chance, givenOf, type ProbabilityOptions } from './binary.ts';
import { broadcastParameters, Distribution, type DistributionOptions, type Values } from './distribution.ts';
import { enumerate, largestOf } from './enumerate.ts';
import { checkParameter, count, integersTo } from './support.ts';
import { fromDraws, weighted, wide } from './terms.ts';

/** The number of successes in `totalCount` independent trials that each succeed with probability `probs`. */
export class Binomial extends Distribution {
  readonly totalCount: Tensor;
  readonly chance: Chance;
  override readonly hasRsample = false;

  /**
   * @throws ConfigError  if not exactly one of probs and logits is given, a probability lies outside [0, 1], or a count
   *                      is no integer of at least 0
   */
  constructor(totalCount: Values, parameter: ProbabilityOptions, options: DistributionOptions = {}) {
    const { form, value } = givenOf('Binomial', parameter);
    const [trials, given] = broadcastParameters('Binomial', [totalCount, value], options);
    super(given, given.shape, options);
    this.totalCount = trials;
    this.chance = new Chance(form, given);
    if (!this.validateArgs) return;
    checkParameter('Binomial', 'totalCount', trials, count);
    this.chance.check('Binomial');
  }

  get support() {
    return integersTo(this.totalCount);
  }

  get probs(): Tensor {
    return this.chance.probs;
  }

  get logits(): Tensor {
    return this.chance.logits;
  }

  get mean(): Tensor {
    return mul(this.totalCount, this.probs);
  }

  get mode(): Tensor {
    return minimum(floor(mul(add(this.totalCount, 1), this.probs)), this.totalCount);
  }

  get variance(): Tensor {
    return mul(this.mean, this.chance.rest);
  }

  /** The most successes that any of the batch may have. */
  get largestCount(): number {
    return largestOf(this.totalCount);
  }

  /** A sum over all values. */
  entropy(): Tensor {
    const logP = this.logProbAnywhere(enumerate(this.largestCount, this.batchShape.length, this.dtype));
    return sub(0, sum(weighted(exp(logP), logP), 0));
  }

  protected draw(shape: Shape, generator: Generator): Tensor {
    const { form, given } = this.chance;
    const probs = new Chance(form, wide(given.detach(), shape)).probs.data as Float64Array;
    const trials = wide(this.totalCount, shape).data as Float64Array;
    return fromDraws(binomialDraws(generator, trials, probs), shape, this.dtype);
  }

  protected logDensity(x: Tensor): Tensor {
    const failures = sub(this.totalCount, x);
    const ways = sub(sub(lgamma(add(this.totalCount, 1)), lgamma(add(x, 1))), lgamma(add(failures, 1)));
    return add(ways, add(this.chance.weightedLog(x, 'success'), this.chance.weightedLog(failures, 'failure')));
  }

  /** P(X ≤ k) = I_(1−p)(n − k, k + 1). */
  protected override cumulative(x: Tensor): Tensor {
    const { totalCount, chance } = this;
    const inside = mul(ge(x, 0), lt(x, totalCount));
    const k = where(inside, floor(x), 0);
    // Where there is no trial, nothing lies inside.
    const failures = where(inside, sub(totalCount, k), 1);
    return where(inside, betainc(failures, add(k, 1), chance.rest), where(ge(x, 0), 1, 0));
  }
}
