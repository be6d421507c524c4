/** Properties of the losses of single elements, by their formulas. */

import * as fc from 'fast-check';
import * as ops from '../../../src/ops/index.ts';
import { broadcasting, calls, floats, normal, shapes, sides, uniform } from '../draw.ts';
import { type Proof, property } from '../prove.ts';
import type { Reduction } from '../reference/loss.ts';
import * as terms from '../reference/loss-terms.ts';
import { common, Illegal } from '../reference/value.ts';

const reduction = fc.constantFrom('mean' as const, 'sum' as const, 'none' as const);

interface Pair {
  readonly shapes: readonly number[][];
  readonly reduction: Reduction;
  /** A parameter of the loss. */
  readonly by: number;
}

/** Two operands of one shape, but now and then not. */
const same = (by: fc.Arbitrary<number>): fc.Arbitrary<Pair> =>
  fc.record({ shape: shapes(0, 4), odd: fc.nat({ max: 8 }), reduction, by }).map(({ shape, odd, ...rest }) => ({
    ...rest,
    shapes: [shape, odd === 0 ? [...shape, 1] : shape],
  }));
/** `n` operands that mostly broadcast. */
const spread = (n: number, by: fc.Arbitrary<number>, high = 4): fc.Arbitrary<Pair> =>
  fc.record({ shapes: broadcasting(n, high), reduction, by });

const bend = fc.constantFrom(0.25, 1, 2.5);
const none = fc.constant(0);

export const lossTerms: readonly Proof[] = [
  property<Pair>({
    name: 'l1Loss',
    draw: calls(spread(2, none), (o) => o.shapes.map((s) => floats(s))),
    call: ([x, t], o) => ops.l1Loss(x, t, o),
    reference: (xs, o) => terms.elementwise(terms.absolute, xs, o.reduction),
  }),
  property<Pair>({
    name: 'huberLoss',
    proves: ['huberLoss', 'huber'],
    draw: calls(spread(2, bend), (o) => o.shapes.map((s) => floats(s))),
    call: ([x, t], o) => ops.huberLoss(x, t, { reduction: o.reduction, delta: o.by }),
    reference: (xs, o) => terms.elementwise(terms.huber(o.by, 1), xs, o.reduction),
  }),
  property<Pair>({
    name: 'smoothL1Loss',
    draw: calls(spread(2, fc.constantFrom(0, 0.25, 1, 2.5)), (o) => o.shapes.map((s) => floats(s))),
    call: ([x, t], o) => ops.smoothL1Loss(x, t, { reduction: o.reduction, beta: o.by }),
    reference: (xs, o) => terms.elementwise(o.by === 0 ? terms.absolute : terms.huber(o.by, 1 / o.by), xs, o.reduction),
  }),
  property<Pair & { weight: number[] | null }>({
    name: 'binaryCrossEntropy',
    proves: ['binaryCrossEntropy', 'cross-entropy of probabilities'],
    draw: calls(
      fc
        .tuple(same(none), fc.nat({ max: 2 }))
        .map(([o, n]) => ({ ...o, weight: [null, [], o.shapes[0].slice(-1)][n] })),
      (o) => [
        floats(o.shapes[0], (draw, n, smooth) =>
          Array.from({ length: n }, () =>
            smooth || draw() < 0.9 ? Math.fround(0.02 + 0.96 * draw()) : +(draw() < 0.5),
          ),
        ),
        floats(o.shapes[1], uniform(0, 1)),
        ...(o.weight === null ? [] : [floats(o.weight, uniform(0.5, 2))]),
      ],
    ),
    call: ([x, t, weight], o) => ops.binaryCrossEntropy(x, t, { weight: weight ?? null, reduction: o.reduction }),
    reference: ([x, t, weight], o) => {
      if (x.shape.join() !== t.shape.join()) return new Illegal([t.shape, x.shape]);
      const weighted = (p: number, y: number, w = 1): terms.Term => {
        const { sum, size } = terms.binaryTerm(p, y);
        return terms.term(w * sum, w * size);
      };
      return terms.elementwise(weighted, weight === undefined ? [x, t] : [x, t, weight], o.reduction, 'into the first');
    },
    gradientTolerance: 1e-4,
  }),
  property<Pair & { logTarget: boolean; batch: boolean }>({
    name: 'klDiv',
    draw: calls(
      fc
        .tuple(spread(2, none), fc.boolean(), fc.boolean())
        .map(([o, logTarget, batch]) => ({ ...o, logTarget, batch })),
      (o) => [floats(o.shapes[0]), floats(o.shapes[1], o.logTarget ? uniform(-2, 0.5) : uniform(0.02, 1))],
    ),
    call: ([x, t], o) => ops.klDiv(x, t, { reduction: o.batch ? 'batchmean' : o.reduction, logTarget: o.logTarget }),
    reference: ([x, t], o) => {
      const found = terms.elementwise(terms.klTerm(o.logTarget), [x, t], o.batch ? 'sum' : o.reduction);
      if (!o.batch || found instanceof Illegal) return found;
      const by = x.shape[0] ?? 1;
      return { shape: [], data: [found.data[0] / by], bound: [(found.bound![0] + 2 * Math.abs(found.data[0])) / by] };
    },
  }),
  property<Pair & { logInput: boolean; full: boolean }>({
    name: 'poissonNllLoss',
    draw: calls(
      fc.tuple(spread(2, none), fc.boolean(), fc.boolean()).map(([o, logInput, full]) => ({ ...o, logInput, full })),
      (o) => [floats(o.shapes[0], o.logInput ? uniform(-2, 2) : uniform(0.1, 4)), floats(o.shapes[1], uniform(0.2, 5))],
    ),
    call: ([x, t], o) => ops.poissonNllLoss(x, t, o),
    reference: (xs, o) => terms.elementwise(terms.poissonTerm(o.logInput, o.full, 1e-8), xs, o.reduction),
  }),
  property<Pair & { full: boolean }>({
    name: 'gaussianNllLoss',
    proves: ['gaussianNllLoss', 'variance raised to eps'],
    draw: calls(
      fc.tuple(same(none), fc.boolean(), fc.nat({ max: 4 })).map(([o, full, kind]) => {
        const [x] = o.shapes;
        const rows = x.slice(0, -1);
        return { ...o, full, shapes: [...o.shapes, [x, x, rows, [...rows, 1], [...x, 2]][kind]] };
      }),
      (o) => [floats(o.shapes[0]), floats(o.shapes[1]), floats(o.shapes[2], uniform(0.2, 2))],
    ),
    call: ([x, t, v], o) => ops.gaussianNllLoss(x, t, v, o),
    reference: ([x, t, given], o) => {
      const v = terms.variances(x, given);
      if (v === null || common(x.shape, t.shape) === null) return new Illegal();
      return terms.elementwise(terms.gaussianTerm(o.full, 1e-6), [x, t, v], o.reduction);
    },
  }),
  property<Pair>({
    name: 'softMarginLoss',
    draw: calls(spread(2, none), (o) => [floats(o.shapes[0]), floats(o.shapes[1], sides)]),
    call: ([x, t], o) => ops.softMarginLoss(x, t, o),
    reference: (xs, o) => terms.elementwise(terms.softMarginTerm, xs, o.reduction, 'into the first'),
    gradientTolerance: 1e-4,
  }),
  property<Pair>({
    name: 'hingeEmbeddingLoss',
    draw: calls(spread(2, fc.constantFrom(0.5, 1)), (o) => [floats(o.shapes[0], normal), floats(o.shapes[1], sides)]),
    call: ([x, t], o) => ops.hingeEmbeddingLoss(x, t.detach(), { margin: o.by, reduction: o.reduction }),
    // The target chooses; it has no slope, and differences of it would find none near 1 and −1.
    reference: ([x, t], o) => {
      const chosen = { ...t, data: t.data.map((v) => Math.round(v)) };
      return terms.elementwise(terms.hingeTerm(o.by), [x, chosen], o.reduction);
    },
  }),
  property<Pair>({
    name: 'marginRankingLoss',
    draw: calls(spread(3, fc.constantFrom(0, 0.5)), (o) => [
      floats(o.shapes[0]),
      floats(o.shapes[1]),
      floats(o.shapes[2], sides),
    ]),
    call: (xs, o) => ops.marginRankingLoss(xs[0], xs[1], xs[2], { margin: o.by, reduction: o.reduction }),
    reference: (xs, o) => {
      if (xs.some((x) => x.shape.length !== xs[0].shape.length)) return new Illegal();
      return terms.elementwise(terms.rankingTerm(o.by), xs, o.reduction);
    },
  }),
];
