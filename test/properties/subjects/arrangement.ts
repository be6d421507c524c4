/** Properties of what rearranges, repeats, mirrors and borders. */

import * as fc from 'fast-check';
import * as ops from '../../../src/ops/index.ts';
import { axisIn, calls, floats, shapes } from '../draw.ts';
import { type Proof, property } from '../prove.ts';
import * as reference from '../reference/arrangement.ts';
import type { Dims } from '../reference/value.ts';
import { moving } from './movement.ts';

const offset = fc.integer({ min: -3, max: 3 });
/** Two axes, mostly different ones. */
const plane = (rank: number): fc.Arbitrary<[number, number]> =>
  fc
    .oneof(
      { weight: 8, arbitrary: fc.tuple(fc.nat({ max: Math.max(0, rank - 1) }), fc.integer({ min: 1, max: 2 })) },
      fc.constant<[number, number]>([0, 0]),
    )
    .map(([a, step]) => [a, a + step < rank ? a + step : a - step] as [number, number]);

const rearranged: readonly Proof[] = [
  moving(
    'movedim',
    (shape) => {
      const all = shape.map((_, i) => i);
      return fc
        .nat({ max: shape.length })
        .chain((n) =>
          fc.tuple(
            fc.shuffledSubarray(all, { minLength: n, maxLength: n }),
            fc.shuffledSubarray(all, { minLength: n, maxLength: n }),
            fc.nat({ max: 9 }),
          ),
        );
    },
    (x, [source, destination, odd]) => ops.movedim(x, odd === 0 ? [...source, 0] : source, destination),
    (x, [source, destination, odd]) => reference.movedim(x, odd === 0 ? [...source, 0] : source, destination),
  ),
  moving(
    'repeat',
    (shape) =>
      fc.array(fc.integer({ min: 0, max: 2 }), {
        minLength: Math.max(0, shape.length - 1),
        maxLength: shape.length + 1,
        size: 'max',
      }),
    (x, counts) => ops.repeat(x, counts),
    reference.repeat,
  ),
  moving(
    'tile',
    (shape) => fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: shape.length + 1 }),
    (x, counts) => ops.tile(x, counts),
    (x, counts) => {
      const missing = Math.max(0, x.shape.length - counts.length);
      return reference.repeat(x, [...new Array<number>(missing).fill(1), ...counts]);
    },
    { proves: [] },
  ),
  moving(
    'unfold',
    (shape) => fc.tuple(axisIn(shape.length), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 3 })),
    (x, [axis, size, step]) => ops.unfold(x, axis, size, step),
    (x, [axis, size, step]) => reference.unfold(x, axis, size, step),
    { proves: ['unfold', 'fold'] },
  ),
  moving(
    'flip',
    (shape) => fc.oneof(fc.constant(null), axisIn(shape.length), fc.subarray(shape.map((_, i) => i - shape.length))),
    (x, list) => ops.flip(x, list),
    reference.flip,
  ),
  moving<[number[], number[] | null]>(
    'roll',
    (shape) =>
      fc.array(fc.tuple(fc.integer({ min: -5, max: 5 }), axisIn(shape.length)), { maxLength: 3 }).map((list) => {
        if (list.length === 0) return [[3], null];
        return [list.map(([by]) => by), list.map(([, axis]) => axis)];
      }),
    (x, [shifts, list]) => ops.roll(x, shifts, list),
    (x, [shifts, list]) => reference.roll(x, shifts, list),
  ),
  moving(
    'rot90',
    (shape) => fc.tuple(fc.integer({ min: -3, max: 5 }), plane(shape.length)),
    (x, [turns, list]) => ops.rot90(x, turns, list),
    (x, [turns, list]) => reference.rot90(x, turns, list),
  ),
  moving('unbind', (shape) => axisIn(shape.length), ops.unbind, reference.unbind, { proves: [] }),
];

const diagonals: readonly Proof[] = [
  moving(
    'diagonal',
    (shape) => fc.tuple(offset, plane(shape.length)),
    (x, [by, [axis1, axis2]]) => ops.diagonal(x, { offset: by, axis1, axis2 }),
    (x, [by, [axis1, axis2]]) => reference.diagonal(x, by, axis1, axis2),
  ),
  moving(
    'diagEmbed',
    (shape) => fc.tuple(offset, plane(shape.length + 1)),
    (x, [by, [axis1, axis2]]) => ops.diagEmbed(x, { offset: by, axis1, axis2 }),
    (x, [by, [axis1, axis2]]) => reference.diagEmbed(x, by, axis1, axis2),
    { sparse: true },
  ),
  ...(['diag', 'trace'] as const).map((name) =>
    property<number>({
      name,
      proves: name === 'diag' ? [] : ['trace'],
      draw: calls(fc.tuple(shapes(1, 2), offset, fc.nat({ max: 9 })), ([shape, , odd]) => [
        floats(
          odd === 0 ? [...shape, 2, 2] : name === 'trace' && odd > 2 ? [3, ...shape.slice(1), 2].slice(0, 2) : shape,
        ),
      ]).map((drawn) => ({ ...drawn, options: drawn.options[1] })),
      call: ([x], by) => (name === 'diag' ? ops.diag(x, by) : ops.trace(x)),
      reference: ([x], by) => (name === 'diag' ? reference.diag(x, by) : reference.trace(x)),
      integers: name === 'diag',
      sparse: true,
    }),
  ),
  ...(['tril', 'triu'] as const).map((name) =>
    moving(
      name,
      () => offset,
      (x, by) => (name === 'tril' ? ops.tril(x, by) : ops.triu(x, by)),
      (x, by) => reference.triangle(x, by, name === 'tril'),
      { proves: ['triangle'], views: false },
    ),
  ),
];

interface Bordered {
  readonly widths: number[];
  readonly mode: reference.Mode;
  readonly value: number;
}

const bordered = (shape: number[]): fc.Arbitrary<Bordered> =>
  fc.record({
    widths: fc
      .array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 })), {
        maxLength: Math.min(2, shape.length + (shape.length === 0 ? 1 : 0)),
      })
      .map((pairs) => pairs.flat()),
    mode: fc.constantFrom('constant', 'reflect', 'replicate', 'circular'),
    value: fc.constantFrom(0, -1.5),
  });

const joined: readonly Proof[] = [
  moving(
    'pad',
    bordered,
    (x, { widths, mode, value }) => ops.pad(x, widths, { mode, value: mode === 'constant' ? value : 0 }),
    (x, { widths, mode, value }) => reference.pad(x, widths, mode, value),
    { proves: ['pad', 'unpad'], integers: false },
  ),
  moving(
    'pad',
    (shape) => fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 0, maxLength: 2 * Math.min(2, shape.length) }),
    (x, widths) => ops.pad(x, widths),
    (x, widths) => reference.pad(x, widths, 'constant', 0),
    { title: 'cut off', proves: [] },
  ),
  property<{ lengths: Dims[]; xy: boolean }>({
    name: 'meshgrid',
    draw: calls(
      fc.record({
        lengths: fc.array(fc.oneof({ weight: 9, arbitrary: shapes(0, 1) }, fc.constant([2, 2])), {
          minLength: 1,
          maxLength: 3,
        }),
        xy: fc.boolean(),
      }),
      ({ lengths }) => lengths.map((s) => floats(s)),
    ),
    call: (xs, { xy }) => ops.meshgrid(xs, { indexing: xy ? 'xy' : 'ij' }),
    reference: (xs, { xy }) => reference.meshgrid(xs, xy),
    views: true,
    integers: true,
  }),
  property<number[][]>({
    name: 'cartesianProd',
    proves: [],
    draw: calls(fc.array(shapes(1, 1), { minLength: 1, maxLength: 3 }), (list) => list.map((s) => floats(s))),
    call: (xs) => ops.cartesianProd(...xs),
    reference: (xs) => reference.cartesian(xs),
    views: true,
    integers: true,
  }),
];

export const arrangement: readonly Proof[] = [...rearranged, ...diagonals, ...joined];
