import { checkOptions, checkPositiveInteger, type OptionNames } from '../core/options.ts';
import { Generator } from '../core/rng.ts';
import { ConfigError } from '../errors.ts';
import { accuracy } from '../metrics/index.ts';
import { add, matmul, step, sub, tensor, to } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { Discriminant } from './discriminant.ts';
import { checkClasses, checkSamples, checkTargets } from './estimator.ts';
import type { BinaryEstimator } from './multiclass.ts';

export interface PerceptronOptions {
  /** Initial weights, one a feature. Default: zeros, as many as the samples of `fit` have features. */
  weights?: Iterable<number>;
  /** Initial bias. Default 0. */
  bias?: number;
  /** The neuron fires where z = w·x + b reaches it. Default 0. */
  threshold?: number;
  /** Fire only above the threshold, z > t, not at it. Default false: z ≥ t. */
  strict?: boolean;
  /** The learning rate η. Default 1. */
  lr?: number;
  /** Passes over the samples at most. Default 1000. */
  epochs?: number;
  /** Take the samples in random order, another one in each epoch, drawn from this seed. Without it they keep theirs. */
  seed?: number | bigint;
}

const OPTIONS: OptionNames<PerceptronOptions> = {
  weights: true,
  bias: true,
  threshold: true,
  strict: true,
  lr: true,
  epochs: true,
  seed: true,
};

/** One correction, with what it led to. */
export interface PerceptronUpdate {
  /** From 1. */
  readonly epoch: number;
  /** The row of the sample. */
  readonly sample: number;
  readonly output: 0 | 1;
  readonly target: 0 | 1;
  /** Weights and bias after the correction. */
  readonly weights: readonly number[];
  readonly bias: number;
}

/**
 * A threshold neuron that learns by the perceptron rule: for a sample it gets wrong, w ← w + η(t − o)x and
 * b ← b + η(t − o). It stops after the first epoch without an error, which comes if and only if a hyperplane separates
 * the classes. Computed in float64, in the order of the samples.
 *
 * Source: Rosenblatt, The perceptron, 1958; the theorem of convergence: Novikoff, 1962.
 *
 * @throws ConfigError  for a rate or a number of epochs that is not positive, weights that are not finite, or targets
 *                      other than 0 and 1
 * @throws ShapeError   if the samples are no table, or do not fit the weights or the targets
 * @example
 * const x = tensor([[0, 0], [0, 1], [1, 0], [1, 1]]);
 * const or = await new Perceptron({ lr: 0.5, threshold: 1, weights: [0.6, 0.6] }).fit(x, tensor([0, 1, 1, 1]));
 * [or.weights, or.bias]; // => [ [ 0.6, 1.1 ], 0.5 ]
 * or.converged; // => true
 */
export class Perceptron implements BinaryEstimator {
  weights: number[];
  bias: number;
  readonly threshold: number;
  readonly strict: boolean;
  readonly lr: number;
  readonly epochs: number;
  /** Every correction of the last `fit`, in order. */
  trace: readonly PerceptronUpdate[] = [];
  /** Samples that each epoch of the last `fit` got wrong. */
  errors: readonly number[] = [];
  readonly #initial: { readonly weights: readonly number[] | null; readonly bias: number };
  readonly #seed: number | bigint | null;

  constructor(options: PerceptronOptions = {}) {
    checkOptions('Perceptron', options, OPTIONS);
    const { weights, bias = 0, threshold = 0, strict = false, lr = 1, epochs = 1000, seed } = options;
    const refuse = (problem: string, got: unknown) => new ConfigError({ op: 'Perceptron', problem, got });
    const given = weights === undefined ? null : [...weights];
    if (![...(given ?? []), bias, threshold].every(Number.isFinite)) {
      throw refuse('weights, bias and threshold must be finite', [...(given ?? []), bias, threshold]);
    }
    if (!(lr > 0 && lr < Infinity)) throw refuse('lr must be positive', lr);
    checkPositiveInteger('Perceptron', 'epochs', epochs);
    this.#initial = { weights: given, bias };
    this.#seed = seed ?? null;
    this.weights = [...(given ?? [])];
    this.bias = bias;
    this.threshold = threshold;
    this.strict = strict;
    this.lr = lr;
    this.epochs = epochs;
  }

  /** Whether the last epoch of `fit` was free of errors. */
  get converged(): boolean {
    return this.errors.at(-1) === 0;
  }

  /**
   * Learns from its initial weights on.
   *
   * Shapes: x [n, d], y [n] of zeros and ones
   */
  async fit(x: Tensor, y: Tensor): Promise<this> {
    const { weights: initial, bias } = this.#initial;
    const samples = checkSamples('Perceptron', x, initial?.length);
    checkTargets('Perceptron', samples, y);
    checkClasses('Perceptron', y, 2);
    const [n, d] = samples.shape;
    const state = { weights: initial === null ? new Array<number>(d).fill(0) : [...initial], bias };
    const trace: PerceptronUpdate[] = [];
    const errors: number[] = [];
    const random = this.#seed === null ? null : new Generator(this.#seed);
    while (errors.length < this.epochs && errors.at(-1) !== 0) {
      const order = random === null ? Array.from({ length: n }, (_, i) => i) : random.permutation(n);
      const before = trace.length;
      for (const sample of order) {
        const row = samples.data.subarray(sample * d, (sample + 1) * d);
        const target = Number(y.data[sample]) as 0 | 1;
        const update = this.#correct(state, row, target);
        if (update !== null) trace.push({ epoch: errors.length + 1, sample, target, ...update });
      }
      errors.push(trace.length - before);
    }
    this.weights = state.weights;
    this.bias = state.bias;
    this.trace = trace;
    this.errors = errors;
    return this;
  }

  /** The boundary and its two sides. */
  get discriminant(): Discriminant {
    return new Discriminant(this.weights, this.bias - this.threshold);
  }

  /** How far z lies above the threshold. Shapes: x [n, d] → float64 [n] */
  decision(x: Tensor): Tensor {
    return sub(this.#activation(x), this.threshold);
  }

  /** 1 where the neuron fires, else 0. Shapes: x [n, d] → int32 [n] */
  predict(x: Tensor): Tensor {
    return to(step(this.#activation(x), { threshold: this.threshold, strict: this.strict }), 'int32');
  }

  score(x: Tensor, y: Tensor): number {
    checkTargets('Perceptron', x, y);
    return accuracy(this.predict(x), y);
  }

  /** z = w·x + b. */
  #activation(x: Tensor): Tensor {
    const samples = to(checkSamples('Perceptron', x, this.weights.length), 'float64');
    return add(matmul(samples, tensor(this.weights, { dtype: 'float64' })), this.bias);
  }

  /** Corrects the state if it gets the sample wrong, and says what was changed. */
  #correct(
    state: { weights: number[]; bias: number },
    row: ArrayLike<number>,
    target: 0 | 1,
  ): Pick<PerceptronUpdate, 'output' | 'weights' | 'bias'> | null {
    const { threshold, strict, lr } = this;
    const { weights } = state;
    let z = 0;
    for (let j = 0; j < weights.length; j++) z += weights[j] * row[j];
    z += state.bias;
    const output = z > threshold || (!strict && z === threshold) ? 1 : 0;
    if (output === target) return null;
    for (let j = 0; j < weights.length; j++) weights[j] += lr * (target - output) * row[j];
    state.bias += lr * (target - output);
    return { output, weights: [...weights], bias: state.bias };
  }
}
