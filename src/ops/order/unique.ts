/** Values taken once: distinct ones, runs of equals, and the most frequent. */

import { kernelsFor } from '../../backend/select.ts';
import type { DataArray } from '../../core/dtype.ts';
import { checkAxis, type Shape, sizeOf } from '../../core/shape.ts';
import { ShapeError } from '../../errors.ts';
import { emptyTensor, type Tensor, wrapArray } from '../../tensor.ts';
import { checkTensor, registerOp } from '../define.ts';
import { asRows, type Placed, rowsOf } from '../indexing/along.ts';
import { gather } from '../indexing/gather.ts';
import { indexSelect } from '../indexing/index-axis.ts';
import { reshape, transpose } from '../movement/movement.ts';
import type { ReduceOptions } from '../reduction/broadcast.ts';
import { argsort, sort } from './sort.ts';

export interface UniqueOptions {
  /** The slices of this axis are compared as wholes; by default single values are. */
  axis?: number | null;
  /** Asks for the place of each element among the values. */
  returnInverse?: boolean;
  /** Asks how often each value stands. */
  returnCounts?: boolean;
}

/** What was asked for; the rest is missing. */
export interface Unique {
  readonly values: Tensor;
  /** int32: as x, or with an axis [its length]. */
  readonly inverse?: Tensor;
  /** int32: one a value. */
  readonly counts?: Tensor;
}

/** Where runs of equals begin among `n` items in an order, the end of the last behind them. */
function runsOf(n: number, same: (i: number) => boolean): Int32Array {
  const starts = new Int32Array(n + 1);
  let count = 0;
  for (let i = 0; i < n; i++) if (i === 0 || !same(i)) starts[count++] = i;
  starts[count] = n;
  return starts.subarray(0, count + 1);
}

/** Where runs of equal values begin in `data` in its own order. */
function runsOfValues(data: DataArray): Int32Array {
  const n = data.length;
  const starts = new Int32Array(n + 1);
  let count = 0;
  let before = Number.NaN;
  for (let i = 0; i < n; i++) {
    const value = data[i];
    if (value !== before) starts[count++] = i;
    before = value;
  }
  starts[count] = n;
  return starts.subarray(0, count + 1);
}

/** The elements of a vector at the starts of its runs. */
function firstOf(x: Tensor, starts: Int32Array): Tensor {
  const count = starts.length - 1;
  const values = emptyTensor([count], x.dtype);
  const [from, into] = [x.data, values.data];
  for (let i = 0; i < count; i++) into[i] = from[starts[i]];
  return values;
}

/** What was asked for beside the values, of runs over items that stand in `order` (their own if null). */
function resultOf(
  values: Tensor,
  starts: Int32Array,
  order: DataArray | null,
  inverseShape: Shape,
  { returnInverse = false, returnCounts = false }: UniqueOptions,
): Unique {
  const count = starts.length - 1;
  const found: { values: Tensor; inverse?: Tensor; counts?: Tensor } = { values };
  if (returnInverse) {
    found.inverse = emptyTensor(inverseShape, 'int32');
    const { data } = found.inverse;
    for (let i = 0; i < count; i++) {
      for (let k = starts[i]; k < starts[i + 1]; k++) data[order === null ? k : order[k]] = i;
    }
  }
  if (returnCounts) {
    found.counts = emptyTensor([count], 'int32');
    const { data } = found.counts;
    for (let i = 0; i < count; i++) data[i] = starts[i + 1] - starts[i];
  }
  return found;
}

/** The slices of an axis as rows, and what chooses some of them. */
function slicesOf(op: string, x: Tensor, axis: number) {
  const at = checkAxis(op, axis, x.rank);
  const front = transpose(x.detach(), 0, at);
  const n = front.shape[0];
  const width = sizeOf(front.shape, 1);
  const rows = reshape(front, [n, width]);
  const pick = (starts: Int32Array, order: Int32Array): Tensor => {
    const first = starts.subarray(0, -1).map((i) => order[i]);
    return indexSelect(x.detach(), at, wrapArray(first, [first.length], 'int32'));
  };
  return { n, width, rows, pick };
}

/** Whether slices i and j of a width differ nowhere. A NaN equals nothing. */
function sameSlice(data: ArrayLike<number>, width: number, i: number, j: number): boolean {
  for (let k = 0; k < width; k++) if (data[i * width + k] !== data[j * width + k]) return false;
  return true;
}

/** The order of rows by their first elements, then their second, and so on: from the last column on, stably. */
function orderOfRows(rows: Tensor): Int32Array {
  const [n, width] = rows.shape;
  const columns = transpose(rows, 0, 1);
  let order = Int32Array.from({ length: n }, (_, i) => i);
  for (let column = width - 1; column >= 0; column--) {
    const keys = emptyTensor([n], rows.dtype);
    for (let i = 0; i < n; i++) keys.data[i] = columns.data[column * n + order[i]];
    const step = argsort(keys).data;
    order = order.map((_, i) => order[step[i]]);
  }
  return order;
}

/**
 * The distinct values of all elements in ascending order, or the distinct slices of an axis, in the order of their
 * first differences. NaN equals nothing, and stands last.
 *
 * Shapes:   x [...] → values [m], or that axis of length m
 * @throws ShapeError  if there is no such axis
 */
export function unique(x: Tensor, options: UniqueOptions = {}): Unique {
  const { axis = null, returnInverse = false } = options;
  checkTensor('unique', x);
  if (axis !== null && x.rank > 0) {
    const { n, width, rows, pick } = slicesOf('unique', x, axis);
    const order = orderOfRows(rows);
    const starts = runsOf(n, (i) => sameSlice(rows.data, width, order[i], order[i - 1]));
    return resultOf(pick(starts, order), starts, order, [n], options);
  }
  const flat = reshape(x.detach(), [x.size]);
  if (returnInverse) {
    const { values, indices } = sort(flat);
    const starts = runsOfValues(values.data);
    return resultOf(firstOf(values, starts), starts, indices.data, x.shape, options);
  }
  const sorted = emptyTensor([x.size], x.dtype);
  kernelsFor(x.dtype).sortRows(false, flat.data, sorted.data, null, 1, x.size);
  const starts = runsOfValues(sorted.data);
  return resultOf(firstOf(sorted, starts), starts, null, x.shape, options);
}

/**
 * The values of all elements, or the slices of an axis, with repetitions of the one before left out.
 *
 * Shapes:   x [...] → values [m], or that axis of length m
 * @throws ShapeError  if there is no such axis
 */
export function uniqueConsecutive(x: Tensor, options: UniqueOptions = {}): Unique {
  const { axis = null } = options;
  checkTensor('uniqueConsecutive', x);
  if (axis !== null && x.rank > 0) {
    const { n, width, rows, pick } = slicesOf('uniqueConsecutive', x, axis);
    const starts = runsOf(n, (i) => sameSlice(rows.data, width, i, i - 1));
    const order = Int32Array.from({ length: n }, (_, i) => i);
    return resultOf(pick(starts, order), starts, order, [n], options);
  }
  const flat = reshape(x.detach(), [x.size]);
  const starts = runsOfValues(flat.data);
  return resultOf(firstOf(flat, starts), starts, null, x.shape, options);
}

const parts = ({ values, inverse, counts }: Unique): Tensor[] => [values, inverse!, counts!];
for (const [name, fn] of [
  ['unique', unique],
  ['uniqueConsecutive', uniqueConsecutive],
] as const) {
  const wanted = { returnInverse: true, returnCounts: true };
  registerOp({
    name,
    differentiable: false,
    tolerance: 0,
    edges: [1, NaN, 0, -0, Infinity, 1, NaN, -Infinity],
    cases: [
      (s) => ({ inputs: [s.normal([40])], call: (x) => fn(x).values }),
      (s) => ({ inputs: [s.ids([5, 8], 4)], call: (x) => parts(fn(x, wanted)) }),
      (s) => ({ inputs: [s.ids([9, 2], 2)], call: (x) => parts(fn(x, { axis: 0, ...wanted })) }),
      (s) => ({ inputs: [s.ids([2, 9, 1], 2)], call: (x) => parts(fn(x, { axis: 1, ...wanted })) }),
      (s) => ({ inputs: [s.normal([0])], call: (x) => fn(x).values }),
    ],
  });
}

/**
 * The most frequent value along `axis`, the smallest of several, and the last place where it stands. NaN equals nothing,
 * and stands behind all others: it is the mode where there is nothing else.
 *
 * Shapes:   x [...] → values and indices (int32) without that axis, or with length 1 if `keepdim`
 * Gradient: to the place
 * @throws ShapeError  if there is nothing along the axis
 */
export function mode(x: Tensor, axis = -1, { keepdim = false }: ReduceOptions = {}): Placed {
  const { rows, count, n, restore } = asRows('mode', x, axis);
  if (n === 0) throw new ShapeError({ op: 'mode', problem: 'nothing to choose from along the axis', got: x.shape });
  const order = argsort(rows.detach()).data;
  const places = emptyTensor(rowsOf(rows, 1), 'int32');
  const { data } = rows;
  for (let r = 0; r < count; r++) {
    const at = r * n;
    const starts = runsOf(n, (i) => data[at + order[at + i]] === data[at + order[at + i - 1]]);
    let best = 0;
    for (let i = 1; i + 1 < starts.length; i++) {
      if (starts[i + 1] - starts[i] > starts[best + 1] - starts[best]) best = i;
    }
    places.data[r] = order[at + starts[best + 1] - 1];
  }
  return { values: restore(gather(rows, -1, places), keepdim), indices: restore(places, keepdim) };
}

registerOp({
  name: 'mode',
  tolerance: 0,
  cases: [
    (s) => ({ inputs: [s.distinct([5])], call: (x) => mode(x).values }),
    (s) => ({
      inputs: [s.distinct([2, 3, 4])],
      call: (x) => {
        const { values, indices } = mode(x, 1, { keepdim: true });
        return [values, indices];
      },
    }),
  ],
});
