/**
 * Sorting by radix: every element becomes an unsigned key in whose order the elements stand, and keys are dealt out
 * digit by digit, the lowest first, which keeps equals in their order.
 */

import type { DataArray } from '../../core/dtype.ts';
import { Scratch } from './scratch.ts';

/** Bits of a digit where keys are many, and where they are few: fewer counters are cleared and summed then. */
const WIDE_DIGIT = 11;
const NARROW_DIGIT = 8;
const MANY = 2048;

const SIGN = 0x80000000;
const LARGEST = 0xffffffff;

/** Which word of a float64 comes first depends on the machine. */
const HIGH_WORD = new Uint8Array(Uint16Array.of(1).buffer)[0];

const counters = new Uint32Array(2 ** WIDE_DIGIT * 3);

/** Keys of 32 bits; those of float64 go on in a second, lower word. */
export interface Keys {
  readonly high: Uint32Array;
  readonly low: Uint32Array | null;
}

/** Working memory by its use; what it gives is valid until the next call with the same name. */
const memory = {
  high: new Scratch(),
  low: new Scratch(),
  named: new Scratch(),
  other: new Scratch(),
  order: new Scratch(),
  back: new Scratch(),
};

export function words(use: keyof typeof memory, n: number): Uint32Array {
  return new Uint32Array(memory[use].take((n + 1) >>> 1).buffer, 0, n);
}

function wordsOf(x: DataArray): Uint32Array {
  return new Uint32Array(x.buffer, x.byteOffset, x.byteLength >>> 2);
}

function float32Keys(bits: Uint32Array, keys: Uint32Array, from: number, n: number, flip: number): void {
  for (let i = 0; i < n; i++) {
    const word = bits[from + i];
    let key = word >>> 31 === 1 ? ~word : word | SIGN;
    // Every NaN is the largest, and −0 stands with 0.
    if ((word & 0x7fffffff) > 0x7f800000) key = LARGEST;
    else if (word === SIGN) key = SIGN;
    keys[i] = key ^ flip;
  }
}

function float64Keys(bits: Uint32Array, { high, low }: Keys, from: number, n: number, flip: number): void {
  for (let i = 0; i < n; i++) {
    const upper = bits[2 * (from + i) + HIGH_WORD];
    const lower = bits[2 * (from + i) + 1 - HIGH_WORD];
    const size = upper & 0x7fffffff;
    const negative = upper >>> 31 === 1;
    if (size > 0x7ff00000 || (size === 0x7ff00000 && lower !== 0)) {
      high[i] = LARGEST ^ flip;
      low![i] = LARGEST ^ flip;
    } else if (size === 0 && lower === 0) {
      high[i] = SIGN ^ flip;
      low![i] = flip;
    } else {
      high[i] = (negative ? ~upper : upper | SIGN) ^ flip;
      low![i] = (negative ? ~lower : lower) ^ flip;
    }
  }
}

/**
 * The keys of x[from … from + n − 1], in ascending order of the elements with every NaN last, or in descending order
 * with every NaN first.
 */
export function keysOf(x: DataArray, from: number, n: number, descending: boolean): Keys {
  const flip = descending ? -1 : 0;
  const high = words('high', n);
  if (x instanceof Float64Array) {
    const keys = { high, low: words('low', n) };
    float64Keys(wordsOf(x), keys, from, n, flip);
    return keys;
  }
  if (x instanceof Float32Array) float32Keys(wordsOf(x), high, from, n, flip);
  else if (x instanceof Int32Array) for (let i = 0; i < n; i++) high[i] = x[from + i] ^ SIGN ^ flip;
  else for (let i = 0; i < n; i++) high[i] = x[from + i] ^ flip;
  return { high, low: null };
}

/** What `keysOf` made a key of: of a float32's −0 and of its NaN's bits nothing is left. */
export function elementsOf(keys: Uint32Array, y: DataArray, to: number, descending: boolean): void {
  const flip = descending ? -1 : 0;
  const n = keys.length;
  if (y instanceof Float32Array) {
    const bits = wordsOf(y);
    for (let i = 0; i < n; i++) {
      const key = keys[i] ^ flip;
      bits[to + i] = key === -1 ? 0x7fc00000 : key < 0 ? key ^ SIGN : ~key;
    }
  } else if (y instanceof Int32Array) for (let i = 0; i < n; i++) y[to + i] = keys[i] ^ SIGN ^ flip;
  else for (let i = 0; i < n; i++) y[to + i] = keys[i] ^ flip;
}

/** Keys, and beside each the place it came from. */
interface Sorted {
  readonly keys: Uint32Array;
  readonly order: Uint32Array | null;
}

function deal(from: Sorted, to: Sorted, places: Uint32Array, shift: number): void {
  const mask = places.length - 1;
  const n = from.keys.length;
  const [keys, order, toKeys, toOrder] = [from.keys, from.order, to.keys, to.order];
  if (order === null || toOrder === null) {
    for (let i = 0; i < n; i++) {
      const key = keys[i];
      toKeys[places[(key >>> shift) & mask]++] = key;
    }
    return;
  }
  for (let i = 0; i < n; i++) {
    const key = keys[i];
    const place = places[(key >>> shift) & mask]++;
    toKeys[place] = key;
    toOrder[place] = order[i];
  }
}

/** How often each value stands in each digit of the keys: the counts of one digit after those of another. */
function countDigits(keys: Uint32Array, bits: number, digits: number): Uint32Array {
  const size = 2 ** bits;
  const mask = size - 1;
  const counts = counters.subarray(0, size * digits).fill(0);
  const n = keys.length;
  if (bits === WIDE_DIGIT) {
    for (let i = 0; i < n; i++) {
      const key = keys[i];
      counts[key & mask]++;
      counts[size + ((key >>> WIDE_DIGIT) & mask)]++;
      counts[2 * size + (key >>> (2 * WIDE_DIGIT))]++;
    }
    return counts;
  }
  for (let i = 0; i < n; i++) {
    for (let d = 0, key = keys[i]; d < digits; d++, key >>>= bits) counts[d * size + (key & mask)]++;
  }
  return counts;
}

/** The keys in ascending order, and `order` as theirs; equals keep their order. All four arrays are written. */
export function sortWords(
  keys: Uint32Array,
  order: Uint32Array | null,
  spareKeys: Uint32Array,
  spareOrder: Uint32Array | null,
): Sorted {
  const n = keys.length;
  const bits = n < MANY ? NARROW_DIGIT : WIDE_DIGIT;
  const size = 2 ** bits;
  const digits = Math.ceil(32 / bits);
  const counts = countDigits(keys, bits, digits);
  let from: Sorted = { keys, order };
  let to: Sorted = { keys: spareKeys, order: spareOrder };
  for (let d = 0; d < digits; d++) {
    const places = counts.subarray(d * size, (d + 1) * size);
    // A digit that all keys share moves nothing.
    if (n === 0 || places[(from.keys[0] >>> (d * bits)) & (size - 1)] === n) continue;
    let total = 0;
    for (let v = 0; v < size; v++) {
      const count = places[v];
      places[v] = total;
      total += count;
    }
    deal(from, to, places, d * bits);
    [from, to] = [to, from];
  }
  return from;
}

/** `order`, ascending places of the keys, as their stable order. */
export function sortOrder({ high, low }: Keys, order: Uint32Array): Uint32Array {
  const n = order.length;
  let sorted = order;
  let spare = words('back', n);
  const named = words('named', n);
  const other = words('other', n);
  for (const word of low === null ? [high] : [low, high]) {
    for (let i = 0; i < n; i++) named[i] = word[sorted[i]];
    const result = sortWords(named, sorted, other, spare).order!;
    if (result !== sorted) [sorted, spare] = [result, sorted];
  }
  return sorted;
}
