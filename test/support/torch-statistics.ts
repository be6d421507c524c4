/** Reductions, order, scans and statistics under PyTorch's names. */

import type { DType } from '../../src/core/dtype.ts';
import type { Axes } from '../../src/ops/index.ts';
import * as ops from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';
import type { Callable, Value } from './python.ts';
import { orDefault, row, unary } from './torch-rows.ts';

const reduction = (fn: (x: Tensor, axes?: Axes, options?: { keepdim?: boolean }) => Tensor): Callable =>
  row('input dim keepdim', (x: Tensor, dim?: Axes, keepdim?: boolean) => fn(x, dim, { keepdim }));

/** With the axes left out the second argument may be `unbiased`. */
const variance = <Y extends Value>(
  fn: (x: Tensor, axes?: Axes, options?: { keepdim?: boolean; correction?: number }) => Y,
): Callable =>
  row(
    'input dim unbiased keepdim correction',
    (x: Tensor, dim?: Axes | boolean, unbiased: boolean | null = true, keepdim = false, correction?: number | null) => {
      const ofAll = typeof dim === 'boolean';
      const biased = ofAll ? !dim : unbiased === false;
      return fn(x, ofAll ? null : dim, { keepdim, correction: correction ?? (biased ? 0 : 1) });
    },
  );
const total = (
  fn: (x: Tensor, axes?: Axes, options?: { keepdim?: boolean; dtype?: DType | null }) => Tensor,
): Callable =>
  row('input dim keepdim dtype', (x: Tensor, dim?: Axes, keepdim = false, dtype: DType | null = null) =>
    fn(x, dim, { keepdim, dtype }),
  );
const pair = ({ values, indices }: ops.Placed): Tensor[] => [values, indices];
const scan = (fn: typeof ops.cumsum): Callable =>
  row('input dim dtype', (x: Tensor, dim: number, dtype?: DType | null) => fn(x, dim, { dtype: orDefault(dtype) }));
const middle = (fn: typeof ops.median): Callable =>
  row('input dim keepdim', (x: Tensor, dim?: number, keepdim = false) =>
    dim === undefined ? fn(x) : pair(fn(x, dim, { keepdim })),
  );
const quantile = (fn: typeof ops.quantile): Callable =>
  row(
    'input q dim keepdim interpolation',
    (x: Tensor, q: ops.Quantiles, dim?: number | null, keepdim = false, interpolation?: ops.Interpolation) =>
      fn(x, q, dim, { keepdim, interpolation }),
  );
const unique = ({ values, inverse, counts }: ops.Unique): Value => {
  const found = [values, inverse, counts].filter((part) => part !== undefined);
  return found.length === 1 ? values : found;
};
const extreme = (fn: typeof ops.max): Callable =>
  row('input dim keepdim', (x: Tensor, dim?: number, keepdim = false) => {
    if (dim === undefined) return fn(x);
    const { values, indices } = fn(x, dim, { keepdim });
    return [values, indices];
  });

export const statistics: Record<string, Callable> = {
  all: reduction(ops.all),
  amax: reduction(ops.amax),
  amin: reduction(ops.amin),
  aminmax: row('input dim keepdim', (x: Tensor, dim?: number | null, keepdim = false) => {
    const { min, max } = ops.aminmax(x, dim, { keepdim });
    return [min, max];
  }),
  any: reduction(ops.any),
  argmax: row('input dim keepdim', (x: Tensor, dim?: number, keepdim = false) => ops.argmax(x, dim, { keepdim })),
  argmin: row('input dim keepdim', (x: Tensor, dim?: number, keepdim = false) => ops.argmin(x, dim, { keepdim })),
  argsort: row('input dim descending stable', (x: Tensor, dim?: number, descending?: boolean) =>
    ops.argsort(x, dim, { descending }),
  ),
  bincount: row('input weights minlength', (x: Tensor, weights?: Tensor | null, minlength?: number) =>
    ops.bincount(x, { weights, minlength }),
  ),
  bucketize: row(
    'input boundaries out_int32 right',
    (x: Tensor | number, edges: Tensor, _?: boolean, right?: boolean) => ops.bucketize(x, edges, { right }),
  ),
  corrcoef: unary(ops.corrcoef),
  count_nonzero: row('input dim', ops.countNonzero),
  cov: row(
    'input correction fweights aweights',
    (x: Tensor, correction?: number, fweights?: Tensor | null, aweights?: Tensor | null) =>
      ops.cov(x, { correction, fweights, aweights }),
  ),
  cummax: row('input dim', (x: Tensor, dim: number) => pair(ops.cummax(x, dim))),
  cummin: row('input dim', (x: Tensor, dim: number) => pair(ops.cummin(x, dim))),
  cumprod: scan(ops.cumprod),
  cumsum: scan(ops.cumsum),
  diff: row(
    'input n dim prepend append',
    (x: Tensor, n?: number, dim?: number, prepend?: Tensor | null, append?: Tensor | null) =>
      ops.diff(x, dim, { n, prepend, append }),
  ),
  histc: row('input bins min max', (x: Tensor, bins?: number, min?: number, max?: number) =>
    ops.histc(x, bins, { min, max }),
  ),
  histogram: row(
    'input bins range weight density',
    (x: Tensor, bins: number | Tensor, range?: [number, number] | null, weight?: Tensor | null, density?: boolean) => {
      const { hist, binEdges } = ops.histogram(x, bins, { range, weight, density });
      return [hist, binEdges];
    },
  ),
  kthvalue: row('input k dim keepdim', (x: Tensor, k: number, dim?: number, keepdim?: boolean) =>
    pair(ops.kthvalue(x, k, dim, { keepdim })),
  ),
  logcumsumexp: row('input dim', ops.logcumsumexp),
  logsumexp: reduction(ops.logsumexp),
  max: extreme(ops.max),
  mean: total(ops.mean),
  median: middle(ops.median),
  min: extreme(ops.min),
  mode: row('input dim keepdim', (x: Tensor, dim?: number, keepdim?: boolean) => pair(ops.mode(x, dim, { keepdim }))),
  nanmean: total(ops.nanmean),
  nanmedian: middle(ops.nanmedian),
  nanquantile: quantile(ops.nanquantile),
  nansum: total(ops.nansum),
  norm: row(
    'input p dim keepdim out dtype',
    (x: Tensor, p?: number | 'fro' | null, dim?: Axes, keepdim?: boolean, _?: null, dtype?: DType | null) =>
      ops.norm(x, orDefault(p), dim, { keepdim, dtype }),
  ),
  normalize: row('input p dim eps', (x: Tensor, p?: number, dim?: Axes, eps?: number) =>
    ops.normalize(x, p, dim, { eps }),
  ),
  prod: total(ops.prod),
  quantile: quantile(ops.quantile),
  searchsorted: row(
    'sorted_sequence input out_int32 right side sorter',
    (
      sorted: Tensor,
      values: Tensor | number,
      _?: boolean,
      right?: boolean,
      side?: string | null,
      sorter?: Tensor | null,
    ) => ops.searchsorted(sorted, values, { right: right || side === 'right', sorter }),
  ),
  sort: row('input dim descending stable', (x: Tensor, dim?: number, descending?: boolean) =>
    pair(ops.sort(x, dim, { descending })),
  ),
  std: variance(ops.std),
  std_mean: variance(ops.stdMean),
  sum: total(ops.sum),
  topk: row('input k dim largest sorted', (x: Tensor, k: number, dim?: number, largest?: boolean, sorted?: boolean) =>
    pair(ops.topk(x, k, dim, { largest, sorted })),
  ),
  unique: row(
    'input sorted return_inverse return_counts dim',
    (x: Tensor, _?: boolean, returnInverse?: boolean, returnCounts?: boolean, axis?: number | null) =>
      unique(ops.unique(x, { axis, returnInverse, returnCounts })),
  ),
  unique_consecutive: row(
    'input return_inverse return_counts dim',
    (x: Tensor, returnInverse?: boolean, returnCounts?: boolean, axis?: number | null) =>
      unique(ops.uniqueConsecutive(x, { axis, returnInverse, returnCounts })),
  ),
  var: variance(ops.variance),
  var_mean: variance(ops.varMean),
};
