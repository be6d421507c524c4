/** Elementwise work gives the same bits in TypeScript and in the addon: of every exact function, at every kind of plan. */

import { describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/backend/backend.ts';
import { NativeBackend } from '../../../src/backend/native/native.ts';
import { SMALL_WORK, SmallWorkBackend } from '../../../src/backend/native/small-work.ts';
import { BinaryOp, CompareOp, UnaryOp } from '../../../src/backend/opcodes.ts';
import { planBroadcast, type Shape, sizeOf } from '../../../src/core/shape.ts';
import { BufferError } from '../../../src/errors.ts';
import { mulberry } from '../../support/sampler.ts';
import { addon, describeNative } from './addon.ts';

/** The ends of every range: zeros of both signs, the smallest and largest denormals and normals, infinities, NaN. */
const EDGES = [0, -0, 1e-45, -1e-45, 1.1754942e-38, -1.1754942e-38, 1.1754944e-38, 3.4028235e38, -3.4028235e38]
  .concat([0.5, -0.5, 1.5, 2.5, -2.5, 1, -1, 8388607.5, -8388607.5, 16777217])
  .concat([Infinity, -Infinity, NaN]);

/** Edges, and bits drawn at random: floats of every exponent. */
function values(seed: number, n: number): Float32Array {
  const draw = mulberry(seed);
  const x = new Float32Array(n);
  const bits = new Uint32Array(x.buffer);
  for (let i = 0; i < n; i++) {
    if (draw() < 0.5) x[i] = EDGES[Math.floor(draw() * EDGES.length)];
    else bits[i] = Math.floor(draw() * 2 ** 32);
  }
  return x;
}

/** The bits, all NaNs as one: which NaN an operation gives is defined by nobody. */
function bitsOf(y: Float32Array | Int32Array | Uint8Array): number[] {
  if (!(y instanceof Float32Array)) return [...y];
  const bits = new Uint32Array(y.buffer, y.byteOffset, y.length);
  return Array.from(bits, (word, i) => (Number.isNaN(y[i]) ? -1 : word));
}

/** Counts what reaches the addon. */
function counting(calls: string[]): ProxyHandler<typeof addon> {
  return {
    get(target, name) {
      calls.push(String(name));
      return Reflect.get(target, name);
    },
  };
}

describeNative('small work', () => {
  const calls: string[] = [];
  const small = new SmallWorkBackend(new Proxy(addon, counting(calls)));
  const native = new NativeBackend(addon);

  const both = (isSmall: boolean, run: (k: Backend) => Float32Array | Int32Array | Uint8Array): void => {
    calls.length = 0;
    const got = bitsOf(run(small));
    expect(calls.length > 0).toBe(!isSmall);
    expect(got).toEqual(bitsOf(run(native)));
  };

  const exactUnary = [
    'neg',
    'abs',
    'sign',
    'square',
    'sqrt',
    'reciprocal',
    'relu',
    'clamp',
    'affine',
    'leakyRelu',
  ].concat(['threshold', 'floor', 'ceil', 'round', 'trunc', 'softshrink', 'hardshrink', 'nanToNum']);
  const exactBinary = ['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'gate', 'fmod', 'copysign', 'prelu'];
  const sizes = [1, 15, SMALL_WORK, SMALL_WORK + 1];
  const plans: [Shape, Shape][] = [
    [[7], [7]],
    [[SMALL_WORK], [SMALL_WORK]],
    [[SMALL_WORK + 1], [SMALL_WORK + 1]],
    [[12], []],
    [[], [12]],
    [[8, 16], [16]],
    [
      [3, 1, 5],
      [4, 1],
    ],
    [[9, 16], [16]],
  ];

  describe.each(addon.info().isas)('%s', (isa) => {
    test.each(Object.entries(UnaryOp))('unary %s', (name, op) => {
      addon.setIsa(isa);
      for (const n of sizes) {
        const x = values(n, n);
        both(n <= SMALL_WORK && exactUnary.includes(name), (k) => {
          const y = new Float32Array(n);
          k.unary(op, x, y, 0.3, 1.7);
          return y;
        });
      }
      // Zero as a parameter, whose sign a bound or a factor could lose.
      const edges = Float32Array.from(EDGES);
      both(exactUnary.includes(name), (k) => {
        const y = new Float32Array(edges.length);
        k.unary(op, edges, y, 0, -0);
        return y;
      });
    });

    test.each(Object.entries(BinaryOp))('binary %s', (name, op) => {
      addon.setIsa(isa);
      for (const [a, b] of plans) {
        const plan = planBroadcast(name, a, b);
        const [x, z] = [values(1, sizeOf(a)), values(2, sizeOf(b))];
        both(plan.size <= SMALL_WORK && exactBinary.includes(name), (k) => {
          const y = new Float32Array(plan.size);
          k.binary(op, plan, x, z, y);
          return y;
        });
      }
    });

    test.each(exactBinary)('binary %s: every edge against every other', (name) => {
      addon.setIsa(isa);
      for (const edge of EDGES) {
        const [x, z] = [Float32Array.from(EDGES), new Float32Array(EDGES.length).fill(edge)];
        both(true, (k) => {
          const y = new Float32Array(EDGES.length);
          k.binary(BinaryOp[name as keyof typeof BinaryOp], planBroadcast(name, [x.length], [x.length]), x, z, y);
          return y;
        });
      }
    });

    test.each(Object.entries(CompareOp))('compare %s', (name, op) => {
      addon.setIsa(isa);
      for (const [a, b] of plans) {
        const plan = planBroadcast(name, a, b);
        const [x, z] = [values(3, sizeOf(a)), values(4, sizeOf(b))];
        both(plan.size <= SMALL_WORK, (k) => {
          const y = new Uint8Array(plan.size);
          k.compare(op, plan, x, z, y);
          return y;
        });
      }
    });

    test('rows and places', () => {
      addon.setIsa(isa);
      for (const [count, width] of [
        [7, 1],
        [SMALL_WORK, 1],
        [SMALL_WORK + 1, 1],
        [25, 5],
        [26, 5],
      ]) {
        const small = count * width <= SMALL_WORK;
        const ids = Int32Array.from({ length: count }, (_, i) => (i * 7) % 40);
        const [table, source] = [values(5, 40 * width), values(6, count * width)];
        for (const method of ['scatterAddRows', 'setRows'] as const) {
          both(small, (k) => {
            const y = table.slice();
            k[method](source, ids, y, width, 1);
            return y;
          });
        }
        both(small, (k) => {
          const y = new Float32Array(count * width);
          k.gatherRows(table, ids, y, width, 1);
          return y;
        });
        both(count <= SMALL_WORK, (k) => {
          const y = new Int32Array(count);
          k.places(ids, y, Int32Array.of(1, count, 3, 1), 40, 2, false, false);
          return y;
        });
        both(count <= SMALL_WORK, (k) => {
          const y = new Int32Array(4);
          k.nonzero(new Uint8Array(ids.buffer).subarray(0, count), y);
          return y;
        });
      }
    });

    test('copyStrided', () => {
      addon.setIsa(isa);
      const copies: [Shape, number[], number[]][] = [
        [[1], [0], [0]],
        [
          [8, 16],
          [1, 8],
          [16, 1],
        ],
        [
          [2, 4, 5],
          [-20, 0, -1],
          [20, 5, 1],
        ],
        [
          [9, 16],
          [1, 9],
          [16, 1],
        ],
      ];
      for (const [shape, xStrides, yStrides] of copies) {
        const layout = Int32Array.of(shape.length, ...shape, ...xStrides, ...yStrides);
        const x = values(7, 200);
        both(sizeOf(shape) <= SMALL_WORK, (k) => {
          const y = new Float32Array(150).fill(5);
          k.copyStrided(x, 40, y, 3, layout);
          return y;
        });
      }
    });

    test('select', () => {
      addon.setIsa(isa);
      for (const n of sizes) {
        const [a, b] = [values(5, n), values(6, n)];
        const mask = Uint8Array.from(a, (v) => (v > 0 ? 3 : 0));
        both(n <= SMALL_WORK, (k) => {
          const y = new Float32Array(n);
          k.select(mask, a, b, y);
          return y;
        });
      }
    });
  });

  test('lerp and isclose', () => {
    for (const n of [1, 7, SMALL_WORK, SMALL_WORK + 1]) {
      const [a, b] = [values(7, n), values(8, n)];
      for (const weight of [0.3, 0.7, -2]) {
        both(n <= SMALL_WORK, (k) => {
          const y = new Float32Array(n);
          k.lerp(weight, a, b, y);
          return y;
        });
      }
      both(n <= SMALL_WORK, (k) => {
        const y = new Uint8Array(n);
        k.isclose(0.5, 1e-8, true, a, b, y);
        return y;
      });
    }
  });

  test('a detached array is refused at every size', () => {
    const [x, y] = [new Float32Array(8), new Float32Array(8)];
    structuredClone(x.buffer, { transfer: [x.buffer] });
    const plan = planBroadcast('add', [8], [8]);
    expect(() => small.binary(BinaryOp.add, plan, x, y, new Float32Array(8))).toThrow(BufferError);
    expect(() => small.binary(BinaryOp.add, plan, y, y, x)).toThrow(BufferError);
    expect(() => small.unary(UnaryOp.neg, x, x, 0, 0)).toThrow(BufferError);
  });
});
