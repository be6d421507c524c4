/** Special values of the functions of one number. */

import * as ops from '../../../src/ops/index.ts';
import type { Tensor } from '../../../src/tensor.ts';
import { INF, LARGEST, PI, TINY } from './numbers.ts';

export type Row = readonly [argument: number, result: number];

const odd = (rows: readonly Row[]): Row[] => [...rows, ...rows.map(([x, y]): Row => [-x, -y])];
const even = (rows: readonly Row[]): Row[] => [...rows, ...rows.map(([x, y]): Row => [-x, y])];

/** NaN gives NaN everywhere but where a row says otherwise; a subnormal number is no zero. */
export const unary: Record<string, readonly [(x: Tensor) => Tensor, readonly Row[]]> = {
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
