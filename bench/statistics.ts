/** The arithmetic of the benchmarks, apart from any clock. */

/** The value below which a share `q` of `values` lies, interpolated between neighbours; NaN of nothing. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const below = Math.floor(at);
  const above = Math.ceil(at);
  return above === below ? sorted[below] : sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The middle half's width as a fraction of the median: 0 on a machine where nothing disturbs. */
export function spread(values: readonly number[]): number {
  return (quantile(values, 0.75) - quantile(values, 0.25)) / median(values);
}

/** Of positive values; NaN of nothing. */
export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** `digits` significant digits, as a number, so that tables and JSON stay readable. */
export function significant(value: number, digits = 3): number {
  return Number(value.toPrecision(digits));
}
