/** Elements rearranged, repeated, mirrored, bordered: by the index tuple each comes from, or the list it is cut from. */

import { permute, take } from './movement.ts';
import { at, axesOf, axisOf, build, count, type Dims, Illegal, total, tuples, type Value } from './value.ts';

const order = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

export function movedim(x: Value, source: Dims, destination: Dims): Value | Illegal {
  const rank = x.shape.length;
  const [from, to] = [source.map((a) => axisOf(a, rank)), destination.map((a) => axisOf(a, rank))];
  const bad = (list: readonly (number | null)[]): boolean => list.includes(null) || new Set(list).size < list.length;
  if (bad(from) || bad(to) || from.length !== to.length) return new Illegal();
  const rest = order(rank).filter((a) => !from.includes(a));
  return permute(
    x,
    order(rank).map((a) => (to.includes(a) ? from[to.indexOf(a)]! : rest.shift()!)),
  );
}

export function repeat(x: Value, counts: Dims): Value | Illegal {
  const lead = counts.length - x.shape.length;
  if (lead < 0 || counts.some((n) => n < 0)) return new Illegal();
  return build(
    counts.map((n, i) => n * (i < lead ? 1 : x.shape[i - lead])),
    (index) =>
      at(
        x,
        x.shape.map((d, i) => index[i + lead] % d),
      ),
  );
}

export function unfold(x: Value, axis: number, size: number, step: number): Value | Illegal {
  // A single value counts as a vector of one, whose axis goes away.
  if (x.shape.length === 0) {
    const y = unfold({ ...x, shape: [1] }, axis, size, step);
    return y instanceof Illegal ? y : { ...y, shape: [size] };
  }
  const found = axisOf(axis, x.shape.length);
  if (found === null || step < 1 || size < 0 || size > x.shape[found]) return new Illegal();
  const windows = Math.floor((x.shape[found] - size) / step) + 1;
  const shape = [...x.shape.map((d, i) => (i === found ? windows : d)), size];
  return build(shape, (index) =>
    at(
      x,
      x.shape.map((_, i) => (i === found ? index[i] * step + index[index.length - 1] : index[i])),
    ),
  );
}

export function flip(x: Value, axes: number | Dims | null): Value | Illegal {
  const list = Array.isArray(axes) && axes.length === 0 ? [] : axesOf(axes, x.shape.length);
  if (list === null) return new Illegal();
  return build(x.shape, (index) =>
    at(
      x,
      index.map((v, i) => (list.includes(i) ? x.shape[i] - 1 - v : v)),
    ),
  );
}

export function roll(x: Value, shifts: Dims, axes: Dims | null): Value | Illegal {
  const wrap = (v: number, n: number): number => ((v % n) + n) % n;
  if (axes === null) {
    const n = x.data.length;
    return { shape: x.shape, data: x.data.map((_, i) => x.data[wrap(i - shifts[0], n)]) };
  }
  if (shifts.length !== axes.length) return new Illegal();
  let y: Value = x;
  for (const [i, axis] of axes.entries()) {
    const found = axisOf(axis, x.shape.length);
    if (found === null) return new Illegal();
    const n = x.shape[found];
    y = take(
      y,
      found,
      order(n).map((v) => wrap(v - shifts[i], n)),
    );
  }
  return y;
}

/** One quarter turn sends place (i, j) of the plane to (m − 1 − j, i). */
export function rot90(x: Value, turns: number, axes: Dims): Value | Illegal {
  const rank = x.shape.length;
  const [a, b] = axes.map((axis) => axisOf(axis, rank));
  if (axes.length !== 2 || a === null || b === null || a === b) return new Illegal();
  let y: Value = x;
  for (let turn = ((turns % 4) + 4) % 4; turn > 0; turn--) {
    const before = y;
    const shape = before.shape.map((d, i) => (i === a ? before.shape[b] : i === b ? before.shape[a] : d));
    y = build(shape, (index) =>
      at(
        before,
        index.map((v, i) => (i === a ? index[b] : i === b ? before.shape[b] - 1 - index[a] : v)),
      ),
    );
  }
  return y;
}

export function diagonal(x: Value, offset: number, axis1: number, axis2: number): Value | Illegal {
  const rank = x.shape.length;
  const [a, b] = [axisOf(axis1, rank), axisOf(axis2, rank)];
  if (a === null || b === null || a === b) return new Illegal();
  const [down, right] = [Math.max(0, -offset), Math.max(0, offset)];
  const length = Math.max(0, Math.min(x.shape[a] - down, x.shape[b] - right));
  const rest = order(rank).filter((i) => i !== a && i !== b);
  return build([...rest.map((i) => x.shape[i]), length], (index) => {
    const i = index[index.length - 1];
    return at(
      x,
      order(rank).map((axis) => (axis === a ? i + down : axis === b ? i + right : index[rest.indexOf(axis)])),
    );
  });
}

export function diagEmbed(x: Value, offset: number, axis1: number, axis2: number): Value | Illegal {
  const rank = x.shape.length + 1;
  const [a, b] = [axisOf(axis1, rank), axisOf(axis2, rank)];
  if (x.shape.length === 0 || a === null || b === null || a === b) return new Illegal();
  const n = x.shape[x.shape.length - 1] + Math.abs(offset);
  const rest = x.shape.slice(0, -1);
  const shape = order(rank).map((i) => (i === a || i === b ? n : rest.shift()!));
  const [down, right] = [Math.max(0, -offset), Math.max(0, offset)];
  return build(shape, (index) => {
    const i = index[a] - down;
    if (i < 0 || index[b] - right !== i || i >= x.shape[x.shape.length - 1]) return 0;
    return at(x, [...index.filter((_, axis) => axis !== a && axis !== b), i]);
  });
}

export function diag(x: Value, offset: number): Value | Illegal {
  if (x.shape.length === 1) return diagEmbed(x, offset, 0, 1);
  return x.shape.length === 2 ? diagonal(x, offset, 0, 1) : new Illegal([x.shape]);
}

export function trace(x: Value): Value | Illegal {
  if (x.shape.length !== 2) return new Illegal([x.shape]);
  const { sum, bound } = total((diagonal(x, 0, 0, 1) as Value).data);
  return { shape: [], data: [sum], bound: [bound] };
}

/** Zeros above the diagonal, or below it. */
export function triangle(x: Value, offset: number, lower: boolean): Value | Illegal {
  if (x.shape.length < 2) return new Illegal([x.shape]);
  return build(x.shape, (index) => {
    const [i, j] = index.slice(-2);
    return (lower ? j - i <= offset : j - i >= offset) ? at(x, index) : 0;
  });
}

export type Mode = 'constant' | 'reflect' | 'replicate' | 'circular';

/** Where on an axis of `n` a place outside it comes from; null for the constant. */
function source(place: number, n: number, mode: Mode): number | null {
  if (place >= 0 && place < n) return place;
  if (mode === 'constant') return null;
  if (mode === 'replicate') return place < 0 ? 0 : n - 1;
  if (mode === 'circular') return place < 0 ? place + n : place - n;
  return place < 0 ? -place : 2 * (n - 1) - place;
}

/** Borders of non-negative widths, two an axis, the last axis first. */
export function pad(x: Value, widths: Dims, mode: Mode, value: number): Value | Illegal {
  const rank = x.shape.length;
  if (widths.length % 2 !== 0 || widths.length > 2 * rank) return new Illegal([x.shape]);
  const pads = order(rank).map((axis) => {
    const place = 2 * (rank - 1 - axis);
    return [widths[place] ?? 0, widths[place + 1] ?? 0];
  });
  const limits = x.shape.map(
    (n) => ({ constant: Infinity, reflect: n - 1, replicate: n && Infinity, circular: n })[mode],
  );
  if (pads.some((p, i) => Math.max(...p) > 0 && Math.max(...p) > limits[i])) return new Illegal([x.shape]);
  const shape = x.shape.map((n, i) => n + pads[i][0] + pads[i][1]);
  // What is cut off must have been there, whatever is added at the other end.
  const kept = x.shape.map((n, i) => n + Math.min(0, pads[i][0]) + Math.min(0, pads[i][1]));
  if (kept.some((n) => n < 0)) return new Illegal([x.shape]);
  return build(shape, (index) => {
    const from = index.map((v, i) => source(v - pads[i][0], x.shape[i], mode));
    return from.includes(null) ? value : at(x, from as number[]);
  });
}

export function unbind(x: Value, axis: number): Value[] | Illegal {
  const found = axisOf(axis, x.shape.length);
  if (found === null) return new Illegal();
  return order(x.shape[found]).map((i) => ({ ...take(x, found, [i]), shape: x.shape.filter((_, a) => a !== found) }));
}

export function meshgrid(xs: readonly Value[], xy: boolean): Value[] | Illegal {
  for (const x of xs) if (x.shape.length > 1) return new Illegal([x.shape]);
  const axes = order(xs.length);
  if (xy && xs.length > 1) [axes[0], axes[1]] = [1, 0];
  const shape = axes.map((i) => count(xs[i].shape));
  return xs.map((x, i) => build(shape, (index) => x.data[index[axes.indexOf(i)]]));
}

/** Every combination of one element of each. */
export function cartesian(xs: readonly Value[]): Value {
  const lists = tuples(xs.map((x) => x.data.length)).map((pick) => pick.map((p, i) => xs[i].data[p]));
  return xs.length === 1 ? xs[0] : { shape: [lists.length, xs.length], data: lists.flat() };
}
