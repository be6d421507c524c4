import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidUtf8, Utf8Decoder } from '../../src/text/utf8.ts';

/** Decodes in pieces of the given sizes, the last one repeated. */
function decode(bytes: Uint8Array, sizes: readonly number[]): number[] {
  const decoder = new Utf8Decoder();
  const found: number[] = [];
  for (let at = 0, k = 0; at < bytes.length; k++) {
    const size = sizes[Math.min(k, sizes.length - 1)];
    const out = new Uint32Array(size + 1);
    const n = decoder.decode(bytes.subarray(at, at + size), out);
    found.push(...out.subarray(0, n));
    at += size;
  }
  decoder.finish();
  return found;
}

/** Where Node's own decoder stops: the longest prefix that it takes, even as the beginning of more. */
function firstInvalid(bytes: Uint8Array): number {
  const accepts = (n: number) => {
    try {
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, n));
      return true;
    } catch {
      return false;
    }
  };
  let longest = 0;
  for (let n = 0; n <= bytes.length; n++) if (accepts(n)) longest = n;
  return longest;
}

const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 });

describe('Utf8Decoder', () => {
  test('agrees with the platform on every text, in pieces of any size', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), sizes, (text, pieces) => {
        expect(decode(Buffer.from(text), pieces)).toEqual(Array.from(text, (c) => c.codePointAt(0)));
      }),
      { numRuns: 500 },
    );
  });

  test('refuses what the platform refuses, and names the first byte of it', () => {
    // Bytes that matter at the borders of the table, so that nearly valid sequences come up often.
    const byte = fc.constantFrom(
      0x00,
      0x41,
      0x7f,
      0x80,
      0x8f,
      0x90,
      0x9f,
      0xa0,
      0xbf,
      0xc0,
      0xc1,
      0xc2,
      0xdf,
      0xe0,
      0xe1,
      0xed,
      0xee,
      0xef,
      0xf0,
      0xf1,
      0xf4,
      0xf5,
      0xff,
    );
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 12 }), sizes, (list, pieces) => {
        const bytes = Uint8Array.from(list);
        const place = firstInvalid(bytes);
        let offset = bytes.length;
        try {
          decode(bytes, pieces);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidUtf8);
          offset = (error as InvalidUtf8).offset;
        }
        expect(offset).toBe(place);
      }),
      { numRuns: 3000 },
    );
  });

  test('every code point there is', () => {
    const all: number[] = [];
    for (let c = 0; c <= 0x10ffff; c += 1) if (c < 0xd800 || c > 0xdfff) all.push(c);
    const bytes = Buffer.concat(
      Array.from({ length: Math.ceil(all.length / 4096) }, (_, i) =>
        Buffer.from(String.fromCodePoint(...all.slice(i * 4096, (i + 1) * 4096))),
      ),
    );
    const out = new Uint32Array(bytes.length + 1);
    const n = new Utf8Decoder().decode(bytes, out);
    expect(n).toBe(all.length);
    expect(all.every((c, i) => out[i] === c)).toBe(true);
  });
});
