import { describe, expect, test } from 'vitest';
import { noGrad, scope } from '../../src/autograd/index.ts';
import { BufferError, ConfigError } from '../../src/errors.ts';
import { ones, tensor, zeros } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';

describe('scope', () => {
  test('keeps what it returns, also inside arrays, maps and objects, and views of it', () => {
    const { list, map, view } = scope(() => {
      const whole = ones([4, 2]);
      return { list: [ones([2])], map: new Map([['a', ones([3])]]), view: whole.select(0, 1) };
    });
    expect([...list[0].data]).toEqual([1, 1]);
    expect([...(map.get('a') as Tensor).data]).toEqual([1, 1, 1]);
    expect([...view.data]).toEqual([1, 1]);
  });

  test('a long list, and a generator that is not walked', () => {
    const { list, generator } = scope(() => {
      const list: unknown[] = Array.from({ length: 300_000 }, (_, i) => i);
      list.push(ones([2]));
      return { list, generator: [1, 2].values() };
    });
    expect([...(list.at(-1) as Tensor).data]).toEqual([1, 1]);
    expect([...generator]).toEqual([1, 2]);
  });

  test('what was not returned is gone, and says so', () => {
    let lost: Tensor | undefined;
    scope(() => {
      lost = ones([5000]);
    });
    expect(() => lost?.data).toThrow(BufferError);
    expect(() => lost?.add(1)).toThrow(/scope/);
    expect(String(lost)).toContain('released');
  });

  test('memory is used again, never while somebody can see it', () => {
    const kept = scope(() => ones([8192]));
    const buffers = new Set<ArrayBufferLike>();
    for (let i = 0; i < 10; i++) {
      scope(() => {
        const x = zeros([8192]);
        buffers.add(x.data.buffer);
        x.fill_(7);
      });
    }
    expect(buffers.size).toBe(1);
    expect(kept.data.every((v) => v === 1)).toBe(true);
  });

  test('gradients of leaves live on', () => {
    const w = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { requiresGrad: true },
    );
    const loss = scope(() => {
      const l = w.mul(w).sum();
      l.backward();
      return l.item();
    });
    expect(loss).toBe(30);
    expect([...(w.grad as Tensor).data]).toEqual([2, 4, 6, 8]);
    scope(() => w.mul(3).sum().backward());
    expect([...(w.grad as Tensor).data]).toEqual([5, 7, 9, 11]);
  });

  test('nested: the outer one owns what the inner one returned', () => {
    let inner: Tensor | undefined;
    scope(() => {
      inner = scope(() => ones([4]));
      expect([...inner.data]).toEqual([1, 1, 1, 1]);
    });
    expect(() => inner?.data).toThrow(BufferError);
  });

  test('ends with an exception, and refuses a promise', () => {
    let lost: Tensor | undefined;
    expect(() =>
      scope(() => {
        lost = ones([3]);
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(() => lost?.data).toThrow(BufferError);
    expect(() => scope(async () => ones([1]))).toThrow(ConfigError);
    expect([...noGrad(() => ones([1])).data]).toEqual([1]);
  });
});
