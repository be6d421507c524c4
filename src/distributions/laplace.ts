import type { Generator } from '../core/rng.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { laplaceDraws } from '../core/variates.ts';
import { abs, add, div, exp, log, log1p, lt, mul, neg, square, sub, where } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { broadcastParameters, Distribution, type DistributionOptions, type Values } from './distribution.ts';
import { checkParameter, finite, positive, real, supportOf } from './support.ts';
import { fromDraws } from './terms.ts';

/** The Laplace distribution: density e^(−|x − loc|/scale)/(2·scale). */
export class Laplace extends Distribution {
  readonly loc: Tensor;
  readonly scale: Tensor;
  readonly support = supportOf(real, 0);

  /** @throws ConfigError  if a location is not finite or a scale not positive */
  constructor(loc: Values, scale: Values, options: DistributionOptions = {}) {
    const [location, spread] = broadcastParameters('Laplace', [loc, scale], options);
    super(location, location.shape, options);
    this.loc = location;
    this.scale = spread;
    if (!this.validateArgs) return;
    checkParameter('Laplace', 'loc', location, finite);
    checkParameter('Laplace', 'scale', spread, positive);
  }

  get mean(): Tensor {
    return this.loc;
  }

  get mode(): Tensor {
    return this.loc;
  }

  get variance(): Tensor {
    return mul(square(this.scale), 2);
  }

  override get stddev(): Tensor {
    return mul(this.scale, Math.SQRT2);
  }

  entropy(): Tensor {
    return add(log(this.scale), 1 + Math.LN2);
  }

  protected draw(shape: Shape, generator: Generator): Tensor {
    return add(this.loc, mul(this.scale, fromDraws(laplaceDraws(generator, sizeOf(shape)), shape, this.dtype)));
  }

  protected logDensity(x: Tensor): Tensor {
    return neg(add(div(abs(sub(x, this.loc)), this.scale), log(mul(this.scale, 2))));
  }

  /** Each side by its own tail, so that small shares keep their digits. */
  protected override cumulative(x: Tensor): Tensor {
    const d = div(sub(x, this.loc), this.scale);
    const below = lt(d, 0);
    const lower = mul(exp(where(below, d, 0)), 0.5);
    return where(below, lower, sub(1, mul(exp(neg(where(below, 0, d))), 0.5)));
  }

  protected override quantile(p: Tensor): Tensor {
    const d = where(lt(p, 0.5), log(mul(p, 2)), neg(add(log1p(neg(p)), Math.LN2)));
    return add(this.loc, mul(this.scale, d));
  }
}
