import type { Generator } from '../core/rng.ts';
import type { Shape } from '../core/shape.ts';
import { poissonDraws } from '../core/variates.ts';
import { add, exp, floor, gammaincc, ge, lgamma, maximum, sub, sum, where } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { broadcastParameters, Distribution, type DistributionOptions, type Values } from './distribution.ts';
import { enumerate, largestOf } from './enumerate.ts';
import { checkParameter, count, nonNegative, supportOf } from './support.ts';
import { fromDraws, timesLog, weighted, wide } from './terms.ts';

/** The number of events where `rate` are expected: rate^k e^(−rate)/k!. */
export class Poisson extends Distribution {
  readonly rate: Tensor;
  readonly support = supportOf(count, 0);
  override readonly hasRsample = false;

  /** @throws ConfigError  if a rate is negative */
  constructor(rate: Values, options: DistributionOptions = {}) {
    const [given] = broadcastParameters('Poisson', [rate], options);
    super(given, given.shape, options);
    this.rate = given;
    if (this.validateArgs) checkParameter('Poisson', 'rate', given, nonNegative);
  }

  get mean(): Tensor {
    return this.rate;
  }

  get mode(): Tensor {
    return floor(this.rate);
  }

  get variance(): Tensor {
    return this.rate;
  }

  /** A sum over the values up to twelve standard deviations above the largest mean; the rest is below rounding. */
  entropy(): Tensor {
    const most = largestOf(this.rate);
    const k = enumerate(Math.ceil(most + 12 * Math.sqrt(most) + 24), this.batchShape.length, this.dtype);
    const logP = this.logProbAnywhere(k);
    return sub(0, sum(weighted(exp(logP), logP), 0));
  }

  protected draw(shape: Shape, generator: Generator): Tensor {
    return fromDraws(poissonDraws(generator, wide(this.rate, shape).data as Float64Array), shape, this.dtype);
  }

  protected logDensity(x: Tensor): Tensor {
    return sub(sub(timesLog(x, this.rate), this.rate), lgamma(add(x, 1)));
  }

  protected override cumulative(x: Tensor): Tensor {
    return where(ge(x, 0), gammaincc(add(floor(maximum(x, 0)), 1), this.rate), 0);
  }
}
