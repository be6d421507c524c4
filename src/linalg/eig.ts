/** Eigenvalues and eigenvectors of matrices that need not be symmetric: complex, as pairs of real tensors. */

import { LinAlgError } from '../errors.ts';
import { defineOp, type Op, registerOp, type Sampler } from '../ops/define.ts';
import { add, mul, sub } from '../ops/elementwise/arithmetic.ts';
import { to } from '../ops/elementwise/cast.ts';
import { ne, where } from '../ops/elementwise/compare.ts';
import { abs, square } from '../ops/elementwise/unary.ts';
import { diagEmbed } from '../ops/movement/diagonal.ts';
import { unsqueeze } from '../ops/movement/movement.ts';
import { filled } from '../ops/reduction/broadcast.ts';
import { emptyTensor, type Tensor } from '../tensor.ts';
import { adjoint, batchShape, batchSize, checkFinite, checkSquare, matrixAt, placeInBatch } from './batch.ts';
import { asReal, type Complex, complexAdjoint, complexProduct, realHalf, stacked } from './complex.ts';
import { divided, largestOf } from './eigh.ts';
import { eigOf, type Spectrum, svdOf } from './factor.ts';
import { spread } from './sample.ts';
import { solve } from './solve.ts';
import { diagonals, offDiagonal } from './triangle.ts';

interface EigenPair {
  readonly re: number;
  readonly im: number;
  readonly vectorRe: Float64Array;
  readonly vectorIm: Float64Array;
}

/** Of length 1, its largest component (the first of several) real and positive. */
function normalised(re: Float64Array, im: Float64Array): [Float64Array, Float64Array] {
  const sizes = re.map((x, i) => Math.hypot(x, im[i]));
  const largest = sizes.reduce((a, b) => Math.max(a, b), 0);
  const lead = sizes.findIndex((size) => size >= largest * (1 - 1e-6));
  const norm = largest * Math.hypot(...sizes.map((size) => size / largest));
  const [cos, sin] = [re[lead] / sizes[lead] / norm, im[lead] / sizes[lead] / norm];
  const turnedIm = im.map((y, i) => y * cos - re[i] * sin);
  if (im[lead] !== 0) turnedIm[lead] = 0;
  return [re.map((x, i) => x * cos + im[i] * sin), turnedIm];
}

/** The pairs of one matrix, by rising real and then imaginary part. */
function pairsOf({ re, im, v }: Spectrum, n: number): EigenPair[] {
  const columnOf = (j: number): Float64Array => Float64Array.from({ length: n }, (_, i) => v[i * n + j]);
  const pairs: EigenPair[] = [];
  for (let j = 0; j < n; j++) {
    const real = im[j] === 0;
    const [vectorRe, vectorIm] = normalised(columnOf(j), real ? new Float64Array(n) : columnOf(j + 1));
    pairs.push({ re: re[j], im: im[j], vectorRe, vectorIm });
    if (real) continue;
    pairs.push({ re: re[j], im: -im[j], vectorRe, vectorIm: vectorIm.map((y) => -y) });
    j++;
  }
  return pairs.sort((a, b) => a.re - b.re || a.im - b.im);
}

/** @throws LinAlgError  where vectors are so nearly dependent that the gradient would be rounding errors */
function checkIndependent(op: string, v: Tensor): void {
  for (let b = 0; b < batchSize(v); b++) {
    const { s } = svdOf(matrixAt(v, b), false);
    if (s.length === 0 || s[s.length - 1] > 1e-6 * s[0]) continue;
    throw new LinAlgError({
      op,
      problem: 'the matrix is defective or close to one that is: its eigenvectors are dependent and have no gradient',
      hint: placeInBatch(v, b),
      code: 'ERR_DEGENERATE',
    });
  }
}

/** The part of the gradient that turning and stretching a vector makes; its phase is a convention and has none. */
function withoutPhase(op: string, v: Complex, dv: Complex): Complex {
  const turned = complexProduct(complexAdjoint(v), dv);
  if (largestOf(diagonals(turned.im)) > 1e-8 * (largestOf(dv.re) + largestOf(dv.im))) {
    throw new LinAlgError({
      op,
      problem: 'the gradient depends on the phase of a complex eigenvector, which is a convention',
      code: 'ERR_GAUGE',
    });
  }
  const lengths = unsqueeze(diagonals(turned.re), -2);
  const gram = complexProduct(complexAdjoint(v), v);
  return { re: sub(turned.re, mul(gram.re, lengths)), im: sub(turned.im, mul(gram.im, lengths)) };
}

/** `x` / conj(w_j − w_i), 0 on the diagonal. */
function overConjugateGaps(op: string, x: Complex, w: Complex): Complex {
  const re = sub(unsqueeze(w.re, -2), unsqueeze(w.re, -1));
  const im = sub(unsqueeze(w.im, -2), unsqueeze(w.im, -1));
  const n = w.re.shape[w.re.rank - 1];
  const weight = add(abs(offDiagonal(x.re).detach()), abs(offDiagonal(x.im).detach()));
  const over = (numerator: Tensor): Tensor =>
    divided({
      op,
      numerator: offDiagonal(numerator),
      denominators: [add(square(re), square(im))],
      weight,
      tolerance: (n * Number.EPSILON * (largestOf(w.re) + largestOf(w.im))) ** 2,
      problem: (i, j) => `eigenvalues ${i} and ${j} are equal, and their vectors have no gradient`,
    });
  return { re: over(sub(mul(x.re, re), mul(x.im, im))), im: over(add(mul(x.re, im), mul(x.im, re))) };
}

const eigOp: Op<string> = defineOp<string>({
  name: 'eig',
  forward(node, [x], op) {
    checkFinite(op, x!);
    const n = x!.shape[x!.rank - 1];
    const values = [0, 1].map(() => emptyTensor([...batchShape(x!), n], 'float64'));
    const vectors = [0, 1].map(() => emptyTensor(x!.shape, 'float64'));
    for (let b = 0; b < batchSize(x!); b++) {
      const found = eigOf(matrixAt(x!, b));
      if (found === null) {
        throw new LinAlgError({
          op,
          problem: 'the iteration does not converge on this matrix',
          hint: placeInBatch(x!, b),
          code: 'ERR_NO_CONVERGENCE',
        });
      }
      const [re, im] = vectors.map((v) => matrixAt(v, b).data);
      for (const [j, pair] of pairsOf(found, n).entries()) {
        values[0].data[b * n + j] = pair.re;
        values[1].data[b * n + j] = pair.im;
        for (let i = 0; i < n; i++) [re[i * n + j], im[i * n + j]] = [pair.vectorRe[i], pair.vectorIm[i]];
      }
    }
    node.save(...values, ...vectors);
    return [...values, ...vectors];
  },
  // Re(V⁻ᴴ·(diag(dw) + (Vᴴ·dV − VᴴV·Re diag(Vᴴ·dV)) / conj(w_j − w_i))·Vᴴ)
  backward(node, [dwRe, dwIm, dvRe, dvIm], op) {
    const [wRe, wIm, vRe, vIm] = node.saved() as Tensor[];
    const v = { re: vRe, im: vIm };
    checkIndependent(op, asReal(v).detach());
    const zeros = filled(vRe.shape, 0, 'float64');
    // Simple real eigenvalues stay real, and so do their vectors: their imaginary parts are constants.
    const isComplex = ne(wIm, 0);
    const ofComplex = (dy: Tensor | null): Tensor | null =>
      dy === null ? null : where(dy.rank === wIm.rank ? isComplex : unsqueeze(isComplex, -2), dy, 0);
    let middle: Complex = {
      re: dwRe === null ? zeros : diagEmbed(dwRe),
      im: dwIm === null ? zeros : diagEmbed(ofComplex(dwIm)!),
    };
    if (dvRe !== null || dvIm !== null) {
      const turned = withoutPhase(op, v, { re: dvRe ?? zeros, im: ofComplex(dvIm) ?? zeros });
      const mixed = overConjugateGaps(op, turned, { re: wRe, im: wIm });
      middle = { re: add(middle.re, mixed.re), im: add(middle.im, mixed.im) };
    }
    const adjointV = complexAdjoint(v);
    return [realHalf(solve(asReal(adjointV), stacked(complexProduct(middle, adjointV))))];
  },
  cases: [
    ...[
      [3, 3],
      [2, 2, 2],
      [1, 1],
      [0, 0],
    ].map((shape) => (s: Sampler) => ({
      inputs: [spread(s, shape)],
      call: (x: Tensor) => {
        const { eigenvalues, eigenvectors } = eig(x);
        return [eigenvalues.re, eigenvectors.re];
      },
    })),
    // A pair of complex eigenvalues, and what does not depend on the phase of their vectors.
    (s) => ({
      inputs: [s.normal([3, 3])],
      call: (x) => {
        const { eigenvalues, eigenvectors } = eig(sub(x, mul(adjoint(x), 0.9)));
        const gram = complexProduct(complexAdjoint(eigenvectors), eigenvectors);
        const sizes = [eigenvectors, gram].map(({ re, im }) => add(square(re), square(im)));
        return [eigenvalues.re, eigenvalues.im, ...sizes];
      },
    }),
  ],
});

export interface EigResult {
  /** By rising real and then imaginary part; complex ones come in conjugate pairs. */
  readonly eigenvalues: Complex;
  /** Columns of length 1 in the order of the values, their largest component real and positive. */
  readonly eigenvectors: Complex;
}

/**
 * Eigenvalues and eigenvectors. Of a defective matrix some vectors are equal to rounding, and its repeated eigenvalues
 * are right to a root of the rounding error only.
 *
 * Shapes:   x [..., n, n] → eigenvalues re and im [..., n], eigenvectors re and im [..., n, n]
 * Gradient: all four, where the vectors are independent; of vectors only what does not depend on their phase
 *           (Source: Boeddeker et al., On the computation of complex-valued gradients, arXiv 1701.00392)
 * @throws LinAlgError  if a value is not finite, or the iteration does not converge; from backward, for a defective
 *                      matrix, for vectors of equal values, and for a function of the phase
 * @throws ShapeError   if the matrices are not square
 */
export function eig(x: Tensor): EigResult {
  checkSquare('eig', x);
  const [wRe, wIm, vRe, vIm] = eigOp.runAll([to(x, 'float64')], 'eig').map((y) => to(y, x.dtype));
  return { eigenvalues: { re: wRe, im: wIm }, eigenvectors: { re: vRe, im: vIm } };
}

/** The eigenvalues alone. Otherwise as `eig`. */
export function eigvals(x: Tensor): Complex {
  checkSquare('eigvals', x);
  const [re, im] = eigOp.runAll([to(x, 'float64')], 'eigvals');
  return { re: to(re, x.dtype), im: to(im, x.dtype) };
}

registerOp({
  name: 'eigvals',
  cases: [(s) => ({ inputs: [s.normal([2, 3, 3])], call: (x) => Object.values(eigvals(x)) })],
});
