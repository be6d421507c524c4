/** Parts of a data set: at random, with equal shares of each class, in folds, in order of time. Every sample once. */

import { checkOptions, type OptionNames } from '../core/options.ts';
import { ConfigError, ShapeError } from '../errors.ts';
import { Tensor } from '../tensor.ts';
import type { Collated } from './collate.ts';
import { checkDataset, type Dataset, Subset } from './dataset.ts';
import { checkCount, drawsFor, seedOf, Use } from './draws.ts';

/** The class of each sample: ids in a tensor, or values of any kind. */
export type Labels = Tensor | ArrayLike<unknown>;

export interface SplitOptions {
  /** The default generator's unless given. */
  seed?: number | bigint;
}

const SPLIT_OPTIONS: OptionNames<SplitOptions> = { seed: true };

/** Samples in each part: as given if the numbers are integers that sum to `n`, else these fractions of `n`. */
function sizesOf(op: string, parts: readonly number[], n: number): number[] {
  const sum = parts.reduce((total, part) => total + part, 0);
  const usable = parts.length > 0 && parts.every((part) => part >= 0 && part < Infinity);
  if (usable && sum === n && parts.every(Number.isInteger)) return [...parts];
  if (!usable || Math.abs(sum - 1) > 1e-9) {
    throw new ConfigError({
      op,
      problem: 'the parts do not cover the data set',
      got: parts,
      expected: `numbers of samples that sum to ${n}, or fractions that sum to 1`,
    });
  }
  // As PyTorch does: what rounding down leaves goes to the first parts, one each. A part of 0 stays empty.
  const sizes = parts.map((part) => Math.floor(part * n + 1e-9));
  const open = sizes.flatMap((_, i) => (parts[i] > 0 ? [i] : []));
  const rest = n - sizes.reduce((total, size) => total + size, 0);
  for (let i = 0; i < rest; i++) sizes[open[i % open.length]]++;
  return sizes;
}

function cut<T, B>(dataset: Dataset<T, B>, order: Int32Array, sizes: readonly number[]): Subset<T, B>[] {
  let at = 0;
  return sizes.map((size) => new Subset(dataset, order.subarray(at, (at += size))));
}

/**
 * Parts of a data set at random, of the given sizes or fractions.
 *
 * @throws ConfigError  if the sizes do not sum to its length, nor fractions to 1
 * @example
 * const [learn, validation] = randomSplit(new TensorDataset(arange(10)), [0.8, 0.2], { seed: 1 });
 * [learn.length, validation.length]; // => [ 8, 2 ]
 */
export function randomSplit<T, B = Collated<T>>(
  dataset: Dataset<T, B>,
  parts: readonly number[],
  options: SplitOptions = {},
): Subset<T, B>[] {
  checkDataset('randomSplit', dataset);
  checkOptions('randomSplit', options, SPLIT_OPTIONS);
  const sizes = sizesOf('randomSplit', parts, dataset.length);
  return cut(dataset, drawsFor(Use.split, seedOf(options.seed)).permutation(dataset.length), sizes);
}

/** The indices of each class, in order of their first sample. */
function indicesByClass(op: string, labels: Labels, n: number): number[][] {
  const values = labels instanceof Tensor ? labels.data : labels;
  if (values.length !== n) {
    throw new ShapeError({ op, problem: 'there is one label a sample', got: values.length, expected: n });
  }
  const classes = new Map<unknown, number[]>();
  for (let i = 0; i < n; i++) {
    const members = classes.get(values[i]);
    if (members === undefined) classes.set(values[i], [i]);
    else members.push(i);
  }
  return [...classes.values()];
}

/**
 * Parts of a data set at random, in each of which every class has its share of the whole, up to one sample.
 *
 * @param labels  The class of each sample.
 * @throws ConfigError  if the fractions do not sum to 1
 * @throws ShapeError   if there is not one label a sample
 */
export function stratifiedSplit<T, B = Collated<T>>(
  dataset: Dataset<T, B>,
  labels: Labels,
  parts: readonly number[],
  options: SplitOptions = {},
): Subset<T, B>[] {
  const op = 'stratifiedSplit';
  checkDataset(op, dataset);
  checkOptions(op, options, SPLIT_OPTIONS);
  const n = dataset.length;
  const sizes = sizesOf(op, parts, n);
  const draws = drawsFor(Use.split, seedOf(options.seed));
  const order = new Int32Array(n);
  let at = 0;
  for (const members of indicesByClass(op, labels, n)) {
    for (const place of draws.permutation(members.length)) order[at++] = members[place];
  }
  // Classes lie one after another; dealing them out where a part lags furthest behind its share keeps every class even.
  const dealt = sizes.map(() => [] as number[]);
  for (let i = 0; i < n; i++) {
    let [best, lag] = [-1, -Infinity];
    for (let part = 0; part < sizes.length; part++) {
      const behind = ((i + 1) * sizes[part]) / n - dealt[part].length;
      if (dealt[part].length < sizes[part] && behind > lag) [best, lag] = [part, behind];
    }
    dealt[best].push(order[i]);
  }
  return dealt.map((indices) => new Subset(dataset, shuffled(indices, draws.permutation(indices.length))));
}

function shuffled(indices: readonly number[], order: Int32Array): Int32Array {
  return order.map((place) => indices[place]);
}

/** One fold: what is trained on, and what is held out. */
export interface Fold<T, B> {
  readonly train: Subset<T, B>;
  readonly validation: Subset<T, B>;
}

export interface KFoldOptions extends SplitOptions {
  /** Folds. Default 5. */
  k?: number;
  /** Puts the samples in random order first. Default true. */
  shuffle?: boolean;
  /** The class of each sample: every fold then has its share of each, up to one sample. */
  stratify?: Labels;
}

const K_FOLD_OPTIONS: OptionNames<KFoldOptions> = { k: true, shuffle: true, stratify: true, seed: true };

/**
 * k folds; each sample is held out in exactly one.
 *
 * @throws ConfigError  if there are fewer samples than folds
 * @throws ShapeError   if there is not one label a sample
 */
export function kFold<T, B = Collated<T>>(dataset: Dataset<T, B>, options: KFoldOptions = {}): Fold<T, B>[] {
  const op = 'kFold';
  checkDataset(op, dataset);
  checkOptions(op, options, K_FOLD_OPTIONS);
  const { k = 5, shuffle = true, stratify, seed } = options;
  const n = dataset.length;
  checkCount(op, 'k', k, 2, Math.max(2, n));
  if (n < k)
    throw new ConfigError({ op, problem: 'there are fewer samples than folds', got: n, expected: `${k} or more` });
  const draws = drawsFor(Use.split, seedOf(seed));
  const groups = stratify === undefined ? [Array.from({ length: n }, (_, i) => i)] : indicesByClass(op, stratify, n);
  const foldOf = new Int32Array(n);
  if (stratify === undefined && !shuffle) {
    // In order: contiguous folds, the first ones larger by one where k does not divide n.
    const [size, longer] = [Math.floor(n / k), n % k];
    for (let i = 0; i < n; i++) {
      foldOf[i] =
        i < longer * (size + 1) ? Math.floor(i / (size + 1)) : longer + Math.floor((i - longer * (size + 1)) / size);
    }
  } else {
    // One class is dealt out where the last one stopped, so that folds differ by one sample in all.
    let dealt = 0;
    for (const members of groups) {
      const order = shuffle ? draws.permutation(members.length) : members.keys();
      for (const place of order) foldOf[members[place]] = dealt++ % k;
    }
  }
  const trainOrder = shuffle ? draws.permutation(n) : Int32Array.from({ length: n }, (_, i) => i);
  return Array.from({ length: k }, (_, fold) => ({
    train: new Subset(
      dataset,
      trainOrder.filter((i) => foldOf[i] !== fold),
    ),
    validation: new Subset(
      dataset,
      trainOrder.filter((i) => foldOf[i] === fold),
    ),
  }));
}

export interface TrainTestOptions extends SplitOptions {
  /** A fraction below 1, or a number of samples. Default 0.25. */
  testSize?: number;
  /** The class of each sample: both parts then have their share of each. */
  stratify?: Labels;
}

const TRAIN_TEST_OPTIONS: OptionNames<TrainTestOptions> = { testSize: true, stratify: true, seed: true };

/** A part to train on and a part to test on, at random. @throws ConfigError if one of them would be empty */
export function trainTestSplit<T, B = Collated<T>>(
  dataset: Dataset<T, B>,
  options: TrainTestOptions = {},
): { train: Subset<T, B>; test: Subset<T, B> } {
  checkDataset('trainTestSplit', dataset);
  checkOptions('trainTestSplit', options, TRAIN_TEST_OPTIONS);
  const { testSize = 0.25, stratify, seed } = options;
  const n = dataset.length;
  const held = testSize < 1 ? Math.ceil(testSize * n) : testSize;
  checkCount('trainTestSplit', 'testSize', held, 1, n - 1);
  const sizes = [n - held, held];
  const [train, test] =
    stratify === undefined
      ? randomSplit(dataset, sizes, { seed })
      : stratifiedSplit(dataset, stratify, sizes, { seed });
  return { train, test };
}

export interface TimeSplitOptions {
  /** Samples left out between two parts: windows that overlap share values. Default 0. */
  gap?: number;
}

const TIME_SPLIT_OPTIONS: OptionNames<TimeSplitOptions> = { gap: true };

/**
 * Parts in the order the samples have, so that what is tested on comes after what was trained on.
 *
 * @throws ConfigError  if the sizes do not sum to its length less the gaps, nor fractions to 1
 */
export function splitByTime<T, B = Collated<T>>(
  dataset: Dataset<T, B>,
  parts: readonly number[],
  options: TimeSplitOptions = {},
): Subset<T, B>[] {
  const op = 'splitByTime';
  checkDataset(op, dataset);
  checkOptions(op, options, TIME_SPLIT_OPTIONS);
  const { gap = 0 } = options;
  checkCount(op, 'gap', gap, 0);
  const room = dataset.length - gap * (parts.length - 1);
  if (room < 0) throw new ConfigError({ op, problem: 'the gaps leave nothing', got: gap });
  let at = 0;
  return sizesOf(op, parts, room).map((size) => {
    const begin = at;
    at += size + gap;
    return new Subset(
      dataset,
      Int32Array.from({ length: size }, (_, i) => begin + i),
    );
  });
}
