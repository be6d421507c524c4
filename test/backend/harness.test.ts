/** The comparisons of the suite are themselves under test: each must see the error that is planted. */

import { describe, expect, test } from 'vitest';
import { tsBackend } from '../../src/backend/ts/index.ts';
import { expectClose, expectExact, expectWithin, Harness } from './conformance/harness.ts';

const float32 = { array: Float32Array, store: 2 ** -24, accumulate: 2 ** -53, ulps: 1 } as const;

describe('the comparisons', () => {
  test('exact: tells NaN, infinities and zeros apart, and one bit', () => {
    expectExact('same', [1, Number.NaN, -0], [1, Number.NaN, -0]);
    expectExact('zeros', [0], [-0], { zeros: false });
    expect(() => expectExact('zeros', [0], [-0])).toThrow(/element 0 is 0, expected -0/);
    expect(() => expectExact('NaN', [1, Infinity], [1, Number.NaN])).toThrow(/element 1/);
    expect(() => expectExact('bit', [1 + 2 ** -52], [1])).toThrow(/element 0/);
    expect(() => expectExact('length', [1], [1, 2])).toThrow(/1 elements, expected 2/);
  });

  test('within: a NaN passes for nothing, an infinity only for itself', () => {
    expectWithin('near', [1.5, Infinity], [1, Infinity], 0.5);
    expect(() => expectWithin('far', [1.6], [1], 0.5)).toThrow(/element 0 is 1.6/);
    expect(() => expectWithin('NaN', [Number.NaN], [1], Infinity)).toThrow();
    expect(() => expectWithin('infinity', [-Infinity], [Infinity], Infinity)).toThrow();
    expect(() => expectWithin('finite', [3e38], [Infinity], Infinity)).toThrow();
  });

  test('close: measures the whole against the whole', () => {
    expectClose('near', [100, 0.1], [100, 0], 1e-2);
    expect(() => expectClose('far', [100, 2], [100, 0], 1e-2)).toThrow(/relative distance 0.02/);
    expect(() => expectClose('NaN', [Number.NaN], [1], 1)).toThrow();
    expect(() => expectClose('zero', [1e-9], [0], 1)).toThrow();
  });
});

describe('the harness', () => {
  const h = new Harness(() => tsBackend, float32);

  test('sees a write on either side of an output', () => {
    for (const place of [-1, 5]) {
      const y = h.out(5);
      new Float32Array(y.buffer)[y.byteOffset / 4 + place] = 1;
      expect(() => h.verify()).toThrow(/past its output/);
    }
    h.out(5).fill(1);
    h.verify();
  });

  test('an array it hands out starts as garbage', () => {
    expect([...h.out(3)]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });

  test('ulp: the gap to the next float32', () => {
    expect(h.ulp(1)).toBe(2 ** -23);
    expect(h.ulp(-3)).toBe(2 ** -22);
    expect(h.ulp(0)).toBe(2 ** -149);
  });
});
