/** The smooth and the piecewise-linear activation functions beside the usual ones, as modules. */

import { ConfigError } from '../errors.ts';
import {
  celu,
  elu,
  glu,
  hardshrink,
  hardsigmoid,
  hardswish,
  hardtanh,
  mish,
  relu6,
  selu,
  silu,
  softshrink,
  softsign,
  tanhshrink,
  threshold,
} from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { Module } from './module.ts';

/** y = x above 0, alpha·(eˣ − 1) elsewhere. */
export class ELU extends Module {
  readonly alpha: number;

  constructor(alpha = 1) {
    super();
    this.alpha = alpha;
  }

  forward(x: Tensor): Tensor {
    return elu(x, this.alpha);
  }

  override extraRepr(): string {
    return `alpha: ${this.alpha}`;
  }
}

/** y = x above 0, alpha·(e^(x/alpha) − 1) elsewhere: its slope is continuous for any alpha. */
export class CELU extends Module {
  readonly alpha: number;

  constructor(alpha = 1) {
    super();
    this.alpha = alpha;
  }

  forward(x: Tensor): Tensor {
    return celu(x, this.alpha);
  }

  override extraRepr(): string {
    return `alpha: ${this.alpha}`;
  }
}

/** An ELU scaled so that mean 0 and variance 1 are kept from layer to layer. */
export class SELU extends Module {
  forward(x: Tensor): Tensor {
    return selu(x);
  }
}

/** y = x·σ(x), also called swish. */
export class SiLU extends Module {
  forward(x: Tensor): Tensor {
    return silu(x);
  }
}

/** y = x·tanh(log(1 + eˣ)). */
export class Mish extends Module {
  forward(x: Tensor): Tensor {
    return mish(x);
  }
}

/** y = x/(1 + |x|). */
export class Softsign extends Module {
  forward(x: Tensor): Tensor {
    return softsign(x);
  }
}

/** y = x − tanh x. */
export class Tanhshrink extends Module {
  forward(x: Tensor): Tensor {
    return tanhshrink(x);
  }
}

/** y = min(max(x, 0), 6). */
export class ReLU6 extends Module {
  forward(x: Tensor): Tensor {
    return relu6(x);
  }
}

/** y = min(max(x + 3, 0), 6)/6. */
export class Hardsigmoid extends Module {
  forward(x: Tensor): Tensor {
    return hardsigmoid(x);
  }
}

/** y = x·hardsigmoid(x). */
export class Hardswish extends Module {
  forward(x: Tensor): Tensor {
    return hardswish(x);
  }
}

/**
 * y = x kept between the two bounds.
 *
 * @throws ConfigError  unless the upper bound is above the lower
 */
export class Hardtanh extends Module {
  readonly minVal: number;
  readonly maxVal: number;

  constructor(minVal = -1, maxVal = 1) {
    super();
    if (!(maxVal > minVal)) {
      throw new ConfigError({ op: 'Hardtanh', problem: 'maxVal must be above minVal', got: [minVal, maxVal] });
    }
    this.minVal = minVal;
    this.maxVal = maxVal;
  }

  forward(x: Tensor): Tensor {
    return hardtanh(x, this.minVal, this.maxVal);
  }

  override extraRepr(): string {
    return `minVal: ${this.minVal}, maxVal: ${this.maxVal}`;
  }
}

/** y = x above the threshold, `value` elsewhere. */
export class Threshold extends Module {
  readonly threshold: number;
  readonly value: number;

  constructor(threshold: number, value: number) {
    super();
    this.threshold = threshold;
    this.value = value;
  }

  forward(x: Tensor): Tensor {
    return threshold(x, this.threshold, this.value);
  }

  override extraRepr(): string {
    return `threshold: ${this.threshold}, value: ${this.value}`;
  }
}

/** y = x where |x| > lambda, else 0. */
export class Hardshrink extends Module {
  readonly lambda: number;

  constructor(lambda = 0.5) {
    super();
    this.lambda = lambda;
  }

  forward(x: Tensor): Tensor {
    return hardshrink(x, this.lambda);
  }

  override extraRepr(): string {
    return `lambda: ${this.lambda}`;
  }
}

/** y = x drawn towards 0 by lambda, and 0 within it. */
export class Softshrink extends Module {
  readonly lambda: number;

  constructor(lambda = 0.5) {
    super();
    this.lambda = lambda;
  }

  forward(x: Tensor): Tensor {
    return softshrink(x, this.lambda);
  }

  override extraRepr(): string {
    return `lambda: ${this.lambda}`;
  }
}

/** The first half along an axis, gated by the sigmoid of the second. Shapes: x [..., 2n, ...] → y [..., n, ...] */
export class GLU extends Module {
  readonly dim: number;

  constructor(dim = -1) {
    super();
    this.dim = dim;
  }

  forward(x: Tensor): Tensor {
    return glu(x, this.dim);
  }

  override extraRepr(): string {
    return `dim: ${this.dim}`;
  }
}
