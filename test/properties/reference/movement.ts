/** Operations that move elements, by the index tuple each element comes from. */

import { at, axisOf, build, count, type Dims, Illegal, tuples, type Value } from './value.ts';

const order = (rank: number): number[] => Array.from({ length: rank }, (_, i) => i);

export function reshape(x: Value, shape: Dims): Value | Illegal {
  const unknown = shape.filter((d) => d === -1).length;
  const rest = count(shape.filter((d) => d !== -1));
  if (unknown > 1 || (unknown === 1 && rest === 0) || shape.some((d) => d < -1)) return new Illegal([x.shape, shape]);
  const wanted = shape.map((d) => (d === -1 ? x.data.length / rest : d));
  if (wanted.some((d) => !Number.isInteger(d)) || count(wanted) !== x.data.length) return new Illegal([x.shape, shape]);
  return { ...x, shape: wanted };
}

export function flatten(x: Value, start: number, end: number): Value | Illegal {
  const rank = Math.max(1, x.shape.length);
  const [from, to] = [axisOf(start, rank), axisOf(end, rank)];
  if (from === null || to === null || from > to) return new Illegal();
  if (x.shape.length === 0) return { ...x, shape: [1] };
  return { ...x, shape: [...x.shape.slice(0, from), count(x.shape.slice(from, to + 1)), ...x.shape.slice(to + 1)] };
}

export function squeeze(x: Value, axes: number | Dims | undefined): Value | Illegal {
  const rank = x.shape.length;
  const list = axes === undefined ? order(rank) : typeof axes === 'number' ? [axes] : axes;
  const found = list.map((a) => axisOf(a, Math.max(1, rank)));
  if (found.includes(null)) return new Illegal();
  return { ...x, shape: x.shape.filter((d, i) => d !== 1 || !found.includes(i)) };
}

export function unsqueeze(x: Value, axis: number): Value | Illegal {
  const found = axisOf(axis, x.shape.length + 1);
  if (found === null) return new Illegal();
  return { ...x, shape: [...x.shape.slice(0, found), 1, ...x.shape.slice(found)] };
}

export function permute(x: Value, axes: Dims): Value | Illegal {
  const found = axes.map((a) => axisOf(a, x.shape.length));
  if (found.includes(null) || found.length !== x.shape.length || new Set(found).size !== found.length)
    return new Illegal();
  return build(
    found.map((a) => x.shape[a!]),
    (index) =>
      at(
        x,
        order(x.shape.length).map((i) => index[found.indexOf(i)]),
      ),
  );
}

export function transpose(x: Value, a: number, b: number): Value | Illegal {
  const rank = x.shape.length;
  const [i, j] = [axisOf(a, Math.max(1, rank)), axisOf(b, Math.max(1, rank))];
  if (i === null || j === null) return new Illegal();
  if (rank === 0) return x;
  return permute(
    x,
    order(rank).map((axis) => (axis === i ? j : axis === j ? i : axis)),
  );
}

/** The places of one axis, in their order. */
export function take(x: Value, axis: number, places: readonly number[]): Value {
  const shape = x.shape.map((d, i) => (i === axis ? places.length : d));
  return build(shape, (index) =>
    at(
      x,
      index.map((v, i) => (i === axis ? places[v] : v)),
    ),
  );
}

/** Python's slice. */
export function slice(x: Value, axis: number, start: number, end: number | null, step: number): Value | Illegal {
  const found = axisOf(axis, x.shape.length);
  if (found === null || step < 1) return new Illegal();
  const n = x.shape[found];
  const from = start < 0 ? Math.max(0, start + n) : start;
  const to = end === null ? n : end < 0 ? end + n : Math.min(n, end);
  const places: number[] = [];
  for (let i = from; i < to; i += step) places.push(i);
  return take(x, found, places);
}

export function narrow(x: Value, axis: number, start: number, length: number): Value | Illegal {
  const found = axisOf(axis, x.shape.length);
  if (found === null) return new Illegal();
  const n = x.shape[found];
  const from = start < 0 ? start + n : start;
  if (from < 0 || from > n || length < 0 || from + length > n) return new Illegal([x.shape]);
  return take(
    x,
    found,
    Array.from({ length }, (_, i) => from + i),
  );
}

export function select(x: Value, axis: number, index: number): Value | Illegal {
  const found = axisOf(axis, x.shape.length);
  if (found === null) return new Illegal();
  const place = axisOf(index, x.shape[found]);
  if (place === null) return new Illegal();
  return { ...take(x, found, [place]), shape: x.shape.filter((_, i) => i !== found) };
}

export function split(x: Value, size: number | Dims, axis: number): Value[] | Illegal {
  const found = axisOf(axis, x.shape.length);
  if (found === null) return new Illegal();
  const n = x.shape[found];
  let sizes: number[];
  if (typeof size === 'number') {
    if (size < 1 && !(size === 0 && n === 0)) return new Illegal();
    sizes = [];
    for (let left = n; left > 0 || sizes.length === 0; left -= size) sizes.push(Math.min(size, left));
  } else sizes = [...size];
  if (sizes.some((s) => s < 0) || sizes.reduce((a, b) => a + b, 0) !== n) return new Illegal();
  let from = 0;
  return sizes.map((length) => {
    const part = take(
      x,
      found,
      Array.from({ length }, (_, i) => from + i),
    );
    from += length;
    return part;
  });
}

export function chunk(x: Value, parts: number, axis: number): Value[] | Illegal {
  const found = axisOf(axis, x.shape.length);
  if (found === null || parts < 1) return new Illegal();
  const n = x.shape[found];
  if (n === 0) return split(x, new Array<number>(parts).fill(0), axis);
  return split(x, Math.ceil(n / parts), axis);
}

export function expand(x: Value, shape: Dims): Value | Illegal {
  const lead = shape.length - x.shape.length;
  const wanted = shape.map((d, i) => (d === -1 && i >= lead ? x.shape[i - lead] : d));
  const fits = lead >= 0 && wanted.every((d) => d >= 0) && x.shape.every((d, i) => d === 1 || d === wanted[i + lead]);
  if (!fits) return new Illegal();
  return build(wanted, (index) =>
    at(
      x,
      x.shape.map((d, i) => (d === 1 ? 0 : index[i + lead])),
    ),
  );
}

export function cat(parts: readonly Value[], axis: number): Value | Illegal {
  // An empty vector stands for nothing yet.
  const given = parts.filter((p) => !(p.shape.length === 1 && p.shape[0] === 0));
  if (given.length === 0) return axisOf(axis, 1) === null ? new Illegal() : parts[0];
  const [{ shape }] = given;
  const found = axisOf(axis, shape.length);
  if (found === null) return new Illegal();
  for (const p of given) {
    const same = p.shape.length === shape.length && p.shape.every((d, i) => i === found || d === shape[i]);
    if (!same) return new Illegal([shape, p.shape]);
  }
  const owners = given.flatMap((p) => Array.from({ length: p.shape[found] }, (_, i) => ({ p, i })));
  return build(
    shape.map((d, i) => (i === found ? owners.length : d)),
    (index) => {
      const { p, i } = owners[index[found]];
      return at(
        p,
        index.map((v, a) => (a === found ? i : v)),
      );
    },
  );
}

export function stack(parts: readonly Value[], axis: number): Value | Illegal {
  const [{ shape }] = parts;
  for (const p of parts) if (p.shape.join() !== shape.join()) return new Illegal([shape, p.shape]);
  const found = axisOf(axis, shape.length + 1);
  if (found === null) return new Illegal();
  return build([...shape.slice(0, found), parts.length, ...shape.slice(found)], (index) =>
    at(
      parts[index[found]],
      index.filter((_, i) => i !== found),
    ),
  );
}

/** x with `source` added at the places of an axis. */
export function indexAdd(x: Value, axis: number, ids: Value, source: Value, alpha: number): Value | Illegal {
  const found = axisOf(axis, x.shape.length);
  if (found === null || ids.shape.length > 1) return new Illegal();
  const fits =
    source.shape.length === x.shape.length &&
    source.shape.every((d, i) => d === (i === found ? ids.data.length : x.shape[i]));
  if (!fits) return new Illegal([source.shape]);
  if (ids.data.some((id) => id < 0 || id >= x.shape[found])) return new Illegal();
  const terms = new Map<string, number[]>(tuples(x.shape).map((index) => [index.join(), [at(x, index)]]));
  for (const index of tuples(source.shape)) {
    const target = index.map((v, i) => (i === found ? ids.data[v] : v));
    terms.get(target.join())!.push(alpha * at(source, index));
  }
  const sums = tuples(x.shape).map((index) => terms.get(index.join())!);
  return {
    shape: x.shape,
    data: sums.map((list) => list.reduce((a, b) => a + b, 0)),
    bound: sums.map((list) => (list.length + 1) * list.reduce((a, b) => a + Math.abs(b), 0)),
  };
}
