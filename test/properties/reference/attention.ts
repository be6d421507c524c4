/** Attention by its formula. */

import { build, common, Illegal, spread, total, type Value } from './value.ts';

export interface Attention {
  readonly isCausal: boolean;
  readonly scale: number | null;
  /** The mask says who takes part (0 or 1) instead of being added. */
  readonly boolean: boolean;
}

/** y and the weights. */
export function attention(
  q: Value,
  k: Value,
  v: Value,
  mask: Value | undefined,
  { isCausal, scale, boolean }: Attention,
): Value[] | Illegal {
  const operands = [q.shape, k.shape, v.shape];
  for (const shape of operands) if (shape.length < 2) return new Illegal([shape]);
  const [features, keys] = [q.shape.at(-1)!, k.shape.at(-2)!];
  if (features !== k.shape.at(-1) || keys !== v.shape.at(-2)) return new Illegal(operands);
  const lead = common(q.shape.slice(0, -2), k.shape.slice(0, -2));
  const joined = lead && common(lead, v.shape.slice(0, -2));
  if (lead === null || joined === null) return new Illegal();
  const plain = [...lead, q.shape.at(-2)!, keys];
  const scores = mask === undefined ? plain : common(plain, mask.shape);
  if (scores === null || scores.join() !== plain.join()) return new Illegal();
  const factor = scale ?? 1 / Math.sqrt(features);
  const row = (index: readonly number[]) => {
    const from = index.slice(0, -2);
    const query = index.at(-2)!;
    const cells = Array.from({ length: keys }, (_, key) => {
      const place = [...from, query, key];
      const terms = Array.from(
        { length: features },
        (_, e) => factor * spread(q, [...from, query, e]) * spread(k, [...from, key, e]),
      );
      const product = total(terms);
      const added = mask === undefined ? 0 : spread(mask, place);
      const hidden = (isCausal && key > query) || (boolean && mask !== undefined && added === 0);
      const score = hidden ? -Infinity : product.sum + (boolean ? 0 : added);
      const size = terms.reduce((sum, t) => sum + Math.abs(t), 0);
      return { score, error: (features + 4) * size + Math.abs(added) };
    });
    const top = Math.max(...cells.map((c) => c.score));
    const raised = cells.map((c) => Math.exp(c.score - top));
    const sum = total(raised).sum;
    const worst = Math.max(0, ...cells.map((c) => c.error + (Number.isFinite(c.score) ? Math.abs(c.score - top) : 0)));
    return { weights: raised.map((e) => e / sum), error: 2 * worst + keys + 24 };
  };
  const weights = build(plain, (index) => row(index).weights[index.at(-1)!], {
    bound: (w, index) => (Number.isNaN(w) ? 0 : w * row(index).error + 1e-30),
  });
  const shape = [...joined, q.shape.at(-2)!, v.shape.at(-1)!];
  const parts = (index: readonly number[]): { terms: number[]; error: number } => {
    const from = index.slice(index.length - 2 - lead.length, -2).map((i, axis) => (lead[axis] === 1 ? 0 : i));
    const { weights: shares, error } = row([...from, index.at(-2)!, 0]);
    const values = shares.map((_, key) => spread(v, [...index.slice(0, -2), key, index.at(-1)!]));
    return { terms: shares.map((w, key) => w * values[key]), error };
  };
  const y = build(shape, (index) => total(parts(index).terms).sum, {
    bound: (_, index) => {
      const { terms, error } = parts(index);
      return terms.reduce((sum, t) => sum + Math.abs(t), 0) * (error + keys + 4);
    },
  });
  return [y, weights];
}
