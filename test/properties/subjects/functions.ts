/** Properties of trigonometric, special and activation functions, and of functions of two and three operands. */

import * as fc from 'fast-check';
import * as ops from '../../../src/ops/index.ts';
import type { Tensor } from '../../../src/tensor.ts';
import { away, broadcasting, calls, type Fill, floats, normal, one, shapes, uniform } from '../draw.ts';
import { type Proof, property } from '../prove.ts';
import * as reference from '../reference/elementwise.ts';
import { slice } from '../reference/movement.ts';
import * as special from '../reference/special.ts';
import { axisOf, Illegal, ulps, type Value } from '../reference/value.ts';
import { type BinaryRow, binary, compared, kinkAt0, type Row, unary } from './elementwise.ts';

const inside = uniform(-0.9, 0.9);

const unaries: readonly Row[] = [
  { name: 'sin', f: Math.sin, error: 2 },
  { name: 'cos', f: Math.cos, error: 2 },
  { name: 'tan', f: Math.tan, error: 2, fill: uniform(-1.4, 1.4) },
  { name: 'asin', f: Math.asin, error: 2, fill: inside },
  { name: 'acos', f: Math.acos, error: 2, fill: inside },
  { name: 'atan', f: Math.atan, error: 2 },
  { name: 'sinh', f: Math.sinh, error: 2 },
  { name: 'cosh', f: Math.cosh, error: 2 },
  { name: 'asinh', f: Math.asinh, error: 2 },
  { name: 'acosh', f: Math.acosh, error: 2, fill: uniform(1.1, 9) },
  { name: 'atanh', f: Math.atanh, error: 2, fill: inside },
  { name: 'exp2', f: (x) => 2 ** x, error: 2 },
  { name: 'log2', f: Math.log2, error: 2, fill: uniform(0.3, 3) },
  { name: 'log10', f: Math.log10, error: 2, fill: uniform(0.3, 3) },
  { name: 'erfc', f: reference.erfc, error: 2, fill: uniform(-4, 4) },
  { name: 'silu', f: special.silu, error: 2 },
  { name: 'mish', f: special.mish, error: 2 },
  { name: 'selu', f: special.selu, error: 4, fill: kinkAt0 },
  { name: 'softsign', f: (x) => x / (1 + Math.abs(x)), error: 2, fill: kinkAt0 },
  { name: 'tanhshrink', f: (x) => x - Math.tanh(x), error: (x, y) => 2 * ulps(2, Math.tanh(x)) + ulps(1, y) },
  { name: 'hardsigmoid', f: special.hardsigmoid, error: 2, fill: away([-3, 3]) },
  {
    name: 'hardswish',
    f: (x) => x * special.hardsigmoid(x),
    error: (x, y) => ulps(2, y) + 4 * Math.abs(x),
    fill: away([-3, 3]),
  },
  { name: 'relu6', f: (x) => Math.min(Math.max(x, 0), 6), fill: away([0, 6]), more: { integers: true } },
  { name: 'nanToNum', f: (x) => x, more: { integers: true, views: true } },
  { name: 'isfinite', f: () => 1, dtype: 'bool', more: { differentiable: false, proves: [] } },
  { name: 'isinf', f: () => 0, dtype: 'bool', more: { differentiable: false, sparse: true, proves: [] } },
  {
    name: 'logicalNot',
    f: (x) => Number(x === 0),
    dtype: 'bool',
    more: { differentiable: false, sparse: true, proves: [] },
  },
  // Near their zeros the doubles of the reference are known to so many places only.
  { name: 'lgamma', f: special.lgamma, error: 1, doubt: 4e-14, fill: uniform(0.2, 20), more: { integers: false } },
  { name: 'digamma', f: special.digamma, error: 1, doubt: 4e-14, fill: uniform(0.2, 20), more: { integers: false } },
  {
    name: 'erfinv',
    f: special.erfinv,
    error: 1,
    doubt: 4e-14,
    fill: inside,
    more: { draw: one(shapes(0, 2), () => fc.constant(null), inside), integers: false },
  },
  {
    name: 'ndtri',
    f: special.ndtri,
    error: 1,
    doubt: 4e-14,
    more: { draw: one(shapes(0, 2), () => fc.constant(null), uniform(0.05, 0.95)), integers: false },
  },
];

/** A function of one tensor and a number. */
function by(
  name: string,
  parameters: readonly number[],
  fn: (x: Tensor, parameter: number) => Tensor,
  f: (x: number, parameter: number) => number,
  error: reference.Error,
  fill: Fill,
  integers = true,
): Proof {
  return property<number>({
    name,
    title: 'with its option',
    draw: one(shapes(), () => fc.constantFrom(...parameters), fill),
    call: ([x], parameter) => fn(x, parameter),
    // Near their zeros the doubles of special functions are known to so many places only.
    reference: ([x], parameter) => ({ ...reference.map(x, (v) => f(v, parameter), error, 'float'), doubt: 4e-15 }),
    integers,
    sparse: true,
  });
}

const parametric: readonly Proof[] = [
  by('elu', [1, 0.5, 2], ops.elu, special.elu, 4, kinkAt0),
  by('celu', [1, 0.5, 2], ops.celu, special.celu, (x, y) => ulps(6, y) + 4 * Math.abs(x), kinkAt0),
  by('softshrink', [0.5, 0.25, 0], ops.softshrink, special.softshrink, 'exact', away([-0.5, -0.25, 0, 0.25, 0.5])),
  by(
    'hardshrink',
    [0.5, 0.25],
    ops.hardshrink,
    (x, lambda) => (Math.abs(x) > lambda ? x : 0),
    'exact',
    away([-0.5, -0.25, 0.25, 0.5]),
  ),
  by(
    'polygamma',
    [0, 1, 2, 3],
    (x, n) => ops.polygamma(n, x),
    (x, n) => (n === 0 ? special.digamma(x) : special.polygamma(n, x)),
    (_, y) => ulps(1, y),
    uniform(0.5, 9),
    false,
  ),
  property<[number, number]>({
    name: 'hardtanh',
    draw: one(shapes(), () => fc.constantFrom<[number, number]>([-1, 1], [-0.5, 2]), away([-1, 1, -0.5, 2])),
    call: ([x], [low, high]) => ops.hardtanh(x, low, high),
    reference: ([x], [low, high]) => reference.map(x, (v) => Math.min(Math.max(v, low), high)),
  }),
];

const close = (n: number) => (y: number) => ulps(n, y);
/** a on odd sixteenths, b among a few: no quotient comes near an integer. */
const odd: Fill = (draw, n) => Array.from({ length: n }, () => (2 * Math.floor(40 * draw() - 20) + 1) / 16);
const divisors: Fill = (draw, n) => Array.from({ length: n }, () => [0.75, -0.75, 1.25, -1.25][Math.floor(4 * draw())]);
const positive = uniform(0.3, 3);

const binaries: readonly BinaryRow[] = [
  { name: 'atan2', f: Math.atan2, bound: close(2), fills: [away([0], 0.2), normal] },
  { name: 'hypot', f: Math.hypot, bound: close(2), fills: [away([0], 0.2), normal] },
  { name: 'copysign', f: (a, b) => (b < 0 ? -Math.abs(a) : Math.abs(a)), fills: [kinkAt0, kinkAt0] },
  { name: 'xlogy', f: special.xlogy, bound: close(3), fills: [normal, positive] },
  {
    name: 'logaddexp',
    f: special.logaddexp,
    bound: (y, a, b) =>
      ulps(2, y) + 6 * Math.log1p(Math.exp(-Math.abs(a - b))) + 2 * Math.max(Math.abs(a), Math.abs(b)),
  },
  { name: 'fmod', f: (a, b) => a % b, fills: [odd, divisors] },
  { name: 'remainder', f: special.remainder, bound: close(1), fills: [odd, divisors] },
  { name: 'floorDivide', f: special.floorDivide, fills: [odd, divisors] },
  { name: 'logicalAnd', f: (a, b) => Number(a !== 0 && b !== 0), dtype: 'bool', more: compared },
  { name: 'logicalOr', f: (a, b) => Number(a !== 0 || b !== 0), dtype: 'bool', more: compared },
  {
    name: 'logicalXor',
    f: (a, b) => Number((a !== 0) !== (b !== 0)),
    dtype: 'bool',
    more: { ...compared, sparse: true },
  },
  {
    name: 'isclose',
    f: (a, b) => Number(Math.abs(a - b) <= 1e-8 + 1e-5 * Math.abs(b)),
    dtype: 'bool',
    more: { ...compared, sparse: true },
  },
];

/** Three operands; the first pair that does not fit is named. */
function together(
  f: (...xs: number[]) => number,
  bound: (y: number, ...xs: number[]) => number,
): (operands: Value[]) => Value | Illegal {
  return (operands) => {
    const y = reference.zip(operands, f, bound);
    return y instanceof Illegal ? new Illegal() : y;
  };
}

const combined: readonly Proof[] = [
  property<number[][]>({
    name: 'div',
    title: 'towards 0',
    proves: ['div towards 0'],
    draw: calls(broadcasting(2), ([a, b]) => [floats(a, odd), floats(b, divisors)]),
    call: ([a, b]) => ops.div(a, b, { roundingMode: 'trunc' }),
    reference: (operands) => reference.zip(operands, special.truncDivide as (...xs: number[]) => number),
    sparse: true,
  }),
  ...([1, 0.5] as const).map((value) =>
    property<number[][]>({
      name: 'addcmul',
      title: `by ${value}`,
      draw: calls(broadcasting(3), (list) => list.map((s) => floats(s))),
      call: ([x, a, b]) => ops.addcmul(x, a, b, { value }),
      reference: together(
        (x, a, b) => x + value * a * b,
        (y, _, a, b) => 2 * Math.abs(y) + 3 * Math.abs(a * b),
      ),
    }),
  ),
  property<number[][]>({
    name: 'addcdiv',
    draw: calls(broadcasting(3), ([x, a, b]) => [floats(x), floats(a), floats(b, away([0], 0.2))]),
    call: ([x, a, b]) => ops.addcdiv(x, a, b, { value: -2 }),
    reference: together(
      (x, a, b) => x - (2 * a) / b,
      (y, _, a, b) => 2 * Math.abs(y) + 6 * Math.abs(a / b),
    ),
  }),
  property<number[][]>({
    name: 'lerp',
    draw: calls(broadcasting(3), (list) => list.map((s, i) => floats(s, i === 2 ? away([0.5]) : normal))),
    call: ([a, b, w]) => ops.lerp(a, b, w),
    reference: together(
      (a, b, w) => a + w * (b - a),
      (y, a, b, w) => 2 * Math.abs(y) + 6 * (1 + Math.abs(w)) * (Math.abs(a) + Math.abs(b)),
    ),
  }),
  property<number[][]>({
    name: 'lerp',
    title: 'by a number',
    draw: calls(broadcasting(2), (list) => list.map((s) => floats(s))),
    call: ([a, b]) => ops.lerp(a, b, 0.25),
    reference: (operands) =>
      reference.zip(
        operands,
        (a, b) => a + 0.25 * (b - a),
        (y, a, b) => 2 * Math.abs(y) + 4 * (Math.abs(a) + Math.abs(b)),
      ),
  }),
  property<{ x: number[]; weight: number[] }>({
    name: 'prelu',
    draw: calls(
      fc.tuple(shapes(), fc.nat({ max: 9 })).map(([x, style]) => ({
        x,
        weight: style === 0 ? [] : style < 4 ? [1] : style === 4 ? [2, 1] : [(x[1] ?? 1) + (style === 5 ? 1 : 0)],
      })),
      ({ x, weight }) => [floats(x, kinkAt0), floats(weight)],
    ),
    call: ([x, weight]) => ops.prelu(x, weight),
    reference: ([x, weight]) => {
      const plain = weight.data.length === 1 && weight.shape.length <= 1;
      const fits = weight.shape.length === 1 && x.shape.length >= 2 && weight.shape[0] === x.shape[1];
      if (!plain && !fits) return new Illegal([x.shape, weight.shape]);
      const shape = plain ? [] : [weight.data.length, ...x.shape.slice(2).map(() => 1)];
      return reference.zip([x, { ...weight, shape }], (v, w) => (v > 0 ? v : w * v));
    },
  }),
  property<number>({
    name: 'glu',
    draw: one(
      fc.tuple(shapes(), fc.nat({ max: 3 })).map(([s, keep]) => (keep === 0 ? s : s.map((d) => 2 * Math.ceil(d / 2)))),
      (s) => fc.integer({ min: -Math.max(1, s.length), max: Math.max(0, s.length - 1) }),
    ),
    call: ([x], axis) => ops.glu(x, axis),
    reference: ([x], axis) => {
      const at = axisOf(axis, x.shape.length);
      if (at === null || x.shape[at] % 2 === 1) return new Illegal([x.shape]);
      const half = x.shape[at] / 2;
      const [a, b] = [slice(x, at, 0, half, 1) as Value, slice(x, at, half, 2 * half, 1) as Value];
      return reference.zip(
        [a, b],
        (v, gate) => v * reference.sigmoid(gate),
        (y) => ulps(4, y),
      );
    },
  }),
];

export const functions: readonly Proof[] = [...unaries.map(unary), ...parametric, ...binaries.map(binary), ...combined];
