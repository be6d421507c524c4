/** Properties of reductions, softmax and layer normalisation. */

import * as fc from 'fast-check';
import * as ops from '../../../src/ops/index.ts';
import type { Tensor } from '../../../src/tensor.ts';
import { axesIn, axisIn, calls, distinct, floats, one, shapes } from '../draw.ts';
import { type Proof, type Property, property } from '../prove.ts';
import * as reference from '../reference/reduction.ts';
import { Illegal, total, type Value } from '../reference/value.ts';

const reductions = (shape: number[]): fc.Arbitrary<reference.Reduction> =>
  fc.record({ axes: axesIn(shape.length), keepdim: fc.boolean() });
const alongOne = (shape: number[]): fc.Arbitrary<{ axes: number | null; keepdim: boolean }> =>
  fc.record({ axes: fc.option(axisIn(shape.length), { freq: 5 }), keepdim: fc.boolean() });

type Reduce = (x: Tensor, axes?: ops.Axes, options?: { keepdim?: boolean }) => Tensor;

function reducing(
  name: string,
  fn: Reduce,
  refer: (x: Value, options: reference.Reduction) => Value | Illegal,
  more: Partial<Property<reference.Reduction>> = {},
): Proof {
  return property({
    name,
    draw: one(shapes(), reductions, distinct),
    call: ([x], { axes, keepdim }) => fn(x, axes, { keepdim }),
    reference: ([x], options) => refer(x, options),
    ...more,
  });
}

const corrections = (shape: number[]) =>
  fc.record({ axes: axesIn(shape.length), keepdim: fc.boolean(), correction: fc.constantFrom(0, 1) });

/** Also of no value, and of a single one. */
function spreading(name: 'variance' | 'std', fn: typeof ops.variance, measure: typeof reference.variance): Proof {
  return property({
    name,
    draw: one(shapes(), corrections, distinct),
    call: ([x], { axes, ...options }) => fn(x, axes, options),
    reference: ([x], { correction, ...options }) => reference.reduce(x, options, (m) => measure(m, correction)),
    // A single value deviates by nothing, or by 0/0.
    differentiable: false,
  });
}

/** Over at least two distinct values, where there is a slope. */
function sloping(name: 'variance' | 'std', fn: typeof ops.variance, measure: typeof reference.variance): Proof {
  return property<number>({
    name,
    title: 'over two or more',
    draw: one(
      shapes(1, 3).map((shape) => shape.map((d) => d + 2)),
      ({ length }) => axisIn(length),
      distinct,
    ),
    call: ([x], axis) => fn(x, axis),
    reference: ([x], axis) => reference.reduce(x, { axes: axis, keepdim: false }, (m) => measure(m, 1)),
  });
}

const above = (a: number, b: number): boolean => a > b;
const below = (a: number, b: number): boolean => a < b;

function places(name: 'argmax' | 'argmin', fn: typeof ops.argmax, better: typeof above): Proof {
  return property({
    name,
    draw: one(shapes(), alongOne),
    call: ([x], { axes, keepdim }) => fn(x, axes, { keepdim }),
    reference: ([x], options) => reference.choose(x, options, (m) => reference.argBest(m, better), 'int32'),
    differentiable: false,
    integers: true,
    sparse: true,
  });
}

/** Value and place along one axis. */
function extremes(name: 'max' | 'min', fn: typeof ops.max, better: typeof above): Proof {
  return property({
    name,
    proves: [],
    draw: one(shapes(), (shape) => fc.record({ axes: axisIn(shape.length), keepdim: fc.boolean() }), distinct),
    call: ([x], { axes, keepdim }) => {
      const { values, indices } = fn(x, axes, { keepdim });
      return [values, indices];
    },
    reference: ([x], options) => {
      const values = reference.choose(x, options, (m) => m[reference.argBest(m, better)]);
      const indices = reference.choose(x, options, (m) => reference.argBest(m, better), 'int32');
      return values instanceof Illegal || indices instanceof Illegal ? new Illegal() : [values, indices];
    },
    integers: true,
    views: true,
  });
}

function softmaxes(name: 'softmax' | 'logSoftmax', fn: typeof ops.softmax): Proof {
  return property({
    name,
    proves: [name, 'softmaxGrad'],
    draw: one(shapes(), (shape) => axisIn(shape.length)),
    call: ([x], axis) => fn(x, axis),
    reference: ([x], axis) => reference.softmax(x, axis, name === 'logSoftmax'),
    integers: true,
    sparse: true,
  });
}

interface Normed {
  readonly x: number[];
  readonly normalized: number[];
  readonly weight: number[] | null;
  readonly bias: number[] | null;
  readonly eps: number;
}

const normed: fc.Arbitrary<Normed> = shapes(1, 4).chain((x) =>
  fc
    .record({ cut: fc.nat({ max: x.length }), odd: fc.nat({ max: 15 }), weight: fc.boolean(), bias: fc.boolean() })
    .map(({ cut, odd, weight, bias }) => {
      const normalized = x.slice(cut);
      const other = [...normalized, 2];
      return {
        x,
        normalized: odd === 0 ? other : normalized,
        weight: weight ? (odd === 1 ? other : normalized) : null,
        bias: bias ? normalized : null,
        eps: odd % 2 === 0 ? 1e-5 : 1e-2,
      };
    }),
);

const layerNorm = property<Normed>({
  name: 'layerNorm',
  draw: calls(normed, ({ x, weight, bias }) => [
    // Equal values would make 1/√eps of rounding errors.
    floats(x, distinct),
    ...[weight, bias].flatMap((shape) => (shape === null ? [] : [floats(shape)])),
  ]),
  call: (inputs, { normalized, weight, bias, eps }) => {
    const [x, ...rest] = inputs;
    const w = weight === null ? null : rest.shift()!;
    return ops.layerNorm(x, normalized, w, bias === null ? null : rest[0], eps);
  },
  reference: ([x, ...rest], { normalized, weight, bias, eps }) => {
    const w = weight === null ? null : rest[0];
    const b = bias === null ? null : rest[weight === null ? 0 : 1];
    return reference.layerNorm(x, normalized, w, b, eps);
  },
  gradientTolerance: 1e-4,
});

export const reduction: readonly Proof[] = [
  reducing('sum', ops.sum, (x, options) => reference.reduce(x, options, total), { integers: true }),
  reducing('mean', ops.mean, (x, options) => reference.reduce(x, options, reference.mean, 'float'), { integers: true }),
  reducing('amax', ops.amax, (x, options) => reference.choose(x, options, (m) => Math.max(...m)), { integers: true }),
  reducing('amin', ops.amin, (x, options) => reference.choose(x, options, (m) => Math.min(...m)), { integers: true }),
  reducing('logsumexp', ops.logsumexp, (x, options) => reference.reduce(x, options, reference.logsumexp, 'float'), {
    integers: true,
  }),
  spreading('variance', ops.variance, reference.variance),
  spreading('std', ops.std, reference.std),
  sloping('variance', ops.variance, reference.variance),
  sloping('std', ops.std, reference.std),
  places('argmax', ops.argmax, above),
  places('argmin', ops.argmin, below),
  extremes('max', ops.max, above),
  extremes('min', ops.min, below),
  softmaxes('softmax', ops.softmax),
  softmaxes('logSoftmax', ops.logSoftmax),
  layerNorm,
];
