/** Properties of the operations that move elements. */

import * as fc from 'fast-check';
import * as ops from '../../../src/ops/index.ts';
import type { Tensor } from '../../../src/tensor.ts';
import { mulberry } from '../../support/sampler.ts';
import { axisIn, calls, floats, ints, one, seeds, shapes } from '../draw.ts';
import { type Proof, type Property, property } from '../prove.ts';
import * as reference from '../reference/movement.ts';
import { axisOf, build, Illegal, measured, type Value } from '../reference/value.ts';

/** One tensor, options by its shape; may give a view. */
export function moving<O>(
  name: string,
  options: (shape: number[]) => fc.Arbitrary<O>,
  call: (x: Tensor, options: O) => Tensor | readonly Tensor[],
  refer: (x: Value, options: O) => Value | readonly Value[] | Illegal,
  more: Partial<Property<O>> = {},
): Proof {
  return property<O>({
    name,
    draw: one(shapes(), options),
    call: ([x], o) => call(x, o),
    reference: ([x], o) => refer(x, o),
    integers: true,
    views: true,
    ...more,
  });
}

/** Shapes of as many elements: axes merged, cut, one left open; now and then one that does not fit. */
function otherShape(shape: readonly number[], seed: number): number[] {
  const draw = mulberry(seed);
  const out = [...shape];
  for (let step = 0; step < 4; step++) {
    const at = Math.floor(draw() * (out.length + 1));
    if (draw() < 0.5 && at + 1 < out.length) out.splice(at, 2, out[at] * out[at + 1]);
    else if (out[at] === 4) out.splice(at, 1, 2, 2);
    else out.splice(at, 0, 1);
  }
  if (out.length > 0 && draw() < 0.4) out[Math.floor(draw() * out.length)] = -1;
  if (draw() < 0.15) out.push(draw() < 0.5 ? 2 : -1);
  return out;
}

const near = (n: number): fc.Arbitrary<number> => fc.integer({ min: -n - 2, max: n + 2 });
const axisAnd = <T>(shape: number[], other: (length: number) => fc.Arbitrary<T>): fc.Arbitrary<[number, T]> =>
  axisIn(shape.length).chain((axis) => fc.tuple(fc.constant(axis), other(shape[axisOf(axis, shape.length) ?? 0] ?? 1)));

/** Sizes of parts that add up to `n`, or now and then do not. */
function cuts(n: number): fc.Arbitrary<number[]> {
  return fc.tuple(fc.array(fc.nat({ max: n }), { maxLength: 3 }), fc.nat({ max: 9 })).map(([at, odd]) => {
    const ends = [...at, n].sort((a, b) => a - b);
    return ends.map((end, i) => end - (ends[i - 1] ?? 0) + (odd === 0 && i === 0 ? 1 : 0));
  });
}

const shaped: readonly Proof[] = [
  moving(
    'reshape',
    (shape) => seeds.map((seed) => otherShape(shape, seed)),
    (x, shape) => ops.reshape(x, shape),
    reference.reshape,
  ),
  moving(
    'flatten',
    (shape) => fc.tuple(axisIn(shape.length), axisIn(shape.length)),
    (x, [start, end]) => ops.flatten(x, start, end),
    (x, [start, end]) => reference.flatten(x, start, end),
    { proves: [] },
  ),
  moving(
    'squeeze',
    (shape) =>
      fc.oneof(fc.constant(undefined), axisIn(shape.length), fc.subarray(shape.map((_, i) => i - shape.length))),
    (x, axes) => ops.squeeze(x, axes),
    reference.squeeze,
    { proves: [] },
  ),
  moving('unsqueeze', (shape) => axisIn(shape.length + 1), ops.unsqueeze, reference.unsqueeze, { proves: [] }),
  moving(
    'permute',
    (shape) => {
      const all = shape.map((_, i) => i);
      const turned = fc.tuple(fc.shuffledSubarray(all, { minLength: all.length }), fc.nat({ max: 9 }));
      return turned.map(([list, odd]) =>
        odd === 0 ? list.slice(1) : odd === 1 ? [...list, 0] : list.map((a, i) => (i % 2 === 0 ? a : a - all.length)),
      );
    },
    ops.permute,
    reference.permute,
  ),
  moving(
    'transpose',
    (shape) => fc.tuple(axisIn(shape.length), axisIn(shape.length)),
    (x, [a, b]) => ops.transpose(x, a, b),
    (x, [a, b]) => reference.transpose(x, a, b),
    { proves: [] },
  ),
  moving(
    'expand',
    (shape) =>
      seeds.map((seed) => {
        const draw = mulberry(seed);
        const lead = Array.from({ length: Math.floor(draw() * 3) }, () => 1 + Math.floor(draw() * 2));
        const own = shape.map((d) => (d === 1 && draw() < 0.7 ? Math.floor(draw() * 4) : draw() < 0.3 ? -1 : d));
        if (draw() < 0.1 && own.length > 0) own[0] += 2;
        return draw() < 0.05 ? own.slice(1) : [...lead, ...own];
      }),
    (x, shape) => ops.expand(x, shape),
    reference.expand,
  ),
];

const parts: readonly Proof[] = [
  moving(
    'slice',
    (shape) =>
      axisAnd(shape, (n) =>
        fc.tuple(
          fc.constantFrom(0, 0, 1, -n, -2, n + 1),
          fc.option(near(n), { freq: 1 }),
          fc.constantFrom(1, 1, 1, 2, 3, 0),
        ),
      ),
    (x, [axis, [start, end, step]]) => ops.slice(x, axis, start, end, step),
    (x, [axis, [start, end, step]]) => reference.slice(x, axis, start, end, step),
    { proves: ['slice', 'place'] },
  ),
  moving(
    'narrow',
    (shape) =>
      axisAnd(shape, (n) =>
        fc
          .nat({ max: Math.max(0, n - 1) })
          .chain((start) =>
            fc.tuple(
              fc.constantFrom(start, start, n === 0 ? 0 : start - n, -n - 1),
              fc.constantFrom(n - start, n - start, Math.max(0, n - start - 1), 0, n),
            ),
          ),
      ),
    (x, [axis, [start, length]]) => ops.narrow(x, axis, start, length),
    (x, [axis, [start, length]]) => reference.narrow(x, axis, start, length),
    { proves: [] },
  ),
  moving(
    'select',
    (shape) => axisAnd(shape, (n) => fc.integer({ min: -n - 1, max: n })),
    (x, [axis, index]) => ops.select(x, axis, index),
    (x, [axis, index]) => reference.select(x, axis, index),
    { proves: [] },
  ),
  moving(
    'split',
    (shape) => axisAnd(shape, (n) => fc.oneof(fc.integer({ min: 0, max: n + 1 }), cuts(n))),
    (x, [axis, size]) => ops.split(x, size, axis),
    (x, [axis, size]) => reference.split(x, size, axis),
  ),
  moving(
    'chunk',
    (shape) => axisAnd(shape, () => fc.integer({ min: 0, max: 5 })),
    (x, [axis, count]) => ops.chunk(x, count, axis),
    (x, [axis, count]) => reference.chunk(x, count, axis),
    { proves: [] },
  ),
];

interface Joined {
  readonly shapes: number[][];
  readonly axis: number;
}

/** Shapes that differ along one axis if `free`, and one time in ten along another. */
function joined(free: boolean): fc.Arbitrary<Joined> {
  return shapes(free ? 1 : 0, 4).chain((shape) =>
    fc.tuple(axisIn(shape.length + (free ? 0 : 1)), fc.integer({ min: 1, max: 3 }), seeds).map(([axis, n, seed]) => {
      const draw = mulberry(seed);
      const found = axisOf(axis, shape.length);
      const list = Array.from({ length: n }, () =>
        shape.map((d, i) => {
          if (free && i === found) return Math.floor(draw() * 4);
          return draw() < 0.05 ? d + 1 : d;
        }),
      );
      if (free && draw() < 0.2) list.push([0]);
      return { shapes: list, axis };
    }),
  );
}

const joins: readonly Proof[] = [
  property<Joined>({
    name: 'cat',
    draw: calls(joined(true), (o) => o.shapes.map((s) => floats(s))),
    call: (xs, { axis }) => ops.cat(xs, axis),
    reference: (xs, { axis }) => reference.cat(xs, axis),
    integers: true,
    views: true,
  }),
  property<Joined>({
    name: 'stack',
    proves: [],
    draw: calls(joined(false), (o) => o.shapes.map((s) => floats(s))),
    call: (xs, { axis }) => ops.stack(xs, axis),
    reference: (xs, { axis }) => reference.stack(xs, axis),
    integers: true,
    views: true,
  }),
];

interface Indexed {
  readonly shape: number[];
  readonly axis: number;
  readonly count: number | null;
  /** One past the largest id. */
  readonly high: number;
  readonly odd: boolean;
}

const indexed: fc.Arbitrary<Indexed> = shapes(1, 4).chain((shape) =>
  axisIn(shape.length).chain((axis) =>
    fc.record({ count: fc.option(fc.nat({ max: 5 }), { freq: 8 }), odd: fc.nat({ max: 9 }) }).map(({ count, odd }) => {
      const n = shape[axisOf(axis, shape.length) ?? 0];
      return { shape, axis, count: n === 0 ? 0 : count, high: Math.max(1, n) + (odd === 0 ? 1 : 0), odd: odd === 1 };
    }),
  ),
);
const idsOf = ({ count, high }: Indexed) => ints(count === null ? [] : [count], 0, high);

const rows: readonly Proof[] = [
  property<Indexed>({
    name: 'indexSelect',
    proves: ['gatherRows', 'indexSelect'],
    draw: calls(indexed, (o) => [floats(o.shape), idsOf(o)]),
    call: ([x, ids], { axis }) => ops.indexSelect(x, axis, ids),
    reference: ([x, ids], { axis }) => {
      const found = axisOf(axis, x.shape.length);
      if (found === null || ids.data.some((id) => id >= x.shape[found])) return new Illegal();
      return reference.take(x, found, ids.data);
    },
  }),
  property<Indexed>({
    name: 'indexAdd',
    proves: ['addRows', 'indexAdd'],
    draw: calls(indexed, (o) => {
      const found = axisOf(o.axis, o.shape.length) ?? 0;
      const source = o.shape.map((d, i) => (i === found ? (o.count ?? 1) : d + (o.odd ? 1 : 0)));
      return [floats(o.shape), idsOf(o), floats(source)];
    }),
    call: ([x, ids, source], { axis, odd }) => ops.indexAdd(x, axis, ids, source, { alpha: odd ? 1 : 2 }),
    reference: ([x, ids, source], { axis, odd }) => reference.indexAdd(x, axis, ids, source, odd ? 1 : 2),
  }),
  property<{ ids: number[]; table: number[]; high: number; padding: number | null }>({
    name: 'embedding',
    proves: [],
    draw: calls(
      fc
        .tuple(shapes(0, 3), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4 }), fc.nat({ max: 9 }))
        .map(([ids, v, e, odd]) => ({
          ids,
          table: odd === 0 ? [v, e, 2] : [v, e],
          high: v + (odd === 1 ? 1 : 0),
          padding: odd === 2 ? v : odd < 6 ? (odd % v) - (odd === 5 ? v : 0) : null,
        })),
      (o) => [ints(o.ids, 0, o.high), floats(o.table)],
    ),
    call: ([ids, table], { padding }) => ops.embedding(ids, table, { paddingIdx: padding }),
    reference: ([ids, table], { padding }) => {
      if (table.shape.length !== 2) return new Illegal([table.shape]);
      const [v, e] = table.shape;
      if (ids.data.some((id) => id >= v) || (padding !== null && axisOf(padding, v) === null)) return new Illegal();
      return build([...ids.shape, e], (index) => {
        const id = ids.data[placeIn(ids.shape, index)];
        return table.data[id * e + index[index.length - 1]];
      });
    },
    // The row of the padding has values and no gradient, which differences do not know.
    differentiable: false,
  }),
  property<{ ids: number[]; table: number[] }>({
    name: 'embedding',
    title: 'scaleGradByFreq',
    proves: [],
    draw: calls(
      fc
        .tuple(shapes(0, 3), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 4 }))
        .map(([ids, v, e]) => ({ ids, table: [v, e] })),
      (o) => [ints(o.ids, 0, o.table[0]), floats(o.table)],
    ),
    // A mean over k occurrences is no derivative; k times that mean is, and the values are subtracted again.
    call: ([ids, table]) => {
      const list = [...ids.data];
      const occurrences = list.map((id) => list.filter((other) => other === id).length);
      const counts = ops.tensor(new Float64Array(occurrences), { dtype: table.dtype, shape: [...ids.shape, 1] });
      const mean = ops.embedding(ids, table, { scaleGradByFreq: true });
      return ops.sub(ops.mul(mean, counts), ops.mul(mean.detach(), ops.sub(counts, 1)));
    },
    reference: ([ids, table]) => {
      const [, e] = table.shape;
      return measured([...ids.shape, e], (index) => {
        const sum = table.data[ids.data[placeIn(ids.shape, index)] * e + index[index.length - 1]];
        return { sum, bound: 8 * ids.data.length * Math.abs(sum) };
      });
    },
  }),
  property<{ ids: number[]; classes: number | null; high: number }>({
    name: 'oneHot',
    draw: calls(
      fc.tuple(shapes(0, 3), fc.integer({ min: 1, max: 5 }), fc.nat({ max: 9 })).map(([ids, classes, odd]) => ({
        ids,
        classes: odd === 0 ? null : classes,
        high: classes + (odd === 1 ? 1 : 0),
      })),
      (o) => [ints(o.ids, 0, o.high)],
    ),
    call: ([ids], { classes }) => ops.oneHot(ids, classes),
    reference: ([ids], { classes }) => {
      const n = classes ?? Math.max(0, ...ids.data.map((id) => id + 1));
      if (ids.data.some((id) => id >= n)) return new Illegal();
      return build(
        [...ids.shape, n],
        (index) => Number(ids.data[placeIn(ids.shape, index)] === index[index.length - 1]),
        { dtype: 'int32' },
      );
    },
    differentiable: false,
  }),
];

/** The place, in row-major order, of the leading axes of an index tuple. */
function placeIn(shape: readonly number[], index: readonly number[]): number {
  return shape.reduce((place, d, i) => place * d + index[i], 0);
}

export const movement: readonly Proof[] = [...shaped, ...parts, ...joins, ...rows];
