/** Order along one axis: sorting, the largest few, the k-th. */

import { ShapeError } from '../../errors.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { defineOp, type Op, registerOp } from '../define.ts';
import { asRows, type Placed, rowsOf } from '../indexing/along.ts';
import { gather } from '../indexing/gather.ts';
import { scatterAdd } from '../indexing/scatter.ts';
import { reshape } from '../movement/movement.ts';
import { filled } from '../reduction/broadcast.ts';

const both = ({ values, indices }: Placed): Tensor[] => [values, indices];

interface SortParams {
  readonly descending: boolean;
  readonly count: number;
  readonly n: number;
}

/** Values in order and the places they had, of rows [..., n]. */
const sortRowsOp = defineOp<SortParams>({
  name: 'sort',
  tolerance: 0,
  edges: [1, -1, 0, Infinity, -Infinity, NaN, 1, 3],
  forward(node, [x], { descending, count, n }) {
    const values = emptyTensor(x!.shape, x!.dtype);
    const indices = emptyTensor(x!.shape, 'int32');
    node.kernels.sortRows(descending, x!.data, values.data, indices.data as Int32Array, count, n);
    node.save(indices);
    return [values, indices];
  },
  backward(node, [dy]) {
    const [indices] = node.saved();
    return [scatterAdd(filled(indices!.shape, 0, dy!.dtype), -1, indices!, dy!)];
  },
  cases: [
    (s) => ({ inputs: [s.distinct([7])], call: (x) => both(sort(x)) }),
    (s) => ({ inputs: [s.distinct([2, 5, 3])], call: (x) => both(sort(x, 1, { descending: true })) }),
    (s) => ({ inputs: [s.distinct([3, 40])], call: (x) => both(sort(x)) }),
    (s) => ({ inputs: [s.distinct([])], call: (x) => both(sort(x)) }),
    (s) => ({ inputs: [s.distinct([0, 3])], call: (x) => both(sort(x, 0)) }),
  ],
});

export interface SortOptions {
  descending?: boolean;
  /** Every order here is stable: this is taken so that PyTorch's calls can stand as they are. */
  stable?: boolean;
}

/**
 * The values along `axis` in ascending or descending order, and the places they had. Equals keep their order; every NaN
 * counts as the largest.
 *
 * Shapes:   x [...] → values and indices (int32) as x
 * Gradient: each value's goes to the place it had
 * @throws ShapeError  if there is no such axis
 */
export function sort(x: Tensor, axis = -1, { descending = false }: SortOptions = {}): Placed {
  const { rows, count, n, restore } = asRows('sort', x, axis);
  const [values, indices] = sortRowsOp.runAll([rows], { descending, count, n });
  return { values: restore(values), indices: restore(indices) };
}

const argsortRowsOp = defineOp<SortParams>({
  name: 'argsort',
  differentiable: false,
  tolerance: 0,
  edges: [1, -1, 0, -0, Infinity, -Infinity, NaN, 1, 3],
  forward(node, [x], { descending, count, n }) {
    const indices = emptyTensor(x!.shape, 'int32');
    node.kernels.sortRows(descending, x!.data, null, indices.data as Int32Array, count, n);
    return indices;
  },
  cases: [
    (s) => ({ inputs: [s.normal([40])], call: (x) => argsort(x) }),
    (s) => ({ inputs: [s.ids([3, 2500], 9)], call: (x) => argsort(x, 1, { descending: true }) }),
    (s) => ({ inputs: [s.normal([5, 3])], call: (x) => argsort(x, 0) }),
  ],
});

/** The places that `sort` gives along `axis`. */
export function argsort(x: Tensor, axis = -1, { descending = false }: SortOptions = {}): Tensor {
  const { rows, count, n, restore } = asRows('argsort', x, axis);
  return restore(argsortRowsOp.run([rows], { descending, count, n }));
}

export interface TopkOptions {
  /** The largest (the default) or the smallest. */
  largest?: boolean;
  /** Whether their order counts: they come in order either way. */
  sorted?: boolean;
}

interface TopParams {
  readonly k: number;
  readonly largest: boolean;
  readonly count: number;
  readonly n: number;
}

/** The places of the first k in order, of rows [..., n]. */
const topRowsOp = defineOp<TopParams>({
  name: 'topk',
  tolerance: 0,
  edges: [1, -1, 0, -0, Infinity, -Infinity, NaN, 1, 3],
  forward(node, [x], { k, largest, count, n }) {
    const indices = emptyTensor(rowsOf(x!, k), 'int32');
    node.kernels.topRows(largest, x!.data, indices.data as Int32Array, count, n, k);
    return indices;
  },
  cases: [
    (s) => ({ inputs: [s.distinct([7])], call: (x) => both(topk(x, 3)) }),
    (s) => ({ inputs: [s.distinct([2, 5, 3])], call: (x) => both(topk(x, 2, 1, { largest: false })) }),
    (s) => ({ inputs: [s.distinct([2, 60])], call: (x) => both(topk(x, 10)) }),
    (s) => ({ inputs: [s.distinct([])], call: (x) => both(topk(x, 1)) }),
    (s) => ({ inputs: [s.distinct([3])], call: (x) => both(topk(x, 0)) }),
  ],
});

/**
 * The k largest along `axis`, or the k smallest, in order, and their places. Found by selection, without sorting the
 * rest; of equals the first are taken, and NaN counts as the largest.
 *
 * Shapes:   x [...] → values and indices (int32), that axis of length k
 * Gradient: to the places
 * @throws ShapeError  if k is no integer from 0 to the length of the axis
 */
export function topk(x: Tensor, k: number, axis = -1, { largest = true }: TopkOptions = {}): Placed {
  const { rows, count, n, restore } = asRows('topk', x, axis);
  // A single value has no axis that could become empty.
  checkCount('topk', x, k, x.rank === 0 ? 1 : 0, n);
  const indices = topRowsOp.run([rows.detach()], { k, largest, count, n });
  return { values: restore(gather(rows, -1, indices)), indices: restore(indices) };
}

function checkCount(op: string, x: Tensor, k: number, least: number, n: number): void {
  if (Number.isInteger(k) && k >= least && k <= n) return;
  throw new ShapeError({
    op,
    problem: `k does not fit an axis of length ${n} of [${x.shape.join(', ')}]`,
    got: k,
    expected: `${least} to ${n}`,
  });
}

/** The places of given ranks in ascending order, of rows [r, n]; ranks [r, m]. */
const rankRowsOp: Op<Tensor> = defineOp<Tensor>({
  name: 'rankRows',
  differentiable: false,
  tolerance: 0,
  forward(node, [x], ranks) {
    const [rows, n] = x!.shape;
    const m = ranks.shape[1];
    const indices = emptyTensor(ranks.shape, 'int32');
    node.kernels.rankRows(x!.data, ranks.data as Int32Array, indices.data as Int32Array, rows, n, m);
    return indices;
  },
  cases: [
    (s) => {
      const ranks = s.ids([3, 2], 300);
      return { inputs: [s.normal([3, 300])], call: (x) => rankRowsOp.run([x], ranks) };
    },
    (s) => {
      const ranks = s.ids([1, 9], 3000);
      return { inputs: [s.normal([1, 3000])], call: (x) => rankRowsOp.run([x], ranks) };
    },
  ],
});

/** Values and places of rows [r, n] at ranks [r, m] of their ascending order, each of the ranks within its row. */
export function atRanks(rows: Tensor, ranks: Tensor): Placed {
  const indices = rankRowsOp.run([rows.detach()], ranks);
  return { values: gather(rows, 1, indices), indices };
}

export interface KthOptions {
  keepdim?: boolean;
}

/**
 * The k-th smallest along `axis`, counted from 1, and its place: see `topk` for equals and NaN.
 *
 * Shapes:   x [...] → values and indices (int32) without that axis, or with length 1 if `keepdim`
 * Gradient: to the place
 * @throws ShapeError  if k is no integer from 1 to the length of the axis
 */
export function kthvalue(x: Tensor, k: number, axis = -1, { keepdim = false }: KthOptions = {}): Placed {
  const { rows, count, n, restore } = asRows('kthvalue', x, axis);
  checkCount('kthvalue', x, k, 1, n);
  const { values, indices } = atRanks(reshape(rows, [count, n]), filled([count, 1], k - 1, 'int32'));
  const back = (y: Tensor): Tensor => restore(reshape(y, rowsOf(rows, 1)), keepdim);
  return { values: back(values), indices: back(indices) };
}

registerOp({
  name: 'kthvalue',
  tolerance: 0,
  cases: [
    (s) => ({ inputs: [s.distinct([7])], call: (x) => both(kthvalue(x, 3)) }),
    (s) => ({ inputs: [s.distinct([2, 40, 3])], call: (x) => both(kthvalue(x, 40, 1, { keepdim: true })) }),
    (s) => ({ inputs: [s.distinct([])], call: (x) => both(kthvalue(x, 1)) }),
  ],
});
