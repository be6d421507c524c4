import type { Generator } from '../core/rng.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { laplaceDraws } from '../core/variates.ts';
import { abs, add, div, expm1, log, log1p, mul, neg, sign, square, sub } from '../ops/index.ts';
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

  protected override cumulative(x: Tensor): Tensor {
    const d = div(sub(x, this.loc), this.scale);
    return mul(sub(1, mul(sign(d), expm1(neg(abs(d))))), 0.5);
  }

  protected override quantile(p: Tensor): Tensor {
    const centred = sub(p, 0.5);
    return sub(this.loc, mul(mul(this.scale, sign(centred)), log1p(mul(abs(centred), -2))));
  }
}
