/** Cross-validation: how well a way of training does on samples that it did not see. */

import { inspect } from 'node:util';
import { checkOptions, type OptionNames } from '../core/options.ts';
import { formatTable } from '../core/table.ts';
import {
  type Collated,
  DataLoader,
  type Dataset,
  type Fold,
  type KFoldOptions,
  kFold,
  type Labels,
  type Subset,
  type Transform,
  trainTestSplit,
} from '../data/index.ts';
import { ConfigError } from '../errors.ts';
import { Tensor } from '../tensor.ts';
import { evaluate } from './evaluate.ts';
import { fit } from './fit.ts';
import { FIT_OPTIONS, type FitOptions } from './fit-options.ts';
import type { History } from './history.ts';
import type { Model } from './losses.ts';
import { seedFor, withSeed } from './seeds.ts';

export interface CrossValidateOptions<O, T, B>
  extends Omit<FitOptions<O, B>, 'checkpoint' | 'seed' | 'signal'>,
    KFoldOptions {
  /** Samples a batch. Default 32. */
  readonly batchSize?: number;
  /**
   * What is done to every batch, learned from the part that is trained on alone: scales, vocabularies. The part that is
   * held out goes through the same.
   */
  readonly prepare?: (train: Dataset<T, B>) => Transform<B, B> | Promise<Transform<B, B>>;
  /**
   * A part of the samples that are trained on, a fraction or a number, kept for early stopping, a target and a schedule
   * that watch the validation loss or a metric. Default: none; only the training loss can be watched then.
   */
  readonly validation?: number;
  /** Called after each fold. */
  readonly onFold?: (fold: FoldResult) => void | Promise<void>;
  /** Stop before the next batch; nothing is returned then. */
  readonly signal?: AbortSignal;
}

const { checkpoint: _, ...training } = FIT_OPTIONS;
const OPTIONS: OptionNames<CrossValidateOptions<unknown, unknown, unknown>> = {
  k: true,
  shuffle: true,
  stratify: true,
  ...training,
  batchSize: true,
  prepare: true,
  validation: true,
  onFold: true,
};

export interface FoldResult {
  /** Counted from 1. */
  readonly fold: number;
  /** Mean loss of the samples that were held out. */
  readonly loss: number;
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly history: History;
}

type Numbers = Readonly<Record<string, number>>;

/** The folds, with the mean of each measure and its sample standard deviation (over k − 1). */
export class CrossValidation {
  readonly folds: readonly FoldResult[];
  readonly mean: Numbers;
  readonly std: Numbers;

  constructor(folds: readonly FoldResult[]) {
    this.folds = folds;
    const rows = folds.map(numbersOf);
    const names = Object.keys(rows[0]);
    const meanOf = (name: string): number => rows.reduce((sum, row) => sum + row[name], 0) / rows.length;
    const mean = Object.fromEntries(names.map((name) => [name, meanOf(name)]));
    const spread = (name: string): number => rows.reduce((sum, row) => sum + (row[name] - mean[name]) ** 2, 0);
    this.mean = mean;
    this.std = Object.fromEntries(names.map((name) => [name, Math.sqrt(spread(name) / (rows.length - 1))]));
  }

  toString(): string {
    const names = Object.keys(this.mean);
    const line = (first: string, row: Numbers) => [first, ...names.map((name) => row[name])];
    const rows = this.folds.map((fold) => line(String(fold.fold), numbersOf(fold)));
    return formatTable(['fold', ...names], [...rows, line('mean', this.mean), line('std', this.std)]);
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

function numbersOf({ loss, metrics }: FoldResult): Record<string, number> {
  const numbers = Object.entries(metrics).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  return { loss, ...Object.fromEntries(numbers) };
}

/** What a fold trains on, and what of it is watched meanwhile; null without a validation part. */
function partsOf<T, B>(
  fold: Subset<T, B>,
  validation: number | undefined,
  stratify: Labels | undefined,
  seed: bigint,
): { train: Subset<T, B>; watched: Subset<T, B> | null } {
  if (validation === undefined) return { train: fold, watched: null };
  const values = stratify instanceof Tensor ? stratify.data : stratify;
  const labels = values && Array.from(fold.indices, (index) => values[index]);
  const { train, test } = trainTestSplit(fold, { testSize: validation, stratify: labels, seed });
  return { train, watched: test };
}

/**
 * Trains a new model on each choice of k − 1 out of k parts of a data set and evaluates it on the part that is left.
 *
 * The part that is held out is not seen before: neither by `prepare`, nor by early stopping, which watches the training
 * loss or, with `validation`, a part of the samples that are trained on. Fold n draws by a seed of its own, so that its result depends on the seed and n alone.
 *
 * @param makeModel  Makes a new model for each fold.
 * @param options    Those of `kFold` and of `fit`; optimizer and schedule as functions that make one.
 * @throws ConfigError  for options that do not fit
 * @throws the signal's reason, if it was aborted
 */
export async function crossValidate<O, T, B = Collated<T>>(
  makeModel: () => Model<O>,
  dataset: Dataset<T, B>,
  options: CrossValidateOptions<O, T, B>,
): Promise<CrossValidation> {
  const op = 'crossValidate';
  checkOptions(op, options, OPTIONS);
  const { k, shuffle, stratify, seed = 0, batchSize = 32, prepare, validation, onFold, signal, ...training } = options;
  const monitor = training.earlyStopping?.monitor ?? 'trainLoss';
  if (validation === undefined && monitor !== 'trainLoss') {
    throw new ConfigError({
      op,
      problem: 'the samples that are held out must not be watched',
      got: monitor,
      expected: 'trainLoss',
      hint: 'keep a part of the training samples for it by `validation`',
    });
  }
  for (const name of ['optimizer', 'schedule'] as const) {
    if (training[name] === undefined || typeof training[name] === 'function') continue;
    const problem = `every fold has a model of its own, so \`${name}\` must be a function that makes one`;
    throw new ConfigError({ op, problem, got: training[name] });
  }
  const folds: FoldResult[] = [];
  const runFold = async (fold: Fold<T, B>, foldSeed: bigint): Promise<Omit<FoldResult, 'fold'>> => {
    const { train, watched } = partsOf(fold.train, validation, stratify, foldSeed);
    const transform = await prepare?.(train);
    const loaderOf = (part: Dataset<T, B>, shuffled: boolean) =>
      new DataLoader(part, { batchSize, shuffle: shuffled, seed: foldSeed, transform }) as DataLoader<T, B, B>;
    const model = makeModel();
    const data = { train: loaderOf(train, true), validation: watched === null ? undefined : loaderOf(watched, false) };
    const measured = watched === null ? undefined : training.metrics;
    const history = await fit(model, data, { ...training, metrics: measured, signal });
    signal?.throwIfAborted();
    const held = loaderOf(fold.validation, false);
    const { loss, step, metrics, sampleAxis } = training;
    const result = await evaluate(model, held, { loss, step, metrics, sampleAxis, signal });
    return { loss: result.loss!, metrics: result.metrics, history };
  };
  for (const [i, fold] of kFold(dataset, { k, shuffle, stratify, seed }).entries()) {
    const foldSeed = seedFor(seed, i);
    const result = { fold: i + 1, ...(await withSeed(foldSeed, () => runFold(fold, foldSeed))) };
    folds.push(result);
    await onFold?.(result);
  }
  return new CrossValidation(folds);
}
