import type { Generator } from '../core/rng.ts';
import type { Shape } from '../core/shape.ts';
import { ConfigError } from '../errors.ts';
import { add, clamp, div, full, log, mul, rand, square, sub, where } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { broadcastParameters, Distribution, type DistributionOptions, type Values } from './distribution.ts';
import { checkParameter, finite, halfOpen, interval } from './support.ts';

/** The uniform distribution on [low, high). */
export class Uniform extends Distribution {
  readonly low: Tensor;
  readonly high: Tensor;

  /** @throws ConfigError  if a bound is not finite, or `low` not below `high` */
  constructor(low: Values, high: Values, options: DistributionOptions = {}) {
    const [from, until] = broadcastParameters('Uniform', [low, high], options);
    super(from, from.shape, options);
    this.low = from;
    this.high = until;
    if (!this.validateArgs) return;
    checkParameter('Uniform', 'low', from, finite);
    checkParameter('Uniform', 'high', until, finite);
    const wrong = from.data.findIndex((x, i) => !(x < until.data[i]));
    if (wrong < 0) return;
    throw new ConfigError({
      op: 'Uniform',
      problem: 'low must lie below high',
      got: [from.data[wrong], until.data[wrong]],
      code: 'ERR_PARAMETER',
    });
  }

  get support() {
    return interval(this.low, this.high);
  }

  get mean(): Tensor {
    return mul(add(this.low, this.high), 0.5);
  }

  /** Every value is as good as the next: NaN. */
  get mode(): Tensor {
    return full(this.batchShape, NaN, { dtype: this.dtype });
  }

  get variance(): Tensor {
    return div(square(this.#width()), 12);
  }

  entropy(): Tensor {
    return log(this.#width());
  }

  #width(): Tensor {
    return sub(this.high, this.low);
  }

  protected draw(shape: Shape, generator: Generator): Tensor {
    return add(this.low, mul(this.#width(), rand(shape, { dtype: this.dtype, generator })));
  }

  /** −∞ at `high`, which the support includes as in PyTorch. */
  protected logDensity(x: Tensor): Tensor {
    return sub(where(halfOpen(x, this.low, this.high), 0, -Infinity), log(this.#width()));
  }

  protected override cumulative(x: Tensor): Tensor {
    return clamp(div(sub(x, this.low), this.#width()), 0, 1);
  }

  protected override quantile(p: Tensor): Tensor {
    return add(this.low, mul(p, this.#width()));
  }
}
