/** The confusion matrix, and what is computed from its counts. */

import { inspect } from 'node:util';
import { checkOptions, checkPositiveInteger, type OptionNames } from '../core/options.ts';
import { alignColumns } from '../core/table.ts';
import { ConfigError } from '../errors.ts';
import { tensor } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { type DecisionOptions, decide, type Values } from './values.ts';

/**
 * How the values of the classes become one:
 * - `binary`: that of the positive class, of two;
 * - `macro`: their mean over the classes that occur among targets or predictions;
 * - `weighted`: their mean weighted by the number of targets;
 * - `micro`: one value from the summed counts;
 * - `none`: an array, one value a class.
 */
export type Average = 'binary' | 'macro' | 'weighted' | 'micro' | 'none';

export interface AverageOptions {
  /** Default 'binary'. */
  readonly average?: Average;
  /** The class that `binary` asks about. Default 1. */
  readonly positive?: number;
  /**
   * What 0/0 counts as: a precision where nothing was predicted, a recall where nothing was there. Default 0; NaN leaves
   * such a class out of an average.
   */
  readonly zeroDivision?: number;
}

export interface FScoreOptions extends AverageOptions {
  /** How much more recall counts than precision. Default 1. */
  readonly beta?: number;
}

/** Counts of one class against the rest. */
export interface ClassCounts {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
}

export interface ConfusionMatrixOptions extends DecisionOptions {
  /** The number of classes; by default the outputs' own, or as many as the highest id asks for. */
  readonly classes?: number;
  /** Names of the classes, for printing. */
  readonly labels?: readonly string[];
}

/** The names of options, for the metrics that stand on the matrix too. */
export const AVERAGE_OPTIONS: OptionNames<AverageOptions> = { average: true, positive: true, zeroDivision: true };
export const F_SCORE_OPTIONS: OptionNames<FScoreOptions> = { beta: true, ...AVERAGE_OPTIONS };
export const MATRIX_OPTIONS: OptionNames<ConfusionMatrixOptions> = { classes: true, labels: true, threshold: true };

type Ratio = (counts: ClassCounts) => [part: number, whole: number];

const RATIOS = {
  precision: (c) => [c.truePositives, c.truePositives + c.falsePositives],
  recall: (c) => [c.truePositives, c.truePositives + c.falseNegatives],
  specificity: (c) => [c.trueNegatives, c.trueNegatives + c.falsePositives],
  falsePositiveRate: (c) => [c.falsePositives, c.trueNegatives + c.falsePositives],
} satisfies Record<string, Ratio>;

const fRatio =
  (beta: number): Ratio =>
  (c) => {
    const hits = (1 + beta * beta) * c.truePositives;
    return [hits, hits + beta * beta * c.falseNegatives + c.falsePositives];
  };

/**
 * How often targets of each class were taken for each: rows are the true classes, columns the predicted. It is fed by
 * `update`, as metrics are, in constant memory; what outputs mean is told by `decide`'s rules (docs/metrics.md).
 */
export class ConfusionMatrix {
  readonly name: string = 'confusionMatrix';
  readonly labels: readonly string[] | null;
  readonly threshold: number | undefined;
  readonly #fixed: number | null;
  #classes: number;
  #counts: Float64Array;

  /** @throws ConfigError  if there are no classes, or not as many labels */
  constructor(options: ConfusionMatrixOptions = {}) {
    const op = 'ConfusionMatrix';
    checkOptions(op, options, MATRIX_OPTIONS);
    const { classes, labels, threshold } = options;
    if (classes !== undefined) checkPositiveInteger(op, 'classes', classes);
    if (classes !== undefined && labels !== undefined && labels.length !== classes) {
      throw new ConfigError({ op, problem: 'there must be one label a class', got: labels.length, expected: classes });
    }
    this.labels = labels ?? null;
    this.threshold = threshold;
    this.#fixed = classes ?? labels?.length ?? null;
    this.#classes = this.#fixed ?? 0;
    this.#counts = new Float64Array(this.#classes ** 2);
  }

  get classes(): number {
    return this.#classes;
  }

  /** All targets counted. */
  get total(): number {
    return this.#counts.reduce((sum, n) => sum + n, 0);
  }

  /** Targets of class `actual` that were taken for `predicted`. */
  count(actual: number, predicted: number): number {
    return this.#counts[actual * this.#classes + predicted];
  }

  /** The counts as a tensor [classes, classes], int32. */
  toTensor(): Tensor {
    return tensor(Int32Array.from(this.#counts), { shape: [this.#classes, this.#classes] });
  }

  /** @throws ConfigError  if an id is no class */
  update(output: Values, target: Values): void {
    const { predicted, actual, classes } = decide(this.name, output, target, { threshold: this.threshold });
    let needed = this.#fixed === null ? classes : 0;
    for (let i = 0; i < actual.length; i++) needed = Math.max(needed, actual[i] + 1, predicted[i] + 1);
    this.#hold(needed);
    for (let i = 0; i < actual.length; i++) this.#counts[actual[i] * this.#classes + predicted[i]]++;
  }

  merge(other: ConfusionMatrix): void {
    this.#hold(other.#classes);
    for (let i = 0; i < other.#classes; i++) {
      for (let j = 0; j < other.#classes; j++) this.#counts[i * this.#classes + j] += other.count(i, j);
    }
  }

  compute(): unknown {
    return this;
  }

  reset(): void {
    this.#classes = this.#fixed ?? 0;
    this.#counts = new Float64Array(this.#classes ** 2);
  }

  /** Grows to hold that many classes. */
  #hold(classes: number): void {
    const before = this.#classes;
    if (classes <= before) return;
    if (this.#fixed !== null) {
      throw new ConfigError({
        op: this.name,
        problem: 'an id is no class',
        got: classes - 1,
        expected: `below ${before}`,
      });
    }
    const grown = new Float64Array(classes * classes);
    for (let i = 0; i < before; i++) grown.set(this.#counts.subarray(i * before, (i + 1) * before), i * classes);
    this.#counts = grown;
    this.#classes = classes;
  }

  /** Class `c` against the rest. */
  countsOf(c: number): ClassCounts {
    let [actual, predicted] = [0, 0];
    for (let i = 0; i < this.#classes; i++) {
      actual += this.count(c, i);
      predicted += this.count(i, c);
    }
    const hits = this.count(c, c);
    const [falseNegatives, falsePositives] = [actual - hits, predicted - hits];
    const trueNegatives = this.total - hits - falseNegatives - falsePositives;
    return { truePositives: hits, falsePositives, falseNegatives, trueNegatives };
  }

  /** Targets of class `c`. */
  support(c: number): number {
    const { truePositives, falseNegatives } = this.countsOf(c);
    return truePositives + falseNegatives;
  }

  /** The share of targets that were met; NaN of none. */
  accuracy(): number {
    let hits = 0;
    for (let c = 0; c < this.#classes; c++) hits += this.count(c, c);
    return hits / this.total;
  }

  /** The mean recall of the classes that have targets. */
  balancedAccuracy(): number {
    const present = this.#all().filter((c) => this.support(c) > 0);
    const recalls = present.map((c) => this.count(c, c) / this.support(c));
    return recalls.reduce((sum, r) => sum + r, 0) / present.length;
  }

  /** Of what was predicted as a class, the share that is of it. */
  precision(options: AverageOptions & { average: 'none' }): number[];
  precision(options?: AverageOptions & { average?: Exclude<Average, 'none'> }): number;
  precision(options?: AverageOptions): number | number[];
  precision(options: AverageOptions = {}): number | number[] {
    checkOptions('precision', options, AVERAGE_OPTIONS);
    return this.#averaged('precision', RATIOS.precision, options);
  }

  /** Of what is of a class, the share that was predicted as it: the true-positive rate. */
  recall(options: AverageOptions & { average: 'none' }): number[];
  recall(options?: AverageOptions & { average?: Exclude<Average, 'none'> }): number;
  recall(options?: AverageOptions): number | number[];
  recall(options: AverageOptions = {}): number | number[] {
    checkOptions('recall', options, AVERAGE_OPTIONS);
    return this.#averaged('recall', RATIOS.recall, options);
  }

  /** Of what is not of a class, the share that was not predicted as it. */
  specificity(options: AverageOptions & { average: 'none' }): number[];
  specificity(options?: AverageOptions & { average?: Exclude<Average, 'none'> }): number;
  specificity(options?: AverageOptions): number | number[];
  specificity(options: AverageOptions = {}): number | number[] {
    checkOptions('specificity', options, AVERAGE_OPTIONS);
    return this.#averaged('specificity', RATIOS.specificity, options);
  }

  /** Of what is not of a class, the share that was predicted as it. */
  falsePositiveRate(options: AverageOptions & { average: 'none' }): number[];
  falsePositiveRate(options?: AverageOptions & { average?: Exclude<Average, 'none'> }): number;
  falsePositiveRate(options?: AverageOptions): number | number[];
  falsePositiveRate(options: AverageOptions = {}): number | number[] {
    checkOptions('falsePositiveRate', options, AVERAGE_OPTIONS);
    return this.#averaged('falsePositiveRate', RATIOS.falsePositiveRate, options);
  }

  /** The harmonic mean of precision and recall, where recall counts β times as much; β is 1 by default. */
  fScore(options: FScoreOptions & { average: 'none' }): number[];
  fScore(options?: FScoreOptions & { average?: Exclude<Average, 'none'> }): number;
  fScore(options?: FScoreOptions): number | number[];
  fScore(options: FScoreOptions = {}): number | number[] {
    checkOptions('fScore', options, F_SCORE_OPTIONS);
    const { beta = 1, ...average } = options;
    if (!(beta >= 0)) throw new ConfigError({ op: 'fScore', problem: 'beta is not below 0', got: beta });
    return this.#averaged('fScore', fRatio(beta), average);
  }

  #all(): number[] {
    return Array.from({ length: this.#classes }, (_, c) => c);
  }

  #averaged(
    op: string,
    ratio: Ratio,
    { average = 'binary', positive = 1, zeroDivision = 0 }: AverageOptions,
  ): number | number[] {
    const counts = this.#all().map((c) => this.countsOf(c));
    const value = (c: ClassCounts): number => {
      const [part, whole] = ratio(c);
      return whole === 0 ? zeroDivision : part / whole;
    };
    if (average === 'none') return counts.map(value);
    if (average === 'binary') {
      if (this.#classes > 2) {
        throw new ConfigError({
          op,
          problem: 'the average of more than two classes must be chosen',
          got: `${this.#classes} classes`,
          expected: 'macro | weighted | micro | none',
        });
      }
      const none = { truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: this.total };
      return value(counts[positive] ?? none);
    }
    if (average === 'micro') {
      const summed = (field: keyof ClassCounts): number => counts.reduce((sum, c) => sum + c[field], 0);
      return value({
        truePositives: summed('truePositives'),
        falsePositives: summed('falsePositives'),
        falseNegatives: summed('falseNegatives'),
        trueNegatives: summed('trueNegatives'),
      });
    }
    if (average !== 'macro' && average !== 'weighted') {
      const expected = 'binary | macro | weighted | micro | none';
      throw new ConfigError({ op, problem: 'unknown average', got: average, expected });
    }
    let [sum, weights] = [0, 0];
    for (const c of counts) {
      const actual = c.truePositives + c.falseNegatives;
      const weight = average === 'weighted' ? actual : Number(actual + c.falsePositives > 0);
      const own = value(c);
      if (weight === 0 || Number.isNaN(own)) continue;
      sum += weight * own;
      weights += weight;
    }
    return sum / weights;
  }

  /** What class `c` is called. */
  labelOf(c: number): string {
    return this.labels?.[c] ?? String(c);
  }

  toString(): string {
    const classes = this.#all();
    const heading = ['true \\ predicted', ...classes.map((c) => this.labelOf(c))];
    const rows = classes.map((c) => [this.labelOf(c), ...classes.map((p) => String(this.count(c, p)))]);
    return alignColumns([heading, ...rows]);
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/**
 * The confusion matrix of outputs against targets: rows true, columns predicted.
 *
 * @throws ShapeError   if the shapes do not fit
 * @throws ConfigError  if an id is no class, or a score is NaN
 */
export function confusionMatrix(output: Values, target: Values, options: ConfusionMatrixOptions = {}): ConfusionMatrix {
  const matrix = new ConfusionMatrix(options);
  matrix.update(output, target);
  return matrix;
}
