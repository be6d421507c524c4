import { describe, expect, test } from 'vitest';
import { dtypes } from '../../src/core/dtype.ts';
import { allocate, recycle } from '../../src/core/pool.ts';

describe('small arrays', () => {
  test('lie apart, aligned to their elements, whatever dtypes and sizes follow each other', () => {
    const names = Object.keys(dtypes) as (keyof typeof dtypes)[];
    const arrays = Array.from({ length: 2000 }, (_, i) => allocate(names[i % names.length], (i * 7) % 130));
    arrays.forEach((array, i) => {
      expect(array).toBeInstanceOf(dtypes[names[i % names.length]].array);
      expect(array.length).toBe((i * 7) % 130);
      array.fill(i % 256);
    });
    arrays.forEach((array, i) => {
      expect(array.every((v) => v === i % 256)).toBe(true);
    });
  });

  test('are not taken back, since others lie in the same buffer', () => {
    const given = Array.from({ length: 3 }, () => allocate('float32', 8).fill(1));
    for (const array of given) recycle(array);
    const later = Array.from({ length: 5000 }, () => allocate('float32', 8).fill(2));
    expect(given.every((array) => array.every((v) => v === 1))).toBe(true);
    expect(
      later.some((array) => given.some((g) => g.buffer === array.buffer && g.byteOffset === array.byteOffset)),
    ).toBe(false);
  });

  test('a transfer does not take the neighbours along', () => {
    const [mine, neighbour] = [allocate('float32', 4).fill(3), allocate('float32', 4).fill(4)];
    const { port1, port2 } = new MessageChannel();
    try {
      // Node 20 copies in place of it, later ones refuse.
      port1.postMessage(mine, [mine.buffer as ArrayBuffer]);
    } catch (error) {
      expect((error as Error).name).toBe('DataCloneError');
    }
    expect([...mine, ...neighbour]).toEqual([3, 3, 3, 3, 4, 4, 4, 4]);
    port1.close();
    port2.close();
  });
});

test('a large array that was taken back is given again', () => {
  const array = allocate('float32', 10_000);
  recycle(array);
  expect(allocate('float32', 10_000).buffer).toBe(array.buffer);
});
