import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { Vocabulary } from '../../src/text/vocabulary.ts';

describe('Vocabulary', () => {
  test('ids follow the code points, whatever the order of the text', () => {
    const vocabulary = Vocabulary.fromText('ba😀nana\n');
    expect(vocabulary.toJSON()).toBe('\nabn😀');
    expect([...vocabulary.encode('😀a')]).toEqual([4, 1]);
    expect(vocabulary.decode([4, 1, 0])).toBe('😀a\n');
    expect([vocabulary.size, vocabulary.idOf(0x1f600), vocabulary.idOf(0x7a)]).toEqual([5, 4, -1]);
  });

  test('a text comes back from its ids, and a vocabulary from its JSON', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (text) => {
        const vocabulary = Vocabulary.fromText(text);
        expect(vocabulary.decode(vocabulary.encode(text))).toBe(text);
        const again = Vocabulary.fromJSON(JSON.parse(JSON.stringify(vocabulary)));
        expect(again.encode(text)).toEqual(vocabulary.encode(text));
      }),
    );
  });

  test('what it does not know is named', () => {
    const vocabulary = Vocabulary.fromText('abc');
    expect(() => vocabulary.encode('ab😀')).toThrow(/does not know: "😀" \(U\+1F600\) at 2 \(it knows 3: "abc"\)/);
    expect(() => vocabulary.encode('\ud83d')).toThrow(ConfigError);
    expect(() => vocabulary.decode([3])).toThrow(/no such id: got 3, expected 0 to 2/);
    expect(() => vocabulary.decode([-1])).toThrow(ConfigError);
    expect(() => vocabulary.decode([0.5])).toThrow(ConfigError);
  });

  test.each([[''], ['ba'], ['aa'], [7], [null], [{ length: 1 }], ['\ud800']])(
    'a saved vocabulary of %j is refused',
    (value) => {
      expect(() => Vocabulary.fromJSON(value)).toThrow(ConfigError);
    },
  );

  test.each([[-1], [0xd800], [0x110000], [Number.NaN]])(
    'code point %d is refused or never a surrogate',
    (codePoint) => {
      if (Number.isNaN(codePoint)) expect(Vocabulary.fromCodePoints([codePoint]).toJSON()).toBe('\0');
      else expect(() => Vocabulary.fromCodePoints([codePoint])).toThrow(ConfigError);
    },
  );
});
