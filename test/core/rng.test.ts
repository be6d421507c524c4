import { describe, expect, test } from 'vitest';
import { Generator, manualSeed } from '../../src/core/rng.ts';
import { ConfigError } from '../../src/errors.ts';
import { rand, randn } from '../../src/ops/index.ts';

describe('Generator', () => {
  test('the same seed gives the same draws; another seed, or stream, others', () => {
    const draw = (seed: number, stream = 0) => [...new Generator(seed, stream).uniform53(5)];
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(draw(1)).not.toEqual(draw(1, 1));
    expect([...new Generator(1).fork(3).uniform53(2)]).toEqual([...new Generator(1, 3).uniform53(2)]);
  });

  test('a state goes on where it was taken', () => {
    const g = new Generator(2n ** 63n + 5n, 7);
    g.normal(3);
    const state = JSON.parse(JSON.stringify(g.getState()));
    const want = [...g.uniform53(4)];
    expect([...new Generator().setState(state).uniform53(4)]).toEqual(want);
    for (const bad of [null, {}, { seed: '1', stream: '0', block: -1 }, { seed: 'x', stream: '0', block: 0 }]) {
      expect(() => g.setState(bad as never)).toThrow(ConfigError);
    }
  });

  test('seeds that are none', () => {
    for (const seed of [-1, 1.5, NaN, 2 ** 60, -1n, 2n ** 64n]) expect(() => new Generator(seed)).toThrow(ConfigError);
    expect(() => manualSeed('1' as never)).toThrow(ConfigError);
  });

  test('uniform and normal have the moments they should', () => {
    const n = 200_000;
    const moments = (xs: Float64Array) => {
      const mean = xs.reduce((a, b) => a + b) / n;
      return [mean, xs.reduce((a, b) => a + (b - mean) ** 2, 0) / n, xs.reduce((a, b) => a + (b - mean) ** 4, 0) / n];
    };
    const g = new Generator(3);
    const [um, uv] = moments(g.uniform53(n));
    expect([um, uv * 12]).toEqual([expect.closeTo(0.5, 2), expect.closeTo(1, 1)]);
    const [nm, nv, kurtosis] = moments(g.normal(n));
    expect([nm, nv, kurtosis]).toEqual([expect.closeTo(0, 1), expect.closeTo(1, 1), expect.closeTo(3, 0)]);
  });

  test('our logarithm, sine and cosine are as good as the machine’s', () => {
    const g = new Generator(11);
    const u = g.uniform53(2000);
    const z = new Generator(11).normal(2000);
    for (let i = 0; i < 1000; i++) {
      const radius = Math.sqrt(-2 * Math.log(1 - u[2 * i]));
      expect(Math.abs(z[2 * i] - radius * Math.cos(2 * Math.PI * u[2 * i + 1]))).toBeLessThan(1e-14 * (1 + radius));
      expect(Math.abs(z[2 * i + 1] - radius * Math.sin(2 * Math.PI * u[2 * i + 1]))).toBeLessThan(1e-14 * (1 + radius));
    }
  });

  test('permutations hold every number once', () => {
    const order = new Generator(5).permutation(1000);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect([...order]).not.toEqual([...order].sort((a, b) => a - b));
    expect([...new Generator(5).permutation(0)]).toEqual([]);
  });
});

test('manualSeed drives what is drawn', () => {
  const draw = () => {
    manualSeed(42);
    return [...rand([5]).data, ...randn([3]).data];
  };
  expect(draw()).toEqual(draw());
});
