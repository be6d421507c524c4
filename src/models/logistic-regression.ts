import { checkOptions, type OptionNames } from '../core/options.ts';
import { accuracy } from '../metrics/index.ts';
import type { Linear } from '../nn/index.ts';
import { ge, reshape, sigmoid, to } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { DESCENT_OPTIONS, type DescentOptions, descend, type Minimizer } from './descent.ts';
import { checkClasses, checkSamples, checkTargets, type Estimator, learned } from './estimator.ts';

export interface LogisticRegressionOptions extends Partial<DescentOptions> {
  /** `lbfgs` over all samples at once, or `descent`, which takes rates and batches. Default `lbfgs`. */
  solver?: Minimizer;
  /** Learn an intercept. Default true. */
  bias?: boolean;
  /** λ of the penalty ½λ‖w‖² added to the mean loss, the intercept left out. Default 0. */
  l2?: number;
}

const OPTIONS: OptionNames<LogisticRegressionOptions> = { solver: true, bias: true, l2: true, ...DESCENT_OPTIONS };

/**
 * Logistic regression of two classes: P(1 | x) = σ(w·x + b), by the mean cross-entropy. Weights begin at 0.
 *
 * Where a hyperplane separates the classes and there is no penalty, there is no best weight: w grows without end.
 *
 * Shapes: x [n, d], y [n] of zeros and ones
 *
 * @throws ConfigError  for a bad option or a target other than 0 and 1
 * @throws ShapeError   where the shapes do not fit
 * @example
 * const x = tensor([[0], [1], [2], [3]]);
 * const model = await new LogisticRegression({ l2: 0.01 }).fit(x, tensor([0, 0, 1, 1]));
 * [...model.predict(x).data]; // => [ 0, 0, 1, 1 ]
 */
export class LogisticRegression implements Estimator {
  readonly #options: LogisticRegressionOptions;
  #linear: Linear | null = null;
  /** Of the last `fit`: the mean loss over each epoch of a descent, of each evaluation by `lbfgs`. */
  losses: readonly number[] = [];

  constructor(options: LogisticRegressionOptions = {}) {
    checkOptions('LogisticRegression', options, OPTIONS);
    this.#options = options;
  }

  /** The learned layer, [d] → [1]: a module, to be saved like any other. */
  get linear(): Linear {
    return learned('LogisticRegression', this.#linear);
  }

  async fit(x: Tensor, y: Tensor): Promise<this> {
    const samples = checkSamples('LogisticRegression', x);
    checkTargets('LogisticRegression', samples, y);
    checkClasses('LogisticRegression', y, 2);
    const targets = reshape(to(y, samples.dtype), [y.size, 1]);
    const { linear, losses } = await descend('LogisticRegression', samples, targets, {
      solver: 'lbfgs',
      ...this.#options,
      outputs: 1,
      loss: 'logistic',
    });
    this.#linear = linear;
    this.losses = losses;
    return this;
  }

  /** The log-odds of class 1. Shapes: x [n, d] → [n] */
  decision(x: Tensor): Tensor {
    const samples = checkSamples('LogisticRegression', x, this.linear.inFeatures);
    return reshape(this.linear.forward(samples), [samples.shape[0]]).detach();
  }

  /** P(1 | x). Shapes: x [n, d] → [n] */
  predictProba(x: Tensor): Tensor {
    return sigmoid(this.decision(x));
  }

  /** The likelier class, 1 where both are as likely. Shapes: x [n, d] → int32 [n] */
  predict(x: Tensor): Tensor {
    return to(ge(this.decision(x), 0), 'int32');
  }

  score(x: Tensor, y: Tensor): number {
    checkTargets('LogisticRegression', x, y);
    return accuracy(this.predict(x), y);
  }
}
