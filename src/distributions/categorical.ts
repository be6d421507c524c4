import type { Generator } from '../core/rng.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { categoricalDraws } from '../core/variates.ts';
import { ShapeError } from '../errors.ts';
import { arange, argmax, div, eq, exp, full, log, logSoftmax, softmax, sub, sum, to, unsqueeze } from '../ops/index.ts';
import { type Tensor, wrapArray } from '../tensor.ts';
import { givenOf, type ProbabilityOptions } from './binary.ts';
import { Distribution, type DistributionOptions, parametersOf } from './distribution.ts';
import { type Constraint, checkParameter, integersTo, type Support } from './support.ts';
import { timesLog, weighted } from './terms.ts';

const weight: Constraint = { name: 'a finite number of at least 0', holds: (x) => x >= 0 && x < Infinity };
const logarithm: Constraint = { name: 'a number below infinity', holds: (x) => x < Infinity };

/** One of the numbers 0 … n − 1, with the probabilities along the last axis. Draws are int32. */
export class Categorical extends Distribution {
  /** Normalised: they sum to 1 over the last axis. */
  readonly probs: Tensor;
  readonly support: Support;
  override readonly hasRsample = false;
  readonly #form: 'probs' | 'logits';
  readonly #given: Tensor;

  /**
   * @throws ConfigError  if not exactly one of probs and logits is given, a probability is negative, or all of a row
   *                      are 0
   * @throws ShapeError   if there is no axis of probabilities
   */
  constructor(parameter: ProbabilityOptions, options: DistributionOptions = {}) {
    const { form, value } = givenOf('Categorical', parameter);
    const [given] = parametersOf('Categorical', [value], options);
    if (given.rank === 0 || given.shape[given.rank - 1] === 0) {
      throw new ShapeError({
        op: 'Categorical',
        problem: 'there must be a last axis of probabilities',
        got: given.shape,
      });
    }
    super(given, given.shape.slice(0, -1), options);
    this.support = integersTo(given.shape[given.rank - 1] - 1);
    if (this.validateArgs) checkParameter('Categorical', form, given, form === 'probs' ? weight : logarithm);
    this.probs = form === 'probs' ? div(given, sum(given, -1, { keepdim: true })) : softmax(given, -1);
    // 0/0 where a whole row was 0, −∞ less −∞ where it was −∞.
    if (this.validateArgs)
      checkParameter('Categorical', form, this.probs, { ...weight, name: 'a row that is not all 0' });
    this.#form = form;
    this.#given = given;
  }

  /** Categories are names, not numbers: NaN. */
  get mean(): Tensor {
    return full(this.batchShape, NaN, { dtype: this.dtype });
  }

  /** NaN, as the mean. */
  get variance(): Tensor {
    return full(this.batchShape, NaN, { dtype: this.dtype });
  }

  /** The likeliest category, the first of equals, as int32. */
  get mode(): Tensor {
    return argmax(this.probs, -1);
  }

  /** The logarithms of the probabilities. */
  get logits(): Tensor {
    return this.#form === 'probs' ? log(this.probs) : logSoftmax(this.#given, -1);
  }

  entropy(): Tensor {
    return sub(0, this.expectedLog(this.probs));
  }

  /** @internal Σ weight·log probability, where nothing of weight 0 counts. */
  expectedLog(weights: Tensor): Tensor {
    if (this.#form === 'probs') return sum(timesLog(weights, this.probs), -1);
    return sum(weighted(weights, this.logits), -1);
  }

  protected draw(shape: Shape, generator: Generator): Tensor {
    // In float64: float32 exponentials differ between backends in the last bit, and draws must not.
    const given = to(this.#given.detach(), 'float64');
    const weights = this.#form === 'probs' ? given : exp(logSoftmax(given, -1));
    const n = weights.shape[weights.rank - 1];
    const rows = sizeOf(this.batchShape);
    const draws = rows === 0 ? 0 : sizeOf(shape) / rows;
    return wrapArray(categoricalDraws(generator, weights.data as Float64Array, rows, n, draws), shape, 'int32');
  }

  protected logDensity(x: Tensor): Tensor {
    const n = this.probs.shape[this.probs.rank - 1];
    return this.expectedLog(to(eq(unsqueeze(x, -1), arange(n)), this.dtype));
  }
}
