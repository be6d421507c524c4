/** What the properties are run on: random shapes, legal and illegal, random values and options. */

import * as fc from 'fast-check';
import { mulberry } from '../support/sampler.ts';
import type { Dims } from './reference/value.ts';

/** How the values of an operand are made; `smooth` asks for values away from kinks and ties, as differences need. */
export type Fill = (draw: () => number, n: number, smooth: boolean) => number[];

export interface Operand {
  readonly shape: Dims;
  readonly fill: Fill;
  /** Missing: the float dtype under test. */
  readonly dtype?: 'int32' | 'bool';
}

/** One call: operands without their values, options, and the seed of the values. */
export interface Drawn<O> {
  readonly operands: readonly Operand[];
  readonly options: O;
  readonly seed: number;
}

function gaussian(draw: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
}

/** Every value fits float32, so that both dtypes and the reference begin with the same numbers. */
const single = Math.fround;

/** Standard normal; half of the draws also small and large ones, and whole numbers that tie. */
export const normal: Fill = (draw, n, smooth) => {
  const style = smooth ? 0 : Math.floor(draw() * 4);
  return Array.from({ length: n }, () => {
    if (style === 2) return single(gaussian(draw) * 10 ** (4 * draw() - 3));
    if (style === 3) return Math.floor(draw() * 7) - 3;
    return single(gaussian(draw));
  });
};

/** Normal, but at least `gap` from every kink. */
export function away(kinks: readonly number[], gap = 0.01): Fill {
  return (draw, n, smooth) => {
    if (!smooth) return normal(draw, n, false);
    return Array.from({ length: n }, () => {
      for (;;) {
        const v = single(1.5 * gaussian(draw));
        if (kinks.every((k) => Math.abs(v - k) > gap)) return v;
      }
    });
  };
}

/** Uniform in [low, high). */
export function uniform(low: number, high: number): Fill {
  return (draw, n) => Array.from({ length: n }, () => single(low + (high - low) * draw()));
}

/** Values at least 0.02 apart from each other and from 0 where differences are taken, ties among the others. */
export const distinct: Fill = (draw, n, smooth) => {
  if (!smooth) return normal(draw, n, false);
  const values = Array.from({ length: n }, (_, i) => single((i % 2 === 0 ? 1 : -1) * (0.1 + 0.05 * i + 0.01 * draw())));
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(draw() * (i + 1));
    [values[i], values[j]] = [values[j], values[i]];
  }
  return values;
};

/** Whole numbers in [low, high). */
export function whole(low: number, high: number): Fill {
  return (draw, n) => Array.from({ length: n }, () => low + Math.floor(draw() * (high - low)));
}

/** 1 and −1. */
export const sides: Fill = (draw, n) => Array.from({ length: n }, () => (draw() < 0.5 ? -1 : 1));

export const ints = (shape: Dims, low: number, high: number): Operand => ({
  shape,
  fill: whole(low, high),
  dtype: 'int32',
});
export const bools = (shape: Dims): Operand => ({ shape, fill: whole(0, 2), dtype: 'bool' });
export const floats = (shape: Dims, fill: Fill = normal): Operand => ({ shape, fill });

/** The values of the operands of a call. */
export function valuesOf<O>({ operands, seed }: Drawn<O>, smooth: boolean): number[][] {
  const draw = mulberry(seed);
  return operands.map(({ shape, fill }) =>
    fill(
      draw,
      shape.reduce((n, d) => n * d, 1),
      smooth,
    ),
  );
}

/** The length of an axis: mostly a few, now and then none. */
export const length = fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 4 }) }, fc.constant(0));

/** Shapes of rank `low` to `high`, of at most 200 elements. */
export function shapes(low = 0, high = 5): fc.Arbitrary<number[]> {
  return fc.array(length, { minLength: low, maxLength: high, size: 'max' }).map(limited);
}

/** Shortens the longest axes until there are few enough elements for a slow reference. */
function limited(shape: number[]): number[] {
  const out = [...shape];
  while (out.reduce((n, d) => n * Math.max(1, d), 1) > 200) out[out.indexOf(Math.max(...out))]--;
  return out;
}

/** What becomes of a shape that is broadcast: leading axes go, axes turn to 1; now and then one that does not fit. */
function narrowed(shape: readonly number[], draw: () => number): number[] {
  const style = draw();
  if (style < 0.3) return [...shape];
  const cut = style < 0.5 ? Math.floor(draw() * (shape.length + 1)) : 0;
  const out = shape.slice(cut).map((d) => (draw() < 0.3 ? 1 : d));
  if (draw() < 0.15 && out.length > 0) out[Math.floor(draw() * out.length)] += 1 + Math.floor(draw() * 2);
  return out;
}

/** `n` shapes that mostly broadcast together. */
export function broadcasting(n: number, high = 5): fc.Arbitrary<number[][]> {
  return fc.tuple(shapes(0, high), seeds).map(([shape, seed]) => {
    const draw = mulberry(seed);
    return Array.from({ length: n }, () => narrowed(shape, draw));
  });
}

export const seeds = fc.noShrink(fc.integer({ min: 0, max: 2 ** 31 - 1 }));

/** An axis of a tensor of that rank, from either end; one time in ten there is no such axis. */
export function axisIn(rank: number): fc.Arbitrary<number> {
  const span = Math.max(1, rank);
  return fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: -span, max: span - 1 }) },
    fc.constantFrom(span, -span - 1, span + 2),
  );
}

/** Axes for a reduction: none named, one, or several. */
export function axesIn(rank: number): fc.Arbitrary<number | number[] | null> {
  return fc.oneof(
    fc.constant(null),
    axisIn(rank),
    fc.array(axisIn(rank), { maxLength: Math.max(1, rank) }),
    fc.subarray(Array.from({ length: rank }, (_, i) => i)),
  );
}

/** A call of one operand by its shape, with options that may depend on it. */
export function one<O>(
  shape: fc.Arbitrary<number[]>,
  options: (shape: number[]) => fc.Arbitrary<O>,
  fill: Fill = normal,
): fc.Arbitrary<Drawn<O>> {
  return shape.chain((s) =>
    fc.record({ options: options(s), seed: seeds }).map(({ options: o, seed }) => ({
      operands: [floats(s, fill)],
      options: o,
      seed,
    })),
  );
}

/** A call by whatever describes it: operands are made of what was drawn. */
export function calls<O>(drawn: fc.Arbitrary<O>, operands: (o: O) => readonly Operand[]): fc.Arbitrary<Drawn<O>> {
  return fc.tuple(drawn, seeds).map(([options, seed]) => ({ operands: operands(options), options, seed }));
}
