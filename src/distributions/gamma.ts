import type { Generator } from '../core/rng.ts';
import type { Shape } from '../core/shape.ts';
import { logGammaDraws } from '../core/variates.ts';
import { logGammaQuantile, logGammaSamples } from '../ops/elementwise/incomplete.ts';
import {
  add,
  clamp,
  digamma,
  div,
  exp,
  gammainc,
  lgamma,
  log,
  maximum,
  mul,
  sqrt,
  square,
  sub,
  to,
} from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { broadcastParameters, Distribution, type DistributionOptions, type Values } from './distribution.ts';
import { checkParameter, nonNegative, positive, supportOf } from './support.ts';
import { smallestOf, timesLog, wide } from './terms.ts';

/** The gamma distribution of concentration α and rate β: density β^α x^(α−1) e^(−βx)/Γ(α) for x ≥ 0. */
export class Gamma extends Distribution {
  readonly concentration: Tensor;
  readonly rate: Tensor;
  readonly support = supportOf(nonNegative, 1);

  /** @throws ConfigError  if a concentration or a rate is not positive */
  constructor(concentration: Values, rate: Values, options: DistributionOptions = {}) {
    const [alpha, beta] = broadcastParameters('Gamma', [concentration, rate], options);
    super(alpha, alpha.shape, options);
    this.concentration = alpha;
    this.rate = beta;
    if (!this.validateArgs) return;
    checkParameter('Gamma', 'concentration', alpha, positive);
    checkParameter('Gamma', 'rate', beta, positive);
  }

  get mean(): Tensor {
    return div(this.concentration, this.rate);
  }

  /** 0 for concentrations up to 1. */
  get mode(): Tensor {
    return div(clamp(sub(this.concentration, 1), 0), this.rate);
  }

  get variance(): Tensor {
    return div(this.concentration, square(this.rate));
  }

  override get stddev(): Tensor {
    return div(sqrt(this.concentration), this.rate);
  }

  entropy(): Tensor {
    const { concentration: alpha } = this;
    return add(sub(add(alpha, lgamma(alpha)), log(this.rate)), mul(sub(1, alpha), digamma(alpha)));
  }

  /**
   * Gradients are those of a quantile: the share below a draw stays as the concentration moves.
   *
   * Source: Figurnov, Mohamed, Mnih, "Implicit Reparameterization Gradients", 2018
   */
  protected draw(shape: Shape, generator: Generator): Tensor {
    const alpha = wide(this.concentration, shape);
    const x = div(
      exp(logGammaSamples(alpha, logGammaDraws(generator, alpha.data as Float64Array))),
      wide(this.rate, shape),
    );
    return to(maximum(x, smallestOf(this.dtype)), this.dtype);
  }

  protected logDensity(x: Tensor): Tensor {
    const { concentration: alpha, rate } = this;
    const powers = add(mul(alpha, log(rate)), timesLog(sub(alpha, 1), x));
    return sub(sub(powers, mul(rate, x)), lgamma(alpha));
  }

  protected override cumulative(x: Tensor): Tensor {
    return gammainc(this.concentration, mul(this.rate, x));
  }

  protected override quantile(p: Tensor): Tensor {
    return div(exp(logGammaQuantile(this.concentration, p)), this.rate);
  }
}
