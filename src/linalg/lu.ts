/** P·L·U by elimination with row exchanges. */

import { sameShape } from '../core/shape.ts';
import { ShapeError } from '../errors.ts';
import { checkSameDType, defineOp, type Op, registerOp, type Sampler } from '../ops/define.ts';
import { add } from '../ops/elementwise/arithmetic.ts';
import { to } from '../ops/elementwise/cast.ts';
import { tril, triu } from '../ops/movement/diagonal.ts';
import { cat } from '../ops/movement/join.ts';
import { slice } from '../ops/movement/movement.ts';
import { matmul } from '../ops/product/matmul.ts';
import { filled } from '../ops/reduction/broadcast.ts';
import { emptyTensor, type Tensor } from '../tensor.ts';
import {
  adjoint,
  batchShape,
  batchSize,
  broadcastBatches,
  checkMatrices,
  checkSquare,
  matrixAt,
  sizesOf,
} from './batch.ts';
import { luOf, type Triangle } from './factor.ts';
import { invertible, spread } from './sample.ts';
import { type SolveOptions, triangularSolve } from './solve.ts';

const LOWER = { upper: false, unit: true, trans: false };
const UPPER = { upper: true, unit: false, trans: false };

interface Factors {
  /** [..., m, m], whose row i of P·(L·U) is the row the elimination took it from. */
  readonly p: Tensor;
  readonly l: Tensor;
  readonly u: Tensor;
}

/** The factors of float64 matrices, without a graph. */
function factorsOf(x: Tensor): Factors {
  const [m, n] = sizesOf(x);
  const k = Math.min(m, n);
  const [p, l, u] = [
    [m, m],
    [m, k],
    [k, n],
  ].map((sizes) => {
    const y = emptyTensor([...batchShape(x), ...sizes], 'float64');
    y.data.fill(0);
    return y;
  });
  for (let b = 0; b < batchSize(x); b++) {
    const { packed, permutation } = luOf(matrixAt(x, b));
    const [pAt, lAt, uAt] = [p, l, u].map((y) => matrixAt(y, b).data);
    for (let i = 0; i < m; i++) {
      pAt[permutation[i] * m + i] = 1;
      if (i < k) lAt[i * k + i] = 1;
      for (let j = 0; j < n; j++) {
        if (j < i && j < k) lAt[i * k + j] = packed[i * n + j];
        else if (i <= j) uAt[i * n + j] = packed[i * n + j];
      }
    }
  }
  return { p, l, u };
}

/** The factors of a square matrix that needs no exchanges, known already: what carries their gradient. */
const squareOp: Op<Omit<Factors, 'p'>> = defineOp<Omit<Factors, 'p'>>({
  name: 'lu without exchanges',
  forward(node, _, { l, u }) {
    const outputs = [l.detach(), u.detach()];
    node.save(...outputs);
    return outputs;
  },
  // L⁻ᵀ·(strict lower of Lᵀ·dL + upper of dU·Uᵀ)·U⁻ᵀ
  backward(node, [dl, du]) {
    const [l, u] = node.saved() as Tensor[];
    const terms: Tensor[] = [];
    if (dl !== null) terms.push(tril(matmul(l, dl, { transA: true }), -1));
    if (du !== null) terms.push(triu(matmul(du, u, { transB: true })));
    const left = triangularSolve(
      'lu',
      l,
      terms.reduce((a, b) => add(a, b)),
      { ...LOWER, trans: true },
    );
    return [adjoint(triangularSolve('lu', u, adjoint(left), UPPER))];
  },
  cases: [
    (s) => {
      const x = invertible(s, [3, 3]);
      return { inputs: [x], call: (a) => withoutExchanges(to(a, 'float64')) };
    },
  ],
});

function withoutExchanges(x: Tensor): readonly Tensor[] {
  return squareOp.runAll([x], factorsOf(x.detach()));
}

/** [L, U], with a gradient through the square block in front and the systems that give the rest. */
const luOp: Op<Factors> = defineOp<Factors>({
  name: 'lu',
  forward(node, [x], { l, u }) {
    node.save(x);
    return [l, u];
  },
  twin([x], { p, l, u }) {
    const [m, n] = sizesOf(x!);
    const k = Math.min(m, n);
    const rows = matmul(p, x!, { transA: true });
    const [l1, u1] = squareOp.runAll([slice(slice(rows, -2, 0, k), -1, 0, k)], {
      l: slice(l.detach(), -2, 0, k),
      u: slice(u.detach(), -1, 0, k),
    });
    if (m > k) {
      const below = triangularSolve('lu', u1, adjoint(slice(rows, -2, k)), { ...UPPER, trans: true });
      return [cat([l1, adjoint(below)], -2), u1];
    }
    if (n === k) return [l1, u1];
    return [l1, cat([u1, triangularSolve('lu', l1, slice(rows, -1, k), LOWER)], -1)];
  },
  cases: [
    [3, 3],
    [4, 2],
    [2, 4],
    [2, 3, 3],
    [0, 2],
  ].map((shape) => (s: Sampler) => ({
    inputs: [spread(s, shape)],
    call: (x: Tensor) => {
      const { l, u } = lu(x);
      return [l, u];
    },
  })),
});

export interface LuResult {
  /** A permutation matrix. */
  readonly p: Tensor;
  /** Lower triangular with ones on the diagonal. */
  readonly l: Tensor;
  readonly u: Tensor;
}

/**
 * P·L·U = x, rows exchanged so that no element of L is larger than 1.
 *
 * Shapes:   x [..., m, n] → p [..., m, m], l [..., m, k], u [..., k, n], k = min(m, n)
 * Gradient: l and u, where the first k columns of x are independent
 * @throws LinAlgError  from backward, where they are not
 */
export function lu(x: Tensor): LuResult {
  checkMatrices('lu', x);
  const a = to(x, 'float64');
  const factors = factorsOf(a.detach());
  const [l, u] = luOp.runAll([a], factors);
  return { p: to(factors.p, x.dtype), l: to(l, x.dtype), u: to(u, x.dtype) };
}

export interface LuFactorResult {
  /** L below the diagonal, its ones left out, and U on and above it. */
  readonly lu: Tensor;
  /** int32 [..., k]: row i was exchanged with row pivots[i] − 1, as LAPACK counts. */
  readonly pivots: Tensor;
}

/**
 * The same factors in the space of one matrix, for `luSolve`.
 *
 * Shapes:   x [..., m, n] → lu [..., m, n], pivots [..., k]
 * Gradient: as `lu`
 */
export function luFactor(x: Tensor): LuFactorResult {
  checkMatrices('luFactor', x);
  const [m, n] = sizesOf(x);
  const k = Math.min(m, n);
  const batch = batchShape(x);
  const { p, l, u } = lu(x);
  const zeros = (rows: number, columns: number): Tensor => filled([...batch, rows, columns], 0, x.dtype);
  const below = cat([tril(l, -1), zeros(m, n - k)], -1);
  const pivots = emptyTensor([...batch, k], 'int32');
  for (let b = 0; b < batchSize(x); b++) {
    // Which row stands where, as the exchanges are made one after the other.
    const standing = Array.from({ length: m }, (_, i) => i);
    for (let i = 0; i < k; i++) {
      const from = standing.findIndex((row) => p.data[(b * m + row) * m + i] === 1);
      [standing[i], standing[from]] = [standing[from], standing[i]];
      pivots.data[b * k + i] = from + 1;
    }
  }
  return { lu: add(below, cat([u, zeros(m - k, n)], -2)), pivots };
}

/** The rows, in order, that the exchanges `pivots` leave. @throws ShapeError if one names no row */
function rowsAfter(pivots: ArrayLike<number>, n: number): number[] {
  const rows = Array.from({ length: n }, (_, i) => i);
  for (let i = 0; i < n; i++) {
    const from = pivots[i] - 1;
    if (!(from >= 0 && from < n)) {
      throw new ShapeError({
        op: 'luSolve',
        problem: 'a pivot names no row',
        got: pivots[i],
        expected: `1 to ${n}`,
        code: 'ERR_INDEX',
      });
    }
    [rows[i], rows[from]] = [rows[from], rows[i]];
  }
  return rows;
}

export interface LuSolveOptions extends SolveOptions {
  /** Aᵀ in place of A. Default false. */
  adjoint?: boolean;
}

/**
 * X with A·X = B, out of what `luFactor` gave for A: for several B in turn the elimination is done once.
 *
 * Shapes:   factors [..., n, n], pivots [..., n], b [..., n, k] → [..., n, k], batches broadcast; with `left: false`,
 *           X·A = B, b is [..., k, n]
 * Gradient: through both triangular systems
 * @throws LinAlgError  if there is a 0 on the diagonal of U
 * @throws ShapeError   if the shapes do not fit
 */
export function luSolve(factors: LuFactorResult, b: Tensor, options: LuSolveOptions = {}): Tensor {
  const { left = true, adjoint: transposed = false } = options;
  const op = 'luSolve';
  const { lu: packed, pivots } = factors;
  checkSquare(op, packed);
  checkMatrices(op, b);
  checkSameDType(op, packed, b);
  const n = sizesOf(packed)[0];
  if (sizesOf(b)[left ? 0 : 1] !== n || !sameShape(pivots.shape, packed.shape.slice(0, -1))) {
    throw new ShapeError({
      op,
      problem: `[${packed.shape.join(', ')}] with pivots [${pivots.shape.join(', ')}] does not fit [${b.shape.join(', ')}]`,
    });
  }
  if (!left) return adjoint(luSolve(factors, adjoint(b), { adjoint: !transposed }));
  const exchange = emptyTensor(packed.shape, 'float64');
  exchange.data.fill(0);
  for (let at = 0; at < batchSize(packed); at++) {
    const rows = rowsAfter(pivots.data.subarray(at * n, (at + 1) * n), n);
    for (const [i, row] of rows.entries()) matrixAt(exchange, at).data[i * n + row] = 1;
  }
  const [whole, rhs] = broadcastBatches(op, to(packed, 'float64'), to(b, 'float64'));
  const through = (t: Triangle, y: Tensor): Tensor => triangularSolve(op, whole, y, { ...t, trans: transposed });
  const x = transposed
    ? matmul(exchange, through(LOWER, through(UPPER, rhs)), { transA: true })
    : through(UPPER, through(LOWER, matmul(exchange, rhs)));
  return to(x, b.dtype);
}

registerOp({
  name: 'luSolve',
  cases: [
    (s) => ({ inputs: [invertible(s, [2, 3, 3]), s.normal([3, 2])], call: (a, b) => luSolve(luFactor(a), b) }),
    (s) => ({ inputs: [s.normal([3, 3]), s.normal([2, 3, 1])], call: (a, b) => luSolve(luFactor(a), b) }),
    (s) => ({
      inputs: [invertible(s, [3, 3]), s.normal([2, 3])],
      call: (a, b) => luSolve(luFactor(a), b, { left: false }),
    }),
    (s) => ({
      inputs: [invertible(s, [3, 3]), s.normal([3, 1])],
      call: (a, b) => luSolve(luFactor(a), b, { adjoint: true }),
    }),
  ],
});
