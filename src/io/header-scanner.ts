/**
 * A scanner for the JSON of a safetensors header: objects of strings, integers and short arrays, nothing else.
 *
 * `JSON.parse` keeps the last of two equal keys, and takes exponents, fractions and any depth; each of these has been
 * used against a reader of this format. This scanner refuses what the format does not need, at the place where it
 * meets it, and so does little work on a hostile header.
 */

/** Refuses the file; the loader adds the path. */
export type Refuse = (problem: string, got?: unknown, expected?: unknown) => never;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
const NINE = 0x39;

export class HeaderScanner {
  readonly #text: string;
  readonly #refuse: Refuse;
  #at = 0;

  constructor(text: string, refuse: Refuse) {
    this.#text = text;
    this.#refuse = refuse;
  }

  /** Refuses the file here. */
  fail(expected: string): never {
    const found = this.#at < this.#text.length ? JSON.stringify(this.#text[this.#at]) : 'the end';
    return this.#refuse(`the header is not valid at character ${this.#at}`, found, expected);
  }

  skipSpace(): void {
    for (;;) {
      const c = this.#text.charCodeAt(this.#at);
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return;
      this.#at++;
    }
  }

  /** Takes `token` if it comes next. */
  take(token: string): boolean {
    this.skipSpace();
    if (this.#text[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  expect(token: string): void {
    if (!this.take(token)) this.fail(`"${token}"`);
  }

  /** Calls `each` at every value of an object, with its key; refuses a key that stands twice. */
  object(each: (key: string) => void): void {
    const seen = new Set<string>();
    this.expect('{');
    if (this.take('}')) return;
    do {
      this.skipSpace();
      const key = this.string();
      if (seen.has(key)) this.#refuse(`the name ${JSON.stringify(key)} stands twice in the header`);
      seen.add(key);
      this.expect(':');
      each(key);
    } while (this.take(','));
    this.expect('}');
  }

  /** An array of at most `limit` non-negative integers. */
  integers(limit: number, what: string): number[] {
    const values: number[] = [];
    this.expect('[');
    if (this.take(']')) return values;
    do {
      if (values.length === limit) this.#refuse(`${what} has more than ${limit} entries`);
      values.push(this.integer());
    } while (this.take(','));
    this.expect(']');
    return values;
  }

  /** Digits alone, without leading zeros, at most 2⁵³ − 1. */
  integer(): number {
    this.skipSpace();
    const start = this.#at;
    let value = 0;
    for (;;) {
      const c = this.#text.charCodeAt(this.#at);
      if (!(c >= ZERO && c <= NINE)) break;
      value = value * 10 + (c - ZERO);
      this.#at++;
      if (!Number.isSafeInteger(value)) this.#refuse('a number in the header is larger than 2⁵³ − 1');
    }
    const digits = this.#at - start;
    if (digits === 0 || (digits > 1 && this.#text.charCodeAt(start) === ZERO)) {
      this.#at = start;
      this.fail('a non-negative integer');
    }
    return value;
  }

  string(): string {
    this.skipSpace();
    const text = this.#text;
    if (text.charCodeAt(this.#at) !== QUOTE) this.fail('a string');
    const start = this.#at;
    let end = start + 1;
    let plain = true;
    for (;;) {
      const c = text.charCodeAt(end);
      // NaN at the end of the text, and control characters, which JSON wants escaped.
      if (!(c >= 0x20)) this.#refuse('a string in the header does not end, or holds a control character');
      if (c === QUOTE) break;
      if (c === BACKSLASH) {
        plain = false;
        end++;
      }
      end++;
    }
    this.#at = end + 1;
    if (plain) return text.slice(start + 1, end);
    try {
      return JSON.parse(text.slice(start, end + 1)) as string;
    } catch {
      return this.#refuse('a string in the header has an escape that JSON does not know');
    }
  }

  /** Refuses anything but spaces up to the end. */
  end(): void {
    this.skipSpace();
    if (this.#at !== this.#text.length) this.fail('the end');
  }
}
