/** adam, sgd and scale against their formulas, element by element. */

import { test } from 'vitest';
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
