/** adam, sgd, scale and uniform against their formulas, element by element. */

import { describe, expect, test } from 'vitest';
import type { AdamStep, SgdStep } from '../../../src/backend/arguments.ts';
import { expectExact, expectWithin, type Harness, Random, SIZES } from './harness.ts';

/** Roundoffs of one step: four units in the last place of the terms that meet in an element. */
const STEP_ULPS = 8;

const adamBase: AdamStep = {
  lr: 1e-2,
  beta1: 0.9,
  beta2: 0.999,
  eps: 1e-8,
  weightDecay: 0,
  decoupled: false,
  maximize: false,
  biasCorrection1: 1,
  biasCorrection2: 1,
};

const adamVariants: [string, Partial<AdamStep>, amsgrad: boolean][] = [
  ['plain', {}, false],
  ['weight decay', { weightDecay: 0.1 }, false],
  ['decoupled decay', { weightDecay: 0.1, decoupled: true }, false],
  ['maximize', { maximize: true, weightDecay: 0.05 }, false],
  ['AMSGrad', {}, true],
  ['AMSGrad with decoupled decay', { weightDecay: 0.01, decoupled: true, maximize: true }, true],
  ['other betas', { beta1: 0.5, beta2: 0.9, eps: 1e-3, lr: 0.3 }, false],
];

interface AdamState {
  p: number;
  m: number;
  v: number;
  vMax: number;
  /** How far the terms of m would move p if none cancelled: what the rounding of m is relative to. */
  reach: number;
}

/** The step of PyTorch's documentation, on one element. */
function adamElement({ p, m, v, vMax }: AdamState, g: number, step: AdamStep, amsgrad: boolean): AdamState {
  if (step.maximize) g = -g;
  if (step.weightDecay !== 0) {
    if (step.decoupled) p = p - step.lr * step.weightDecay * p;
    else g = g + step.weightDecay * p;
  }
  const terms = step.beta1 * Math.abs(m) + (1 - step.beta1) * Math.abs(g);
  m = step.beta1 * m + (1 - step.beta1) * g;
  v = step.beta2 * v + (1 - step.beta2) * g ** 2;
  vMax = amsgrad ? Math.max(vMax, v) : vMax;
  const denominator = Math.sqrt(amsgrad ? vMax : v) / Math.sqrt(step.biasCorrection2) + step.eps;
  const rate = step.lr / step.biasCorrection1 / denominator;
  return { p: p - rate * m, m, v, vMax, reach: rate * terms };
}

const sizesOfParameters = [SIZES, [1], [], [5000, 3]];

export function adamBlock(h: Harness): void {
  test.each(adamVariants)('%s, three steps over all lengths at once', (_, variant, amsgrad) => {
    const random = new Random(61);
    for (const sizes of sizesOfParameters) {
      const params = sizes.map((n) => h.uniform(random, n));
      const zeros = () => sizes.map((n) => h.floats(new Array(n).fill(0)));
      const [m, v, vMax] = [zeros(), zeros(), zeros()];
      for (let t = 1; t <= 3; t++) {
        const grads = sizes.map((n) => h.uniform(random, n, -1 / t, 1 / t));
        const base = { ...adamBase, ...variant };
        const step = { ...base, biasCorrection1: 1 - base.beta1 ** t, biasCorrection2: 1 - base.beta2 ** t };
        const before = params.map((p, i) =>
          Array.from(p, (value, j): AdamState => ({ p: value, m: m[i][j], v: v[i][j], vMax: vMax[i][j], reach: 0 })),
        );
        const want = before.map((list, i) => list.map((state, j) => adamElement(state, grads[i][j], step, amsgrad)));
        h.backend.adam(params, grads, m, v, amsgrad ? vMax : null, step);
        const u = STEP_ULPS * h.tolerance.store;
        for (let i = 0; i < sizes.length; i++) {
          const moved = (j: number) => Math.abs(before[i][j].p) + want[i][j].reach;
          expectWithin(
            `p, step ${t}`,
            params[i],
            want[i].map((s) => s.p),
            (j) => u * moved(j),
          );
          const terms = (j: number) => Math.abs(before[i][j].m) + Math.abs(grads[i][j]) + Math.abs(before[i][j].p);
          expectWithin(
            `m, step ${t}`,
            m[i],
            want[i].map((s) => s.m),
            (j) => u * terms(j),
          );
          expectWithin(
            `v, step ${t}`,
            v[i],
            want[i].map((s) => s.v),
            (j) => u * (want[i][j].v + terms(j) ** 2),
          );
          if (amsgrad) {
            expectWithin(
              `vMax, step ${t}`,
              vMax[i],
              want[i].map((s) => s.vMax),
              (j) => u * (want[i][j].v + terms(j) ** 2),
            );
          }
        }
      }
    }
  });

  test('a gradient of 0 moves nothing, NaN reaches its own element alone', () => {
    const [p, m, v] = [h.floats([1, 2, 3]), h.floats([0, 0, 0]), h.floats([0, 0, 0])];
    const step = { ...adamBase, biasCorrection1: 0.1, biasCorrection2: 0.001 };
    h.backend.adam([p], [h.floats([0, Number.NaN, 0])], [m], [v], null, step);
    expectExact('p', p, [1, Number.NaN, 3]);
  });
}

const sgdBase: SgdStep = {
  lr: 0.1,
  momentum: 0,
  dampening: 0,
  weightDecay: 0,
  nesterov: false,
  maximize: false,
  first: false,
};

const sgdVariants: [string, Partial<SgdStep>][] = [
  ['plain', {}],
  ['weight decay and maximize', { weightDecay: 0.2, maximize: true }],
  ['momentum', { momentum: 0.9 }],
  ['momentum and dampening', { momentum: 0.9, dampening: 0.3, weightDecay: 0.1 }],
  ['Nesterov', { momentum: 0.8, nesterov: true, weightDecay: 0.01 }],
];

/** The step of PyTorch's documentation, on one element: the weight, then the buffer. */
function sgdElement(p: number, buffer: number, g: number, step: SgdStep): [p: number, buffer: number] {
  if (step.maximize) g = -g;
  g = g + step.weightDecay * p;
  if (step.momentum === 0) return [p - step.lr * g, buffer];
  buffer = step.first ? g : step.momentum * buffer + (1 - step.dampening) * g;
  return [p - step.lr * (step.nesterov ? g + step.momentum * buffer : buffer), buffer];
}

export function sgdBlock(h: Harness): void {
  test.each(sgdVariants)('%s, three steps over all lengths at once', (_, variant) => {
    const random = new Random(62);
    for (const sizes of sizesOfParameters) {
      const params = sizes.map((n) => h.uniform(random, n));
      const buffers = sizes.map((n) => h.out(n));
      for (let t = 0; t < 3; t++) {
        const grads = sizes.map((n) => h.uniform(random, n));
        const step = { ...sgdBase, ...variant, first: t === 0 };
        const before = params.map((p) => Array.from(p));
        const bufferBefore = buffers.map((b) => Array.from(b, (x) => (Number.isNaN(x) ? 0 : x)));
        const want = before.map((list, i) => list.map((p, j) => sgdElement(p, bufferBefore[i][j], grads[i][j], step)));
        h.backend.sgd(params, grads, step.momentum === 0 ? null : buffers, step);
        const u = STEP_ULPS * h.tolerance.store;
        for (let i = 0; i < sizes.length; i++) {
          const terms = (j: number) => Math.abs(before[i][j]) + Math.abs(grads[i][j]) + Math.abs(bufferBefore[i][j]);
          expectWithin(
            `p, step ${t}`,
            params[i],
            want[i].map(([p]) => p),
            (j) => u * terms(j),
          );
          if (step.momentum === 0) continue;
          expectWithin(
            `buffer, step ${t}`,
            buffers[i],
            want[i].map(([, b]) => b),
            (j) => u * terms(j),
          );
        }
      }
    }
  });
}

export function scaleBlock(h: Harness): void {
  test('each product rounded once, the factor to the class of the data', () => {
    const random = new Random(63);
    for (const factor of [0.1, -3, 0, 1 / 3, 1e-30]) {
      const arrays = SIZES.map((n) => h.uniform(random, n, -5, 5));
      const want = arrays.map((x) => Array.from(x, (v) => h.round(v * h.round(factor))));
      h.backend.scale(arrays, factor);
      for (const [i, x] of arrays.entries()) expectExact(`${x.length} × ${factor}`, x, want[i]);
    }
  });
}

/** Philox4x32-10 over 64-bit integers, as its paper writes it. */
function philox(counter: bigint[], key: bigint[]): bigint[] {
  const mask = 0xffffffffn;
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const [p0, p1] = [0xd2511f53n * c0, 0xcd9e8d57n * c2];
    [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & mask, (p0 >> 32n) ^ c3 ^ k1, p0 & mask];
    [k0, k1] = [(k0 + 0x9e3779b9n) & mask, (k1 + 0xbb67ae85n) & mask];
  }
  return [c0, c1, c2, c3];
}

export function uniformBlock(h: Harness): void {
  const expected = (seed: [number, number], stream: [number, number], block: number, n: number) =>
    Float32Array.from({ length: n }, (_, i) => {
      const at = BigInt(block) + BigInt(i >> 2);
      const counter = [at & 0xffffffffn, at >> 32n, BigInt(stream[0]), BigInt(stream[1])];
      return Number(philox(counter, seed.map(BigInt))[i & 3] >> 8n) / 2 ** 24;
    });

  describe.each([
    [[0, 0], [0, 0], 0],
    [[1, 2], [3, 4], 5],
    [[0xffffffff, 0xfffffffe], [0x80000000, 0xffffffff], 2 ** 32 - 3],
    [[0x12345678, 0x9abcdef0], [7, 0], 2 ** 53 - 200],
  ] as [[number, number], [number, number], number][])('seed %j, stream %j, block %d', (seed, stream, block) => {
    test('every length', () => {
      for (const n of [...SIZES, 4, 63, 64, 66, 700]) {
        const y: Float32Array = h.raw(Float32Array, n);
        h.backend.uniform(seed[0], seed[1], stream[0], stream[1], block, y);
        expectExact(`n = ${n}`, y, expected(seed, stream, block, n));
      }
    });
  });

  test('a run continued at its block is the same run', () => {
    const whole = h.raw(Float32Array, 4096);
    h.backend.uniform(9, 8, 7, 6, 100, whole);
    const part = h.raw(Float32Array, 988);
    h.backend.uniform(9, 8, 7, 6, 100 + 777, part);
    expectExact('part', part, whole.subarray(4 * 777));
  });

  test('fills [0, 1) evenly', () => {
    const y = h.raw(Float32Array, 65536);
    h.backend.uniform(3, 1, 4, 1, 0, y);
    const counts = new Array(16).fill(0);
    for (const v of y) counts[Math.floor(v * 16)]++;
    expect(y.every((v) => v >= 0 && v < 1)).toBe(true);
    // 4096 expected, standard deviation 62: six of them.
    for (const count of counts) expect(Math.abs(count - 4096)).toBeLessThan(372);
  });
}
