/** lerp and isclose against one formula an element. */

import { expect, test } from 'vitest';
import { expectExact, type Harness, Random, SIZES, SPECIALS } from './harness.ts';

/** Every special value beside every other. */
function pairsOfSpecials(): [number[], number[]] {
  const pairs = SPECIALS.flatMap((a) => SPECIALS.map((b) => [a, b]));
  return [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
}

export function lerpBlock(h: Harness): void {
  const r = (x: number) => h.round(x);

  test('weights from either end, and beyond; lengths, specials and places of the output', () => {
    const random = new Random(7);
    for (const weight of [0, 0.3, -0.3, 0.5, 0.9, 1, -2, 3]) {
      const w = r(weight);
      const want = (a: number, b: number): number =>
        Math.abs(w) < 0.5 ? r(a + r(w * r(b - a))) : r(b + r(r(w - 1) * r(b - a)));
      const [specialA, specialB] = pairsOfSpecials();
      const cases = [...SIZES.map((n) => [h.uniform(random, n), h.uniform(random, n)])];
      cases.push([h.floats(specialA), h.floats(specialB)]);
      for (const [a, b] of cases) {
        const wanted = Array.from(a, (v, i) => want(v, b[i]));
        const y = h.out(a.length);
        h.backend.lerp(weight, a, b, y);
        expectExact(`weight ${weight}, n = ${a.length}`, y, wanted);
        const over = h.floats(a);
        h.backend.lerp(weight, over, b, over);
        expectExact(`weight ${weight}, n = ${a.length} over a`, over, wanted);
        h.backend.lerp(weight, a, b, b);
        expectExact(`weight ${weight}, n = ${a.length} over b`, b, wanted);
      }
    }
  });

  test('the ends themselves at 0 and 1', () => {
    const random = new Random(8);
    const [a, b, y] = [h.uniform(random, 33), h.uniform(random, 33), h.out(33)];
    h.backend.lerp(0, a, b, y);
    expectExact('at 0', y, a);
    h.backend.lerp(1, a, b, y);
    expectExact('at 1', y, b);
  });
}

export function iscloseBlock(h: Harness): void {
  const r = (x: number) => h.round(x);
  const isclose = (a: number, b: number, rtol: number, atol: number, equalNan: boolean): number => {
    if (Number.isNaN(a) || Number.isNaN(b)) return equalNan && Number.isNaN(a) && Number.isNaN(b) ? 1 : 0;
    if (a === b) return 1;
    const apart = Math.abs(r(a - b));
    return apart !== Infinity && apart <= r(r(atol) + Math.abs(r(r(rtol) * b))) ? 1 : 0;
  };

  test('relative and absolute bounds, infinities and NaN; every length', () => {
    const random = new Random(9);
    for (const [rtol, atol, equalNan] of [
      [1e-5, 1e-8, false],
      [0, 0, true],
      [0.5, 0.25, true],
      [0, 0.5, false],
      [Infinity, 0, false],
    ] as const) {
      const [specialA, specialB] = pairsOfSpecials();
      const cases = [[h.floats(specialA), h.floats(specialB)]];
      for (const n of SIZES) {
        const a = h.uniform(random, n);
        cases.push([a, h.floats(Array.from(a, (v) => v * (1 + (random.next() - 0.5) * 4e-5)))]);
      }
      for (const [a, b] of cases) {
        const y = h.raw(Uint8Array, a.length);
        h.backend.isclose(rtol, atol, equalNan, a, b, y);
        const want = Array.from(a, (v, i) => isclose(v, b[i], rtol, atol, equalNan));
        expectExact(`rtol ${rtol}, atol ${atol}, n = ${a.length}`, y, want);
        if (rtol === 1e-5 && a.length === 257) expect(new Set(want).size, 'both answers occur').toBe(2);
      }
    }
  });

  test.skipIf(h.native)('integers', () => {
    const y = new Uint8Array(3);
    h.backend.isclose(0, 1, false, Int32Array.of(1, 2, 2 ** 30), Int32Array.of(1, 4, 2 ** 30 + 1), y);
    expectExact('int32', y, [1, 0, 1]);
  });
}
