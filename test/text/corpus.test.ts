import { execFileSync } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError, CorpusError } from '../../src/errors.ts';
import { Corpus } from '../../src/text/corpus.ts';
import { Vocabulary } from '../../src/text/vocabulary.ts';
import { temporaryFolder } from '../io/folder.ts';

function file(content: string | Uint8Array, name = 'text.txt'): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, content);
  return path;
}

describe('Corpus.read', () => {
  test('several files make one text; a byte-order mark goes, carriage returns stay', async () => {
    const corpus = await Corpus.read([file('\ufeffone\r\n'), file('two\ufeff')]);
    expect(corpus.vocabulary.decode(corpus.ids)).toBe('one\r\ntwo\ufeff');
    expect(corpus.ids).toBeInstanceOf(Uint8Array);
  });

  test('a text longer than a piece, with sequences cut by its borders, is read whole', async () => {
    const text = 'a😀é漢'.repeat(250_000);
    const corpus = await Corpus.read([file(`x${text}`)]);
    expect(corpus.size).toBe(1_000_001);
    expect(corpus.vocabulary.decode(corpus.ids.subarray(0, 5))).toBe('xa😀é漢');
    expect(corpus.vocabulary.decode(corpus.ids.slice(-4))).toBe('a😀é漢');
    const ids = Uint8Array.from(corpus.vocabulary.encode('a😀é漢'));
    expect(corpus.ids.every((id, i) => i === 0 || id === ids[(i - 1) % 4])).toBe(true);
  });

  test('ids take the narrowest class that holds them', async () => {
    const characters = (n: number) => Array.from({ length: n }, (_, i) => String.fromCodePoint(0x4e00 + i)).join('');
    expect((await Corpus.read([file(characters(256))])).ids).toBeInstanceOf(Uint8Array);
    const wide = await Corpus.read([file(characters(257))]);
    expect(wide.ids).toBeInstanceOf(Uint16Array);
    expect(wide.vocabulary.decode(wide.ids)).toBe(characters(257));
  });

  test('the same text from a string and from a file is the same corpus', async () => {
    const text = 'The same — text.';
    const [a, b] = [Corpus.fromText(text), await Corpus.read([file(text)])];
    expect([a.ids, a.sha256, a.vocabulary.toJSON()]).toEqual([b.ids, b.sha256, b.vocabulary.toJSON()]);
  });

  test('progress counts both passes', async () => {
    const seen: number[][] = [];
    await Corpus.read([file('abc'), file('de')], { onProgress: (...counts) => seen.push(counts) });
    expect(seen).toEqual([
      [3, 10],
      [5, 10],
      [8, 10],
      [10, 10],
    ]);
  });

  test('invalid UTF-8 is refused with the byte', async () => {
    await expect(Corpus.read([file(Buffer.from([0x61, 0x62, 0xe2, 0x82, 0x61]))])).rejects.toThrow(
      /not UTF-8: the sequence at byte 2 is invalid/,
    );
    await expect(Corpus.read([file(Buffer.from([0x61, 0xe2, 0x82]))])).rejects.toThrow(/at byte 1 /);
    const late = Buffer.concat([Buffer.alloc(1024 * 1024 + 5, 0x61), Buffer.from([0xff])]);
    await expect(Corpus.read([file(late)])).rejects.toThrow(/at byte 1048581 /);
  });

  test.each([
    ['a missing file', () => join(temporaryFolder(), 'none.txt'), /no such file/],
    ['a folder', () => temporaryFolder(), /is a folder/],
    ['an empty file', () => file(''), /is empty/],
    ['a byte-order mark alone', () => file('\ufeff'), /is empty/],
    ['a device', () => '/dev/null', /not a regular file/],
    [
      'a FIFO',
      () => {
        const path = join(temporaryFolder(), 'pipe');
        execFileSync('mkfifo', [path]);
        return path;
      },
      /not a regular file/,
    ],
  ])('%s is refused', async (_, path, message) => {
    const reading = Corpus.read([path()]);
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toBeInstanceOf(CorpusError);
  });

  test('no file at all', async () => {
    await expect(Corpus.read([])).rejects.toThrow(/no file was named/);
  });

  test('a character outside a given vocabulary is named with its place', async () => {
    const vocabulary = Vocabulary.fromText('abc');
    await expect(Corpus.read([file('ab'), file('cax')], { vocabulary })).rejects.toThrow(
      /"x" \(U\+0078\).*character 4 of the text/,
    );
    expect([...(await Corpus.read([file('cab')], { vocabulary })).ids]).toEqual([2, 0, 1]);
  });

  test.each([
    ['grows', 2, (path: string) => appendFileSync(path, 'more')],
    ['shrinks', 1, (path: string) => writeFileSync(path, 'x')],
    ['changes', 1, (path: string) => writeFileSync(path, 'zyx')],
  ])('a file that %s between the passes is refused', async (_, atCall, change) => {
    const path = file('xyz');
    let calls = 0;
    const reading = Corpus.read([path], {
      onProgress: () => {
        if (++calls === atCall) change(path);
      },
    });
    await expect(reading).rejects.toThrow(/changed while it was read/);
  });
});

describe('Corpus.fromText', () => {
  test('refuses nothing, half a character, and what the vocabulary lacks', () => {
    expect(() => Corpus.fromText('')).toThrow(CorpusError);
    expect(() => Corpus.fromText('a\ud800')).toThrow(CorpusError);
    expect(() => Corpus.fromText('abx', Vocabulary.fromText('ab'))).toThrow(ConfigError);
  });
});
