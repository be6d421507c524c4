/** Metrics of the order that scores put targets in: ROC and precision–recall curves, and the areas under them. */

import { checkOptions } from '../core/options.ts';
import { ConfigError, ShapeError } from '../errors.ts';
import type { MergeableMetric } from './metric.ts';
import { readScores, type Scores, type Values } from './values.ts';

/** Scores of one class, highest first, and whether each target is of it. */
interface Ranked {
  readonly scores: Float64Array;
  readonly hits: Uint8Array;
  readonly positives: number;
}

/** Score `c` of each row; of two scores the second less the first, which orders probabilities and logits alike. */
function scoresOf({ data, classes }: Scores, n: number, c: number): Float64Array {
  if (classes === 1) return Float64Array.from(data);
  if (classes === 2) return Float64Array.from({ length: n }, (_, i) => data[2 * i + 1] - data[2 * i]);
  return Float64Array.from({ length: n }, (_, i) => data[i * classes + c]);
}

function rank(scores: Float64Array, target: Int32Array, c: number): Ranked {
  const order = Uint32Array.from(scores, (_, i) => i).sort((i, j) => scores[j] - scores[i]);
  const hits = Uint8Array.from(order, (i) => Number(target[i] === c));
  return { scores: Float64Array.from(order, (i) => scores[i]), hits, positives: hits.reduce((sum, h) => sum + h, 0) };
}

/** True positives and all predicted positives, at each distinct score from the highest on. */
function* cuts({ scores, hits }: Ranked): Generator<[score: number, hits: number, predicted: number]> {
  let found = 0;
  for (let i = 0; i < scores.length; i++) {
    found += hits[i];
    if (i + 1 === scores.length || scores[i + 1] !== scores[i]) yield [scores[i], found, i + 1];
  }
}

/** @throws ConfigError  if there is not one score a target, or two */
function binary(op: string, output: Values, target: Values): Ranked {
  const scores = readScores(op, output, target);
  if (scores.classes > 2) {
    throw new ConfigError({ op, problem: 'a curve is of two classes', got: `${scores.classes} scores a target` });
  }
  return rank(scoresOf(scores, scores.target.length, 1), scores.target, 1);
}

export interface RocCurve {
  readonly falsePositiveRate: Float64Array;
  readonly truePositiveRate: Float64Array;
  /** A point counts scores from its threshold on as positive; the first is Infinity, for none. */
  readonly thresholds: Float64Array;
}

/**
 * The rates of false and of true positives at every distinct score, from (0, 0) to (1, 1). A rate of no targets is NaN.
 *
 * Shapes:   output [N] scores of class 1, or [N, 2]; target [N] of 0 and 1
 * @throws ShapeError   if the shapes do not fit
 * @throws ConfigError  if a score is NaN, or there are more than two classes
 */
export function rocCurve(output: Values, target: Values): RocCurve {
  const ranked = binary('rocCurve', output, target);
  const points = [...cuts(ranked)];
  const negatives = ranked.hits.length - ranked.positives;
  return {
    falsePositiveRate: Float64Array.from([0 / negatives, ...points.map(([, hits, all]) => (all - hits) / negatives)]),
    truePositiveRate: Float64Array.from([0 / ranked.positives, ...points.map(([, hits]) => hits / ranked.positives)]),
    thresholds: Float64Array.from([Number.POSITIVE_INFINITY, ...points.map(([score]) => score)]),
  };
}

/**
 * The area under a curve by trapezoids; x rises or falls throughout.
 *
 * @throws ShapeError   if x and y differ in length
 * @throws ConfigError  if x turns
 */
export function auc(x: ArrayLike<number>, y: ArrayLike<number>): number {
  if (x.length !== y.length) {
    throw new ShapeError({ op: 'auc', problem: 'x and y differ in length', got: [x.length, y.length] });
  }
  let [area, rises, falls] = [0, false, false];
  for (let i = 1; i < x.length; i++) {
    rises ||= x[i] > x[i - 1];
    falls ||= x[i] < x[i - 1];
    area += ((x[i] - x[i - 1]) * (y[i] + y[i - 1])) / 2;
  }
  if (rises && falls) throw new ConfigError({ op: 'auc', problem: 'x must rise or fall throughout' });
  return falls ? -area : area;
}

/** The probability that a target of the class scores higher than another, ties counting half; NaN without both. */
function areaOf(ranked: Ranked): number {
  const negatives = ranked.hits.length - ranked.positives;
  let [ordered, hitsBefore, allBefore] = [0, 0, 0];
  for (const [, hits, all] of cuts(ranked)) {
    const others = all - allBefore - (hits - hitsBefore);
    ordered += others * (hitsBefore + (hits - hitsBefore) / 2);
    [hitsBefore, allBefore] = [hits, all];
  }
  return ordered / (ranked.positives * negatives);
}

export interface PrecisionRecallCurve {
  /** One longer than the thresholds: at the end stands the point of no prediction, precision 1 and recall 0. */
  readonly precision: Float64Array;
  readonly recall: Float64Array;
  /** Rising. */
  readonly thresholds: Float64Array;
}

/**
 * Precision and recall at every distinct score, from the lowest threshold on. Without positive targets the recall is 1.
 *
 * Shapes:   output [N] scores of class 1, or [N, 2]; target [N] of 0 and 1
 * @throws ShapeError   if the shapes do not fit
 * @throws ConfigError  if a score is NaN, or there are more than two classes
 */
export function precisionRecallCurve(output: Values, target: Values): PrecisionRecallCurve {
  const ranked = binary('precisionRecallCurve', output, target);
  const points = [...cuts(ranked)].reverse();
  return {
    precision: Float64Array.from([...points.map(([, hits, all]) => hits / all), 1]),
    recall: Float64Array.from([...points.map(([, hits]) => (ranked.positives === 0 ? 1 : hits / ranked.positives)), 0]),
    thresholds: Float64Array.from([...points.map(([score]) => score)]),
  };
}

/** Σ (Rₙ − Rₙ₋₁)·Pₙ over the thresholds from the highest on: no interpolation; 0 without positive targets. */
function precisionOf(ranked: Ranked): number {
  let [sum, before] = [0, 0];
  for (const [, hits, all] of cuts(ranked)) {
    sum += (hits - before) * (hits / all);
    before = hits;
  }
  return ranked.positives === 0 ? 0 : sum / ranked.positives;
}

/** How the areas of more than two classes, each against the rest, become one. */
export type ClassAverage = 'macro' | 'weighted' | 'none';

export interface RankingOptions {
  /** Of more than two classes: the mean (default), the mean weighted by targets, or one area a class. */
  readonly average?: ClassAverage;
}

/** Keeps every score and target, since the order of all is what it measures: its memory grows with the samples. */
abstract class RankingMetric implements MergeableMetric<number | number[]> {
  abstract readonly name: string;
  readonly average: ClassAverage;
  #batches: Scores[] = [];

  constructor(options: RankingOptions = {}) {
    const op = new.target.name;
    checkOptions(op, options, { average: true });
    const { average = 'macro' } = options;
    if (average !== 'macro' && average !== 'weighted' && average !== 'none') {
      const expected = 'macro | weighted | none';
      throw new ConfigError({ op, problem: 'unknown average', got: average, expected });
    }
    this.average = average;
  }

  protected abstract area(ranked: Ranked): number;

  update(output: Values, target: Values): void {
    const { data, classes, target: ids } = readScores(this.name, output, target);
    this.#check(classes);
    this.#batches.push({ data: Float64Array.from(data), classes, target: ids });
  }

  merge(other: this): void {
    for (const batch of other.#batches) {
      this.#check(batch.classes);
      this.#batches.push(batch);
    }
  }

  compute(): number | number[] {
    const classes = this.#batches[0]?.classes ?? 1;
    const target = new Int32Array(this.#batches.reduce((sum, batch) => sum + batch.target.length, 0));
    let filled = 0;
    for (const batch of this.#batches) {
      target.set(batch.target, filled);
      filled += batch.target.length;
    }
    const ranked = (c: number): Ranked => {
      const scores = new Float64Array(target.length);
      let at = 0;
      for (const batch of this.#batches) {
        scores.set(scoresOf(batch, batch.target.length, c), at);
        at += batch.target.length;
      }
      return rank(scores, target, c);
    };
    if (classes <= 2) return this.area(ranked(1));
    const each = Array.from({ length: classes }, (_, c) => ranked(c));
    const areas = each.map((r) => this.area(r));
    if (this.average === 'none') return areas;
    const weights = each.map((r) => (this.average === 'weighted' ? r.positives : 1));
    return areas.reduce((sum, a, c) => sum + a * weights[c], 0) / weights.reduce((sum, w) => sum + w, 0);
  }

  reset(): void {
    this.#batches = [];
  }

  #check(classes: number): void {
    const before = this.#batches[0]?.classes ?? classes;
    if (before === classes) return;
    const problem = 'a batch has another number of scores a target than those before';
    throw new ShapeError({ op: this.name, problem, got: classes, expected: before });
  }
}

/** `rocAuc`, fed batch by batch; exact, so it keeps all scores. */
export class RocAuc extends RankingMetric {
  readonly name: string = 'rocAuc';
  protected area(ranked: Ranked): number {
    return areaOf(ranked);
  }
}

/** `averagePrecision`, fed batch by batch; exact, so it keeps all scores. */
export class AveragePrecision extends RankingMetric {
  readonly name: string = 'averagePrecision';
  protected area(ranked: Ranked): number {
    return precisionOf(ranked);
  }
}

type Ranking = {
  (output: Values, target: Values, options: RankingOptions & { average: 'none' }): number[];
  (output: Values, target: Values, options?: RankingOptions & { average?: 'macro' | 'weighted' }): number;
};

const ranking = (metric: (options?: RankingOptions) => RankingMetric): Ranking =>
  ((output: Values, target: Values, options?: RankingOptions) => {
    const all = metric(options);
    all.update(output, target);
    return all.compute();
  }) as Ranking;

/**
 * The area under the ROC curve: the probability that a target of class 1 scores higher than one of class 0, ties
 * counting half; 1 is perfect, ½ is chance, NaN is where one of them has no target. Of more than two classes each is held
 * against the rest by its own scores, which should be probabilities, since logits of different rows cannot be compared.
 *
 * Shapes:   output [N] scores of class 1, or [N, C]; target [N]
 * @throws ShapeError   if the shapes do not fit
 * @throws ConfigError  if a score is NaN, or a target is no class
 */
export const rocAuc: Ranking = ranking((options) => new RocAuc(options));

/**
 * The mean of the precisions at each threshold, weighted by the step of recall: the area under the precision–recall curve
 * without interpolation, 0 for a class without targets. Of more than two classes as `rocAuc`.
 *
 * Shapes:   output [N] scores of class 1, or [N, C]; target [N]
 * @throws ShapeError   if the shapes do not fit
 * @throws ConfigError  if a score is NaN, or a target is no class
 */
export const averagePrecision: Ranking = ranking((options) => new AveragePrecision(options));
