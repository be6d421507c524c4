/** Products of vectors and of tensors, and sums and chains of products; all of them on the product of matrices. */

import { checkAxis, type Shape } from '../../core/shape.ts';
import { ConfigError, ShapeError } from '../../errors.ts';
import type { Tensor } from '../../tensor.ts';
import { checkTensor, registerOp } from '../define.ts';
import { mul, sub } from '../elementwise/arithmetic.ts';
import { roll } from '../movement/flip.ts';
import { reshape } from '../movement/movement.ts';
import { broadcastTogether, sum } from '../reduction/broadcast.ts';
import { contract } from './contraction.ts';
import { type AddmmOptions, checkRank, matmul, ranked, scaledSum } from './matmul.ts';

/**
 * The products of every element of one vector with every element of another.
 *
 * Shapes:   a [m], b [n] → [m, n]
 * Gradient: da = dy·b, db = dyᵀ·a
 * @throws ShapeError  if an operand is no vector
 */
export function outer(a: Tensor, b: Tensor): Tensor {
  for (const x of [a, b]) checkRank('outer', x, 1);
  return mul(reshape(a, [a.size, 1]), b);
}

/**
 * The products along the last axes; a 0-d tensor multiplies the other.
 *
 * Shapes:   a [..., k], b [***, k] → [..., ***]
 * @throws ShapeError  if the last axes differ
 */
export function inner(a: Tensor, b: Tensor): Tensor {
  if (checkTensor('inner', a).rank === 0 || checkTensor('inner', b).rank === 0) return mul(a, b);
  const [k, other] = [a.shape[a.rank - 1], b.shape[b.rank - 1]];
  if (k !== other) {
    throw new ShapeError({
      op: 'inner',
      problem: 'the last axes differ',
      got: [a.shape, b.shape],
      hint: `${k} ≠ ${other}`,
    });
  }
  return tensordot(a, b, [[-1], [-1]]);
}

/** The sum of the products of two vectors: `dot`, as no tensor here is complex. */
export function vdot(a: Tensor, b: Tensor): Tensor {
  return ranked('vdot', a, b, 1);
}

/** The product of a matrix and a vector: a [m, k], x [k] → [m]. */
export function mv(a: Tensor, x: Tensor): Tensor {
  return ranked('mv', a, x, 2, 1);
}

/** The axes that are summed: a number of them at the end of one and at the front of the other, or a list for each. */
export type TensordotAxes = number | readonly [readonly number[], readonly number[]];

function pairedAxes(a: Tensor, b: Tensor, axes: TensordotAxes): [number[], number[]] {
  if (typeof axes === 'number') {
    if (!Number.isInteger(axes) || axes < 0 || axes > Math.min(a.rank, b.rank)) {
      throw new ShapeError({ op: 'tensordot', problem: `${axes} axes cannot be summed`, got: [a.shape, b.shape] });
    }
    const list = Array.from({ length: axes }, (_, i) => i);
    return [list.map((i) => a.rank - axes + i), list];
  }
  const [first, second] = axes;
  if (first.length !== second.length) {
    throw new ShapeError({
      op: 'tensordot',
      problem: 'both lists must name as many axes',
      got: [[...first], [...second]],
    });
  }
  const lists = [
    first.map((axis) => checkAxis('tensordot', axis, a.rank)),
    second.map((axis) => checkAxis('tensordot', axis, b.rank)),
  ] as [number[], number[]];
  if (lists.some((list) => new Set(list).size !== list.length)) {
    throw new ShapeError({ op: 'tensordot', problem: 'an axis is named twice', got: [[...first], [...second]] });
  }
  return lists;
}

/**
 * Σ a·b over axes of a paired with axes of b: by a number, the last of a with the first of b in order; by two lists,
 * those they name. Where one of a pair has length 1 it is repeated.
 *
 * Shapes:   a [...], b [...] → the axes of a that are left, then those of b
 * Gradient: to any order
 * @throws ShapeError  if paired axes differ, or there is no such axis
 */
export function tensordot(a: Tensor, b: Tensor, axes: TensordotAxes = 2): Tensor {
  checkTensor('tensordot', a);
  checkTensor('tensordot', b);
  const [first, second] = pairedAxes(a, b, axes);
  let [left, right] = [a, b];
  first.forEach((axis, i) => {
    const [m, n] = [a.shape[axis], b.shape[second[i]]];
    if (m === n) return;
    if (m !== 1 && n !== 1) {
      const problem = `axis ${axis} of the first and axis ${second[i]} of the second differ`;
      throw new ShapeError({ op: 'tensordot', problem, got: [a.shape, b.shape], hint: `${m} ≠ ${n}` });
    }
    // The sum over a repeated element: of the one that has the axis in full.
    if (m === 1) right = sum(right, second[i], { keepdim: true });
    else left = sum(left, axis, { keepdim: true });
  });
  const namesA = a.shape.map((_, axis) => (first.includes(axis) ? `s${first.indexOf(axis)}` : `a${axis}`));
  const namesB = b.shape.map((_, axis) => (second.includes(axis) ? `s${second.indexOf(axis)}` : `b${axis}`));
  const output = [...namesA, ...namesB].filter((name) => !name.startsWith('s'));
  return contract(
    [
      { x: left, labels: namesA },
      { x: right, labels: namesB },
    ],
    output,
  );
}

/**
 * The Kronecker product: every element of a times the whole of b, in blocks.
 *
 * Shapes:   a [a₀, …], b [b₀, …] → [a₀·b₀, …]; the shorter shape gets axes of length 1 in front
 * Gradient: to any order
 */
export function kron(a: Tensor, b: Tensor): Tensor {
  const rank = Math.max(checkTensor('kron', a).rank, checkTensor('kron', b).rank);
  const padded = (x: Tensor): Shape => [...new Array<number>(rank - x.rank).fill(1), ...x.shape];
  const [pa, pb] = [padded(a), padded(b)];
  const blocks = mul(
    reshape(
      a,
      pa.flatMap((d) => [d, 1]),
    ),
    reshape(
      b,
      pb.flatMap((d) => [1, d]),
    ),
  );
  return reshape(
    blocks,
    pa.map((d, i) => d * pb[i]),
  );
}

/**
 * The cross product of vectors of three along `axis`: without one, the first axis of length 3 that both have.
 *
 * Shapes:   a and b of as many axes, broadcast, `axis` of length 3
 * Gradient: da = b × dy, db = dy × a
 * @throws ShapeError  if the shapes do not broadcast, or there is no axis of length 3
 */
export function cross(a: Tensor, b: Tensor, axis: number | null = null): Tensor {
  if (checkTensor('cross', a).rank !== checkTensor('cross', b).rank) {
    throw new ShapeError({ op: 'cross', problem: 'the operands must have as many axes', got: [a.shape, b.shape] });
  }
  const at = axis === null ? a.shape.indexOf(3) : checkAxis('cross', axis, a.rank);
  if (at < 0 || a.shape[at] !== 3 || b.shape[at] !== 3) {
    throw new ShapeError({ op: 'cross', problem: 'vectors of length 3 have a cross product', got: [a.shape, b.shape] });
  }
  const [left, right] = broadcastTogether('cross', a, b);
  // With the axis turned by one: a₀b₁ − a₁b₀, a₁b₂ − a₂b₁, a₂b₀ − a₀b₂, which have to be turned themselves.
  const turned = (x: Tensor): Tensor => roll(x, -1, at);
  return turned(sub(mul(left, turned(right)), mul(turned(left), right)));
}

/** Where to cut the chain of matrices i to j so that the fewest multiplications are left, by dynamic programming. */
function bestCuts(sizes: readonly number[]): number[][] {
  const n = sizes.length - 1;
  const cost = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  const cuts = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  for (let span = 1; span < n; span++) {
    for (let i = 0; i + span < n; i++) {
      const j = i + span;
      cost[i][j] = Number.POSITIVE_INFINITY;
      for (let cut = i; cut < j; cut++) {
        const total = cost[i][cut] + cost[cut + 1][j] + sizes[i] * sizes[cut + 1] * sizes[j + 1];
        if (total < cost[i][j]) [cost[i][j], cuts[i][j]] = [total, cut];
      }
    }
  }
  return cuts;
}

/**
 * The product of a chain of matrices, in the order that takes the fewest multiplications. The first may be a vector,
 * a row, and the last one, a column.
 *
 * Shapes:   [n₀, n₁], [n₁, n₂], …, [nₖ₋₁, nₖ] → [n₀, nₖ], without the axis of a vector
 * Gradient: to any order
 * @throws ShapeError   if neighbours do not fit, or a factor is no matrix
 * @throws ConfigError  if there is none
 */
export function multiDot(tensors: readonly Tensor[]): Tensor {
  const op = 'multiDot';
  if (!Array.isArray(tensors) || tensors.length === 0) {
    throw new ConfigError({ op, problem: 'expected at least one tensor', got: tensors });
  }
  const last = tensors.length - 1;
  const matrices = tensors.map((x, i) => {
    if (checkTensor(op, x).rank === 1 && last > 0 && (i === 0 || i === last)) {
      return reshape(x, i === 0 ? [1, x.size] : [x.size, 1]);
    }
    checkRank(op, x, 2);
    return x;
  });
  for (let i = 0; i < last; i++) {
    const [before, after] = [matrices[i].shape[1], matrices[i + 1].shape[0]];
    if (before !== after) {
      const got = [tensors[i].shape, tensors[i + 1].shape];
      throw new ShapeError({
        op,
        problem: `factors ${i + 1} and ${i + 2} do not fit`,
        got,
        hint: `${before} ≠ ${after}`,
      });
    }
  }
  const cuts = bestCuts([...matrices.map((m) => m.shape[0]), matrices[last].shape[1]]);
  const product = (i: number, j: number): Tensor =>
    i === j ? matrices[i] : matmul(product(i, cuts[i][j]), product(cuts[i][j] + 1, j));
  const y = product(0, last);
  if (last === 0) return y;
  return reshape(y, [
    ...(tensors[0].rank === 1 ? [] : [y.shape[0]]),
    ...(tensors[last].rank === 1 ? [] : [y.shape[1]]),
  ]);
}

/** The product of a chain of matrices: see `multiDot`. */
export function chainMatmul(...matrices: readonly Tensor[]): Tensor {
  for (const x of matrices) checkRank('chainMatmul', x, 2);
  return multiDot(matrices);
}

/** β·x + α·a·b over a batch, x broadcast to the products: a [B, m, k], b [B, k, n]. */
export function baddbmm(x: Tensor, a: Tensor, b: Tensor, options: AddmmOptions = {}): Tensor {
  return scaledSum('baddbmm', x, ranked('baddbmm', a, b, 3), options);
}

/** β·x + α·Σ a·b over the batch: a [B, m, k], b [B, k, n], x broadcast to [m, n]. */
export function addbmm(x: Tensor, a: Tensor, b: Tensor, options: AddmmOptions = {}): Tensor {
  for (const t of [a, b]) checkRank('addbmm', t, 3);
  if (a.shape[0] !== b.shape[0] || a.shape[2] !== b.shape[1]) {
    throw new ShapeError({ op: 'addbmm', problem: 'the batches do not fit', got: [a.shape, b.shape] });
  }
  return scaledSum(
    'addbmm',
    x,
    tensordot(a, b, [
      [0, 2],
      [0, 1],
    ]),
    options,
  );
}

/** β·x + α·a·v of a matrix and a vector, x broadcast to the product. */
export function addmv(x: Tensor, a: Tensor, v: Tensor, options: AddmmOptions = {}): Tensor {
  return scaledSum('addmv', x, ranked('addmv', a, v, 2, 1), options);
}

/** β·x + α·(a ⊗ b) of two vectors, x broadcast to their outer product. */
export function addr(x: Tensor, a: Tensor, b: Tensor, options: AddmmOptions = {}): Tensor {
  for (const t of [a, b]) checkRank('addr', t, 1);
  return scaledSum('addr', x, outer(a, b), options);
}

registerOp({
  name: 'outer',
  cases: [
    (s) => ({ inputs: [s.normal([3]), s.normal([4])], call: outer }),
    (s) => ({ inputs: [s.normal([3])], call: (a) => outer(a, a) }),
  ],
});

registerOp({
  name: 'inner',
  tolerance: 4e-6,
  cases: [
    (s) => ({ inputs: [s.normal([2, 3]), s.normal([4, 2, 3])], call: inner }),
    (s) => ({ inputs: [s.normal([3]), s.normal([3])], call: inner }),
    (s) => ({ inputs: [s.normal([]), s.normal([2, 3])], call: inner }),
  ],
});

registerOp({
  name: 'vdot',
  cases: [(s) => ({ inputs: [s.normal([5]), s.normal([5])], call: vdot })],
});

registerOp({
  name: 'mv',
  tolerance: 4e-6,
  cases: [(s) => ({ inputs: [s.normal([3, 4]), s.normal([4])], call: mv })],
});

registerOp({
  name: 'tensordot',
  tolerance: 4e-6,
  cases: [
    (s) => ({ inputs: [s.normal([2, 3, 4]), s.normal([3, 4, 2])], call: (a, b) => tensordot(a, b) }),
    (s) => ({ inputs: [s.normal([2, 3]), s.normal([4])], call: (a, b) => tensordot(a, b, 0) }),
    (s) => ({
      inputs: [s.normal([2, 3, 4]), s.normal([4, 5, 2])],
      call: (a, b) =>
        tensordot(a, b, [
          [2, 0],
          [0, -1],
        ]),
    }),
    (s) => ({ inputs: [s.normal([2, 1]), s.normal([3, 2])], call: (a, b) => tensordot(a, b, 1) }),
  ],
});

registerOp({
  name: 'kron',
  cases: [
    (s) => ({ inputs: [s.normal([2, 3]), s.normal([2, 2])], call: kron }),
    (s) => ({ inputs: [s.normal([2]), s.normal([3, 2])], call: kron }),
    (s) => ({ inputs: [s.normal([]), s.normal([2])], call: kron }),
  ],
});

registerOp({
  name: 'cross',
  cases: [
    (s) => ({ inputs: [s.normal([2, 3]), s.normal([2, 3])], call: (a, b) => cross(a, b) }),
    (s) => ({ inputs: [s.normal([3, 1, 2]), s.normal([3, 4, 1])], call: (a, b) => cross(a, b, 0) }),
  ],
});

registerOp({
  name: 'multiDot',
  tolerance: 1e-5,
  cases: [
    (s) => ({ inputs: [s.normal([2, 5]), s.normal([5, 3]), s.normal([3, 4])], call: (...xs) => multiDot(xs) }),
    (s) => ({ inputs: [s.normal([3]), s.normal([3, 4]), s.normal([4])], call: (...xs) => multiDot(xs) }),
    (s) => ({ inputs: [s.normal([2, 3])], call: (x) => chainMatmul(x) }),
  ],
});

registerOp({
  name: 'baddbmm',
  tolerance: 4e-6,
  cases: [
    (s) => ({
      inputs: [s.normal([3, 1]), s.normal([2, 3, 4]), s.normal([2, 4, 2])],
      call: (x, a, b) => baddbmm(x, a, b, { beta: 0.5, alpha: 2 }),
    }),
  ],
});

registerOp({
  name: 'addbmm',
  tolerance: 4e-6,
  cases: [
    (s) => ({
      inputs: [s.normal([3, 2]), s.normal([2, 3, 4]), s.normal([2, 4, 2])],
      call: (x, a, b) => addbmm(x, a, b, { alpha: -1 }),
    }),
  ],
});

registerOp({
  name: 'addmv',
  tolerance: 4e-6,
  cases: [(s) => ({ inputs: [s.normal([3]), s.normal([3, 4]), s.normal([4])], call: (x, a, v) => addmv(x, a, v) })],
});

registerOp({
  name: 'addr',
  cases: [
    (s) => ({ inputs: [s.normal([4]), s.normal([3]), s.normal([4])], call: (x, a, v) => addr(x, a, v, { beta: 2 }) }),
  ],
});
