/** Sorting, selecting, scanning and counting, line by line, by comparing and adding as one would by hand. */

import { at, axisOf, build, Illegal, lineAt, total, tuples, type Value } from './value.ts';

/** What is known of one line: values, or values with their bounds. */
export interface Line {
  readonly data: readonly number[];
  readonly bound?: readonly number[];
}

/**
 * Each line along an axis as another of `length(n)` elements, or without the axis where `length` is null. A single value
 * counts as a line of one.
 */
export function along(
  x: Value,
  axis: number,
  length: ((n: number) => number) | null,
  keepdim: boolean,
  f: (line: number[]) => Line,
  dtype?: Value['dtype'],
): Value | Illegal {
  const rank = x.shape.length;
  const found = axisOf(axis, Math.max(1, rank));
  if (found === null) return new Illegal();
  if (rank === 0) {
    const { data, bound } = f([x.data[0]]);
    return { shape: length === null || data.length === 1 ? [] : [data.length], data, bound, dtype };
  }
  const n = length === null ? 1 : length(x.shape[found]);
  const shape = x.shape.map((d, i) => (i === found ? n : d));
  const heads = tuples(shape.map((d, i) => (i === found ? 1 : d)));
  const lines = new Map(heads.map((index) => [index.join(), f(lineAt(x, found, index))]));
  const read = (index: number[], of: 'data' | 'bound'): number => {
    const head = index.map((v, i) => (i === found ? 0 : v));
    return lines.get(head.join())![of]?.[index[found]] ?? 0;
  };
  const bounded = [...lines.values()].some(({ bound }) => bound !== undefined);
  const y = build(shape, (index) => read(index, 'data'), {
    bound: bounded ? (_, index) => read(index, 'bound') : undefined,
    dtype,
  });
  return length === null && !keepdim ? { ...y, shape: shape.filter((_, i) => i !== found) } : y;
}

/** Places in the order of their values; equals keep theirs. */
export function order(line: readonly number[], descending = false): number[] {
  const places = line.map((_, i) => i);
  // Insertion: an element moves in front of those it precedes, and stops at its equals.
  for (let i = 1; i < places.length; i++) {
    for (let j = i; j > 0; j--) {
      const [a, b] = [line[places[j - 1]], line[places[j]]];
      if (descending ? b <= a : b >= a) break;
      [places[j - 1], places[j]] = [places[j], places[j - 1]];
    }
  }
  return places;
}

/** Values and places along an axis, by a choice of places on each line. */
export function placed(
  x: Value,
  axis: number,
  length: ((n: number) => number) | null,
  keepdim: boolean,
  choose: (line: number[]) => number[],
): [Value, Value] | Illegal {
  const values = along(x, axis, length, keepdim, (line) => ({ data: choose(line).map((i) => line[i]) }));
  const indices = along(x, axis, length, keepdim, (line) => ({ data: choose(line) }), 'int32');
  return values instanceof Illegal || indices instanceof Illegal ? new Illegal() : [values, indices];
}

/** The value that stands most often, the smallest of several, at its last place. */
export function mode(line: readonly number[]): number {
  const counts = line.map((v) => line.filter((w) => w === v).length);
  const most = Math.max(...counts);
  const value = Math.min(...line.filter((_, i) => counts[i] === most));
  return line.lastIndexOf(value);
}

export function cumsum(line: readonly number[]): Line {
  const sums = line.map((_, i) => line.slice(0, i + 1));
  return {
    data: sums.map((s) => total(s).sum),
    // One after the other, or in blocks: at most as many roundings as terms.
    bound: sums.map((s) => s.length * s.reduce((a, b) => a + Math.abs(b), 0)),
  };
}

export function cumprod(line: readonly number[]): Line {
  const products = line.map((_, i) => line.slice(0, i + 1).reduce((a, b) => a * b, 1));
  return { data: products, bound: products.map((p, i) => (i + 1) * Math.abs(p)) };
}

export function logcumsumexp(line: readonly number[]): Line {
  const data = line.map((_, i) => {
    const head = line.slice(0, i + 1);
    const most = Math.max(...head);
    return most + Math.log(total(head.map((v) => Math.exp(v - most))).sum);
  });
  return { data, bound: data.map((y, i) => (i + 1) * (8 + 4 * Math.abs(y) + 2 * Math.max(...line.map(Math.abs)))) };
}

/** The place of the best up to each, the last of equals. */
export function cumbest(line: readonly number[], better: (a: number, b: number) => boolean): number[] {
  let best = 0;
  return line.map((v, i) => {
    if (better(v, line[best]) || v === line[best]) best = i;
    return best;
  });
}

export function diff(line: readonly number[], n: number): Line {
  let data = [...line];
  const magnitude = Math.max(0, ...line.map(Math.abs));
  for (let i = 0; i < n && data.length > 0; i++) data = data.slice(1).map((v, k) => v - data[k]);
  return { data, bound: n < 2 ? undefined : data.map(() => 2 ** n * n * magnitude) };
}

/** The distinct values in ascending order, where each element's lies among them, and how often each stands. */
export function unique(x: Value): [Value, Value, Value] {
  const values = [...new Set(x.data)].sort((a, b) => a - b);
  const counts = values.map((v) => x.data.filter((w) => w === v).length);
  return [
    { shape: [values.length], data: values },
    { shape: x.shape, data: x.data.map((v) => values.indexOf(v)), dtype: 'int32' },
    { shape: [values.length], data: counts, dtype: 'int32' },
  ];
}

/** Runs of equals: their values, the run each element lies in, and their lengths. */
export function runs(x: Value): [Value, Value, Value] {
  const values: number[] = [];
  const lengths: number[] = [];
  const inverse = x.data.map((v, i) => {
    if (i === 0 || v !== x.data[i - 1]) {
      values.push(v);
      lengths.push(0);
    }
    lengths[lengths.length - 1]++;
    return values.length - 1;
  });
  return [
    { shape: [values.length], data: values },
    { shape: x.shape, data: inverse, dtype: 'int32' },
    { shape: [values.length], data: lengths, dtype: 'int32' },
  ];
}

/** How many of the boundaries lie below a value, or, from the right, not above it. */
export function rank(boundaries: readonly number[], value: number, right: boolean): number {
  return boundaries.filter((b) => (right ? b <= value : b < value)).length;
}

/** sorted [n] and any values, or sorted [..., n] and values [..., m] line by line. */
export function searchsorted(sorted: Value, values: Value, right: boolean): Value | Illegal {
  const [lead, own] = [sorted.shape.slice(0, -1), values.shape.slice(0, -1)];
  if (sorted.shape.length === 0) return new Illegal([sorted.shape]);
  if (sorted.shape.length > 1 && lead.join() !== own.join()) return new Illegal([sorted.shape, values.shape]);
  if (sorted.shape.length > 1 && values.shape.length !== sorted.shape.length) {
    return new Illegal([sorted.shape, values.shape]);
  }
  return build(
    values.shape,
    (index) => {
      const line =
        sorted.shape.length === 1 ? sorted.data : lineAt(sorted, sorted.shape.length - 1, [...index.slice(0, -1), 0]);
      return rank(line as number[], at(values, index), right);
    },
    { dtype: 'int32' },
  );
}

/** Sums of weights by bins: the edges ascend, the last bin holds its upper edge too. */
export function histogram(x: readonly number[], edges: readonly number[]): number[] {
  const last = edges.length - 2;
  return edges
    .slice(0, -1)
    .map((low, i) => x.filter((v) => v >= low && (v < edges[i + 1] || (i === last && v === edges[i + 1]))).length);
}

export type Interpolation = 'linear' | 'lower' | 'higher' | 'midpoint' | 'nearest';

/** The value below which a part q of the line lies. */
export function quantile(line: readonly number[], q: number, how: Interpolation): { sum: number; bound: number } {
  const sorted = order(line).map((i) => line[i]);
  const place = q * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  const part = place - Math.floor(place);
  const weight =
    how === 'linear'
      ? part
      : how === 'lower'
        ? 0
        : how === 'higher'
          ? Math.ceil(part)
          : how === 'midpoint'
            ? Math.ceil(part) / 2
            : roundEven(place) - Math.floor(place);
  const y = weight === 0 ? below : weight === 1 ? above : below + weight * (above - below);
  return { sum: y, bound: how === 'lower' || how === 'higher' ? 0 : 8 * (Math.abs(below) + Math.abs(above)) };
}

function roundEven(x: number): number {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}
