/** CSV as tables: read as a stream by csv-parse, typed by what the columns hold. */

import type { Options as ParserOptions } from 'csv-parse';
import { checkOptions, type OptionNames } from '../../core/options.ts';
import { ConfigError, DataError } from '../../errors.ts';
import { checkCount } from '../draws.ts';
import { LONGEST_LINE, nameOf, type Source, textOf } from './bytes.ts';
import { type ColumnType, Table } from './table.ts';
import { ColumnReader, inferType } from './typed-column.ts';

export interface CsvOptions {
  /** Whether the first row names the columns, or their names. Without names they are called 0, 1, 2 … Default true. */
  header?: boolean | readonly string[];
  /** Default `,`. */
  delimiter?: string;
  /** Encloses fields that hold delimiters, line ends or itself, doubled; null for none. Default `"`. */
  quote?: string | null;
  /** Lines that begin with this are passed over. Default none. */
  comment?: string | null;
  /** The columns to keep, in this order; all of them unless given. */
  columns?: readonly string[];
  /** The types of columns; those not given are inferred. */
  types?: Readonly<Record<string, ColumnType>>;
  /** What stands for a value that is not there. Default nothing, NA, N/A, NaN, nan, NULL, null. */
  missing?: readonly string[];
  /** Rows from which types are inferred: a column of numbers alone is one of numbers. Default 1000. */
  inferRows?: number;
}

export interface StreamCsvOptions extends CsvOptions {
  /** Rows of a table at most. Default 10,000. */
  rows?: number;
}

const OPTIONS: OptionNames<CsvOptions> = {
  header: true,
  delimiter: true,
  quote: true,
  comment: true,
  columns: true,
  types: true,
  missing: true,
  inferRows: true,
};
const STREAM_OPTIONS: OptionNames<StreamCsvOptions> = { rows: true, ...OPTIONS };
const TYPES: readonly string[] = ['number', 'integer', 'boolean', 'string'] satisfies ColumnType[];
const INFER_ROWS = 1000;
const MISSING = ['', 'NA', 'N/A', 'NaN', 'nan', 'NULL', 'null'];
/** One row and the line on which it ends. */
interface Row {
  readonly line: number;
  readonly fields: readonly string[];
}

interface CsvFault {
  readonly code?: string;
  readonly lines?: number;
}

/** What csv-parse found wrong, in our words. */
function syntaxError(op: string, source: Source, cause: unknown, lastLine: number): DataError {
  if (cause instanceof DataError) return cause;
  const { code = '', lines: met } = cause as CsvFault;
  // A quote that never closes is noticed at the end of the file; it stands in the row after the last whole one.
  const lines = code === 'CSV_QUOTE_NOT_CLOSED' ? lastLine + 1 : met;
  const what: Readonly<Record<string, string>> = {
    CSV_QUOTE_NOT_CLOSED: 'a quote is opened and never closed',
    CSV_INVALID_CLOSING_QUOTE: 'something stands between a closing quote and the end of its field',
    INVALID_OPENING_QUOTE: 'a quote stands within a field that has none around it',
    CSV_MAX_RECORD_SIZE: `a row is longer than ${LONGEST_LINE} characters`,
  };
  const at = lines === undefined ? '' : `line ${lines}: `;
  const problem = `${nameOf(source)} is no CSV: ${at}${what[code] ?? (cause as Error).message}`;
  return new DataError({ op, problem, line: lines, cause });
}

/** The rows of a source, as they come with its pieces: one by one they would take as long to hand on as to parse. */
async function* rowsOf(op: string, source: Source, options: CsvOptions): AsyncGenerator<readonly Row[]> {
  const { delimiter = ',', quote = '"', comment = null } = options;
  const { parse } = await import('csv-parse');
  let line = 0;
  let ready: Row[] = [];
  const settings: ParserOptions<string[]> = {
    delimiter,
    quote: quote ?? false,
    escape: quote ?? false,
    comment: comment ?? undefined,
    comment_no_infix: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: LONGEST_LINE,
    on_record: (fields, { lines }) => {
      line = lines;
      ready.push({ line, fields });
      return null;
    },
  };
  const parser = parse(settings);
  // What is wrong comes back from the piece that it stands in.
  parser.on('error', () => undefined);
  const taken = (feed: (done: (error?: Error | null) => void) => void): Promise<void> =>
    new Promise((resolve, reject) => feed((error) => (error ? reject(error) : resolve())));
  try {
    for await (const piece of textOf(op, source)) {
      if (piece !== '') await taken((done) => parser.write(piece, done));
      yield ready;
      ready = [];
    }
    await taken((done) => parser.end(done));
    yield ready;
  } catch (cause) {
    throw syntaxError(op, source, cause, line);
  } finally {
    parser.destroy();
  }
}

function checkValues(op: string, { delimiter, quote, types = {}, inferRows = INFER_ROWS }: CsvOptions): void {
  checkCount(op, 'inferRows', inferRows, 1);
  if (delimiter === '') throw new ConfigError({ op, problem: 'the delimiter is empty' });
  if (typeof quote === 'string' && quote.length !== 1) {
    throw new ConfigError({ op, problem: 'a quote is one character', got: quote });
  }
  for (const [name, type] of Object.entries(types)) {
    if (TYPES.includes(type)) continue;
    throw new ConfigError({ op, problem: `unknown type of column ${name}`, got: type, expected: TYPES.join(' | ') });
  }
}

/** Where the columns to keep stand among those of the file. */
function placesOf(op: string, names: readonly string[], { columns = names, types = {} }: CsvOptions): number[] {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new DataError({ op, problem: 'two columns have one name', got: twice, column: twice, line: 1 });
  }
  const absent = [...columns, ...Object.keys(types)].find((name) => !names.includes(name));
  if (absent !== undefined) {
    const expected = `one of ${names.join(', ')}`;
    throw new DataError({ op, problem: 'no such column', got: absent, expected, column: absent });
  }
  return columns.map((name) => names.indexOf(name));
}

/** Rows as they come, into tables. */
class TableReader {
  /** Rows that no table has yet. */
  held = 0;
  readonly #op: string;
  readonly #source: Source;
  readonly #options: CsvOptions;
  readonly #width: number;
  readonly #names: readonly string[];
  readonly #places: readonly number[];
  readonly #missing: ReadonlySet<string>;
  #sample: Row[] = [];
  #readers: ColumnReader[] | null = null;

  constructor(op: string, source: Source, names: readonly string[], options: CsvOptions) {
    this.#op = op;
    this.#source = source;
    this.#options = options;
    this.#width = names.length;
    this.#places = placesOf(op, names, options);
    this.#names = this.#places.map((place) => names[place]);
    this.#missing = new Set(options.missing ?? MISSING);
  }

  push(row: Row): void {
    const { fields, line } = row;
    if (fields.length !== this.#width) {
      const problem = `line ${line} of ${nameOf(this.#source)} has another number of fields`;
      throw new DataError({ op: this.#op, problem, got: fields.length, expected: this.#width, line });
    }
    this.held++;
    if (this.#readers !== null) this.#read(row);
    else if (this.#sample.push(row) === (this.#options.inferRows ?? INFER_ROWS)) this.#begin();
  }

  /** The rows held, as a table. */
  take(): Table {
    this.#begin();
    this.held = 0;
    return new Table(new Map(this.#names.map((name, i) => [name, this.#readers![i].take()])));
  }

  #read({ fields, line }: Row): void {
    for (let i = 0; i < this.#places.length; i++) this.#readers![i].push(fields[this.#places[i]], line);
  }

  /** Decides on the types of the columns, by the rows that have come. */
  #begin(): void {
    if (this.#readers !== null) return;
    const { types = {} } = this.#options;
    this.#readers = this.#names.map((name, i) => {
      const given = Object.hasOwn(types, name) ? types[name] : undefined;
      const fields = this.#sample.map((row) => row.fields[this.#places[i]]);
      return new ColumnReader(
        this.#op,
        name,
        given ?? inferType(fields, this.#missing),
        given === undefined,
        this.#missing,
      );
    });
    for (const row of this.#sample) this.#read(row);
    this.#sample = [];
  }
}

async function* tablesOf(op: string, source: Source, options: CsvOptions, most: number): AsyncGenerator<Table> {
  const { header = true } = options;
  let table = typeof header === 'boolean' ? null : new TableReader(op, source, header, options);
  for await (const rows of rowsOf(op, source, options)) {
    for (const row of rows) {
      if (table === null) {
        const names = header === true ? row.fields : row.fields.map((_, i) => String(i));
        table = new TableReader(op, source, names, options);
        if (header === true) continue;
      }
      table.push(row);
      if (table.held >= most) yield table.take();
    }
  }
  if (table === null) throw new DataError({ op, problem: `${nameOf(source)} is empty: there is no row` });
  if (table.held > 0 || most === Infinity) yield table.take();
}

/**
 * A CSV file as one table. A column of numbers alone (and of missing values) is one of numbers, of true and false one of
 * booleans, any other one of text; `types` says otherwise.
 *
 * @throws DataError    if it cannot be read, is not UTF-8, has rows of different lengths or quotes that do not close, or
 *                      a field is not of its column's type; names line and column
 * @throws ConfigError  if an option is unknown or out of range
 */
export async function readCsv(source: Source, options: CsvOptions = {}): Promise<Table> {
  checkOptions('readCsv', options, OPTIONS);
  checkValues('readCsv', options);
  const { value } = await tablesOf('readCsv', source, options, Infinity).next();
  return value;
}

/**
 * The same in tables of at most `rows` rows, so that a file of any size takes little memory.
 *
 * @throws DataError    as `readCsv`, when the row at fault is met
 * @throws ConfigError  if an option is unknown or out of range
 */
export function streamCsv(source: Source, options: StreamCsvOptions = {}): AsyncGenerator<Table> {
  checkOptions('streamCsv', options, STREAM_OPTIONS);
  const { rows = 10_000, ...rest } = options;
  checkValues('streamCsv', rest);
  checkCount('streamCsv', 'rows', rows, 1);
  return tablesOf('streamCsv', source, rest, rows);
}
