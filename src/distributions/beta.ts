import type { Generator } from '../core/rng.ts';
import type { Shape } from '../core/shape.ts';
import { logGammaDraws } from '../core/variates.ts';
import { lbeta } from '../ops/elementwise/gamma.ts';
import { logGammaSamples, logitBetaQuantile } from '../ops/elementwise/incomplete.ts';
import {
  add,
  betainc,
  clamp,
  digamma,
  div,
  ge,
  gt,
  le,
  log1p,
  lt,
  mul,
  neg,
  sigmoid,
  square,
  sub,
  to,
  where,
} from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { broadcastParameters, Distribution, type DistributionOptions, type Values } from './distribution.ts';
import { checkParameter, positive, supportOf, unitInterval } from './support.ts';
import { smallestOf, timesLog, wide } from './terms.ts';

/** The beta distribution on [0, 1]: density x^(α−1) (1 − x)^(β−1)/B(α, β), with α `concentration1` and β `concentration0`. */
export class Beta extends Distribution {
  readonly concentration1: Tensor;
  readonly concentration0: Tensor;
  readonly support = supportOf(unitInterval, 0.5);

  /** @throws ConfigError  if a concentration is not positive */
  constructor(concentration1: Values, concentration0: Values, options: DistributionOptions = {}) {
    const [alpha, beta] = broadcastParameters('Beta', [concentration1, concentration0], options);
    super(alpha, alpha.shape, options);
    this.concentration1 = alpha;
    this.concentration0 = beta;
    if (!this.validateArgs) return;
    checkParameter('Beta', 'concentration1', alpha, positive);
    checkParameter('Beta', 'concentration0', beta, positive);
  }

  /** @internal α + β. */
  get total(): Tensor {
    return add(this.concentration1, this.concentration0);
  }

  get mean(): Tensor {
    return div(this.concentration1, this.total);
  }

  /** 0 or 1 where the density is highest at an end; NaN where it is so at both, or the same everywhere. */
  get mode(): Tensor {
    const { concentration1: a, concentration0: b } = this;
    const peak = where(gt(a, 1).mul(gt(b, 1)), div(sub(a, 1), sub(this.total, 2)), NaN);
    const atEnd = (low: Tensor, high: Tensor): Tensor => lt(low, high).mul(le(low, 1)).mul(ge(high, 1));
    return where(atEnd(a, b), 0, where(atEnd(b, a), 1, peak));
  }

  get variance(): Tensor {
    const { total } = this;
    return div(mul(this.concentration1, this.concentration0), mul(square(total), add(total, 1)));
  }

  entropy(): Tensor {
    const { concentration1: a, concentration0: b, total } = this;
    const own = add(mul(sub(a, 1), digamma(a)), mul(sub(b, 1), digamma(b)));
    return add(sub(lbeta(a, b), own), mul(sub(total, 2), digamma(total)));
  }

  /** The share of one gamma draw in two; from their logarithms, as both may be too small for a number. */
  protected draw(shape: Shape, generator: Generator): Tensor {
    const logs = [this.concentration1, this.concentration0].map((concentration) => {
      const each = wide(concentration, shape);
      return logGammaSamples(each, logGammaDraws(generator, each.data as Float64Array));
    });
    // Inside (0, 1), where the density is finite.
    const last = this.dtype === 'float32' ? 1 - 2 ** -24 : 1 - 2 ** -53;
    return to(clamp(sigmoid(sub(logs[0], logs[1])), smallestOf(this.dtype), last), this.dtype);
  }

  protected logDensity(x: Tensor): Tensor {
    const { concentration1: a, concentration0: b } = this;
    const rest = sub(b, 1);
    const none = rest.eq(0);
    const logRest = where(none, 0, mul(rest, log1p(neg(where(none, 0, x)))));
    return sub(add(timesLog(sub(a, 1), x), logRest), lbeta(a, b));
  }

  protected override cumulative(x: Tensor): Tensor {
    return betainc(this.concentration1, this.concentration0, x);
  }

  protected override quantile(p: Tensor): Tensor {
    return sigmoid(logitBetaQuantile(this.concentration1, this.concentration0, p));
  }
}
