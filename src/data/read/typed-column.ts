/** Columns of a table out of the text of their fields. */

import { DataError } from '../../errors.ts';
import type { Column, ColumnType } from './table.ts';

const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/;
const INFINITE = /^\s*([+-]?)inf(inity)?\s*$/i;
const BOOLEAN = /^\s*(true|false)\s*$/i;

/** The number that a field writes; NaN if it writes none. */
function numberOf(text: string): number {
  if (NUMBER.test(text)) return Number(text);
  const infinite = INFINITE.exec(text);
  return infinite === null ? NaN : infinite[1] === '-' ? -Infinity : Infinity;
}

/** A column that grows row by row. */
export class ColumnReader {
  readonly #op: string;
  readonly #name: string;
  readonly #type: ColumnType;
  readonly #inferred: boolean;
  readonly #missing: ReadonlySet<string>;
  #numbers = new Float64Array(1024);
  #others: (string | boolean | null)[] = [];
  #length = 0;

  constructor(op: string, name: string, type: ColumnType, inferred: boolean, missing: ReadonlySet<string>) {
    this.#op = op;
    this.#name = name;
    this.#type = type;
    this.#inferred = inferred;
    this.#missing = missing;
  }

  push(text: string, line: number): void {
    const type = this.#type;
    const missing = this.#missing.has(text);
    if (type === 'string') this.#others.push(missing ? null : text);
    else if (type === 'boolean') {
      if (!missing && !BOOLEAN.test(text)) throw this.#misfit(text, line, 'true or false');
      this.#others.push(missing ? null : text.trim().toLowerCase() === 'true');
    } else {
      const value = missing ? NaN : numberOf(text);
      if (Number.isNaN(value) && !missing) throw this.#misfit(text, line, 'a number');
      if (type === 'integer' && (value | 0) !== value) throw this.#misfit(text, line, 'an integer of 32 bits');
      if (this.#length === this.#numbers.length) {
        const longer = new Float64Array(2 * this.#length);
        longer.set(this.#numbers);
        this.#numbers = longer;
      }
      this.#numbers[this.#length] = value;
    }
    this.#length++;
  }

  /** What was pushed since it was last taken. */
  take(): Column {
    const length = this.#length;
    this.#length = 0;
    if (this.#type === 'number') return this.#numbers.slice(0, length);
    if (this.#type === 'integer') return Int32Array.from(this.#numbers.subarray(0, length));
    const others = this.#others;
    this.#others = [];
    return others as Column;
  }

  #misfit(got: string, line: number, expected: string): DataError {
    const wrong = this.#inferred ? 'not what the rows before it hold' : `not of type ${this.#type}`;
    return new DataError({
      op: this.#op,
      problem: `line ${line}, column ${this.#name}: ${wrong}`,
      got: JSON.stringify(got.slice(0, 80)),
      expected,
      hint: this.#inferred
        ? `give its type: types: { ${JSON.stringify(this.#name)}: 'string' }`
        : 'name what is missing in `missing`',
      line,
      column: this.#name,
    });
  }
}

/** The narrowest type of these fields: numbers before booleans before text. */
export function inferType(fields: readonly string[], missing: ReadonlySet<string>): ColumnType {
  const present = fields.filter((field) => !missing.has(field));
  if (present.every((field) => !Number.isNaN(numberOf(field)))) return 'number';
  return present.every((field) => BOOLEAN.test(field)) ? 'boolean' : 'string';
}
