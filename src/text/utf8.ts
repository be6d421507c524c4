/**
 * UTF-8 into code points, in pieces of any size, without a string: a corpus of gigabytes passes through here, and a
 * byte that does not belong must be named by its place.
 */

/** Where a text stops being UTF-8: the first byte of the ill-formed sequence, counted from the start of the text. */
export class InvalidUtf8 extends Error {
  readonly offset: number;

  constructor(offset: number) {
    super(`invalid UTF-8 at byte ${offset}`);
    this.offset = offset;
  }
}

/**
 * Decodes what `TextDecoder` in its fatal mode decodes: no overlong forms, no surrogates, nothing past U+10FFFF.
 * Source: The Unicode Standard, table 3-7.
 */
export class Utf8Decoder {
  /** Bytes of the sequence under way that are still to come, its value so far, and what its next byte may be. */
  #missing = 0;
  #code = 0;
  #low = 0x80;
  #high = 0xbf;
  /** Where the sequence under way began, and how many bytes earlier pieces had. */
  #start = 0;
  #before = 0;

  /**
   * The code points of the next piece go into `out`, which has room for one more than there are bytes; a sequence
   * that the piece cuts in two comes with the next one. Returns how many there are.
   *
   * @throws InvalidUtf8
   */
  decode(bytes: Uint8Array, out: Uint32Array): number {
    let n = 0;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i];
      if (this.#missing > 0) {
        if (byte < this.#low || byte > this.#high) throw new InvalidUtf8(this.#start);
        this.#code = (this.#code << 6) | (byte & 0x3f);
        this.#low = 0x80;
        this.#high = 0xbf;
        if (--this.#missing === 0) out[n++] = this.#code;
      } else if (byte < 0x80) out[n++] = byte;
      else this.#begin(byte, this.#before + i);
    }
    this.#before += bytes.length;
    return n;
  }

  /** @throws InvalidUtf8  if the text ends inside a sequence */
  finish(): void {
    if (this.#missing > 0) throw new InvalidUtf8(this.#start);
  }

  #begin(byte: number, offset: number): void {
    this.#start = offset;
    if (byte >= 0xc2 && byte <= 0xdf) {
      this.#missing = 1;
      this.#code = byte & 0x1f;
    } else if (byte >= 0xe0 && byte <= 0xef) {
      this.#missing = 2;
      this.#code = byte & 0x0f;
      if (byte === 0xe0) this.#low = 0xa0;
      if (byte === 0xed) this.#high = 0x9f;
    } else if (byte >= 0xf0 && byte <= 0xf4) {
      this.#missing = 3;
      this.#code = byte & 0x07;
      if (byte === 0xf0) this.#low = 0x90;
      if (byte === 0xf4) this.#high = 0x8f;
    } else throw new InvalidUtf8(offset);
  }
}
