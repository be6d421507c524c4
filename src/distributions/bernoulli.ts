import type { Generator } from '../core/rng.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { add, eq, gt, lt, mul, sub, to, where } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { Chance, givenOf, type ProbabilityOptions } from './binary.ts';
import { broadcastParameters, Distribution, type DistributionOptions } from './distribution.ts';
import { bit, supportOf } from './support.ts';
import { fromDraws, wide } from './terms.ts';

/** One trial that succeeds with probability `probs`: draws are 1 or 0. */
export class Bernoulli extends Distribution {
  readonly chance: Chance;
  readonly support = supportOf(bit, 0);
  override readonly hasRsample = false;

  /** @throws ConfigError  if not exactly one of probs and logits is given, or a probability lies outside [0, 1] */
  constructor(parameter: ProbabilityOptions, options: DistributionOptions = {}) {
    const { form, value } = givenOf('Bernoulli', parameter);
    const [given] = broadcastParameters('Bernoulli', [value], options);
    super(given, given.shape, options);
    this.chance = new Chance(form, given);
    if (this.validateArgs) this.chance.check('Bernoulli');
  }

  get probs(): Tensor {
    return this.chance.probs;
  }

  get logits(): Tensor {
    return this.chance.logits;
  }

  get mean(): Tensor {
    return this.probs;
  }

  /** NaN where both values are as likely. */
  get mode(): Tensor {
    const { probs } = this;
    return where(eq(probs, 0.5), NaN, to(gt(probs, 0.5), this.dtype));
  }

  get variance(): Tensor {
    return mul(this.probs, this.chance.rest);
  }

  entropy(): Tensor {
    const { chance } = this;
    return sub(0, add(chance.weightedLog(chance.probs, 'success'), chance.weightedLog(chance.rest, 'failure')));
  }

  protected draw(shape: Shape, generator: Generator): Tensor {
    const probs = new Chance(this.chance.form, wide(this.chance.given.detach(), shape)).probs.data;
    const draws = generator.uniform53(sizeOf(shape));
    for (let i = 0; i < draws.length; i++) draws[i] = draws[i] < probs[i] ? 1 : 0;
    return fromDraws(draws, shape, this.dtype);
  }

  protected logDensity(x: Tensor): Tensor {
    return add(this.chance.weightedLog(x, 'success'), this.chance.weightedLog(sub(1, x), 'failure'));
  }

  protected override cumulative(x: Tensor): Tensor {
    return where(lt(x, 0), 0, where(lt(x, 1), this.chance.rest, 1));
  }
}
