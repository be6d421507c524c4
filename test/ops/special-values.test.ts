/**
 * What functions make of zeros, infinities, NaN and the smallest numbers: to the bit, on every backend and instruction
 * set. The table follows IEEE 754 and C (annex F); what is PyTorch's or our own is said beside it.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backendInfo, setBackend } from '../../src/backend/select.ts';
import * as ops from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';
import { nativeIsas, onIsa } from '../support/native.ts';

const INF = Infinity;
const PI = Math.fround(Math.PI);
const TINY = 2 ** -149;
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

type Row = readonly [argument: number, result: number];

const odd = (rows: readonly Row[]): Row[] => [...rows, ...rows.map(([x, y]): Row => [-x, -y])];
const even = (rows: readonly Row[]): Row[] => [...rows, ...rows.map(([x, y]): Row => [-x, y])];

/** NaN gives NaN everywhere but where a row says otherwise; a subnormal number is no zero. */
const unary: Record<string, readonly [(x: Tensor) => Tensor, readonly Row[]]> = {
  relu: [
    ops.relu,
    [
      [-INF, 0],
      [INF, INF],
      [-1, 0],
      [TINY, TINY],
      [-TINY, 0],
    ],
  ],
  abs: [
    ops.abs,
    even([
      [0, 0],
      [INF, INF],
      [TINY, TINY],
    ]),
  ],
  sqrt: [
    ops.sqrt,
    [
      [0, 0],
      [-0, -0],
      [INF, INF],
      [-INF, NaN],
      [-TINY, NaN],
    ],
  ],
  reciprocal: [
    ops.reciprocal,
    odd([
      [0, INF],
      [INF, 0],
      [TINY, INF],
    ]),
  ],
  exp: [
    ops.exp,
    [
      [0, 1],
      [-0, 1],
      [INF, INF],
      [-INF, 0],
      [TINY, 1],
      [LARGEST, INF],
      [-LARGEST, 0],
    ],
  ],
  exp2: [
    ops.exp2,
    [
      [0, 1],
      [INF, INF],
      [-INF, 0],
      [-149, TINY],
      [-150.5, 0],
      [127, 2 ** 127],
      [128, INF],
    ],
  ],
  expm1: [
    ops.expm1,
    [
      [0, 0],
      [-0, -0],
      [INF, INF],
      [-INF, -1],
      [TINY, TINY],
      [-TINY, -TINY],
    ],
  ],
  log: [
    ops.log,
    [
      [1, 0],
      [0, -INF],
      [-0, -INF],
      [INF, INF],
      [-1, NaN],
      [-INF, NaN],
    ],
  ],
  log2: [
    ops.log2,
    [
      [1, 0],
      [0, -INF],
      [-0, -INF],
      [INF, INF],
      [-1, NaN],
      [TINY, -149],
      [2 ** 127, 127],
    ],
  ],
  log10: [
    ops.log10,
    [
      [1, 0],
      [0, -INF],
      [-0, -INF],
      [INF, INF],
      [-1, NaN],
      [1000, 3],
    ],
  ],
  log1p: [
    ops.log1p,
    [
      [0, 0],
      [-0, -0],
      [-1, -INF],
      [INF, INF],
      [-2, NaN],
      [TINY, TINY],
      [-TINY, -TINY],
    ],
  ],
  tanh: [
    ops.tanh,
    odd([
      [0, 0],
      [INF, 1],
      [TINY, TINY],
      [LARGEST, 1],
    ]),
  ],
  sigmoid: [
    ops.sigmoid,
    [
      [0, 0.5],
      [INF, 1],
      [-INF, 0],
      [LARGEST, 1],
      [-LARGEST, 0],
    ],
  ],
  erf: [
    ops.erf,
    odd([
      [0, 0],
      [INF, 1],
      [LARGEST, 1],
    ]),
  ],
  erfc: [
    ops.erfc,
    [
      [0, 1],
      [-0, 1],
      [INF, 0],
      [-INF, 2],
      [LARGEST, 0],
      [TINY, 1],
    ],
  ],
  sin: [
    ops.sin,
    odd([
      [0, 0],
      [INF, NaN],
      [TINY, TINY],
    ]),
  ],
  cos: [
    ops.cos,
    even([
      [0, 1],
      [INF, NaN],
      [TINY, 1],
    ]),
  ],
  tan: [
    ops.tan,
    odd([
      [0, 0],
      [INF, NaN],
      [TINY, TINY],
    ]),
  ],
  asin: [
    ops.asin,
    odd([
      [0, 0],
      [1, PI / 2],
      [1.5, NaN],
      [INF, NaN],
      [TINY, TINY],
    ]),
  ],
  acos: [
    ops.acos,
    [
      [1, 0],
      [-1, PI],
      [0, PI / 2],
      [-0, PI / 2],
      [1.5, NaN],
      [INF, NaN],
      [-INF, NaN],
    ],
  ],
  atan: [
    ops.atan,
    odd([
      [0, 0],
      [INF, PI / 2],
      [1, PI / 4],
      [TINY, TINY],
    ]),
  ],
  sinh: [
    ops.sinh,
    odd([
      [0, 0],
      [INF, INF],
      [TINY, TINY],
      [LARGEST, INF],
    ]),
  ],
  cosh: [
    ops.cosh,
    even([
      [0, 1],
      [INF, INF],
      [TINY, 1],
      [LARGEST, INF],
    ]),
  ],
  asinh: [
    ops.asinh,
    odd([
      [0, 0],
      [INF, INF],
      [TINY, TINY],
    ]),
  ],
  acosh: [
    ops.acosh,
    [
      [1, 0],
      [INF, INF],
      [0, NaN],
      [-0, NaN],
      [-2, NaN],
      [-INF, NaN],
    ],
  ],
  atanh: [
    ops.atanh,
    odd([
      [0, 0],
      [1, INF],
      [1.5, NaN],
      [INF, NaN],
      [TINY, TINY],
    ]),
  ],
  // The limits at −∞, where the product of PyTorch is NaN.
  silu: [
    ops.silu,
    [
      [0, 0],
      [-0, -0],
      [INF, INF],
      [-INF, -0],
      [-LARGEST, -0],
      [LARGEST, LARGEST],
    ],
  ],
  mish: [
    ops.mish,
    [
      [0, 0],
      [-0, -0],
      [INF, INF],
      [-INF, -0],
      [-LARGEST, -0],
      [LARGEST, LARGEST],
    ],
  ],
  gelu: [
    (x) => ops.gelu(x),
    [
      [0, 0],
      [-0, -0],
      [INF, INF],
      [-INF, -0],
      [LARGEST, LARGEST],
    ],
  ],
  hardswish: [
    ops.hardswish,
    [
      [0, 0],
      [-0, -0],
      [INF, INF],
      [-INF, -0],
      [-3, -0],
      [LARGEST, LARGEST],
    ],
  ],
  softsign: [
    ops.softsign,
    odd([
      [0, 0],
      [INF, 1],
      [TINY, TINY],
    ]),
  ],
  hardsigmoid: [
    ops.hardsigmoid,
    [
      [0, 0.5],
      [INF, 1],
      [-INF, 0],
      [3, 1],
      [-3, 0],
    ],
  ],
  hardtanh: [
    (x) => ops.hardtanh(x),
    odd([
      [0, 0],
      [INF, 1],
      [1, 1],
      [TINY, TINY],
    ]),
  ],
  relu6: [
    ops.relu6,
    [
      [INF, 6],
      [-INF, 0],
      [6, 6],
      [TINY, TINY],
    ],
  ],
  elu: [
    (x) => ops.elu(x),
    [
      [0, 0],
      [-0, -0],
      [INF, INF],
      [-INF, -1],
    ],
  ],
  celu: [
    (x) => ops.celu(x, 0.5),
    [
      [0, 0],
      [-0, -0],
      [INF, INF],
      [-INF, -0.5],
    ],
  ],
  softshrink: [(x) => ops.softshrink(x), odd([[INF, INF]])],
  hardshrink: [(x) => ops.hardshrink(x), odd([[INF, INF]])],
  nanToNum: [
    (x) => ops.nanToNum(x),
    [
      [NaN, 0],
      ...odd([
        [0, 0],
        [INF, LARGEST],
        [TINY, TINY],
      ]),
    ],
  ],
};

type Pair = readonly [a: number, b: number, result: number];
const binary: Record<string, readonly [(a: Tensor, b: Tensor) => Tensor, readonly Pair[]]> = {
  maximum: [
    ops.maximum,
    [
      [NaN, 1, NaN],
      [1, NaN, NaN],
      [INF, NaN, NaN],
      [-INF, INF, INF],
    ],
  ],
  minimum: [
    ops.minimum,
    [
      [NaN, 1, NaN],
      [1, NaN, NaN],
      [-INF, NaN, NaN],
      [-INF, INF, -INF],
    ],
  ],
  pow: [
    ops.pow,
    [
      [0, 3, 0],
      [-0, 3, -0],
      [-0, 2, 0],
      [0, -1, INF],
      [-0, -1, -INF],
      [-0, -2, INF],
      [0, -INF, INF],
      [-1, INF, 1],
      [-1, -INF, 1],
      [1, NaN, 1],
      [NaN, 0, 1],
      [NaN, -0, 1],
      [INF, 0, 1],
      [-8, 1 / 3, NaN],
      [0.5, -INF, INF],
      [2, -INF, 0],
      [0.5, INF, 0],
      [2, INF, INF],
      [-INF, -3, -0],
      [-INF, -2, 0],
      [-INF, 3, -INF],
      [-INF, 2, INF],
      [INF, -1, 0],
      [INF, 1, INF],
      [-2, 3, -8],
      [NaN, 1, NaN],
      [2, NaN, NaN],
      [2, -149, TINY],
      [2, 128, INF],
    ],
  ],
  atan2: [
    ops.atan2,
    [
      [0, 1, 0],
      [-0, 1, -0],
      [0, -1, PI],
      [-0, -1, -PI],
      [0, 0, 0],
      [0, -0, PI],
      [-0, -0, -PI],
      [1, 0, PI / 2],
      [-1, -0, -PI / 2],
      [1, INF, 0],
      [-1, INF, -0],
      [1, -INF, PI],
      [INF, 1, PI / 2],
      [INF, INF, PI / 4],
      [-INF, INF, -PI / 4],
      [INF, -INF, Math.fround((3 * Math.PI) / 4)],
      [NaN, 1, NaN],
      [1, NaN, NaN],
    ],
  ],
  fmod: [
    ops.fmod,
    [
      [0, 1, 0],
      [-0, 1, -0],
      [5.5, -2, 1.5],
      [-5.5, 2, -1.5],
      [1, 0, NaN],
      [INF, 1, NaN],
      [1, INF, 1],
      [-1, INF, -1],
      [TINY, 1, TINY],
      [LARGEST, TINY, 0],
      [NaN, 1, NaN],
      [1, NaN, NaN],
    ],
  ],
  // PyTorch's, which are Python's for floats.
  remainder: [
    ops.remainder,
    [
      [5.5, -2, -0.5],
      [-5.5, 2, 0.5],
      [-0, 2, -0],
      [1, 0, NaN],
      [INF, 1, NaN],
      [1, INF, 1],
      [1, -INF, -INF],
      [-1, INF, INF],
    ],
  ],
  floorDivide: [
    ops.floorDivide,
    [
      [1, 0, INF],
      [-1, 0, -INF],
      [0, 0, NaN],
      [-5.5, 2, -3],
      [1, INF, 0],
      [1, -INF, -1],
      [-0, 2, -0],
      [INF, 1, NaN],
    ],
  ],
  hypot: [
    ops.hypot,
    [
      [0, -0, 0],
      [3, -4, 5],
      [INF, NaN, INF],
      [NaN, -INF, INF],
      [NaN, 1, NaN],
      [LARGEST, 1, LARGEST],
      [TINY, 0, TINY],
    ],
  ],
  copysign: [
    ops.copysign,
    [
      [1, -0, -1],
      [-1, 0, 1],
      [0, -1, -0],
      [INF, -1, -INF],
      [TINY, -1, -TINY],
    ],
  ],
  xlogy: [
    ops.xlogy,
    [
      [0, 0, 0],
      [0, INF, 0],
      [0, -1, 0],
      [0, NaN, NaN],
      [1, 0, -INF],
      [2, 1, 0],
      [1, -1, NaN],
    ],
  ],
  logaddexp: [
    ops.logaddexp,
    [
      [-INF, -INF, -INF],
      [INF, INF, INF],
      [INF, -INF, INF],
      [-INF, 3, 3],
      [NaN, 1, NaN],
      [1, NaN, NaN],
    ],
  ],
  prelu: [
    (a, b) => ops.prelu(a, b.reshape([])),
    [
      [INF, -1, INF],
      [-INF, 0.5, -INF],
      [-0, 0.5, -0],
      [NaN, 1, NaN],
    ],
  ],
};

const single = (x: number): Tensor => ops.tensor(new Float32Array([x]));

/** As the bits of a float32, all NaN alike. */
function expectBits(label: string, got: number, want: number): void {
  const rounded = Math.fround(want);
  expect(Object.is(got, rounded), `${label} is ${Object.is(got, -0) ? '-0' : got}, expected ${rounded}`).toBe(true);
}

function suite(run: <T>(f: () => T) => T): void {
  test.each(Object.entries(unary))('%s', (name, [f, rows]) => {
    for (const [x, want] of [[NaN, NaN] as Row, ...rows]) {
      if (Number.isNaN(x) && name === 'nanToNum' && Number.isNaN(want)) continue;
      const got = run(() => f(single(x)).data[0]);
      expectBits(`${name}(${Object.is(x, -0) ? '-0' : x})`, got, want);
    }
  });

  test.each(Object.entries(binary))('%s', (name, [f, rows]) => {
    for (const [a, b, want] of rows) {
      const got = run(() => f(single(a), single(b)).data[0]);
      expectBits(`${name}(${a}, ${b})`, got, want);
    }
  });

  test('argmax of a row with NaN is the first NaN', () => {
    const found = run(() => ops.argmax(ops.tensor([1, NaN, INF, NaN])).item());
    expect(found).toBe(1);
  });

  test('a product of 0 and ∞ in matmul is NaN: no zero is skipped', () => {
    const found = run(() => ops.matmul(ops.tensor([[0, 1]]), ops.tensor([[INF], [1]])).item());
    expect(found).toBeNaN();
  });

  test('softmax of a row with ∞, and of −∞ alone, is NaN', () => {
    const rows = run(() =>
      ops
        .softmax(
          ops.tensor([
            [0, INF],
            [-INF, -INF],
            [0, -INF],
          ]),
          1,
        )
        .toArray(),
    );
    expect(rows).toEqual([
      [NaN, NaN],
      [NaN, NaN],
      [1, 0],
    ]);
  });
}

const before = backendInfo().backend;

describe('ts', () => {
  beforeAll(() => setBackend('ts'));
  afterAll(() => setBackend(before));
  suite((f) => f());
});

describe.skipIf(nativeIsas().length === 0).each(nativeIsas())('%s', (isa) => {
  afterAll(() => setBackend(before));
  suite((f) => onIsa(isa, f));
});
