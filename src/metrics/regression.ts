/** Metrics of numbers against numbers. */

import { ShapeError } from '../errors.ts';
import { AverageMetric, type Counted, ofAll } from './average.ts';
import type { MergeableMetric } from './metric.ts';
import { readPairs, type Values } from './values.ts';

function total(op: string, output: Values, target: Values, term: (difference: number) => number): Counted {
  const pairs = readPairs(op, output, target);
  let sum = 0;
  for (let i = 0; i < pairs.output.length; i++) sum += term(pairs.output[i] - pairs.target[i]);
  return { sum, count: pairs.output.length };
}

/** `meanAbsoluteError`, fed batch by batch. */
export class MeanAbsoluteError extends AverageMetric {
  readonly name: string = 'meanAbsoluteError';
  protected measure(output: Values, target: Values): Counted {
    return total(this.name, output, target, Math.abs);
  }
}

/** `meanSquaredError`, fed batch by batch. */
export class MeanSquaredError extends AverageMetric {
  readonly name: string = 'meanSquaredError';
  protected measure(output: Values, target: Values): Counted {
    return total(this.name, output, target, (d) => d * d);
  }
}

/** `rootMeanSquaredError`, fed batch by batch. */
export class RootMeanSquaredError extends AverageMetric {
  readonly name: string = 'rootMeanSquaredError';
  protected measure(output: Values, target: Values): Counted {
    return total(this.name, output, target, (d) => d * d);
  }
  protected override finish(mean: number): number {
    return Math.sqrt(mean);
  }
}

/** The mean of |output − target| over all elements. @throws ShapeError if the shapes differ */
export function meanAbsoluteError(output: Values, target: Values): number {
  return ofAll(new MeanAbsoluteError(), output, target);
}

/** The mean of (output − target)² over all elements. @throws ShapeError if the shapes differ */
export function meanSquaredError(output: Values, target: Values): number {
  return ofAll(new MeanSquaredError(), output, target);
}

/** The root of the mean of (output − target)² over all elements. @throws ShapeError if the shapes differ */
export function rootMeanSquaredError(output: Values, target: Values): number {
  return ofAll(new RootMeanSquaredError(), output, target);
}

/** Of one output: how far targets lie from their mean, and from the outputs. */
interface Spread {
  mean: number;
  /** Σ (target − mean)² */
  around: number;
  /** Σ (output − target)² */
  missed: number;
}

/**
 * `r2Score`, fed batch by batch in constant memory; means and squares are updated as Welford and Chan do, since Σy² − n·ȳ²
 * would cancel.
 */
export class R2Score implements MergeableMetric<number> {
  readonly name: string = 'r2Score';
  #count = 0;
  #spreads: Spread[] = [];

  update(output: Values, target: Values): void {
    const pairs = readPairs(this.name, output, target);
    this.#hold(pairs.outputs);
    const rows = pairs.outputs === 0 ? 0 : pairs.output.length / pairs.outputs;
    for (let i = 0; i < rows; i++) {
      this.#count++;
      for (let d = 0; d < pairs.outputs; d++) {
        const [y, guess] = [pairs.target[i * pairs.outputs + d], pairs.output[i * pairs.outputs + d]];
        const spread = this.#spreads[d];
        const off = y - spread.mean;
        spread.mean += off / this.#count;
        spread.around += off * (y - spread.mean);
        spread.missed += (guess - y) ** 2;
      }
    }
  }

  merge(other: this): void {
    if (other.#count === 0) return;
    this.#hold(other.#spreads.length);
    const [n, m] = [this.#count, other.#count];
    this.#spreads.forEach((own, d) => {
      const { mean, around, missed } = other.#spreads[d];
      const off = mean - own.mean;
      own.mean += (off * m) / (n + m);
      own.around += around + (off * off * n * m) / (n + m);
      own.missed += missed;
    });
    this.#count = n + m;
  }

  compute(): number {
    if (this.#count < 2) return Number.NaN;
    const each = this.#spreads.map(({ around, missed }) => (around > 0 ? 1 - missed / around : Number(missed === 0)));
    return each.reduce((sum, r) => sum + r, 0) / each.length;
  }

  reset(): void {
    this.#count = 0;
    this.#spreads = [];
  }

  #hold(outputs: number): void {
    if (this.#spreads.length === 0) {
      this.#spreads = Array.from({ length: outputs }, () => ({ mean: 0, around: 0, missed: 0 }));
    }
    if (this.#spreads.length === outputs) return;
    const problem = 'a batch has another number of outputs than those before';
    throw new ShapeError({ op: this.name, problem, got: outputs, expected: this.#spreads.length });
  }
}

/**
 * The share of the targets' variance that the outputs explain: 1 − Σ(output − target)²/Σ(target − mean)². Of several
 * outputs a row the mean. Targets that are all the same give 1 if met and else 0; fewer than two samples give NaN.
 *
 * Shapes:   output and target [N] or [N, ...]
 * @throws ShapeError  if the shapes differ
 */
export function r2Score(output: Values, target: Values): number {
  return ofAll(new R2Score(), output, target);
}
