/** Properties of the elementwise operations. */

import * as fc from 'fast-check';
import * as ops from '../../../src/ops/index.ts';
import type { Tensor } from '../../../src/tensor.ts';
import { away, bools, broadcasting, calls, type Fill, floats, normal, one, seeds, shapes, uniform } from '../draw.ts';
import { type Proof, type Property, property } from '../prove.ts';
import * as reference from '../reference/elementwise.ts';
import { Illegal, ulps, type Value } from '../reference/value.ts';

export interface Row {
  readonly name: string;
  readonly f: (x: number) => number;
  readonly error?: reference.Error;
  /** How far the reference itself may be off, relative to 1 + |value|. */
  readonly doubt?: number;
  readonly fill?: Fill;
  readonly dtype?: Value['dtype'];
  readonly more?: Partial<Property<null>>;
}

const positive = uniform(0.3, 3);
export const kinkAt0 = away([0]);
const steps = away(Array.from({ length: 41 }, (_, i) => (i - 20) / 2));

/** A function of one tensor, with its default options; of integers it gives floats unless it keeps them. */
export function unary({ name, f, error = 'exact', fill = normal, doubt, more = {}, ...row }: Row): Proof {
  const dtype = row.dtype ?? (more.integers === true ? undefined : 'float');
  const fn = (ops as unknown as Record<string, (x: Tensor) => Tensor>)[name];
  return property<null>({
    name,
    draw: one(shapes(), () => fc.constant(null), fill),
    call: ([x]) => fn(x),
    reference: ([x]) => ({ ...reference.map(x, f, error, dtype), doubt }),
    integers: true,
    ...more,
  });
}

const flat = { differentiable: true, integers: true } as const;

const unaries: readonly Row[] = [
  { name: 'neg', f: (x) => -x, more: { integers: true } },
  { name: 'sign', f: Math.sign, fill: kinkAt0, more: flat },
  { name: 'abs', f: Math.abs, fill: kinkAt0, more: { integers: true } },
  { name: 'square', f: (x) => x * x, more: { integers: true } },
  { name: 'sqrt', f: Math.sqrt, fill: positive },
  { name: 'rsqrt', f: (x) => 1 / Math.sqrt(x), error: 2, fill: positive },
  { name: 'reciprocal', f: (x) => 1 / x, fill: away([0], 0.1) },
  { name: 'exp', f: Math.exp, error: 2 },
  { name: 'expm1', f: Math.expm1, error: 2 },
  { name: 'log', f: Math.log, error: 2, fill: positive },
  { name: 'log1p', f: Math.log1p, error: 2, fill: uniform(-0.9, 5) },
  { name: 'tanh', f: Math.tanh, error: 2 },
  { name: 'sigmoid', f: reference.sigmoid, error: 2 },
  { name: 'erf', f: reference.erf, error: 2 },
  { name: 'gelu', f: reference.gelu, error: 2 },
  { name: 'relu', f: (x) => Math.max(x, 0), fill: kinkAt0, more: { integers: true } },
  { name: 'softplus', f: (x) => (x > 20 ? x : reference.softplus(x)), error: 2 },
  { name: 'logsigmoid', f: (x) => -reference.softplus(-x), error: 2 },
  { name: 'floor', f: Math.floor, fill: steps, more: flat },
  { name: 'ceil', f: Math.ceil, fill: steps, more: flat },
  { name: 'round', f: reference.round, fill: steps, more: flat },
  { name: 'trunc', f: Math.trunc, fill: steps, more: flat },
  { name: 'frac', f: (x) => x - Math.trunc(x), fill: steps, more: { integers: true } },
  { name: 'isnan', f: () => 0, dtype: 'bool', more: { differentiable: false, sparse: true, proves: [] } },
];

const bound = fc.oneof(
  fc.constant(null),
  fc.integer({ min: -8, max: 8 }).map((k) => k / 4),
);

const parametric: readonly Proof[] = [
  property({
    name: 'leakyRelu',
    draw: one(shapes(), () => fc.constantFrom(0.01, 0.1, 0.5, 2), kinkAt0),
    call: ([x], slope) => ops.leakyRelu(x, slope),
    reference: ([x], slope) => reference.map(x, (v) => (v > 0 ? v : slope * v), 2),
  }),
  property({
    name: 'gelu',
    title: 'by tanh',
    proves: ['gelu by tanh'],
    draw: one(shapes(), () => fc.constant(null)),
    call: ([x]) => ops.gelu(x, { approximate: 'tanh' }),
    // 1 + tanh cancels in the negative tail: the error is that of the parts, not of the result.
    reference: ([x]) => reference.map(x, reference.geluTanh, (v) => 8 * Math.abs(v) * (1 + v * v)),
  }),
  property({
    name: 'softplus',
    title: 'with its options',
    draw: one(
      shapes(),
      () => fc.record({ beta: fc.constantFrom(0.5, 1, 2), threshold: fc.constantFrom(20, 2.5) }),
      away([1.25, 2.5, 5]),
    ),
    call: ([x], options) => ops.softplus(x, options),
    reference: ([x], { beta, threshold }) =>
      reference.map(x, (v) => (v * beta > threshold ? v : reference.softplus(v * beta) / beta), 3),
  }),
  property({
    name: 'clamp',
    draw: one(
      shapes(),
      () => fc.tuple(bound, bound),
      away([-2, -1.75, -1.5, -1.25, -1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2]),
    ),
    call: ([x], [low, high]) => ops.clamp(x, low, high),
    // As in PyTorch the upper bound has the last word.
    reference: ([x], [low, high]) => reference.map(x, (v) => Math.min(Math.max(v, low ?? -Infinity), high ?? Infinity)),
  }),
  property({
    name: 'reach',
    draw: one(
      shapes(),
      () => fc.tuple(fc.constantFrom(-0.5, 0, 0.5), fc.constantFrom(0.25, 1, 2)),
      away([-0.5, 0, 0.5]),
    ),
    call: ([x], [from, value]) => ops.reach(x, from, value),
    reference: ([x], [from, value]) => reference.map(x, (v) => (v >= from ? value : 0)),
  }),
  property({
    name: 'threshold',
    draw: one(
      shapes(),
      () => fc.tuple(fc.constantFrom(-0.5, 0, 0.5), fc.constantFrom(-20, 0, 1)),
      away([-0.5, 0, 0.5]),
    ),
    call: ([x], [at, value]) => ops.threshold(x, at, value),
    reference: ([x], [at, value]) => reference.map(x, (v) => (v <= at ? value : v)),
    integers: true,
  }),
  property({
    name: 'step',
    draw: one(shapes(), () => fc.record({ threshold: fc.constantFrom(-0.5, 0, 0.5), strict: fc.boolean() }), steps),
    call: ([x], options) => ops.step(x, options),
    reference: ([x], { threshold, strict }) =>
      reference.map(x, (v) => ((strict ? v > threshold : v >= threshold) ? 1 : 0)),
  }),
];

export interface BinaryRow {
  readonly name: string;
  readonly f: (a: number, b: number) => number;
  readonly bound?: (y: number, a: number, b: number) => number;
  readonly fills?: readonly [Fill, Fill];
  readonly dtype?: Value['dtype'];
  readonly more?: Partial<Property<number[][]>>;
}

const pair = broadcasting(2);

/** A function of two tensors that broadcast. */
export function binary({ name, f, bound: error, fills = [normal, normal], dtype, more = {} }: BinaryRow): Proof {
  const fn = (ops as unknown as Record<string, (a: Tensor, b: Tensor) => Tensor>)[name];
  return property<number[][]>({
    name,
    draw: calls(pair, ([a, b]) => [floats(a, fills[0]), floats(b, fills[1])]),
    call: ([a, b]) => fn(a, b),
    reference: (operands) => reference.zip(operands, f as (...xs: number[]) => number, error as never, dtype),
    ...more,
  });
}

/** The second operand differs from the first by at least 0.01 wherever they meet. */
const [even, odd] = [0, 1].map(
  (parity): Fill =>
    (draw, n, smooth) =>
      smooth
        ? Array.from({ length: n }, () => (2 * Math.floor(40 * draw() - 20) + parity) / 16)
        : normal(draw, n, false),
);
export const compared: Partial<Property<number[][]>> = { differentiable: false, integers: true };

const binaries: readonly BinaryRow[] = [
  { name: 'add', f: (a, b) => a + b, more: { integers: true } },
  { name: 'sub', f: (a, b) => a - b, more: { integers: true } },
  { name: 'mul', f: (a, b) => a * b, more: { integers: true } },
  { name: 'div', f: (a, b) => a / b, fills: [normal, away([0], 0.2)] },
  { name: 'maximum', f: Math.max, fills: [even, odd], more: { integers: true } },
  { name: 'minimum', f: Math.min, fills: [even, odd], more: { integers: true } },
  {
    name: 'pow',
    f: reference.power,
    bound: (y) => ulps(4, y),
    fills: [uniform(0.4, 2.5), uniform(-2.5, 2.5)],
  },
  { name: 'eq', f: (a, b) => Number(a === b), dtype: 'bool', more: { ...compared, sparse: true } },
  { name: 'ne', f: (a, b) => Number(a !== b), dtype: 'bool', more: compared },
  { name: 'lt', f: (a, b) => Number(a < b), dtype: 'bool', more: compared },
  { name: 'le', f: (a, b) => Number(a <= b), dtype: 'bool', more: compared },
  { name: 'gt', f: (a, b) => Number(a > b), dtype: 'bool', more: compared },
  { name: 'ge', f: (a, b) => Number(a >= b), dtype: 'bool', more: compared },
];

const choices: readonly Proof[] = [
  ...(['add', 'sub'] as const).map((name) =>
    property({
      name,
      title: 'with alpha',
      draw: fc.tuple(pair, fc.constantFrom(2, -0.5, 4), seeds).map(([[a, b], alpha, seed]) => ({
        operands: [floats(a), floats(b)],
        options: alpha,
        seed,
      })),
      call: ([a, b], alpha) => (name === 'add' ? ops.add : ops.sub)(a, b, { alpha }),
      reference: (operands, alpha) =>
        reference.zip(operands, (a, b) => (name === 'add' ? a + alpha * b : a - alpha * b)),
    }),
  ),
  property({
    name: 'where',
    draw: calls(broadcasting(3), ([m, a, b]) => [bools(m), floats(a), floats(b)]),
    call: ([m, a, b]) => ops.where(m, a, b),
    reference: (operands) => {
      const y = reference.zip(operands, (m, a, b) => (m === 1 ? a : b));
      return y instanceof Illegal ? new Illegal() : y;
    },
  }),
  property({
    name: 'maskedFill',
    proves: [],
    draw: calls(pair, ([x, m]) => [floats(x), bools(m)]),
    call: ([x, m]) => ops.maskedFill(x, m, -1.5),
    reference: (operands) => reference.zip(operands, (v, hit) => (hit === 1 ? -1.5 : v)),
  }),
  property({
    name: 'gate',
    draw: one(shapes(), () => fc.constant(null), kinkAt0),
    call: ([x]) => ops.relu(x),
    reference: ([x]) => reference.map(x, (v) => Math.max(v, 0)),
  }),
];

export const elementwise: readonly Proof[] = [
  ...unaries.map(unary),
  ...parametric,
  ...binaries.map(binary),
  ...choices,
];
