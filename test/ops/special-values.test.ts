/**
 * What functions make of zeros, infinities, NaN and the smallest numbers: to the bit, on every backend and instruction
 * set. The table follows IEEE 754 and C (annex F); what is PyTorch's or our own is said beside it.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backendInfo, setBackend } from '../../src/backend/select.ts';
import * as ops from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';
import { nativeIsas, onIsa } from '../support/native.ts';
import { binary } from './special-values/binary.ts';
import { INF } from './special-values/numbers.ts';
import { type Row, unary } from './special-values/unary.ts';

const single = (x: number): Tensor => ops.tensor(new Float32Array([x]));

/** As the bits of a float32, all NaN alike. */
function expectBits(label: string, got: number, want: number): void {
  const rounded = Math.fround(want);
  expect(Object.is(got, rounded), `${label} is ${Object.is(got, -0) ? '-0' : got}, expected ${rounded}`).toBe(true);
}

function suite(run: <T>(f: () => T) => T): void {
  test.each(Object.entries(unary))('%s', (name, [f, rows]) => {
    for (const [x, want] of [[NaN, NaN] as Row, ...rows]) {
      if (Number.isNaN(x) && name === 'nanToNum' && Number.isNaN(want)) continue;
      const got = run(() => f(single(x)).data[0]);
      expectBits(`${name}(${Object.is(x, -0) ? '-0' : x})`, got, want);
    }
  });

  test.each(Object.entries(binary))('%s', (name, [f, rows]) => {
    for (const [a, b, want] of rows) {
      const got = run(() => f(single(a), single(b)).data[0]);
      expectBits(`${name}(${a}, ${b})`, got, want);
    }
  });

  test('argmax of a row with NaN is the first NaN', () => {
    const found = run(() => ops.argmax(ops.tensor([1, NaN, INF, NaN])).item());
    expect(found).toBe(1);
  });

  test('a product of 0 and ∞ in matmul is NaN: no zero is skipped', () => {
    const found = run(() => ops.matmul(ops.tensor([[0, 1]]), ops.tensor([[INF], [1]])).item());
    expect(found).toBeNaN();
  });

  test('softmax of a row with ∞, and of −∞ alone, is NaN', () => {
    const rows = run(() =>
      ops
        .softmax(
          ops.tensor([
            [0, INF],
            [-INF, -INF],
            [0, -INF],
          ]),
          1,
        )
        .toArray(),
    );
    expect(rows).toEqual([
      [NaN, NaN],
      [NaN, NaN],
      [1, 0],
    ]);
  });
}

const before = backendInfo().backend;

describe('ts', () => {
  beforeAll(() => setBackend('ts'));
  afterAll(() => setBackend(before));
  suite((f) => f());
});

describe.skipIf(nativeIsas().length === 0).each(nativeIsas())('%s', (isa) => {
  afterAll(() => setBackend(before));
  suite((f) => onIsa(isa, f));
});
