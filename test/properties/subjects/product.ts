/** Properties of products: of matrices, vectors, tensors, and of what an equation says. */

import * as fc from 'fast-check';
import * as ops from '../../../src/ops/index.ts';
import type { Tensor } from '../../../src/tensor.ts';
import { mulberry } from '../../support/sampler.ts';
import { broadcasting, calls, floats, length, normal, seeds, shapes } from '../draw.ts';
import { type Proof, property } from '../prove.ts';
import * as reference from '../reference/product.ts';
import { Illegal, type Value } from '../reference/value.ts';

type Shapes = readonly (readonly number[])[];

/** A function of tensors by their shapes alone. */
function byShapes(
  name: string,
  drawn: fc.Arbitrary<Shapes>,
  call: (...xs: Tensor[]) => Tensor,
  refer: (...xs: Value[]) => Value | Illegal,
  proves?: readonly string[],
): Proof {
  return property<Shapes>({
    name,
    proves,
    draw: calls(drawn, (list) => list.map((shape) => floats(shape, normal))),
    call: (xs) => call(...xs),
    reference: (xs) => refer(...xs),
    integers: true,
    sparse: true,
    gradientTolerance: 1e-4,
  });
}

const dim = fc.oneof({ weight: 12, arbitrary: fc.integer({ min: 1, max: 5 }) }, fc.constant(0));
/** The other side of an inner dimension: nearly always the same. */
const same = (n: number): fc.Arbitrary<number> =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(n) }, fc.constant(n + 1));

/** m, k, n and a second k. */
const sizes = fc
  .tuple(dim, dim, dim)
  .chain(([m, k, n]) => same(k).map((other) => [m, k, n, other] as [number, number, number, number]));

const matrices = sizes.map(([m, k, n, other]) => [
  [m, k],
  [other, n],
]);

interface Matmul {
  readonly shapes: number[][];
  readonly transA: boolean;
  readonly transB: boolean;
}

const matmuls: fc.Arbitrary<Matmul> = fc
  .tuple(sizes, broadcasting(2, 2), fc.boolean(), fc.boolean(), fc.nat({ max: 5 }))
  .map(([[m, k, n, other], [la, lb], transA, transB, vectors]) => {
    const a = vectors === 0 ? [k] : [...la, ...(transA ? [k, m] : [m, k])];
    const b = vectors <= 1 ? [other] : [...lb, ...(transB ? [n, other] : [other, n])];
    const swap = vectors === 1 && m % 2 === 0;
    return { shapes: swap ? [[k], [...lb, ...(transB ? [n, other] : [other, n])]] : [a, b], transA, transB };
  });

const plain: readonly Proof[] = [
  property<Matmul>({
    name: 'matmul',
    proves: ['product'],
    draw: calls(matmuls, (o) => o.shapes.map((shape) => floats(shape))),
    call: ([a, b], { transA, transB }) => ops.matmul(a, b, { transA, transB }),
    reference: ([a, b], { transA, transB }) => reference.matmul(a, b, transA, transB),
    integers: true,
    sparse: true,
    gradientTolerance: 1e-4,
  }),
  byShapes(
    'mm',
    fc.oneof({ weight: 9, arbitrary: matrices }, fc.constant([[3], [3, 2]])),
    ops.mm,
    (a, b) => {
      if (a.shape.length !== 2) return new Illegal([a.shape]);
      const y = reference.matmul(a, b);
      return y instanceof Illegal ? new Illegal([a.shape, b.shape]) : y;
    },
    [],
  ),
  byShapes(
    'bmm',
    fc.tuple(sizes, dim).chain(([[m, k, n, other], batch]) =>
      same(batch).map((second) => [
        [batch, m, k],
        [second, other, n],
      ]),
    ),
    ops.bmm,
    (a, b) => (a.shape[0] === b.shape[0] ? reference.matmul(a, b) : new Illegal([a.shape, b.shape])),
    [],
  ),
  ...(['dot', 'vdot'] as const).map((name) =>
    byShapes(
      name,
      dim.chain((n) => same(n).map((other) => [[n], [other]])),
      name === 'dot' ? ops.dot : ops.vdot,
      (a, b) => reference.matmul(a, b),
      name === 'dot' ? [] : ['vdot'],
    ),
  ),
  byShapes(
    'mv',
    sizes.map(([m, k, , other]) => [[m, k], [other]]),
    ops.mv,
    (a, x) => reference.matmul(a, x),
  ),
  byShapes(
    'outer',
    fc.tuple(dim, dim).map(([m, n]) => [[m], [n]]),
    ops.outer,
    (a, b) => reference.tensordot(a, b, 0),
  ),
  byShapes(
    'inner',
    fc.tuple(shapes(0, 2), shapes(0, 2), dim, fc.nat({ max: 9 })).chain(([a, b, k, odd]) =>
      same(k).map((other) =>
        odd === 0
          ? [[], [...b, k]]
          : [
              [...a, k],
              [...b, other],
            ],
      ),
    ),
    ops.inner,
    (a, b) => {
      if (a.shape.length === 0 || b.shape.length === 0) return reference.tensordot(a, b, 0);
      if (a.shape.at(-1) !== b.shape.at(-1)) return new Illegal([a.shape, b.shape]);
      return reference.tensordot(a, b, [[-1], [-1]]);
    },
  ),
  byShapes('kron', fc.tuple(shapes(0, 3), shapes(0, 2)), ops.kron, reference.kron),
];

/** β·x + α·(a product), x broadcast to it. */
function added(
  name: 'addmm' | 'baddbmm' | 'addbmm' | 'addmv' | 'addr',
  operands: (sizes: [number, number, number, number], batch: number) => number[][],
  out: (sizes: [number, number, number, number], batch: number) => number[],
  call: (x: Tensor, a: Tensor, b: Tensor, options: ops.AddmmOptions) => Tensor,
  refer: (a: Value, b: Value) => Value | Illegal,
): Proof {
  interface Added {
    readonly shapes: number[][];
    readonly beta: number;
    readonly alpha: number;
  }
  const factor = fc.constantFrom(1, 0.5, -2);
  return property<Added>({
    name,
    draw: calls(
      fc.tuple(sizes, dim, factor, factor, fc.nat({ max: 8 })).map(([s, batch, beta, alpha, style]) => {
        const whole = out(s, batch);
        const narrower = style < 3 ? whole.slice(1) : whole.map((d, i) => (style === 3 && i === 0 ? 1 : d));
        const x = style === 0 ? [] : style === 7 ? [2, ...whole] : narrower;
        return { shapes: [x, ...operands(s, batch)], beta, alpha };
      }),
      (o) => o.shapes.map((shape) => floats(shape)),
    ),
    call: ([x, a, b], { beta, alpha }) => call(x, a, b, { beta, alpha }),
    reference: ([x, a, b], { beta, alpha }) => {
      const y = refer(a, b);
      return y instanceof Illegal ? y : reference.scaled(x, y, beta, alpha);
    },
    sparse: true,
    gradientTolerance: 1e-4,
  });
}

const sums: readonly Proof[] = [
  added(
    'addmm',
    ([m, k, n, other]) => [
      [m, k],
      [other, n],
    ],
    ([m, , n]) => [m, n],
    ops.addmm,
    (a, b) => reference.matmul(a, b),
  ),
  added(
    'baddbmm',
    ([m, k, n, other], batch) => [
      [batch, m, k],
      [batch, other, n],
    ],
    ([m, , n], batch) => [batch, m, n],
    ops.baddbmm,
    (a, b) => reference.matmul(a, b),
  ),
  added(
    'addbmm',
    ([m, k, n, other], batch) => [
      [batch, m, k],
      [batch, other, n],
    ],
    ([m, , n]) => [m, n],
    ops.addbmm,
    (a, b) => {
      if (a.shape[2] !== b.shape[1]) return new Illegal([a.shape, b.shape]);
      return reference.tensordot(a, b, [
        [0, 2],
        [0, 1],
      ]);
    },
  ),
  added(
    'addmv',
    ([m, k, , other]) => [[m, k], [other]],
    ([m]) => [m],
    ops.addmv,
    (a, b) => reference.matmul(a, b),
  ),
  added(
    'addr',
    ([m, , n]) => [[m], [n]],
    ([m, , n]) => [m, n],
    ops.addr,
    (a, b) => reference.tensordot(a, b, 0),
  ),
  property<{ shapes: number[][] }>({
    name: 'linear',
    draw: calls(
      fc.tuple(shapes(0, 3), sizes, fc.nat({ max: 9 })).map(([lead, [o, i, , other], odd]) => ({
        shapes: [[...lead, i], [o, other], ...(odd < 5 ? [odd === 0 ? [o + 1] : [o]] : [])],
      })),
      (o) => o.shapes.map((shape) => floats(shape)),
    ),
    call: ([x, w, b = null as never]) => ops.linear(x, w, b),
    reference: ([x, w, b]) => reference.linear(x, w, b ?? null),
    sparse: true,
    gradientTolerance: 1e-4,
  }),
];

interface Dotted {
  readonly shapes: number[][];
  readonly axes: number | [number[], number[]];
}

const tensordots: fc.Arbitrary<Dotted> = fc
  .tuple(shapes(0, 3), shapes(0, 3), fc.integer({ min: 0, max: 3 }), seeds)
  .map(([a, b, n, seed]) => {
    const draw = mulberry(seed);
    const paired = Math.min(n, a.length, b.length);
    if (draw() < 0.4) {
      const second = b.map((d, i) => (i < paired ? a[a.length - paired + i] : d));
      if (draw() < 0.15 && second.length > 0) second[0]++;
      return { shapes: [a, second], axes: draw() < 0.05 ? paired + 4 : paired };
    }
    const pick = (rank: number): number[] =>
      Array.from({ length: rank }, (_, i) => i)
        .sort(() => draw() - 0.5)
        .slice(0, paired);
    const [first, second] = [pick(a.length), pick(b.length)];
    const shape = [...b];
    for (const [i, axis] of second.entries()) shape[axis] = draw() < 0.1 ? 1 : a[first[i]] + (draw() < 0.05 ? 1 : 0);
    return { shapes: [a, shape], axes: [first, second.map((axis) => (draw() < 0.5 ? axis : axis - b.length))] };
  });

interface Written extends reference.Equation {
  readonly shapes: number[][];
}

/** Equations of one to three terms over a few letters: repeated ones, ellipses, axes of length 1, with and without arrow. */
const equations: fc.Arbitrary<Written> = fc
  .tuple(seeds, fc.array(length, { minLength: 4, maxLength: 4 }))
  .map(([seed, lengths]) => {
    const draw = mulberry(seed);
    const pool = ['i', 'j', 'K', 'b'];
    const whole = [2, 3].slice(Math.floor(draw() * 3));
    const terms = 1 + Math.floor(draw() * 3);
    const inputs: string[][] = [];
    const shapesOf: number[][] = [];
    for (let t = 0; t < terms; t++) {
      const labels = Array.from({ length: Math.floor(draw() * 4) }, () => pool[Math.floor(draw() * 4)]);
      const dims = labels.map((label) => lengths[pool.indexOf(label)]);
      // An axis of length 1 stands for any, but not for one of two of the same name.
      labels.forEach((label, i) => {
        if (draw() < 0.15 && labels.filter((other) => other === label).length === 1) dims[i] = 1;
        if (draw() < 0.02) dims[i]++;
      });
      if (draw() < 0.3) {
        const place = Math.floor(draw() * (labels.length + 1));
        const own = whole.slice(Math.floor(draw() * 2)).map((d) => (draw() < 0.3 ? 1 : d));
        labels.splice(place, 0, '...');
        dims.splice(place, 0, ...own);
      }
      inputs.push(labels);
      shapesOf.push(dims);
    }
    if (draw() < 0.4) return { inputs, output: null, shapes: shapesOf };
    const known = [...new Set(inputs.flat())].sort(() => draw() - 0.5);
    // Without the ellipsis in the output its axes would be summed, which PyTorch does too.
    const output = known.filter((label) => label === '...' || draw() < 0.6);
    return { inputs, output, shapes: shapesOf };
  });

function text({ inputs, output }: reference.Equation): string {
  const terms = inputs.map((labels) => labels.join('')).join(',');
  return output === null ? terms : `${terms}->${output.join('')}`;
}

const general: readonly Proof[] = [
  property<Dotted>({
    name: 'tensordot',
    draw: calls(tensordots, (o) => o.shapes.map((shape) => floats(shape))),
    call: ([a, b], { axes }) => ops.tensordot(a, b, axes),
    reference: ([a, b], { axes }) => reference.tensordot(a, b, axes),
    integers: true,
    sparse: true,
    gradientTolerance: 1e-4,
  }),
  property<{ shapes: number[][]; axis: number | null }>({
    name: 'cross',
    draw: calls(
      fc
        .tuple(broadcasting(1, 2), broadcasting(2, 2), fc.nat({ max: 3 }), fc.nat({ max: 9 }))
        .map(([, [a, b], at, odd]) => {
          const rank = Math.max(a.length, b.length);
          const full = (s: number[]): number[] => [...new Array<number>(rank - s.length).fill(1), ...s];
          const place = Math.min(at, rank);
          const withAxis = (s: number[], n: number): number[] => [...s.slice(0, place), n, ...s.slice(place)];
          const list = [withAxis(full(a), 3), withAxis(full(b), odd === 0 ? 2 : 3)];
          return { shapes: odd === 1 ? [list[0], [3, ...list[1]]] : list, axis: odd < 4 ? place : place - rank - 1 };
        }),
      (o) => o.shapes.map((shape) => floats(shape)),
    ),
    call: ([a, b], { axis }) => ops.cross(a, b, axis),
    reference: ([a, b], { axis }) => reference.cross(a, b, axis),
    integers: true,
    sparse: true,
  }),
  property<{ shapes: number[][]; chain: boolean }>({
    name: 'multiDot',
    draw: calls(
      fc
        .tuple(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 3, maxLength: 6 }), fc.nat({ max: 9 }))
        .map(([list, odd]) => {
          const factors = list.slice(1).map((n, i) => [list[i] + (odd === 0 && i === 1 ? 1 : 0), n]);
          if (odd === 1 || odd === 3) factors[0] = [list[1]];
          if (odd === 2 || odd === 3) factors[factors.length - 1] = [list.at(-2)!];
          return { shapes: factors, chain: odd > 6 };
        }),
      (o) => o.shapes.map((shape) => floats(shape)),
    ),
    call: (xs, { chain }) => (chain ? ops.chainMatmul(...xs) : ops.multiDot(xs)),
    reference: (xs) => reference.chain(xs),
    gradientTolerance: 1e-4,
  }),
  property<Written>({
    name: 'einsum',
    draw: calls(equations, (o) => o.shapes.map((shape) => floats(shape))),
    call: (xs, o) => ops.einsum(text(o), ...xs),
    reference: (xs, o) => reference.einsum(o, xs),
    integers: true,
    sparse: true,
    views: true,
    gradientTolerance: 1e-4,
  }),
];

export const product: readonly Proof[] = [...plain, ...sums, ...general];
