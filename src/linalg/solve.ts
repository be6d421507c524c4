/** Systems of linear equations and inverses, by LU with row exchanges or by substitution. */

import { sameShape } from '../core/shape.ts';
import { LinAlgError, ShapeError } from '../errors.ts';
import { checkSameDType, defineOp, type Op } from '../ops/define.ts';
import { to } from '../ops/elementwise/cast.ts';
import { neg } from '../ops/elementwise/unary.ts';
import { tril, triu } from '../ops/movement/diagonal.ts';
import { reshape, unsqueeze } from '../ops/movement/movement.ts';
import { matmul } from '../ops/product/matmul.ts';
import { emptyTensor, type Tensor } from '../tensor.ts';
import {
  adjoint,
  batchSize,
  broadcastBatches,
  checkMatrices,
  checkSquare,
  inDouble,
  matrixAt,
  placeInBatch,
  sizesOf,
} from './batch.ts';
import { identity, type Lu, luOf, luSolve, singularPivot, substitute, type Triangle } from './factor.ts';
import { invertible } from './sample.ts';

/** @throws LinAlgError  naming the pivot and the matrix */
export function singular(op: string, x: Tensor, b: number, pivot: number): never {
  throw new LinAlgError({
    op,
    problem: 'the matrix is singular',
    got: `no pivot in column ${pivot}`,
    hint: placeInBatch(x, b),
    code: 'ERR_SINGULAR',
  });
}

function regularLu(op: string, x: Tensor, b: number): Lu {
  const lu = luOf(matrixAt(x, b));
  const pivot = singularPivot(lu);
  return pivot < 0 ? lu : singular(op, x, b, pivot);
}

const invOp: Op<string> = defineOp<string>({
  name: 'inv',
  forward(node, [x], op) {
    const y = emptyTensor(x!.shape, 'float64');
    for (let b = 0; b < batchSize(x!); b++) {
      const lu = regularLu(op, x!, b);
      const unit = { rows: lu.columns, columns: lu.columns, data: identity(lu.columns) };
      matrixAt(y, b).data.set(luSolve(lu, unit));
    }
    node.save(y);
    return y;
  },
  backward(node, [dy]) {
    const y = node.saved()[0]!;
    return [neg(matmul(matmul(y, dy!, { transA: true }), y, { transB: true }))];
  },
  cases: [
    [3, 3],
    [2, 2, 2],
    [1, 1],
    [0, 0],
    [2, 0, 3, 3],
  ].map((shape) => (s) => ({
    inputs: [invertible(s, shape)],
    call: (x) => inv(x),
  })),
});

/** The inverse of a float64 matrix, for the rules of `op`. */
export function inverse(op: string, x: Tensor): Tensor {
  return invOp.run([x], op);
}

/**
 * The inverse. `solve` is faster and more accurate where the inverse is only multiplied by something.
 *
 * Shapes:   x [..., n, n] → y [..., n, n]
 * Gradient: dx = −yᵀ·dy·yᵀ
 * @throws LinAlgError  if a matrix is singular, exactly or to the precision of float64
 * @throws ShapeError   if the matrices are not square
 */
export function inv(x: Tensor): Tensor {
  checkSquare('inv', x);
  return inDouble(x, (a) => inverse('inv', a));
}

const solveOp: Op<string> = defineOp<string>({
  name: 'solve',
  forward(node, [a, rhs], op) {
    const y = emptyTensor(rhs!.shape, 'float64');
    for (let b = 0; b < batchSize(a!); b++) {
      matrixAt(y, b).data.set(luSolve(regularLu(op, a!, b), matrixAt(rhs!, b)));
    }
    node.save(a, y);
    return y;
  },
  backward(node, [dy], op) {
    const [a, y] = node.saved() as Tensor[];
    const db = solveOp.run([adjoint(a), dy], op);
    return [node.needs(0) ? neg(matmul(db, y, { transB: true })) : null, db];
  },
  cases: [
    (s) => ({ inputs: [invertible(s, [3, 3]), s.normal([3, 2])], call: (a, b) => solve(a, b) }),
    (s) => ({ inputs: [invertible(s, [2, 3, 3]), s.normal([2, 3])], call: (a, b) => solve(a, b) }),
    (s) => ({ inputs: [invertible(s, [2, 1, 2, 2]), s.normal([3, 2, 2])], call: (a, b) => solve(a, b) }),
    (s) => ({ inputs: [invertible(s, [2, 3, 3]), s.normal([3])], call: (a, b) => solve(a, b) }),
    (s) => ({ inputs: [invertible(s, [3, 3]), s.normal([2, 3])], call: (a, b) => solve(a, b, { left: false }) }),
    (s) => ({ inputs: [s.normal([0, 0]), s.normal([0, 2])], call: (a, b) => solve(a, b) }),
  ],
});

export interface SolveOptions {
  /** False for the equation X·A = B. Default true: A·X = B. */
  left?: boolean;
}

/** PyTorch's rule: one axis, or one axis fewer than `a` and the same as all but its last. */
function isVector(a: Tensor, b: Tensor): boolean {
  return b.rank === 1 || (a.rank - 1 === b.rank && sameShape(a.shape.slice(0, -1), b.shape));
}

function checkFits(op: string, a: Tensor, b: Tensor, left: boolean): void {
  const [rows, columns] = sizesOf(b);
  if (a.shape[a.rank - 1] === (left ? rows : columns)) return;
  throw new ShapeError({
    op,
    problem: `[${a.shape.join(', ')}] and [${b.shape.join(', ')}] do not fit ${left ? 'A·X = B' : 'X·A = B'}`,
  });
}

/**
 * X with A·X = B.
 *
 * Shapes:   a [..., n, n], b [..., n, k] → [..., n, k], batches broadcast; a vector b [n] (or [..., n] with the batch of
 *           a exactly) gives a vector. With `left: false` b is [..., k, n]
 * Gradient: db = A⁻ᵀ·dX, da = −db·Xᵀ
 * @throws LinAlgError  if a matrix is singular, exactly or to the precision of float64
 * @throws ShapeError   if the shapes do not fit
 */
export function solve(a: Tensor, b: Tensor, { left = true }: SolveOptions = {}): Tensor {
  checkSquare('solve', a);
  checkSameDType('solve', a, b);
  if (b.rank === 0)
    throw new ShapeError({ op: 'solve', problem: 'the right-hand side is a vector or a matrix', got: [] });
  if (isVector(a, b)) {
    const x = solve(a, unsqueeze(b, -1), { left });
    return reshape(x, x.shape.slice(0, -1));
  }
  checkFits('solve', a, b, left);
  if (!left) return adjoint(solve(adjoint(a), adjoint(b)));
  const [whole, rhs] = broadcastBatches('solve', a, b);
  return to(solveOp.run([to(whole, 'float64'), to(rhs, 'float64')], 'solve'), b.dtype);
}

interface TriangularParams extends Triangle {
  readonly op: string;
}

const solveTriangularOp: Op<TriangularParams> = defineOp<TriangularParams>({
  name: 'solveTriangular',
  forward(node, [a, rhs], params) {
    const y = emptyTensor(rhs!.shape, 'float64');
    y.data.set(rhs!.data);
    for (let b = 0; b < batchSize(a!); b++) {
      const { rows: n, data } = matrixAt(a!, b);
      for (let i = 0; i < n && !params.unit; i++) if (data[i * (n + 1)] === 0) singular(params.op, a!, b, i);
      const { data: x, columns } = matrixAt(y, b);
      substitute(data, n, x, columns, params);
    }
    node.save(a, y);
    return y;
  },
  backward(node, [dy], params) {
    const [a, y] = node.saved() as Tensor[];
    const { upper, unit, trans } = params;
    const db = solveTriangularOp.run([a, dy], { ...params, trans: !trans });
    if (!node.needs(0)) return [null, db];
    const whole = neg(trans ? matmul(y, db, { transB: true }) : matmul(db, y, { transB: true }));
    const first = unit ? 1 : 0;
    return [upper ? triu(whole, first) : tril(whole, -first), db];
  },
  cases: [
    ...[false, true].flatMap((upper) =>
      [false, true].flatMap((unitriangular) =>
        [false, true].map((left) => (s: Parameters<typeof invertible>[0]) => ({
          inputs: [invertible(s, [3, 3]), s.normal(left ? [2, 3, 2] : [2, 2, 3])],
          call: (a: Tensor, b: Tensor) => solveTriangular(a, b, { upper, unitriangular, left }),
        })),
      ),
    ),
    (s) => ({ inputs: [s.normal([0, 0]), s.normal([0, 2])], call: (a, b) => solveTriangular(a, b, { upper: true }) }),
  ],
});

export interface SolveTriangularOptions extends SolveOptions {
  /** Which triangle of `a` is read; the other may hold anything. */
  upper: boolean;
  /** The diagonal counts as ones and is not read. */
  unitriangular?: boolean;
}

/** T⁻¹·b for float64 matrices of one batch, for the rules of `op`. */
export function triangularSolve(op: string, t: Tensor, b: Tensor, triangle: Triangle): Tensor {
  return solveTriangularOp.run([t, b], { op, ...triangle });
}

/**
 * X with T·X = B, T the upper or lower triangle of `a`.
 *
 * Shapes:   a [..., n, n], b [..., n, k] → [..., n, k], batches broadcast; with `left: false`, X·T = B, b is [..., k, n]
 * Gradient: db = T⁻ᵀ·dX, da = the triangle of −db·Xᵀ
 * @throws LinAlgError  if there is a 0 on the diagonal
 * @throws ShapeError   if the shapes do not fit
 */
export function solveTriangular(
  a: Tensor,
  b: Tensor,
  { upper, left = true, unitriangular = false }: SolveTriangularOptions,
): Tensor {
  const op = 'solveTriangular';
  checkSquare(op, a);
  checkMatrices(op, b);
  checkSameDType(op, a, b);
  checkFits(op, a, b, left);
  const [whole, rhs] = broadcastBatches(op, a, b);
  const triangle = { upper, unit: unitriangular, trans: !left };
  const [t, y] = [to(whole, 'float64'), to(rhs, 'float64')];
  const x = left ? triangularSolve(op, t, y, triangle) : adjoint(triangularSolve(op, t, adjoint(y), triangle));
  return to(x, b.dtype);
}
