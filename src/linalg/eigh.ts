/** Eigenvalues and eigenvectors of symmetric matrices. */

import { ConfigError, LinAlgError } from '../errors.ts';
import { defineOp, type Op, registerOp, type Sampler } from '../ops/define.ts';
import { add, div, mul, sub } from '../ops/elementwise/arithmetic.ts';
import { to } from '../ops/elementwise/cast.ts';
import { where } from '../ops/elementwise/compare.ts';
import { abs } from '../ops/elementwise/unary.ts';
import { diagEmbed } from '../ops/movement/diagonal.ts';
import { unsqueeze } from '../ops/movement/movement.ts';
import { matmul } from '../ops/product/matmul.ts';
import { emptyTensor, type Tensor } from '../tensor.ts';
import { adjoint, batchSize, checkFinite, checkSquare, matrixAt, placeInBatch } from './batch.ts';
import { eighOf } from './factor.ts';
import { spread } from './sample.ts';
import { fromTriangle, offDiagonal, symmetricPart, type Uplo } from './triangle.ts';

/** The largest |value|, for what counts as equal. */
export function largestOf(x: Tensor): number {
  let largest = 0;
  for (let i = 0; i < x.size; i++) largest = Math.max(largest, Math.abs(x.data[i]));
  return largest;
}

/** What is divided, and by what. All are [..., m, n]. */
export interface Division {
  readonly op: string;
  readonly numerator: Tensor;
  readonly denominators: readonly Tensor[];
  /** The quotient is not defined where this is not 0 and the first denominator is, up to `tolerance`. */
  readonly weight: Tensor;
  readonly tolerance: number;
  readonly problem: (i: number, j: number) => string;
}

/**
 * The quotient, 0 where nothing is divided by nothing.
 *
 * @throws LinAlgError  where it is not defined: vectors of equal values may be turned among each other, and have no
 *                      derivative
 */
export function divided({ op, numerator, denominators, weight, tolerance, problem }: Division): Tensor {
  const n = numerator.shape[numerator.rank - 1];
  const m = numerator.shape[numerator.rank - 2];
  const open = emptyTensor(numerator.shape, 'bool');
  const small = 1e-14 * largestOf(weight);
  for (let i = 0; i < open.size; i++) {
    open.data[i] = Math.abs(denominators[0].data[i]) > tolerance ? 1 : 0;
    if (open.data[i] === 1 || Math.abs(weight.data[i]) <= small) continue;
    throw new LinAlgError({
      op,
      problem: problem(Math.floor(i / n) % m, i % n),
      hint: placeInBatch(numerator, Math.floor(i / (m * n))),
      code: 'ERR_DEGENERATE',
    });
  }
  return where(
    open,
    denominators.reduce((y, by) => div(y, where(open, by, 1)), numerator),
    0,
  );
}

/**
 * The skew part of Vᵀ·dV over the differences w_j − w_i (and the sums w_j + w_i), what turning the vectors into each
 * other contributes.
 *
 * Shapes: turned = Vᵀ·dV [..., n, n], w [..., n] → [..., n, n]
 * @throws LinAlgError  where two values are equal and the gradient mixes their vectors
 */
export function overGaps(op: string, turned: Tensor, w: Tensor, what: string, sums = false): Tensor {
  const [across, down] = [unsqueeze(w, -2), unsqueeze(w, -1)];
  const n = w.shape[w.rank - 1];
  const off = offDiagonal(turned).detach();
  return divided({
    op,
    numerator: mul(sub(turned, adjoint(turned)), 0.5),
    denominators: sums ? [sub(across, down), add(across, down)] : [sub(across, down)],
    weight: add(abs(off), abs(adjoint(off))),
    tolerance: n * Number.EPSILON * largestOf(w),
    problem: (i, j) => `${what} ${i} and ${j} are equal, and their vectors have no gradient`,
  });
}

const eighOp: Op<string> = defineOp<string>({
  name: 'eigh',
  forward(node, [x], op) {
    checkFinite(op, x!);
    const [w, v] = [emptyTensor(x!.shape.slice(0, -1), 'float64'), emptyTensor(x!.shape, 'float64')];
    const n = x!.shape[x!.rank - 1];
    for (let b = 0; b < batchSize(x!); b++) {
      const found = eighOf(matrixAt(x!, b));
      w.data.set(found.w, b * n);
      matrixAt(v, b).data.set(found.v);
    }
    node.save(w, v);
    return [w, v];
  },
  // V·(diag(dw) + Vᵀ·dV / (w_j − w_i))·Vᵀ; of the part in the middle only what is symmetric belongs to a symmetric input.
  backward(node, [dw, dv], op) {
    const [w, v] = node.saved() as Tensor[];
    const terms: Tensor[] = [];
    if (dw !== null) terms.push(diagEmbed(dw));
    if (dv !== null) {
      terms.push(overGaps(op, matmul(v, dv, { transA: true }), w, 'the eigenvalues'));
    }
    const middle = terms.reduce((a, b) => add(a, b));
    return [matmul(matmul(v, middle), v, { transB: true })];
  },
  // The gradient is that of a symmetric input, so the input of a case is one.
  cases: [
    [3, 3],
    [2, 3, 3],
    [1, 1],
    [0, 0],
  ].flatMap((shape) =>
    (['L', 'U'] as const).map((uplo) => (s: Sampler) => ({
      inputs: [spread(s, shape)],
      call: (x: Tensor) => Object.values(eigh(symmetricPart(x), { uplo })),
    })),
  ),
});

export interface EighOptions {
  /** The triangle that is read. Default 'L'. */
  uplo?: Uplo;
}

export interface EighResult {
  /** Rising. */
  readonly eigenvalues: Tensor;
  /** Orthonormal columns, in the order of the values; their largest component is positive. */
  readonly eigenvectors: Tensor;
}

/** [eigenvalues, eigenvectors] of float64 matrices, for the rules of `op`. */
export function symmetricEigen(op: string, x: Tensor, uplo: Uplo): readonly Tensor[] {
  return eighOp.runAll([fromTriangle(x, uplo)], op);
}

function checkUplo(op: string, uplo: unknown): Uplo {
  if (uplo === 'L' || uplo === 'U') return uplo;
  throw new ConfigError({ op, problem: 'unknown triangle', got: uplo, expected: 'L | U' });
}

/**
 * Eigenvalues and eigenvectors of symmetric matrices, of which one triangle is read.
 *
 * Shapes:   x [..., n, n] → eigenvalues [..., n], eigenvectors [..., n, n]
 * Gradient: both; the vectors' only where no values that it mixes are equal
 * @throws LinAlgError  if a value is not finite; from backward, where the vectors of equal values have a gradient
 * @throws ShapeError   if the matrices are not square
 */
export function eigh(x: Tensor, { uplo = 'L' }: EighOptions = {}): EighResult {
  checkSquare('eigh', x);
  const [w, v] = symmetricEigen('eigh', to(x, 'float64'), checkUplo('eigh', uplo));
  return { eigenvalues: to(w, x.dtype), eigenvectors: to(v, x.dtype) };
}

/** The eigenvalues alone, rising; their gradient is defined where they are equal, too. Otherwise as `eigh`. */
export function eigvalsh(x: Tensor, { uplo = 'L' }: EighOptions = {}): Tensor {
  checkSquare('eigvalsh', x);
  return to(symmetricEigen('eigvalsh', to(x, 'float64'), checkUplo('eigvalsh', uplo))[0], x.dtype);
}

registerOp({
  name: 'eigvalsh',
  cases: [(s) => ({ inputs: [spread(s, [2, 3, 3])], call: (x) => eigvalsh(symmetricPart(x)) })],
});
