/** Tokenizers by word and by byte pair, and those of published models. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { text } from '../../src/index.ts';
import { temporaryFolder } from '../io/folder.ts';

const { BPETokenizer, WordTokenizer, Vocabulary, loadTokenizer } = text;

const sample = "It is the cat's mat: 12 cats sat on it, and it's  flat.\n\nThe cat — naïve, 日本語 — sat.";
const seed = Number(process.env.LANEGRAD_SEED ?? 11);
/** Text of every kind: letters that the tokenizer knows, spaces, any character. */
const anyText = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'the cat sat. \n') }),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
);

describe('by word', () => {
  test('the tokens of a text it was made of give the text back', () => {
    const words = WordTokenizer.fromText(sample);
    expect(words.decode(words.encode(sample))).toBe(sample);
    expect(words.words).toContain(" cat's");
    expect(words.words).toContain(' 日本語');
  });

  test('the most frequent words have the lowest ids, and rare ones are unknown', () => {
    const words = WordTokenizer.fromText('a b b c c c b c d c', { minCount: 2, maxSize: 3 });
    expect(words.words).toEqual(['<unk>', ' c', ' b']);
    expect([...words.encode('c b d c')]).toEqual([0, 2, 0, 1]);
    expect(words.decode([0, 2])).toBe('<unk> b');
  });

  test('it is saved as JSON, and refuses what is none of its own', () => {
    const words = WordTokenizer.fromText(sample);
    const again = WordTokenizer.fromJSON(JSON.parse(JSON.stringify(words)));
    expect(again.encode(sample)).toEqual(words.encode(sample));
    for (const bad of [null, {}, { words: [] }, { words: ['a', 'a'] }, { words: ['', 'b'] }, { words: [1] }]) {
      expect(() => WordTokenizer.fromJSON(bad)).toThrow(/distinct words/);
    }
    expect(() => words.decode([words.size])).toThrow(/no such id: got \d+, expected 0 to/);
    expect(() => WordTokenizer.fromText(sample, { maxSize: 0 })).toThrow(/maxSize/);
  });
});

describe('by byte pair', () => {
  const bpe = BPETokenizer.train(sample.repeat(3), { size: 320 });

  test('decoding gives every text back', () => {
    fc.assert(
      // A lone surrogate is no text that UTF-8 can hold.
      fc.property(anyText, (any) => {
        const wanted = any.replace(/\p{Surrogate}/gu, '\ufffd');
        expect(bpe.decode(bpe.encode(wanted))).toBe(wanted);
      }),
      { seed, numRuns: 300 },
    );
  });

  test('merges as counting by hand does', () => {
    // 'low' 4 times, ' low' in ' lower' and ' lowest': pairs l-o 5, o-w 5, then lo-w 5, then space-low 4.
    const low = BPETokenizer.train('low low low lower lowest', { size: 259 });
    expect(low.toJSON().merges.map((pair) => low.decode(pair))).toEqual(['lo', 'low', ' low']);
    expect([...low.encode('lowly')]).toEqual([257, 108, 121]);
  });

  test('learns what a plain loop over the whole text learns', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1 }), { minLength: 1 }),
        (words) => {
          const merges = BPETokenizer.train(words.join(' '), { size: 266 }).toJSON().merges;
          expect(merges).toEqual(
            plainMerges(
              words.map((word, i) => (i === 0 ? word : ` ${word}`)),
              10,
            ),
          );
        },
      ),
      { seed, numRuns: 100 },
    );
  });

  test('encodes as a plain loop over the merges does', () => {
    const word = fc.string({ unit: fc.constantFrom(...'thecatsonim'), minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), (words) => {
        const any = words.join(' ');
        expect([...bpe.encode(any)]).toEqual(plainEncode(any, bpe.toJSON().merges));
      }),
      { seed, numRuns: 200 },
    );
  });

  test('a piece without an end takes no time without an end', () => {
    const ids = BPETokenizer.train('aaaa aaaa', { size: 300, minCount: 1 }).encode('a'.repeat(300_000));
    expect(ids.length).toBeLessThanOrEqual(300_000 / 4);
  });

  test('it is saved as JSON, and refuses what is none of its own', () => {
    const again = BPETokenizer.fromJSON(JSON.parse(JSON.stringify(bpe)));
    expect(again.encode(sample)).toEqual(bpe.encode(sample));
    expect(again.size).toBe(bpe.size);
    for (const merges of [
      null,
      [[0]],
      [[0, 256]],
      [[0, -1]],
      [[0, 1.5]],
      [
        [0, 1],
        [0, 1],
      ],
    ]) {
      expect(() => BPETokenizer.fromJSON({ merges })).toThrow(/list of merges/);
    }
    expect(() => bpe.decode([bpe.size])).toThrow(/no such id/);
    expect(() => BPETokenizer.train(sample, { size: 255 })).toThrow(/256 to/);
  });
});

/** Byte-pair encoding as the paper has it, over and over through all words. */
function plainMerges(pieces: readonly string[], wanted: number): [number, number][] {
  let words = pieces.map((piece) => [...new TextEncoder().encode(piece)]);
  const merges: [number, number][] = [];
  while (merges.length < wanted) {
    const counts = new Map<string, number>();
    for (const word of words) {
      for (let i = 1; i < word.length; i++) {
        const pair = `${word[i - 1]},${word[i]}`;
        counts.set(pair, (counts.get(pair) ?? 0) + 1);
      }
    }
    const ranked = [...counts]
      .map(([pair, count]) => ({ pair: pair.split(',').map(Number) as [number, number], count }))
      .sort((a, b) => b.count - a.count || a.pair[0] - b.pair[0] || a.pair[1] - b.pair[1]);
    if (ranked.length === 0 || ranked[0].count < 2) break;
    merges.push(ranked[0].pair);
    words = words.map((word) => mergeAll(word, ranked[0].pair, 255 + merges.length));
  }
  return merges;
}

function mergeAll(word: readonly number[], [left, right]: readonly [number, number], id: number): number[] {
  const merged: number[] = [];
  for (let i = 0; i < word.length; i++) {
    const isPair = word[i] === left && word[i + 1] === right;
    merged.push(isPair ? id : word[i]);
    if (isPair) i++;
  }
  return merged;
}

/** All places of the first merge, then all of the next. For words of letters with one space between them. */
function plainEncode(any: string, merges: readonly (readonly [number, number])[]): number[] {
  return (any.match(/ ?[a-z]+/g) ?? []).flatMap((piece) => {
    let tokens = [...new TextEncoder().encode(piece)];
    for (const [rank, pair] of merges.entries()) tokens = mergeAll(tokens, pair, 256 + rank);
    return tokens;
  });
}

describe('of published models', () => {
  const document = {
    version: '1.0',
    added_tokens: [
      { id: 5, content: '<eos>', special: true, single_word: false, lstrip: false, rstrip: false, normalized: false },
    ],
    normalizer: { type: 'Lowercase' },
    pre_tokenizer: { type: 'Whitespace' },
    post_processor: null,
    decoder: { type: 'WordPiece', prefix: '##', cleanup: false },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: { '[UNK]': 0, cat: 1, '##s': 2, sat: 3, the: 4 },
    },
  };

  test('are read from their file', async () => {
    const path = join(temporaryFolder(), 'tokenizer.json');
    writeFileSync(path, JSON.stringify(document));
    const tokenizer = await loadTokenizer(path);
    expect([...tokenizer.encode('The cats sat')]).toEqual([4, 1, 2, 3]);
    expect(tokenizer.decode([4, 1, 2, 3])).toBe('the cats sat');
    expect(tokenizer.size).toBe(6);
  });

  test('and files that are none are refused with their path', async () => {
    const path = join(temporaryFolder(), 'bad.json');
    await expect(loadTokenizer(path)).rejects.toThrow(/cannot read .*bad\.json/);
    writeFileSync(path, '{');
    await expect(loadTokenizer(path)).rejects.toThrow(/cannot read .*bad\.json/);
    writeFileSync(path, '[]');
    await expect(loadTokenizer(path)).rejects.toThrow(/no JSON object/);
    writeFileSync(path, '{"model":{"type":"none"}}');
    await expect(loadTokenizer(path)).rejects.toThrow(/is no tokenizer/);
  });
});

test('a vocabulary is a tokenizer too', () => {
  const tokenizer: text.Tokenizer = Vocabulary.fromText('abc');
  expect(tokenizer.decode(tokenizer.encode('cab'))).toBe('cab');
});
