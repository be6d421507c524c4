/** Sorting along rows, and selection: the first few of the sorted order, or single ranks, without sorting the rest. */

import type { DataArray } from '../../core/dtype.ts';
import { elementsOf, type Keys, keysOf, sortOrder, sortWords, words } from './sort-keys.ts';

/** Up to this many elements are inserted one by one. */
const FEW = 24;
/** From this many ranks on a row is sorted rather than searched for each. */
const MANY_RANKS = 5;
/** A bracket of at most this share of the row is not narrowed any further. */
const NARROW_ENOUGH = 1 / 64;

const smallOrder = new Uint32Array(FEW);
const bucketCounts = new Uint32Array(2048);

/** Whether `a` stands before `b`: every NaN behind all numbers, or before them in descending order. */
function precedes(a: number, b: number, descending: boolean): boolean {
  if (descending) return a > b || (Number.isNaN(a) && !Number.isNaN(b));
  return a < b || (Number.isNaN(b) && !Number.isNaN(a));
}

/** The stable order of few elements. */
function insertAll(x: DataArray, from: number, n: number, descending: boolean): Uint32Array {
  for (let i = 0; i < n; i++) {
    const value = x[from + i];
    let at = i;
    while (at > 0 && precedes(value, x[from + smallOrder[at - 1]], descending)) {
      smallOrder[at] = smallOrder[at - 1];
      at--;
    }
    smallOrder[at] = i;
  }
  return smallOrder;
}

function ascending(n: number): Uint32Array {
  const order = words('order', n);
  for (let i = 0; i < n; i++) order[i] = i;
  return order;
}

/** The stable order of the row x[from … from + n − 1]. */
function orderOf(x: DataArray, from: number, n: number, descending: boolean): Uint32Array {
  if (n <= FEW) return insertAll(x, from, n, descending);
  return sortOrder(keysOf(x, from, n, descending), ascending(n));
}

export function sortRows(
  descending: boolean,
  x: DataArray,
  y: DataArray | null,
  indices: Int32Array | null,
  rows: number,
  n: number,
): void {
  for (let r = 0; r < rows; r++) {
    const from = r * n;
    if (indices === null && n > FEW && !(x instanceof Float64Array)) {
      const { keys } = sortWords(keysOf(x, from, n, descending).high, null, words('other', n), null);
      elementsOf(keys, y!, from, descending);
      continue;
    }
    const order = orderOf(x, from, n, descending);
    for (let i = 0; i < n; i++) {
      if (y !== null) y[from + i] = x[from + order[i]];
      if (indices !== null) indices[from + i] = order[i];
    }
  }
}

/** Keys from `first` to `last` hold the rank sought; `below` keys are smaller than `first`. */
interface Bracket {
  first: number;
  last: number;
  below: number;
}

/** Narrows down where the key of one rank lies, by the digits of the keys from the highest on. */
function bracketOf(keys: Uint32Array, rank: number): Bracket {
  const n = keys.length;
  const bracket = { first: 0, last: 0xffffffff, below: 0 };
  for (const [shift, bits] of [
    [21, 11],
    [10, 11],
    [0, 10],
  ]) {
    const counts = bucketCounts.fill(0);
    const { first, last } = bracket;
    const mask = 2 ** bits - 1;
    for (let i = 0; i < n; i++) {
      const key = keys[i];
      if (key >= first && key <= last) counts[(key >>> shift) & mask]++;
    }
    let bucket = 0;
    while (bracket.below + counts[bucket] <= rank) bracket.below += counts[bucket++];
    bracket.first = first + bucket * 2 ** shift;
    bracket.last = bracket.first + (2 ** shift - 1);
    if (counts[bucket] <= n * NARROW_ENOUGH) break;
  }
  return bracket;
}

/** The places of the keys from `first` to `last`, as far as their high words tell, in stable order. */
function orderWithin(keys: Keys, first: number, last: number): Uint32Array {
  const { high } = keys;
  const order = words('order', high.length);
  let count = 0;
  for (let i = 0; i < high.length; i++) {
    const key = high[i];
    if (key >= first && key <= last) order[count++] = i;
  }
  return sortOrder(keys, order.subarray(0, count));
}

export function topRows(largest: boolean, x: DataArray, indices: Int32Array, rows: number, n: number, k: number): void {
  if (k === 0) return;
  for (let r = 0; r < rows; r++) {
    let order: Uint32Array;
    if (n <= FEW) order = insertAll(x, r * n, n, largest);
    else {
      const keys = keysOf(x, r * n, n, largest);
      order = orderWithin(keys, 0, bracketOf(keys.high, k - 1).last);
    }
    for (let i = 0; i < k; i++) indices[r * k + i] = order[i];
  }
}

/** The place of the first rank outside [0, n), or −1. */
function findBadRank(ranks: Int32Array, n: number): number {
  for (let i = 0; i < ranks.length; i++) if (ranks[i] < 0 || ranks[i] >= n) return i;
  return -1;
}

export function rankRows(
  x: DataArray,
  ranks: Int32Array,
  indices: Int32Array,
  rows: number,
  n: number,
  m: number,
): number {
  const bad = findBadRank(ranks, n);
  if (bad >= 0) return bad;
  for (let r = 0; r < rows; r++) {
    if (n <= FEW || m >= MANY_RANKS) {
      const order = orderOf(x, r * n, n, false);
      for (let i = r * m; i < (r + 1) * m; i++) indices[i] = order[ranks[i]];
      continue;
    }
    const keys = keysOf(x, r * n, n, false);
    // The two ranks of an interpolated quantile mostly lie in one bracket.
    let below = 0;
    let order: Uint32Array = new Uint32Array(0);
    for (let i = r * m; i < (r + 1) * m; i++) {
      if (ranks[i] < below || ranks[i] >= below + order.length) {
        const bracket = bracketOf(keys.high, ranks[i]);
        order = orderWithin(keys, bracket.first, bracket.last);
        below = bracket.below;
      }
      indices[i] = order[ranks[i] - below];
    }
  }
  return -1;
}
