/** Properties of sorting, selecting, scanning and counting. */

import * as fc from 'fast-check';
import * as ops from '../../../src/ops/index.ts';
import type { Tensor } from '../../../src/tensor.ts';
import { axisIn, calls, distinct, type Fill, floats, ints, normal, one, shapes, whole } from '../draw.ts';
import { type Proof, type Property, property } from '../prove.ts';
import * as reference from '../reference/order.ts';
import { axisOf, Illegal, type Value } from '../reference/value.ts';

interface Along {
  readonly axis: number;
  readonly flag: boolean;
  readonly k: number;
}

const alongs = (shape: number[]): fc.Arbitrary<Along> =>
  axisIn(shape.length).chain((axis) => {
    const n = shape[axisOf(axis, shape.length) ?? 0] ?? 1;
    return fc.record({
      axis: fc.constant(axis),
      flag: fc.boolean(),
      k: fc.oneof({ weight: 9, arbitrary: fc.nat({ max: n }) }, fc.constant(n + 1)),
    });
  });

const both = ({ values, indices }: ops.Extreme): Tensor[] => [values, indices];

/** One tensor and an axis, of distinct values where gradients are compared. */
function line(
  name: string,
  call: (x: Tensor, o: Along) => Tensor | readonly Tensor[],
  refer: (x: Value, o: Along) => Value | readonly Value[] | Illegal,
  more: Partial<Property<Along>> & { fill?: Fill } = {},
): Proof {
  const { fill = distinct, ...rest } = more;
  return property<Along>({
    name,
    draw: one(shapes(), alongs, fill),
    call: ([x], o) => call(x, o),
    reference: ([x], o) => refer(x, o),
    integers: true,
    views: true,
    ...rest,
  });
}

/** Of nothing there is no such element. */
function chosen(
  x: Value,
  axis: number,
  keepdim: boolean,
  choose: (line: number[]) => number,
): [Value, Value] | Illegal {
  const found = axisOf(axis, Math.max(1, x.shape.length));
  if (found === null || x.shape[found] === 0) return new Illegal();
  return reference.placed(x, axis, null, keepdim, (l) => [choose(l)]);
}

const same = (n: number): number => n;
const middle = (l: readonly number[]): number => reference.order(l)[Math.floor((l.length - 1) / 2)];

const sorted: readonly Proof[] = [
  line(
    'sort',
    (x, { axis, flag }) => both(ops.sort(x, axis, { descending: flag })),
    (x, { axis, flag }) => reference.placed(x, axis, same, false, (l) => reference.order(l, flag)),
  ),
  line(
    'argsort',
    (x, { axis, flag }) => ops.argsort(x, axis, { descending: flag }),
    (x, { axis, flag }) => reference.along(x, axis, same, false, (l) => ({ data: reference.order(l, flag) }), 'int32'),
    { differentiable: false },
  ),
  line(
    'topk',
    (x, { axis, flag, k }) => both(ops.topk(x, k, axis, { largest: flag })),
    (x, { axis, flag, k }) => {
      const found = axisOf(axis, Math.max(1, x.shape.length));
      if (found === null || k > (x.shape[found] ?? 1)) return new Illegal();
      if (x.shape.length === 0 && k === 0) return new Illegal();
      return reference.placed(
        x,
        axis,
        () => k,
        false,
        (l) => reference.order(l, flag).slice(0, k),
      );
    },
  ),
  line(
    'kthvalue',
    (x, { axis, flag, k }) => both(ops.kthvalue(x, k, axis, { keepdim: flag })),
    (x, { axis, flag, k }) => {
      const found = axisOf(axis, Math.max(1, x.shape.length));
      if (found === null || k < 1 || k > (x.shape[found] ?? 1)) return new Illegal();
      return chosen(x, axis, flag, (l) => reference.order(l)[k - 1]);
    },
    { proves: ['kthvalue', 'rankRows'] },
  ),
  line(
    'median',
    (x, { axis, flag }) => both(ops.median(x, axis, { keepdim: flag })),
    (x, { axis, flag }) => chosen(x, axis, flag, middle),
  ),
  line(
    'nanmedian',
    (x, { axis, flag }) => both(ops.nanmedian(x, axis, { keepdim: flag })),
    (x, { axis, flag }) => chosen(x, axis, flag, middle),
  ),
  line(
    'mode',
    (x, { axis, flag }) => both(ops.mode(x, axis, { keepdim: flag })),
    (x, { axis, flag }) => chosen(x, axis, flag, reference.mode),
  ),
];

interface Quantile {
  readonly q: number;
  readonly axis: number | null;
  readonly keepdim: boolean;
  readonly interpolation: reference.Interpolation;
}

function quantiles(name: 'quantile' | 'nanquantile' | 'percentile', fn: typeof ops.quantile, scale: number): Proof {
  return property<Quantile>({
    name,
    draw: one(
      shapes(),
      (shape) =>
        fc.record({
          q: fc.constantFrom(0, 0.25, 0.3, 0.5, 0.75, 1),
          axis: fc.option(axisIn(shape.length), { freq: 5 }),
          keepdim: fc.boolean(),
          interpolation: fc.constantFrom('linear', 'lower', 'higher', 'midpoint', 'nearest'),
        }),
      distinct,
    ),
    call: ([x], { q, axis, ...options }) => fn(x, q * scale, axis, options),
    reference: ([x], { q, axis, keepdim, interpolation }) => {
      if (x.data.length === 0) return new Illegal();
      const flat: Value = axis === null ? { ...x, shape: [x.data.length] } : x;
      const y = reference.along(flat, axis ?? 0, null, keepdim && axis !== null, (l) => {
        const { sum, bound } = reference.quantile(l, q, interpolation);
        return { data: [sum], bound: [bound] };
      });
      if (y instanceof Illegal || axis !== null || !keepdim) return y;
      return { ...y, shape: x.shape.map(() => 1) };
    },
  });
}

/** Factors near 1: products of many stay in range, and none is 0. */
const factors: Fill = (draw, n) =>
  Array.from({ length: n }, () => Math.fround((draw() < 0.5 ? -1 : 1) * (0.5 + draw())));

const scans: readonly Proof[] = [
  line(
    'cumsum',
    (x, o) => ops.cumsum(x, o.axis),
    (x, o) => reference.along(x, o.axis, same, false, reference.cumsum),
    {
      fill: normal,
    },
  ),
  line(
    'cumprod',
    (x, o) => ops.cumprod(x, o.axis),
    (x, o) => reference.along(x, o.axis, same, false, reference.cumprod),
    { fill: factors, proves: ['cumprod', 'linearScan'] },
  ),
  line(
    'logcumsumexp',
    (x, o) => ops.logcumsumexp(x, o.axis),
    (x, o) => reference.along(x, o.axis, same, false, reference.logcumsumexp, 'float'),
    { fill: normal, gradientTolerance: 1e-4 },
  ),
  line(
    'cummax',
    (x, o) => both(ops.cummax(x, o.axis)),
    (x, o) => reference.placed(x, o.axis, same, false, (l) => reference.cumbest(l, (a, b) => a > b)),
  ),
  line(
    'cummin',
    (x, o) => both(ops.cummin(x, o.axis)),
    (x, o) => reference.placed(x, o.axis, same, false, (l) => reference.cumbest(l, (a, b) => a < b)),
  ),
  line(
    'diff',
    (x, o) => ops.diff(x, o.axis, { n: o.k }),
    (x, o) => {
      if (x.shape.length === 0) return new Illegal([x.shape]);
      return reference.along(
        x,
        o.axis,
        (n) => Math.max(0, n - o.k),
        false,
        (l) => reference.diff(l, o.k),
      );
    },
    { fill: normal },
  ),
];

interface Searched {
  readonly sorted: number[];
  readonly values: number[];
  readonly right: boolean;
}

const ascending: Fill = (draw, n) => {
  let last = -3;
  return Array.from({ length: n }, () => (last += Math.floor(3 * draw()) / 2));
};
const halves: Fill = (draw, n) => Array.from({ length: n }, () => Math.floor(16 * draw()) / 2 - 4);

const searches: fc.Arbitrary<Searched> = fc
  .tuple(shapes(0, 2), shapes(0, 3), fc.nat({ max: 5 }), fc.nat({ max: 9 }), fc.boolean())
  .map(([lead, other, n, style, right]) => {
    // Lines of one tensor do not ascend across each other, and so are only of one.
    if (style < 6) return { sorted: [n], values: other, right };
    const single = lead.map(() => 1);
    const values = [...single, n + 1];
    return { sorted: [...single, n], values: style === 6 ? [2, ...values] : values, right };
  });

const three = (y: ops.Unique): Tensor[] => [y.values, y.inverse!, y.counts!];
const all = { returnInverse: true, returnCounts: true };

const counting: readonly Proof[] = [
  property<Searched>({
    name: 'searchsorted',
    draw: calls(searches, (o) => [floats(o.sorted, ascending), floats(o.values, halves)]),
    call: ([s, v], { right }) => ops.searchsorted(s, v, { right }),
    reference: ([s, v], { right }) => {
      const y = reference.searchsorted(s, v, right);
      return y instanceof Illegal ? new Illegal() : y;
    },
    differentiable: false,
    sparse: true,
  }),
  property<Searched>({
    name: 'bucketize',
    draw: calls(
      searches.map((o) => ({ ...o, sorted: o.sorted.slice(-1) })),
      (o) => [floats(o.sorted, ascending), floats(o.values, halves)],
    ),
    call: ([s, v], { right }) => ops.bucketize(v, s, { right }),
    reference: ([s, v], { right }) => reference.searchsorted(s, v, right),
    differentiable: false,
    sparse: true,
  }),
  property<{ n: number; low: number; minlength: number }>({
    name: 'bincount',
    draw: calls(
      fc.record({ n: fc.nat({ max: 12 }), low: fc.constantFrom(0, 0, 0, -1), minlength: fc.nat({ max: 7 }) }),
      ({ n, low }) => [ints([n], low, 6)],
    ),
    call: ([ids], { minlength }) => ops.bincount(ids, { minlength }),
    reference: ([ids], { minlength }) => {
      if (ids.data.some((id) => id < 0)) return new Illegal();
      const bins = Math.max(minlength, ...ids.data.map((id) => id + 1), 0);
      const data = Array.from({ length: bins }, (_, bin) => ids.data.filter((id) => id === bin).length);
      return { shape: [bins], data, dtype: 'int32' };
    },
    differentiable: false,
  }),
  property<{ x: number[]; bins: number }>({
    name: 'histogram',
    draw: calls(fc.record({ x: shapes(), bins: fc.constantFrom(1, 2, 4, 8) }), ({ x }) => [floats(x, halves)]),
    call: ([x], { bins }) => {
      const { hist, binEdges } = ops.histogram(x, bins, { range: [-2, 2] });
      return [hist, binEdges];
    },
    reference: ([x], { bins }) => {
      const edges = Array.from({ length: bins + 1 }, (_, i) => -2 + (4 * i) / bins);
      return [
        { shape: [bins], data: reference.histogram(x.data, edges) },
        { shape: [bins + 1], data: edges, bound: edges.map(() => 4) },
      ];
    },
    differentiable: false,
  }),
  property<{ x: number[]; bins: number }>({
    name: 'histc',
    draw: calls(fc.record({ x: shapes(), bins: fc.constantFrom(1, 2, 4, 8) }), ({ x }) => [floats(x, halves)]),
    call: ([x], { bins }) => ops.histc(x, bins, { min: -2, max: 2 }),
    reference: ([x], { bins }) => {
      const edges = Array.from({ length: bins + 1 }, (_, i) => -2 + (4 * i) / bins);
      return { shape: [bins], data: reference.histogram(x.data, edges) };
    },
    differentiable: false,
  }),
  ...(['unique', 'uniqueConsecutive'] as const).map((name) =>
    property<number[]>({
      name,
      draw: calls(shapes(), (x) => [floats(x, whole(-3, 4))]),
      call: ([x]) => three(name === 'unique' ? ops.unique(x, all) : ops.uniqueConsecutive(x, all)),
      reference: ([x]) => (name === 'unique' ? reference.unique(x) : reference.runs(x)),
      differentiable: false,
      integers: true,
      views: true,
    }),
  ),
];

export const order: readonly Proof[] = [
  ...sorted,
  quantiles('quantile', ops.quantile, 1),
  quantiles('nanquantile', ops.nanquantile, 1),
  quantiles('percentile', ops.percentile, 100),
  ...scans,
  ...counting,
];
