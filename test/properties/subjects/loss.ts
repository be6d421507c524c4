/** Properties of the losses, of conversions and of dropout. */

import * as fc from 'fast-check';
import { Generator } from '../../../src/core/rng.ts';
import * as ops from '../../../src/ops/index.ts';
import { broadcasting, calls, floats, ints, normal, one, shapes, uniform } from '../draw.ts';
import { type Proof, property } from '../prove.ts';
import * as reference from '../reference/loss.ts';
import type { Value } from '../reference/value.ts';

const reduction = fc.constantFrom('mean' as const, 'sum' as const, 'none' as const);
const same = (shape: number[], odd: number): number[] => (odd === 0 ? [...shape, 1] : shape);

interface Pair {
  readonly x: number[];
  readonly target: number[];
  readonly reduction: reference.Reduction;
}

const pairs: fc.Arbitrary<Pair> = fc
  .tuple(broadcasting(2, 4), reduction)
  .map(([[x, target], r]) => ({ x, target, reduction: r }));

interface Entropy extends reference.CrossEntropy {
  readonly logits: number[];
  readonly target: number[];
  readonly probabilities: boolean;
  readonly weights: number[];
  readonly high: number;
}

const entropies: fc.Arbitrary<Entropy> = fc
  .record({
    rows: fc.oneof(fc.constant(null), shapes(1, 3)),
    classes: fc.integer({ min: 1, max: 5 }),
    probabilities: fc.boolean(),
    weight: fc.boolean(),
    reduction,
    labelSmoothing: fc.constantFrom(0, 0, 0.1, 1),
    odd: fc.nat({ max: 12 }),
  })
  .map(({ rows, classes, probabilities, odd, ...rest }) => {
    const logits = rows === null ? [classes] : [rows[0], classes, ...rows.slice(1)];
    const target = probabilities ? logits : (rows ?? []);
    return {
      ...rest,
      logits,
      target: odd === 0 ? [...target, 2] : target,
      probabilities,
      weights: [classes + (odd === 1 && rest.weight ? 1 : 0)],
      high: classes + (odd === 2 ? 1 : 0),
      ignoreIndex: odd < 8 ? -100 : 0,
    };
  });

const losses: readonly Proof[] = [
  property<Pair>({
    name: 'mseLoss',
    draw: calls(pairs, (o) => [floats(o.x), floats(o.target)]),
    call: ([x, t], o) => ops.mseLoss(x, t, o),
    reference: ([x, t], o) => reference.mse(x, t, o.reduction),
  }),
  property<Pair & { factors: number[][] }>({
    name: 'binaryCrossEntropyWithLogits',
    draw: calls(
      fc.tuple(broadcasting(1, 4), fc.nat({ max: 8 }), reduction, fc.nat({ max: 2 })).map(([[x], odd, r, n]) => ({
        x,
        target: same(x, odd),
        reduction: r,
        factors: [x.slice(1), x.map(() => 1)].slice(0, n),
      })),
      (o) => [floats(o.x), floats(o.target, uniform(0, 1)), ...o.factors.map((s) => floats(s, uniform(0.5, 2)))],
    ),
    call: ([x, t, weight = null as never, posWeight = null as never], o) =>
      ops.binaryCrossEntropyWithLogits(x, t, { weight, posWeight, reduction: o.reduction }),
    reference: ([x, t, weight, posWeight], o) =>
      reference.binaryCrossEntropy(x, t, weight ?? null, posWeight ?? null, o.reduction),
    gradientTolerance: 1e-4,
  }),
  property<Entropy>({
    name: 'crossEntropy',
    draw: calls(entropies, (o) => [
      floats(o.logits, normal),
      o.probabilities ? floats(o.target, uniform(0, 1)) : ints(o.target, 0, o.high),
      ...(o.weight ? [floats(o.weights, uniform(0.5, 2))] : []),
    ]),
    call: ([x, target, weight], o) =>
      ops.crossEntropy(x, target, {
        weight: weight ?? null,
        ignoreIndex: o.ignoreIndex,
        reduction: o.reduction,
        labelSmoothing: o.labelSmoothing,
      }),
    reference: ([x, target, weight], o) => {
      const given: Value = { ...target, dtype: o.probabilities ? undefined : 'int32' };
      return reference.crossEntropy(x, given, weight ?? null, o);
    },
    gradientTolerance: 1e-4,
  }),
];

const others: readonly Proof[] = [
  property({
    name: 'to',
    proves: ['to', 'alias'],
    draw: one(shapes(), () => fc.constantFrom('int32' as const, 'bool' as const)),
    call: ([x], dtype) => ops.to(x, dtype),
    reference: ([x], dtype) => ({
      shape: x.shape,
      data: x.data.map((v) => (dtype === 'int32' ? Math.trunc(v) : Number(v !== 0))),
      dtype,
    }),
    differentiable: false,
    sparse: true,
    views: true,
    integers: true,
  }),
  property<number>({
    name: 'dropout',
    draw: one(shapes(), () => fc.constantFrom(0.25, 0.5)),
    // What was dropped is a matter of the generator; the rest is scaled.
    call: ([x], p) => {
      const kept = ops.dropout(ops.onesLike(x), p, { generator: new Generator(7) });
      const y = ops.dropout(x, p, { generator: new Generator(7) });
      return [ops.sub(y, ops.mul(x, kept)), ops.mul(kept, ops.sub(kept, 1 / (1 - p)))];
    },
    reference: ([x], p) => {
      const zeros: Value = { shape: x.shape, data: x.data.map(() => 0), bound: x.data.map((v) => Math.abs(v) + 4 / p) };
      return [zeros, zeros];
    },
    sparse: true,
  }),
];

export const loss: readonly Proof[] = [...losses, ...others];
