import { LOG_2PI } from '../core/point-mass.ts';
import type { Generator } from '../core/rng.ts';
import type { Shape } from '../core/shape.ts';
import { add, div, erfc, log, mul, ndtri, randn, square, sub } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { broadcastParameters, Distribution, type DistributionOptions, type Values } from './distribution.ts';
import { checkParameter, finite, positive, real, supportOf } from './support.ts';

/** The normal distribution of mean `loc` and standard deviation `scale`. */
export class Normal extends Distribution {
  readonly loc: Tensor;
  readonly scale: Tensor;
  readonly support = supportOf(real, 0);

  /** @throws ConfigError  if a location is not finite or a scale not positive */
  constructor(loc: Values, scale: Values, options: DistributionOptions = {}) {
    const [location, spread] = broadcastParameters('Normal', [loc, scale], options);
    super(location, location.shape, options);
    this.loc = location;
    this.scale = spread;
    if (!this.validateArgs) return;
    checkParameter('Normal', 'loc', location, finite);
    checkParameter('Normal', 'scale', spread, positive);
  }

  get mean(): Tensor {
    return this.loc;
  }

  get mode(): Tensor {
    return this.loc;
  }

  get variance(): Tensor {
    return square(this.scale);
  }

  override get stddev(): Tensor {
    return this.scale;
  }

  entropy(): Tensor {
    return add(log(this.scale), (1 + LOG_2PI) / 2);
  }

  protected draw(shape: Shape, generator: Generator): Tensor {
    return add(this.loc, mul(this.scale, randn(shape, { dtype: this.dtype, generator })));
  }

  protected logDensity(x: Tensor): Tensor {
    const deviations = div(sub(x, this.loc), this.scale);
    return sub(mul(square(deviations), -0.5), add(log(this.scale), LOG_2PI / 2));
  }

  protected override cumulative(x: Tensor): Tensor {
    return mul(erfc(div(sub(this.loc, x), mul(this.scale, Math.SQRT2))), 0.5);
  }

  protected override quantile(p: Tensor): Tensor {
    return add(this.loc, mul(this.scale, ndtri(p)));
  }
}
