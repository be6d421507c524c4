/** The addon's boundary, case by case: what a call may not be, and what it must take. */

import { expect, test } from 'vitest';
import { UnaryOp } from '../../../src/backend/opcodes.ts';
import { BackendError, BufferError, LimitError, ShapeError } from '../../../src/errors.ts';
import { addon, describeNative } from './addon.ts';

describeNative('the boundary of the addon, case by case', () => {
  test('reads a list to its end before it looks at any array', () => {
    const victim = new Float32Array(32);
    const arrays = [victim, new Float32Array(8)];
    Object.defineProperty(arrays, 1, {
      get() {
        structuredClone(victim.buffer, { transfer: [victim.buffer] });
        return new Float32Array(8);
      },
    });
    expect(() => addon.sumSquares(arrays)).toThrow(BufferError);
  });

  test('a getter in a list may call the addon', () => {
    const arrays = [Float32Array.of(1, 2), Float32Array.of(3), Float32Array.of(4)];
    Object.defineProperty(arrays, 1, {
      get() {
        const inner = Array.from({ length: 100 }, () => Float32Array.of(1));
        expect(addon.sumSquares(inner)).toBe(100);
        return Float32Array.of(5);
      },
    });
    expect(addon.sumSquares(arrays)).toBe(1 + 4 + 25 + 16);
  });

  test('passes on what a getter throws', () => {
    const arrays = [new Float32Array(8)];
    Object.defineProperty(arrays, 0, {
      get() {
        throw new RangeError('mine');
      },
    });
    expect(() => addon.scale(arrays, 2)).toThrow(RangeError);
  });

  test('a huge array cannot be named by sizes that wrap around', () => {
    const a = new Float32Array(4);
    const gemm = (m: number, n: number, k: number) =>
      addon.gemm(false, false, false, m, n, k, 1, 0, 0, 0, a, a, new Float32Array(4), null);
    expect(() => gemm(4194305, 4194305, 2 ** 31 - 1)).toThrow(BufferError);
    expect(() => gemm(2 ** 31, 1, 1)).toThrow(LimitError);
    const big = 2 ** 31 - 1;
    expect(() => addon.reduce(0, big, big, big, a, a)).toThrow(LimitError);
    expect(() => addon.lstmWorkspaceSize(big, big, big, big, false)).toThrow(LimitError);
    const layout = Int32Array.from([3, big, big, big, big, big, big, 1, 1, 1]);
    expect(() => addon.copyStrided(0, 0, layout, a, new Float32Array(4))).toThrow(LimitError);
  });

  test('layouts: a bad rank, a negative dimension or stride, a walk before the start', () => {
    const [x, y] = [new Float32Array(8), new Float32Array(8)];
    const copy = (...layout: number[]) => addon.copyStrided(0, 0, Int32Array.from(layout), x, y);
    expect(() => copy(17, ...new Array(51).fill(1))).toThrow(ShapeError);
    expect(() => copy(-1)).toThrow(ShapeError);
    expect(() => copy()).toThrow(ShapeError);
    expect(() => copy(1, -2, 1, 1)).toThrow(ShapeError);
    expect(() => copy(1, 2, 1, -1)).toThrow(ShapeError);
    expect(() => copy(1, 4, -1, 1)).toThrow(BufferError);
    addon.copyStrided(3, 0, Int32Array.of(1, 4, -1, 1), x, y);
    addon.copyStrided(0, 0, Int32Array.of(0), x, y);
    addon.copyStrided(8, 8, Int32Array.of(2, 0, 5, 1, 1, 1, 1), x, y);
    const [a, b] = [new Float32Array(8), new Float32Array(8)];
    expect(() => addon.binary(0, 3, 4, Int32Array.of(1, 4, -1, 1), a, b, y)).toThrow(ShapeError);
    expect(() => addon.binary(0, 3, 5, Int32Array.of(1, 4, 1, 1), a, b, y)).toThrow(ShapeError);
    expect(() => addon.binary(0, 3, 4, null, a, b, y)).toThrow(ShapeError);
  });

  test('empty problems', () => {
    const none = new Float32Array(0);
    const ids = new Int32Array(0);
    addon.unary(0, 0, 0, none, none);
    addon.reduce(0, 0, 5, 3, none, none);
    addon.softmax(false, 2 ** 31 - 1, 0, none, none);
    expect(addon.gatherRows(1, 3, new Float32Array(6), ids, none)).toBe(-1);
    expect(addon.scatterAddRows(1, 3, none, ids, new Float32Array(6))).toBe(-1);
    expect(addon.crossEntropy(0, 5, -100, none, ids, none, none)).toBe(-1);
    expect(addon.sumSquares([])).toBe(0);
    expect(addon.sumSquares([none])).toBe(0);
    addon.update([], [], [], [], null, 2, 0.1, 0, 0.9, 1e-8, 0, 1, 0, 1, 1, 1, 1, 0, 0, true, false);
    addon.adam([], [], [], [], null, 0.1, 0.9, 0.99, 1e-8, 0, 1, 1, false, false);
    for (const [m, n, k] of [
      [0, 3, 4],
      [3, 0, 4],
      [2 ** 31 - 1, 0, 0],
    ]) {
      addon.gemm(
        false,
        false,
        false,
        m,
        n,
        k,
        1,
        0,
        0,
        0,
        new Float32Array(m === 3 ? 12 : 0),
        new Float32Array(m === 0 ? 12 : 0),
        none,
        null,
      );
    }
    const c = Float32Array.of(7, Number.NaN);
    addon.gemm(false, false, false, 1, 2, 0, 1, 0, 0, 0, none, none, c, null);
    expect([...c]).toEqual([0, 0]);
    addon.gemm(false, false, true, 1, 2, 0, 1, 0, 0, 0, none, none, c.fill(3), null);
    expect([...c]).toEqual([3, 3]);
    expect(() => addon.reduce(1, 1, 0, 1, none, new Float32Array(1))).toThrow(ShapeError);
    expect(() => addon.argReduce(0, 1, 0, 1, none, new Int32Array(1))).toThrow(ShapeError);
  });

  test('an id out of range is told by its place, and nothing is written', () => {
    const table = new Float32Array(12).fill(1);
    for (const bad of [4, -1, 2 ** 31 - 1, -(2 ** 31)]) {
      const y = new Float32Array(9).fill(5);
      expect(addon.gatherRows(1, 3, table, Int32Array.of(0, 3, bad), y)).toBe(2);
      expect(y.every((v) => v === 5)).toBe(true);
      expect(addon.scatterAddRows(1, 3, y, Int32Array.of(0, bad, 3), table)).toBe(1);
      expect(table.every((v) => v === 1)).toBe(true);
      const losses = new Float32Array(2).fill(9);
      expect(
        addon.crossEntropy(2, 3, -100, new Float32Array(6), Int32Array.of(2, bad), losses, new Float32Array(2)),
      ).toBe(1);
      expect([...losses]).toEqual([9, 9]);
      // Whoever calls backward has had a forward; without one it must still stay inside.
      const dx = new Float32Array(6);
      addon.crossEntropyBackward(
        2,
        3,
        -100,
        new Float32Array(6),
        Int32Array.of(2, bad),
        new Float32Array(2),
        Float32Array.of(1, 1),
        dx,
      );
    }
  });

  test('sizes of convolutions and poolings', () => {
    const big = 2 ** 31 - 1;
    const [x, w, y] = [new Float32Array(32), new Float32Array(32), new Float32Array(32)];
    // A [1, 2, 4, 4] input and a [2, 2, 2, 2] kernel; what differs from that is given by its place.
    const conv = (changes: Record<number, number>) => {
      const sizes = [1, 1, 2, 2, 4, 4, 2, 2, 3, 3, 1, 1, 0, 0, 1, 1].map((n, i) => changes[i] ?? n);
      type Sizes = Parameters<typeof addon.conv2dBackwardData>;
      return () => {
        addon.conv2d(...([...sizes, x, w, null, y] as unknown as Parameters<typeof addon.conv2d>));
        addon.conv2dBackwardData(...([...sizes, w, y, new Float32Array(32)] as unknown as Sizes));
      };
    };
    expect(conv({})).not.toThrow();
    expect(conv({ 1: 3 })).toThrow(/groups must divide the channels/);
    expect(conv({ 8: 9, 9: 9 })).toThrow(/y must have at least 162 elements/);
    for (const place of [1, 6, 7, 10, 11, 14, 15]) expect(conv({ [place]: 0 })).toThrow(ShapeError);
    for (const place of [10, 11, 12, 13, 14, 15]) expect(conv({ [place]: 2 ** 31 })).toThrow(LimitError);
    expect(conv({ 10: 2 ** 20, 11: 2 ** 20 })).toThrow(/the padded input is too large/);
    expect(conv({ 14: big, 15: big })).toThrow(LimitError);
    expect(conv({ 12: big, 13: big })).toThrow(LimitError);
    // Far away from the input, where everything is zeros.
    expect(conv({ 12: 1000, 13: 1000 })).not.toThrow();
    expect(y.subarray(0, 18).every((v) => v === 0)).toBe(true);
    expect(() => addon.maxPool2d(1, big, 2, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, x, y, null)).toThrow(/a plane is too large/);
    addon.maxPool2d(1, 4, 4, 1, 1, 2, 2, big, big, big, big, big, big, x, y, null);
    expect([...y.subarray(0, 4)]).toEqual([-Infinity, -Infinity, -Infinity, 0]);
  });

  test('the strides of a batch are counted', () => {
    const c = new Float32Array(8);
    const run = (b: Float32Array, cStride: number) =>
      addon.gemm(false, false, false, 2, 2, 1, 2, 2, 2, cStride, new Float32Array(4), b, c, null);
    run(new Float32Array(4), 4);
    expect(() => run(new Float32Array(3), 4)).toThrow(BufferError);
    expect(() => run(new Float32Array(4), 3)).toThrow(/products of a batch overlap/);
    expect(() => run(new Float32Array(4), 5)).toThrow(/at least 9 elements: got 8/);
  });

  test('messages begin with the kernel and name the argument', () => {
    const message = (run: () => void) => {
      try {
        run();
      } catch (error) {
        return (error as Error).message;
      }
      return '';
    };
    expect(message(() => addon.unary(0, 0, 0, new Float32Array(32), new Float32Array(3)))).toBe(
      'unary: y must have at least 32 elements: got 3',
    );
    expect(message(() => addon.scale([new Float32Array(1), new Float64Array(1)], 1))).toBe(
      'scale: arrays[1] must be a Float32Array: got Float64Array',
    );
    expect(message(() => addon.unary(99, 0, 0, new Float32Array(1), new Float32Array(1)))).toBe(
      `unary: op must be at most ${Object.keys(UnaryOp).length - 1}: got 99`,
    );
  });

  test('instruction sets and threads that there are not', () => {
    const { isas, isa, threads } = addon.info();
    expect(() => addon.setIsa('sse9')).toThrow(BackendError);
    expect(() => addon.setIsa('sse9')).toThrow(`expected ${isas.join(' | ')}`);
    for (const bad of [0, -1, 65, 1.5, Number.NaN]) expect(() => addon.setThreads(bad)).toThrow(ShapeError);
    expect(addon.info()).toMatchObject({ isa, threads });
  });

  test('a sampler handle is an object of this addon', () => {
    const run = addon.runCharSampler as (...args: unknown[]) => unknown;
    for (const fake of [{}, null, 7, new Float32Array(4), Object.create({})]) {
      expect(() => run(fake, 1, 1, 1, 0, 1, new Int32Array(2), new Float64Array(1), new Float32Array(4))).toThrow(
        BufferError,
      );
    }
  });
});
