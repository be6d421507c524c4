/** Random graphs: the engine against finite differences, and the laws that a derivative obeys. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backward, checkpoint, grad } from '../../src/autograd/index.ts';
import { Generator } from '../../src/core/rng.ts';
import { add, cat, gradcheckError, matmul, mul, randn, sum, transpose } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';

const long = process.env.LANEGRAD_LONG === '1';
const numRuns = long ? 1000 : 120;
const SHAPE = [2, 3];

/** Smooth operations of one and of two matrices of one shape, whose results stay in range. */
const UNARY: readonly ((x: Tensor) => Tensor)[] = [
  (x) => x.tanh(),
  (x) => x.sigmoid(),
  (x) => x.softplus(),
  (x) => x.mul(0.5).exp().mul(0.1),
  (x) => x.square().add(1).reciprocal(),
  (x) => x.softmax(-1),
  (x) => x.sub(x.mean(0, { keepdim: true })),
  (x) => x.reshape([3, 2]).transpose(0, 1),
  (x) => cat([x.slice(1, 1, 3), x.slice(1, 0, 1)], 1),
  (x) => x.sum(1, { keepdim: true }).expand(SHAPE),
  (x) => checkpoint((a: Tensor) => a.tanh().mul(a), x),
];
const BINARY: readonly ((x: Tensor, y: Tensor) => Tensor)[] = [
  (x, y) => x.add(y),
  (x, y) => x.sub(y),
  (x, y) => x.mul(y).tanh(),
  (x, y) => x.div(y.square().add(1)),
  (x, y) => matmul(matmul(x, transpose(y, 0, 1)).mul(0.3), y).tanh(),
  (x, y) => cat([x.slice(0, 0, 1), y.slice(0, 1, 2)], 0),
];

/** One operation of a graph: which, and of which of the tensors before it. */
interface Step {
  readonly op: number;
  readonly a: number;
  readonly b: number;
}

const step: fc.Arbitrary<Step> = fc.record({ op: fc.nat(), a: fc.nat(), b: fc.nat() });
const program = fc.record({
  leaves: fc.integer({ min: 1, max: 3 }),
  steps: fc.array(step, { minLength: 1, maxLength: 14 }),
  seed: fc.nat({ max: 1e6 }),
});

/** Everything that nothing else used, so that no part of the graph is left out. */
function run({ steps }: { steps: readonly Step[] }, leaves: readonly Tensor[]): Tensor {
  const tensors = [...leaves];
  const used = new Set<number>();
  for (const { op, a, b } of steps) {
    const [i, j] = [a % tensors.length, b % tensors.length];
    const which = op % (UNARY.length + BINARY.length);
    const unary = UNARY[which];
    tensors.push(unary ? unary(tensors[i]) : BINARY[which - UNARY.length](tensors[i], tensors[j]));
    used.add(i);
    if (!unary) used.add(j);
  }
  return tensors.filter((_, i) => !used.has(i)).reduce((total, x) => add(total, x));
}

function leavesOf({ leaves, seed }: { leaves: number; seed: number }): Tensor[] {
  const generator = new Generator(seed);
  return Array.from({ length: leaves }, () => randn(SHAPE, { dtype: 'float64', generator, requiresGrad: true }));
}

const close = (a: Tensor | null, b: Tensor | null): void => {
  const [x, y] = [a?.data ?? new Float64Array(6), b?.data ?? new Float64Array(6)];
  for (let i = 0; i < x.length; i++) expect(Math.abs(x[i] - y[i])).toBeLessThanOrEqual(1e-10 * (1 + Math.abs(y[i])));
};

test('every graph: backward is what central differences say', () => {
  fc.assert(
    fc.property(program, (made) => {
      const error = gradcheckError((...xs) => run(made, xs), leavesOf(made));
      expect(error).toBeLessThanOrEqual(1);
    }),
    { numRuns },
  );
});

test('linear: the gradient of a·f + b·g is that of f times a and that of g times b', () => {
  fc.assert(
    fc.property(program, fc.array(step, { minLength: 1, maxLength: 8 }), (made, others) => {
      const xs = leavesOf(made);
      const f = (): Tensor => sum(run(made, xs));
      const g = (): Tensor => sum(run({ steps: others }, xs));
      const of = (y: Tensor): (Tensor | null)[] => grad(y, xs, { allowUnused: true });
      const [df, dg, both] = [of(f()), of(g()), of(f().mul(3).sub(g().mul(2)))];
      const zero = (d: Tensor | null, i: number): Tensor => d ?? mul(xs[i].detach(), 0);
      for (let i = 0; i < xs.length; i++) close(both[i], zero(df[i], i).mul(3).sub(zero(dg[i], i).mul(2)));
    }),
    { numRuns },
  );
});

test('sums: two walks add up to the walk from the sum, and seeds to the walk from their sum', () => {
  fc.assert(
    fc.property(program, (made) => {
      const xs = leavesOf(made);
      const y = run(made, xs);
      const [u, v] = [randn(SHAPE, { dtype: 'float64' }), randn(SHAPE, { dtype: 'float64' })];
      backward(y, u, { retainGraph: true });
      backward(y, v, { retainGraph: true });
      const once = grad(y, xs, { seeds: u.add(v), allowUnused: true });
      for (const [i, x] of xs.entries()) close(x.grad, once[i]);
    }),
    { numRuns },
  );
});

test('the same graph twice has the same bits in every gradient, walked by backward or by grad', () => {
  fc.assert(
    fc.property(program, (made) => {
      const gradients = (): number[][] => {
        const xs = leavesOf(made);
        sum(run(made, xs)).backward();
        return xs.map((x) => [...(x.grad?.data ?? [])]);
      };
      const xs = leavesOf(made);
      const found = grad(sum(run(made, xs)), xs, { allowUnused: true });
      expect(gradients()).toEqual(gradients());
      expect(found.map((g) => [...(g?.data ?? [])])).toEqual(gradients());
    }),
    { numRuns: Math.ceil(numRuns / 4) },
  );
});
