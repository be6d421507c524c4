/** Activation functions as modules, for `Sequential`. */

import { checkOptions, checkPositiveInteger, type OptionNames } from '../core/options.ts';
import {
  gelu,
  leakyRelu,
  logSoftmax,
  logsigmoid,
  prelu,
  relu,
  sigmoid,
  softmax,
  softplus,
  tanh,
} from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { checkFloatDType, constantParameter, type FloatDType } from './make-parameter.ts';
import { Module } from './module.ts';
import type { Parameter } from './parameter.ts';

/** y = x. */
export class Identity extends Module {
  forward(x: Tensor): Tensor {
    return x;
  }
}

/** y = max(x, 0). */
export class ReLU extends Module {
  forward(x: Tensor): Tensor {
    return relu(x);
  }
}

/** y = x·Φ(x), or its approximation by tanh. */
export class GELU extends Module {
  readonly approximate: 'none' | 'tanh';

  constructor(options: { approximate?: 'none' | 'tanh' } = {}) {
    super();
    checkOptions(new.target.name, options, { approximate: true } satisfies OptionNames<{
      approximate?: 'none' | 'tanh';
    }>);
    const { approximate = 'none' } = options;
    this.approximate = approximate;
  }

  forward(x: Tensor): Tensor {
    return gelu(x, { approximate: this.approximate });
  }

  override extraRepr(): string {
    return `approximate: ${this.approximate}`;
  }
}

/** y = 1/(1 + exp(−x)). */
export class Sigmoid extends Module {
  forward(x: Tensor): Tensor {
    return sigmoid(x);
  }
}

/** y = tanh x. */
export class Tanh extends Module {
  forward(x: Tensor): Tensor {
    return tanh(x);
  }
}

/** Probabilities along one axis (default the last): y = exp x / Σ exp x. */
export class Softmax extends Module {
  readonly dim: number;

  constructor(dim = -1) {
    super();
    this.dim = dim;
  }

  forward(x: Tensor): Tensor {
    return softmax(x, this.dim);
  }

  override extraRepr(): string {
    return `dim: ${this.dim}`;
  }
}

/** The logarithm of `Softmax`, computed without leaving the logarithm. */
export class LogSoftmax extends Module {
  readonly dim: number;

  constructor(dim = -1) {
    super();
    this.dim = dim;
  }

  forward(x: Tensor): Tensor {
    return logSoftmax(x, this.dim);
  }

  override extraRepr(): string {
    return `dim: ${this.dim}`;
  }
}

/** y = log σ(x), computed without leaving the logarithm. */
export class LogSigmoid extends Module {
  forward(x: Tensor): Tensor {
    return logsigmoid(x);
  }
}

/** y = x above 0, negativeSlope·x elsewhere: what a ReLU would silence still learns. */
export class LeakyReLU extends Module {
  readonly negativeSlope: number;

  constructor(negativeSlope = 0.01) {
    super();
    this.negativeSlope = negativeSlope;
  }

  forward(x: Tensor): Tensor {
    return leakyRelu(x, this.negativeSlope);
  }

  override extraRepr(): string {
    return `negativeSlope: ${this.negativeSlope}`;
  }
}

export interface PReLUOptions {
  /** One slope for all (1, the default), or one a channel of axis 1. */
  numParameters?: number;
  /** What the slopes start as. Default 0.25. */
  init?: number;
  dtype?: FloatDType;
}

/**
 * y = x above 0, weight·x elsewhere, the slope learned.
 *
 * Shapes: x [...], or [N, C, ...] with one slope a channel → y as x; weight [numParameters]
 * Source: He and others, Delving deep into rectifiers, 2015
 */
export class PReLU extends Module {
  readonly numParameters: number;
  weight: Parameter;

  constructor(options: PReLUOptions = {}) {
    super();
    checkOptions(new.target.name, options, {
      numParameters: true,
      init: true,
      dtype: true,
    } satisfies OptionNames<PReLUOptions>);
    const { numParameters = 1, init = 0.25, dtype = 'float32' } = options;
    this.numParameters = checkPositiveInteger('PReLU', 'numParameters', numParameters);
    this.weight = constantParameter([numParameters], init, checkFloatDType('PReLU', dtype));
  }

  forward(x: Tensor): Tensor {
    return prelu(x, this.weight);
  }

  override extraRepr(): string {
    return `numParameters: ${this.numParameters}`;
  }
}

export interface SoftplusOptions {
  /** How sharp the bend is. Default 1. */
  beta?: number;
  /** Where beta·x passes it, y is x. Default 20. */
  threshold?: number;
}

/** y = log(1 + exp(beta·x))/beta: a ReLU without the corner. */
export class Softplus extends Module {
  readonly beta: number;
  readonly threshold: number;

  constructor(options: SoftplusOptions = {}) {
    super();
    checkOptions(new.target.name, options, { beta: true, threshold: true } satisfies OptionNames<SoftplusOptions>);
    const { beta = 1, threshold = 20 } = options;
    this.beta = beta;
    this.threshold = threshold;
  }

  forward(x: Tensor): Tensor {
    return softplus(x, { beta: this.beta, threshold: this.threshold });
  }

  override extraRepr(): string {
    return `beta: ${this.beta}, threshold: ${this.threshold}`;
  }
}
