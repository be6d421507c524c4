/** Order, scans and statistics: result dtypes, ties, NaN, empty and single values, refusals. Expectations are PyTorch's. */

import { describe, expect, test } from 'vitest';
import type { DType } from '../../src/core/dtype.ts';
import { ConfigError, DTypeError, type LanegradError, ShapeError } from '../../src/errors.ts';
import * as ops from '../../src/ops/index.ts';
import { tensor, zeros } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';

const { NaN: nan } = Number;
const int = (values: number[] | number[][], dtype: DType = 'int32') => tensor(values, { dtype });

describe('dtypes of results', () => {
  const cases: [string, Tensor, DType][] = [];
  const of = (name: string, y: Tensor, want: DType) => cases.push([name, y, want]);
  of('prod of int32', ops.prod(int([2, 3])), 'int32');
  of('prod of bool', ops.prod(tensor([true, true])), 'int32');
  of('cumsum of uint8', ops.cumsum(int([200, 100], 'uint8'), 0), 'int32');
  of('cumsum asked for float64', ops.cumsum(int([1, 2]), 0, { dtype: 'float64' }), 'float64');
  of('sum asked for float32', ops.sum(int([1, 2]), null, { dtype: 'float32' }), 'float32');
  of('all of float64', ops.all(tensor([1], { dtype: 'float64' })), 'bool');
  of('any of uint8', ops.any(int([0, 3], 'uint8')), 'uint8');
  of('sort of bool', ops.sort(tensor([true, false])).values, 'bool');
  of('argsort', ops.argsort(tensor([1.5])), 'int32');
  of('cov of int32', ops.cov(int([1, 2, 4])), 'float32');
  of('bincount with float32 weights', ops.bincount(int([1]), { weights: tensor([0.5]) }), 'float32');
  of('bincount with integer weights', ops.bincount(int([1]), { weights: int([3]) }), 'float64');
  of('unique of uint8', ops.unique(int([3, 1], 'uint8')).values, 'uint8');
  of('logcumsumexp of int32', ops.logcumsumexp(int([1, 2]), 0), 'float32');
  test.each(cases)('%s', (_, y, want) => expect(y.dtype).toBe(want));
});

describe('order', () => {
  test('NaN is the largest, equals keep their order, −0 stands with 0', () => {
    const x = tensor([1, nan, -0, 0, nan, -Infinity, Infinity]);
    expect(ops.argsort(x).toArray()).toEqual([5, 2, 3, 0, 6, 1, 4]);
    expect(ops.argsort(x, 0, { descending: true }).toArray()).toEqual([1, 4, 6, 0, 2, 3, 5]);
    expect(ops.sort(x).values.toArray()).toEqual([-Infinity, -0, 0, 1, Infinity, nan, nan]);
    expect(ops.topk(x, 2).indices.toArray()).toEqual([1, 4]);
    expect(ops.topk(x, 3, 0, { largest: false }).indices.toArray()).toEqual([5, 2, 3]);
    expect(ops.kthvalue(x, 7).values.item()).toBeNaN();
  });

  test('medians: the lower of two, NaN if there is one', () => {
    expect(ops.median(tensor([4, 1, 3, 2])).item()).toBe(2);
    expect(ops.median(tensor([1, nan, 2])).item()).toBeNaN();
    expect(ops.nanmedian(tensor([1, nan, 2])).item()).toBe(1);
    expect(ops.median(tensor([[1, nan, 2, nan]]), 1).indices.toArray()).toEqual([1]);
    expect(ops.median(zeros([0])).item()).toBeNaN();
  });

  test('quantiles between two values', () => {
    const x = tensor([1, 2, 4, 8], { dtype: 'float64' });
    const q = [0, 0.1, 0.5, 0.6, 1 / 6, 1];
    const by = (interpolation: ops.Interpolation) => ops.quantile(x, q, null, { interpolation }).toArray();
    expect(by('lower')).toEqual([1, 1, 2, 2, 1, 8]);
    expect(by('higher')).toEqual([1, 2, 4, 4, 2, 8]);
    expect(by('nearest')).toEqual([1, 1, 4, 4, 1, 8]);
    expect(by('midpoint')).toEqual([1, 1.5, 3, 3, 1.5, 8]);
    expect(ops.quantile(x, 0.5).item()).toBe(3);
    expect(ops.percentile(x, 50).item()).toBe(3);
    expect(ops.quantile(tensor([1, nan]), 0.5).item()).toBeNaN();
    expect(ops.nanquantile(tensor([1, nan, 3]), 0.5).item()).toBe(2);
    expect(ops.nanquantile(tensor([nan, nan]), 0.5).item()).toBeNaN();
  });

  test('the most frequent value, the last of its places', () => {
    const { values, indices } = ops.mode(int([1, 1, 2, 2, 2, 1]));
    expect([values.item(), indices.item()]).toEqual([1, 5]);
  });

  test('extremes so far: the last of equals, and of NaNs', () => {
    const { values, indices } = ops.cummax(tensor([1, 1, nan, 2, nan, 3]), 0);
    expect(values.toArray()).toEqual([1, 1, nan, nan, nan, nan]);
    expect(indices.toArray()).toEqual([0, 1, 2, 2, 4, 4]);
  });

  test('distinct slices, where the first difference counts', () => {
    const x = int([
      [1, 2],
      [1, 2],
      [0, 3],
    ]);
    const { values, inverse, counts } = ops.unique(x, { axis: 0, returnInverse: true, returnCounts: true });
    expect([values.toArray(), inverse?.toArray(), counts?.toArray()]).toEqual([
      [
        [0, 3],
        [1, 2],
      ],
      [1, 1, 0],
      [1, 2],
    ]);
    expect(ops.unique(x).inverse).toBeUndefined();
  });
});

describe('nothing, and single values', () => {
  test('totals of nothing', () => {
    const x = zeros([0, 2]);
    expect(ops.prod(x, 0).toArray()).toEqual([1, 1]);
    expect(ops.all(x, 0).toArray()).toEqual([true, true]);
    expect(ops.any(x, 0).toArray()).toEqual([false, false]);
    expect(ops.norm(x, -Infinity).item()).toBe(0);
    expect(ops.variance(x, 0).toArray()).toEqual([nan, nan]);
    expect(ops.cumsum(x, 0).shape).toEqual([0, 2]);
    expect(ops.unique(x, { returnCounts: true }).counts?.shape).toEqual([0]);
  });

  test('a single value is its own axis', () => {
    const x = tensor(3);
    expect(ops.sort(x).indices.toArray()).toBe(0);
    expect(ops.cumsum(x, -1).item()).toBe(3);
    expect(ops.topk(x, 1).values.item()).toBe(3);
    expect(ops.median(x).item()).toBe(3);
    expect(() => ops.cumsum(x, 1)).toThrow(ShapeError);
  });

  test('gradients where a root or a product is 0', () => {
    const grad = (f: (x: ReturnType<typeof tensor>) => ReturnType<typeof tensor>, values: number[]) => {
      const x = tensor(values, { requiresGrad: true });
      f(x).backward();
      return x.grad?.toArray();
    };
    expect(grad((x) => ops.norm(x), [0, 0])).toEqual([0, 0]);
    expect(grad((x) => ops.std(x), [2, 2])).toEqual([0, 0]);
    expect(grad((x) => ops.prod(x), [0, 2, 3])).toEqual([6, 0, 0]);
    expect(grad((x) => ops.prod(x), [0, 2, 0])).toEqual([0, 0, 0]);
    expect(grad((x) => ops.norm(x, Infinity), [2, -2, 1])).toEqual([0.5, -0.5, 0]);
    expect(grad((x) => ops.nansum(x), [1, nan])).toEqual([1, 0]);
  });
});

describe('refusals', () => {
  type Refusal = new (parts: never) => LanegradError;
  const cases: [string, () => unknown, Refusal, RegExp][] = [
    ['sort', () => ops.sort(zeros([2]), 1), ShapeError, /sort: axis out of range/],
    ['topk', () => ops.topk(zeros([2, 3]), 4), ShapeError, /topk: k does not fit an axis of length 3 of \[2, 3\]/],
    ['kthvalue', () => ops.kthvalue(zeros([3]), 0), ShapeError, /expected 1 to 3/],
    ['median', () => ops.median(zeros([2, 0]), 1), ShapeError, /median: nothing to choose from/],
    ['mode', () => ops.mode(zeros([0])), ShapeError, /mode: nothing to choose from/],
    ['quantile', () => ops.quantile(zeros([2]), 1.5), ConfigError, /q is out of range: got 1.5/],
    ['percentile', () => ops.percentile(zeros([2]), 101), ConfigError, /0 to 100/],
    ['quantile', () => ops.quantile(int([1]), 0.5), DTypeError, /quantile: this operation takes floats/],
    ['quantile', () => ops.quantile(zeros([0]), 0.5), ShapeError, /quantile/],
    ['bincount', () => ops.bincount(int([1, -2])), ShapeError, /out of range at place 1: got -2/],
    ['searchsorted', () => ops.searchsorted(zeros([2, 3]), zeros([3, 1])), ShapeError, /differ before the last axis/],
    ['histogram', () => ops.histogram(zeros([3]), 0), ConfigError, /positive integer/],
    ['histc', () => ops.histc(tensor([1, Infinity])), ConfigError, /finite/],
    ['diff', () => ops.diff(tensor(1)), ShapeError, /no neighbours/],
    ['norm', () => ops.norm(int([1])), DTypeError, /norm: this operation takes floats/],
    ['norm', () => ops.norm(zeros([2]), nan), ConfigError, /p is a number/],
    ['variance', () => ops.variance(int([1])), DTypeError, /variance/],
    ['cov', () => ops.cov(zeros([2, 2, 2])), ShapeError, /at most two axes/],
    ['cumprod', () => ops.cumprod(zeros([2]), 3), ShapeError, /cumprod: axis out of range/],
    ['prod', () => ops.prod(zeros([2, 2]), [0, -2]), ShapeError, /named twice/],
  ];
  test.each(cases)('%s', (_, run, type, message) => {
    expect(run).toThrow(type);
    expect(run).toThrow(message);
  });

  test('an id out of range carries its code', () => {
    expect(() => ops.bincount(int([-1]))).toThrow(expect.objectContaining({ code: 'ERR_INDEX' }));
  });
});

describe('counts', () => {
  test('bins of equal width hold their lower edge, the last one both', () => {
    const { hist, binEdges } = ops.histogram(tensor([0, 1, 2, 3, nan, 9]), 3, { range: [0, 3] });
    expect(hist.toArray()).toEqual([1, 1, 2]);
    expect(binEdges.toArray()).toEqual([0, 1, 2, 3]);
    expect(ops.histogram(tensor([1, 1]), 2).binEdges.toArray()).toEqual([0.5, 1, 1.5]);
    expect(ops.histc(tensor([1, 2, 1]), 4, { min: 0, max: 3 }).toArray()).toEqual([0, 2, 1, 0]);
    expect(ops.histogram(tensor([1, 2, 1]), [0, 1, 2, 5], { density: true }).hist.data[1]).toBeCloseTo(2 / 3, 6);
  });

  test('every value lies in the bin whose edges surround it, also where rounding moves an edge', () => {
    const { hist, binEdges } = ops.histogram(tensor(Array.from({ length: 1001 }, (_, i) => i / 1000)), 10);
    const edges = binEdges.data;
    const want = new Array<number>(10).fill(0);
    for (let i = 0; i <= 1000; i++) {
      const v = Math.fround(i / 1000);
      want[
        Math.min(
          9,
          edges.findLastIndex((edge: number) => v >= edge),
        )
      ]++;
    }
    expect(hist.toArray()).toEqual(want);
  });

  test('places among boundaries', () => {
    const edges = tensor([1, 3, 5]);
    expect(ops.searchsorted(edges, tensor([3, nan, Infinity])).toArray()).toEqual([1, 3, 3]);
    expect(ops.searchsorted(edges, 3, { right: true }).item()).toBe(2);
    expect(ops.searchsorted(tensor([3, 1]), tensor([2]), { sorter: int([1, 0]) }).toArray()).toEqual([1]);
  });
});
