/** binary, compare, select against one formula an element. */

import { describe, expect, test } from 'vitest';
import { BinaryOp, CompareOp } from '../../../src/backend/opcodes.ts';
import type { DataArray } from '../../../src/core/dtype.ts';
import { planBroadcast, type Shape, sizeOf } from '../../../src/core/shape.ts';
import { DTypeError } from '../../../src/errors.ts';
import { expectExact, expectWithin, type Harness, Random, SIZES, SPECIALS } from './harness.ts';

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

/** Python's rule for the rest: its sign is the divisor's. */
function pythonRest(a: number, b: number): number {
  const rest = a % b;
  return rest === 0 || Number.isNaN(rest) || rest > 0 === b > 0 ? rest : rest + b;
}

function pythonQuotient(a: number, b: number): number {
  if (b === 0) return a / b;
  const rest = a % b;
  if (Number.isNaN(rest)) return Number.NaN;
  const whole = Math.round((a - rest) / b) - (rest !== 0 && rest > 0 !== b > 0 ? 1 : 0);
  return whole === 0 ? (a / b < 0 || Object.is(a / b, -0) ? -0 : 0) : whole;
}

/** log p, not below −100; where p = 1 + rest is near 1, by the rest. */
function logFrom100(p: number, rest = p - 1): number {
  return Math.max(Math.abs(rest) < 0.5 ? Math.log1p(rest) : Math.log(p), -100);
}

function logSumOfTwo(a: number, b: number): number {
  if (a === b) return a + Math.LN2;
  return a > b ? a + Math.log1p(Math.exp(b - a)) : b + Math.log1p(Math.exp(a - b));
}

interface BinaryRule {
  f(a: number, b: number): number;
  exact: boolean;
  eitherZero?: true;
  /** What the units in the last place are taken of, where that is not the result. */
  scale?(a: number, b: number): number;
}

const binaryRules: Record<keyof typeof BinaryOp, BinaryRule> = {
  add: { f: (a, b) => a + b, exact: true },
  sub: { f: (a, b) => a - b, exact: true },
  mul: { f: (a, b) => a * b, exact: true },
  div: { f: (a, b) => a / b, exact: true },
  maximum: { f: (a, b) => (a > b || Number.isNaN(a) ? a : b), exact: true, eitherZero: true },
  minimum: { f: (a, b) => (a < b || Number.isNaN(a) ? a : b), exact: true, eitherZero: true },
  pow: { f: ieeePow, exact: false },
  gate: { f: (a, b) => (b > 0 ? a : 0), exact: true },
  atan2: { f: (a, b) => Math.atan2(a, b), exact: false },
  fmod: { f: (a, b) => a % b, exact: true },
  remainder: { f: pythonRest, exact: false },
  floorDivide: { f: pythonQuotient, exact: false },
  truncDivide: { f: (a, b) => Math.trunc(a / b), exact: false },
  hypot: { f: (a, b) => Math.hypot(a, b), exact: false },
  copysign: { f: (a, b) => (b < 0 || Object.is(b, -0) ? -Math.abs(a) : Math.abs(a)), exact: true },
  xlogy: { f: (a, b) => (a === 0 && !Number.isNaN(b) ? 0 : a * Math.log(b)), exact: false },
  // The larger operand and the logarithm may cancel.
  logaddexp: { f: logSumOfTwo, exact: false, scale: (a, b) => Math.max(Math.abs(a), Math.abs(b), 1) },
  prelu: { f: (a, b) => (a > 0 ? a : a * b), exact: true },
  // Targets outside [0, 1] let the two terms cancel.
  binaryCrossEntropy: {
    f: (p, t) => -(t * logFrom100(p) + (1 - t) * logFrom100(1 - p, -p)),
    exact: false,
    scale: (p, t) => Math.abs(t * logFrom100(p)) + Math.abs((1 - t) * logFrom100(1 - p, -p)),
  },
  logitCrossEntropy: {
    f: (x, t) => x * ((x > 0 ? 1 : 0) - t) + Math.log1p(Math.exp(-Math.abs(x))),
    exact: false,
    scale: (x, t) => Math.abs(x * ((x > 0 ? 1 : 0) - t)) + Math.log1p(Math.exp(-Math.abs(x))),
  },
};

export function binaryBlock(h: Harness): void {
  describe.each(Object.keys(binaryRules) as (keyof typeof BinaryOp)[])('%s', (name) => {
    const { f, exact, eitherZero, scale } = binaryRules[name];
    const compare = (label: string, got: ArrayLike<number>, want: number[], scales: number[]) => {
      if (exact) expectExact(label, got, want, { zeros: !eitherZero });
      else expectWithin(label, got, want, (i) => h.tolerance.ulps * h.ulp(scales[i] ?? want[i]));
    };
    const scalesOf = (a: ArrayLike<number>, aShape: Shape, b: ArrayLike<number>, bShape: Shape, out: Shape) =>
      scale === undefined ? [] : broadcastBy(scale, a, aShape, b, bShape, out);

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
          scalesOf(a, aShape, b, bShape, plan.shape),
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
        scalesOf(a, [n * n], b, [n * n], [n * n]),
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
        const scales = scalesOf(a, aShape, b, bShape, plan.shape);
        const y = over === 'a' ? a : b;
        h.backend.binary(BinaryOp[name], plan, a, b, y);
        compare(`[${aShape}] · [${bShape}] over ${over}`, y, want, scales);
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

    const divisions: [keyof typeof BinaryOp, (a: bigint, b: bigint) => bigint][] = [
      ['fmod', (a, b) => a % b],
      ['truncDivide', (a, b) => a / b],
      ['remainder', (a, b) => ((a % b) + b) % b],
      ['floorDivide', (a, b) => (a - (((a % b) + b) % b)) / b],
      ['prelu', (a, b) => (a > 0n ? a : a * b)],
    ];
    test.skipIf(h.native).each(divisions)('%s', (name, f) => {
      const all = numbers.map((v) => v | 0);
      const divisors = all.filter((v) => v !== 0);
      const a = new Int32Array(all.flatMap((v) => divisors.map(() => v)));
      const b = new Int32Array(all.flatMap(() => divisors));
      const y = new Int32Array(a.length);
      h.backend.binary(BinaryOp[name], planBroadcast('test', [a.length], [a.length]), a, b, y);
      expectExact(
        name,
        y,
        Array.from(a, (v, i) => wrap32(f(BigInt(v), BigInt(b[i])))),
      );
    });

    test.skipIf(h.native)('functions of floats alone are refused', () => {
      const names = ['div', 'atan2', 'hypot', 'copysign', 'xlogy', 'logaddexp'] as const;
      const [a, plan] = [Int32Array.of(1), planBroadcast('test', [1], [1])];
      for (const name of names) expect(() => h.backend.binary(BinaryOp[name], plan, a, a, a)).toThrow(DTypeError);
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
  and: (a, b) => a !== 0 && b !== 0,
  or: (a, b) => !(a === 0 && b === 0),
  xor: (a, b) => (a === 0) !== (b === 0),
  within: (a, b) => -b < a && a < b,
  beyond: (a, b) => a >= b || a <= -b,
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
