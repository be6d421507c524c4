/**
 * Rows chosen by id: gathered, added and set, the three moves every kind of indexing comes down to; and the embedding,
 * which is one of them.
 */

import { kernelsFor } from '../../backend/select.ts';
import type { DType } from '../../core/dtype.ts';
import { mergeAxes, type Shape } from '../../core/shape.ts';
import { DTypeError, ShapeError } from '../../errors.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { arange } from '../create.ts';
import { checkSameDType, checkTensor, defineOp, type Op, registerOp } from '../define.ts';
import { add, mul, sub } from '../elementwise/arithmetic.ts';
import { checkIds, to } from '../elementwise/cast.ts';
import { eq, maskedFill } from '../elementwise/compare.ts';
import { copyWhole, unsqueeze } from '../movement/movement.ts';
import { filled } from '../reduction/broadcast.ts';

/** An id that is none of `rows`, as an error. */
export function badId(op: string, place: number, id: number, rows: number, wrap = false): ShapeError {
  return new ShapeError({
    op,
    problem: `id out of range at place ${place}`,
    got: id,
    expected: rows === 0 ? 'no id at all, for an empty table' : `${wrap ? -rows : 0} to ${rows - 1}`,
    code: 'ERR_INDEX',
  });
}

/** How ids become places: what they name, and how far apart that lies. */
export interface Naming {
  /** Ids lie below this. */
  readonly n: number;
  readonly stride: number;
  /** A negative id counts from the end. */
  readonly wrap: boolean;
}

/**
 * Σ iₐ·baseₐ + id·stride over all indices of `shape`, where the id is the one at Σ iₐ·idStrideₐ; added to `places`, if
 * they are given.
 *
 * @throws ShapeError  (ERR_INDEX) if an id is out of range
 */
export function placesOf(
  op: string,
  ids: Tensor,
  { n, stride, wrap }: Naming,
  shape: Shape,
  strides: readonly [base: readonly number[], id: readonly number[]],
  places: Tensor | null = null,
): Tensor {
  const found = places ?? emptyTensor(shape, 'int32');
  const list = ids.data as Int32Array;
  // A list that is walked by nothing is checked all the same.
  const layout = mergeAxes(shape, strides);
  const bad = kernelsFor('float32').places(list, found.data as Int32Array, layout, n, stride, wrap, places !== null);
  if (bad >= 0) throw badId(op, bad, list[bad], n, wrap);
  return found;
}

/** What the kernels say of a bad id, as an error. */
function checkPlace(op: string, place: number, ids: Tensor, rows: number): void {
  if (place >= 0) throw badId(op, place, ids.data[place], rows);
}

/** As the kernels, which cannot count the rows of a table whose rows are empty. */
function findBadId(ids: Tensor, rows: number): number {
  return (ids.data as Int32Array).findIndex((id) => id < 0 || id >= rows);
}

/** Tensors as rows of `width` elements, and the rows that are meant. */
interface RowParams {
  /** The operation to name in an error. */
  readonly op: string;
  readonly ids: Tensor;
  readonly width: number;
  /** Tables one behind the other, of which each gives or takes rows of the same ids. */
  readonly outer: number;
  /** The shape of the result. */
  readonly shape: Shape;
  /** What the gradient of each row is multiplied by, [...ids, 1]. */
  readonly factors?: Tensor;
}

const rowsOf = (size: number, step: number): number => (step === 0 ? 0 : size / step);

const gatherRowsOp: Op<RowParams> = defineOp<RowParams>({
  name: 'gatherRows',
  tolerance: 0,
  forward(node, [table], { op, ids, width, outer, shape }) {
    const y = emptyTensor(shape, table!.dtype);
    if (y.size > 0) {
      const place = node.kernels.gatherRows(table!.data, ids.data as Int32Array, y.data, width, outer);
      checkPlace(op, place, ids, rowsOf(table!.size, width * outer));
    }
    node.save(ids);
    return y;
  },
  backward(node, [dy], { op, width, outer, factors }) {
    const [ids] = node.saved();
    const source = factors === undefined ? dy : mul(dy!, factors);
    return [addRowsOp.run([null, source], { op, ids: ids!, width, outer, shape: node.shapes[0] })];
  },
  cases: [
    (s) => {
      const ids = s.ids([5], 4);
      return { inputs: [s.normal([4, 3])], call: (x) => gatherRows('gatherRows', x, ids, 3, [5, 3]) };
    },
    (s) => {
      const ids = s.ids([2, 3], 5);
      return { inputs: [s.normal([5, 4])], call: (w) => embedding(ids, w) };
    },
    (s) => {
      const ids = s.ids([3, 4], 5);
      return { inputs: [s.normal([5, 2])], call: (w) => averaged(ids, w) };
    },
  ],
});

/** The rows of `width` elements that the ids name, one behind the other, in each of `outer` tables, as `shape`. */
export function gatherRows(op: string, x: Tensor, ids: Tensor, width: number, shape: Shape, outer = 1): Tensor {
  return gatherRowsOp.run([x], { op, ids, width, outer, shape });
}

const addRowsOp: Op<RowParams> = defineOp<RowParams>({
  name: 'addRows',
  forward(node, [x, source], { op, ids, width, outer, shape }) {
    const y = emptyTensor(shape, source!.dtype);
    if (x === null) y.data.fill(0);
    else copyWhole(node.kernels, x, y);
    if (source!.size > 0) {
      const place = node.kernels.scatterAddRows(source!.data, ids.data as Int32Array, y.data, width, outer);
      checkPlace(op, place, ids, rowsOf(y.size, width * outer));
    }
    node.save(ids);
    return y;
  },
  backward(node, [dy], { op, width, outer }) {
    const [ids] = node.saved();
    const dsource = node.needs(1)
      ? gatherRowsOp.run([dy], { op, ids: ids!, width, outer, shape: node.shapes[1] })
      : null;
    return [node.needs(0) ? dy : null, dsource];
  },
  cases: [
    (s) => {
      const ids = s.ids([6], 4);
      return {
        inputs: [s.normal([4, 3]), s.normal([6, 3])],
        call: (x, source) => addRows('addRows', x, ids, source, 3),
      };
    },
  ],
});

/** `x` with the rows of `source`, each of `width` elements, added where the ids say; in their order, where one stands twice. */
export function addRows(op: string, x: Tensor, ids: Tensor, source: Tensor, width: number, outer = 1): Tensor {
  checkSameDType(op, x, source);
  if (x.dtype === 'bool') throw new DTypeError({ op, problem: 'bools are not added up', got: 'bool', hint: 'use to' });
  return addRowsOp.run([x, source], { op, ids, width, outer, shape: x.shape });
}

const setRowsOp: Op<RowParams> = defineOp<RowParams>({
  name: 'setRows',
  tolerance: 0,
  forward(node, [x, source], { op, ids, width, outer, shape }) {
    const y = emptyTensor(shape, x!.dtype);
    copyWhole(node.kernels, x!, y);
    if (source!.size > 0) {
      const place = node.kernels.setRows(source!.data, ids.data as Int32Array, y.data, width, outer);
      checkPlace(op, place, ids, rowsOf(y.size, width * outer));
    }
    node.save(ids);
    return y;
  },
  backward(node, [dy], { op, width, outer, shape }) {
    const [ids] = node.saved();
    const zero = (): Tensor => filled(node.shapes[1], 0, dy!.dtype);
    return [
      node.needs(0) ? setRowsOp.run([dy, zero()], { op, ids: ids!, width, outer, shape }) : null,
      node.needs(1) ? gatherRowsOp.run([dy], { op, ids: ids!, width, outer, shape: node.shapes[1] }) : null,
    ];
  },
  cases: [
    (s) => ({
      inputs: [s.normal([5, 3]), s.normal([2, 3])],
      call: (x, source) => setRows('setRows', x, arange(1, 5, 2), source, 3),
    }),
    (s) => ({
      inputs: [s.normal([4, 65]), s.normal([1, 65])],
      call: (x, source) => setRows('setRows', x, arange(2, 3), source, 65),
    }),
  ],
});

/** `x` with the rows of `source`, each of `width` elements, written where the ids say; the last wins where one stands twice. */
export function setRows(op: string, x: Tensor, ids: Tensor, source: Tensor, width: number, outer = 1): Tensor {
  checkSameDType(op, x, source);
  return setRowsOp.run([x, source], { op, ids, width, outer, shape: x.shape });
}

/** Options of `embedding`. */
export interface EmbeddingLookup {
  /** The id whose row gets no gradient; negative ones count from the end. */
  paddingIdx?: number | null;
  /** Divide the gradient of a row by how often its id stands among the ids. Default false. */
  scaleGradByFreq?: boolean;
}

/** 1 over how often each id stands among the ids, [...ids, 1]. */
function shareOf(ids: Tensor, rows: number, dtype: DType): Tensor {
  const counts = new Float64Array(rows);
  for (const id of ids.data) counts[id]++;
  const share = emptyTensor([...ids.shape, 1], dtype);
  for (let i = 0; i < ids.size; i++) share.data[i] = 1 / counts[ids.data[i]];
  return share;
}

/**
 * The rows with a gradient made of two: the mean over the occurrences of an id, and what the mean lacks to the sum. So
 * differences find it although a mean alone is no derivative.
 */
function averaged(ids: Tensor, weight: Tensor): Tensor {
  const rest = sub(1, shareOf(ids, weight.shape[0], weight.dtype));
  const change = sub(embedding(ids, weight), embedding(ids, weight.detach()));
  return add(embedding(ids, weight, { scaleGradByFreq: true }), mul(rest, change));
}

/**
 * The rows of `weight` that the ids name.
 *
 * Shapes:   ids [...], weight [V, E] → y [..., E]
 * Gradient: dweight[id] = Σ dy over its occurrences, in their order, or their mean with `scaleGradByFreq`; none for
 *           `paddingIdx`
 * @throws DTypeError  if the ids are no integers
 * @throws ShapeError  (ERR_INDEX) if an id is out of range
 */
export function embedding(
  ids: Tensor,
  weight: Tensor,
  { paddingIdx = null, scaleGradByFreq = false }: EmbeddingLookup = {},
): Tensor {
  const list = checkIds('embedding', ids);
  if (checkTensor('embedding', weight).rank !== 2) {
    throw new ShapeError({ op: 'embedding', problem: 'the weight must have two axes', got: weight.shape });
  }
  const [rows, width] = weight.shape;
  let table = weight;
  if (paddingIdx !== null) {
    // The row's values pass, its gradient does not: it is taken from outside the graph.
    const row = paddingIdx < 0 ? paddingIdx + rows : paddingIdx;
    if (!Number.isInteger(row) || row < 0 || row >= rows) throw badId('embedding', 0, paddingIdx, rows, true);
    const isPadding = filled([rows, 1], 0, 'bool');
    isPadding.data[row] = 1;
    const frozen = maskedFill(weight.detach(), eq(isPadding, false), 0);
    table = add(maskedFill(weight, isPadding, 0), frozen);
  }
  if (width === 0) checkPlace('embedding', findBadId(list, rows), list, rows);
  const shape = [...ids.shape, width];
  if (!scaleGradByFreq) return gatherRows('embedding', table, list, width, shape);
  const factors = shareOf(list, rows, weight.dtype);
  return gatherRowsOp.run([table], { op: 'embedding', ids: list, width, outer: 1, shape, factors });
}

/**
 * 1 at each id, 0 elsewhere, as int32.
 *
 * Shapes:   ids [...] → y [..., classes]; without `classes`, one more than the largest id
 * @throws ShapeError  (ERR_INDEX) if an id is out of range
 */
export function oneHot(ids: Tensor, classes: number | null = null): Tensor {
  const list = checkIds('oneHot', ids).data as Int32Array;
  const count = classes ?? list.reduce((most: number, id: number) => Math.max(most, id + 1), 0);
  checkPlace('oneHot', findBadId(ids, count), ids, count);
  return to(eq(unsqueeze(ids, -1), arange(count)), 'int32');
}

registerOp({
  name: 'oneHot',
  differentiable: false,
  tolerance: 0,
  cases: [(s) => ({ inputs: [s.ids([2, 3], 4)], call: (ids) => oneHot(ids, 4) })],
});
