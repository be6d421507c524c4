/** Rows chosen by id: embedding, indexSelect, indexAdd, oneHot. */

import { checkAxis, type Shape, sizeOf } from '../core/shape.ts';
import { ShapeError } from '../errors.ts';
import { emptyTensor, type Tensor } from '../tensor.ts';
import { add, mul } from './arithmetic.ts';
import { filled } from './broadcast.ts';
import { checkIds, to } from './cast.ts';
import { eq, maskedFill } from './compare.ts';
import { arange } from './create.ts';
import { checkSameDType, checkTensor, defineOp, type Op, registerOp } from './define.ts';
import { reshape, transpose, unsqueeze } from './movement.ts';

/** What the kernels say of a bad id, as an error. */
function checkPlace(op: string, place: number, ids: Tensor, rows: number): void {
  if (place < 0) return;
  throw new ShapeError({
    op,
    problem: `id out of range at place ${place}`,
    got: ids.data[place],
    expected: rows === 0 ? 'no id at all, for an empty table' : `0 to ${rows - 1}`,
    code: 'ERR_INDEX',
  });
}

/** As the kernels, which cannot count the rows of a table whose rows are empty. */
function findBadId(ids: Tensor, rows: number): number {
  return (ids.data as Int32Array).findIndex((id) => id < 0 || id >= rows);
}

interface GatherParams {
  readonly op: string;
  readonly ids: Tensor;
}

/** y[i, ...] = table[ids[i], ...], ids as a flat list. */
const gatherRowsOp: Op<GatherParams> = defineOp<GatherParams>({
  name: 'gatherRows',
  tolerance: 0,
  forward(node, [table], { op, ids }) {
    const [rows, ...rest] = table!.shape;
    const y = emptyTensor([ids.size, ...rest], table!.dtype);
    const width = sizeOf(rest);
    const list = ids.data as Int32Array;
    const bad = width === 0 ? findBadId(ids, rows) : node.kernels.gatherRows(table!.data, list, y.data, width);
    checkPlace(op, bad, ids, rows);
    node.save(ids);
    return y;
  },
  backward(node, [dy], { op }) {
    const [ids] = node.saved();
    return [scatterAddRowsOp.run([dy], { op, ids: ids!, shape: node.shapes[0] })];
  },
  cases: [
    (s) => {
      const ids = s.ids([5], 4);
      return { inputs: [s.normal([4, 3])], call: (x) => indexSelect(x, 0, ids) };
    },
    (s) => {
      const ids = s.ids([4], 3);
      return { inputs: [s.normal([2, 3, 2])], call: (x) => indexSelect(x, 1, ids) };
    },
    (s) => {
      const ids = s.ids([2, 3], 5);
      return { inputs: [s.normal([5, 4])], call: (w) => embedding(ids, w) };
    },
  ],
});

interface ScatterParams extends GatherParams {
  /** The shape of the table. */
  readonly shape: Shape;
}

/** Zeros of `shape` with the rows of x added where the ids say. */
const scatterAddRowsOp: Op<ScatterParams> = defineOp<ScatterParams>({
  name: 'scatterAddRows',
  forward(node, [x], { op, ids, shape }) {
    const y = emptyTensor(shape, x!.dtype);
    y.data.fill(0);
    const width = sizeOf(shape.slice(1));
    const list = ids.data as Int32Array;
    const bad = width === 0 ? findBadId(ids, shape[0]) : node.kernels.scatterAddRows(x!.data, list, y.data, width);
    checkPlace(op, bad, ids, shape[0]);
    node.save(ids);
    return y;
  },
  backward(node, [dy], { op }) {
    const [ids] = node.saved();
    return [gatherRowsOp.run([dy], { op, ids: ids! })];
  },
  cases: [
    (s) => {
      const ids = s.ids([6], 4);
      return { inputs: [s.normal([4, 3]), s.normal([6, 3])], call: (x, source) => indexAdd(x, 0, ids, source) };
    },
  ],
});

/**
 * The rows of `weight` that the ids name.
 *
 * Shapes:   ids [...], weight [V, E] → y [..., E]
 * Gradient: dweight[id] = Σ dy over its occurrences, in their order; none for `paddingIdx`
 * @throws DTypeError  if the ids are no integers
 * @throws ShapeError  (ERR_INDEX) if an id is out of range
 */
export function embedding(
  ids: Tensor,
  weight: Tensor,
  { paddingIdx = null }: { paddingIdx?: number | null } = {},
): Tensor {
  const list = checkIds('embedding', ids);
  if (checkTensor('embedding', weight).rank !== 2) {
    throw new ShapeError({ op: 'embedding', problem: 'the weight must have two axes', got: weight.shape });
  }
  let table = weight;
  if (paddingIdx !== null) {
    // The row's values pass, its gradient does not: it is taken from outside the graph.
    const row = paddingIdx < 0 ? paddingIdx + weight.shape[0] : paddingIdx;
    const isPadding = filled([weight.shape[0], 1], 0, 'bool');
    if (!Number.isInteger(row) || row < 0 || row >= weight.shape[0])
      checkPlace('embedding', 0, filled([1], paddingIdx, 'int32'), weight.shape[0]);
    isPadding.data[row] = 1;
    const frozen = maskedFill(weight.detach(), eq(isPadding, false), 0);
    table = add(maskedFill(weight, isPadding, 0), frozen);
  }
  const rows = gatherRowsOp.run([table], { op: 'embedding', ids: list });
  return reshape(rows, [...ids.shape, weight.shape[1]]);
}

/** With `axis` brought to the front. */
function toFront(x: Tensor, axis: number): Tensor {
  return axis === 0 ? x : transpose(x, 0, axis);
}

/**
 * The places of one axis that the ids name, in their order.
 *
 * Shapes:   x [...], ids [n] → y, that axis of length n
 * Gradient: summed where an id stands twice
 * @throws ShapeError  (ERR_INDEX) if an id is out of range
 */
export function indexSelect(x: Tensor, axis: number, ids: Tensor): Tensor {
  checkTensor('indexSelect', x);
  const at = checkAxis('indexSelect', axis, x.rank);
  const list = checkIndexVector('indexSelect', ids);
  return toFront(gatherRowsOp.run([toFront(x, at)], { op: 'indexSelect', ids: list }), at);
}

/**
 * `x` with the slices of `source` added at the places of one axis that the ids name.
 *
 * Shapes:   x [...], ids [n], source: as x, that axis of length n → y as x
 * Gradient: dx = dy, dsource = dy at the ids
 * @throws ShapeError  if the shapes do not fit, or (ERR_INDEX) an id is out of range
 */
export function indexAdd(
  x: Tensor,
  axis: number,
  ids: Tensor,
  source: Tensor,
  { alpha = 1 }: { alpha?: number } = {},
): Tensor {
  checkTensor('indexAdd', x);
  const at = checkAxis('indexAdd', axis, x.rank);
  const list = checkIndexVector('indexAdd', ids);
  const expected = x.shape.map((d, i) => (i === at ? list.size : d));
  checkSameDType('indexAdd', x, source);
  if (source.rank !== x.rank || source.shape.some((d, i) => d !== expected[i])) {
    throw new ShapeError({ op: 'indexAdd', problem: 'the source does not fit', got: source.shape, expected });
  }
  const front = toFront(x, at).shape;
  const placed = toFront(scatterAddRowsOp.run([toFront(source, at)], { op: 'indexAdd', ids: list, shape: front }), at);
  return add(x, alpha === 1 ? placed : mul(placed, alpha));
}

function checkIndexVector(op: string, ids: Tensor): Tensor {
  const list = checkIds(op, ids);
  if (ids.rank > 1) throw new ShapeError({ op, problem: 'the ids must be a vector', got: ids.shape });
  return list;
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
