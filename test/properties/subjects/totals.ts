/** Properties of products, counts, norms and moments over axes. */

import * as fc from 'fast-check';
import * as ops from '../../../src/ops/index.ts';
import type { Tensor } from '../../../src/tensor.ts';
import { away, axesIn, axisIn, calls, distinct, type Fill, floats, normal, one, shapes, whole } from '../draw.ts';
import { type Proof, type Property, property } from '../prove.ts';
import { norm } from '../reference/norm.ts';
import * as reference from '../reference/reduction.ts';
import { at, axesOf, build, groups, Illegal, measured, total, type Value } from '../reference/value.ts';

const reductions = (shape: number[]): fc.Arbitrary<reference.Reduction> =>
  fc.record({ axes: axesIn(shape.length), keepdim: fc.boolean() });

type Members = (members: number[]) => { sum: number; bound: number } | number;

function over(
  name: string,
  fn: (x: Tensor, axes?: ops.Axes, options?: { keepdim?: boolean }) => Tensor,
  f: Members,
  {
    fill = normal,
    dtype,
    ...more
  }: Partial<Property<reference.Reduction>> & { fill?: Fill; dtype?: Value['dtype'] } = {},
): Proof {
  return property({
    name,
    draw: one(shapes(), reductions, fill),
    call: ([x], { axes, keepdim }) => fn(x, axes, { keepdim }),
    reference: ([x], options) => reference.reduce(x, options, f, dtype),
    ...more,
  });
}

const product: Members = (members) => {
  const sum = members.reduce((a, b) => a * b, 1);
  return { sum, bound: members.length * Math.abs(sum) };
};
const zeros = whole(0, 2);
const counted = { fill: zeros, differentiable: false, sparse: true, integers: true } as const;

const sums: readonly Proof[] = [
  over('prod', ops.prod, product, { fill: away([0], 0.1), integers: true }),
  over('nansum', ops.nansum, total),
  over('nanmean', ops.nanmean, (m) => (m.length === 0 ? Number.NaN : reference.mean(m))),
  over('all', ops.all, (m) => Number(m.every((v) => v !== 0)), { ...counted, dtype: 'bool' }),
  over('any', ops.any, (m) => Number(m.some((v) => v !== 0)), { ...counted, dtype: 'bool' }),
  property<reference.Reduction['axes']>({
    name: 'countNonzero',
    draw: one(shapes(), (shape) => axesIn(shape.length), zeros),
    call: ([x], axes) => ops.countNonzero(x, axes),
    reference: ([x], axes) =>
      reference.reduce(x, { axes, keepdim: false }, (m) => m.filter((v) => v !== 0).length, 'int32'),
    differentiable: false,
    integers: true,
  }),
  ...(['varMean', 'stdMean'] as const).map((name) =>
    property<number>({
      name,
      draw: one(
        shapes(1, 3).map((shape) => shape.map((d) => d + 2)),
        ({ length }) => axisIn(length),
        distinct,
      ),
      call: ([x], axis) => (name === 'varMean' ? ops.varMean : ops.stdMean)(x, axis),
      reference: ([x], axis) => {
        const measure = name === 'varMean' ? reference.variance : reference.std;
        const spread = reference.reduce(x, { axes: axis, keepdim: false }, (m) => measure(m, 1));
        const mean = reference.reduce(x, { axes: axis, keepdim: false }, reference.mean);
        return spread instanceof Illegal || mean instanceof Illegal ? new Illegal() : [spread, mean];
      },
    }),
  ),
  property<{ axes: number | null; keepdim: boolean }>({
    name: 'aminmax',
    draw: one(
      shapes(),
      (shape) => fc.record({ axes: fc.option(axisIn(shape.length), { freq: 5 }), keepdim: fc.boolean() }),
      distinct,
    ),
    call: ([x], { axes, keepdim }) => {
      const { min, max } = ops.aminmax(x, axes, { keepdim });
      return [min, max];
    },
    reference: ([x], options) => {
      const low = reference.choose(x, options, (m) => Math.min(...m));
      const high = reference.choose(x, options, (m) => Math.max(...m));
      return low instanceof Illegal || high instanceof Illegal ? new Illegal() : [low, high];
    },
    integers: true,
  }),
];

interface Normed extends reference.Reduction {
  readonly p: number;
}

const norms: readonly Proof[] = [
  property<Normed>({
    name: 'norm',
    draw: one(
      shapes(0, 4).map((shape) => shape.map((d) => Math.max(1, d))),
      (shape) =>
        fc.record({
          axes: axesIn(shape.length),
          keepdim: fc.boolean(),
          p: fc.constantFrom(2, 1, 3, 0.5, Infinity, -Infinity, 0),
        }),
      distinct,
    ),
    call: ([x], { p, axes, keepdim }) => ops.norm(x, p, axes, { keepdim }),
    reference: ([x], { p, ...options }) => reference.reduce(x, options, (m) => norm(m, p)),
    gradientTolerance: 1e-4,
  }),
  property<{ p: number; axis: number }>({
    name: 'normalize',
    draw: one(
      shapes(1, 4),
      (shape) => fc.record({ p: fc.constantFrom(2, 1, 3), axis: axisIn(shape.length) }),
      away([0], 0.2),
    ),
    call: ([x], { p, axis }) => ops.normalize(x, p, axis),
    reference: ([x], { p, axis }) => {
      const list = axesOf(axis, x.shape.length);
      if (list === null) return new Illegal();
      const { members } = groups(x, list, true);
      const lengths = members.map((m) => norm(m, p));
      const kept = x.shape.map((d, i) => (list.includes(i) ? 1 : d));
      const spread: Value = { shape: kept, data: lengths.map((l) => l.sum), bound: lengths.map((l) => l.bound) };
      return measured(x.shape, (index) => {
        const place = index.map((v, i) => (list.includes(i) ? 0 : v));
        const length = Math.max(at(spread, place), 1e-12);
        const y = at(x, index) / length;
        return { sum: y, bound: Math.abs(y) * (4 + at({ ...spread, data: spread.bound! }, place) / length) };
      });
    },
    gradientTolerance: 1e-4,
  }),
];

/** Rows of two observations and more, which vary. */
const observed = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 3, max: 6 }), fc.nat({ max: 9 }))
  .map(([variables, n, style]) => (style === 0 ? [n] : style === 1 ? [2, variables, n] : [variables, n]));

function covariances(x: Value, correction: number): Value | Illegal {
  if (x.shape.length > 2) return new Illegal([x.shape]);
  const rows: Value = x.shape.length === 1 ? { ...x, shape: [1, ...x.shape] } : x;
  const [variables, n] = rows.shape;
  const line = (i: number): number[] => Array.from({ length: n }, (_, k) => at(rows, [i, k]));
  const y = measured([variables, variables], ([i, j]) => {
    const [a, b] = [line(i), line(j)];
    const [ma, mb] = [reference.mean(a), reference.mean(b)];
    const terms = a.map((v, k) => (v - ma.sum) * (b[k] - mb.sum));
    const sizes = a.reduce((s, v, k) => s + (Math.abs(v) + Math.abs(ma.sum)) * (Math.abs(b[k]) + Math.abs(mb.sum)), 0);
    return { sum: total(terms).sum / (n - correction), bound: ((n + 8) * 2 * sizes) / (n - correction) };
  });
  return x.shape.length === 1 ? { ...y, shape: [] } : y;
}

const moments: readonly Proof[] = [
  property<{ x: number[]; correction: number }>({
    name: 'cov',
    draw: calls(fc.record({ x: observed, correction: fc.constantFrom(0, 1) }), ({ x }) => [floats(x, distinct)]),
    call: ([x], { correction }) => ops.cov(x, { correction }),
    reference: ([x], { correction }) => covariances(x, correction),
  }),
  property<number[]>({
    name: 'corrcoef',
    draw: calls(observed, (x) => [floats(x, (draw, n) => distinct(draw, n, true))]),
    call: ([x]) => ops.corrcoef(x),
    reference: ([x]) => {
      const c = covariances(x, 1);
      if (c instanceof Illegal) return c;
      const square: Value = c.shape.length === 0 ? { ...c, shape: [1, 1] } : c;
      const scale = (i: number): number => Math.sqrt(at(square, [i, i]));
      const off: Value = { ...square, data: square.bound! };
      const y = build(square.shape, ([i, j]) => at(square, [i, j]) / scale(i) / scale(j), {
        bound: (_, [i, j]) =>
          8 + at(off, [i, j]) / scale(i) / scale(j) + at(off, [i, i]) / scale(i) ** 2 + at(off, [j, j]) / scale(j) ** 2,
      });
      return { ...y, shape: c.shape };
    },
    // At the ends of [−1, 1], where it is cut, there is no slope: a variable with itself.
    differentiable: false,
  }),
];

export const totals: readonly Proof[] = [...sums, ...norms, ...moments];
