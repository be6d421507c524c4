import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DType, dtypes, newArray } from '../../src/core/dtype.ts';
import { CheckpointError, ConfigError, LimitError } from '../../src/errors.ts';
import { loadSafetensors, saveSafetensors } from '../../src/io/safetensors.ts';
import { type Tensor, wrapArray } from '../../src/tensor.ts';
import { filesIn, temporaryFolder } from './folder.ts';

function filled(dtype: DType, shape: number[], value: (i: number) => number): Tensor {
  const size = shape.reduce((n, d) => n * d, 1);
  const array = newArray(dtype, size);
  for (let i = 0; i < size; i++) array[i] = value(i);
  return wrapArray(array, shape, dtype);
}

/** A file as another program would write it, from a header given as text. */
function foreign(header: string, data: Uint8Array | number[] = []): Buffer {
  const json = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.from(data)]);
}

function loadBytes(folder: string, bytes: Uint8Array, options = {}) {
  const path = join(folder, 'given.safetensors');
  writeFileSync(path, bytes);
  return loadSafetensors(path, options);
}

const entry = (dtype: string, shape: string, offsets: string) =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;

describe('round trip', () => {
  test('every dtype, shape and name comes back to the bit', () => {
    const anyTensor = fc
      .tuple(
        fc.constantFrom(...(Object.keys(dtypes) as DType[])),
        fc.array(fc.nat({ max: 4 }), { maxLength: 4 }),
        fc.infiniteStream(fc.double()),
      )
      .map(([dtype, shape, stream]) => {
        const limit = {
          float32: Math.fround,
          float64: (v: number) => v,
          int32: (v: number) => v | 0,
          uint8: (v: number) => v & 255,
          bool: (v: number) => (v > 0 ? 1 : 0),
        }[dtype];
        return filled(dtype, shape, () => limit(stream.next().value as number));
      });
    const name = fc
      .string({ unit: 'grapheme', maxLength: 20 })
      .filter((s) => s !== '__metadata__' && Buffer.byteLength(s) <= 256);
    const folder = temporaryFolder();
    fc.assert(
      fc.property(
        fc.dictionary(name, anyTensor, { maxKeys: 6 }),
        fc.dictionary(name, fc.string({ unit: 'grapheme' })),
        (tensors, metadata) => {
          const path = join(folder, 'a.safetensors');
          saveSafetensors(path, tensors, metadata);
          const back = loadSafetensors(path, { requireDigest: true });
          expect(Object.entries(back.metadata).sort()).toEqual(Object.entries(metadata).sort());
          expect(Object.keys(back.tensors).sort()).toEqual(Object.keys(tensors).sort());
          for (const [key, want] of Object.entries(tensors)) {
            const got = back.tensors[key];
            expect([got.dtype, got.shape]).toEqual([want.dtype, want.shape]);
            expect(
              Buffer.from(got.data.buffer, got.data.byteOffset, got.data.byteLength).equals(
                Buffer.from(want.data.buffer, want.data.byteOffset, want.data.byteLength),
              ),
            ).toBe(true);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  test('a view of a larger buffer saves its own elements alone', () => {
    const path = join(temporaryFolder(), 'a.safetensors');
    const whole = Float32Array.from({ length: 10 }, (_, i) => i);
    saveSafetensors(path, { part: wrapArray(whole.subarray(3, 6), [3], 'float32') });
    expect([...loadSafetensors(path).tensors.part.data]).toEqual([3, 4, 5]);
  });

  test('equal content gives equal bytes in any order of insertion, data is aligned, the widest come first', () => {
    const folder = temporaryFolder();
    const [a, b, c] = [
      filled('uint8', [3], (i) => i),
      filled('float64', [2], (i) => i),
      filled('float32', [], () => 7),
    ];
    saveSafetensors(join(folder, '1'), { a, b, c }, { x: 'y' });
    saveSafetensors(join(folder, '2'), { c, b, a }, { x: 'y' });
    const bytes = readFileSync(join(folder, '1'));
    expect(bytes.equals(readFileSync(join(folder, '2')))).toBe(true);
    const n = Number(bytes.readBigUInt64LE(0));
    expect(n % 8).toBe(0);
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + n));
    expect([header.b, header.c, header.a].map((t) => t.data_offsets)).toEqual([
      [0, 16],
      [16, 20],
      [20, 23],
    ]);
    expect(bytes.length).toBe(8 + n + 23);
  });

  test('the digest is SHA-256 of the file with its own digits as zeros', () => {
    const path = join(temporaryFolder(), 'a.safetensors');
    saveSafetensors(path, { a: filled('float32', [5], (i) => i) });
    const text = readFileSync(path).toString('latin1');
    const digest = /"lanegrad\.sha256":"([0-9a-f]{64})"/.exec(text)![1];
    const blank = Buffer.from(text.replace(digest, '0'.repeat(64)), 'latin1');
    expect(createHash('sha256').update(blank).digest('hex')).toBe(digest);
  });

  test('a filter leaves the others in the file, and the digest is still verified', () => {
    const path = join(temporaryFolder(), 'a.safetensors');
    saveSafetensors(path, { a: filled('float32', [5], (i) => i), b: filled('float32', [5], (i) => -i) });
    expect(Object.keys(loadSafetensors(path, { filter: (name) => name === 'a' }).tensors)).toEqual(['a']);
    const bytes = readFileSync(path);
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(path, bytes);
    expect(() => loadSafetensors(path, { filter: (name) => name === 'a' })).toThrow(/damaged/);
  });
});

describe('damage', () => {
  test('every truncation and every flipped bit of a file is refused', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'a.safetensors');
    saveSafetensors(
      path,
      {
        'emb.weight': filled('float32', [8, 5], Math.sin),
        ids: filled('int32', [7], (i) => i),
        on: filled('bool', [5], (i) => i % 2),
        none: filled('float32', [0, 3], () => 0),
      },
      { config: JSON.stringify({ hidden: 8, note: 'a "quoted" word' }) },
    );
    const bytes = readFileSync(path);
    const accepted: string[] = [];
    const attempt = (label: string, damaged: Uint8Array): void => {
      try {
        loadBytes(folder, damaged);
        accepted.push(label);
      } catch (error) {
        if (!(error instanceof CheckpointError)) throw error;
      }
    };
    for (let length = 0; length < bytes.length; length++) attempt(`first ${length} bytes`, bytes.subarray(0, length));
    attempt('one byte more', Buffer.concat([bytes, Buffer.alloc(1)]));
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = Buffer.from(bytes);
      damaged[bit >> 3] ^= 1 << (bit & 7);
      attempt(`bit ${bit}`, damaged);
    }
    expect(accepted).toEqual([]);
    expect(bytes.length).toBeGreaterThan(160);
  });
});

describe('files of other programs', () => {
  test('unaligned data, whitespace, any order of tensors and fields, sharing of empty places', () => {
    const folder = temporaryFolder();
    const header = `{ "b" :\n{"shape":[ 2 ],"data_offsets":[4, 6],"dtype":"U8"}, "a": ${entry('F32', '[]', '[0,4]')},
      "e1":${entry('F32', '[0]', '[4,4]')},"e2":${entry('F64', '[3,0]', '[4,4]')} }  `;
    const { tensors, metadata } = loadBytes(folder, foreign(header, [0, 0, 128, 63, 7, 9]));
    expect(tensors.a.item()).toBe(1);
    expect(tensors.b.toArray()).toEqual([7, 9]);
    expect(tensors.e2.shape).toEqual([3, 0]);
    expect({ ...metadata }).toEqual({});
    expect(() => loadBytes(folder, foreign(header, [0, 0, 128, 63, 7, 9]), { requireDigest: true })).toThrow(
      CheckpointError,
    );
  });

  test('I64 becomes int32, and an integer that does not fit is refused by its place', () => {
    const folder = temporaryFolder();
    const load = (values: bigint[]) =>
      loadBytes(
        folder,
        foreign(
          `{"i":${entry('I64', `[${values.length}]`, `[0,${8 * values.length}]`)}}`,
          new Uint8Array(BigInt64Array.from(values).buffer),
        ),
      );
    expect(load([0n, -1n, 2n ** 31n - 1n, -(2n ** 31n)]).tensors.i.toArray()).toEqual([0, -1, 2 ** 31 - 1, -(2 ** 31)]);
    for (const bad of [2n ** 31n, -(2n ** 31n) - 1n, 2n ** 62n]) {
      expect(() => load([0n, bad])).toThrow(/past 32 bits: expected element 1/);
    }
  });

  test('names that a plain object would trip over', () => {
    const header = `{"__proto__":${entry('U8', '[1]', '[0,1]')},"constructor":${entry('U8', '[1]', '[1,2]')},"__metadata__":{"__proto__":"x"}}`;
    const { tensors, metadata } = loadBytes(temporaryFolder(), foreign(header, [1, 2]));
    expect(Object.keys(tensors)).toEqual(['__proto__', 'constructor']);
    expect(Object.keys(metadata)).toEqual(['__proto__']);
    expect(({} as { x?: string }).x).toBeUndefined();
  });
});

describe('hostile headers', () => {
  const one = entry('U8', '[1]', '[0,1]');
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const many = Array.from({ length: 65_537 }, (_, i) => `"${i}":${entry('U8', '[0]', '[0,0]')}`).join(',');
  const cases: [name: string, bytes: Buffer, message: RegExp][] = [
    ['nothing', Buffer.alloc(0), /too short/],
    ['seven bytes', Buffer.alloc(7), /too short/],
    ['no header', Buffer.alloc(8), /does not begin/],
    [
      'a length past the file',
      Buffer.concat([Buffer.from([100, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{}')]),
      /shorter than its header/,
    ],
    ['a length of 2⁶³', Buffer.from([0, 0, 0, 0, 0, 0, 0, 128, 0x7b, 0x7d]), /too long/],
    ['a length past the cap', Buffer.from([1, 0, 0, 1, 0, 0, 0, 0, 0x7b]), /too long/],
    ['no UTF-8', foreign('{"\xff', []).fill(0xff, 10), /UTF-8/],
    ['a byte-order mark', foreign('\ufeff{}'), /does not begin/],
    ['an array', foreign('[]'), /does not begin/],
    ['a space first', foreign(' {}'), /does not begin/],
    ['trailing text', foreign('{} x'), /not valid/],
    ['two objects', foreign('{}{}'), /not valid/],
    ['an end too early', foreign('{"a":'), /not valid/],
    ['a comma too many', foreign(`{"a":${one},}`, [0]), /not valid/],
    ['a name twice', foreign(`{"a":${one},"a":${one}}`, [0]), /twice/],
    ['a name twice by escapes', foreign(`{"a":${one},"\\u0061":${one}}`, [0]), /twice/],
    ['a field twice', foreign(`{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, [0]), /twice/],
    ['a metadata key twice', foreign('{"__metadata__":{"a":"1","a":"2"}}'), /twice/],
    ['metadata that is no string', foreign('{"__metadata__":{"a":1}}'), /a string/],
    ['metadata twice', foreign('{"__metadata__":{},"__metadata__":{}}'), /twice/],
    ['deep nesting', foreign(`{"a":${deep}}`), /not valid/],
    ['deep nesting in a shape', foreign(`{"a":{"dtype":"U8","shape":${deep}}}`), /not valid/],
    ['an unknown field', foreign(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1}}`, [0]), /unknown field/],
    ['a missing dtype', foreign(`{"a":{"shape":[1],"data_offsets":[0,1]}}`, [0]), /lacks/],
    ['a missing shape', foreign(`{"a":{"dtype":"U8","data_offsets":[0,1]}}`, [0]), /lacks/],
    ['missing offsets', foreign(`{"a":{"dtype":"U8","shape":[1]}}`, [0]), /lacks/],
    ['one offset', foreign(`{"a":${entry('U8', '[1]', '[0]')}}`, [0]), /lacks/],
    ['three offsets', foreign(`{"a":${entry('U8', '[1]', '[0,1,2]')}}`, [0]), /more than 2/],
    ['an unknown dtype', foreign(`{"a":${entry('XYZ', '[1]', '[0,1]')}}`, [0]), /dtype that is not read/],
    ['bfloat16', foreign(`{"a":${entry('BF16', '[1]', '[0,2]')}}`, [0, 0]), /BF16/],
    ['float16', foreign(`{"a":${entry('F16', '[1]', '[0,2]')}}`, [0, 0]), /F16/],
    ['a dtype named like a method', foreign(`{"a":${entry('toString', '[1]', '[0,1]')}}`, [0]), /toString/],
    ['a negative dimension', foreign(`{"a":${entry('U8', '[-1]', '[0,1]')}}`, [0]), /not valid/],
    ['minus zero', foreign(`{"a":${entry('U8', '[-0]', '[0,0]')}}`), /not valid/],
    ['a fraction', foreign(`{"a":${entry('U8', '[1.5]', '[0,1]')}}`, [0]), /not valid/],
    ['an exponent', foreign(`{"a":${entry('U8', '[1e0]', '[0,1]')}}`, [0]), /not valid/],
    ['1e400', foreign(`{"a":${entry('U8', '[1e400]', '[0,1]')}}`, [0]), /not valid/],
    ['a leading zero', foreign(`{"a":${entry('U8', '[01]', '[0,1]')}}`, [0]), /not valid/],
    ['2⁵³ + 1', foreign(`{"a":${entry('U8', '[9007199254740993]', '[0,1]')}}`, [0]), /2⁵³/],
    ['a string for a dimension', foreign(`{"a":${entry('U8', '["1"]', '[0,1]')}}`, [0]), /not valid/],
    ['null for a dimension', foreign(`{"a":${entry('U8', '[null]', '[0,1]')}}`, [0]), /not valid/],
    ['nine axes', foreign(`{"a":${entry('U8', '[1,1,1,1,1,1,1,1,1]', '[0,1]')}}`, [0]), /more than 8/],
    [
      'a product that overflows',
      foreign(`{"a":${entry('F32', '[4194305,4194305,211106198978564]', '[0,16]')}}`, Buffer.alloc(16)),
      /larger than the file/,
    ],
    [
      'a product past the file',
      foreign(`{"a":${entry('F32', '[1000000000]', '[0,4]')}}`, Buffer.alloc(4)),
      /larger than the file/,
    ],
    ['too few bytes', foreign(`{"a":${entry('F32', '[2]', '[0,4]')}}`, Buffer.alloc(4)), /4 bytes for 2 elements/],
    ['too many bytes', foreign(`{"a":${entry('U8', '[1]', '[0,4]')}}`, Buffer.alloc(4)), /4 bytes for 1/],
    ['offsets backwards', foreign(`{"a":${entry('U8', '[1]', '[1,0]')}}`, [0]), /outside/],
    ['offsets past the file', foreign(`{"a":${entry('U8', '[1]', '[1,2]')}}`, [0]), /outside/],
    [
      'an overlap',
      foreign(`{"a":${entry('U8', '[2]', '[0,2]')},"b":${entry('U8', '[2]', '[1,3]')}}`, [0, 0, 0]),
      /overlaps/,
    ],
    ['the same place twice', foreign(`{"a":${one},"b":${one}}`, [0]), /overlaps/],
    ['a hole', foreign(`{"a":${one},"b":${entry('U8', '[1]', '[2,3]')}}`, [0, 0, 0]), /hole/],
    ['a hole at the start', foreign(`{"b":${entry('U8', '[1]', '[1,2]')}}`, [0, 0]), /hole/],
    ['trailing data', foreign(`{"a":${one}}`, [0, 0]), /follow the last/],
    ['data without tensors', foreign('{}', [0]), /follow the last/],
    [
      'an empty tensor in the middle of another',
      foreign(`{"a":${entry('U8', '[2]', '[0,2]')},"b":${entry('U8', '[0]', '[1,1]')}}`, [0, 0]),
      /overlaps|hole/,
    ],
    ['a name of 257 bytes', foreign(`{"${'é'.repeat(128)}x":${one}}`, [0]), /longer than 256/],
    ['65,537 tensors', foreign(`{${many}}`), /more than 65536/],
    ['an unknown escape', foreign(`{"\\q":${one}}`, [0]), /escape/],
    ['a control character', foreign(`{"a\n":${one}}`, [0]), /control character/],
    ['a string without end', foreign('{"abc'), /does not end/],
    ['an escape at the end', foreign('{"abc\\'), /does not end/],
    ['a boolean of 2', foreign(`{"a":${entry('BOOL', '[1]', '[0,1]')}}`, [2]), /booleans/],
    ['half a digest', foreign('{"__metadata__":{"lanegrad.format":"1"}}'), /digest/],
    ['a digest alone', foreign(`{"__metadata__":{"lanegrad.sha256":"${'0'.repeat(64)}"}}`), /format entry/],
    ['a short digest', foreign('{"__metadata__":{"lanegrad.format":"1","lanegrad.sha256":"00"}}'), /digest/],
    [
      'a later format',
      foreign(`{"__metadata__":{"lanegrad.format":"2","lanegrad.sha256":"${'0'.repeat(64)}"}}`),
      /another version/,
    ],
    [
      'a wrong digest',
      foreign(`{"__metadata__":{"lanegrad.format":"1","lanegrad.sha256":"${'0'.repeat(64)}"}}`),
      /damaged/,
    ],
    ['16 MiB of spaces', foreign(`{${' '.repeat(16 * 1024 * 1024 - 2)}}`, [0]), /follow the last/],
    ['16 MiB of one string', foreign(`{"${'a'.repeat(16 * 1024 * 1024 - 2)}`), /does not end/],
  ];

  test.each(cases)('%s', (_, bytes, message) => {
    const folder = temporaryFolder();
    const began = process.cpuUsage();
    expect(() => loadBytes(folder, bytes)).toThrow(message);
    expect(() => loadBytes(folder, bytes)).toThrow(CheckpointError);
    // Stated for one load of at most 16 MiB of header; two are done here, with their writes. By the processor's clock: others
    // may be at work.
    const { user, system } = process.cpuUsage(began);
    expect((user + system) / 1000).toBeLessThan(2000);
  });

  test('random bytes behind a plausible length never pass, and never break out of the error type', () => {
    const folder = temporaryFolder();
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '"a"',
      '"dtype":',
      '"U8"',
      '"shape":',
      '[1]',
      '"data_offsets":',
      '[0,1]',
      '"__metadata__":',
      '1',
      '\\',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), fc.uint8Array({ maxLength: 4 }), (pieces, data) => {
        try {
          loadBytes(folder, foreign(`{${pieces.join('')}`, data));
        } catch (error) {
          expect(error).toBeInstanceOf(CheckpointError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('what cannot be read or written', () => {
  test('a missing file, a folder', () => {
    const folder = temporaryFolder();
    expect(() => loadSafetensors(join(folder, 'none'))).toThrow(/cannot read .*ENOENT/);
    expect(() => loadSafetensors(folder)).toThrow(/it is a folder/);
    expect(() => loadSafetensors('/dev/null')).toThrow(CheckpointError);
  });

  test('saving refuses what the format cannot hold, and leaves nothing', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'a.safetensors');
    const a = filled('float32', [1], () => 0);
    expect(() => saveSafetensors(path, { __metadata__: a })).toThrow(ConfigError);
    expect(() => saveSafetensors(path, { '\ud800': a })).toThrow(ConfigError);
    expect(() => saveSafetensors(path, { a }, { k: '\udc00' })).toThrow(ConfigError);
    expect(() => saveSafetensors(path, { a }, { 'lanegrad.sha256': 'x' })).toThrow(ConfigError);
    expect(() => saveSafetensors(path, { a }, { k: 7 as unknown as string })).toThrow(ConfigError);
    expect(() => saveSafetensors(path, { a: [1] as unknown as Tensor })).toThrow(ConfigError);
    expect(() => saveSafetensors(path, { ['x'.repeat(257)]: a })).toThrow(LimitError);
    expect(() => saveSafetensors(path, { a: filled('float32', [1, 1, 1, 1, 1, 1, 1, 1, 1], () => 0) })).toThrow(
      LimitError,
    );
    expect(() => saveSafetensors(path, { a }, { k: 'x'.repeat(16 * 1024 * 1024) })).toThrow(LimitError);
    expect(() => saveSafetensors(join(folder, 'none', 'a'), { a })).toThrow(/ENOENT/);
    mkdirSync(join(folder, 'sub'));
    expect(() => saveSafetensors(join(folder, 'sub'), { a })).toThrow(/it is a folder/);
    expect(() => saveSafetensors('/dev/full', { a })).toThrow(/not a regular file/);
    expect(filesIn(folder)).toEqual(['sub']);
  });
});
