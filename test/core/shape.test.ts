import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  broadcastShapes,
  broadcastStrides,
  checkAxes,
  checkAxis,
  checkShape,
  MAX_ELEMENTS,
  MAX_RANK,
  mergeAxes,
  PlanKind,
  planBroadcast,
  type Shape,
  sameShape,
  sizeOf,
  stridesOf,
} from '../../src/core/shape.ts';
import { LimitError, ShapeError } from '../../src/errors.ts';

/** Every index of `shape` in row-major order. */
function indices(shape: Shape): number[][] {
  return shape.reduce<number[][]>(
    (all, dim) => all.flatMap((index) => Array.from({ length: dim }, (_, i) => [...index, i])),
    [[]],
  );
}

const dot = (index: readonly number[], strides: readonly number[]) => index.reduce((s, v, i) => s + v * strides[i], 0);

const smallShape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });

/** Two shapes that broadcast: axes of a common shape, each kept, made 1, or cut off at the front. */
const broadcastPair = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.boolean(), fc.boolean()), { maxLength: 4 })
  .chain((axes) => fc.tuple(fc.constant(axes), fc.nat(axes.length), fc.nat(axes.length)))
  .map(([axes, cutA, cutB]) => {
    const a = axes.map(([dim, one]) => (one ? 1 : dim)).slice(cutA);
    const b = axes.map(([dim, , one]) => (one ? 1 : dim)).slice(cutB);
    return [a, b] as const;
  });

describe('checkShape', () => {
  test('gives the number of elements', () => {
    expect(checkShape('zeros', [])).toBe(1);
    expect(checkShape('zeros', [2, 3, 4])).toBe(24);
    expect(checkShape('zeros', [5, 0, 7])).toBe(0);
    expect(checkShape('zeros', [MAX_ELEMENTS])).toBe(MAX_ELEMENTS);
  });

  test.each([
    [[-1]],
    [[1.5]],
    [[Number.NaN]],
    [[-0]],
    [[Infinity]],
    [['3']],
    [[2, null]],
    [3],
    ['23'],
    [{ length: 0 }],
  ])('%j is no shape', (shape) => {
    expect(() => checkShape('zeros', shape as unknown as Shape)).toThrow(ShapeError);
  });

  test.each([
    [[4194305, 4194305, 211106198978564]],
    [[2 ** 31]],
    [[2 ** 31, 2]],
    [[65536, 32768]],
    [[2 ** 53]],
    [[2 ** 600, 2 ** 600]],
    [[0, 2 ** 40, 2 ** 40]],
    [[2 ** 40, 0]],
    [new Array(MAX_RANK + 1).fill(1)],
  ])('%j is past the limit', (shape) => {
    expect(() => checkShape('zeros', shape)).toThrow(LimitError);
  });

  test('agrees with exact integers on every product', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(70000), { maxLength: 5 }), (shape) => {
        const product = shape.filter((d) => d > 0).reduce((p, d) => p * BigInt(d), 1n);
        if (product > BigInt(MAX_ELEMENTS)) expect(() => checkShape('zeros', shape)).toThrow(LimitError);
        else expect(checkShape('zeros', shape)).toBe(shape.includes(0) ? 0 : Number(product));
      }),
    );
  });
});

describe('strides and sizes', () => {
  test('row-major order', () => {
    expect(stridesOf([2, 3, 4])).toEqual([12, 4, 1]);
    expect(stridesOf([])).toEqual([]);
    fc.assert(
      fc.property(smallShape, (shape) => {
        const places = indices(shape).map((index) => dot(index, stridesOf(shape)));
        expect(places).toEqual(places.map((_, i) => i));
        expect(sizeOf(shape)).toBe(places.length);
      }),
    );
  });

  test('sameShape compares rank and every axis', () => {
    expect(sameShape([2, 3], [2, 3])).toBe(true);
    expect(sameShape([2, 3], [3, 2])).toBe(false);
    expect(sameShape([2, 3], [2, 3, 1])).toBe(false);
    expect(sameShape([], [])).toBe(true);
  });
});

describe('axes', () => {
  test('negative ones count from the back', () => {
    expect([0, 1, 2, -1, -3].map((axis) => checkAxis('sum', axis, 3))).toEqual([0, 1, 2, 2, 0]);
  });

  test.each([3, -4, 0.5, Number.NaN, Infinity])('axis %d of three is refused', (axis) => {
    expect(() => checkAxis('sum', axis, 3)).toThrow(ShapeError);
  });

  test('the message says which axes there are', () => {
    expect(() => checkAxis('sum', 3, 3)).toThrow('sum: axis out of range: got 3, expected -3 to 2');
    expect(() => checkAxis('sum', 0, 0)).toThrow('expected a tensor with axes');
  });

  test('lists come sorted; none at all, or an empty list, means every axis', () => {
    expect(checkAxes('sum', [-1, 0], 3)).toEqual([0, 2]);
    expect(checkAxes('sum', 1, 3)).toEqual([1]);
    expect(checkAxes('sum', undefined, 3)).toEqual([0, 1, 2]);
    expect(checkAxes('sum', null, 2)).toEqual([0, 1]);
    expect(checkAxes('sum', [], 2)).toEqual([0, 1]);
  });

  test('an axis named twice is refused, under either name', () => {
    expect(() => checkAxes('sum', [1, 1], 3)).toThrow(ShapeError);
    expect(() => checkAxes('sum', [0, -3], 3)).toThrow('an axis is named twice');
  });

  test('a scalar takes axis 0 and −1', () => {
    expect(checkAxes('sum', 0, 0)).toEqual([]);
    expect(checkAxes('sum', -1, 0)).toEqual([]);
    expect(() => checkAxes('sum', 1, 0)).toThrow(ShapeError);
  });
});

describe('broadcastShapes', () => {
  test.each([
    [
      [2, 3],
      [2, 3],
      [2, 3],
    ],
    [[2, 3], [3], [2, 3]],
    [
      [2, 1],
      [1, 3],
      [2, 3],
    ],
    [[], [4], [4]],
    [
      [4, 1, 6],
      [5, 1],
      [4, 5, 6],
    ],
    [
      [0, 3],
      [1, 3],
      [0, 3],
    ],
    [[1], [0], [0]],
  ])('%j with %j is %j', (a, b, out) => {
    expect(broadcastShapes('add', a, b)).toEqual(out);
    expect(broadcastShapes('add', b, a)).toEqual(out);
  });

  test.each([
    [[2, 3], [2]],
    [[0], [2]],
    [
      [4, 3],
      [5, 4, 2],
    ],
  ])('%j with %j is refused, with both shapes and the axis', (a, b) => {
    expect(() => broadcastShapes('add', a, b)).toThrow(ShapeError);
    expect(() => broadcastShapes('add', a, b)).toThrow(`[${a.join(', ')}] and [${b.join(', ')}]`);
  });
});

/** The places that a plan makes its kernel read, for a and for b. */
function placesOf(a: Shape, b: Shape): [number, number][] {
  const { kind, size, layout } = planBroadcast('add', a, b);
  const flat = Array.from({ length: size }, (_, i) => i);
  if (kind === PlanKind.same) return flat.map((i) => [i, i]);
  if (kind === PlanKind.scalarA) return flat.map((i) => [0, i]);
  if (kind === PlanKind.scalarB) return flat.map((i) => [i, 0]);
  const [rank, ...rest] = Array.from(layout ?? []);
  const [dims, aStrides, bStrides] = [0, 1, 2].map((part) => rest.slice(part * rank, (part + 1) * rank));
  return indices(dims).map((index) => [dot(index, aStrides), dot(index, bStrides)]);
}

describe('planBroadcast', () => {
  test('reads, for every element, what the shapes say', () => {
    fc.assert(
      fc.property(broadcastPair, ([a, b]) => {
        const out = broadcastShapes('add', a, b);
        const strides = [a, b].map((shape) => broadcastStrides(shape, out));
        const want = indices(out).map((index) => strides.map((s) => dot(index, s)));
        expect(planBroadcast('add', a, b).shape).toEqual(out);
        if (want.length > 0) expect(placesOf(a, b)).toEqual(want);
      }),
      { numRuns: 1000 },
    );
  });

  test('takes the cheapest kind that fits', () => {
    const kind = (a: Shape, b: Shape) => planBroadcast('add', a, b).kind;
    expect(kind([2, 3], [2, 3])).toBe(PlanKind.same);
    expect(kind([2, 3], [1, 2, 3])).toBe(PlanKind.same);
    expect(kind([2, 3], [])).toBe(PlanKind.scalarB);
    expect(kind([1, 1], [2, 3])).toBe(PlanKind.scalarA);
    expect(kind([2, 3], [3])).toBe(PlanKind.strided);
    expect(kind([1], [1, 1])).toBe(PlanKind.same);
  });

  test('merges axes that both operands walk in one stride', () => {
    expect([...(planBroadcast('add', [4, 5, 6], [5, 6]).layout ?? [])]).toEqual([2, 4, 30, 30, 1, 0, 1]);
    expect([...(planBroadcast('add', [4, 5, 6], [4, 1, 1]).layout ?? [])]).toEqual([2, 4, 30, 30, 1, 1, 0]);
    expect([...(planBroadcast('add', [2, 1, 3, 1], [1, 1, 3, 1]).layout ?? [])]).toEqual([2, 2, 3, 3, 1, 0, 1]);
  });

  test('refuses a result past the limit', () => {
    expect(() => planBroadcast('add', [70000, 1], [1, 70000])).toThrow(LimitError);
  });
});

describe('mergeAxes', () => {
  test('drops axes of length 1; nothing left is one element', () => {
    const twice = (strides: number[]) => [strides, strides] as const;
    expect([...mergeAxes([1, 1], twice([5, 5]))]).toEqual([1, 1, 0, 0]);
    expect([...mergeAxes([], twice([]))]).toEqual([1, 1, 0, 0]);
    expect([...mergeAxes([1, 3], twice([7, 2]))]).toEqual([1, 3, 2, 2]);
  });

  test('keeps what only one operand walks in one stride', () => {
    expect([
      ...mergeAxes(
        [2, 3],
        [
          [3, 1],
          [1, 2],
        ],
      ),
    ]).toEqual([2, 2, 3, 3, 1, 1, 2]);
  });
});
