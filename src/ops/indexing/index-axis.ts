/** Places of one axis, or of the flattened tensor, chosen by a list of ids: read, added to, overwritten. */

import { checkAxis, checkShape, type Shape, sizeOf } from '../../core/shape.ts';
import { DTypeError, ShapeError } from '../../errors.ts';
import { emptyTensor, Tensor } from '../../tensor.ts';
import { checkTensor, registerOp } from '../define.ts';
import { mul } from '../elementwise/arithmetic.ts';
import { checkIds, type Operand, valueFor } from '../elementwise/cast.ts';
import { reshape } from '../movement/movement.ts';
import { expandTo } from '../reduction/broadcast.ts';
import { addRows, gatherRows, placesOf, setRows } from './rows.ts';

/**
 * Ids of one axis, checked; with `wrap` a negative one counts from the end.
 *
 * @throws ShapeError  (ERR_INDEX) if an id is out of range
 */
function checkedIds(op: string, ids: Tensor, n: number, wrap: boolean): Tensor {
  return placesOf(op, ids, { n, stride: 1, wrap }, [ids.size], [[0], [1]]);
}

/** Where an axis lies: the shape is [outer, n, width] for whoever works along it. A single value has one axis of one. */
interface Along {
  readonly axis: number;
  readonly n: number;
  readonly outer: number;
  readonly width: number;
}

function along(op: string, x: Tensor, axis: number): Along {
  const at = checkAxis(op, axis, Math.max(1, checkTensor(op, x).rank));
  const { shape } = x;
  return { axis: at, n: x.rank === 0 ? 1 : shape[at], outer: sizeOf(shape, 0, at), width: sizeOf(shape, at + 1) };
}

/** @throws ShapeError  if the ids are no list */
function checkIndexVector(op: string, ids: Tensor): Tensor {
  const list = checkIds(op, ids);
  if (ids.rank > 1) throw new ShapeError({ op, problem: 'the ids must be a vector', got: ids.shape });
  return list;
}

/**
 * Ids along an axis: as they are, since the kernels check them; but where they may be negative, or there is nothing that
 * a kernel would walk.
 */
function idsAlong(op: string, list: Tensor, { n, outer, width }: Along, wrap = false): Tensor {
  return outer * width > 0 && !wrap ? list : checkedIds(op, list, n, wrap);
}

/** The shape with the axis of `length` elements in place of its own. */
function resized(shape: Shape, axis: number, length: number): Shape {
  return shape.map((d, i) => (i === axis ? length : d));
}

/**
 * The places of one axis that the ids name, in their order.
 *
 * Shapes:   x [...], ids [n] → y, that axis of length n
 * Gradient: summed where an id stands twice
 * @throws ShapeError  (ERR_INDEX) if an id is out of range
 */
export function indexSelect(x: Tensor, axis: number, ids: Tensor): Tensor {
  const place = along('indexSelect', x, axis);
  const rows = idsAlong('indexSelect', checkIndexVector('indexSelect', ids), place);
  if (x.rank === 0 && ids.size !== 1) {
    throw new ShapeError({ op: 'indexSelect', problem: 'a single value takes one id', got: ids.shape });
  }
  return gatherRows('indexSelect', x, rows, place.width, resized(x.shape, place.axis, ids.size), place.outer);
}

registerOp({
  name: 'indexSelect',
  tolerance: 0,
  cases: [
    (s) => {
      const ids = s.ids([5], 4);
      return { inputs: [s.normal([4, 3])], call: (x) => indexSelect(x, 0, ids) };
    },
    (s) => {
      const ids = s.ids([4], 3);
      return { inputs: [s.normal([2, 3, 2])], call: (x) => indexSelect(x, -2, ids) };
    },
    (s) => ({ inputs: [s.normal([])], call: (x) => indexSelect(x, 0, s.ids([1], 1)) }),
  ],
});

/** @throws ShapeError  if the source is not `x` with as many places along the axis as there are ids */
function checkSource(op: string, x: Tensor, axis: number, ids: Tensor, source: Tensor): void {
  checkTensor(op, source);
  const expected = resized(x.shape, axis, ids.size);
  const single = x.rank <= 1 && source.rank === 0 && ids.size === 1;
  const fits = source.rank === x.rank && source.shape.every((d, i) => d === expected[i]);
  if (fits && (x.rank > 0 || ids.size === 1)) return;
  if (single) return;
  throw new ShapeError({
    op,
    problem: `the source does not fit [${x.shape.join(', ')}] at ${ids.size} places of axis ${axis}`,
    got: source.shape,
    expected,
  });
}

/**
 * `x` with the slices of `source` added, `alpha` times, at the places of one axis that the ids name.
 *
 * Shapes:   x [...], ids [n], source: as x, that axis of length n → y as x
 * Gradient: dx = dy, dsource = alpha · dy at the ids
 * @throws ShapeError  if the shapes do not fit, or (ERR_INDEX) an id is out of range
 */
export function indexAdd(
  x: Tensor,
  axis: number,
  ids: Tensor,
  source: Tensor,
  { alpha = 1 }: { alpha?: number } = {},
): Tensor {
  const place = along('indexAdd', x, axis);
  const rows = idsAlong('indexAdd', checkIndexVector('indexAdd', ids), place);
  checkSource('indexAdd', x, place.axis, ids, source);
  return addRows('indexAdd', x, rows, alpha === 1 ? source : mul(source, alpha), place.width, place.outer);
}

registerOp({
  name: 'indexAdd',
  cases: [
    (s) => {
      const ids = s.ids([6], 4);
      return { inputs: [s.normal([4, 3]), s.normal([6, 3])], call: (x, source) => indexAdd(x, 0, ids, source) };
    },
    (s) => {
      const ids = s.ids([2], 3);
      return {
        inputs: [s.normal([2, 3]), s.normal([2, 2])],
        call: (x, source) => indexAdd(x, -1, ids, source, { alpha: -0.5 }),
      };
    },
  ],
});

/**
 * `x` with the slices of `source` in the places of one axis that the ids name; where one stands twice, the last of them.
 *
 * Shapes:   x [...], ids [n], source: as x, that axis of length n → y as x
 * Gradient: dx = dy but for those places, dsource = dy at the ids (which must then be distinct)
 * @throws ShapeError  if the shapes do not fit, or (ERR_INDEX) an id is out of range
 */
export function indexCopy(x: Tensor, axis: number, ids: Tensor, source: Tensor): Tensor {
  const place = along('indexCopy', x, axis);
  const rows = idsAlong('indexCopy', checkIndexVector('indexCopy', ids), place);
  checkSource('indexCopy', x, place.axis, ids, source);
  return setRows('indexCopy', x, rows, source, place.width, place.outer);
}

/**
 * `x` with one value, a number or a 0-d tensor, in the places of one axis that the ids name. Negative ids count from the
 * end.
 *
 * Shapes:   x [...], ids [n] → y as x
 * Gradient: dx = dy but for those places, dvalue = Σ dy at them
 * @throws ShapeError  (ERR_INDEX) if an id is out of range
 */
export function indexFill(x: Tensor, axis: number, ids: Tensor, value: Operand): Tensor {
  const place = along('indexFill', x, axis);
  const rows = idsAlong('indexFill', checkIndexVector('indexFill', ids), place, true);
  const single = valueFor('indexFill', value, x);
  if (single.rank !== 0) {
    throw new ShapeError({ op: 'indexFill', problem: 'the value must be a single one', got: single.shape });
  }
  const source = expandTo(single, [place.outer, rows.size, place.width]);
  return setRows('indexFill', x, rows, source, place.width, place.outer);
}

const DISTINCT = [2, 0];

registerOp({
  name: 'indexCopy',
  tolerance: 0,
  cases: [
    (s) => ({
      inputs: [s.normal([2, 3, 2]), s.normal([2, 2, 2])],
      call: (x, source) => indexCopy(x, 1, idsOf('indexCopy', DISTINCT), source),
    }),
  ],
});

registerOp({
  name: 'indexFill',
  cases: [
    (s) => ({
      inputs: [s.normal([2, 3]), s.normal([])],
      call: (x, value) => indexFill(x, -1, idsOf('indexFill', DISTINCT), value),
    }),
    (s) => ({ inputs: [s.normal([3])], call: (x) => indexFill(x, 0, idsOf('indexFill', DISTINCT), 1.5) }),
  ],
});

/** Ids: a tensor of integers, or a list of numbers. */
export type Ids = Tensor | readonly number[] | Int32Array;

/** @throws DTypeError if they are no integers */
export function idsOf(op: string, ids: Ids): Tensor {
  if (ids instanceof Tensor) return checkIds(op, ids);
  const list = emptyTensor([ids.length], 'int32');
  for (let i = 0; i < ids.length; i++) {
    if (!Number.isInteger(ids[i])) {
      throw new DTypeError({ op, problem: 'ids must be integers', got: ids[i], expected: 'int32' });
    }
    list.data[i] = ids[i];
  }
  return list;
}

/**
 * The elements of `x`, flattened, that the ids name; or, with an axis, the places of that axis. Negative ids count from
 * the end.
 *
 * Shapes:   x [...], ids [...] → y as the ids; with an axis, x with the ids' axes in place of that one
 * Gradient: summed where an id stands twice
 * @throws ShapeError  (ERR_INDEX) if an id is out of range
 */
export function take(x: Tensor, ids: Ids, axis: number | null = null): Tensor {
  checkTensor('take', x);
  const list = idsOf('take', ids);
  if (axis === null) return gatherRows('take', x, checkedIds('take', list, x.size, true), 1, list.shape);
  const place = along('take', x, axis);
  const shape = [...x.shape.slice(0, place.axis), ...list.shape, ...x.shape.slice(place.axis + 1)];
  return gatherRows('take', x, idsAlong('take', list, place, true), place.width, shape, place.outer);
}

registerOp({
  name: 'take',
  tolerance: 0,
  cases: [
    (s) => {
      const ids = s.ids([2, 3], 12);
      return { inputs: [s.normal([3, 4])], call: (x) => take(x, ids) };
    },
    (s) => ({ inputs: [s.normal([2, 3, 2])], call: (x) => take(x, [-1, 0, -1], 1) }),
  ],
});

/**
 * `x` with each element repeated: along an axis, or flattened first. `repeats` is one number, or a tensor with one for
 * each place of the axis. Of a tensor of counts alone it gives the ids that repeat so.
 *
 * Shapes:   x [..., n, ...] → y, that axis of length Σ repeats (n · repeats)
 * Gradient: summed over the repetitions
 * @throws ShapeError  if the numbers do not fit the axis or are negative
 */
export function repeatInterleave(x: Tensor, repeats?: number | Tensor, axis: number | null = null): Tensor {
  const op = 'repeatInterleave';
  checkTensor(op, x);
  if (repeats === undefined) return repeatedIds(op, checkIndexVector(op, x), x.size);
  const given = axis === null ? reshape(x, [x.size]) : x;
  const at = checkAxis(op, axis ?? 0, given.rank);
  const place = along(op, given, at);
  if (!(repeats instanceof Tensor)) return repeatedEach(op, given, at, repeats);
  const counts = checkIndexVector(op, repeats);
  const ids = repeatedIds(op, counts, place.n);
  return gatherRows(op, given, ids, place.width, resized(given.shape, at, ids.size), place.outer);
}

/** Every place of an axis equally often: repeated along a new axis behind it. */
function repeatedEach(op: string, x: Tensor, axis: number, count: number): Tensor {
  if (!Number.isInteger(count) || count < 0) {
    throw new ShapeError({ op, problem: 'a count is an integer from 0', got: count });
  }
  const [front, back] = [x.shape.slice(0, axis + 1), x.shape.slice(axis + 1)];
  const shape = resized(x.shape, axis, x.shape[axis] * count);
  checkShape(op, shape);
  return reshape(expandTo(reshape(x, [...front, 1, ...back]), [...front, count, ...back]), shape);
}

/** Each of 0 … n − 1 as often as `counts` say, where one count may stand for all. */
function repeatedIds(op: string, counts: Tensor, n: number): Tensor {
  const list = counts.data;
  if (counts.size !== n && counts.size !== 1) {
    throw new ShapeError({ op, problem: `as many counts as the axis has places, ${n}, or one`, got: counts.shape });
  }
  let total = 0;
  for (let i = 0; i < n; i++) {
    const count = list[counts.size === 1 ? 0 : i];
    if (count < 0) throw new ShapeError({ op, problem: 'counts must not be negative', got: count });
    total += count;
  }
  const ids = emptyTensor([total], 'int32');
  const out = ids.data as Int32Array;
  for (let i = 0, at = 0; i < n; i++) {
    for (let count = list[counts.size === 1 ? 0 : i]; count > 0; count--) out[at++] = i;
  }
  return ids;
}

registerOp({
  name: 'repeatInterleave',
  tolerance: 0,
  cases: [
    (s) => ({ inputs: [s.normal([2, 3])], call: (x) => repeatInterleave(x, 2) }),
    (s) => ({
      inputs: [s.normal([2, 3, 2])],
      call: (x) => repeatInterleave(x, idsOf('repeatInterleave', [1, 0, 2]), -2),
    }),
  ],
});
