/** Moments of channels, normalisation by them or by those of groups, and its gradient, against their definitions. */

import { test } from 'vitest';
import type { ChannelNormDims } from '../../../src/backend/arguments.ts';
import type { FloatArray } from '../../../src/core/dtype.ts';
import { expectExact, expectWithin, type Harness, Random } from './harness.ts';

const EPS = 1e-5;

/** Planes of one element, tails of every kind of vector, planes longer than a block; batches and groups of each. */
const DIMS: readonly ChannelNormDims[] = [
  [0, 3, 4, 0],
  [4, 3, 0, 0],
  [2, 1, 1, 0],
  [7, 5, 1, 0],
  [33, 37, 1, 0],
  [300, 16, 1, 0],
  [1, 3, 5, 0],
  [3, 5, 2, 0],
  [4, 6, 16, 0],
  [5, 9, 19, 0],
  [2, 3, 4099, 0],
  [0, 4, 3, 2],
  [3, 4, 1, 2],
  [1, 6, 1, 1],
  [3, 6, 7, 3],
  [2, 4, 33, 4],
  [2, 8, 25, 1],
].map(([batch, channels, inner, groups]) => ({ batch, channels, inner, groups }));

const mean = (list: number[]) => list.reduce((sum, v) => sum + v, 0) / list.length;
const sizeOf = ({ batch, channels, inner }: ChannelNormDims) => batch * channels * inner;
const channelOf = ({ channels, inner }: ChannelNormDims, i: number) => Math.floor(i / inner) % channels;

/** The set of statistics that element i belongs to. */
function setOf(d: ChannelNormDims, i: number): number {
  const sample = Math.floor(i / (d.inner * d.channels));
  return d.groups === 0 ? channelOf(d, i) : sample * d.groups + Math.floor(channelOf(d, i) / (d.channels / d.groups));
}

const setsOf = (d: ChannelNormDims) => (d.groups === 0 ? d.channels : d.batch * d.groups);

/** The elements of each set, in their order. */
function members(x: FloatArray, count: number, setAt: (i: number) => number): number[][] {
  const sets = Array.from({ length: count }, (): number[] => []);
  x.forEach((v, i) => {
    sets[setAt(i)].push(v);
  });
  return sets;
}

function statistics(list: number[]): { mu: number; variance: number; rstd: number } {
  const mu = mean(list);
  const variance = mean(list.map((v) => (v - mu) ** 2));
  return { mu, variance, rstd: 1 / Math.sqrt(variance + EPS) };
}

const label = (d: ChannelNormDims) => `${d.batch} × ${d.channels} × ${d.inner}, groups ${d.groups}`;

export function batchMomentsBlock(h: Harness): void {
  test('every kind of plane', () => {
    const random = new Random(61);
    for (const d of DIMS.filter(({ groups }) => groups === 0)) {
      const x = h.uniform(random, sizeOf(d), -2, 3);
      const [mu, variance] = [h.out(d.channels), h.out(d.channels)];
      h.backend.batchMoments(x, mu, variance, d.batch, d.channels, d.inner);
      const want = members(x, d.channels, (i) => channelOf(d, i)).map(statistics);
      const error = (Math.ceil(d.inner / 16) + d.batch + 16) * h.tolerance.store;
      const means = want.map((s) => s.mu);
      expectWithin(`mean, ${label(d)}`, mu, means, 3 * error);
      const spreads = want.map((s) => s.variance);
      expectWithin(`variance, ${label(d)}`, variance, spreads, 12 * error);
    }
  });

  test('a large mean costs the variance no more than the rounding of what is near it', () => {
    for (const [batch, inner] of [
      [64, 1],
      [8, 8],
    ]) {
      const x = h.uniform(new Random(62), 64, 1000, 1001);
      const [mu, variance] = [h.out(1), h.out(1)];
      h.backend.batchMoments(x, mu, variance, batch, 1, inner);
      const want = statistics(Array.from(x)).variance;
      expectWithin('variance', variance, [want], 1e-4 * want);
    }
  });

  test('NaN stays in its channel', () => {
    const x = h.floats([1, Number.NaN, 3, 4, 5, 6, 7, 8]);
    const [mu, variance] = [h.out(2), h.out(2)];
    h.backend.batchMoments(x, mu, variance, 2, 2, 2);
    expectExact('mean', mu, h.floats([Number.NaN, 5.5]));
    expectExact('variance', variance, h.floats([Number.NaN, 4.25]));
  });
}

/** x with the statistics it has, as the arrays that the kernels take. */
function drawInputs(h: Harness, d: ChannelNormDims, random: Random, weighted: boolean, biased: boolean) {
  const x = h.uniform(random, sizeOf(d), -2, 3);
  const stats = members(x, setsOf(d), (i) => setOf(d, i)).map(statistics);
  return {
    x,
    weight: weighted ? h.uniform(random, d.channels, 0.5, 2) : null,
    bias: biased ? h.uniform(random, d.channels) : null,
    mean: h.floats(stats.map((s) => s.mu)),
    rstd: h.floats(stats.map((s) => s.rstd)),
  };
}

export function channelNormBlock(h: Harness): void {
  test('every kind of plane, with and without weight and bias', () => {
    const random = new Random(63);
    for (const [k, d] of DIMS.entries()) {
      const inputs = drawInputs(h, d, random, k % 4 !== 1, k % 4 !== 2);
      const { x, weight, bias, mean: mu, rstd } = inputs;
      const y = h.out(sizeOf(d));
      h.backend.channelNorm(d, inputs, y);
      const normalized = (i: number) => (x[i] - mu[setOf(d, i)]) * rstd[setOf(d, i)];
      const want = Array.from(x, (_, i) => {
        const c = channelOf(d, i);
        return normalized(i) * (weight?.[c] ?? 1) + (bias?.[c] ?? 0);
      });
      const u = h.tolerance.store;
      expectWithin(label(d), y, want, (i) => 8 * u * (Math.abs(normalized(i)) * 2 + Math.abs(want[i])) + u);
    }
  });
}

export function channelNormBackwardBlock(h: Harness): void {
  test('every kind of plane, through the statistics and with fixed ones', () => {
    const random = new Random(64);
    for (const [k, d] of DIMS.entries()) {
      const inputs = drawInputs(h, d, random, k % 2 === 0, false);
      const { x, weight, mean: mu, rstd } = inputs;
      const dy = h.uniform(random, sizeOf(d));
      const normalized = Array.from(x, (v, i) => (v - mu[setOf(d, i)]) * rstd[setOf(d, i)]);
      const g = Array.from(dy, (v, i) => v * (weight?.[channelOf(d, i)] ?? 1));
      const products = (a: ArrayLike<number>, b: ArrayLike<number>) => h.floats(Array.from(a, (v, i) => v * b[i]));
      const bySet = (values: FloatArray) => members(values, setsOf(d), (i) => setOf(d, i)).map(mean);
      const [level, slope] = [bySet(h.floats(g)), bySet(products(g, normalized))];
      const byChannel = (values: FloatArray) =>
        members(values, d.channels, (i) => channelOf(d, i)).map((list) => list.reduce((a, b) => a + b, 0));
      const [wantBias, wantWeight] = [byChannel(dy), byChannel(products(dy, normalized))];
      const per = d.batch * d.inner;
      const error = (Math.ceil(d.inner / 16) + d.batch + 24) * h.tolerance.store;
      for (const fixed of d.groups === 0 ? [false, true] : [false]) {
        const [dx, dWeight, dBias] = [h.out(sizeOf(d)), h.out(d.channels), h.out(d.channels)];
        h.backend.channelNormBackward(d, { ...inputs, dy, fixed }, { dx, dWeight, dBias });
        const want = g.map((v, i) => {
          const s = setOf(d, i);
          return fixed ? v * rstd[s] : rstd[s] * (v - level[s] - normalized[i] * slope[s]);
        });
        const scale = (i: number) => rstd[setOf(d, i)] * (16 + 8 * Math.abs(normalized[i]));
        expectWithin(`dx, ${label(d)}, ${fixed}`, dx, want, (i) => error * scale(i));
        expectWithin(`dWeight, ${label(d)}`, dWeight, wantWeight, 8 * per * error + h.ulp(0));
        expectWithin(`dBias, ${label(d)}`, dBias, wantBias, per * error + h.ulp(0));
      }
    }
  });

  test('each gradient is the same bits without the others', () => {
    const random = new Random(65);
    for (const groups of [0, 3]) {
      for (const inner of [1, 11]) {
        const d = { batch: 5, channels: 6, inner, groups };
        const inputs = drawInputs(h, d, random, true, false);
        const dy = h.uniform(random, sizeOf(d));
        const whole = [h.out(sizeOf(d)), h.out(6), h.out(6)];
        const run = ([dx, dWeight, dBias]: (FloatArray | null)[]) =>
          h.backend.channelNormBackward(d, { ...inputs, dy, fixed: false }, { dx, dWeight, dBias });
        run(whole);
        for (let wanted = 0; wanted < 8; wanted++) {
          const part = whole.map((all, i) => (wanted & (1 << i) ? h.out(all.length) : null));
          run(part);
          for (const [i, got] of part.entries()) {
            if (got !== null) expectExact(`output ${i} of ${wanted}`, got, whole[i]);
          }
        }
      }
    }
  });
}
