/** Layers with parameters, from their formulas. */

import { sumOf } from './product.ts';
import { mean, variance } from './reduction.ts';
import { at, count, Illegal, measured, tuples, type Value } from './value.ts';

/** Σ x1ᵢ·W_oij·x2ⱼ + b_o. */
export function bilinear(x1: Value, x2: Value, weight: Value, bias: Value | null): Value | Illegal {
  const shapes = [x1.shape, x2.shape, weight.shape, ...(bias === null ? [] : [bias.shape])];
  const lead = x1.shape.slice(0, -1);
  const [out, in1, in2] = weight.shape;
  const fits =
    x1.shape.length > 0 &&
    x2.shape.length > 0 &&
    weight.shape.length === 3 &&
    x2.shape.slice(0, -1).join() === lead.join() &&
    x1.shape[lead.length] === in1 &&
    x2.shape[lead.length] === in2 &&
    (bias === null || (bias.shape.length === 1 && bias.shape[0] === out));
  if (!fits) return new Illegal(shapes);
  return measured([...lead, out], (index) => {
    const [front, o] = [index.slice(0, -1), index[lead.length]];
    const products: number[][] = [];
    for (let i = 0; i < in1; i++)
      for (let j = 0; j < in2; j++)
        products.push([at(x1, [...front, i]), at(weight, [o, i, j]), at(x2, [...front, j])]);
    return sumOf(bias === null ? products : [...products, [bias.data[o], 1]]);
  });
}

export interface Normalization {
  /** Groups of channels in each sample; 0 takes each channel over the whole batch. */
  readonly groups: number;
  readonly eps: number;
  /** Mean and variance that do not come from x. */
  readonly fixed?: readonly [mean: Value, variance: Value];
}

/** (x − mean)/√(variance + eps)·weight + bias by the statistics of a channel, or of a group of channels in a sample. */
export function normalizeChannels(
  x: Value,
  weight: Value | null,
  bias: Value | null,
  { groups, eps, fixed }: Normalization,
): Value | Illegal {
  const [batch, channels, ...places] = x.shape;
  if (x.shape.length < 2) return new Illegal([x.shape]);
  for (const t of [weight, bias, ...(fixed ?? [])]) {
    if (t !== null && t.shape.join() !== String(channels)) return new Illegal([t.shape, [channels]]);
  }
  if (groups > 0 && channels % groups !== 0) return new Illegal([], 'ConfigError');
  const members = ([n, c]: readonly number[]): number[][] => {
    const first = groups === 0 ? c : c - (c % (channels / groups));
    const chosen = groups === 0 ? [c] : Array.from({ length: channels / groups }, (_, i) => first + i);
    const samples = groups === 0 ? Array.from({ length: batch }, (_, i) => i) : [n];
    return samples.flatMap((s) => chosen.flatMap((k) => tuples(places).map((place) => [s, k, ...place])));
  };
  const several = groups === 0 ? batch * count(places) : batch * (channels / groups) * count(places);
  if (fixed === undefined && several === 1) return new Illegal([x.shape]);
  return measured(x.shape, (index) => {
    const values = fixed === undefined ? members(index).map((place) => at(x, place)) : [];
    const given = (t: Value): { sum: number; bound: number } => ({ sum: t.data[index[1]], bound: 0 });
    const centre = fixed === undefined ? mean(values) : given(fixed[0]);
    const spread = fixed === undefined ? variance(values, 0) : given(fixed[1]);
    const scale = 1 / Math.sqrt(spread.sum + eps);
    const centred = at(x, index) - centre.sum;
    const y = centred * scale;
    const w = weight === null ? 1 : weight.data[index[1]];
    const b = bias === null ? 0 : bias.data[index[1]];
    const error = scale * (centre.bound + Math.abs(centred)) + Math.abs(y) * (5 + scale * scale * spread.bound);
    return { sum: y * w + b, bound: 2 * Math.abs(w) * error + 2 * (Math.abs(y * w) + Math.abs(y * w + b)) };
  });
}
