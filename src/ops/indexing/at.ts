/** Indexing as in NumPy: numbers, slices, new axes, lists of ids and masks, in one call. */

import { broadcastShapes, broadcastStrides, type Shape, sizeOf, stridesOf } from '../../core/shape.ts';
import { DTypeError, ShapeError } from '../../errors.ts';
import { emptyTensor, Tensor } from '../../tensor.ts';
import { arange } from '../create.ts';
import { checkTensor, registerOp } from '../define.ts';
import { type Operand, valueFor } from '../elementwise/cast.ts';
import { written } from '../in-place.ts';
import { flip } from '../movement/flip.ts';
import { permute, reshape, selectAs, slice, unsqueeze } from '../movement/movement.ts';
import { expandTo } from '../reduction/broadcast.ts';
import { nonzero } from './nonzero.ts';
import { addRows, gatherRows, placesOf, setRows } from './rows.ts';

/**
 * One part of an index:
 * - a number: one place of an axis, which goes away; negative counts from the end
 * - `':'`: an axis as it is; `'...'`: as many as are left
 * - `[start, end]`, `[start, end, step]`: Python's `start:end:step`, null where it leaves one out
 * - `null`: a new axis of length 1
 * - an int32 tensor (or Int32Array) of ids: all of them are broadcast to each other, and their axes stand where theirs were, or in
 *   front if something else lies between them
 * - a bool tensor: the places of as many axes as it has where it holds
 */
export type Index = number | null | ':' | '...' | readonly (number | null)[] | Tensor | Int32Array;

const isIds = (part: Index): part is Tensor | Int32Array => part instanceof Tensor || part instanceof Int32Array;

/** How many axes of the tensor a part takes. */
function axesOf(part: Index): number {
  if (part === null || part === '...') return 0;
  return part instanceof Tensor && part.dtype === 'bool' ? part.rank : 1;
}

/** The parts with '...' written out; axes at the end that no part names stay as they are without one. */
function spelledOut(op: string, x: Tensor, parts: readonly Index[]): Index[] {
  const named = parts.reduce((n: number, part) => n + axesOf(part), 0);
  const gaps = parts.filter((part) => part === '...').length;
  if (named > x.rank || gaps > 1) {
    throw new ShapeError({
      op,
      problem: gaps > 1 ? "'...' may stand once" : `${named} indices for a tensor of ${x.rank} axes`,
      got: x.shape,
    });
  }
  return parts.flatMap((part) => (part === '...' ? new Array<Index>(x.rank - named).fill(':') : [part]));
}

/** Python's start:end:step on one axis; a negative step walks backwards. */
function sliced(op: string, x: Tensor, axis: number, part: readonly (number | null)[]): Tensor {
  const [start = null, end = null, step = null] = part;
  if (part.length > 3 || part.some((bound) => bound !== null && typeof bound !== 'number')) {
    throw new ShapeError({ op, problem: 'a slice is [start, end, step]', got: [...part] });
  }
  if (step === null || step >= 0) return slice(x, axis, start ?? 0, end, step ?? 1);
  const n = x.shape[axis];
  const clip = (i: number): number => Math.min(Math.max(i < 0 ? i + n : i, -1), n - 1);
  const from = start === null ? n - 1 : clip(start);
  const until = end === null ? -1 : clip(end);
  const length = Math.max(0, Math.ceil((until - from) / step));
  if (length === 0) return slice(x, axis, 0, 0);
  return flip(slice(x, axis, from + (length - 1) * step, from + 1, -step), axis);
}

/** Ids along one axis of what the plain parts left. */
interface Ids {
  readonly axis: number;
  readonly ids: Tensor;
}

/** Ids as they are, or those a mask stands for. */
function idsOf(op: string, x: Tensor, axis: number, part: Tensor | Int32Array): Ids[] {
  if (part instanceof Int32Array) {
    const ids = emptyTensor([part.length], 'int32');
    ids.data.set(part);
    return [{ axis, ids }];
  }
  if (part.dtype === 'int32') return [{ axis, ids: part }];
  if (part.dtype !== 'bool') {
    throw new DTypeError({
      op,
      problem: 'a tensor indexes by integers or bools',
      got: part.dtype,
      expected: 'int32 | bool',
      hint: "convert with to('int32') or to('bool')",
    });
  }
  if (part.shape.some((d, i) => d !== x.shape[axis + i])) {
    throw new ShapeError({
      op,
      problem: `the mask does not fit axis ${axis} of [${x.shape.join(', ')}]`,
      got: part.shape,
      code: 'ERR_INDEX',
    });
  }
  return nonzero(part, { asTuple: true }).map((ids, i) => ({ axis: axis + i, ids }));
}

function take(op: string, x: Tensor, chosen: readonly Ids[]): Tensor {
  const shape = chosen.reduce((all: Shape, { ids }) => broadcastShapes(op, all, ids.shape), []);
  const axes = chosen.map(({ axis }) => axis);
  const adjoin = axes.every((axis, i) => axis === axes[0] + i);
  const first = adjoin ? axes[0] : 0;
  const rest = x.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const table = adjoin ? x : permute(x, [...axes, ...rest]);
  const leading = table.shape.slice(0, first);
  const chosenShape = axes.map((axis) => x.shape[axis]);
  const strides = stridesOf(chosenShape);
  const rows = chosen.reduce((places: Tensor | null, { ids }, k) => {
    const walk = [shape.map(() => 0), broadcastStrides(ids.shape, shape)] as const;
    return placesOf(op, ids, { n: chosenShape[k], stride: strides[k], wrap: true }, shape, walk, places);
  }, null) as Tensor;
  const behind = table.shape.slice(first + axes.length);
  return gatherRows(op, table, rows, sizeOf(behind), [...leading, ...shape, ...behind], sizeOf(leading));
}

function indexed(op: string, x: Tensor, parts: readonly Index[]): Tensor {
  let y = checkTensor(op, x);
  let axis = 0;
  const chosen: Ids[] = [];
  for (const part of spelledOut(op, x, parts)) {
    if (isIds(part)) {
      if (part instanceof Tensor && part.dtype === 'bool' && part.rank === 0) y = unsqueeze(y, axis);
      const found = idsOf(op, y, axis, part);
      chosen.push(...found);
      axis += found.length;
    } else if (typeof part === 'number') y = selectAs(op, y, axis, part);
    else if (part === null) y = unsqueeze(y, axis++);
    else if (part === ':') axis++;
    else if (Array.isArray(part)) y = sliced(op, y, axis++, part);
    else throw new ShapeError({ op, problem: 'this is no index', got: part });
  }
  return chosen.length === 0 ? y : take(op, y, chosen);
}

/**
 * The part of `x` that an index names: `x.at(0, ':', [1, 5], ids, mask, null, '...')` is NumPy's
 * `x[0, :, 1:5, ids, mask, None, ...]`. Numbers, slices and new axes alone give a view where the memory allows it;
 * lists and masks a copy.
 *
 * Shapes:   as in NumPy; axes that no part names stay
 * Gradient: summed where an element was taken more than once, in the order of the result
 * @throws ShapeError  if there are too many parts or their shapes do not fit, or (ERR_INDEX) an index is out of range
 * @throws DTypeError  if a tensor holds neither int32 nor bool
 */
export function at(x: Tensor, ...index: Index[]): Tensor {
  return indexed('at', x, index);
}

registerOp({
  name: 'at',
  tolerance: 0,
  cases: [
    (s) => ({ inputs: [s.normal([3, 4, 5])], call: (x) => at(x, -1, null, [3, null, -2], '...') }),
    (s) => {
      const [i, j] = [s.ids([2, 1], 3), s.ids([3], 4)];
      return { inputs: [s.normal([2, 3, 4])], call: (x) => at(x, ':', i, j) };
    },
    (s) => {
      const [i, j] = [s.ids([3], 2), s.ids([3], 4)];
      return { inputs: [s.normal([2, 3, 4])], call: (x) => at(x, i, [1, 3], j) };
    },
    (s) => {
      const mask = s.bool([2, 3]);
      return { inputs: [s.normal([2, 3, 4])], call: (x) => at(x, mask, [0, 2]) };
    },
  ],
});

/** The places of `x`, flattened, that an index names. */
function placesAt(op: string, x: Tensor, index: readonly Index[]): Tensor {
  return indexed(op, reshape(arange(checkTensor(op, x).size), x.shape), index);
}

/** `value` in the shape of the part that is written. */
function valueAt(op: string, x: Tensor, value: Operand, shape: Shape): Tensor {
  const given = valueFor(op, value, x);
  const lead = shape.length - given.rank;
  if (lead < 0 || given.shape.some((d, i) => d !== 1 && d !== shape[i + lead])) {
    throw new ShapeError({
      op,
      problem: 'the value does not broadcast to the part',
      got: given.shape,
      expected: shape,
    });
  }
  return expandTo(given, shape);
}

/**
 * `x` with a value written to the part that an index names, or, with `accumulate`, added to it.
 *
 * Shapes:   index as `at`, value broadcast to the part → y as x
 * Gradient: dx = dy but for that part (everywhere, with `accumulate`), dvalue = dy there
 * @throws ShapeError  if the value does not broadcast to the part, or as `at`
 */
export function indexPut(
  x: Tensor,
  index: readonly Index[],
  value: Operand,
  { accumulate = false }: { accumulate?: boolean } = {},
): Tensor {
  const places = placesAt('indexPut', x, index);
  const source = valueAt('indexPut', x, value, places.shape);
  return (accumulate ? addRows : setRows)('indexPut', x, places, source, 1);
}

/** `indexPut` in place: x[index] ← value. */
export function indexPut_(x: Tensor, index: readonly Index[], value: Operand): Tensor {
  return written('indexPut_', x, () => {
    const places = placesAt('indexPut_', x, index);
    const source = valueAt('indexPut_', x, value instanceof Tensor ? value.detach() : value, places.shape);
    for (let i = 0; i < places.size; i++) x.data[places.data[i]] = source.data[i];
  });
}

registerOp({
  name: 'indexPut',
  cases: [
    (s) => ({
      inputs: [s.normal([3, 4]), s.normal([2, 1])],
      call: (x, value) => indexPut(x, [[1, null], Int32Array.of(3, 0)], value),
    }),
    (s) => {
      const ids = s.ids([5], 3);
      return {
        inputs: [s.normal([3, 2]), s.normal([2])],
        call: (x, value) => indexPut(x, [ids], value, { accumulate: true }),
      };
    },
  ],
});
