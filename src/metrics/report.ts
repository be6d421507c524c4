/** All that a confusion matrix tells, as a table. */

import { inspect } from 'node:util';
import { checkOptions } from '../core/options.ts';
import { alignColumns } from '../core/table.ts';
import {
  type ConfusionMatrix,
  type ConfusionMatrixOptions,
  confusionMatrix,
  MATRIX_OPTIONS,
} from './confusion-matrix.ts';
import type { Values } from './values.ts';

export interface ReportRow {
  readonly precision: number;
  readonly recall: number;
  readonly fScore: number;
  /** The number of targets. */
  readonly support: number;
}

export interface ReportOptions extends ConfusionMatrixOptions {
  /** What 0/0 counts as. Default 0. */
  readonly zeroDivision?: number;
  /** Decimals of the table. Default 4. */
  readonly digits?: number;
}

/** Precision, recall, F-score and support of every class, and their averages; prints as a table. */
export class ClassificationReport {
  readonly matrix: ConfusionMatrix;
  /** By the labels of the classes. */
  readonly classes: Readonly<Record<string, ReportRow>>;
  readonly accuracy: number;
  readonly macro: ReportRow;
  readonly weighted: ReportRow;
  readonly digits: number;

  constructor(matrix: ConfusionMatrix, { zeroDivision = 0, digits = 4 }: ReportOptions = {}) {
    const { total } = matrix;
    const none = { average: 'none', zeroDivision } as const;
    const [precision, recall, fScore] = [matrix.precision(none), matrix.recall(none), matrix.fScore(none)];
    const rows = precision.map((p, c): [string, ReportRow] => [
      matrix.labelOf(c),
      { precision: p, recall: recall[c], fScore: fScore[c], support: matrix.support(c) },
    ]);
    const over = (average: 'macro' | 'weighted'): ReportRow => {
      const options = { average, zeroDivision };
      return {
        precision: matrix.precision(options),
        recall: matrix.recall(options),
        fScore: matrix.fScore(options),
        support: total,
      };
    };
    this.matrix = matrix;
    this.classes = Object.fromEntries(rows);
    this.accuracy = matrix.accuracy();
    this.macro = over('macro');
    this.weighted = over('weighted');
    this.digits = digits;
  }

  toString(): string {
    const number = (v: number): string => v.toFixed(this.digits);
    const row = (name: string, { precision, recall, fScore, support }: ReportRow): string[] => [
      name,
      number(precision),
      number(recall),
      number(fScore),
      String(support),
    ];
    return alignColumns([
      ['', 'precision', 'recall', 'F1', 'support'],
      ...Object.entries(this.classes).map(([name, values]) => row(name, values)),
      ['accuracy', '', '', number(this.accuracy), String(this.macro.support)],
      row('macro average', this.macro),
      row('weighted average', this.weighted),
    ]);
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/**
 * Precision, recall and F-score of every class, and their averages, as `confusionMatrix` counts them.
 *
 * @throws ShapeError   if the shapes do not fit
 * @throws ConfigError  if an id is no class, or a score is NaN
 */
export function classificationReport(
  output: Values,
  target: Values,
  options: ReportOptions = {},
): ClassificationReport {
  checkOptions('classificationReport', options, { ...MATRIX_OPTIONS, zeroDivision: true, digits: true });
  const { zeroDivision, digits, ...counting } = options;
  return new ClassificationReport(confusionMatrix(output, target, counting), { zeroDivision, digits });
}
