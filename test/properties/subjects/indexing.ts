/** Properties of what chooses, writes and combines elements by ids and masks. */

import * as fc from 'fast-check';
import * as ops from '../../../src/ops/index.ts';
import { tensor } from '../../../src/ops/index.ts';
import { mulberry } from '../../support/sampler.ts';
import { axisIn, bools, broadcasting, calls, distinct, floats, ints, seeds, shapes, whole } from '../draw.ts';
import { type Proof, property } from '../prove.ts';
import * as reference from '../reference/indexing.ts';
import { take } from '../reference/movement.ts';
import { axisOf, build, common, Illegal, spread, type Value } from '../reference/value.ts';

interface Gathered {
  readonly x: number[];
  readonly index: number[];
  readonly source: number[];
  readonly axis: number;
  /** One past the largest id. */
  readonly high: number;
}

/** An index no longer than x but along the axis; one time in ten another rank, or an id that is out of range. */
const gathered: fc.Arbitrary<Gathered> = shapes(0, 4).chain((x) =>
  fc.tuple(axisIn(x.length), seeds).map(([axis, seed]) => {
    const draw = mulberry(seed);
    const at = axisOf(axis, Math.max(1, x.length)) ?? 0;
    const n = x[at] ?? 1;
    const index = x.map((d, i) =>
      i === at ? Math.floor(draw() * 5) : draw() < 0.7 ? d : Math.floor(draw() * (d + 1)),
    );
    if (n === 0 && index.length > 0) index[at] = 0;
    if (draw() < 0.04) index.push(1);
    const source = index.map((d) => d + (draw() < 0.2 ? 1 : 0));
    return { x, index, source, axis, high: Math.max(1, n) + (draw() < 0.08 ? 1 : 0) };
  }),
);

const along: readonly Proof[] = [
  property<Gathered>({
    name: 'gather',
    draw: calls(gathered, (o) => [floats(o.x), ints(o.index, 0, o.high)]),
    call: ([x, index], { axis }) => ops.gather(x, axis, index),
    reference: ([x, index], { axis }) => reference.gather(x, axis, index),
  }),
  property<{ x: number[]; index: number[]; axis: number; low: number; high: number }>({
    name: 'takeAlongAxis',
    draw: calls(
      broadcasting(1, 4).chain(([x]) =>
        fc.tuple(axisIn(x.length), seeds).map(([axis, seed]) => {
          const draw = mulberry(seed);
          const at = axisOf(axis, x.length) ?? 0;
          const n = x[at] ?? 1;
          const index = x.map((d, i) => (i === at ? (n === 0 ? 0 : Math.floor(draw() * 4)) : draw() < 0.3 ? 1 : d));
          return { x, index, axis, low: -n, high: n + (draw() < 0.05 ? 1 : 0) };
        }),
      ),
      (o) => [floats(o.x), ints(o.index, o.low, o.high)],
    ),
    call: ([x, index], { axis }) => ops.takeAlongAxis(x, index, axis),
    reference: ([x, index], { axis }) => reference.takeAlongAxis(x, index, axis),
  }),
  property<Gathered>({
    name: 'scatterAdd',
    proves: ['scatterAdd', 'addRows'],
    draw: calls(gathered, (o) => [floats(o.x), ints(o.index, 0, o.high), floats(o.source)]),
    call: ([x, index, source], { axis }) => ops.scatterAdd(x, axis, index, source),
    reference: ([x, index, source], { axis }) => reference.scatter(x, axis, index, source, 'sum'),
  }),
  property<Gathered>({
    name: 'scatter',
    proves: ['scatter', 'setRows'],
    draw: calls(gathered, (o) => [floats(o.x), ints(o.index, 0, o.high), floats(o.source)]),
    call: ([x, index, source], { axis }) => ops.scatter(x, axis, index, source),
    reference: ([x, index, source], { axis }) => reference.scatter(x, axis, index, source, 'write'),
    // Where two ids meet the gradient is documented not to be what differences say; test/ops has distinct ones.
    differentiable: false,
  }),
  ...(['sum', 'prod', 'mean', 'amax', 'amin'] as const).flatMap((how) =>
    [true, false].map((includeSelf) =>
      property<Gathered>({
        name: 'scatterReduce',
        title: `${how}${includeSelf ? '' : ' without what stood there'}`,
        draw: calls(gathered, (o) => [floats(o.x, distinct), ints(o.index, 0, o.high), floats(o.source, offset)]),
        call: ([x, index, source], { axis }) => ops.scatterReduce(x, axis, index, source, how, { includeSelf }),
        reference: ([x, index, source], { axis }) => reference.scatter(x, axis, index, source, how, includeSelf),
        gradientTolerance: 1e-4,
      }),
    ),
  ),
];

/** Distinct, and none of them equal to one of `distinct`. */
function offset(draw: () => number, n: number, smooth: boolean): number[] {
  return distinct(draw, n, smooth).map((v) => (smooth ? Math.fround(v + Math.sign(v) * 0.027) : v));
}

interface Listed {
  readonly x: number[];
  readonly axis: number;
  readonly ids: number[];
  readonly low: number;
  readonly high: number;
  readonly odd: number;
}

const listed: fc.Arbitrary<Listed> = shapes(1, 4).chain((x) =>
  fc.tuple(axisIn(x.length), fc.nat({ max: 4 }), fc.nat({ max: 12 })).map(([axis, count, odd]) => {
    const n = x[axisOf(axis, x.length) ?? 0];
    return {
      x,
      axis,
      ids: odd === 0 ? [] : [n === 0 ? 0 : count],
      low: -n,
      high: Math.max(1, n) + (odd === 1 ? 1 : 0),
      odd,
    };
  }),
);

const axisIds: readonly Proof[] = [
  property<Listed>({
    name: 'indexCopy',
    draw: calls(listed, (o) => {
      const at = axisOf(o.axis, o.x.length) ?? 0;
      const source = o.x.map((d, i) => (i === at ? (o.ids[0] ?? 1) : d + (o.odd === 2 ? 1 : 0)));
      return [floats(o.x), ints(o.ids, 0, o.high), floats(source)];
    }),
    call: ([x, ids, source], { axis }) => ops.indexCopy(x, axis, ids, source),
    reference: ([x, ids, source], { axis }) => reference.indexCopy(x, axis, ids, source),
    // As of scatter: ids may meet.
    differentiable: false,
  }),
  property<Listed>({
    name: 'indexFill',
    draw: calls(listed, (o) => [floats(o.x), ints(o.ids, o.low, o.high)]),
    call: ([x, ids], { axis }) => ops.indexFill(x, axis, ids, 2.5),
    reference: ([x, ids], { axis }) => reference.indexFill(x, axis, ids, 2.5),
  }),
  property<Listed>({
    name: 'take',
    title: 'along an axis',
    draw: calls(listed, (o) => [floats(o.x), ints(o.ids, o.low, o.high)]),
    call: ([x, ids], { axis }) => ops.take(x, ids, axis),
    reference: ([x, ids], { axis }) => {
      const at = axisOf(axis, x.shape.length);
      if (at === null || ids.data.some((id) => id < -x.shape[at] || id >= x.shape[at])) return new Illegal();
      const y = take(
        x,
        at,
        ids.data.map((id) => (id + x.shape[at]) % x.shape[at]),
      );
      return { ...y, shape: [...x.shape.slice(0, at), ...ids.shape, ...x.shape.slice(at + 1)] };
    },
  }),
  property<{ x: number[]; ids: number[]; n: number; odd: number }>({
    name: 'take',
    draw: calls(
      fc.tuple(shapes(0, 3), shapes(0, 2), fc.nat({ max: 12 })).map(([x, ids, odd]) => {
        const n = x.reduce((a, b) => a * b, 1);
        return { x, ids: n === 0 ? [0] : ids, n, odd };
      }),
      (o) => [floats(o.x), ints(o.ids, -o.n, Math.max(1, o.n) + (o.odd === 0 ? 1 : 0))],
    ),
    call: ([x, ids]) => ops.take(x, ids),
    reference: ([x, ids]) => reference.takeFlat(x, ids),
  }),
  property<Listed>({
    name: 'repeatInterleave',
    draw: calls(listed, (o) => {
      const n = o.x[axisOf(o.axis, o.x.length) ?? 0];
      return [floats(o.x), ints(o.odd < 3 ? [1] : [n + (o.odd === 3 ? 1 : 0)], 0, 4)];
    }),
    call: ([x, repeats], { axis }) => ops.repeatInterleave(x, repeats, axis),
    reference: ([x, repeats], { axis }) => reference.repeatInterleave(x, repeats, axis),
  }),
];

const masks: readonly Proof[] = [
  property<number[][]>({
    name: 'maskedSelect',
    draw: calls(broadcasting(2, 4), ([x, mask]) => [floats(x), bools(mask)]),
    call: ([x, mask]) => ops.maskedSelect(x, mask),
    reference: ([x, mask]) => reference.maskedSelect(x, mask),
    views: true,
  }),
  property<{ shapes: number[][]; spare: number }>({
    name: 'maskedScatter',
    draw: calls(
      fc.tuple(broadcasting(2, 4), fc.integer({ min: 0, max: 3 })).map(([[x, mask], spare]) => ({
        shapes: [
          x,
          mask.length > x.length ? x : mask,
          [Math.max(0, x.reduce((a, b) => a * b, 1) - (spare === 0 ? 3 : 0))],
        ],
        spare,
      })),
      ({ shapes: [x, mask, source] }) => [floats(x), bools(mask), floats(source)],
    ),
    call: ([x, mask, source]) => ops.maskedScatter(x, mask, source),
    reference: ([x, mask, source]) => {
      const y = reference.maskedScatter(x, mask, source);
      return y instanceof Illegal ? new Illegal() : y;
    },
  }),
  property<number[]>({
    name: 'nonzero',
    draw: calls(shapes(), (x) => [floats(x, whole(-1, 2))]),
    call: ([x]) => ops.nonzero(x),
    reference: ([x]) => reference.nonzero(x),
    differentiable: false,
    integers: true,
    sparse: true,
  }),
];

interface Indexed {
  readonly x: number[];
  readonly parts: readonly reference.Part[];
}

/** Numbers, slices, new axes and ids, in any order; now and then one too many, or out of range. */
function parts(x: readonly number[], seed: number): reference.Part[] {
  const draw = mulberry(seed);
  const lead = Math.floor(draw() * 3);
  const shapesOfIds = [[lead], [2, lead], [1]];
  const count = Math.floor(draw() * (x.length + 1)) + (draw() < 0.04 ? 5 : 0);
  const bound = (n: number): number | null => (draw() < 0.4 ? null : Math.floor(draw() * (2 * n + 3)) - n - 1);
  const list: reference.Part[] = [];
  for (let axis = 0; axis < count; axis++) {
    if (draw() < 0.15) list.push({ kind: 'new' });
    const n = x[axis] ?? 1;
    const slack = draw() < 0.03 ? 1 : 0;
    const any = (): number => Math.floor(draw() * (2 * n + slack)) - n;
    const style = draw();
    if (style < 0.25 && n > 0) list.push({ kind: 'place', i: any() });
    else if (style < 0.55) {
      const step = [1, 1, 2, -1, -2][Math.floor(draw() * 5)];
      list.push({ kind: 'slice', start: bound(n), end: bound(n), step });
    } else if (style < 0.7 || n === 0) list.push({ kind: 'all' });
    else {
      const shape = shapesOfIds[Math.floor(draw() * 3)];
      list.push({ kind: 'ids', ids: build(shape, any) });
    }
  }
  return list;
}

function indexOf(part: reference.Part): ops.Index {
  if (part.kind === 'place') return part.i;
  if (part.kind === 'slice') return [part.start, part.end, part.step];
  if (part.kind === 'all') return ':';
  if (part.kind === 'new') return null;
  return tensor(Int32Array.from(part.ids.data), { shape: part.ids.shape });
}

const indices: fc.Arbitrary<Indexed> = fc.tuple(shapes(0, 4), seeds).map(([x, seed]) => ({ x, parts: parts(x, seed) }));

/** x with the value written, or added, where the index says. */
function put(x: Value, value: Value, list: readonly reference.Part[], accumulate: boolean): Value | Illegal {
  const found = reference.indexed(x.shape, list);
  if (found instanceof Illegal) return found;
  const shape = common(found.shape, value.shape);
  if (shape === null || shape.join() !== found.shape.join()) return new Illegal();
  const data = [...x.data];
  const laid = build(shape, (index) => spread(value, index));
  found.from.forEach((index, i) => {
    const place = index.reduce((p, v, a) => p * x.shape[a] + v, 0);
    data[place] = accumulate ? data[place] + laid.data[i] : laid.data[i];
  });
  const bound = data.map((v) => (accumulate ? 8 * found.from.length * (1 + Math.abs(v)) : 0));
  return { shape: x.shape, data, bound: accumulate ? bound : undefined };
}

const general: readonly Proof[] = [
  property<Indexed>({
    name: 'at',
    draw: calls(indices, (o) => [floats(o.x)]),
    call: ([x], o) => ops.at(x, ...o.parts.map(indexOf)),
    reference: ([x], o) => {
      const found = reference.indexed(x.shape, o.parts);
      if (found instanceof Illegal) return found;
      const data = found.from.map((index) => x.data[index.reduce((p, v, a) => p * x.shape[a] + v, 0)]);
      return { shape: found.shape, data };
    },
    views: true,
  }),
  ...[false, true].map((accumulate) =>
    property<Indexed & { value: number[] }>({
      name: 'indexPut',
      title: accumulate ? 'added' : 'written',
      draw: calls(
        fc.tuple(indices, fc.nat({ max: 3 })).map(([o, cut]) => {
          const found = reference.indexed(o.x, o.parts);
          const shape = found instanceof Illegal ? [] : found.shape;
          return { ...o, value: cut === 0 ? [] : cut === 1 ? shape.slice(1) : shape };
        }),
        (o) => [floats(o.x), floats(o.value)],
      ),
      call: ([x, value], o) => ops.indexPut(x, o.parts.map(indexOf), value, { accumulate }),
      reference: ([x, value], o) => put(x, value, o.parts, accumulate),
      // Ids may meet: then the last is written, and differences do not say which gradient the others get.
      differentiable: accumulate,
    }),
  ),
];

export const indexing: readonly Proof[] = [...along, ...axisIds, ...masks, ...general];
