/** Numbers brought to one scale, by figures that are taken of the training part and kept. */

import { checkOptions, type OptionNames } from '../../core/options.ts';
import { ConfigError } from '../../errors.ts';
import type { Tensor } from '../../tensor.ts';
import { checkState, FEATURE_OPTIONS, type FeatureOptions, fitted, mapFeatures, valuesByFeature } from './features.ts';

/** Missing values are NaN: left out of what is fitted, and left as they are. */
export interface StandardScalerState {
  readonly kind: 'StandardScaler';
  readonly featureAxis: number;
  readonly mean: readonly number[];
  readonly scale: readonly number[];
}

/**
 * Each feature less its mean, divided by its standard deviation (over n, not n − 1). A feature that never varies is
 * only shifted.
 */
export class StandardScaler {
  readonly #featureAxis: number;
  #state: StandardScalerState | null = null;

  constructor(options: FeatureOptions = {}) {
    checkOptions('StandardScaler', options, FEATURE_OPTIONS);
    this.#featureAxis = options.featureAxis ?? -1;
  }

  get mean(): readonly number[] {
    return fitted('StandardScaler', this.#state).mean;
  }

  /** The standard deviations; 1 for a feature that never varies. */
  get scale(): readonly number[] {
    return fitted('StandardScaler', this.#state).scale;
  }

  /**
   * Takes mean and deviation of each feature, in float64.
   *
   * @throws DataError  if a value is infinite, or a feature has none
   */
  fit(x: Tensor): this {
    const features = valuesByFeature('StandardScaler.fit', x, this.#featureAxis);
    const mean = features.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
    const scale = features.map((values, j) => {
      const variance = values.reduce((sum, value) => sum + (value - mean[j]) ** 2, 0) / values.length;
      // What a constant feature differs from its own mean by is rounding.
      const rounding = values.length * Number.EPSILON * Math.abs(mean[j]);
      return Math.sqrt(variance) > rounding ? Math.sqrt(variance) : 1;
    });
    this.#state = { kind: 'StandardScaler', featureAxis: this.#featureAxis, mean, scale };
    return this;
  }

  /** @throws ConfigError if nothing was fitted @throws ShapeError if there are other features */
  transform(x: Tensor): Tensor {
    const { mean, scale, featureAxis } = fitted('StandardScaler.transform', this.#state);
    const as = { count: mean.length, featureAxis };
    return mapFeatures('StandardScaler.transform', x, as, (value, j) => (value - mean[j]) / scale[j]);
  }

  fitTransform(x: Tensor): Tensor {
    return this.fit(x).transform(x);
  }

  /** What `transform` undid, in the units it had. @throws as `transform` */
  inverseTransform(x: Tensor): Tensor {
    const { mean, scale, featureAxis } = fitted('StandardScaler.inverseTransform', this.#state);
    const as = { count: mean.length, featureAxis };
    return mapFeatures('StandardScaler.inverseTransform', x, as, (value, j) => value * scale[j] + mean[j]);
  }

  toJSON(): StandardScalerState {
    return fitted('StandardScaler.toJSON', this.#state);
  }

  /** @throws ConfigError  if the state is of something else */
  static fromJSON(state: StandardScalerState): StandardScaler {
    checkState('StandardScaler.fromJSON', state, 'StandardScaler');
    const made = new StandardScaler({ featureAxis: state.featureAxis });
    made.#state = { ...state };
    return made;
  }
}

export interface MinMaxScalerState {
  readonly kind: 'MinMaxScaler';
  readonly featureAxis: number;
  readonly range: readonly [number, number];
  readonly clip: boolean;
  readonly min: readonly number[];
  readonly max: readonly number[];
}

export interface MinMaxScalerOptions extends FeatureOptions {
  /** What the smallest and the largest value of the training part become. Default [0, 1]. */
  range?: readonly [number, number];
  /** Keeps values beyond those within the range. Default false. */
  clip?: boolean;
}

const MIN_MAX_OPTIONS: OptionNames<MinMaxScalerOptions> = { range: true, clip: true, ...FEATURE_OPTIONS };

/** Each feature stretched so that the training part fills a range. A feature that never varies goes to its lower end. */
export class MinMaxScaler {
  readonly #featureAxis: number;
  readonly #range: readonly [number, number];
  readonly #clip: boolean;
  #state: MinMaxScalerState | null = null;

  /** @throws ConfigError  if the range is none */
  constructor(options: MinMaxScalerOptions = {}) {
    const op = 'MinMaxScaler';
    checkOptions(op, options, MIN_MAX_OPTIONS);
    const { range = [0, 1], clip = false, featureAxis = -1 } = options;
    if (!(range[0] < range[1])) throw new ConfigError({ op, problem: 'the range is empty', got: range });
    this.#range = range;
    this.#clip = clip;
    this.#featureAxis = featureAxis;
  }

  get min(): readonly number[] {
    return fitted('MinMaxScaler', this.#state).min;
  }

  get max(): readonly number[] {
    return fitted('MinMaxScaler', this.#state).max;
  }

  /** Takes the smallest and the largest value of each feature. @throws DataError as StandardScaler's */
  fit(x: Tensor): this {
    const features = valuesByFeature('MinMaxScaler.fit', x, this.#featureAxis);
    const min = features.map((values) => values.reduce((least, value) => Math.min(least, value)));
    const max = features.map((values) => values.reduce((most, value) => Math.max(most, value)));
    const [range, clip, featureAxis] = [this.#range, this.#clip, this.#featureAxis];
    this.#state = { kind: 'MinMaxScaler', featureAxis, range, clip, min, max };
    return this;
  }

  /** @throws ConfigError if nothing was fitted @throws ShapeError if there are other features */
  transform(x: Tensor): Tensor {
    const { min, max, range, clip, featureAxis } = fitted('MinMaxScaler.transform', this.#state);
    const [low, high] = range;
    return mapFeatures('MinMaxScaler.transform', x, { count: min.length, featureAxis }, (value, j) => {
      const part = (value - min[j]) / (max[j] > min[j] ? max[j] - min[j] : 1);
      const scaled = low + part * (high - low);
      return clip ? Math.min(high, Math.max(low, scaled)) : scaled;
    });
  }

  fitTransform(x: Tensor): Tensor {
    return this.fit(x).transform(x);
  }

  /** What `transform` undid, in the units it had. @throws as `transform` */
  inverseTransform(x: Tensor): Tensor {
    const { min, max, range, featureAxis } = fitted('MinMaxScaler.inverseTransform', this.#state);
    const [low, high] = range;
    return mapFeatures('MinMaxScaler.inverseTransform', x, { count: min.length, featureAxis }, (value, j) => {
      return min[j] + ((value - low) / (high - low)) * (max[j] > min[j] ? max[j] - min[j] : 1);
    });
  }

  toJSON(): MinMaxScalerState {
    return fitted('MinMaxScaler.toJSON', this.#state);
  }

  /** @throws ConfigError  if the state is of something else */
  static fromJSON(state: MinMaxScalerState): MinMaxScaler {
    checkState('MinMaxScaler.fromJSON', state, 'MinMaxScaler');
    const { range, clip, featureAxis } = state;
    const made = new MinMaxScaler({ range, clip, featureAxis });
    made.#state = { ...state };
    return made;
  }
}

export interface SimpleImputerState {
  readonly kind: 'SimpleImputer';
  readonly featureAxis: number;
  readonly fill: readonly number[];
}

export interface SimpleImputerOptions extends FeatureOptions {
  /** What takes the place of a missing value. Default the feature's mean. */
  strategy?: 'mean' | 'median' | 'mostFrequent' | 'constant';
  /** For `constant`. Default 0. */
  fillValue?: number;
}

const IMPUTER_OPTIONS: OptionNames<SimpleImputerOptions> = { strategy: true, fillValue: true, ...FEATURE_OPTIONS };

const FILLS: Readonly<Record<string, (values: Float64Array) => number>> = {
  mean: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  median(values) {
    const sorted = values.slice().sort();
    const middle = sorted.length >> 1;
    return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  },
  mostFrequent(values) {
    const counts = new Map<number, number>();
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    // Of those that come equally often, the smallest.
    return [...counts].reduce((best, next) =>
      next[1] > best[1] || (next[1] === best[1] && next[0] < best[0]) ? next : best,
    )[0];
  },
};

/** Puts a figure of the training part in the place of missing values (NaN). */
export class SimpleImputer {
  readonly #featureAxis: number;
  readonly #strategy: string;
  readonly #fillValue: number;
  #state: SimpleImputerState | null = null;

  /** @throws ConfigError  if there is no such strategy */
  constructor(options: SimpleImputerOptions = {}) {
    const op = 'SimpleImputer';
    checkOptions(op, options, IMPUTER_OPTIONS);
    const { strategy = 'mean', fillValue = 0, featureAxis = -1 } = options;
    if (strategy !== 'constant' && !Object.hasOwn(FILLS, strategy)) {
      const expected = [...Object.keys(FILLS), 'constant'].join(' | ');
      throw new ConfigError({ op, problem: 'unknown strategy', got: strategy, expected });
    }
    this.#strategy = strategy;
    this.#fillValue = fillValue;
    this.#featureAxis = featureAxis;
  }

  /** What takes the place of a missing value, by feature. */
  get fill(): readonly number[] {
    return fitted('SimpleImputer', this.#state).fill;
  }

  /** Takes the figure of each feature. @throws DataError as StandardScaler's */
  fit(x: Tensor): this {
    const features = valuesByFeature('SimpleImputer.fit', x, this.#featureAxis);
    const fill = features.map((values) =>
      this.#strategy === 'constant' ? this.#fillValue : FILLS[this.#strategy](values),
    );
    this.#state = { kind: 'SimpleImputer', featureAxis: this.#featureAxis, fill };
    return this;
  }

  /** @throws ConfigError if nothing was fitted @throws ShapeError if there are other features */
  transform(x: Tensor): Tensor {
    const { fill, featureAxis } = fitted('SimpleImputer.transform', this.#state);
    const as = { count: fill.length, featureAxis };
    return mapFeatures('SimpleImputer.transform', x, as, (value, j) => (Number.isNaN(value) ? fill[j] : value));
  }

  fitTransform(x: Tensor): Tensor {
    return this.fit(x).transform(x);
  }

  toJSON(): SimpleImputerState {
    return fitted('SimpleImputer.toJSON', this.#state);
  }

  /** @throws ConfigError  if the state is of something else */
  static fromJSON(state: SimpleImputerState): SimpleImputer {
    checkState('SimpleImputer.fromJSON', state, 'SimpleImputer');
    const made = new SimpleImputer({ featureAxis: state.featureAxis });
    made.#state = { ...state };
    return made;
  }
}
