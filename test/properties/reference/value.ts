/**
 * What the references compute with: plain arrays of doubles, walked by nested loops over index tuples. Slow and obvious;
 * no line of it is shared with the library.
 */

export type Dims = readonly number[];

/** The result of a reference: row-major values, and how far a float may lie from them. */
export interface Value {
  readonly shape: Dims;
  readonly data: readonly number[];
  /**
   * Allowed difference an element, in units of the rounding error u of the dtype (2⁻²⁴ or 2⁻⁵³). Missing: the value
   * rounded once, to the bit.
   */
  readonly bound?: readonly number[];
  /** How far the reference itself may be off, relative to 1 + |value|; missing: a few places of a double. */
  readonly doubt?: number;
  /** Missing: the dtype of the inputs. */
  readonly dtype?: 'float' | 'int32' | 'bool';
}

/** The call must be refused, with a message that names these shapes. */
export class Illegal {
  readonly shapes: readonly Dims[];
  /** The classes it may be of: where several things are wrong, any of them is said. */
  readonly errors: readonly string[];
  constructor(shapes: readonly Dims[] = [], ...errors: readonly string[]) {
    this.shapes = shapes;
    this.errors = errors.length === 0 ? ['ShapeError'] : errors;
  }
}

export function count(shape: Dims): number {
  let n = 1;
  for (const d of shape) n *= d;
  return n;
}

/** Every index tuple of a shape, in row-major order; one empty tuple for []. */
export function tuples(shape: Dims): number[][] {
  let found: number[][] = [[]];
  for (const length of shape) {
    const longer: number[][] = [];
    for (const head of found) for (let i = 0; i < length; i++) longer.push([...head, i]);
    found = longer;
  }
  return found;
}

/** The element at an index tuple. */
export function at(x: Value, index: Dims): number {
  return x.data[placeOf(x.shape, index)];
}

/** Where the element at an index tuple lies in row-major order. */
export function placeOf(shape: Dims, index: Dims): number {
  let place = 0;
  for (let i = 0; i < shape.length; i++) {
    if (!(index[i] >= 0 && index[i] < shape[i])) throw new RangeError(`no element [${index}] in [${shape}]`);
    place = place * shape[i] + index[i];
  }
  return place;
}

/** A value by its elements; exact unless `bound` says otherwise. */
export function build(
  shape: Dims,
  element: (index: number[]) => number,
  extra: { bound?: (value: number, index: number[]) => number; dtype?: Value['dtype'] } = {},
): Value {
  const places = tuples(shape);
  const data = places.map(element);
  const { bound, dtype } = extra;
  return { shape, data, bound: bound && data.map((v, i) => bound(v, places[i])), dtype };
}

/** `n` units in the last place of `v`, in units of u. */
export function ulps(n: number, v: number): number {
  if (v === 0 || !Number.isFinite(v)) return 0;
  return 2 * n * 2 ** Math.floor(Math.log2(Math.abs(v)));
}

/** The shape that shapes broadcast to, or null. */
export function common(...shapes: readonly Dims[]): number[] | null {
  const rank = Math.max(...shapes.map((s) => s.length));
  const out: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    let length = 1;
    for (const shape of shapes) {
      const own = axis - (rank - shape.length);
      const d = own < 0 ? 1 : shape[own];
      if (d === 1) continue;
      if (length !== 1 && length !== d) return null;
      length = d;
    }
    out.push(length);
  }
  return out;
}

/** The element of `x` that the index tuple of a broadcast result reads. */
export function spread(x: Value, index: Dims): number {
  const lead = index.length - x.shape.length;
  return at(
    x,
    x.shape.map((d, i) => (d === 1 ? 0 : index[i + lead])),
  );
}

/** An axis counted from the front, or null if there is none such. */
export function axisOf(axis: number, rank: number): number | null {
  const found = axis < 0 ? axis + rank : axis;
  return Number.isInteger(axis) && found >= 0 && found < rank ? found : null;
}

/** The axes a reduction names: all if none are named; null if one does not exist or stands twice. */
export function axesOf(axes: number | Dims | null | undefined, rank: number): number[] | null {
  const all = Array.from({ length: rank }, (_, i) => i);
  if (axes === null || axes === undefined) return all;
  const list = typeof axes === 'number' ? [axes] : axes;
  if (list.length === 0) return all;
  // A 0-d tensor counts as having one axis.
  const found = list.map((a) => axisOf(a, Math.max(1, rank)));
  if (found.includes(null) || new Set(found).size < found.length) return null;
  return rank === 0 ? [] : (found as number[]);
}

/** The sum with the rounding errors of its terms added back (Neumaier), and the bound of a tree sum in floats. */
export function total(terms: readonly number[]): { sum: number; bound: number } {
  let sum = 0;
  let lost = 0;
  let size = 0;
  for (const term of terms) {
    const next = sum + term;
    lost += Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum;
    sum = next;
    size += Math.abs(term);
  }
  const whole = Number.isFinite(lost) ? sum + lost : sum;
  return { sum: whole, bound: (Math.log2(Math.max(1, terms.length)) + 2) * size };
}

/** A value whose elements come with their bounds. */
export function measured(shape: Dims, element: (index: number[]) => { sum: number; bound: number }): Value {
  const found = tuples(shape).map(element);
  return { shape, data: found.map((f) => f.sum), bound: found.map((f) => f.bound) };
}

/** For each index of what is left after reducing `axes`: the elements that meet there, in row-major order. */
export function groups(x: Value, axes: Dims, keepdim: boolean): { shape: number[]; members: number[][] } {
  const kept = x.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const outer = tuples(kept.map((i) => x.shape[i]));
  const inner = tuples(axes.map((i) => x.shape[i]));
  const members = outer.map((o) =>
    inner.map((n) => {
      const index = x.shape.map((_, i) => (axes.includes(i) ? n[axes.indexOf(i)] : o[kept.indexOf(i)]));
      return at(x, index);
    }),
  );
  const shape = x.shape.flatMap((d, i) => (axes.includes(i) ? (keepdim ? [1] : []) : [d]));
  return { shape, members };
}

/** The lines of `x` along one axis: index tuple with that axis left out → elements. A 0-d value is one line of one. */
export function lineAt(x: Value, axis: number, index: Dims): number[] {
  if (x.shape.length === 0) return [x.data[0]];
  return Array.from({ length: x.shape[axis] }, (_, i) => {
    const full = [...index];
    full[axis] = i;
    return at(x, full);
  });
}
