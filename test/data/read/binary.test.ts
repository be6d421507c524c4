import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DType } from '../../../src/core/dtype.ts';
import {
  formatNpy,
  parseNpy,
  readIdx,
  readJsonLines,
  readLines,
  readNpy,
  readText,
  writeNpy,
} from '../../../src/data/index.ts';
import { DataError, DTypeError } from '../../../src/errors.ts';
import { tensor, zeros } from '../../../src/ops/index.ts';
import { temporaryFolder } from '../../io/folder.ts';
import { dataFile } from '../../support/data.ts';

async function linesOf<T>(lines: AsyncIterable<T>): Promise<T[]> {
  const out: T[] = [];
  for await (const line of lines) out.push(line);
  return out;
}

function idx(type: number, shape: readonly number[], data: readonly number[]): Uint8Array {
  return Uint8Array.from([
    0,
    0,
    type,
    shape.length,
    ...shape.flatMap((n) => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]),
    ...data,
  ]);
}

describe('readIdx', () => {
  test.each<[number, number[], DType, number[]]>([
    [8, [1, 255], 'uint8', [1, 255]],
    [9, [1, 255], 'int32', [1, -1]],
    [11, [0, 1, 255, 254], 'int32', [1, -2]],
    [12, [0, 0, 1, 0, 255, 255, 255, 255], 'int32', [256, -1]],
    [13, [0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0], 'float32', [1, -2]],
    [14, [0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0], 'float64', [1, 2]],
  ])('type %i', async (type, data, dtype, values) => {
    const bytes = idx(type, [2, 1], data);
    for (const source of [bytes, gzipSync(bytes), Array.from(bytes, (byte) => Uint8Array.of(byte))]) {
      const x = await readIdx(source);
      expect([x.dtype, x.shape, Array.from(x.data)]).toEqual([dtype, [2, 1], values]);
    }
  });

  test.each<[string, Uint8Array, RegExp]>([
    ['another magic', Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), /no IDX file: .*got 0x01020304/],
    ['an unknown type', idx(10, [1], [1]), /got 0x00000a01/],
    ['nothing', new Uint8Array(), /not as long as its header says: got 0 bytes, expected a whole header/],
    ['half a header', idx(8, [2, 2], []).subarray(0, 7), /got 7 bytes, expected a whole header/],
    ['too few bytes', idx(8, [2, 2], [1, 2, 3]), /got 15 bytes, expected 16 \(shape \[2, 2\]\)/],
    ['too many bytes', idx(8, [2], [1, 2, 3]), /got more bytes/],
    ['a size past all memory', idx(8, [0xffffffff, 0xffffffff], []), /claims a shape that no tensor has/],
    ['a rank past all reason', idx(8, new Array(17).fill(1), [1]), /claims a shape that no tensor has/],
    ['a gzip’d file cut short', gzipSync(idx(8, [2], [1, 2])).subarray(0, 20), /damaged|not as long/],
  ])('refuses %s', async (_, bytes, message) => {
    await expect(readIdx(bytes)).rejects.toThrow(DataError);
    await expect(readIdx(bytes)).rejects.toThrow(message);
  });

  test('a small gzip’d file that unpacks to much more than it says is left in the middle', async () => {
    const bomb = gzipSync(Buffer.concat([idx(8, [2], [1, 2]), Buffer.alloc(2 ** 26)]));
    expect(bomb.length).toBeLessThan(2 ** 17);
    const before = process.memoryUsage().arrayBuffers;
    await expect(readIdx(bomb)).rejects.toThrow(/more bytes/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
  });

  test('MNIST', async () => {
    const [images, labels] = ['mnist/t10k-images-idx3-ubyte.gz', 'mnist/t10k-labels-idx1-ubyte.gz'].map(dataFile);
    if (images === null || labels === null) return;
    const [x, y] = await Promise.all([readIdx(images), readIdx(labels)]);
    expect([x.shape, y.shape, x.dtype]).toEqual([[10000, 28, 28], [10000], 'uint8']);
    expect(Array.from(y.data.subarray(0, 5))).toEqual([7, 2, 1, 0, 4]);
    expect((x.data as Uint8Array).reduce((sum, value) => sum + value, 0) / x.size).toBeCloseTo(33.791224489795916, 9);
  });
});

/** A file with this header, its data after it. */
function npy(header: string, data: Uint8Array | readonly number[] = [], version = 1): Uint8Array {
  const text = Buffer.from(header);
  const size =
    version === 1
      ? [text.length & 255, text.length >> 8]
      : [text.length & 255, (text.length >> 8) & 255, text.length >> 16, 0];
  return Uint8Array.from([0x93, ...Buffer.from('NUMPY'), version, 0, ...size, ...text, ...data]);
}

const header = (descr: string, shape: string, order = 'False') =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }\n`;

describe('npy', () => {
  test('any tensor comes back as it was, also through a file', async () => {
    const path = join(temporaryFolder(), 'x.npy');
    const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
    const dtypes = fc.constantFrom<DType>('float32', 'float64', 'int32', 'uint8', 'bool');
    await fc.assert(
      fc.asyncProperty(shapes, dtypes, fc.infiniteStream(fc.double()), async (shape, dtype, stream) => {
        const x = zeros(shape, { dtype });
        for (let i = 0; i < x.size; i++)
          x.data[i] = dtype === 'bool' ? Number(stream.next().value > 0) : stream.next().value;
        const bytes = formatNpy(x);
        expect((bytes.length - x.data.byteLength) % 64).toBe(0);
        await writeNpy(path, x);
        for (const y of [parseNpy(bytes), await readNpy(path), await readNpy(gzipSync(bytes))]) {
          expect([y.dtype, y.shape, y.data]).toEqual([x.dtype, x.shape, x.data]);
        }
      }),
      { numRuns: 40 },
    );
  });

  test.each<[string, string, number[], DType, number[]]>([
    ['>f4', '(1,)', [0x3f, 0x80, 0, 0], 'float32', [1]],
    ['<f2', '(4,)', [0, 0x3c, 0, 0xc0, 1, 0, 0, 0x7c], 'float32', [1, -2, 2 ** -24, Infinity]],
    ['|i1', '(2,)', [1, 255], 'int32', [1, -1]],
    ['>i2', '(1,)', [255, 254], 'int32', [-2]],
    ['<u2', '(1,)', [255, 255], 'int32', [65535]],
    ['<u4', '(1,)', [1, 0, 0, 0], 'int32', [1]],
    ['<i8', '(1,)', [254, 255, 255, 255, 255, 255, 255, 255], 'int32', [-2]],
    ['>u8', '(1L,)', [0, 0, 0, 0, 0, 0, 1, 0], 'int32', [256]],
    ['|b1', '()', [7], 'bool', [1]],
    ['?', '(2, 1)', [0, 1], 'bool', [0, 1]],
  ])('%s %s', (descr, shape, data, dtype, values) => {
    for (const version of [1, 2, 3]) {
      const x = parseNpy(npy(header(`'${descr}'`, shape), data, version));
      expect([x.dtype, Array.from(x.data)]).toEqual([dtype, values]);
    }
  });

  test('what lies by columns is put in rows', () => {
    const x = parseNpy(
      npy(
        header("'|u1'", '(2, 3, 2)', 'True'),
        Array.from({ length: 12 }, (_, i) => i),
      ),
    );
    expect(x.toArray()).toEqual([
      [
        [0, 6],
        [2, 8],
        [4, 10],
      ],
      [
        [1, 7],
        [3, 9],
        [5, 11],
      ],
    ]);
  });

  test('keys stand in any order, quotes are either kind, spaces do not matter', () => {
    const x = parseNpy(npy('{"shape":(2 , 1),  \'fortran_order\' :False,"descr": "|u1"}', [5, 6]));
    expect(x.toArray()).toEqual([[5], [6]]);
  });

  test.each<[string, Uint8Array, RegExp, new (...args: never[]) => Error]>([
    ['another magic', Buffer.from('PK\x03\x04 and more of it'), /does not begin with/, DataError],
    ['nothing', new Uint8Array(), /does not begin with/, DataError],
    ['a version to come', npy(header("'|u1'", '(1,)'), [1], 4), /version is none of 1, 2, 3: got 4/, DataError],
    ['a magic alone', npy('').subarray(0, 8), /it ends in its header/, DataError],
    ['a header cut short', npy(header("'|u1'", '(1,)')).subarray(0, 30), /it ends in its header/, DataError],
    [
      'a header of megabytes',
      npy(`${header("'|u1'", '(1,)')}${' '.repeat(20_000)}`, [1]),
      /longer than 10000/,
      DataError,
    ],
    ['pickled objects', npy(header("'|O'", '(1,)'), [1]), /pickled objects, which are refused/, DTypeError],
    ['records', npy(header("[('a', '<f4'), ('b', '<i4')]", '(1,)')), /records of named fields/, DTypeError],
    ['text', npy(header("'<U5'", '(1,)')), /no dtype here holds/, DTypeError],
    ['complex numbers', npy(header("'<c8'", '(1,)')), /no dtype here holds what the data does: got <c8/, DTypeError],
    ['no order of bytes', npy(header("'f4'", '(1,)'), [0, 0, 0, 0]), /no dtype here holds/, DTypeError],
    [
      'code',
      npy("{'descr': __import__('os').system('x'), 'fortran_order': False, 'shape': (1,)}"),
      /part of another form/,
      DataError,
    ],
    [
      'a key twice',
      npy("{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (1,)}"),
      /another form/,
      DataError,
    ],
    [
      'a key more',
      npy("{'descr': '|u1', 'fortran_order': False, 'shape': (1,), 'more': 1}"),
      /another form/,
      DataError,
    ],
    ['a key less', npy("{'descr': '|u1', 'fortran_order': False}"), /lacks descr, fortran_order or shape/, DataError],
    ['no dictionary', npy('[1, 2]'), /is no dictionary/, DataError],
    ['a number as a shape', npy(header("'|u1'", '(1)'), [1]), /its shape is no tuple/, DataError],
    ['a negative size', npy(header("'|u1'", '(-1,)'), [1]), /another form/, DataError],
    [
      'a size past all memory',
      npy(header("'|u1'", '(4294967295, 4294967295)')),
      /claims a shape that no tensor has/,
      DataError,
    ],
    ['one past it behind a zero', npy(header("'|u1'", '(0, 99999999999)')), /claims a shape/, DataError],
    ['too few bytes', npy(header("'<f4'", '(2,)'), [0, 0, 0, 0]), /got 4 bytes of data, expected 8/, DataError],
    ['too many bytes', npy(header("'|u1'", '(1,)'), [1, 2]), /got 2 bytes of data, expected 1/, DataError],
    [
      'a wide integer that does not fit',
      npy(header("'<i8'", '(1,)'), [0, 0, 0, 128, 0, 0, 0, 0]),
      /value 0 does not fit int32/,
      DataError,
    ],
  ])('refuses %s', (_, bytes, message, type) => {
    expect(() => parseNpy(bytes)).toThrow(message);
    expect(() => parseNpy(bytes)).toThrow(type);
  });

  test('a byte changed anywhere is read or refused, never more', () => {
    const bytes = formatNpy(
      tensor([
        [1, 2],
        [3, 4],
      ]),
    );
    for (let at = 0; at < bytes.length; at++) {
      for (const flip of [1, 0x20, 0xff]) {
        const changed = bytes.slice();
        changed[at] ^= flip;
        try {
          expect(parseNpy(changed).size).toBeLessThanOrEqual(4);
        } catch (error) {
          expect(error instanceof DataError || error instanceof DTypeError, String(error)).toBe(true);
        }
      }
    }
  });

  test('what cannot be written is an error', async () => {
    await expect(writeNpy('/nowhere/x.npy', tensor([1]))).rejects.toThrow(DataError);
  });

  test('NumPy reads what is written, and writes what is read', async () => {
    const python = '/usr/bin/python3';
    const folder = temporaryFolder();
    await writeNpy(
      join(folder, 'a.npy'),
      tensor(
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
        { dtype: 'int32' },
      ),
    );
    const code =
      "import numpy as n; a=n.load('a.npy'); n.save('b.npy', n.asfortranarray(a*1.5)); print(a.dtype, a.tolist())";
    const run = existsSync(python) ? spawnSync(python, ['-c', code], { cwd: folder, encoding: 'utf8' }) : null;
    if (run === null || run.status !== 0) return; // a machine without NumPy
    expect(run.stdout).toBe('int32 [[1, 2, 3], [4, 5, 6]]\n');
    const b = parseNpy(readFileSync(join(folder, 'b.npy')));
    expect([b.dtype, b.toArray()]).toEqual([
      'float64',
      [
        [1.5, 3, 4.5],
        [6, 7.5, 9],
      ],
    ]);
  });
});

describe('text', () => {
  test('whole, and by lines of either kind', async () => {
    const path = join(temporaryFolder(), 'a.txt');
    writeFileSync(path, '\ufeffé\r\n\nlast');
    expect(await readText(path)).toBe('é\r\n\nlast');
    expect(await linesOf(readLines(path))).toEqual(['é', '', 'last']);
    expect(await linesOf(readLines(['a\n', 'b', 'c\n']))).toEqual(['a', 'bc']);
    expect(await linesOf(readLines(gzipSync('x\ny\n')))).toEqual(['x', 'y']);
    expect(await linesOf(readLines([]))).toEqual([]);
  });

  test('JSON, a value a line', async () => {
    expect(await linesOf(readJsonLines(['{"a": 1}\n\n[2]\r\n"x"']))).toEqual([{ a: 1 }, [2], 'x']);
    const broken = linesOf(readJsonLines(['1\n{"a": \n']));
    await expect(broken).rejects.toMatchObject({ code: 'ERR_DATA', line: 2 });
    await expect(broken).rejects.toThrow(/line 2 of the data is not JSON/);
  });

  test('no UTF-8, and lines without end', async () => {
    await expect(readText(Uint8Array.of(0xc3))).rejects.toThrow(/is not UTF-8/);
    function* endless() {
      for (;;) yield 'x'.repeat(2 ** 22);
    }
    await expect(linesOf(readLines(endless()))).rejects.toThrow(/line 1 of the data is longer than/);
  });
});
