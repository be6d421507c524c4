/** Properties of the losses of rows of classes, of vectors and of sequences, by their formulas. */

import * as fc from 'fast-check';
import * as ops from '../../../src/ops/index.ts';
import { tensor } from '../../../src/ops/index.ts';
import { mulberry } from '../../support/sampler.ts';
import { calls, floats, ints, seeds, sides, uniform } from '../draw.ts';
import { type Proof, property } from '../prove.ts';
import { type Reduction, reduced } from '../reference/loss.ts';
import * as terms from '../reference/loss-terms.ts';
import { Illegal, measured, type Value } from '../reference/value.ts';

const reduction = fc.constantFrom('mean' as const, 'sum' as const, 'none' as const);

interface Rows {
  readonly rows: number;
  readonly classes: number;
  readonly single: boolean;
  readonly odd: number;
  readonly reduction: Reduction;
  readonly p: 1 | 2;
  readonly weight: boolean;
  readonly seed: number;
}
const rows: fc.Arbitrary<Rows> = fc.record({
  rows: fc.integer({ min: 0, max: 4 }),
  classes: fc.integer({ min: 1, max: 5 }),
  single: fc.boolean(),
  odd: fc.nat({ max: 10 }),
  reduction,
  p: fc.constantFrom(1 as const, 2 as const),
  weight: fc.boolean(),
  seed: seeds,
});
const scoresOf = (o: Rows): number[] => (o.single ? [o.classes] : [o.rows, o.classes]);

/** Lists of right classes, ended by −1. */
function lists(o: Rows): Int32Array {
  const draw = mulberry(o.seed);
  return Int32Array.from(
    { length: (o.single ? 1 : o.rows) * o.classes },
    () => Math.floor(draw() * (o.classes + 1)) - 1 + Number(o.odd === 0),
  );
}

const classwise: readonly Proof[] = [
  property<Rows>({
    name: 'nllLoss',
    draw: calls(rows, (o) => [
      floats(scoresOf(o)),
      ints(o.single ? [] : [o.rows], 0, o.classes + Number(o.odd === 0)),
      ...(o.weight ? [floats([o.classes], uniform(0.5, 2))] : []),
    ]),
    call: ([x, t, weight], o) =>
      ops.nllLoss(x, t, { weight: weight ?? null, reduction: o.reduction, ignoreIndex: o.odd > 5 ? 0 : -100 }),
    reference: ([x, t, weight], o) => {
      const ignored = o.odd > 5 ? 0 : -100;
      if (t.data.some((id) => id !== ignored && id >= o.classes)) return new Illegal();
      let over = 0;
      const losses = measured(t.shape, ([n = 0]) => {
        const id = t.data[n];
        if (id === ignored) return { sum: 0, bound: 0 };
        over += weight?.data[id] ?? 1;
        const sum = -x.data[n * o.classes + id] * (weight?.data[id] ?? 1);
        return { sum, bound: 4 * Math.abs(sum) };
      });
      return reduced(losses, o.reduction, over);
    },
    sparse: true,
  }),
  property<Rows>({
    name: 'multiMarginLoss',
    draw: calls(rows, (o) => [
      floats(scoresOf(o)),
      ints(o.single ? [] : [o.rows], 0, o.classes + Number(o.odd === 0)),
      ...(o.weight ? [floats([o.classes + Number(o.odd === 1)], uniform(0.5, 2))] : []),
    ]),
    call: ([x, t, weight], o) =>
      ops.multiMarginLoss(x, t, { p: o.p, margin: 0.8, weight: weight ?? null, reduction: o.reduction }),
    reference: ([x, t, weight], o) => {
      if (weight !== undefined && weight.shape[0] !== o.classes) return new Illegal([weight.shape]);
      if (t.data.some((id) => id >= o.classes)) return new Illegal();
      const formula = (row: number[], n: number): terms.Term => {
        const w = (weight?.data[t.data[n]] ?? 1) / o.classes;
        const short = row.map((v, c) => (c === t.data[n] ? 0 : Math.max(0, 0.8 - row[t.data[n]] + v)));
        const size = row.reduce((s, v) => s + (Math.abs(v) + Math.abs(row[t.data[n]]) + 1) ** o.p, 0);
        return terms.term(w * short.reduce((s, v) => s + v ** o.p, 0), w * size);
      };
      return terms.rowwise(x, formula, t.shape, o.reduction);
    },
  }),
  property<Rows>({
    name: 'multilabelMarginLoss',
    draw: calls(rows, (o) => [floats(scoresOf(o))]),
    call: ([x], o) => ops.multilabelMarginLoss(x, tensor(lists(o), { shape: scoresOf(o) }), o),
    reference: ([x], o) => {
      const data = lists(o);
      if (data.some((id) => id >= o.classes)) return new Illegal();
      const formula = (row: number[], n: number): terms.Term => {
        const list = [...data.slice(n * o.classes, (n + 1) * o.classes)];
        const right = list.includes(-1) ? list.slice(0, list.indexOf(-1)) : list;
        let [sum, size] = [0, 0];
        for (const j of right) {
          for (let i = 0; i < o.classes; i++) {
            if (right.includes(i)) continue;
            sum += Math.max(0, 1 - (row[j] - row[i]));
            size += 1 + Math.abs(row[j]) + Math.abs(row[i]);
          }
        }
        return terms.term(sum / o.classes, size / o.classes);
      };
      return terms.rowwise(x, formula, o.single ? [] : [o.rows], o.reduction);
    },
    sparse: true,
  }),
  property<Rows>({
    name: 'multilabelSoftMarginLoss',
    proves: ['multilabelSoftMarginLoss', 'cross-entropy of logits'],
    draw: calls(rows, (o) => [
      floats(scoresOf(o)),
      floats(scoresOf(o), uniform(0, 1)),
      ...(o.weight ? [floats([o.classes + Number(o.odd === 0 && o.classes > 1)], uniform(0.5, 2))] : []),
    ]),
    call: ([x, t, weight], o) => ops.multilabelSoftMarginLoss(x, t, { weight: weight ?? null, reduction: o.reduction }),
    reference: ([x, t, weight], o) => {
      if (weight !== undefined && weight.shape[0] !== o.classes) return new Illegal();
      const formula = (row: number[], n: number): terms.Term => {
        const parts = row.map((v, c) => {
          const { sum, size } = terms.logitTerm(v, t.data[n * o.classes + c]);
          const w = weight?.data[c] ?? 1;
          return terms.term((w * sum) / o.classes, (w * size) / o.classes);
        });
        return terms.term(
          parts.reduce((s, v) => s + v.sum, 0),
          ...parts.map((v) => v.size),
        );
      };
      return terms.rowwise(x, formula, o.single ? [] : [o.rows], o.reduction);
    },
    gradientTolerance: 1e-4,
  }),
];

interface Vectors {
  readonly rows: number;
  readonly width: number;
  readonly single: boolean;
  readonly odd: number;
  readonly reduction: Reduction;
  readonly swap: boolean;
  readonly p: number;
}
const vectors: fc.Arbitrary<Vectors> = fc.record({
  rows: fc.integer({ min: 0, max: 4 }),
  width: fc.integer({ min: 1, max: 4 }),
  single: fc.boolean(),
  odd: fc.nat({ max: 8 }),
  reduction,
  swap: fc.boolean(),
  p: fc.constantFrom(1, 2, 3, Number.POSITIVE_INFINITY),
});
const vectorShape = (o: Vectors): number[] => (o.single ? [o.width] : [o.rows, o.width]);
const perRow = (o: Vectors, row: (n: number) => terms.Term): Value =>
  reduced(
    measured(o.single ? [] : [o.rows], ([n = 0]) => {
      const { sum, size } = row(n);
      return { sum, bound: 24 * (o.width + 2) * size };
    }),
    o.reduction,
  );

const between: readonly Proof[] = [
  property<Vectors>({
    name: 'cosineEmbeddingLoss',
    draw: calls(vectors, (o) => [
      floats(vectorShape(o), uniform(0.1, 1)),
      floats([...vectorShape(o), ...(o.odd === 0 ? [1] : [])], uniform(0.1, 1)),
      floats(o.single ? [] : [o.rows], sides),
    ]),
    call: ([a, b, t], o) => ops.cosineEmbeddingLoss(a, b, t.detach(), { margin: 0.25, reduction: o.reduction }),
    reference: ([a, b, t], o) => {
      if (o.odd === 0) return new Illegal([a.shape, b.shape]);
      const [x, y] = [terms.rowsOf(a), terms.rowsOf(b)];
      return perRow(o, (n) => {
        const c = terms.cosine(x[n], y[n]);
        return terms.term(Math.round(t.data[n]) === 1 ? 1 - c : Math.max(0, c - 0.25), 1);
      });
    },
    gradientTolerance: 1e-4,
  }),
  property<Vectors>({
    name: 'tripletMarginLoss',
    draw: calls(vectors, (o) => [
      floats(vectorShape(o)),
      floats([...vectorShape(o), ...(o.odd === 0 ? [1] : [])]),
      floats(vectorShape(o)),
    ]),
    call: ([a, b, c], o) => ops.tripletMarginLoss(a, b, c, { swap: o.swap, p: o.p, reduction: o.reduction }),
    reference: ([a, b, c], o) => {
      if (o.odd === 0) return new Illegal([a.shape, b.shape]);
      const [x, y, z] = [terms.rowsOf(a), terms.rowsOf(b), terms.rowsOf(c)];
      return perRow(o, (n) => {
        const near = terms.distance(x[n], y[n], o.p, 1e-6);
        const away = terms.distance(x[n], z[n], o.p, 1e-6);
        const far = o.swap ? Math.min(away, terms.distance(y[n], z[n], o.p, 1e-6)) : away;
        const size = [...x[n], ...y[n], ...z[n]].reduce((s, v) => s + Math.abs(v), 1);
        return terms.term(Math.max(0, near - far + 1), near, away, far, size);
      });
    },
    gradientTolerance: 1e-4,
  }),
];

interface Sequences {
  readonly steps: number;
  readonly batch: number;
  readonly classes: number;
  readonly blank: number;
  readonly single: boolean;
  readonly flat: boolean;
  readonly zeroInfinity: boolean;
  readonly reduction: Reduction;
  readonly seed: number;
}

/** Labels without the blank, lengths that now and then are too long, and how the targets are written. */
function targetsOf(o: Sequences): { inputs: number[]; labels: number[][]; targets: ops.TensorLike; rows: number[] } {
  const draw = mulberry(o.seed);
  const n = o.single ? 1 : o.batch;
  const inputs = Array.from({ length: n }, () => o.steps - Math.floor(draw() * 2) * Number(o.steps > 0));
  const labels = Array.from({ length: n }, () =>
    Array.from({ length: o.classes > 1 ? Math.floor(draw() * 3) : 0 }, () => {
      const label = Math.floor(draw() * (o.classes - 1));
      return label + Number(label >= o.blank);
    }),
  );
  const longest = Math.max(0, ...labels.map((l) => l.length));
  const padded = labels.flatMap((l) => [...l, ...new Array<number>(longest - l.length).fill(o.blank)]);
  const list = o.flat ? labels.flat() : padded;
  return { inputs, labels, targets: Int32Array.from(list), rows: o.flat ? [list.length] : [n, longest] };
}

const ctc = (zeroInfinity: boolean): Proof =>
  property<Sequences>({
    name: 'ctcLoss',
    title: zeroInfinity ? 'too long counts 0' : 'too long is infinite',
    draw: calls(
      fc
        .record({
          steps: fc.integer({ min: 1, max: 4 }),
          batch: fc.integer({ min: 1, max: 3 }),
          classes: fc.integer({ min: 1, max: 3 }),
          blank: fc.nat({ max: 2 }),
          single: fc.boolean(),
          flat: fc.boolean(),
          reduction,
          seed: seeds,
        })
        .map((o) => ({ ...o, blank: o.blank % o.classes, zeroInfinity })),
      (o) => [floats(o.single ? [o.steps, o.classes] : [o.steps, o.batch, o.classes], uniform(-2, 0))],
    ),
    call: ([x], o) => {
      const { inputs, labels, targets, rows: shape } = targetsOf(o);
      const lengths = labels.map((l) => l.length);
      return ops.ctcLoss(x, tensor(targets, { dtype: 'int32', shape }), inputs, lengths, o);
    },
    reference: ([x], o) => {
      const { inputs, labels } = targetsOf(o);
      const n = labels.length;
      const each = labels.map((l, b) => {
        const sequence = Array.from({ length: inputs[b] }, (_, t) =>
          Array.from({ length: o.classes }, (_, c) => x.data[(t * n + b) * o.classes + c]),
        );
        const loss = terms.ctcByPaths(sequence, l, o.blank);
        return loss === Number.POSITIVE_INFINITY && zeroInfinity ? 0 : loss;
      });
      const by = (b: number): number => (o.reduction === 'mean' ? Math.max(1, labels[b].length) : 1);
      const losses: Value = {
        shape: o.single ? [] : [n],
        data: each.map((v, b) => v / by(b)),
        bound: each.map((v) => (Number.isFinite(v) ? 4 * Math.abs(v) + 1e-6 : 0)),
      };
      return reduced(losses, o.reduction);
    },
    differentiable: zeroInfinity,
    sparse: true,
    gradientTolerance: 1e-4,
  });

export const lossRows: readonly Proof[] = [...classwise, ...between, ctc(true), ctc(false)];
