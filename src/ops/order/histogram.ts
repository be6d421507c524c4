/** Places among boundaries, and counts by bins. */

import type { DataArray } from '../../core/dtype.ts';
import { checkPositiveInteger } from '../../core/options.ts';
import { checkShape, sameShape } from '../../core/shape.ts';
import { ConfigError, ShapeError } from '../../errors.ts';
import { emptyTensor, Tensor, wrapArray } from '../../tensor.ts';
import { checkFloat, checkTensor, registerOp } from '../define.ts';
import { checkIds, operand, resultDType, to } from '../elementwise/cast.ts';
import { gather } from '../indexing/gather.ts';
import { filled, sum } from '../reduction/broadcast.ts';
import { argsort, sort } from './sort.ts';

type FloatDType = 'float32' | 'float64';

export interface SearchOptions {
  /** Among equals behind the last (a ≤ v) instead of in front of the first (a < v). */
  right?: boolean;
}
export interface SearchSortedOptions extends SearchOptions {
  /** The places that bring the boundaries into order, as `argsort` gives them. */
  sorter?: Tensor | null;
}

/** How many of n ascending values from `at` on are smaller than v, or not larger if `right`; NaN passes all of them. */
function countBelow(edges: DataArray, at: number, n: number, v: number, right: boolean): number {
  let low = 0;
  let high = n;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const edge = edges[at + middle];
    // All bits or none, in place of a branch that is mispredicted every other time.
    const below = right ? -Number(!(edge > v)) : -Number(!(edge >= v));
    low += (middle + 1 - low) & below;
    high += (middle - high) & ~below;
  }
  return low;
}

/** The places of `values` among rows of boundaries, one row for each of theirs, or a single one for all. */
function placesAmong(sorted: Tensor, values: Tensor, right: boolean): Tensor {
  const dtype = resultDType(sorted, values);
  const [edges, wanted] = [to(sorted, dtype).data, to(values, dtype).data];
  const y = emptyTensor(values.shape, 'int32');
  const { data } = y;
  const n = sorted.shape[sorted.rank - 1];
  const each = sorted.rank === 1 ? y.size : values.shape[values.rank - 1];
  for (let i = 0, row = 0; i < data.length; row += n) {
    for (const end = i + each; i < end; i++) data[i] = countBelow(edges, row, n, wanted[i], right);
  }
  return y;
}

function checkBoundaries(op: string, sorted: Tensor): Tensor {
  if (checkTensor(op, sorted).rank > 0) return sorted.detach();
  throw new ShapeError({ op, problem: 'the boundaries must have an axis', got: sorted.shape });
}

/**
 * Where each value would have to be put in to keep the boundaries in ascending order.
 *
 * Shapes:   sorted [n], values [...]; or sorted [..., n], values [..., m] → y as the values, int32, from 0 to n
 * @throws ShapeError  if the axes in front of the last differ
 */
export function searchsorted(
  sorted: Tensor,
  values: Tensor | number,
  { right = false, sorter = null }: SearchSortedOptions = {},
): Tensor {
  const op = 'searchsorted';
  let edges = checkBoundaries(op, sorted);
  const wanted = operand(op, values, edges).detach();
  const fits = edges.rank === 1 || sameShape(edges.shape.slice(0, -1), wanted.shape.slice(0, -1));
  if (!fits || (edges.rank > 1 && wanted.rank !== edges.rank)) {
    throw new ShapeError({
      op,
      problem: 'boundaries and values differ before the last axis',
      got: wanted.shape,
      expected: edges.shape,
    });
  }
  if (sorter !== null) {
    const places = checkIds(op, sorter);
    if (!sameShape(places.shape, edges.shape)) {
      throw new ShapeError({
        op,
        problem: 'the sorter does not fit the boundaries',
        got: places.shape,
        expected: edges.shape,
      });
    }
    edges = gather(edges, -1, places);
  }
  return placesAmong(edges, wanted, right);
}

registerOp({
  name: 'searchsorted',
  differentiable: false,
  tolerance: 0,
  cases: [
    (s) => ({ inputs: [s.normal([20]), s.normal([3, 4])], call: (x, v) => searchsorted(sort(x).values, v) }),
    (s) => ({
      inputs: [s.ids([2, 9], 5), s.ids([2, 4], 5)],
      call: (x, v) => searchsorted(sort(x).values, v, { right: true }),
    }),
    (s) => ({ inputs: [s.normal([6]), s.normal([])], call: (x, v) => searchsorted(x, v, { sorter: argsort(x) }) }),
  ],
});

/** The bin of each value among ascending boundaries [n], from 0 to n: see `searchsorted`. */
export function bucketize(values: Tensor | number, boundaries: Tensor, { right = false }: SearchOptions = {}): Tensor {
  const edges = checkBoundaries('bucketize', boundaries);
  if (edges.rank !== 1) {
    throw new ShapeError({ op: 'bucketize', problem: 'the boundaries must be a vector', got: edges.shape });
  }
  return placesAmong(edges, operand('bucketize', values, edges).detach(), right);
}

registerOp({
  name: 'bucketize',
  differentiable: false,
  tolerance: 0,
  cases: [(s) => ({ inputs: [s.normal([3, 4]), s.distinct([5])], call: (x, b) => bucketize(x, sort(b).values) })],
});

export interface BincountOptions {
  /** What each occurrence counts, instead of 1. */
  weights?: Tensor | null;
  /** The least number of bins. */
  minlength?: number;
}

/**
 * How often each integer stands in a vector, or the sum of its weights.
 *
 * Shapes:   ids [n] → y [one more than the largest, at least `minlength`]: int32, or floats if there are weights
 * @throws DTypeError  if the ids are no integers
 * @throws ShapeError  if they are no vector, (ERR_INDEX) one is negative, or the weights do not fit
 */
export function bincount(ids: Tensor, { weights = null, minlength = 0 }: BincountOptions = {}): Tensor {
  const op = 'bincount';
  const list = checkIds(op, ids);
  if (ids.rank !== 1) throw new ShapeError({ op, problem: 'the ids must be a vector', got: ids.shape });
  if (!Number.isInteger(minlength) || minlength < 0) {
    throw new ConfigError({ op, problem: 'minlength must be an integer from 0 on', got: minlength });
  }
  if (weights !== null && !sameShape(checkTensor(op, weights).shape, ids.shape)) {
    throw new ShapeError({ op, problem: 'the weights do not fit the ids', got: weights.shape, expected: ids.shape });
  }
  const places = list.data as Int32Array;
  let bins = minlength;
  for (let i = 0; i < places.length; i++) {
    if (places[i] < 0) {
      throw new ShapeError({
        op,
        problem: `id out of range at place ${i}`,
        got: places[i],
        expected: '0 or more',
        code: 'ERR_INDEX',
      });
    }
    bins = Math.max(bins, places[i] + 1);
  }
  checkShape(op, [bins]);
  if (weights === null) {
    const counts = filled([bins], 0, 'int32');
    const { data } = counts;
    for (let i = 0; i < places.length; i++) data[places[i]]++;
    return counts;
  }
  const dtype = weights.dtype === 'float32' ? 'float32' : 'float64';
  return sumsByBin(dtype, bins, weights, list.size, (i) => places[i]);
}

/** Σ of the weights in each bin, in float64 and rounded once; what lies in no bin is left out. */
function sumsByBin(
  dtype: FloatDType,
  bins: number,
  weights: Tensor | null,
  n: number,
  binOf: (i: number) => number,
): Tensor {
  const sums = new Float64Array(bins);
  const each = weights?.data;
  for (let i = 0; i < n; i++) {
    const bin = binOf(i);
    if (bin >= 0) sums[bin] += each === undefined ? 1 : each[i];
  }
  return to(wrapArray(sums, [bins], 'float64'), dtype);
}

registerOp({
  name: 'bincount',
  differentiable: false,
  tolerance: 0,
  cases: [
    (s) => ({ inputs: [s.ids([30], 7)], call: (x) => bincount(x, { minlength: 9 }) }),
    (s) => ({ inputs: [s.ids([30], 7), s.normal([30])], call: (x, weights) => bincount(x, { weights }) }),
  ],
});

export interface HistogramOptions {
  /** From where to where the bins reach; by default from the smallest to the largest value. */
  range?: readonly [number, number] | null;
  /** What each value counts, instead of 1. */
  weight?: Tensor | null;
  /** Divides by the total and the widths, so that the area is 1. */
  density?: boolean;
}

export interface Histogram {
  /** [bins], of x's dtype. */
  readonly hist: Tensor;
  /** [bins + 1] */
  readonly binEdges: Tensor;
}

/** `bins` + 1 edges at equal distances, the same from either end. */
function equalEdges(low: number, high: number, bins: number, dtype: FloatDType): Tensor {
  const edges = emptyTensor([bins + 1], dtype);
  const step = (high - low) / bins;
  for (let i = 0; i <= bins; i++) edges.data[i] = 2 * i <= bins ? low + step * i : high - step * (bins - i);
  return edges;
}

function rangeOf(op: string, x: Tensor, given: readonly [number, number] | null, margin: number): [number, number] {
  let [low, high] = given ?? [Infinity, -Infinity];
  if (given === null) {
    for (const v of x.data) {
      low = Math.min(low, v);
      high = Math.max(high, v);
    }
    if (x.size === 0) [low, high] = [0, 1];
  }
  if (!Number.isFinite(low) || !Number.isFinite(high) || low > high) {
    throw new ConfigError({ op, problem: 'the range must be finite and ascending', got: [low, high] });
  }
  return low === high ? [low - margin, high + margin] : [low, high];
}

/** The bin a value lies in, the last one closed on both sides; −1 outside. */
function binAmong(edges: DataArray, v: number): number {
  const bins = edges.length - 1;
  if (!(v >= edges[0] && v <= edges[bins])) return -1;
  return Math.min(bins, countBelow(edges, 0, bins + 1, v, true)) - 1;
}

/** As `binAmong` for equal widths: a guess, and a step where rounding has put the edge to its other side. */
function equalBin(edges: DataArray, v: number): number {
  const bins = edges.length - 1;
  const [low, high] = [edges[0], edges[bins]];
  if (!(v >= low && v <= high)) return -1;
  const guess = Math.min(bins - 1, Math.floor(((v - low) / (high - low)) * bins));
  if (v < edges[guess]) return guess - 1;
  return guess + 1 < bins && v >= edges[guess + 1] ? guess + 1 : guess;
}

/**
 * How many values lie in each bin: `bins` of equal width, or those between ascending edges. The last bin holds its upper
 * edge too; values outside, and NaN, are left out.
 *
 * Shapes:   x [...] → hist [bins], binEdges [bins + 1]
 * @throws DTypeError   if x does not hold floats
 * @throws ShapeError   if the edges are no vector of at least two, or the weights do not fit
 * @throws ConfigError  if the number of bins or the range makes no sense
 */
export function histogram(
  x: Tensor,
  bins: number | Tensor | readonly number[],
  { range = null, weight = null, density = false }: HistogramOptions = {},
): Histogram {
  const op = 'histogram';
  const dtype = checkFloat(op, x).dtype as FloatDType;
  if (weight !== null && !sameShape(checkTensor(op, weight).shape, x.shape)) {
    throw new ShapeError({ op, problem: 'the weights do not fit', got: weight.shape, expected: x.shape });
  }
  let binEdges: Tensor;
  if (typeof bins === 'number') {
    const [low, high] = rangeOf(op, x, range, 0.5);
    binEdges = equalEdges(low, high, checkPositiveInteger(op, 'bins', bins), dtype);
  } else {
    const given = bins instanceof Tensor ? bins.detach() : wrapArray(Float64Array.from(bins), [bins.length], 'float64');
    if (given.rank !== 1 || given.size < 2) {
      throw new ShapeError({ op, problem: 'edges are a vector of at least two', got: given.shape });
    }
    binEdges = to(given, dtype);
  }
  const [edges, values] = [binEdges.data, x.data];
  const binOf = typeof bins === 'number' ? equalBin : binAmong;
  const hist = sumsByBin(dtype, edges.length - 1, weight, x.size, (i) => binOf(edges, values[i]));
  if (density) {
    const total = sum(hist).item();
    for (let i = 0; i < hist.size; i++) hist.data[i] /= total * (edges[i + 1] - edges[i]);
  }
  return { hist, binEdges };
}

registerOp({
  name: 'histogram',
  differentiable: false,
  tolerance: 0,
  cases: [
    (s) => ({ inputs: [s.normal([50])], call: (x) => [histogram(x, 7).hist, histogram(x, 7).binEdges] }),
    (s) => ({ inputs: [s.normal([50])], call: (x) => histogram(x, [-1, 0, 0.5, 2], { density: true }).hist }),
    (s) => ({
      inputs: [s.normal([5, 9]), s.uniform([5, 9], 0, 1)],
      call: (x, weight) => histogram(x, 4, { range: [-1, 1], weight }).hist,
    }),
  ],
});

export interface HistcOptions {
  /** From where to where the bins reach; where both are equal, from the smallest to the largest value. */
  min?: number;
  max?: number;
}

/** The counts of `histogram` with bins of equal width. */
export function histc(x: Tensor, bins = 100, { min = 0, max = 0 }: HistcOptions = {}): Tensor {
  const dtype = checkFloat('histc', x).dtype as FloatDType;
  const [low, high] = rangeOf('histc', x, min === max ? null : [min, max], 1);
  const edges = equalEdges(low, high, checkPositiveInteger('histc', 'bins', bins), dtype).data;
  const values = x.data;
  return sumsByBin(dtype, bins, null, x.size, (i) => equalBin(edges, values[i]));
}

registerOp({
  name: 'histc',
  differentiable: false,
  tolerance: 0,
  cases: [
    (s) => ({ inputs: [s.normal([50])], call: (x) => histc(x, 5) }),
    (s) => ({ inputs: [s.normal([5, 9])], call: (x) => histc(x, 4, { min: -1, max: 2 }) }),
  ],
});
