/** Windows as columns, images of another size, and distances of vectors. */

import { norm } from './norm.ts';
import { adaptiveAvgPool, batched, unbatched, type Windows, windowsOf } from './spatial.ts';
import { at, axisOf, build, common, count, Illegal, measured, total, tuples, type Value } from './value.ts';

/** Every window of two axes as a column: [N, C·kh·kw, windows]. */
export function im2col(x: Value, windows: Windows): Value | Illegal {
  if (x.shape.length !== 3 && x.shape.length !== 4) return new Illegal([x.shape]);
  const input = batched(x, 2);
  const [batch, channels, ...size] = input.shape;
  const out = windowsOf(size, windows, false);
  if (out === null) return new Illegal();
  const taps = tuples([channels, ...windows.kernel]);
  const places = tuples(out);
  const y = build([batch, taps.length, places.length], ([n, row, column]) => {
    const [c, ...tap] = taps[row];
    const source = places[column].map(
      (p, i) => p * windows.stride[i] - windows.padding[i] + tap[i] * windows.dilation[i],
    );
    return source.every((v, i) => v >= 0 && v < size[i]) ? at(input, [n, c, ...source]) : 0;
  });
  return unbatched(y, x, 2);
}

/** Columns added up where their windows lay. */
export function col2im(x: Value, image: readonly number[], windows: Windows): Value | Illegal {
  const columns: Value = x.shape.length === 2 ? { ...x, shape: [1, ...x.shape] } : x;
  const taps = tuples(windows.kernel);
  const out = windowsOf(image, windows, false);
  const [batch, rows, number] = columns.shape;
  if (rows % taps.length !== 0) return new Illegal([x.shape]);
  if (out === null) return new Illegal();
  if (number !== count(out)) return new Illegal([x.shape]);
  const channels = rows / taps.length;
  const shape = [batch, channels, ...image];
  const terms = new Map(tuples(shape).map((index) => [index.join(), [] as number[]]));
  for (const [column, place] of tuples(out).entries()) {
    for (const [t, tap] of taps.entries()) {
      const target = place.map((p, i) => p * windows.stride[i] - windows.padding[i] + tap[i] * windows.dilation[i]);
      for (const [n, c] of tuples([batch, channels])) {
        terms.get([n, c, ...target].join())?.push(at(columns, [n, c * taps.length + t, column]));
      }
    }
  }
  const y = measured(shape, (index) => {
    const list = terms.get(index.join())!;
    return { sum: total(list).sum, bound: list.length * list.reduce((a, b) => a + Math.abs(b), 0) };
  });
  return x.shape.length === 2 ? { ...y, shape: y.shape.slice(1) } : y;
}

export type Mode = 'nearest' | 'nearest-exact' | 'linear' | 'bicubic' | 'area';

/** The elements of an axis that place `i` of the output is made of, with their weights. */
function weights(i: number, n: number, scale: number, mode: Mode, corners: boolean): [place: number, weight: number][] {
  const clip = (v: number): number => Math.min(Math.max(v, 0), n - 1);
  if (mode === 'nearest') return [[clip(Math.floor(i * scale)), 1]];
  if (mode === 'nearest-exact') return [[clip(Math.floor((i + 0.5) * scale)), 1]];
  const centre = corners ? i * scale : (i + 0.5) * scale - 0.5;
  if (mode === 'linear') {
    const source = Math.max(0, centre);
    const below = Math.floor(source);
    const part = source - below;
    return [
      [clip(below), 1 - part],
      [clip(below + 1), part],
    ];
  }
  const below = Math.floor(centre);
  const cubic = (d: number): number => {
    const a = -0.75;
    const v = Math.abs(d);
    if (v <= 1) return (a + 2) * v ** 3 - (a + 3) * v ** 2 + 1;
    return a * v ** 3 - 5 * a * v ** 2 + 8 * a * v - 4 * a;
  };
  return [-1, 0, 1, 2].map((k) => [clip(below + k), cubic(centre - below - k)]);
}

/** `scales[i]` is how far the input is walked for one place of the output. */
export function interpolate(
  x: Value,
  out: readonly number[],
  scales: readonly number[],
  mode: Mode,
  corners: boolean,
): Value {
  const size = x.shape.slice(2);
  if (mode === 'area') return adaptiveAvgPool(x, size.length, out);
  return measured([...x.shape.slice(0, 2), ...out], ([n, c, ...place]) => {
    const axes = place.map((p, i) => {
      const scale = corners ? (out[i] > 1 ? (size[i] - 1) / (out[i] - 1) : 0) : scales[i];
      return weights(p, size[i], scale, mode, corners);
    });
    const terms = tuples(axes.map((list) => list.length)).map((pick) => {
      const parts = pick.map((p, i) => axes[i][p]);
      const weight = parts.reduce((w, [, own]) => w * own, 1);
      return { v: at(x, [n, c, ...parts.map(([source]) => source)]), weight };
    });
    const exact = mode.startsWith('nearest');
    const bound = exact ? 0 : 16 * terms.reduce((a, { v, weight }) => a + Math.abs(v) * (Math.abs(weight) + 1e-1), 0);
    return { sum: total(terms.map(({ v, weight }) => v * weight)).sum, bound };
  });
}

/** The distances of every row of one to every row of the other. */
export function cdist(a: Value, b: Value, p: number): Value | Illegal {
  if (a.shape.length < 2 || b.shape.length < 2) return new Illegal([a.shape, b.shape]);
  const [m, k] = a.shape.slice(-2);
  const [n, other] = b.shape.slice(-2);
  if (k !== other) return new Illegal([a.shape, b.shape]);
  const lead = common(a.shape.slice(0, -2), b.shape.slice(0, -2));
  if (lead === null) return new Illegal([a.shape, b.shape]);
  const row = (x: Value, index: readonly number[], r: number): number[] => {
    const own = x.shape.slice(0, -2);
    const head = own.map((d, i) => (d === 1 ? 0 : index[lead.length - own.length + i]));
    return Array.from({ length: k }, (_, i) => at(x, [...head, r, i]));
  };
  return measured([...lead, m, n], (index) => {
    const [i, j] = index.slice(-2);
    const [u, v] = [row(a, index, i), row(b, index, j)];
    return distance(u, v, 0, p);
  });
}

function distance(u: readonly number[], v: readonly number[], eps: number, p: number): { sum: number; bound: number } {
  const differences = u.map((x, i) => x - v[i] + eps);
  const { sum, bound } = norm(differences, p);
  const rounded = norm(
    u.map((x, i) => Math.abs(x) + Math.abs(v[i]) + eps),
    p,
  );
  return { sum, bound: bound + (eps === 0 ? 2 * sum : 2 * rounded.sum) };
}

export function pairwiseDistance(a: Value, b: Value, p: number, eps: number, keepdim: boolean): Value | Illegal {
  const shape = common(a.shape, b.shape);
  if (shape === null || shape.length === 0) return new Illegal([a.shape, b.shape]);
  const line = (x: Value, head: readonly number[]): number[] =>
    Array.from({ length: shape[shape.length - 1] }, (_, i) => {
      const index = [...head, i].slice(shape.length - x.shape.length);
      return at(
        x,
        x.shape.map((d, axis) => (d === 1 ? 0 : index[axis])),
      );
    });
  const y = measured(shape.slice(0, -1), (head) => distance(line(a, head), line(b, head), eps, p));
  return keepdim ? { ...y, shape: [...y.shape, 1] } : y;
}

export function cosineSimilarity(a: Value, b: Value, axis: number, eps: number): Value | Illegal {
  const shape = common(a.shape, b.shape);
  if (shape === null) return new Illegal([a.shape, b.shape]);
  const found = axisOf(axis, shape.length);
  if (found === null) return new Illegal();
  const line = (x: Value, head: readonly number[]): number[] =>
    Array.from({ length: shape[found] }, (_, i) => {
      const index = [...head.slice(0, found), i, ...head.slice(found)].slice(shape.length - x.shape.length);
      return at(
        x,
        x.shape.map((d, dim) => (d === 1 ? 0 : index[dim])),
      );
    });
  return measured(
    shape.filter((_, i) => i !== found),
    (head) => {
      const [u, v] = [line(a, head), line(b, head)];
      const scale = Math.max(norm(u, 2).sum, eps) * Math.max(norm(v, 2).sum, eps);
      const terms = u.map((x, i) => (x * v[i]) / scale);
      const size = terms.reduce((s, t) => s + Math.abs(t), 0);
      return { sum: total(terms).sum, bound: (16 + 2 * u.length) * size };
    },
  );
}
