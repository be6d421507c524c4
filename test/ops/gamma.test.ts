/** Against mpmath 1.3, with 40 digits and more. */

import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { digamma, erf, erfinv, lgamma, ndtri, polygamma, tensor } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';

type Figures = readonly (readonly [x: number, y: number])[];

const functions: readonly (readonly [string, (x: Tensor) => Tensor, Figures])[] = [
  [
    'lgamma',
    lgamma,
    [
      [1e-5, 11.512919692895826],
      [0.1, 2.252712651734206],
      [0.7, 0.2608672465316666],
      [1.0001, -5.771334222047127e-5],
      [1.5, -0.12078223763524522],
      [2, 0.0],
      [2.5, 0.2846828704729192],
      [4.7, 2.7364051463155667],
      [35.5, 90.35493026581838],
      [1e8, 1742068066.1038346],
      [-0.5, 1.2655121234846454],
      [-25.3, -57.62032033796832],
    ],
  ],
  [
    'digamma',
    digamma,
    [
      [1e-5, -100000.57719921567],
      [0.1, -10.423754940411076],
      [0.7, -1.2200235536979347],
      [1.3, -0.16919088886679962],
      [2.5, 0.7031566406452432],
      [11, 2.351752589066721],
      [1e8, 18.420680738952363],
      [-0.5, 0.03648997397857652],
      [-25.3, 5.5329377403843285],
    ],
  ],
  [
    'polygamma(1)',
    (x: Tensor) => polygamma(1, x),
    [
      [0.1, 101.43329915079275],
      [1, 1.6449340668482264],
      [2.5, 0.49035775610023485],
      [35.5, 0.028569485491797966],
      [-0.5, 8.934802200544679],
    ],
  ],
  [
    'polygamma(5)',
    (x: Tensor) => polygamma(5, x),
    [
      [0.1, 120000069.30751093],
      [1, 122.0811674381339],
      [2.5, 0.5785691785671835],
      [35.5, 4.5648680276699424e-7],
      [-0.5, 15371.113548602434],
    ],
  ],
  [
    'erfinv',
    erfinv,
    [
      [-0.999999, -3.458910737275499],
      [-0.3, -0.2724627147267544],
      [1e-9, 8.86226925452758e-10],
      [0.5, 0.4769362762044699],
      [0.95, 1.3859038243496777],
    ],
  ],
  [
    'ndtri',
    ndtri,
    [
      [1e-30, -11.464024688443615],
      [1e-10, -6.361340902404057],
      [0.001, -3.0902323061678136],
      [0.2, -0.8416212335729142],
      [0.7, 0.5244005127080407],
    ],
  ],
];

describe.each(functions)('%s', (_, fn, figures) => {
  const xs = figures.map(([x]) => x);

  test('float64', () => {
    const got = fn(tensor(xs, { dtype: 'float64' })).data;
    figures.forEach(([x, want], i) => {
      expect(Math.abs(got[i] - want), `at ${x}`).toBeLessThanOrEqual(1e-14 * Math.max(0.1, Math.abs(want)));
    });
  });

  test('float32 is the float64 value of the argument, rounded', () => {
    const rounded = tensor(xs);
    const want = fn(tensor(Float64Array.from(rounded.data))).data;
    expect([...fn(rounded).data]).toEqual(Array.from(want, Math.fround));
  });
});

test('poles, ends and integers', () => {
  const at = (fn: (x: Tensor) => Tensor, ...xs: number[]) => [...fn(tensor(xs)).data];
  expect(at(lgamma, 0, -0, -1, -2, 1, 2, Infinity, -Infinity, NaN)).toEqual([
    Infinity,
    Infinity,
    Infinity,
    Infinity,
    0,
    0,
    Infinity,
    Infinity,
    NaN,
  ]);
  expect(at(digamma, 0, -0, -1, Infinity, -Infinity)).toEqual([-Infinity, Infinity, NaN, Infinity, NaN]);
  expect(at((x) => polygamma(1, x), 0, -1, Infinity)).toEqual([Infinity, Infinity, 0]);
  expect(at((x) => polygamma(2, x), 0, -1)).toEqual([-Infinity, -Infinity]);
  expect(at(erfinv, -1, 0, 1, 1.5)).toEqual([-Infinity, 0, Infinity, NaN]);
  expect(at(ndtri, 0, 0.5, 1, -0.5)).toEqual([-Infinity, 0, Infinity, NaN]);
  expect(lgamma(tensor([4], { dtype: 'int32' })).item()).toBeCloseTo(Math.log(6), 6);
  expect(polygamma(0, tensor([1.5])).item()).toBe(digamma(tensor([1.5])).item());
  expect(() => polygamma(-1, tensor([1]))).toThrow(ConfigError);
  expect(() => polygamma(1.5, tensor([1]))).toThrow(ConfigError);
});

test('erfinv undoes erf', () => {
  const x = tensor([-2, -0.5, 0.1, 1.3], { dtype: 'float64' });
  expect([...erfinv(erf(x)).data]).toEqual([...x.data].map((want) => expect.closeTo(want, 13)));
});
