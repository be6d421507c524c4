/** Singular values and vectors. */

import { AutogradError } from '../errors.ts';
import { defineOp, type Op, registerOp, type Sampler } from '../ops/define.ts';
import { add, mul, sub } from '../ops/elementwise/arithmetic.ts';
import { to } from '../ops/elementwise/cast.ts';
import { diagEmbed } from '../ops/movement/diagonal.ts';
import { slice, unsqueeze } from '../ops/movement/movement.ts';
import { matmul } from '../ops/product/matmul.ts';
import { expandTo } from '../ops/reduction/broadcast.ts';
import { emptyTensor, type Tensor } from '../tensor.ts';
import { adjoint, batchShape, batchSize, checkFinite, checkMatrices, matrixAt, sizesOf } from './batch.ts';
import { divided, largestOf, overGaps } from './eigh.ts';
import { svdOf } from './factor.ts';
import { spread } from './sample.ts';

interface SvdParams {
  readonly op: string;
  readonly full: boolean;
}

/** The gradient of the first k vectors; the ones that complete a basis are not unique and have none. */
function firstVectors(op: string, dy: Tensor | null, k: number): Tensor | null {
  if (dy === null || dy.shape[dy.rank - 1] === k) return dy;
  if (largestOf(slice(dy, -1, k)) === 0) return slice(dy, -1, 0, k);
  throw new AutogradError({
    op,
    problem: 'the vectors that complete a basis are not unique and have no gradient',
    hint: 'use fullMatrices: false',
  });
}

/** (1 − u·uᵀ)·du / s: what turns the vectors out of their span, where there is room outside it. */
function outwards(op: string, u: Tensor, du: Tensor, s: Tensor): Tensor {
  const out = sub(du, matmul(u, matmul(u, du, { transA: true })));
  const k = s.shape[s.rank - 1];
  return divided({
    op,
    numerator: out,
    denominators: [expandTo(unsqueeze(s, -2), out.shape)],
    weight: out.detach(),
    tolerance: k * Number.EPSILON * largestOf(s),
    problem: (_, j) => `singular value ${j} is 0, and its vectors have no gradient`,
  });
}

const svdOp: Op<SvdParams> = defineOp<SvdParams>({
  name: 'svd',
  forward(node, [x], { op, full }) {
    checkFinite(op, x!);
    const [m, n] = sizesOf(x!);
    const k = Math.min(m, n);
    const batch = batchShape(x!);
    const u = emptyTensor([...batch, m, full ? m : k], 'float64');
    const s = emptyTensor([...batch, k], 'float64');
    const vh = emptyTensor([...batch, full ? n : k, n], 'float64');
    for (let b = 0; b < batchSize(x!); b++) {
      const found = svdOf(matrixAt(x!, b), full);
      matrixAt(u, b).data.set(found.u);
      s.data.set(found.s, b * k);
      matrixAt(vh, b).data.set(found.vh);
    }
    node.save(u, s, vh);
    return [u, s, vh];
  },
  backward(node, [du, ds, dvh], { op }) {
    const [uWhole, s, vhWhole] = node.saved() as Tensor[];
    const k = s.shape[s.rank - 1];
    const u = slice(uWhole, -1, 0, k);
    const v = slice(adjoint(vhWhole), -1, 0, k);
    const du1 = firstVectors(op, du, k);
    const dv1 = firstVectors(op, dvh === null ? null : adjoint(dvh), k);
    const [down, across] = [unsqueeze(s, -1), unsqueeze(s, -2)];
    const inside: Tensor[] = [];
    if (ds !== null) inside.push(diagEmbed(ds));
    const gaps = (vectors: Tensor, dy: Tensor): Tensor =>
      mul(overGaps(op, matmul(vectors, dy, { transA: true }), s, 'the singular values', true), 2);
    if (du1 !== null) inside.push(mul(gaps(u, du1), across));
    if (dv1 !== null) inside.push(mul(gaps(v, dv1), down));
    const terms = [
      matmul(
        matmul(
          u,
          inside.reduce((a, b) => add(a, b)),
        ),
        v,
        { transB: true },
      ),
    ];
    if (du1 !== null && u.shape[u.rank - 2] > k) terms.push(matmul(outwards(op, u, du1, s), v, { transB: true }));
    if (dv1 !== null && v.shape[v.rank - 2] > k) terms.push(matmul(u, outwards(op, v, dv1, s), { transB: true }));
    return [terms.reduce((a, b) => add(a, b))];
  },
  cases: [
    ...[
      [3, 3],
      [4, 2],
      [2, 3, 2],
      [2, 4],
      [2, 2, 3],
      [1, 1],
      [3, 0],
      [0, 3],
    ].map((shape) => (s: Sampler) => ({
      inputs: [spread(s, shape)],
      call: (x: Tensor) => Object.values(svd(x, { fullMatrices: false })),
    })),
    (s) => ({ inputs: [spread(s, [3, 3])], call: (x) => svd(x).u }),
    (s) => ({ inputs: [spread(s, [3, 2])], call: (x) => svd(x, { fullMatrices: false }).vh }),
    (s) => ({ inputs: [spread(s, [4, 2])], call: (x) => slice(svd(x).u, -1, 0, 2) }),
  ],
});

/** [u, s, vh] of float64 matrices without completed bases, for the rules of `op`. */
export function thinSvd(op: string, x: Tensor): readonly Tensor[] {
  return svdOp.runAll([x], { op, full: false });
}

export interface SvdResult {
  readonly u: Tensor;
  /** Falling, none negative. */
  readonly s: Tensor;
  readonly vh: Tensor;
}

/**
 * U·diag(S)·Vh = x, U and Vh with orthonormal columns and rows. A column and its row may change
 * their signs together; here the largest component of the longer of the two is positive.
 *
 * Shapes:   x [..., m, n] → u [..., m, m], s [..., k], vh [..., n, n], k = min(m, n); without `fullMatrices` u is
 *           [..., m, k] and vh [..., k, n]
 * Gradient: all three; vectors only where no singular values are equal (or 0, where x is not square), and never those
 *           that complete a basis (Source: Townsend, Differentiating the singular value decomposition, 2016)
 * @throws LinAlgError    if a value is not finite; from backward, where the vectors of equal values have a gradient
 * @throws AutogradError  from backward, for the vectors that complete a basis
 */
export function svd(x: Tensor, { fullMatrices = true }: { fullMatrices?: boolean } = {}): SvdResult {
  checkMatrices('svd', x);
  const [u, s, vh] = svdOp.runAll([to(x, 'float64')], { op: 'svd', full: fullMatrices });
  return { u: to(u, x.dtype), s: to(s, x.dtype), vh: to(vh, x.dtype) };
}

/** The singular values alone, falling; their gradient is defined where they are equal, too. Otherwise as `svd`. */
export function svdvals(x: Tensor): Tensor {
  checkMatrices('svdvals', x);
  return to(thinSvd('svdvals', to(x, 'float64'))[1], x.dtype);
}

registerOp({
  name: 'svdvals',
  cases: [
    [3, 2],
    [2, 2, 3],
  ].map((shape) => (s) => ({ inputs: [spread(s, shape)], call: svdvals })),
});
