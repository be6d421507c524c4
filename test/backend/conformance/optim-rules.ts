/** update against its formulas, element by element. */

import { describe, expect, test } from 'vitest';
import type { UpdateStates, UpdateStep } from '../../../src/backend/arguments.ts';
import { UpdateRule } from '../../../src/backend/opcodes.ts';
import type { FloatArray } from '../../../src/core/dtype.ts';
import { expectExact, expectWithin, type Harness, Random, SIZES } from './harness.ts';

/** Roundoffs of one step: four units in the last place of the terms that meet in an element. */
const STEP_ULPS = 8;

const base: UpdateStep = {
  rate: 0.01,
  beta1: 0.9,
  beta2: 0.97,
  eps: 1e-6,
  weightDecay: 0,
  keep: 1,
  momentum: 0,
  correction: 1,
  average: 1,
  grow: 1.2,
  shrink: 0.5,
  low: 1e-3,
  high: 0.8,
  adaptive: true,
  maximize: false,
};

/** How an element moves: what p changes by, with the size of its terms, and the states after it. */
interface Move {
  readonly by: number;
  readonly reach: number;
  readonly states: readonly number[];
}

const meanOf = (m: number, g: number, beta: number): number => beta * m + (1 - beta) * g;

/** One step of a rule on one element whose gradient, signs and decay apart, is g. */
type Formula = (g: number, states: readonly number[], step: UpdateStep, p: number) => Move;

const move = (by: number, reach: number, ...states: number[]): Move => ({ by, reach, states });

const adagrad: Formula = (g, [sum], { rate, eps }) => {
  const total = sum + g ** 2;
  const by = (-rate * g) / (Math.sqrt(total) + eps);
  return move(by, Math.abs(by), total);
};

const rmsprop =
  (centered: boolean, momentum: boolean): Formula =>
  (g, [square, mean, velocity], step) => {
    const v = meanOf(square, g ** 2, step.beta2);
    const m = centered ? meanOf(mean, g, step.beta2) : mean;
    const spread = centered ? v - m ** 2 : v;
    const direction = g / (Math.sqrt(spread) + step.eps);
    const reach = Math.abs(direction) * (v / spread) + (momentum ? Math.abs(step.momentum * velocity) : 0);
    const b = momentum ? step.momentum * velocity + direction : velocity;
    return move(-step.rate * (momentum ? b : direction), step.rate * reach, v, m, b);
  };

const adadelta: Formula = (g, [square, deltas], { rate, beta2, eps }) => {
  const v = meanOf(square, g ** 2, beta2);
  const delta = (g * Math.sqrt(deltas + eps)) / Math.sqrt(v + eps);
  return move(-rate * delta, rate * Math.abs(delta), v, meanOf(deltas, delta ** 2, beta2));
};

const adamax: Formula = (g, [mean, largest], { rate, beta1, beta2, eps }) => {
  const m = meanOf(mean, g, beta1);
  const bound = Math.max(beta2 * largest, Math.abs(g) + eps);
  const terms = beta1 * Math.abs(mean) + (1 - beta1) * Math.abs(g);
  return move((-rate * m) / bound, (rate * terms) / bound, m, bound);
};

const nadam: Formula = (g, [mean, square], { rate, momentum, beta1, beta2, eps, correction }) => {
  const [m, v] = [meanOf(mean, g, beta1), meanOf(square, g ** 2, beta2)];
  const divisor = correction * Math.sqrt(v) + eps;
  const terms = rate * Math.abs(g) + momentum * (Math.abs(mean) + Math.abs(g));
  return move(-(rate * g + momentum * m) / divisor, terms / divisor, m, v);
};

const radam: Formula = (g, [mean, square], { rate, beta1, beta2, eps, adaptive }) => {
  const [m, v] = [meanOf(mean, g, beta1), meanOf(square, g ** 2, beta2)];
  const divisor = adaptive ? Math.sqrt(v) + eps : 1;
  return move((-rate * m) / divisor, (rate * (Math.abs(mean) + Math.abs(g))) / divisor, m, v);
};

const rprop: Formula = (g, [previous, size], { grow, shrink, low, high }) => {
  const turned = Math.sign(g) * Math.sign(previous);
  const reach = Math.min(Math.max(size * (turned > 0 ? grow : turned < 0 ? shrink : 1), low), high);
  const taken = turned < 0 ? 0 : g;
  return move(-Math.sign(taken) * reach, reach, taken, reach);
};

const asgd: Formula = (g, [mean], { rate, keep, average }, p) => {
  const next = keep * p - rate * g;
  return move(-rate * g, rate * Math.abs(g), meanOf(mean, next, 1 - average));
};

type Start = 'mean' | 'square' | 'any' | null;
const starts: Record<'mean' | 'square' | 'any', readonly [number, number]> = {
  mean: [-0.2, 0.2],
  square: [0.2, 0.8],
  any: [-1, 1],
};

const variants: [string, UpdateRule, Formula, readonly Start[], Partial<UpdateStep>][] = [
  ['Adagrad', UpdateRule.adagrad, adagrad, ['square'], { weightDecay: 0.1 }],
  ['RMSprop', UpdateRule.rmsprop, rmsprop(false, false), ['square'], {}],
  [
    'RMSprop with momentum',
    UpdateRule.rmsprop,
    rmsprop(false, true),
    ['square', null, 'any'],
    { momentum: 0.6, maximize: true },
  ],
  ['RMSprop, centered', UpdateRule.rmsprop, rmsprop(true, false), ['square', 'mean'], { weightDecay: 0.02 }],
  [
    'RMSprop, centered, with momentum',
    UpdateRule.rmsprop,
    rmsprop(true, true),
    ['square', 'mean', 'any'],
    { momentum: 0.9 },
  ],
  ['Adadelta', UpdateRule.adadelta, adadelta, ['square', 'square'], { rate: 0.5, weightDecay: 0.05 }],
  ['Adamax', UpdateRule.adamax, adamax, ['mean', 'square'], { maximize: true }],
  ['NAdam', UpdateRule.nadam, nadam, ['mean', 'square'], { momentum: 0.008, correction: 1.7, keep: 0.98 }],
  ['RAdam', UpdateRule.radam, radam, ['mean', 'square'], { weightDecay: 0.1 }],
  ['RAdam before its divisor', UpdateRule.radam, radam, ['mean', 'square'], { adaptive: false, keep: 0.99 }],
  ['Rprop', UpdateRule.rprop, rprop, ['any', 'square'], {}],
  ['ASGD', UpdateRule.asgd, asgd, ['any'], { keep: 0.999, weightDecay: 0.01, maximize: true }],
  ['ASGD that averages', UpdateRule.asgd, asgd, ['any'], { average: 0.25 }],
];

export function updateBlock(h: Harness): void {
  describe.each(variants)('%s', (_, rule, formula, kinds, variant) => {
    test('three steps over all lengths at once', () => {
      const random = new Random(64);
      for (const sizes of [SIZES, [1], [], [5000, 3]]) {
        const params = sizes.map((n) => h.uniform(random, n));
        const states = kinds.map((kind) => kind && sizes.map((n) => h.uniform(random, n, ...starts[kind])));
        for (let t = 1; t <= 3; t++) {
          const grads = sizes.map((n) => h.uniform(random, n, -1 / t, 1 / t));
          const step = { ...base, ...variant };
          const before = params.map((p, i) =>
            Array.from(p, (value, j) => ({ p: value, states: states.map((list) => list?.[i][j] ?? 0) })),
          );
          h.backend.update(rule, params, grads, states as unknown as UpdateStates, step);
          for (let i = 0; i < sizes.length; i++) {
            const want = before[i].map(({ p, states }, j) => {
              const g = (step.maximize ? -grads[i][j] : grads[i][j]) + step.weightDecay * p;
              return formula(g, states, step, p);
            });
            const u = STEP_ULPS * h.tolerance.store;
            const termsOf = (j: number) => Math.abs(before[i][j].p) + Math.abs(grads[i][j]) + want[j].reach;
            expectWithin(
              `p, step ${t}`,
              params[i],
              want.map(({ by }, j) => step.keep * before[i][j].p + by),
              (j) => u * termsOf(j),
            );
            for (const [s, list] of states.entries()) {
              if (list === null) continue;
              expectWithin(
                `state ${s}, step ${t}`,
                list[i],
                want.map((w) => w.states[s]),
                (j) => u * (termsOf(j) + Math.abs(before[i][j].states[s]) + want[j].reach / step.rate),
              );
            }
          }
        }
      }
    });

    test('NaN reaches its own element alone, and leaves it where only signs count', () => {
      const values = h.floats([1, 2, 1]);
      const states = kinds.map((kind) => kind && [h.floats([0.25, 0.25, 0.25])]);
      h.backend.update(rule, [values], [h.floats([0.5, Number.NaN, 0.5])], states as unknown as UpdateStates, base);
      expect([values[0] < 1, values[0] === values[2]]).toEqual([true, true]);
      expect(values[1]).toBe(rule === UpdateRule.rprop ? 2 : Number.NaN);
    });
  });

  test('a variance that rounding made negative counts as 0', () => {
    const [p, g, square, mean] = [[0], [0.25], [0.25], [0.5000001]].map((values) => h.floats(values));
    h.backend.update(UpdateRule.rmsprop, [p], [g], [[square], [mean]], { ...base, rate: 1, beta2: 1, eps: 0.5 });
    expectExact('p', p, [-0.5]);
  });

  test('a gradient that turned counts as 0, so that the next step does not shrink again', () => {
    const [p, previous, size]: FloatArray[] = [
      [0, 0],
      [1, -1],
      [0.5, 0.5],
    ].map((values) => h.floats(values));
    const step = { ...base, grow: 2, shrink: 0.5, low: 0, high: 4 };
    const gradient = () => [h.floats([-1e-30, 1e-30])];
    h.backend.update(UpdateRule.rprop, [p], gradient(), [[previous], [size]], step);
    expectExact('p', p, [0, 0]);
    h.backend.update(UpdateRule.rprop, [p], gradient(), [[previous], [size]], step);
    expectExact('p', p, [0.25, -0.25]);
    h.backend.update(UpdateRule.rprop, [p], gradient(), [[previous], [size]], step);
    expectExact('sizes', size, [0.5, 0.5]);
  });
}
