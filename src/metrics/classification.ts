/** Metrics of classes as functions of all outputs at once, and the same fed batch by batch. */

import { checkOptions, checkPositiveInteger, type OptionNames } from '../core/options.ts';
import { ConfigError } from '../errors.ts';
import { AverageMetric, type Counted, ofAll } from './average.ts';
import {
  AVERAGE_OPTIONS,
  type AverageOptions,
  ConfusionMatrix,
  type ConfusionMatrixOptions,
  confusionMatrix,
  F_SCORE_OPTIONS,
  type FScoreOptions,
  MATRIX_OPTIONS,
} from './confusion-matrix.ts';
import type { MergeableMetric } from './metric.ts';
import { type DecisionOptions, readScores, type Values } from './values.ts';

/**
 * The share of targets that were met.
 *
 * @throws ShapeError   if the shapes do not fit
 * @throws ConfigError  if an id is no class, or a score is NaN
 */
export function accuracy(output: Values, target: Values, options: DecisionOptions = {}): number {
  return confusionMatrix(output, target, options).accuracy();
}

/** The share of targets that were missed: the empirical (0–1) error, which has no useful gradient. As `accuracy`. */
export function zeroOneLoss(output: Values, target: Values, options: DecisionOptions = {}): number {
  return 1 - accuracy(output, target, options);
}

/** The mean recall of the classes that have targets, so that each counts the same. As `accuracy`. */
export function balancedAccuracy(output: Values, target: Values, options: DecisionOptions = {}): number {
  return confusionMatrix(output, target, options).balancedAccuracy();
}

type Averaged<O> = {
  (output: Values, target: Values, options: O & DecisionOptions & { average: 'none' }): number[];
  (
    output: Values,
    target: Values,
    options?: O & DecisionOptions & { average?: 'binary' | 'macro' | 'weighted' | 'micro' },
  ): number;
};

function averaged<O extends AverageOptions>(
  op: string,
  names: OptionNames<O>,
  read: (matrix: ConfusionMatrix, options: O) => number | number[],
): Averaged<O> {
  const all = { threshold: true, ...names } as const;
  const run = (output: Values, target: Values, options = {} as O & DecisionOptions): number | number[] => {
    checkOptions(op, options, all);
    const { threshold, ...average } = options;
    return read(confusionMatrix(output, target, { threshold }), average as unknown as O);
  };
  return run as Averaged<O>;
}

/** Of what was predicted as a class, the share that is of it. @throws ConfigError if more than two classes come without an average */
export const precision: Averaged<AverageOptions> = averaged('precision', AVERAGE_OPTIONS, (m, o) => m.precision(o));
/** Of what is of a class, the share that was predicted as it. Errors as `precision`. */
export const recall: Averaged<AverageOptions> = averaged('recall', AVERAGE_OPTIONS, (m, o) => m.recall(o));
/** Of what is not of a class, the share that was not predicted as it. Errors as `precision`. */
export const specificity: Averaged<AverageOptions> = averaged('specificity', AVERAGE_OPTIONS, (m, o) =>
  m.specificity(o),
);
/** Of what is not of a class, the share that was predicted as it. Errors as `precision`. */
export const falsePositiveRate: Averaged<AverageOptions> = averaged('falsePositiveRate', AVERAGE_OPTIONS, (m, o) =>
  m.falsePositiveRate(o),
);
/** The harmonic mean of precision and recall, recall weighted by `beta` (1). Errors as `precision`. */
export const fScore: Averaged<FScoreOptions> = averaged('fScore', F_SCORE_OPTIONS, (m, o) => m.fScore(o));

/** A metric read off the counts of a confusion matrix, in constant memory. */
export abstract class CountedMetric implements MergeableMetric<number | number[]> {
  abstract readonly name: string;
  readonly matrix: ConfusionMatrix;

  constructor(options: ConfusionMatrixOptions = {}) {
    checkOptions(new.target.name, options, MATRIX_OPTIONS);
    this.matrix = new ConfusionMatrix(options);
  }

  update(output: Values, target: Values): void {
    this.matrix.update(output, target);
  }

  abstract compute(): number | number[];

  merge(other: this): void {
    this.matrix.merge(other.matrix);
  }

  reset(): void {
    this.matrix.reset();
  }
}

/** `accuracy`, fed batch by batch. */
export class Accuracy extends CountedMetric {
  readonly name: string = 'accuracy';
  compute(): number {
    return this.matrix.accuracy();
  }
}

/** `zeroOneLoss`, fed batch by batch. */
export class ZeroOneLoss extends CountedMetric {
  readonly name: string = 'zeroOneLoss';
  compute(): number {
    return 1 - this.matrix.accuracy();
  }
}

/** `balancedAccuracy`, fed batch by batch. */
export class BalancedAccuracy extends CountedMetric {
  readonly name: string = 'balancedAccuracy';
  compute(): number {
    return this.matrix.balancedAccuracy();
  }
}

/** A metric of classes with an average over them. */
abstract class AveragedMetric<O extends AverageOptions = AverageOptions> extends CountedMetric {
  readonly options: AverageOptions & O;

  constructor(options: O & ConfusionMatrixOptions, names: OptionNames<O>) {
    checkOptions(new.target.name, options, { ...MATRIX_OPTIONS, ...names });
    const { classes, labels, threshold, ...average } = options;
    super({ classes, labels, threshold });
    this.options = average as unknown as O;
  }
}

/** `precision`, fed batch by batch. */
export class Precision extends AveragedMetric {
  readonly name: string = 'precision';
  constructor(options: AverageOptions & ConfusionMatrixOptions = {}) {
    super(options, AVERAGE_OPTIONS);
  }
  compute(): number | number[] {
    return this.matrix.precision(this.options);
  }
}

/** `recall`, fed batch by batch. */
export class Recall extends AveragedMetric {
  readonly name: string = 'recall';
  constructor(options: AverageOptions & ConfusionMatrixOptions = {}) {
    super(options, AVERAGE_OPTIONS);
  }
  compute(): number | number[] {
    return this.matrix.recall(this.options);
  }
}

/** `specificity`, fed batch by batch. */
export class Specificity extends AveragedMetric {
  readonly name: string = 'specificity';
  constructor(options: AverageOptions & ConfusionMatrixOptions = {}) {
    super(options, AVERAGE_OPTIONS);
  }
  compute(): number | number[] {
    return this.matrix.specificity(this.options);
  }
}

/** `falsePositiveRate`, fed batch by batch. */
export class FalsePositiveRate extends AveragedMetric {
  readonly name: string = 'falsePositiveRate';
  constructor(options: AverageOptions & ConfusionMatrixOptions = {}) {
    super(options, AVERAGE_OPTIONS);
  }
  compute(): number | number[] {
    return this.matrix.falsePositiveRate(this.options);
  }
}

/** `fScore`, fed batch by batch. */
export class FScore extends AveragedMetric<FScoreOptions> {
  readonly name: string = 'fScore';
  constructor(options: FScoreOptions & ConfusionMatrixOptions = {}) {
    super(options, F_SCORE_OPTIONS);
  }
  compute(): number | number[] {
    return this.matrix.fScore(this.options);
  }
}

/** Whether each target is among the k highest scores; of equal scores the lower class comes first. */
function topHits(k: number, output: Values, target: Values): Counted {
  const op = 'topKAccuracy';
  const { data, classes, target: ids } = readScores(op, output, target);
  if (classes === 1) {
    throw new ConfigError({ op, problem: 'there must be a score for each class', got: 'one score a target' });
  }
  let sum = 0;
  for (let i = 0; i < ids.length; i++) {
    const own = data[i * classes + ids[i]];
    let above = 0;
    for (let c = 0; c < classes; c++) {
      const score = data[i * classes + c];
      if (score > own || (score === own && c < ids[i])) above++;
    }
    if (above < k) sum++;
  }
  return { sum, count: ids.length };
}

export interface TopKOptions {
  /** How many of the highest scores count. Default 5. */
  readonly k?: number;
}

/** `topKAccuracy`, fed batch by batch. */
export class TopKAccuracy extends AverageMetric {
  readonly name: string = 'topKAccuracy';
  readonly k: number;

  /** @throws ConfigError  if k is no positive integer */
  constructor(options: TopKOptions = {}) {
    super();
    checkOptions('topKAccuracy', options, { k: true });
    this.k = checkPositiveInteger('topKAccuracy', 'k', options.k ?? 5);
  }

  protected measure(output: Values, target: Values): Counted {
    return topHits(this.k, output, target);
  }
}

/**
 * The share of targets among the k highest scores; of equal scores the lower class comes first.
 *
 * Shapes:   output [..., C], target [...]
 * @throws ShapeError   if the shapes do not fit
 * @throws ConfigError  if k is no positive integer, a target is no class, or a score is NaN
 */
export function topKAccuracy(output: Values, target: Values, options: TopKOptions = {}): number {
  return ofAll(new TopKAccuracy(options), output, target);
}
