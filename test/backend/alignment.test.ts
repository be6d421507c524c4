/** Where the addon computes, pooled arrays begin with a cache line, recycled ones as well. */

import { expect, test } from 'vitest';
import { currentBackend } from '../../src/backend/select.ts';
import { allocate, recycle } from '../../src/core/pool.ts';
import { addon } from './native/addon.ts';

const onNative = addon !== null && currentBackend().name === 'native';

test.skipIf(!onNative)('a pooled array begins with a cache line, and still does when it is given again', () => {
  for (const n of [5_000, 40_000, 300_000, 10_000_000]) {
    for (const dtype of ['float32', 'float64', 'int32', 'bool'] as const) {
      const array = allocate(dtype, n);
      if (array.byteLength < 16 * 1024) continue;
      const firstLine = addon!.prepareBuffer(array.buffer as ArrayBuffer);
      expect(array.byteOffset % 64).toBe(firstLine);
      recycle(array);
      const again = allocate(dtype, n);
      expect([again.buffer === array.buffer, again.byteOffset]).toEqual([true, array.byteOffset]);
    }
  }
});

test('a view into a pooled array, or a user’s own buffer, is not taken for a whole one', () => {
  const whole = allocate('float32', 30_000);
  recycle(whole.subarray(16));
  expect(allocate('float32', 30_000).buffer).not.toBe(whole.buffer);
  const own = new Float32Array(30_720 + 16);
  recycle(own);
  expect(allocate('float32', 30_000).buffer).not.toBe(own.buffer);
});
