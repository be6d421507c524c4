import { describe, expect, test } from 'vitest';
import { StepDraws, withSamples } from '../../src/autograd/index.ts';
import { Generator, manualSeed } from '../../src/core/rng.ts';
import { ConfigError, ShapeError } from '../../src/errors.ts';
import { AlphaDropout, Dropout, Dropout1d, Dropout2d } from '../../src/nn/index.ts';
import { cat, gradcheck, ones, randn, reshape, selu, zeros } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';

const values = (x: Tensor): number[] => [...x.data];
const share = (list: readonly number[], kept: (v: number) => boolean): number => list.filter(kept).length / list.length;
/** Five standard deviations of a share of `n` draws. */
const within = (p: number, n: number): number => 5 * Math.sqrt((p * (1 - p)) / n);

const classes = { Dropout, Dropout1d, Dropout2d, AlphaDropout };

describe.each(Object.entries(classes))('%s', (_, Class) => {
  const x = randn([2, 3, 4], { generator: new Generator(1) });

  test('is the identity in evaluation and at p = 0; at p = 1 nothing is left', () => {
    expect(new Class(0.9).eval().forward(x).toArray()).toEqual(x.toArray());
    expect(values(new Class(0).forward(x)).map((v) => v + 0)).toEqual(values(x));
    expect(values(new Class(1).forward(x)).every((v) => v === 0)).toBe(true);
  });

  test('its gradient is that of what was kept', () => {
    const input = randn([2, 3, 4], { dtype: 'float64', requiresGrad: true, generator: new Generator(2) });
    const drop = new Class(0.4);
    const again = () => {
      manualSeed(8);
      return drop.forward(input);
    };
    expect(gradcheck(again, [input])).toBe(true);
  });

  test('what is dropped of a sample does not depend on the batch it is in', () => {
    const drop = new Class(0.5);
    const batch = ones([6, 5, 4]);
    const byShares = (sizes: readonly number[]): unknown => {
      manualSeed(5);
      const draws = new StepDraws();
      let first = 0;
      const parts = sizes.map((count) => {
        const part = withSamples({ first, count, draws }, () => drop.forward(batch.narrow(0, first, count)));
        first += count;
        return part;
      });
      return cat(parts, 0).toArray();
    };
    const whole = byShares([6]);
    for (const sizes of [
      [1, 5],
      [2, 4],
      [2, 2, 2],
    ])
      expect(byShares(sizes)).toEqual(whole);
    expect(new Set((whole as unknown[]).map((sample) => JSON.stringify(sample))).size).toBeGreaterThan(1);
  });

  test('refuses what is no probability', () => {
    for (const p of [-0.1, 1.1, Number.NaN]) expect(() => new Class(p)).toThrow(ConfigError);
  });
});

test('Dropout drops a share p and scales the rest, so that the mean stays', () => {
  manualSeed(3);
  const y = values(new Dropout(0.25).forward(ones([40000])));
  expect(new Set(y)).toEqual(new Set([0, Math.fround(4 / 3)]));
  expect(Math.abs(share(y, (v) => v === 0) - 0.25)).toBeLessThan(within(0.25, 40000));
});

describe('whole channels', () => {
  test.each([
    ['Dropout1d', new Dropout1d(0.3), [50, 40, 7], 7],
    ['Dropout1d of one sequence', new Dropout1d(0.3), [2000, 7], 7],
    ['Dropout2d', new Dropout2d(0.3), [50, 40, 2, 3], 6],
    // As in PyTorch: three axes are sequences, and no image without a batch.
    ['Dropout2d of sequences', new Dropout2d(0.3), [50, 40, 7], 7],
  ] as const)('%s: none or all of one, a share p of them', (_, drop, shape, inner) => {
    manualSeed(3);
    const rows = reshape(drop.forward(ones(shape)), [2000, inner]).toArray() as number[][];
    for (const row of rows) expect(new Set(row).size).toBe(1);
    const first = rows.map((row) => row[0]);
    expect(new Set(first)).toEqual(new Set([0, Math.fround(1 / 0.7)]));
    expect(Math.abs(share(first, (v) => v === 0) - 0.3)).toBeLessThan(within(0.3, 2000));
  });

  test('refuse inputs without channels', () => {
    for (const shape of [[4], [2, 3, 4, 5]]) expect(() => new Dropout1d().forward(zeros(shape))).toThrow(ShapeError);
    for (const shape of [[4], [3, 4], [2, 3, 4, 5, 6]]) {
      expect(() => new Dropout2d().forward(zeros(shape))).toThrow(/Dropout2d: .*expected 3 or 4 axes/);
    }
  });
});

test('AlphaDropout keeps mean 0 and variance 1, and drops to the lower end of SELU', () => {
  manualSeed(3);
  const n = 40000;
  const x = randn([n]);
  for (const p of [0.1, 0.5]) {
    const y = values(new AlphaDropout(p).forward(x));
    const mean = y.reduce((sum, v) => sum + v, 0) / n;
    const variance = y.reduce((sum, v) => sum + (v - mean) ** 2, 0) / n;
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(variance - 1)).toBeLessThan((5 * Math.sqrt(3)) / Math.sqrt(n));
    // All that are dropped have one value, a·SELU(−∞) + b.
    const floor = selu(zeros([1]).sub(100)).item();
    const scale = 1 / Math.sqrt((1 - p) * (1 + p * floor ** 2));
    const dropped = scale * floor * (1 - p);
    expect(Math.abs(share(y, (v) => Math.abs(v - dropped) < 1e-6) - p)).toBeLessThan(within(p, n));
  }
});
