/** Quantiles and medians along one axis, by selection. */

import type { FloatArray } from '../../core/dtype.ts';
import { checkAxis } from '../../core/shape.ts';
import { ConfigError, ShapeError } from '../../errors.ts';
import { emptyTensor, Tensor } from '../../tensor.ts';
import { checkFloat, checkTensor, registerOp } from '../define.ts';
import { add, mul, sub } from '../elementwise/arithmetic.ts';
import { where } from '../elementwise/compare.ts';
import { asRows, type Placed, rowsOf } from '../indexing/along.ts';
import { permute, reshape, select } from '../movement/movement.ts';
import { filled, type ReduceOptions, reducedShape } from '../reduction/broadcast.ts';
import { atRanks } from './sort.ts';

/** How many of each row of [r, n] are no NaN. */
function countNumbers(rows: Tensor): Int32Array {
  const [count, n] = rows.shape;
  const { data } = rows;
  const numbers = new Int32Array(count);
  for (let r = 0, i = 0; r < count; r++) for (const end = i + n; i < end; i++) if (!Number.isNaN(data[i])) numbers[r]++;
  return numbers;
}

function medianOf(op: 'median' | 'nanmedian', x: Tensor, axis: number | null, keepdim: boolean): Tensor | Placed {
  checkTensor(op, x);
  if (axis === null && x.size === 0) {
    if (x.dtype === 'float32' || x.dtype === 'float64') return filled([], Number.NaN, x.dtype);
    throw new ShapeError({ op, problem: 'integers have no median of nothing', got: x.shape });
  }
  const { rows: given, count, n, restore } = asRows(op, axis === null ? reshape(x, [x.size]) : x, axis ?? 0);
  const rows = reshape(given, [count, n]);
  if (n === 0) throw new ShapeError({ op, problem: 'nothing to choose from along the axis', got: x.shape });
  const numbers = countNumbers(rows);
  const ranks = emptyTensor([count, 1], 'int32');
  for (let r = 0; r < count; r++) {
    const counted = op === 'median' ? n : Math.max(1, numbers[r]);
    // NaN ranks last, so that the last place of a row that has one is NaN.
    ranks.data[r] = op === 'median' && numbers[r] < n ? numbers[r] : (counted - 1) >>> 1;
  }
  const { values, indices } = atRanks(rows, ranks);
  if (axis === null) return reshape(values, []);
  const back = (y: Tensor): Tensor => restore(reshape(y, rowsOf(given, 1)), keepdim);
  return { values: back(values), indices: back(indices) };
}

/**
 * The middle value of all, or along `axis` with its place; the lower one of two. NaN if there is one, and of nothing.
 *
 * Shapes:   x [...] → [], or values and indices (int32) without that axis, with length 1 if `keepdim`
 * Gradient: to the place of the value
 * @throws ShapeError  if there is nothing along the axis
 */
export function median(x: Tensor): Tensor;
export function median(x: Tensor, axis: number, options?: ReduceOptions): Placed;
export function median(
  x: Tensor,
  axis: number | null = null,
  { keepdim = false }: ReduceOptions = {},
): Tensor | Placed {
  return medianOf('median', x, axis, keepdim);
}

/** The median of those that are no NaN; NaN where there is none: see `median`. */
export function nanmedian(x: Tensor): Tensor;
export function nanmedian(x: Tensor, axis: number, options?: ReduceOptions): Placed;
export function nanmedian(
  x: Tensor,
  axis: number | null = null,
  { keepdim = false }: ReduceOptions = {},
): Tensor | Placed {
  return medianOf('nanmedian', x, axis, keepdim);
}

for (const [name, fn] of [
  ['median', median],
  ['nanmedian', nanmedian],
] as const) {
  registerOp({
    name,
    tolerance: 0,
    edges: [3, 1, NaN, 2],
    cases: [
      (s) => ({ inputs: [s.distinct([4])], call: (x) => fn(x) }),
      (s) => ({
        inputs: [s.distinct([2, 5, 3])],
        call: (x) => {
          const { values, indices } = fn(x, 1, { keepdim: true });
          return [values, indices];
        },
      }),
      (s) => ({ inputs: [s.distinct([2, 101])], call: (x) => fn(x, -1).values }),
    ],
  });
}

export type Interpolation = 'linear' | 'lower' | 'higher' | 'midpoint' | 'nearest';
const INTERPOLATIONS: readonly Interpolation[] = ['linear', 'lower', 'higher', 'midpoint', 'nearest'];

export interface QuantileOptions extends ReduceOptions {
  /** What stands for a quantile between two values: by default the point on the line from one to the other. */
  interpolation?: Interpolation;
}

/** One quantile, a list of them, or a tensor of none or one axis. */
export type Quantiles = number | readonly number[] | Tensor;

function readQuantiles(op: string, q: Quantiles, largest: number): { fractions: number[]; single: boolean } {
  if (q instanceof Tensor && q.rank > 1) {
    throw new ShapeError({ op, problem: 'q must be a number or a vector', got: q.shape });
  }
  const single = typeof q === 'number' || (q instanceof Tensor && q.rank === 0);
  const given = typeof q === 'number' ? [q] : q instanceof Tensor ? Array.from(q.data) : q;
  for (const value of given) {
    if (typeof value === 'number' && value >= 0 && value <= largest) continue;
    throw new ConfigError({ op, problem: 'q is out of range', got: value, expected: `0 to ${largest}` });
  }
  return { fractions: given.map((value) => value / largest), single };
}

/** The places between which each quantile lies in a row of `count`, and its part of the way to the upper one. */
function placesOf(fractions: readonly number[], count: number, rule: Interpolation): [number, number, number][] {
  return fractions.map((q) => {
    const at = q * (count - 1);
    const [low, high] = [Math.floor(at), Math.ceil(at)];
    if (rule === 'lower') return [low, low, 0];
    if (rule === 'higher') return [high, high, 0];
    if (rule === 'midpoint') return [low, high, low === high ? 0 : 0.5];
    if (rule === 'nearest') {
      // Half to even, as PyTorch rounds.
      const near = at - low === 0.5 ? low + (low % 2) : Math.round(at);
      return [near, near, 0];
    }
    return [low, high, at - low];
  });
}

function quantilesOf(
  op: 'quantile' | 'nanquantile' | 'percentile',
  x: Tensor,
  q: Quantiles,
  axis: number | null,
  { keepdim = false, interpolation = 'linear' }: QuantileOptions,
): Tensor {
  checkFloat(op, x);
  if (!INTERPOLATIONS.includes(interpolation)) {
    const expected = INTERPOLATIONS.join(' | ');
    throw new ConfigError({ op, problem: 'unknown interpolation', got: interpolation, expected });
  }
  const { fractions, single } = readQuantiles(op, q, op === 'percentile' ? 100 : 1);
  if (x.size === 0) throw new ShapeError({ op, problem: 'nothing has no quantiles', got: x.shape });
  const flat = axis === null || x.rank === 0;
  const at = checkAxis(op, axis ?? 0, Math.max(1, x.rank));
  const { rows: given, count, n, restore } = asRows(op, flat ? reshape(x, [x.size]) : x, flat ? 0 : at);
  const rows = reshape(given, [count, n]);
  const m = fractions.length;
  const numbers = countNumbers(rows);
  const [lower, upper] = [emptyTensor([count, m], 'int32'), emptyTensor([count, m], 'int32')];
  const parts = emptyTensor([count, m], x.dtype);
  for (let r = 0; r < count; r++) {
    const among = op === 'nanquantile' ? numbers[r] : n;
    for (const [i, [low, high, part]] of placesOf(fractions, among, interpolation).entries()) {
      // A NaN, where it counts, is the answer, and ranks first after the numbers; so it does where there is no number.
      const nan = numbers[r] < among || numbers[r] === 0;
      lower.data[r * m + i] = nan ? numbers[r] : low;
      upper.data[r * m + i] = nan ? numbers[r] : high;
      (parts.data as FloatArray)[r * m + i] = nan ? 0 : part;
    }
  }
  const found = restore(reshape(interpolate(rows, lower, upper, parts), rowsOf(given, m)));
  // The quantiles come first, whatever the axis.
  const order = [...found.shape.keys()];
  const first = permute(found, flat ? order : [at, ...order.filter((i) => i !== at)]);
  const reduced = axis === null ? [...x.shape.keys()] : x.rank === 0 ? [] : [at];
  return reshape(first, [...(single ? [] : [m]), ...reducedShape(x.shape, reduced, keepdim)]);
}

/** low + (high − low)·part, from both ends selected in one walk over the rows. */
function interpolate(rows: Tensor, lower: Tensor, upper: Tensor, parts: Tensor): Tensor {
  const [count, m] = lower.shape;
  if (m === 0) return filled([count, 0], 0, rows.dtype);
  const ranks = emptyTensor([count, 2 * m], 'int32');
  for (let r = 0; r < count; r++) {
    for (let i = 0; i < m; i++) {
      ranks.data[2 * (r * m + i)] = lower.data[r * m + i];
      ranks.data[2 * (r * m + i) + 1] = upper.data[r * m + i];
    }
  }
  const pairs = reshape(atRanks(rows, ranks).values, [count, m, 2]);
  const end = (place: number): Tensor => reshape(select(pairs, 2, place), [count, m]);
  const [low, high] = [end(0), end(1)];
  // Of two equal infinities the difference would be NaN.
  const whole = filled([count, m], 0, 'bool');
  for (let i = 0; i < whole.size; i++) {
    whole.data[i] = parts.data[i] === 0 || (low.data[i] === high.data[i] && !Number.isFinite(low.data[i])) ? 1 : 0;
  }
  return where(whole, low, add(low, mul(sub(high, low), parts)));
}

/**
 * The values below which a part q of the elements lies, along `axis` or of all.
 *
 * Shapes:   x [...], q of none or one axis → y: q's axis, then x without `axis`, or with length 1 if `keepdim`
 * Gradient: to the one or two elements that a quantile lies between
 * @throws DTypeError   if x does not hold floats
 * @throws ShapeError   if x is empty, or q has more than one axis
 * @throws ConfigError  if q does not lie in [0, 1]
 */
export function quantile(x: Tensor, q: Quantiles, axis: number | null = null, options: QuantileOptions = {}): Tensor {
  return quantilesOf('quantile', x, q, axis, options);
}

/** Quantiles by hundredths: q from 0 to 100. See `quantile`. */
export function percentile(x: Tensor, q: Quantiles, axis: number | null = null, options: QuantileOptions = {}): Tensor {
  return quantilesOf('percentile', x, q, axis, options);
}

/** Quantiles of those that are no NaN; NaN where there is none. See `quantile`. */
export function nanquantile(
  x: Tensor,
  q: Quantiles,
  axis: number | null = null,
  options: QuantileOptions = {},
): Tensor {
  return quantilesOf('nanquantile', x, q, axis, options);
}

for (const [name, fn, most] of [
  ['quantile', quantile, 1],
  ['percentile', percentile, 100],
  ['nanquantile', nanquantile, 1],
] as const) {
  registerOp({
    name,
    edges: [1, NaN, 3, -Infinity, 2],
    cases: [
      (s) => ({ inputs: [s.distinct([5])], call: (x) => fn(x, 0.3 * most) }),
      (s) => ({ inputs: [s.distinct([2, 5, 3])], call: (x) => fn(x, [0.1 * most, 0.75 * most], 1, { keepdim: true }) }),
      (s) => ({ inputs: [s.distinct([2, 60])], call: (x) => fn(x, 0.4 * most, -1, { interpolation: 'midpoint' }) }),
      (s) => ({ inputs: [s.distinct([2, 60])], call: (x) => fn(x, 0.41 * most, 1, { interpolation: 'nearest' }) }),
    ],
  });
}
