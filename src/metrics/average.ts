/** Metrics that are the mean of something over all samples, or a function of that mean. */

import type { MergeableMetric } from './metric.ts';
import type { Values } from './values.ts';

/** A sum over samples, and how many they are. */
export interface Counted {
  readonly sum: number;
  readonly count: number;
}

/** Keeps a sum and a count, whatever passes by. */
export abstract class AverageMetric implements MergeableMetric<number> {
  abstract readonly name: string;
  #sum = 0;
  #count = 0;

  /** What one batch comes to. */
  protected abstract measure(output: Values, target: Values): Counted;

  /** What the mean stands for. */
  protected finish(mean: number): number {
    return mean;
  }

  update(output: Values, target: Values): void {
    const { sum, count } = this.measure(output, target);
    this.#sum += sum;
    this.#count += count;
  }

  /** NaN before the first update. */
  compute(): number {
    return this.finish(this.#sum / this.#count);
  }

  merge(other: this): void {
    this.#sum += other.#sum;
    this.#count += other.#count;
  }

  reset(): void {
    this.#sum = 0;
    this.#count = 0;
  }
}

/** A metric of everything at once, by its streaming form. */
export function ofAll<R>(
  metric: { update(output: Values, target: Values): void; compute(): R },
  output: Values,
  target: Values,
): R {
  metric.update(output, target);
  return metric.compute();
}
