import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CsvOptions, readCsv, streamCsv, Table } from '../../../src/data/index.ts';
import { ConfigError, DataError, DTypeError } from '../../../src/errors.ts';
import { temporaryFolder } from '../../io/folder.ts';
import { dataFile } from '../../support/data.ts';

const read = (text: string, options?: CsvOptions) => readCsv([text], options);

async function refusal(text: string, options?: CsvOptions): Promise<Error> {
  try {
    await read(text, options);
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

function columnsOf(table: Table): Record<string, unknown> {
  return Object.fromEntries(table.names.map((name) => [name, [...table.column(name)]]));
}

describe('readCsv', () => {
  test('types are inferred, missing values kept as such', async () => {
    const table = await read('a,b,c,d\n1,x,true,\n-2.5e3,"y, ""z""",False,NA\n,NA,,\n');
    expect(columnsOf(table)).toEqual({
      a: [1, -2500, NaN],
      b: ['x', 'y, "z"', null],
      c: [true, false, null],
      d: [NaN, NaN, NaN],
    });
    expect(table.length).toBe(3);
  });

  test('numbers are written in many ways; what only begins as one is text', async () => {
    const table = await read('a,b\n +1. ,1 2\n.5,0x10\n-inf,1e\nInfinity,1\n');
    expect(columnsOf(table)).toEqual({ a: [1, 0.5, -Infinity, Infinity], b: ['1 2', '0x10', '1e', '1'] });
  });

  test('types are given', async () => {
    const table = await read('a,b,c\n1,2,007\n-3,4,NA\n', { types: { a: 'integer', c: 'string' } });
    expect(table.column('a')).toEqual(Int32Array.of(1, -3));
    expect(table.column('c')).toEqual(['007', null]);
  });

  test.each<[string, string, CsvOptions, object]>([
    ['names given', '1,2\n', { header: ['x', 'y'] }, { x: [1], y: [2] }],
    ['no names', '1,2\n', { header: false }, { 0: [1], 1: [2] }],
    ['a delimiter', 'a;b\n1;"2;3"\n', { delimiter: ';' }, { a: [1], b: ['2;3'] }],
    ['tabs', 'a\tb\n1\t2', { delimiter: '\t' }, { a: [1], b: [2] }],
    ['another quote', "a,b\n1,'2,''3'\n", { quote: "'" }, { a: [1], b: ["2,'3"] }],
    ['no quotes', 'a,b\n1,"2\n', { quote: null }, { a: [1], b: ['"2'] }],
    ['comments', '# made by hand\na,b\n# none\n1,2#3\n', { comment: '#' }, { a: [1], b: ['2#3'] }],
    ['columns in another order', 'a,b,c\n1,2,3\n', { columns: ['c', 'a'] }, { c: [3], a: [1] }],
    ['other missing values', 'a,b\n?,NA\n1,x\n', { missing: ['?'] }, { a: [NaN, 1], b: ['NA', 'x'] }],
    ['Windows line ends, empty lines, a byte-order mark', '\ufeffa,b\r\n1,2\r\n\r\n3,4', {}, { a: [1, 3], b: [2, 4] }],
    ['line ends in quotes', 'a,b\n"x\ny",1\n', {}, { a: ['x\ny'], b: [1] }],
    ['a header alone', 'a,b\n', {}, { a: [], b: [] }],
  ])('%s', async (_, text, options, columns) => {
    expect(columnsOf(await read(text, options))).toEqual(columns);
  });

  test('the content comes in pieces of any size, from a path or a stream, gzip’d or not', async () => {
    const text = 'näme,b\n"ü, x",2\n"é",4\n';
    const bytes = Buffer.from(text);
    const expected = { näme: ['ü, x', 'é'], b: [2, 4] };
    const path = join(temporaryFolder(), 'a.csv.gz');
    writeFileSync(path, gzipSync(bytes));
    const pieces = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
    for (const source of [pieces, Readable.from(pieces), bytes, path, gzipSync(bytes)]) {
      expect(columnsOf(await readCsv(source))).toEqual(expected);
    }
  });

  test.each<[string, string, CsvOptions, RegExp, { line?: number; column?: string }]>([
    [
      'a short row',
      'a,b\n1,2\n3\n',
      {},
      /line 3 of the data has another number of fields: got 1, expected 2/,
      { line: 3 },
    ],
    ['a long row', 'a,b\n1,2,3\n', {}, /got 3, expected 2/, { line: 2 }],
    ['a quote that never closes', 'a,b\n1,"2\n3,4\n', {}, /line 2: a quote is opened and never closed/, { line: 2 }],
    ['text behind a quote', 'a,b\n"1"x,2\n', {}, /between a closing quote and the end/, { line: 2 }],
    ['a quote within a field', 'a,b\n1"2,3\n', {}, /a quote stands within a field/, { line: 2 }],
    ['no row', '', {}, /the data is empty: there is no row/, {}],
    ['one name twice', 'a,a\n1,2\n', {}, /two columns have one name: got a/, { column: 'a' }],
    [
      'a column that is not there',
      'a\n1\n',
      { columns: ['b'] },
      /no such column: got b, expected one of a/,
      { column: 'b' },
    ],
    ['a type of one that is not', 'a\n1\n', { types: { b: 'number' } }, /no such column: got b/, { column: 'b' }],
    [
      'a field of another type',
      'a\n1\nx\n',
      { types: { a: 'number' } },
      /line 3, column a: not of type number: got "x"/,
      { line: 3, column: 'a' },
    ],
    [
      'a fraction',
      'a\n1.5\n',
      { types: { a: 'integer' } },
      /not of type integer: got "1\.5", expected an integer of 32 bits/,
      { line: 2 },
    ],
    ['a missing integer', 'a\nNA\n', { types: { a: 'integer' } }, /not of type integer: got "NA"/, { line: 2 }],
    [
      'what was inferred from too few rows',
      'a\n1\nx\n',
      { inferRows: 1 },
      /line 3, .*the rows before it hold.*types: \{ "a": 'string' \}/,
      { line: 3 },
    ],
  ])('refuses %s', async (_, text, options, message, place) => {
    const error = await refusal(text, options);
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toMatch(message);
    expect(error).toMatchObject(place);
  });

  test('refuses files that are not there, and no UTF-8', async () => {
    await expect(readCsv('/nowhere/a.csv')).rejects.toThrow(/no such file: \/nowhere\/a\.csv/);
    await expect(readCsv(temporaryFolder())).rejects.toThrow(/is a folder/);
    await expect(readCsv(Uint8Array.of(0x61, 0xff, 0x0a))).rejects.toThrow(
      /is not UTF-8 somewhere between bytes 0 and 3/,
    );
    const damaged = gzipSync('a,b\n1,2\n');
    damaged[12] ^= 0xff;
    await expect(readCsv(damaged)).rejects.toThrow(DataError);
  });

  test.each<[CsvOptions, RegExp]>([
    [{ delimiter: '' }, /delimiter is empty/],
    [{ quote: '""' }, /a quote is one character/],
    [{ inferRows: 0 }, /inferRows/],
    [{ types: { a: 'float' as 'number' } }, /unknown type of column a: got float/],
    [{ separator: ';' } as CsvOptions, /unknown option: got separator/],
  ])('refuses the options %j', async (options, message) => {
    const error = await refusal('a\n1\n', options);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toMatch(message);
  });

  test('any table of text comes back as it was written', async () => {
    const field = fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', '\n', '\r\n', ' ', '1', '#'), maxLength: 6 });
    const tables = fc
      .integer({ min: 2, max: 4 })
      .chain((width) =>
        fc.array(fc.array(field, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }),
      );
    await fc.assert(
      fc.asyncProperty(tables, async (rows) => {
        const names = rows[0].map((_, i) => `c${i}`);
        const text = [names, ...rows]
          .map((row) => row.map((value) => `"${value.replaceAll('"', '""')}"`).join())
          .join('\n');
        const types = Object.fromEntries(names.map((name) => [name, 'string' as const]));
        const table = await read(text, { types, missing: [] });
        expect(names.map((name) => table.column(name))).toEqual(names.map((_, i) => rows.map((row) => row[i])));
      }),
      { numRuns: 60 },
    );
  });

  test('any float64 comes back bit for bit', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.double({ noNaN: true }), { minLength: 1 }), async (values) => {
        const table = await read(
          `a\n${values.map((value) => (Object.is(value, -0) ? '-0' : String(value))).join('\n')}\n`,
        );
        expect(table.column('a')).toEqual(Float64Array.from(values));
      }),
      { numRuns: 50 },
    );
  });
});

describe('streamCsv', () => {
  const text = `a,b\n${Array.from({ length: 25 }, (_, i) => `${i},x${i}`).join('\n')}\n`;

  test.each([1, 7, 25, 100])('tables of %i rows are the rows of the whole', async (rows) => {
    const tables: Table[] = [];
    for await (const table of streamCsv([text], { rows, inferRows: 10 })) tables.push(table);
    expect(
      tables
        .map(({ length }) => length)
        .slice(0, -1)
        .every((length) => length === rows),
    ).toBe(true);
    expect(tables.flatMap((table) => [...table.column('a')])).toEqual(Array.from({ length: 25 }, (_, i) => i));
    expect(tables.flatMap((table) => [...table.column('b')])).toEqual(Array.from({ length: 25 }, (_, i) => `x${i}`));
  });

  test('a source without end is read only as far as it is wanted', async () => {
    let pieces = 0;
    function* endless() {
      yield 'a\n';
      for (;;) yield `${pieces++}\n`.repeat(1000);
    }
    let taken = 0;
    for await (const table of streamCsv(endless(), { rows: 500 })) {
      expect(table.length).toBe(500);
      if (++taken === 10) break;
    }
    expect(pieces).toBeLessThan(200);
  });
});

describe('Table', () => {
  const table = () => new Table({ a: Float64Array.of(1, NaN, 3), b: ['x', 'y', null], c: [true, false, true] });

  test('rows, selection, and what is missing', () => {
    expect(table().row(2)).toEqual({ a: 3, b: null, c: true });
    expect(columnsOf(table().select([2, 0]))).toEqual({ a: [3, 1], b: [null, 'x'], c: [true, true] });
    expect(table().select((row, i) => row.c === true && i > 0).length).toBe(1);
    expect(columnsOf(table().dropMissing())).toEqual({ a: [1], b: ['x'], c: [true] });
    expect(table().dropMissing(['a']).length).toBe(2);
  });

  test('as a tensor', () => {
    expect(table().tensor(['a', 'c']).toArray()).toEqual([
      [1, 1],
      [NaN, 0],
      [3, 1],
    ]);
    expect(table().tensor().shape).toEqual([3, 2]);
    expect(table().tensor(['c'], { dtype: 'int32' }).dtype).toBe('int32');
  });

  test('refuses', () => {
    expect(() => table().tensor(['b'])).toThrow(DTypeError);
    expect(() => table().column('d')).toThrow(/no such column: got d, expected one of a, b, c/);
    expect(() => table().select([3])).toThrow(/no such row: got 3/);
    expect(() => new Table({ a: ['x'], b: [] })).toThrow(/differ in length/);
    expect(() => new Table({ a: [true, null] }).tensor()).toThrow(/lacks a value in row 1/);
  });
});

test.each([
  ['iris/iris.csv', 150, { sepal_length: 5.843333333333334 }],
  ['penguins/penguins.csv', 344, { body_mass_g: 4201.754385964912 }],
  ['mpg/mpg.csv', 398, { horsepower: 104.46938775510205 }],
  ['beijing-pm25/pollution.csv', 43824, { 'pm2.5': 98.61321455085375 }],
] as const)('%s', async (name, rows, means) => {
  const path = dataFile(name);
  if (path === null) return;
  const table = await readCsv(path);
  expect(table.length).toBe(rows);
  for (const [column, mean] of Object.entries(means)) {
    const present = Array.from(table.column(column) as Float64Array).filter((x) => !Number.isNaN(x));
    expect(present.reduce((sum, x) => sum + x, 0) / present.length).toBeCloseTo(mean, 9);
  }
});
