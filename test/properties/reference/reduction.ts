/** Reductions over axes, softmax and normalisation, by their definitions. */

import {
  at,
  axesOf,
  axisOf,
  build,
  count,
  type Dims,
  groups,
  Illegal,
  lineAt,
  measured,
  total,
  tuples,
  ulps,
  type Value,
} from './value.ts';

export interface Reduction {
  readonly axes: number | Dims | null;
  readonly keepdim: boolean;
}

interface Measured {
  readonly sum: number;
  readonly bound: number;
}

/** `f` of the elements that meet, at each place that is left. */
export function reduce(
  x: Value,
  { axes, keepdim }: Reduction,
  f: (members: number[]) => Measured | number,
  dtype?: Value['dtype'],
): Value | Illegal {
  const list = axesOf(axes, x.shape.length);
  if (list === null) return new Illegal();
  const { shape, members } = groups(x, list, keepdim);
  const found = members.map(f);
  const data = found.map((y) => (typeof y === 'number' ? y : y.sum));
  const bound = found.map((y) => (typeof y === 'number' ? 0 : y.bound));
  return { shape, data, bound: found.some((y) => typeof y !== 'number') ? bound : undefined, dtype };
}

/** As `reduce`, where nothing has no answer. */
export function choose(
  x: Value,
  options: Reduction,
  f: (members: number[]) => number,
  dtype?: Value['dtype'],
): Value | Illegal {
  const list = axesOf(options.axes, x.shape.length);
  if (list !== null && count(list.map((i) => x.shape[i])) === 0) return new Illegal([x.shape]);
  return reduce(x, options, f, dtype);
}

export function mean(members: number[]): Measured {
  const { sum, bound } = total(members);
  const y = sum / members.length;
  return { sum: y, bound: members.length === 0 ? 0 : bound / members.length + 2 * Math.abs(y) };
}

export function variance(members: number[], correction: number): Measured {
  const centre = mean(members);
  const divisor = Math.max(0, members.length - correction);
  const differences = members.map((v) => v - centre.sum);
  const squares = total(differences.map((d) => d * d));
  const carried = total(differences.map((d) => Math.abs(d) * (2 * Math.abs(d) + 3 * centre.bound))).sum;
  const y = squares.sum / divisor;
  return { sum: y, bound: (squares.bound + carried) / divisor + 2 * y };
}

export function std(members: number[], correction: number): Measured {
  const { sum, bound } = variance(members, correction);
  const y = Math.sqrt(sum);
  // Of equal values there is only what the mean was off by.
  const bySlope = y > 0 ? bound / y : Number.POSITIVE_INFINITY;
  const byMean = 3 * mean(members).bound * Math.sqrt(members.length / Math.max(1e-300, members.length - correction));
  return { sum: y, bound: Math.min(bySlope + 2 * y, byMean + 2 * y + bySlope) };
}

export function logsumexp(members: number[]): Measured {
  if (members.length === 0) return { sum: -Infinity, bound: 0 };
  const most = Math.max(...members);
  const terms = members.map((v) => Math.exp(v - most));
  const folded = Math.log(total(terms).sum);
  const spread = Math.max(...members.map((v, i) => terms[i] * Math.abs(v - most)));
  const y = most + folded;
  return { sum: y, bound: 8 + Math.log2(members.length) + spread + 4 * Math.abs(folded) + 2 * Math.abs(y) };
}

/** Along one axis, or over everything: the place of the first that `better` leaves. */
export function argBest(members: number[], better: (a: number, b: number) => boolean): number {
  let best = 0;
  for (let i = 1; i < members.length; i++) if (better(members[i], members[best])) best = i;
  return best;
}

/** eˣ/Σeˣ along an axis, or its logarithm. */
export function softmax(x: Value, axis: number, log: boolean): Value | Illegal {
  const rank = x.shape.length;
  const found = axisOf(axis, Math.max(1, rank));
  if (found === null) return new Illegal();
  const error = (y: number, index: number[]): number => {
    const line = lineAt(x, found, index);
    const folded = logsumexp(line);
    const own = rank === 0 ? x.data[0] : at(x, index);
    if (log) return folded.bound + 4 + 2 * Math.abs(y) + Math.abs(own - Math.max(...line));
    return ulps(2, y) + y * (8 + folded.bound + Math.abs(own - Math.max(...line)));
  };
  return build(
    x.shape,
    (index) => {
      const line = lineAt(x, found, index);
      const own = rank === 0 ? x.data[0] : at(x, index);
      const y = own - logsumexp(line).sum;
      return log ? y : Math.exp(y);
    },
    { bound: error, dtype: 'float' },
  );
}

/** (x − mean)/√(variance + eps)·weight + bias over the last axes. */
export function layerNorm(
  x: Value,
  normalized: Dims,
  weight: Value | null,
  bias: Value | null,
  eps: number,
): Value | Illegal {
  const lead = x.shape.length - normalized.length;
  const fits = normalized.length > 0 && lead >= 0 && x.shape.slice(lead).join() === normalized.join();
  if (!fits) return new Illegal([x.shape]);
  for (const t of [weight, bias])
    if (t !== null && t.shape.join() !== normalized.join()) return new Illegal([t.shape, normalized]);
  return measured(x.shape, (index) => {
    const members = tuples(normalized).map((tail) => at(x, [...index.slice(0, lead), ...tail]));
    const spread = variance(members, 0);
    const scale = 1 / Math.sqrt(spread.sum + eps);
    const centre = mean(members);
    const centred = at(x, index) - centre.sum;
    const w = weight === null ? 1 : at(weight, index.slice(lead));
    const b = bias === null ? 0 : at(bias, index.slice(lead));
    const y = centred * scale;
    const error = scale * (centre.bound + Math.abs(centred)) + Math.abs(y) * (4 + scale * scale * spread.bound);
    return { sum: y * w + b, bound: 2 * Math.abs(w) * error + 2 * (Math.abs(y * w) + Math.abs(y * w + b)) };
  });
}
