/** Metrics of the probabilities that targets were given: log loss, perplexity, bits per character. */

import { checkOptions } from '../core/options.ts';
import { ConfigError } from '../errors.ts';
import { AverageMetric, type Counted, ofAll } from './average.ts';
import { flat, readScores, type Values } from './values.ts';

export interface LogLossOptions {
  /** The outputs are logits. By default they are probabilities. */
  readonly fromLogits?: boolean;
}

/** How far the probabilities of a row may be from 1 in sum. */
const SUM_TOLERANCE = 1e-3;

/** log Σ eˣ of a row. */
function logSumExp(data: ArrayLike<number>, from: number, n: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < n; c++) largest = Math.max(largest, data[from + c]);
  let sum = 0;
  for (let c = 0; c < n; c++) sum += Math.exp(data[from + c] - largest);
  return largest + Math.log(sum);
}

/** −log of the probability of each target, from logits. */
function nllOfLogits(data: ArrayLike<number>, classes: number, i: number, id: number): number {
  if (classes > 1) return logSumExp(data, i * classes, classes) - data[i * classes + id];
  const x = id === 1 ? -data[i] : data[i];
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

function nllOfProbabilities(data: ArrayLike<number>, classes: number, i: number, id: number, eps: number): number {
  let sum = 1;
  let p = id === 1 ? data[i] : 1 - data[i];
  if (classes > 1) {
    sum = 0;
    for (let c = 0; c < classes; c++) sum += data[i * classes + c];
    p = data[i * classes + id];
  }
  if (!(p >= 0 && p <= 1 + SUM_TOLERANCE && Math.abs(sum - 1) <= SUM_TOLERANCE)) {
    throw new ConfigError({
      op: 'logLoss',
      problem:
        classes > 1 ? 'probabilities of a row lie between 0 and 1 and sum to 1' : 'probabilities lie between 0 and 1',
      got: classes > 1 ? `a sum of ${sum}` : data[i],
      hint: 'fromLogits takes logits',
    });
  }
  return -Math.log(Math.min(Math.max(p / sum, eps), 1 - eps));
}

/** `logLoss`, fed batch by batch. */
export class LogLoss extends AverageMetric {
  readonly name: string = 'logLoss';
  readonly fromLogits: boolean;

  constructor(options: LogLossOptions = {}) {
    super();
    checkOptions('logLoss', options, { fromLogits: true });
    this.fromLogits = options.fromLogits ?? false;
  }

  protected measure(output: Values, target: Values): Counted {
    const { data, classes, target: ids } = readScores(this.name, output, target);
    const eps = data instanceof Float32Array ? 2 ** -23 : 2 ** -52;
    let sum = 0;
    for (let i = 0; i < ids.length; i++) {
      sum += this.fromLogits
        ? nllOfLogits(data, classes, i, ids[i])
        : nllOfProbabilities(data, classes, i, ids[i], eps);
    }
    return { sum, count: ids.length };
  }
}

/**
 * The mean of −log of the probability that each target was given, in nats. Probabilities are held one rounding error
 * away from 0 and 1, as scikit-learn does.
 *
 * Shapes:   output [..., C] (or [...], the probability of class 1), target [...]
 * @throws ShapeError   if the shapes do not fit
 * @throws ConfigError  if probabilities are none, or a target is no class
 */
export function logLoss(output: Values, target: Values, options: LogLossOptions = {}): number {
  return ofAll(new LogLoss(options), output, target);
}

export interface PerplexityOptions {
  /** The target that counts for nothing. Default −100. */
  readonly ignoreIndex?: number;
}

/** The mean cross-entropy of logits and what it stands for. */
abstract class CrossEntropyMetric extends AverageMetric {
  readonly ignoreIndex: number;

  constructor(options: PerplexityOptions = {}) {
    super();
    checkOptions(new.target.name, options, { ignoreIndex: true });
    this.ignoreIndex = options.ignoreIndex ?? -100;
  }

  protected measure(output: Values, target: Values): Counted {
    const { data, shape } = flat(this.name, target);
    const ignored = Array.from(data, (id) => id === this.ignoreIndex);
    const kept = Int32Array.from(data, (id, i) => (ignored[i] ? 0 : id));
    const scores = flat(this.name, output);
    const { classes } = readScores(this.name, scores, { data: kept, shape, kind: 'integers' });
    let [sum, count] = [0, 0];
    for (let i = 0; i < kept.length; i++) {
      if (ignored[i]) continue;
      sum += nllOfLogits(scores.data, classes, i, kept[i]);
      count++;
    }
    return { sum, count };
  }
}

/** `perplexity`, fed batch by batch. */
export class Perplexity extends CrossEntropyMetric {
  readonly name: string = 'perplexity';
  protected override finish(mean: number): number {
    return Math.exp(mean);
  }
}

/** `bitsPerCharacter`, fed batch by batch. */
export class BitsPerCharacter extends CrossEntropyMetric {
  readonly name: string = 'bitsPerCharacter';
  protected override finish(mean: number): number {
    return mean / Math.LN2;
  }
}

/**
 * e to the mean cross-entropy: among how many equally likely next tokens a model is as unsure.
 *
 * Shapes:   logits [..., C], target [...]
 * @throws ShapeError   if the shapes do not fit
 * @throws ConfigError  if a target is no class, or a logit is NaN
 */
export function perplexity(logits: Values, target: Values, options: PerplexityOptions = {}): number {
  return ofAll(new Perplexity(options), logits, target);
}

/** The mean cross-entropy in bits; shapes and errors as `perplexity`. */
export function bitsPerCharacter(logits: Values, target: Values, options: PerplexityOptions = {}): number {
  return ofAll(new BitsPerCharacter(options), logits, target);
}
