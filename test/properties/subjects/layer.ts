/** Properties of layers with parameters. */

import * as fc from 'fast-check';
import * as ops from '../../../src/ops/index.ts';
import type { Tensor } from '../../../src/tensor.ts';
import { calls, distinct, floats, length, shapes, uniform } from '../draw.ts';
import { type Proof, property } from '../prove.ts';
import * as reference from '../reference/layer.ts';
import { Illegal, type Value } from '../reference/value.ts';

interface Shapes {
  readonly shapes: number[][];
}

/** One time in ten an operand does not fit. */
const bilinears: fc.Arbitrary<Shapes> = fc
  .tuple(shapes(0, 2), fc.tuple(length, length, length), fc.boolean(), fc.nat({ max: 40 }))
  .map(([lead, [out, in1, in2], bias, odd]) => ({
    shapes: [
      [...lead, in1],
      odd === 0 ? [2, ...lead, in2] : [...lead, in2],
      odd === 1 ? [out, in1 + 1, in2] : odd === 2 ? [out, in1] : [out, in1, in2],
      ...(bias ? [odd === 3 ? [out + 1] : [out]] : []),
    ],
  }));

interface Normed {
  readonly x: number[];
  readonly weight: number[] | null;
  readonly bias: number[] | null;
  readonly groups: number;
  readonly eps: number;
}

/** Now and then there is no axis of channels, a parameter has another length, or groups do not divide the channels. */
const normed: fc.Arbitrary<Normed> = fc
  .record({
    lead: fc.tuple(length, length, fc.integer({ min: 1, max: 3 })),
    places: shapes(0, 2),
    odd: fc.nat({ max: 30 }),
    weight: fc.boolean(),
    bias: fc.boolean(),
  })
  .map(({ lead: [batch, depth, groups], places, odd, weight, bias }) => {
    const channels = depth * groups;
    return {
      x: odd === 0 ? [channels] : [batch, channels, ...places],
      weight: weight ? [channels + (odd === 1 ? 1 : 0)] : null,
      bias: bias ? (odd === 2 ? [1, channels] : [channels]) : null,
      groups: odd === 3 ? groups + 1 : groups,
      eps: odd % 2 === 0 ? 1e-5 : 1e-2,
    };
  });

const present = (...shapes: (number[] | null)[]): number[][] => shapes.filter((shape) => shape !== null);

/** weight and bias out of what follows x, whichever of them are there. */
function affine<T>({ weight, bias }: Normed, rest: readonly T[]): [weight: T | null, bias: T | null, more: T[]] {
  const left = [...rest];
  return [weight === null ? null : left.shift()!, bias === null ? null : left.shift()!, left];
}

type Normalize = (x: Tensor, weight: Tensor | null, bias: Tensor | null, o: Normed) => Tensor;

function normalization(
  name: string,
  proves: readonly string[],
  call: Normalize,
  of: (x: Value, weight: Value | null, bias: Value | null, o: Normed) => Value | Illegal,
): Proof {
  return property<Normed>({
    name,
    proves,
    draw: calls(normed, ({ x, weight, bias }) => [
      // Equal values would make 1/√eps of rounding errors.
      floats(x, distinct),
      ...present(weight, bias).map((shape) => floats(shape)),
    ]),
    call: ([x, ...rest], o) => {
      const [weight, bias] = affine(o, rest);
      return call(x, weight, bias, o);
    },
    reference: ([x, ...rest], o) => {
      const [weight, bias] = affine(o, rest);
      return of(x, weight, bias, o);
    },
    gradientTolerance: 1e-4,
  });
}

/** Running statistics as the last two operands: used, not differentiated. */
const evaluated = property<Normed>({
  name: 'batchNorm',
  title: 'batchNorm by running statistics',
  draw: calls(normed, ({ x, weight, bias }) => [
    floats(x),
    ...present(weight, bias).map((shape) => floats(shape)),
    floats(x.slice(1, 2)),
    floats(x.slice(1, 2), uniform(0.5, 2)),
  ]),
  call: ([x, ...rest], o) => {
    const [weight, bias, [runningMean, runningVar]] = affine(o, rest);
    return ops.batchNorm(x, { weight, bias, runningMean, runningVar, eps: o.eps });
  },
  reference: ([x, ...rest], o) => {
    const [weight, bias, [mean, variance]] = affine(o, rest);
    return reference.normalizeChannels(x, weight, bias, { groups: 0, eps: o.eps, fixed: [mean, variance] });
  },
  differentiable: false,
});

export const layer: readonly Proof[] = [
  normalization(
    'batchNorm',
    ['batchNorm', 'channelNorm'],
    (x, weight, bias, { eps }) => ops.batchNorm(x, { weight, bias, eps, training: true }),
    (x, weight, bias, { eps }) => reference.normalizeChannels(x, weight, bias, { groups: 0, eps }),
  ),
  evaluated,
  normalization(
    'groupNorm',
    ['groupNorm'],
    (x, weight, bias, { groups, eps }) => ops.groupNorm(x, groups, { weight, bias, eps }),
    (x, weight, bias, { groups, eps }) => reference.normalizeChannels(x, weight, bias, { groups, eps }),
  ),
  normalization(
    'instanceNorm',
    ['instanceNorm'],
    (x, weight, bias, { eps }) => ops.instanceNorm(x, { weight, bias, eps }),
    (x, weight, bias, { eps }) => {
      if (x.shape.length < 3) return new Illegal([x.shape]);
      const y = reference.normalizeChannels(x, weight, bias, { groups: x.shape[1], eps });
      // A channel of a sample with one place has one value, whatever the size of the batch.
      const places = x.shape.slice(2).reduce((n, d) => n * d, 1);
      return y instanceof Illegal || places !== 1 ? y : new Illegal([x.shape]);
    },
  ),
  property<Shapes>({
    name: 'bilinear',
    draw: calls(bilinears, (o) => o.shapes.map((shape) => floats(shape))),
    call: ([x1, x2, w, b = null as never]) => ops.bilinear(x1, x2, w, b),
    reference: ([x1, x2, w, b]) => reference.bilinear(x1, x2, w, b ?? null),
    sparse: true,
    gradientTolerance: 1e-4,
  }),
];
