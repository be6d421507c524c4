/** Elements chosen, written and combined by ids and masks. */

import { at, axisOf, build, common, type Dims, Illegal, placeOf, spread, tuples, type Value } from './value.ts';

/** As if a single value had one axis. */
const raised = (x: Value): Value => (x.shape.length === 0 ? { ...x, shape: [1] } : x);

/** The index fits: as many axes, none longer but the one that is indexed; every id in range. */
function refusal(x: Value, found: number | null, index: Value): Illegal | null {
  if (found === null) return new Illegal();
  // As in PyTorch an index of nothing fits everything.
  if (index.data.length === 0) return null;
  if (index.shape.length !== x.shape.length) return new Illegal();
  if (index.shape.some((d, i) => i !== found && d > x.shape[i])) return new Illegal();
  return index.data.some((id) => id < 0 || id >= x.shape[found]) ? new Illegal() : null;
}

export function gather(x: Value, axis: number, index: Value): Value | Illegal {
  const [rx, ri] = [raised(x), raised(index)];
  const found = axisOf(axis, rx.shape.length);
  const bad = refusal(rx, found, ri);
  if (bad !== null) return bad;
  const y = build(ri.shape, (place) =>
    at(
      rx,
      place.map((v, i) => (i === found ? at(ri, place) : v)),
    ),
  );
  return { ...y, shape: index.shape };
}

export function takeAlongAxis(x: Value, index: Value, axis: number): Value | Illegal {
  const found = axisOf(axis, x.shape.length);
  if (found === null || x.shape.length !== index.shape.length) return new Illegal();
  const without = (v: Value): Dims => v.shape.map((d, i) => (i === found ? 1 : d));
  const shape = common(without(x), without(index));
  if (shape === null) return new Illegal();
  const n = x.shape[found];
  if (index.data.some((id) => id < -n || id >= n)) return new Illegal();
  shape[found] = index.shape[found];
  return build(shape, (place) => {
    const id = at(
      index,
      index.shape.map((d, i) => (d === 1 ? 0 : place[i])),
    );
    return at(
      x,
      x.shape.map((d, i) => (i === found ? (id + n) % n : d === 1 ? 0 : place[i])),
    );
  });
}

/** What meets at each place of x: itself, then the elements of the source in the order of the index. */
function meetings(x: Value, axis: number, index: Value, source: Value): { own: number; given: number[] }[] | Illegal {
  const [rx, ri, rs] = [raised(x), raised(index), raised(source)];
  const found = axisOf(axis, rx.shape.length);
  const bad = refusal(rx, found, ri);
  if (bad !== null) return bad;
  const meeting = rx.data.map((own) => ({ own, given: [] as number[] }));
  if (ri.data.length === 0) return meeting;
  if (rs.shape.length !== ri.shape.length || ri.shape.some((d, i) => d > rs.shape[i])) return new Illegal();
  for (const place of tuples(ri.shape)) {
    const target = place.map((v, i) => (i === found ? at(ri, place) : v));
    meeting[placeOf(rx.shape, target)].given.push(at(rs, place));
  }
  return meeting;
}

export type Combination = 'write' | 'sum' | 'prod' | 'mean' | 'amax' | 'amin';

export function scatter(
  x: Value,
  axis: number,
  index: Value,
  source: Value,
  how: Combination,
  includeSelf = true,
): Value | Illegal {
  const places = meetings(x, axis, index, source);
  if (places instanceof Illegal) return places;
  const bounds: number[] = [];
  const data = places.map(({ own, given }) => {
    const members = includeSelf || given.length === 0 ? [own, ...given] : given;
    const size = members.reduce((a, b) => a + Math.abs(b), 0);
    const product = members.reduce((a, b) => a * b, 1);
    bounds.push(given.length === 0 ? 0 : how === 'prod' ? members.length * Math.abs(product) : members.length * size);
    if (how === 'write') return given.length === 0 ? own : given[given.length - 1];
    if (how === 'sum') return members.reduce((a, b) => a + b, 0);
    if (how === 'mean') return given.length === 0 ? own : members.reduce((a, b) => a + b, 0) / members.length;
    if (how === 'prod') return product;
    return how === 'amax' ? Math.max(...members) : Math.min(...members);
  });
  const exact = how === 'write' || how === 'amax' || how === 'amin';
  return { shape: x.shape, data, bound: exact ? undefined : bounds };
}

/** x with the slices of the source written along an axis; the last of equals stays. */
export function indexCopy(x: Value, axis: number, ids: Value, source: Value): Value | Illegal {
  const found = axisOf(axis, x.shape.length);
  if (found === null || ids.shape.length > 1) return new Illegal();
  const wanted = x.shape.map((d, i) => (i === found ? ids.data.length : d));
  if (source.shape.join() !== wanted.join()) return new Illegal([source.shape]);
  if (ids.data.some((id) => id < 0 || id >= x.shape[found])) return new Illegal();
  return build(x.shape, (index) => {
    const last = ids.data.lastIndexOf(index[found]);
    return last < 0
      ? at(x, index)
      : at(
          source,
          index.map((v, i) => (i === found ? last : v)),
        );
  });
}

export function indexFill(x: Value, axis: number, ids: Value, value: number): Value | Illegal {
  const found = axisOf(axis, x.shape.length);
  if (found === null || ids.shape.length > 1) return new Illegal();
  const n = x.shape[found];
  if (ids.data.some((id) => id < -n || id >= n)) return new Illegal();
  const chosen = ids.data.map((id) => (id + n) % n);
  return build(x.shape, (index) => (chosen.includes(index[found]) ? value : at(x, index)));
}

/** Of the flattened tensor; negative ids count from the end. */
export function takeFlat(x: Value, ids: Value): Value | Illegal {
  const n = x.data.length;
  if (ids.data.some((id) => id < -n || id >= n)) return new Illegal();
  return { shape: ids.shape, data: ids.data.map((id) => x.data[(id + n) % n]) };
}

export function repeatInterleave(x: Value, repeats: Value, axis: number | null): Value | Illegal {
  const flat: Value = axis === null ? { ...x, shape: [x.data.length] } : x;
  const found = axis === null ? 0 : axisOf(axis, x.shape.length);
  if (found === null) return new Illegal();
  const n = flat.shape[found];
  const single = repeats.data.length === 1;
  if (repeats.data.some((r) => r < 0) || (!single && repeats.data.length !== n)) return new Illegal();
  const places = Array.from({ length: n }, (_, i) => new Array<number>(repeats.data[single ? 0 : i]).fill(i)).flat();
  return build(
    flat.shape.map((d, i) => (i === found ? places.length : d)),
    (index) =>
      at(
        flat,
        index.map((v, i) => (i === found ? places[v] : v)),
      ),
  );
}

export function maskedSelect(x: Value, mask: Value): Value | Illegal {
  const shape = common(x.shape, mask.shape);
  if (shape === null) return new Illegal([x.shape, mask.shape]);
  const data = tuples(shape)
    .filter((index) => spread(mask, index) === 1)
    .map((index) => spread(x, index));
  return { shape: [data.length], data };
}

export function maskedScatter(x: Value, mask: Value, source: Value): Value | Illegal {
  const shape = common(x.shape, mask.shape);
  if (shape === null) return new Illegal([x.shape, mask.shape]);
  const holds = tuples(shape).map((index) => spread(mask, index) === 1);
  if (holds.filter(Boolean).length > source.data.length) return new Illegal();
  let next = 0;
  return { shape, data: tuples(shape).map((index, i) => (holds[i] ? source.data[next++] : spread(x, index))) };
}

export function nonzero(x: Value): Value {
  const places = tuples(x.shape).filter((index) => at(x, index) !== 0);
  return { shape: [places.length, x.shape.length], data: places.flat(), dtype: 'int32' };
}

/** One part of an index, ids by their values. */
export type Part =
  | { readonly kind: 'place'; readonly i: number }
  | { readonly kind: 'slice'; readonly start: number | null; readonly end: number | null; readonly step: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'new' }
  | { readonly kind: 'ids'; readonly ids: Value };

/** The places of Python's slice, backwards too. */
export function slicePlaces(n: number, start: number | null, end: number | null, step: number): number[] {
  const places: number[] = [];
  if (step > 0) {
    const clip = (v: number): number => Math.min(Math.max(v < 0 ? v + n : v, 0), n);
    for (let i = clip(start ?? 0); i < clip(end ?? n); i += step) places.push(i);
  } else {
    const clip = (v: number): number => Math.min(Math.max(v < 0 ? v + n : v, -1), n - 1);
    for (let i = clip(start ?? n - 1); i > (end === null ? -1 : clip(end)); i += step) places.push(i);
  }
  return places;
}

/** Where each element of NumPy's x[parts] comes from: its shape, and the index tuples. */
export function indexed(shape: Dims, parts: readonly Part[]): { shape: number[]; from: number[][] } | Illegal {
  const taken = parts.filter((p) => p.kind !== 'new').length;
  if (taken > shape.length) return new Illegal();
  const full = [...parts, ...new Array<Part>(shape.length - taken).fill({ kind: 'all' })];
  const lists = full.flatMap((p) => (p.kind === 'ids' ? [p.ids] : []));
  const met = lists.length === 0 ? [] : common(...lists.map((ids) => ids.shape));
  if (met === null) return new Illegal();
  // The axes of the ids stand where theirs were if nothing lies between them, else in front; numbers are taken first.
  const lying = full.filter((p) => p.kind !== 'place');
  const first = lying.findIndex((p) => p.kind === 'ids');
  const together = lying.slice(first, first + lists.length).every((p) => p.kind === 'ids');
  const outer: { axis: number | null; places: number[] }[] = [];
  const steps: (number[] | Value | number)[] = [];
  let axis = 0;
  for (const part of full) {
    if (part.kind === 'new') {
      outer.push({ axis: null, places: [0] });
      continue;
    }
    const n = shape[axis];
    if (part.kind === 'place') {
      const place = axisOf(part.i, n);
      if (place === null) return new Illegal();
      steps.push(place);
    } else if (part.kind === 'ids') {
      if (part.ids.data.some((id) => id < -n || id >= n)) return new Illegal();
      steps.push(part.ids);
    } else {
      const places =
        part.kind === 'all' ? Array.from({ length: n }, (_, j) => j) : slicePlaces(n, part.start, part.end, part.step);
      outer.push({ axis, places });
      steps.push(places);
    }
    axis++;
  }
  const position = lists.length > 0 && together ? first : 0;
  const dims = outer.map((o) => o.places.length);
  const out = [...dims.slice(0, position), ...met, ...dims.slice(position)];
  const from = tuples(out).map((index) => {
    const own = [...index.slice(0, position), ...index.slice(position + met.length)];
    const ids = index.slice(position, position + met.length);
    return steps.map((step, a) => {
      if (typeof step === 'number') return step;
      if (Array.isArray(step)) return step[own[outer.findIndex((o) => o.axis === a)]];
      const id = spread(step as Value, ids);
      return id < 0 ? id + shape[a] : id;
    });
  });
  return { shape: out, from };
}
