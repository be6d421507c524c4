/** What all distributions have in common: shapes, dtype, validation, sampling, and densities outside the support. */

import { noGrad } from '../autograd/index.ts';
import { type DType, type FloatDType, floatOf, isFloat, promote } from '../core/dtype.ts';
import { defaultGenerator, Generator } from '../core/rng.ts';
import { broadcastShapes, checkShape, type Shape } from '../core/shape.ts';
import { ConfigError, DTypeError } from '../errors.ts';
import { exp, full, sqrt, type TensorLike, tensor, to, where } from '../ops/index.ts';
import { broadcastTogether } from '../ops/reduction/broadcast.ts';
import { Tensor } from '../tensor.ts';
import { checkInside, type Support } from './support.ts';

/** A parameter or a value: a tensor, or what makes one. */
export type Values = Tensor | TensorLike;

export interface DistributionOptions {
  /**
   * Refuse parameters that make no distribution and values outside its support. Without it a value outside has the
   * log-probability −∞. Default true.
   */
  validateArgs?: boolean;
  /** Of the parameters, and of what is drawn. Default: that of the parameters, float32 for numbers. */
  dtype?: FloatDType;
}

export interface SampleOptions {
  /** What the draws come from. Default: the default generator. */
  generator?: Generator;
  /** A generator made for this call. */
  seed?: number | bigint;
}

/** @throws ConfigError  if both a seed and a generator are given */
export function generatorOf(op: string, { generator, seed }: SampleOptions): Generator {
  if (seed === undefined) return generator ?? defaultGenerator;
  if (generator === undefined) return new Generator(seed);
  throw new ConfigError({ op, problem: 'give a seed or a generator, not both' });
}

function asTensor(x: Values, dtype: DType): Tensor {
  return x instanceof Tensor ? to(x, dtype) : tensor(x, { dtype });
}

/** The float dtype in which parameters meet: numbers and arrays of them do not raise it. */
function dtypeOf(op: string, values: readonly Values[], dtype?: FloatDType): FloatDType {
  if (dtype !== undefined) {
    if (isFloat(dtype)) return dtype;
    throw new DTypeError({ op, problem: 'parameters are floats', got: dtype, expected: 'float32 | float64' });
  }
  const own = values.map((x): DType => {
    if (x instanceof Tensor) return floatOf(x.dtype);
    return x instanceof Float64Array ? 'float64' : 'float32';
  });
  return own.reduce(promote, 'float32') as FloatDType;
}

/** Parameters as tensors of one dtype, each in its own shape. */
export function parametersOf(op: string, values: readonly Values[], { dtype }: DistributionOptions): Tensor[] {
  const common = dtypeOf(op, values, dtype);
  return values.map((x) => asTensor(x, common));
}

/** Parameters as tensors of one dtype and one shape. @throws ShapeError if they do not broadcast */
export function broadcastParameters(op: string, values: readonly Values[], options: DistributionOptions): Tensor[] {
  return broadcastTogether(op, ...parametersOf(op, values, options));
}

/** A distribution, or a batch of them with one parameter each. */
export abstract class Distribution {
  /** The shape of the batch: that of the parameters, broadcast. */
  readonly batchShape: Shape;
  /** The shape of one draw of one distribution: [] but for multivariate ones. */
  readonly eventShape: Shape;
  readonly dtype: FloatDType;
  readonly validateArgs: boolean;
  /** Whether `rsample` gives draws that can be differentiated in the parameters. */
  readonly hasRsample: boolean = true;

  constructor(like: Tensor, batchShape: Shape, { validateArgs = true }: DistributionOptions, eventShape: Shape = []) {
    this.dtype = like.dtype as FloatDType;
    this.batchShape = batchShape;
    this.eventShape = eventShape;
    this.validateArgs = validateArgs;
  }

  get name(): string {
    return this.constructor.name;
  }

  abstract get support(): Support;
  /** Of `batchShape` and `eventShape`. */
  abstract get mean(): Tensor;
  abstract get variance(): Tensor;
  /** A value of the highest density; NaN where there is no single one. */
  abstract get mode(): Tensor;

  get stddev(): Tensor {
    return sqrt(this.variance);
  }

  /** In nats: differential for densities. Of `batchShape`. */
  abstract entropy(): Tensor;

  /** `shape` is the whole shape of the result. Recorded where `hasRsample`. */
  protected abstract draw(shape: Shape, generator: Generator): Tensor;
  /** Of values that are in the support. */
  protected abstract logDensity(x: Tensor): Tensor;

  /** For any real value. */
  protected cumulative(_x: Tensor): Tensor {
    throw new ConfigError({ op: `${this.name}.cdf`, problem: 'this distribution has no closed distribution function' });
  }

  /** For p from 0 to 1. */
  protected quantile(_p: Tensor): Tensor {
    throw new ConfigError({ op: `${this.name}.icdf`, problem: 'this distribution has no closed quantile function' });
  }

  /**
   * Draws, outside the graph.
   *
   * Shapes: → [...shape, ...batchShape, ...eventShape]
   */
  sample(shape: Shape = [], options: SampleOptions = {}): Tensor {
    return noGrad(() => this.draw(this.#drawShape('sample', shape), generatorOf(`${this.name}.sample`, options)));
  }

  /**
   * Draws that can be differentiated in the parameters.
   *
   * Shapes: → [...shape, ...batchShape, ...eventShape]
   * @throws ConfigError  if the distribution is discrete
   */
  rsample(shape: Shape = [], options: SampleOptions = {}): Tensor {
    if (!this.hasRsample) {
      throw new ConfigError({
        op: `${this.name}.rsample`,
        problem: 'draws of a discrete distribution have no gradient',
        hint: 'use sample, and logProb for the score',
      });
    }
    return this.draw(this.#drawShape('rsample', shape), generatorOf(`${this.name}.rsample`, options));
  }

  /**
   * The logarithm of the density or mass.
   *
   * Shapes:   value broadcast against [...batchShape, ...eventShape] → without the event's axes
   * Gradient: in the value and in the parameters, of any order
   * @throws ShapeError   if the shapes do not broadcast
   * @throws ConfigError  if a value lies outside the support (ERR_SUPPORT) and `validateArgs` holds
   */
  logProb(value: Values): Tensor {
    const op = `${this.name}.logProb`;
    const x = this.admit(op, value);
    if (!this.validateArgs) return this.logProbAnywhere(x);
    checkInside(op, x, this.support.outside(x), this.support.name);
    return this.logDensity(x);
  }

  /** @internal `logProb` of values that may lie outside the support. */
  logProbAnywhere(x: Tensor): Tensor {
    const outside = this.support.outside(x);
    return where(outside, -Infinity, this.logDensity(where(outside, this.support.inside, x)));
  }

  /** The density or mass: exp of `logProb`. */
  prob(value: Values): Tensor {
    return exp(this.logProb(value));
  }

  /**
   * P(X ≤ value), for any real value.
   *
   * @throws ConfigError  if the distribution has no such function
   */
  cdf(value: Values): Tensor {
    const op = `${this.name}.cdf`;
    const x = this.admit(op, value);
    if (this.validateArgs) checkInside(op, x, full(x.shape, 0, { dtype: 'bool' }), 'a number');
    return this.cumulative(x);
  }

  /**
   * The value below which `p` of the probability lies: the inverse of `cdf`.
   *
   * @throws ConfigError  if the distribution has no such function, or p is no probability (ERR_SUPPORT)
   */
  icdf(p: Values): Tensor {
    const op = `${this.name}.icdf`;
    const x = this.admit(op, p);
    const outside = x.lt(0).add(x.gt(1));
    if (this.validateArgs) {
      checkInside(op, x, outside, 'a probability');
      return this.quantile(x);
    }
    return where(outside, NaN, this.quantile(where(outside, 0.5, x)));
  }

  /** A value as a tensor of floats that broadcasts against the distribution. */
  protected admit(op: string, value: Values): Tensor {
    const x = value instanceof Tensor && isFloat(value.dtype) ? value : asTensor(value, this.dtype);
    checkShape(op, broadcastShapes(op, x.shape, [...this.batchShape, ...this.eventShape]));
    return x;
  }

  #drawShape(method: string, shape: Shape): Shape {
    checkShape(`${this.name}.${method}`, shape);
    const whole = [...shape, ...this.batchShape, ...this.eventShape];
    checkShape(`${this.name}.${method}`, whole);
    return whole;
  }
}
