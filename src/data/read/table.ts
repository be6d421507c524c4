/** Tables: columns of one type each, under names. */

import type { DType } from '../../core/dtype.ts';
import { DataError, DTypeError } from '../../errors.ts';
import { tensor } from '../../ops/create.ts';
import type { Tensor } from '../../tensor.ts';

/** What a column may hold; a missing value is NaN among numbers, null among the others, and none among integers. */
export type ColumnType = 'number' | 'integer' | 'boolean' | 'string';
export type Column = Float64Array | Int32Array | readonly (boolean | null)[] | readonly (string | null)[];
export type Cell = number | boolean | string | null;

function isNumeric(column: Column): column is Float64Array | Int32Array {
  return column instanceof Float64Array || column instanceof Int32Array;
}

function isMissing(cell: Cell): boolean {
  return cell === null || Number.isNaN(cell);
}

/** Rows and named columns, held by column. Nothing changes a table; what selects makes another. */
export class Table {
  readonly names: readonly string[];
  /** Rows. */
  readonly length: number;
  readonly #columns: ReadonlyMap<string, Column>;

  /** @throws DataError  if the columns differ in length */
  constructor(columns: Readonly<Record<string, Column>> | ReadonlyMap<string, Column>) {
    this.#columns = columns instanceof Map ? new Map(columns) : new Map(Object.entries(columns));
    this.names = [...this.#columns.keys()];
    const lengths = [...this.#columns.values()].map(({ length }) => length);
    this.length = lengths[0] ?? 0;
    if (lengths.some((length) => length !== this.length)) {
      throw new DataError({ op: 'Table', problem: 'the columns differ in length', got: lengths });
    }
  }

  /** @throws DataError  if there is no such column */
  column(name: string): Column {
    const found = this.#columns.get(name);
    if (found !== undefined) return found;
    const expected = `one of ${this.names.join(', ')}`;
    throw new DataError({ op: 'column', problem: 'no such column', got: name, expected, column: name });
  }

  /** One row, by name. */
  row(index: number): Record<string, Cell> {
    return Object.fromEntries(this.names.map((name) => [name, this.column(name)[index]]));
  }

  /** The rows at these places, or those for which a test of row and place holds, in a table of their own. */
  select(rows: ArrayLike<number> | ((row: Record<string, Cell>, index: number) => boolean)): Table {
    const places =
      typeof rows === 'function'
        ? Array.from({ length: this.length }, (_, i) => i).filter((i) => rows(this.row(i), i))
        : Array.from(rows);
    const wrong = places.find((i) => !Number.isInteger(i) || i < 0 || i >= this.length);
    if (wrong !== undefined) {
      throw new DataError({ op: 'select', problem: 'no such row', got: wrong, expected: `0 to ${this.length - 1}` });
    }
    const pick = (column: Column): Column => {
      if (isNumeric(column))
        return column instanceof Int32Array
          ? Int32Array.from(places, (i) => column[i])
          : Float64Array.from(places, (i) => column[i]);
      return places.map((i) => column[i]) as Column;
    };
    return new Table(new Map(this.names.map((name) => [name, pick(this.column(name))])));
  }

  /** The rows that lack no value, in all columns or in the named ones. */
  dropMissing(names: readonly string[] = this.names): Table {
    const columns = names.map((name) => this.column(name));
    return this.select(
      Array.from({ length: this.length }, (_, i) => i).filter((i) => columns.every((column) => !isMissing(column[i]))),
    );
  }

  /**
   * The named columns of numbers and booleans side by side, [rows, columns]; all of them unless named. Missing numbers are NaN.
   *
   * @throws DTypeError  if a named column holds text
   * @throws DataError   if there is no such column, or a boolean is missing
   */
  tensor(names?: readonly string[], { dtype = 'float32' }: { dtype?: DType } = {}): Tensor {
    const op = 'tensor';
    const isText = (column: Column): boolean => !isNumeric(column) && column.some((cell) => typeof cell === 'string');
    const chosen = names ?? this.names.filter((name) => !isText(this.column(name)));
    const values = new Float64Array(this.length * chosen.length);
    chosen.forEach((name, j) => {
      const column = this.column(name);
      for (let i = 0; i < this.length; i++) {
        const cell: Cell = column[i];
        if (typeof cell === 'string') {
          throw new DTypeError({
            op,
            problem: `column ${name} holds text`,
            got: cell,
            hint: 'OneHotEncoder and LabelEncoder make numbers of it',
          });
        }
        if (cell === null) {
          throw new DataError({ op, problem: `column ${name} lacks a value in row ${i}`, index: i, column: name });
        }
        values[i * chosen.length + j] = Number(cell);
      }
    });
    return tensor(values, { shape: [this.length, chosen.length], dtype });
  }
}
