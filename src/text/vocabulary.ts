/** Characters and their ids. */

import { inspect } from 'node:util';
import { ConfigError } from '../errors.ts';

const MAX_CODE_POINT = 0x10ffff;

/** A character as a message shows it: `"é" (U+00E9)`. */
export function describeCodePoint(codePoint: number): string {
  const hex = codePoint.toString(16).toUpperCase().padStart(4, '0');
  return `${JSON.stringify(String.fromCodePoint(codePoint))} (U+${hex})`;
}

/**
 * The characters that a model knows, by code point, so that an emoji is one character. Ids count up in the order of the
 * code points: the same characters give the same ids, whatever text they came from.
 *
 * @example
 * const vocabulary = Vocabulary.fromText('banana');
 * vocabulary.encode('ban'); // => Int32Array(3) [ 1, 0, 2 ]
 */
export class Vocabulary {
  readonly #codePoints: Uint32Array;
  readonly #ids: Map<number, number>;

  private constructor(sorted: Uint32Array) {
    this.#codePoints = sorted;
    this.#ids = new Map(Array.from(sorted, (codePoint, id) => [codePoint, id]));
  }

  /** @throws ConfigError  if there is no character, or one that UTF-8 cannot hold */
  static fromCodePoints(codePoints: Iterable<number>): Vocabulary {
    const sorted = Uint32Array.from(new Set(codePoints)).sort();
    if (sorted.length === 0) throw new ConfigError({ op: 'Vocabulary', problem: 'there are no characters' });
    for (const codePoint of sorted) {
      if (codePoint > MAX_CODE_POINT || (codePoint >= 0xd800 && codePoint <= 0xdfff)) {
        throw new ConfigError({ op: 'Vocabulary', problem: 'this is no character', got: codePoint });
      }
    }
    return new Vocabulary(sorted);
  }

  static fromText(text: string): Vocabulary {
    return Vocabulary.fromCodePoints(Array.from(text, (character) => character.codePointAt(0) as number));
  }

  /**
   * From what `toJSON` gave.
   *
   * @throws ConfigError  if it is no string of distinct characters in ascending order
   */
  static fromJSON(value: unknown): Vocabulary {
    if (typeof value !== 'string') {
      throw new ConfigError({ op: 'Vocabulary', problem: 'a saved vocabulary is a string', got: value });
    }
    const vocabulary = Vocabulary.fromText(value);
    if (vocabulary.toJSON() !== value) {
      throw new ConfigError({ op: 'Vocabulary', problem: 'a saved vocabulary has distinct characters in order' });
    }
    return vocabulary;
  }

  /** How many characters there are. */
  get size(): number {
    return this.#codePoints.length;
  }

  /** The code points in the order of their ids, as a copy. */
  get codePoints(): Uint32Array {
    return this.#codePoints.slice();
  }

  /** The id of a code point, or −1. */
  idOf(codePoint: number): number {
    return this.#ids.get(codePoint) ?? -1;
  }

  /** The ids of a text. @throws ConfigError if a character is not known */
  encode(text: string): Int32Array {
    const characters = Array.from(text);
    return Int32Array.from(characters, (character, place) => {
      const codePoint = character.codePointAt(0) as number;
      const id = this.idOf(codePoint);
      if (id < 0) {
        throw new ConfigError({
          op: 'Vocabulary.encode',
          problem: `the text has a character that the model does not know: ${describeCodePoint(codePoint)} at ${place}`,
          hint: `it knows ${this.size}: ${this.#sample()}`,
        });
      }
      return id;
    });
  }

  /** The text of ids. @throws ConfigError if an id is out of range */
  decode(ids: ArrayLike<number>): string {
    const pieces: string[] = [];
    for (let i = 0; i < ids.length; i++) {
      const codePoint = this.#codePoints[ids[i]];
      if (codePoint === undefined) {
        throw new ConfigError({
          op: 'Vocabulary.decode',
          problem: 'no such id',
          got: ids[i],
          expected: `0 to ${this.size - 1}`,
        });
      }
      pieces.push(String.fromCodePoint(codePoint));
    }
    return pieces.join('');
  }

  /** All characters in the order of their ids. */
  toJSON(): string {
    return this.decode(Array.from(this.#codePoints, (_, id) => id));
  }

  [inspect.custom](): string {
    return `Vocabulary(${this.size}) ${this.#sample()}`;
  }

  #sample(): string {
    const shown = Array.from(this.#codePoints.subarray(0, 80), (codePoint) => String.fromCodePoint(codePoint)).join('');
    return JSON.stringify(shown) + (this.size > 80 ? ' …' : '');
  }
}
