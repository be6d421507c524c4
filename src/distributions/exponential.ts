import type { Generator } from '../core/rng.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { exponentialDraws } from '../core/variates.ts';
import { div, expm1, full, log, log1p, maximum, mul, neg, reciprocal, square, sub } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { broadcastParameters, Distribution, type DistributionOptions, type Values } from './distribution.ts';
import { checkParameter, nonNegative, positive, supportOf } from './support.ts';
import { fromDraws } from './terms.ts';

/** The exponential distribution: density rate·e^(−rate·x) for x ≥ 0. */
export class Exponential extends Distribution {
  readonly rate: Tensor;
  readonly support = supportOf(nonNegative, 1);

  /** @throws ConfigError  if a rate is not positive */
  constructor(rate: Values, options: DistributionOptions = {}) {
    const [given] = broadcastParameters('Exponential', [rate], options);
    super(given, given.shape, options);
    this.rate = given;
    if (this.validateArgs) checkParameter('Exponential', 'rate', given, positive);
  }

  get mean(): Tensor {
    return reciprocal(this.rate);
  }

  get mode(): Tensor {
    return full(this.batchShape, 0, { dtype: this.dtype });
  }

  get variance(): Tensor {
    return reciprocal(square(this.rate));
  }

  override get stddev(): Tensor {
    return reciprocal(this.rate);
  }

  entropy(): Tensor {
    return sub(1, log(this.rate));
  }

  protected draw(shape: Shape, generator: Generator): Tensor {
    return div(fromDraws(exponentialDraws(generator, sizeOf(shape)), shape, this.dtype), this.rate);
  }

  protected logDensity(x: Tensor): Tensor {
    return sub(log(this.rate), mul(this.rate, x));
  }

  protected override cumulative(x: Tensor): Tensor {
    return neg(expm1(neg(mul(this.rate, maximum(x, 0)))));
  }

  protected override quantile(p: Tensor): Tensor {
    return div(neg(log1p(neg(p))), this.rate);
  }
}
