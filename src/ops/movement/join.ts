/** Joining tensors: cat and stack, and the grids of several vectors. */

import { checkAxis, checkShape, mergeAxes, sizeOf, stridesOf } from '../../core/shape.ts';
import { ConfigError, ShapeError } from '../../errors.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { checkTensor, defineOp, registerOp } from '../define.ts';
import { resultDType, to } from '../elementwise/cast.ts';
import { expandTo } from '../reduction/broadcast.ts';
import { narrow, reshape, unsqueeze } from './movement.ts';

const catOp = defineOp<number>({
  name: 'cat',
  tolerance: 0,
  forward(node, inputs, axis) {
    const parts = inputs as readonly Tensor[];
    const total = parts.reduce((n, t) => n + t.shape[axis], 0);
    const shape = parts[0].shape.map((d, i) => (i === axis ? total : d));
    const y = emptyTensor(shape, parts[0].dtype);
    const strides = stridesOf(shape);
    const inner = sizeOf(shape.slice(axis + 1));
    let at = 0;
    for (const part of parts) {
      const layout = mergeAxes(part.shape, [stridesOf(part.shape), strides]);
      if (part.size > 0) node.kernels.copyStrided(part.data, 0, y.data, at * inner, layout);
      at += part.shape[axis];
    }
    return y;
  },
  backward(node, [dy], axis) {
    let at = 0;
    return node.shapes.map((shape, i) => {
      const start = at;
      at += shape[axis];
      return node.needs(i) ? narrow(dy!, axis, start, shape[axis]) : null;
    });
  },
  cases: [
    (s) => ({ inputs: [s.normal([2, 3]), s.normal([4, 3])], call: (a, b) => cat([a, b], 0) }),
    (s) => ({ inputs: [s.normal([2, 3]), s.normal([2, 1]), s.normal([2, 2])], call: (...ts) => cat(ts, -1) }),
    (s) => ({ inputs: [s.normal([2, 3])], call: (a) => cat([a, a], 1) }),
    (s) => ({ inputs: [s.normal([0, 3]), s.normal([2, 3])], call: (a, b) => cat([a, b]) }),
    (s) => ({ inputs: [s.normal([2, 3]), s.normal([2, 3])], call: (a, b) => stack([a, b], 1) }),
  ],
});

/** @throws ShapeError  if there is no tensor in the list */
function checkList(op: string, tensors: unknown): void {
  if (Array.isArray(tensors) && tensors.length > 0) return;
  throw new ShapeError({ op, problem: 'expected at least one tensor', got: tensors });
}

/**
 * Tensors one behind the other along an axis they have.
 *
 * Shapes:   equal but for that axis → their sum along it
 * Gradient: to each its part
 * @throws ShapeError  if there are none, or another axis differs
 */
export function cat(tensors: readonly Tensor[], axis = 0): Tensor {
  checkList('cat', tensors);
  for (const t of tensors) checkTensor('cat', t);
  // PyTorch lets an empty vector stand for "nothing yet" beside tensors of any rank.
  const ranked = tensors.filter((t) => t.rank !== 1 || t.size > 0);
  const given = ranked.length > 0 ? ranked : tensors;
  const first = given[0];
  const at = checkAxis('cat', axis, first.rank);
  for (const t of given) {
    if (t.rank !== first.rank || t.shape.some((d, i) => i !== at && d !== first.shape[i])) {
      throw new ShapeError({
        op: 'cat',
        problem: `shapes differ outside axis ${at}: [${first.shape.join(', ')}] and [${t.shape.join(', ')}]`,
      });
    }
  }
  const dtype = given.slice(1).reduce((d, t) => (d === t.dtype ? d : resultDType(to(first, d), t)), first.dtype);
  return given.length === 1
    ? to(first, dtype)
    : catOp.run(
        given.map((t) => to(t, dtype)),
        at,
      );
}

/**
 * Tensors of one shape side by side along a new axis.
 *
 * @throws ShapeError  if there are none, or their shapes differ
 */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  checkList('stack', tensors);
  const [first] = tensors;
  for (const t of tensors) {
    if (checkTensor('stack', t).rank !== first.rank || t.shape.some((d, i) => d !== first.shape[i])) {
      throw new ShapeError({
        op: 'stack',
        problem: `shapes differ: [${first.shape.join(', ')}] and [${t.shape.join(', ')}]`,
      });
    }
  }
  const at = checkAxis('stack', axis, first.rank + 1);
  return cat(
    tensors.map((t) => unsqueeze(t, at)),
    at,
  );
}

/** With at least `rank` axes: a single value becomes a vector, a vector one row. */
function atLeast(op: string, rank: number, tensors: readonly Tensor[]): Tensor[] {
  checkList(op, tensors);
  return tensors.map((t) => {
    const lead = rank - checkTensor(op, t).rank;
    return lead <= 0 ? t : reshape(t, [...new Array<number>(lead).fill(1), ...t.shape]);
  });
}

/** Tensors side by side: along the second axis, vectors along their only one. */
export function hstack(tensors: readonly Tensor[]): Tensor {
  const list = atLeast('hstack', 1, tensors);
  return cat(list, list[0].rank === 1 ? 0 : 1);
}

/** Tensors one below the other, along the first axis; a vector counts as a row. */
export function vstack(tensors: readonly Tensor[]): Tensor {
  return cat(atLeast('vstack', 2, tensors), 0);
}

/**
 * The coordinates of a grid: for each vector a tensor of the grid's shape that varies along one axis. With `xy` the
 * first two axes are exchanged, as for pictures.
 *
 * Shapes:   [n], [m], … (single values count as vectors of one) → each [n, m, …], or [m, n, …]
 * @throws ShapeError   if there are none, or one has more than one axis
 * @throws ConfigError  if the indexing is neither `ij` nor `xy`
 */
export function meshgrid(tensors: readonly Tensor[], { indexing = 'ij' }: { indexing?: 'ij' | 'xy' } = {}): Tensor[] {
  const op = 'meshgrid';
  const list = atLeast(op, 1, tensors);
  if (indexing !== 'ij' && indexing !== 'xy') {
    throw new ConfigError({ op, problem: 'unknown indexing', got: indexing, expected: 'ij | xy' });
  }
  const axes = list.map((_, i) => (indexing === 'xy' && i < 2 && list.length > 1 ? 1 - i : i));
  const shape = new Array<number>(list.length);
  list.forEach((t, i) => {
    if (t.rank !== 1) throw new ShapeError({ op, problem: 'expected vectors', got: t.shape });
    shape[axes[i]] = t.size;
  });
  checkShape(op, shape);
  return list.map((t, i) =>
    expandTo(
      reshape(
        t,
        shape.map((_, axis) => (axis === axes[i] ? t.size : 1)),
      ),
      shape,
    ),
  );
}

/** Every combination of one element of each vector, as rows; of one vector, the vector. */
export function cartesianProd(...tensors: readonly Tensor[]): Tensor {
  checkList('cartesianProd', tensors);
  for (const t of tensors) {
    if (checkTensor('cartesianProd', t).rank !== 1) {
      throw new ShapeError({ op: 'cartesianProd', problem: 'expected vectors', got: t.shape });
    }
  }
  const grids = meshgrid(tensors);
  return tensors.length === 1
    ? grids[0]
    : stack(
        grids.map((grid) => reshape(grid, [grid.size])),
        1,
      );
}

registerOp({
  name: 'meshgrid',
  cases: [
    (s) => ({ inputs: [s.normal([2]), s.normal([3]), s.normal([])], call: (...ts) => meshgrid(ts) }),
    (s) => ({ inputs: [s.normal([2]), s.normal([3])], call: (...ts) => meshgrid(ts, { indexing: 'xy' }) }),
    (s) => ({ inputs: [s.normal([2]), s.normal([3])], call: (...ts) => cartesianProd(...ts) }),
    (s) => ({ inputs: [s.normal([2]), s.normal([3])], call: (...ts) => hstack(ts) }),
    (s) => ({ inputs: [s.normal([3]), s.normal([2, 3])], call: (...ts) => vstack(ts) }),
  ],
});
