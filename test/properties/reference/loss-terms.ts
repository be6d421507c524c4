/** Losses as formulas of their elements or of their rows, written out. */

import { type Reduction, reduced } from './loss.ts';
import { at, common, type Dims, Illegal, measured, spread, tuples, type Value } from './value.ts';

/** A term, and the size of what it is made of, by which rounding errors are judged. */
export interface Term {
  readonly sum: number;
  readonly size: number;
}
export const term = (sum: number, ...parts: number[]): Term => ({
  sum,
  size: Math.abs(sum) + parts.reduce((a, b) => a + Math.abs(b), 0),
});

/** A loss of each element of operands that broadcast, or that broadcast to the first. */
export function elementwise(
  formula: (...values: number[]) => Term,
  operands: readonly Value[],
  reduction: Reduction,
  rule: 'broadcast' | 'into the first' = 'broadcast',
): Value | Illegal {
  const shapes = operands.map((x) => x.shape);
  const shape = common(...shapes);
  if (shape === null) return new Illegal();
  if (rule === 'into the first' && shape.join() !== shapes[0].join()) return new Illegal();
  const losses = measured(shape, (index) => {
    const { sum, size } = formula(...operands.map((x) => spread(x, index)));
    return { sum, bound: 12 * size };
  });
  return reduced(losses, reduction);
}

/** A loss of each row of scores [N, C], or of the one row [C]. */
export function rowwise(x: Value, formula: (row: number[], n: number) => Term, out: Dims, reduction: Reduction): Value {
  const classes = x.shape[x.shape.length - 1];
  const losses = measured(out, (index) => {
    const n = tuples(out).findIndex((i) => i.join() === index.join());
    const { sum, size } = formula([...x.data.slice(n * classes, (n + 1) * classes)], n);
    return { sum, bound: 12 * (classes + 1) * size };
  });
  return reduced(losses, reduction);
}

export const absolute = (x: number, t: number): Term => term(Math.abs(x - t), 0);
/** Half the square up to `delta`, straight from there on, times `scale`. */
export const huber =
  (delta: number, scale: number) =>
  (x: number, t: number): Term => {
    const d = Math.abs(x - t);
    return term(scale * (d <= delta ? d ** 2 / 2 : delta * (d - delta / 2)), scale * delta * delta);
  };

export const klTerm =
  (logTarget: boolean) =>
  (x: number, t: number): Term => {
    if (logTarget) return term(Math.exp(t) * (t - x), Math.exp(t) * t, Math.exp(t) * x);
    if (t === 0) return term(0);
    return term(t * Math.log(t) - t * x, t * Math.log(t), t * x, t);
  };

export const poissonTerm =
  (logInput: boolean, full: boolean, eps: number) =>
  (x: number, t: number): Term => {
    const parts = logInput ? [Math.exp(x), -t * x] : [x, -t * Math.log(x + eps), t];
    const core = parts[0] + parts[1];
    if (!full || t <= 1) return term(core, ...parts);
    const stirling = t * Math.log(t) - t + Math.log(2 * Math.PI * t) / 2;
    return term(core + stirling, ...parts, t * Math.log(t), t, 2);
  };

export const gaussianTerm =
  (full: boolean, eps: number) =>
  (x: number, t: number, v: number): Term => {
    const raised = Math.max(v, eps);
    const square = (x - t) ** 2 / raised;
    const constant = full ? Math.log(2 * Math.PI) / 2 : 0;
    return term((Math.log(raised) + square) / 2 + constant, Math.log(raised), square, constant, 1);
  };

/** The variance of each element of `x`: its own, or that of its row. */
export function variances(x: Value, v: Value): Value | null {
  const rows = x.shape.slice(0, -1).join();
  if (v.shape.join() === x.shape.join()) return v;
  if (x.shape.length > 0 && v.shape.join() === rows) return { ...v, shape: [...v.shape, 1] };
  if (v.shape.length > 0 && v.shape.slice(0, -1).join() === rows && v.shape.at(-1) === 1) return v;
  return null;
}

export const softMarginTerm = (x: number, t: number): Term => {
  const z = -t * x;
  return term(z > 30 ? z + Math.exp(-z) : Math.log1p(Math.exp(z)), Math.min(Math.abs(z), 1), Math.max(z, 0));
};
export const hingeTerm =
  (margin: number) =>
  (x: number, t: number): Term =>
    t === 1 ? term(x) : term(Math.max(0, margin - x), margin, x);
export const rankingTerm =
  (margin: number) =>
  (a: number, b: number, t: number): Term =>
    term(Math.max(0, margin - t * (a - b)), margin, a, b);

const clog = (p: number): number => Math.max(Math.log(p), -100);
export const binaryTerm = (p: number, t: number): Term => {
  const [yes, no] = [t * clog(p), (1 - t) * Math.max(Math.log1p(-p), -100)];
  return term(-yes - no, yes, no);
};
export const logitTerm = (x: number, t: number): Term => {
  const soft = (v: number): number => (v > 30 ? v + Math.exp(-v) : Math.log1p(Math.exp(v)));
  return term(t * soft(-x) + (1 - t) * soft(x), x * t, x);
};

/** The p-norm of a − b + eps. */
export function distance(a: number[], b: number[], p: number, eps: number): number {
  const d = a.map((v, i) => Math.abs(v - b[i] + eps));
  return p === Number.POSITIVE_INFINITY ? Math.max(...d) : d.reduce((s, v) => s + v ** p, 0) ** (1 / p);
}

export function cosine(a: number[], b: number[]): number {
  const dot = (u: number[], v: number[]): number => u.reduce((s, x, i) => s + x * v[i], 0);
  return dot(a, b) / Math.sqrt((dot(a, a) + 1e-12) * (dot(b, b) + 1e-12));
}

/** Rows of a value as lists. */
export function rowsOf(x: Value): number[][] {
  const n = x.shape.at(-1)!;
  return tuples(x.shape.slice(0, -1)).map((index) => Array.from({ length: n }, (_, i) => at(x, [...index, i])));
}

/** −log of the sum over all paths of a sequence that collapse to the labels, by trying every one. */
export function ctcByPaths(rows: readonly number[][], labels: readonly number[], blank: number): number {
  const classes = rows[0]?.length ?? 0;
  let sum = 0;
  const walk = (t: number, logProb: number, collapsed: readonly number[], last: number): void => {
    if (t === rows.length) {
      if (collapsed.join() === labels.join()) sum += Math.exp(logProb);
      return;
    }
    for (let c = 0; c < classes; c++) {
      walk(t + 1, logProb + rows[t][c], c === blank || c === last ? collapsed : [...collapsed, c], c);
    }
  };
  walk(0, 0, [], -1);
  return -Math.log(sum);
}
