/** unary, binary, compare, select against one formula an element. */

import { describe, test } from 'vitest';
import { BinaryOp, CompareOp, UnaryOp } from '../../../src/backend/opcodes.ts';
import type { DataArray } from '../../../src/core/dtype.ts';
import { planBroadcast, type Shape, sizeOf } from '../../../src/core/shape.ts';
import { expectExact, expectWithin, type Harness, Random, SIZES, SPECIALS } from './harness.ts';
import { erf, gelu } from './normal-reference.ts';

function roundHalfToEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (!Number.isFinite(x) || rest === 0) return x;
  const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
  const rounded = up ? below + 1 : below;
  return rounded === 0 && x < 0 ? -0 : rounded;
}

interface UnaryRule {
  f(x: number, p0: number, p1: number): number;
  /** The correctly rounded result; the rest is within the backend's units in the last place. */
  exact?: true;
  /** Both zeros are right. */
  eitherZero?: true;
  parameters?: [number, number];
  /** Units in the last place of a double by which the formula here errs itself. */
  formula?: number;
}

/** `h.round` appears where a formula has two roundings in the class under test. */
function unaryRules(h: Harness): Record<keyof typeof UnaryOp, UnaryRule> {
  return {
    neg: { f: (x) => -x, exact: true },
    abs: { f: (x) => (Object.is(x, -0) ? 0 : x < 0 ? -x : x), exact: true },
    sign: { f: (x) => (x > 0 ? 1 : x < 0 ? -1 : x), exact: true, eitherZero: true },
    square: { f: (x) => x * x, exact: true },
    sqrt: { f: (x) => Math.sqrt(x), exact: true },
    rsqrt: { f: (x) => 1 / Math.sqrt(x) },
    reciprocal: { f: (x) => 1 / x, exact: true },
    exp: { f: (x) => Math.exp(x) },
    expm1: { f: (x) => Math.expm1(x) },
    log: { f: (x) => Math.log(x) },
    log1p: { f: (x) => Math.log1p(x) },
    tanh: { f: (x) => Math.tanh(x) },
    sigmoid: { f: (x) => (x > 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))) },
    relu: { f: (x) => (Number.isNaN(x) ? x : x > 0 ? x : 0), exact: true, eitherZero: true },
    softplus: { f: (x) => (x > 30 ? x + Math.exp(-x) : Math.log1p(Math.exp(x))) },
    clamp: {
      f: (x, low, high) => (x < low ? low : x > high ? high : x),
      exact: true,
      eitherZero: true,
      parameters: [-0.3, 1.7],
    },
    affine: { f: (x, factor, shift) => h.round(factor * x) + shift, exact: true, parameters: [0.1, -0.7] },
    leakyRelu: { f: (x, slope) => (x > 0 ? x : slope * x), exact: true, parameters: [0.01, 0] },
    threshold: { f: (x, limit, value) => (x >= limit ? value : 0), exact: true, parameters: [0.3, 1 / 0.7] },
    floor: { f: (x) => Math.floor(x), exact: true },
    ceil: { f: (x) => Math.ceil(x), exact: true },
    round: { f: roundHalfToEven, exact: true },
    trunc: { f: (x) => Math.trunc(x), exact: true },
    erf: { f: erf, formula: 4 },
    gelu: { f: gelu, formula: 8 },
  };
}

export function unaryBlock(h: Harness): void {
  const rules = unaryRules(h);
  describe.each(Object.keys(rules) as (keyof typeof UnaryOp)[])('%s', (name) => {
    const { f, exact, eitherZero, parameters = [0, 0], formula = 0 } = rules[name];
    const [p0, p1] = parameters;
    const allowed = h.tolerance.ulps + (h.tolerance.array === Float64Array ? formula : 0);

    const check = (label: string, values: ArrayLike<number>, inPlace: boolean) => {
      const x = h.floats(values);
      const y = inPlace ? x : h.out(x.length);
      const want = Array.from(x, (v) => h.round(f(v, h.round(p0), h.round(p1))));
      h.backend.unary(UnaryOp[name], x, y, p0, p1);
      if (exact) expectExact(label, y, want, { zeros: !eitherZero });
      else expectWithin(label, y, want, (i) => allowed * h.ulp(want[i]));
    };

    test('special values and the numbers around them', () => {
      const around = SPECIALS.flatMap((x) => [x, x * (1 + 2 ** -20), x * (1 - 2 ** -20)]);
      check('specials', [...around, p0, p1], false);
    });

    test('every length, also in place', () => {
      const random = new Random(1);
      for (const n of SIZES) {
        const values = Float64Array.from({ length: n }, () => random.between(-4, 4));
        check(`n = ${n}`, values, false);
        check(`n = ${n} in place`, values, true);
      }
    });

    test('magnitudes from 2⁻³⁰ to 2¹⁰, both signs', () => {
      const random = new Random(2);
      const values = Float64Array.from({ length: 3000 }, () => 2 ** random.between(-30, 10) * (random.next() - 0.5));
      check('magnitudes', values, false);
    });
  });
}

/** Pairs of shapes that meet in every kind of plan: equal, scalar on either side, strided with 0 to 4 axes merged. */
const SHAPE_PAIRS: [Shape, Shape][] = [
  ...SIZES.flatMap((n): [Shape, Shape][] => [
    [[n], [n]],
    [[n], []],
    [[1], [n]],
  ]),
  [[], []],
  [
    [3, 1],
    [1, 5],
  ],
  [
    [2, 3, 4],
    [3, 1],
  ],
  [[31, 17], [17]],
  [
    [31, 17],
    [31, 1],
  ],
  [
    [65, 1],
    [1, 33],
  ],
  [
    [4, 1, 6],
    [1, 5, 1],
  ],
  [
    [5, 1],
    [2, 1, 7],
  ],
  [
    [2, 1, 3, 1, 5],
    [1, 4, 1, 2, 5],
  ],
  [
    [3, 4, 5, 1],
    [4, 1, 6],
  ],
  [
    [0, 3],
    [1, 3],
  ],
  [
    [4, 1],
    [1, 0],
  ],
  [
    [7, 1, 1],
    [1, 1, 8],
  ],
];

/** The flat place in an array of `shape` for the index `at` of the broadcast shape `out`. */
function placeIn(shape: Shape, out: Shape, at: number): number {
  let place = 0;
  let stride = 1;
  for (let axis = 1; axis <= out.length; axis++) {
    const size = out[out.length - axis];
    const index = at % size;
    at = Math.floor(at / size);
    if (axis > shape.length) continue;
    const own = shape[shape.length - axis];
    if (own !== 1) place += index * stride;
    stride *= own;
  }
  return place;
}

function broadcastBy(
  f: (a: number, b: number) => number,
  a: ArrayLike<number>,
  aShape: Shape,
  b: ArrayLike<number>,
  bShape: Shape,
  out: Shape,
): number[] {
  return Array.from({ length: sizeOf(out) }, (_, i) => f(a[placeIn(aShape, out, i)], b[placeIn(bShape, out, i)]));
}

function ieeePow(a: number, b: number): number {
  if (a === 1 || b === 0) return 1;
  if (a === -1 && !Number.isFinite(b) && !Number.isNaN(b)) return 1;
  return Math.pow(a, b);
}

const binaryRules: Record<
  keyof typeof BinaryOp,
  { f(a: number, b: number): number; exact: boolean; eitherZero?: true }
> = {
  add: { f: (a, b) => a + b, exact: true },
  sub: { f: (a, b) => a - b, exact: true },
  mul: { f: (a, b) => a * b, exact: true },
  div: { f: (a, b) => a / b, exact: true },
  maximum: { f: (a, b) => (a > b || Number.isNaN(a) ? a : b), exact: true, eitherZero: true },
  minimum: { f: (a, b) => (a < b || Number.isNaN(a) ? a : b), exact: true, eitherZero: true },
  pow: { f: ieeePow, exact: false },
  gate: { f: (a, b) => (b > 0 ? a : 0), exact: true },
};

export function binaryBlock(h: Harness): void {
  describe.each(Object.keys(binaryRules) as (keyof typeof BinaryOp)[])('%s', (name) => {
    const { f, exact, eitherZero } = binaryRules[name];
    const compare = (label: string, got: ArrayLike<number>, want: number[]) => {
      if (exact) expectExact(label, got, want, { zeros: !eitherZero });
      else expectWithin(label, got, want, (i) => h.tolerance.ulps * h.ulp(want[i]));
    };

    test('every kind of plan', () => {
      const random = new Random(3);
      for (const [aShape, bShape] of SHAPE_PAIRS) {
        const plan = planBroadcast('test', aShape, bShape);
        // A power of a negative number is hardly ever defined; the special values try some.
        const low = name === 'pow' ? 0.01 : -3;
        const a = h.uniform(random, sizeOf(aShape), low, 3);
        const b = h.uniform(random, sizeOf(bShape), -3, 3);
        const y = h.out(plan.size);
        h.backend.binary(BinaryOp[name], plan, a, b, y);
        compare(
          `[${aShape}] · [${bShape}]`,
          y,
          broadcastBy(f, a, aShape, b, bShape, plan.shape).map((v) => h.round(v)),
        );
      }
    });

    test('every special value against every other', () => {
      const n = SPECIALS.length;
      const a = h.floats(Array.from({ length: n * n }, (_, i) => SPECIALS[Math.floor(i / n)]));
      const b = h.floats(Array.from({ length: n * n }, (_, i) => SPECIALS[i % n]));
      const y = h.out(n * n);
      h.backend.binary(BinaryOp[name], planBroadcast('test', [n * n], [n * n]), a, b, y);
      compare(
        'specials',
        y,
        Array.from(a, (v, i) => h.round(f(v, b[i]))),
      );
    });

    test('in place on either operand of the size of the output', () => {
      const random = new Random(4);
      const shapes: [Shape, Shape, 'a' | 'b'][] = [
        [[65], [65], 'a'],
        [[65], [65], 'b'],
        [[33], [], 'a'],
        [[], [33], 'b'],
        [[7, 17], [17], 'a'],
        [[17], [7, 17], 'b'],
      ];
      for (const [aShape, bShape, over] of shapes) {
        const plan = planBroadcast('test', aShape, bShape);
        const a = h.uniform(random, sizeOf(aShape), 0.5, 3);
        const b = h.uniform(random, sizeOf(bShape), 0.5, 3);
        const want = broadcastBy(f, a, aShape, b, bShape, plan.shape).map((v) => h.round(v));
        const y = over === 'a' ? a : b;
        h.backend.binary(BinaryOp[name], plan, a, b, y);
        compare(`[${aShape}] · [${bShape}] over ${over}`, y, want);
      }
    });
  });

  describe('integers', () => {
    const wrap32 = (x: bigint) => Number(BigInt.asIntN(32, x));
    const wrap8 = (x: bigint) => Number(BigInt.asUintN(8, x));
    const rules: [keyof typeof BinaryOp, (a: bigint, b: bigint) => bigint][] = [
      ['add', (a, b) => a + b],
      ['sub', (a, b) => a - b],
      ['mul', (a, b) => a * b],
      ['maximum', (a, b) => (a > b ? a : b)],
      ['minimum', (a, b) => (a < b ? a : b)],
      ['pow', (a, b) => a ** b],
      ['gate', (a, b) => (b > 0n ? a : 0n)],
    ];
    const numbers = [0, 1, 2, 3, 7, 200, 255, 65537, 2 ** 31 - 1, -1, -2, -255, -(2 ** 31)];

    test.skipIf(h.native).each(rules)('%s wraps', (name, f) => {
      for (const [array, wrap] of [
        [Int32Array, wrap32],
        [Uint8Array, wrap8],
      ] as const) {
        const all = Array.from(new array(numbers));
        const exponents = [...new Set(all.map((v) => Math.abs(v) % 37))];
        const right = name === 'pow' ? exponents : all;
        const a = new array(all.flatMap((v) => right.map(() => v)));
        const b = new array(all.flatMap(() => right));
        const y: DataArray = new array(a.length);
        h.backend.binary(BinaryOp[name], planBroadcast('test', [a.length], [a.length]), a, b, y);
        expectExact(
          `${array.name}`,
          y,
          Array.from(a, (v, i) => wrap(f(BigInt(v), BigInt(b[i])))),
        );
      }
    });

    test.skipIf(h.native)('pow with a negative exponent is the quotient towards zero', () => {
      const a = Int32Array.of(1, -1, -1, 2, -5, 0);
      const b = Int32Array.of(-3, -3, -4, -1, -2, -1);
      const y = new Int32Array(6);
      h.backend.binary(BinaryOp.pow, planBroadcast('test', [6], [6]), a, b, y);
      expectExact('pow', y, [1, -1, 1, 0, 0, 0]);
    });
  });
}

const compareRules: Record<keyof typeof CompareOp, (a: number, b: number) => boolean> = {
  eq: (a, b) => a === b,
  ne: (a, b) => !(a === b),
  lt: (a, b) => b > a,
  le: (a, b) => b >= a,
  gt: (a, b) => b < a,
  ge: (a, b) => b <= a,
};

export function compareBlock(h: Harness): void {
  describe.each(Object.keys(compareRules) as (keyof typeof CompareOp)[])('%s', (name) => {
    const f = (a: number, b: number) => Number(compareRules[name](a, b));

    test('every kind of plan', () => {
      const random = new Random(5);
      for (const [aShape, bShape] of SHAPE_PAIRS) {
        const plan = planBroadcast('test', aShape, bShape);
        const a = h.integers(random, sizeOf(aShape), 2);
        const b = h.integers(random, sizeOf(bShape), 2);
        const y = h.raw(Uint8Array, plan.size);
        h.backend.compare(CompareOp[name], plan, a, b, y);
        expectExact(`[${aShape}] ? [${bShape}]`, y, broadcastBy(f, a, aShape, b, bShape, plan.shape));
      }
    });

    test('every special value against every other', () => {
      const n = SPECIALS.length;
      const a = h.floats(Array.from({ length: n * n }, (_, i) => SPECIALS[Math.floor(i / n)]));
      const b = h.floats(Array.from({ length: n * n }, (_, i) => SPECIALS[i % n]));
      const y = h.raw(Uint8Array, n * n);
      h.backend.compare(CompareOp[name], planBroadcast('test', [n * n], [n * n]), a, b, y);
      expectExact(
        'specials',
        y,
        Array.from(a, (v, i) => f(v, b[i])),
      );
    });

    test.skipIf(h.native)('integers', () => {
      const a = Int32Array.of(-5, 0, 2 ** 31 - 1, 3, 3);
      const b = Int32Array.of(5, 0, -(2 ** 31), 3, 4);
      const y = new Uint8Array(5);
      h.backend.compare(CompareOp[name], planBroadcast('test', [5], [5]), a, b, y);
      expectExact(
        'int32',
        y,
        Array.from(a, (v, i) => f(v, b[i])),
      );
    });
  });
}

export function selectBlock(h: Harness): void {
  test('any non-zero mask takes a; lengths, NaN and places of the output', () => {
    const random = new Random(6);
    for (const n of SIZES) {
      const mask = h.bytes(Array.from({ length: n }, () => [0, 1, 2, 255][random.integer(0, 3)]));
      const a = h.floats(Array.from({ length: n }, (_, i) => SPECIALS[i % SPECIALS.length]));
      const b = h.uniform(random, n);
      const want = Array.from(mask, (v, i) => (v === 0 ? b[i] : a[i]));
      const y = h.out(n);
      h.backend.select(mask, a, b, y);
      expectExact(`n = ${n}`, y, want);
      const over = h.floats(a);
      h.backend.select(mask, over, b, over);
      expectExact(`n = ${n} over a`, over, want);
      h.backend.select(mask, a, b, b);
      expectExact(`n = ${n} over b`, b, want);
    }
  });

  test.skipIf(h.native)('integers', () => {
    const y = new Int32Array(3);
    h.backend.select(Uint8Array.of(0, 3, 1), Int32Array.of(1, 2, 3), Int32Array.of(-1, -2, -3), y);
    expectExact('int32', y, [-1, 2, 3]);
  });
}
