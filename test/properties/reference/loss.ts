/** Losses by their formulas. */

import { sigmoid, softplus } from './elementwise.ts';
import { logsumexp } from './reduction.ts';
import { at, common, Illegal, measured, spread, total, tuples, type Value } from './value.ts';

export type Reduction = 'mean' | 'sum' | 'none';

/** The mean (over `weights`, or the number), the sum, or all of the losses. */
export function reduced(losses: Value, reduction: Reduction, over?: number): Value {
  if (reduction === 'none') return losses;
  const { sum, bound } = total(losses.data as number[]);
  const carried = (losses.bound ?? []).reduce((a, b) => a + b, 0);
  const by = reduction === 'sum' ? 1 : (over ?? losses.data.length);
  const y = sum / by;
  return { shape: [], data: [y], bound: [(bound + carried) / by + 4 * Math.abs(y)] };
}

export function mse(x: Value, target: Value, reduction: Reduction): Value | Illegal {
  const shape = common(x.shape, target.shape);
  if (shape === null) return new Illegal();
  const losses = measured(shape, (index) => {
    const sum = (spread(x, index) - spread(target, index)) ** 2;
    return { sum, bound: 4 * sum };
  });
  return reduced(losses, reduction);
}

/** (1 − t)·x + (1 + (p − 1)·t)·log(1 + e⁻ˣ), weighted. */
export function binaryCrossEntropy(
  x: Value,
  target: Value,
  weight: Value | null,
  posWeight: Value | null,
  reduction: Reduction,
): Value | Illegal {
  if (x.shape.join() !== target.shape.join()) return new Illegal([target.shape, x.shape]);
  for (const t of [weight, posWeight]) {
    if (t === null) continue;
    const shape = common(x.shape, t.shape);
    if (shape === null) return new Illegal();
  }
  const losses = measured(x.shape, (index) => {
    const [v, t] = [at(x, index), at(target, index)];
    const p = posWeight === null ? 1 : spread(posWeight, index);
    const w = weight === null ? 1 : spread(weight, index);
    const soft = softplus(-v);
    const factor = 1 + (p - 1) * t;
    const terms = Math.abs((1 - t) * v) + Math.abs(factor) * soft + Math.abs(p * t) * soft;
    return { sum: w * ((1 - t) * v + factor * soft), bound: Math.abs(w) * 12 * (terms + sigmoid(v) * 1e-30) };
  });
  return reduced(losses, reduction);
}

export interface CrossEntropy {
  readonly weight: boolean;
  readonly ignoreIndex: number;
  readonly reduction: Reduction;
  readonly labelSmoothing: number;
}

/** Logits [N, C, d…] (or [C]); target ids without the axis of classes, or probabilities with it. */
export function crossEntropy(
  logits: Value,
  target: Value,
  weight: Value | null,
  { ignoreIndex, reduction, labelSmoothing }: CrossEntropy,
): Value | Illegal {
  const rank = logits.shape.length;
  if (rank === 0) return new Illegal([logits.shape]);
  const axis = rank === 1 ? 0 : 1;
  const classes = logits.shape[axis];
  if (weight !== null && weight.shape.join() !== `${classes}`) return new Illegal([weight.shape, [classes]]);
  const rows = logits.shape.filter((_, i) => i !== axis);
  const byIds = target.dtype === 'int32';
  const wanted = byIds ? rows : logits.shape;
  if (target.shape.join() !== wanted.join()) return new Illegal([logits.shape, target.shape]);
  const ids = byIds ? target.data : [];
  if (ids.some((id) => id !== ignoreIndex && (id < 0 || id >= classes))) return new Illegal();
  const w = (c: number): number => (weight === null ? 1 : weight.data[c]);
  let over = 0;
  const places = tuples(rows);
  const losses = measured(rows, (index) => {
    const full = (c: number): number[] => [...index.slice(0, axis), c, ...index.slice(axis)];
    const line = Array.from({ length: classes }, (_, c) => at(logits, full(c)));
    const folded = logsumexp(line);
    const nll = line.map((v) => folded.sum - v);
    const id = byIds ? at(target, index) : -1;
    if (byIds && id === ignoreIndex) return { sum: 0, bound: 0 };
    const share = (c: number): number =>
      (1 - labelSmoothing) * (byIds ? Number(c === id) : at(target, full(c))) + labelSmoothing / classes;
    over += byIds ? w(id) : 1;
    const terms = nll.map((v, c) => w(c) * share(c) * v);
    const errors = nll.map(
      (v, c) => Math.abs(w(c) * share(c)) * (folded.bound + 2 * Math.abs(line[c]) + 8 * Math.abs(v)),
    );
    const { sum, bound } = total(terms);
    return { sum, bound: bound + total(errors).sum };
  });
  if (places.length === 0) over = 0;
  return reduced(losses, reduction, byIds ? over : places.length);
}
