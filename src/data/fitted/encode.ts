/** Categories as numbers: one column a category, or one id a category. */

import { checkOptions, type OptionNames } from '../../core/options.ts';
import { ConfigError, DataError, ShapeError } from '../../errors.ts';
import { checkTensor } from '../../ops/define.ts';
import { type Tensor, wrapArray } from '../../tensor.ts';
import { checkState, fitted } from './features.ts';

/** One value of a category; null (and NaN) is what is missing, and a category like any other. */
export type Category = string | number | boolean | null;
export type Categories = ArrayLike<Category>;

function known(value: Category): Category {
  return Number.isNaN(value) ? null : value;
}

/** The distinct values: numbers, then booleans, then text, each in order; what is missing last. */
function categoriesOf(values: Categories): Category[] {
  const kind = (value: Category): number =>
    value === null ? 3 : typeof value === 'number' ? 0 : typeof value === 'boolean' ? 1 : 2;
  const below = (a: Category, b: Category): boolean => (a as number) < (b as number);
  return [...new Set(Array.from(values, known))].sort(
    (a, b) => kind(a) - kind(b) || (below(a, b) ? -1 : below(b, a) ? 1 : 0),
  );
}

function shown(value: Category): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

function placesOf(categories: readonly Category[]): ReadonlyMap<Category, number> {
  return new Map(categories.map((value, place) => [value, place]));
}

export interface OneHotEncoderState {
  readonly kind: 'OneHotEncoder';
  readonly handleUnknown: 'error' | 'ignore';
  readonly categories: readonly (readonly Category[])[];
}

export interface OneHotEncoderOptions {
  /** A value that the training part lacks is an error, or a row of zeros. Default error. */
  handleUnknown?: 'error' | 'ignore';
}

const OPTIONS: OptionNames<OneHotEncoderOptions> = { handleUnknown: true };

/** Each category of each column as a column of its own, 1 where it is met. */
export class OneHotEncoder {
  readonly #handleUnknown: 'error' | 'ignore';
  #state: OneHotEncoderState | null = null;

  /** @throws ConfigError  if there is no such policy */
  constructor(options: OneHotEncoderOptions = {}) {
    const op = 'OneHotEncoder';
    checkOptions(op, options, OPTIONS);
    const { handleUnknown = 'error' } = options;
    if (!['error', 'ignore'].includes(handleUnknown)) {
      const expected = 'error | ignore';
      throw new ConfigError({ op, problem: 'unknown policy', got: handleUnknown, expected });
    }
    this.#handleUnknown = handleUnknown;
  }

  /** The categories of each column, in the order of their columns in what `transform` gives. */
  get categories(): readonly (readonly Category[])[] {
    return fitted('OneHotEncoder', this.#state).categories;
  }

  /** Takes the categories of each column, in order. */
  fit(columns: readonly Categories[]): this {
    const categories = columns.map(categoriesOf);
    this.#state = { kind: 'OneHotEncoder', handleUnknown: this.#handleUnknown, categories };
    return this;
  }

  /**
   * Shapes: columns of N values → float32 [N, categories of all columns]
   *
   * @throws ConfigError  if nothing was fitted
   * @throws ShapeError   if there are other columns than were fitted, or they differ in length
   * @throws DataError    if a value was not there when it was fitted; names row and column
   */
  transform(columns: readonly Categories[]): Tensor {
    const op = 'OneHotEncoder.transform';
    const { categories, handleUnknown } = fitted(op, this.#state);
    const n = columns[0]?.length ?? 0;
    if (columns.length !== categories.length || columns.some(({ length }) => length !== n)) {
      throw new ShapeError({
        op,
        problem: 'not the columns that were fitted',
        got: `columns of ${columns.map(({ length }) => length).join(', ')}`,
        expected: `${categories.length} of one length`,
      });
    }
    const width = categories.reduce((sum, { length }) => sum + length, 0);
    const out = new Float32Array(n * width);
    let start = 0;
    columns.forEach((column, j) => {
      const places = placesOf(categories[j]);
      for (let i = 0; i < n; i++) {
        const place = places.get(known(column[i]));
        if (place !== undefined) out[i * width + start + place] = 1;
        else if (handleUnknown === 'error') {
          const problem = `column ${j} has a value in row ${i} that the training part lacks`;
          const expected = `one of ${categories[j].map(shown).join(', ')}`;
          const hint = "handleUnknown: 'ignore' makes a row of zeros of it";
          throw new DataError({ op, problem, got: shown(column[i]), expected, hint, index: i, column: j });
        }
      }
      start += categories[j].length;
    });
    return wrapArray(out, [n, width], 'float32');
  }

  fitTransform(columns: readonly Categories[]): Tensor {
    return this.fit(columns).transform(columns);
  }

  /** The category with the largest value in each row, by column; null where all of them are 0. */
  inverseTransform(x: Tensor): Category[][] {
    const op = 'OneHotEncoder.inverseTransform';
    const { categories } = fitted(op, this.#state);
    const width = categories.reduce((sum, { length }) => sum + length, 0);
    if (checkTensor(op, x).rank !== 2 || x.shape[1] !== width) {
      throw new ShapeError({ op, problem: 'not what transform gives', got: x.shape, expected: `[N, ${width}]` });
    }
    let start = 0;
    return categories.map((values) => {
      const from = start;
      start += values.length;
      return Array.from({ length: x.shape[0] }, (_, i) => {
        const row = Array.from(x.data.subarray(i * width + from, i * width + start));
        return row.every((value) => value === 0) ? null : values[row.indexOf(Math.max(...row))];
      });
    });
  }

  toJSON(): OneHotEncoderState {
    return fitted('OneHotEncoder.toJSON', this.#state);
  }

  /** @throws ConfigError  if the state is of something else */
  static fromJSON(state: OneHotEncoderState): OneHotEncoder {
    checkState('OneHotEncoder.fromJSON', state, 'OneHotEncoder');
    const made = new OneHotEncoder({ handleUnknown: state.handleUnknown });
    made.#state = { ...state };
    return made;
  }
}

export interface LabelEncoderState {
  readonly kind: 'LabelEncoder';
  readonly classes: readonly Category[];
}

/** Classes as ids 0 … classes − 1: what a classifier is trained on. */
export class LabelEncoder {
  #state: LabelEncoderState | null = null;

  /** The classes in the order of their ids. */
  get classes(): readonly Category[] {
    return fitted('LabelEncoder', this.#state).classes;
  }

  /** Takes the classes, in order. */
  fit(values: Categories): this {
    this.#state = { kind: 'LabelEncoder', classes: categoriesOf(values) };
    return this;
  }

  /**
   * Shapes: N values → int32 [N]
   *
   * @throws ConfigError  if nothing was fitted
   * @throws DataError    if a value was not there when it was fitted; names its place
   */
  transform(values: Categories): Tensor {
    const op = 'LabelEncoder.transform';
    const { classes } = fitted(op, this.#state);
    const places = placesOf(classes);
    const ids = Int32Array.from({ length: values.length }, (_, i) => {
      const place = places.get(known(values[i]));
      if (place !== undefined) return place;
      const expected = `one of ${classes.map(shown).join(', ')}`;
      throw new DataError({
        op,
        problem: `value ${i} is no class that was fitted`,
        got: shown(values[i]),
        expected,
        index: i,
      });
    });
    return wrapArray(ids, [ids.length], 'int32');
  }

  fitTransform(values: Categories): Tensor {
    return this.fit(values).transform(values);
  }

  /** The classes of ids. @throws DataError if an id is none */
  inverseTransform(ids: Tensor | ArrayLike<number>): Category[] {
    const op = 'LabelEncoder.inverseTransform';
    const { classes } = fitted(op, this.#state);
    return Array.from('data' in ids ? ids.data : ids, (id, i) => {
      if (Number.isInteger(id) && id >= 0 && id < classes.length) return classes[id];
      const expected = `0 to ${classes.length - 1}`;
      throw new DataError({ op, problem: `id ${i} is that of no class`, got: id, expected, index: i });
    });
  }

  toJSON(): LabelEncoderState {
    return fitted('LabelEncoder.toJSON', this.#state);
  }

  /** @throws ConfigError  if the state is of something else */
  static fromJSON(state: LabelEncoderState): LabelEncoder {
    checkState('LabelEncoder.fromJSON', state, 'LabelEncoder');
    const made = new LabelEncoder();
    made.#state = { ...state };
    return made;
  }
}
