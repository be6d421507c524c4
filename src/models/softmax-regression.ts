import { checkOptions, type OptionNames } from '../core/options.ts';
import { accuracy } from '../metrics/index.ts';
import type { Linear } from '../nn/index.ts';
import { argmax, softmax, to } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { DESCENT_OPTIONS, type DescentOptions, descend, type Minimizer } from './descent.ts';
import { checkClasses, checkSamples, checkTargets, type Estimator, learned } from './estimator.ts';

export interface SoftmaxRegressionOptions extends Partial<DescentOptions> {
  /** `lbfgs` over all samples at once, or `descent`, which takes rates and batches. Default `lbfgs`. */
  solver?: Minimizer;
  /** Default: as many as the targets of `fit` name. */
  classes?: number;
  /** Learn an intercept for each class. Default true. */
  bias?: boolean;
  /** α of the penalty ½α‖W‖² added to the mean loss, the intercepts left out. Default 0. */
  l2?: number;
}

const OPTIONS: OptionNames<SoftmaxRegressionOptions> = {
  solver: true,
  classes: true,
  bias: true,
  l2: true,
  ...DESCENT_OPTIONS,
};

/**
 * Softmax regression of several classes: P(c | x) = softmax(W·x + b)_c, by the mean cross-entropy. Weights begin at 0.
 *
 * Shapes: x [n, d], y [n] of class ids from 0
 *
 * @throws ConfigError  for a bad option or a target that is no class
 * @throws ShapeError   where the shapes do not fit
 */
export class SoftmaxRegression implements Estimator {
  readonly #options: SoftmaxRegressionOptions;
  #linear: Linear | null = null;
  /** Of the last `fit`: the mean loss over each epoch of a descent, of each evaluation by `lbfgs`. */
  losses: readonly number[] = [];

  constructor(options: SoftmaxRegressionOptions = {}) {
    checkOptions('SoftmaxRegression', options, OPTIONS);
    this.#options = options;
  }

  /** The learned layer, [d] → [C]. The rows of its weight are the templates that samples are compared with. */
  get linear(): Linear {
    return learned('SoftmaxRegression', this.#linear);
  }

  async fit(x: Tensor, y: Tensor): Promise<this> {
    const samples = checkSamples('SoftmaxRegression', x);
    checkTargets('SoftmaxRegression', samples, y);
    const { classes, ...options } = this.#options;
    const { linear, losses } = await descend('SoftmaxRegression', samples, to(y, 'int32'), {
      solver: 'lbfgs',
      ...options,
      outputs: checkClasses('SoftmaxRegression', y, classes),
      loss: 'softmax',
    });
    this.#linear = linear;
    this.losses = losses;
    return this;
  }

  /** The logits. Shapes: x [n, d] → [n, C] */
  decision(x: Tensor): Tensor {
    return this.linear.forward(checkSamples('SoftmaxRegression', x, this.linear.inFeatures)).detach();
  }

  /** P(c | x). Shapes: x [n, d] → [n, C] */
  predictProba(x: Tensor): Tensor {
    return softmax(this.decision(x), 1);
  }

  /** The likeliest class. Shapes: x [n, d] → int32 [n] */
  predict(x: Tensor): Tensor {
    return argmax(this.decision(x), 1);
  }

  score(x: Tensor, y: Tensor): number {
    checkTargets('SoftmaxRegression', x, y);
    return accuracy(this.predict(x), y);
  }
}
