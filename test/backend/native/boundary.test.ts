/**
 * The addon's boundary, over every kernel: it works on what is legal, touches nothing else, and refuses whatever is not,
 * before anything is written. Faults T4 and T6 to T9 of the fault model.
 */

import { describe, expect, test } from 'vitest';
import { BufferError, LimitError, ShapeError } from '../../../src/errors.ts';
import { addon, describeNative } from './addon.ts';
import { type Argument, type ArrayArgument, marginsAreUntouched, place, type TypedArray } from './arguments.ts';
import { type Call, callsOf } from './calls.ts';

interface Placed {
  readonly values: unknown[];
  readonly arrays: { spec: ArrayArgument; array: TypedArray }[];
}

function placeAll(args: readonly Argument[]): Placed {
  const arrays: Placed['arrays'] = [];
  const one = (spec: ArrayArgument): TypedArray => {
    const array = place(spec, arrays.length);
    arrays.push({ spec, array });
    return array;
  };
  const values = args.map((arg) =>
    arg.kind === 'array' ? one(arg) : arg.kind === 'list' ? arg.items.map(one) : arg.value,
  );
  return { values, arrays };
}

const bytesOf = ({ buffer }: TypedArray): Buffer => Buffer.from(buffer.slice(0));
const isUnchanged = (array: TypedArray, before: Buffer): boolean => Buffer.from(array.buffer).equals(before);

/** The call must throw one of the classes and leave every byte of every operand as it was. */
function refuses(call: Call, { values, arrays }: Placed, classes: readonly unknown[]): Error {
  const before = arrays.map(({ array }) => bytesOf(array));
  let error: unknown;
  try {
    call.run(addon, values);
  } catch (thrown) {
    error = thrown;
  }
  expect(classes.some((type) => error instanceof (type as typeof Error))).toBe(true);
  expect(arrays.every(({ array }, i) => isUnchanged(array, before[i]))).toBe(true);
  return error as Error;
}

/** Each place of an array among the arguments, with a way to put another value there. */
function arrayPlaces(
  args: readonly Argument[],
): { spec: ArrayArgument; put: (values: unknown[], other: unknown) => void; at: number }[] {
  let at = 0;
  return args.flatMap((arg, i) => {
    if (arg.kind === 'array')
      return [{ spec: arg, at: at++, put: (values: unknown[], other: unknown) => void (values[i] = other) }];
    if (arg.kind !== 'list') return [];
    return arg.items.map((spec, j) => ({
      spec,
      at: at++,
      put: (values: unknown[], other: unknown) => void ((values[i] as unknown[])[j] = other),
    }));
  });
}

function detached(spec: ArrayArgument): unknown {
  const array = place(spec, 0);
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
  return array;
}

function shared(spec: ArrayArgument): unknown {
  return new spec.type(new SharedArrayBuffer(8 * spec.n + 64), 0, spec.n);
}

function resizable(spec: ArrayArgument, tracking: boolean, shrunk: boolean): unknown {
  const bytes = spec.n * spec.type.BYTES_PER_ELEMENT;
  // `resizable` and `resize` are in Node 20, and not yet in the library types of its ES level.
  const Resizable = ArrayBuffer as unknown as new (n: number, o: object) => ArrayBuffer & { resize(n: number): void };
  const buffer = new Resizable(bytes, { maxByteLength: 4 * bytes + 4096 });
  const type = spec.type as unknown as new (buffer: ArrayBuffer, offset: number, length?: number) => TypedArray;
  const view = tracking ? new type(buffer, 0) : new type(buffer, 0, spec.n);
  if (shrunk) buffer.resize(0);
  return view;
}

const fakes: [string, (spec: ArrayArgument) => unknown][] = [
  ['a detached buffer', detached],
  ['a SharedArrayBuffer', shared],
  ['a resizable buffer', (spec) => resizable(spec, false, false)],
  ['a view that tracks the length of its buffer', (spec) => resizable(spec, true, false)],
  ['a view that a shrunk buffer left out of bounds', (spec) => resizable(spec, false, true)],
  ['an array of another class', (spec) => new Int16Array(spec.n)],
  ['an object with the right prototype', (spec) => Object.create((spec.type as { prototype: object }).prototype)],
  ['a plain array', (spec) => new Array(spec.n).fill(0)],
  ['a DataView', (spec) => new DataView(new ArrayBuffer(8 * spec.n))],
  ['a number', () => 7],
  ['a string', () => 'abc'],
];

const badIntegers = [Number.NaN, 1.5, Infinity, -Infinity, 2 ** 53 + 2, 1e300, '3', null, undefined, 7n, {}];

describeNative('the boundary of the addon', () => {
  describe.each(callsOf(addon).map((call) => [call.name, call] as const))('%s', (_, call) => {
    test('works between canaries, and leaves the floating-point unit alone', () => {
      const placed = placeAll(call.args);
      const before = placed.arrays.map(({ array }) => bytesOf(array));
      const control = addon.mxcsr();
      call.run(addon, placed.values);
      expect(addon.mxcsr() & ~0x3f).toBe(control & ~0x3f);
      expect(2.2e-308 / 4).toBe(5.5e-309);
      placed.arrays.forEach(({ spec, array }, i) => {
        expect(marginsAreUntouched(array)).toBe(true);
        if (spec.role === 'in') expect(isUnchanged(array, before[i])).toBe(true);
        // A canary that was read would be a NaN here. A workspace is opaque, and copyStrided leaves gaps.
        else if (spec.type.name === 'Float32Array' && call.name !== 'copyStrided' && !/^(lstm|gru)/.test(call.name)) {
          expect(array.every((x) => Number.isFinite(x))).toBe(true);
        }
      });
    });

    test('gives the same bits wherever its operands lie', () => {
      const first = placeAll(call.args);
      const second = placeAll(call.args);
      call.run(addon, first.values);
      // The same arrays, shifted within their buffers: other alignments.
      const moved = second.arrays.map(({ spec, array }) => {
        const other = new spec.type(new ArrayBuffer(array.byteLength + 64), spec.type.BYTES_PER_ELEMENT, spec.n);
        other.set(array as never);
        return other;
      });
      const values = [...second.values];
      for (const { put, at } of arrayPlaces(call.args)) put(values, moved[at]);
      call.run(addon, values);
      moved.forEach((array, i) => {
        if (!/^(lstm|gru)Backward/.test(call.name) || first.arrays[i].spec.role !== 'inOut') {
          expect(array.toString()).toBe(first.arrays[i].array.toString());
        }
      });
    });

    test('refuses integers that are none, negative, or past the limit', () => {
      call.args.forEach((arg, i) => {
        if (arg.kind !== 'integer') return;
        for (const bad of [...badIntegers, arg.low === -Infinity ? Number.NaN : arg.low - 1]) {
          const placed = placeAll(call.args);
          placed.values[i] = bad;
          refuses(call, placed, [ShapeError, LimitError]);
        }
      });
    });

    test('refuses numbers and flags that are none', () => {
      call.args.forEach((arg, i) => {
        if (arg.kind !== 'number' && arg.kind !== 'flag') return;
        for (const bad of ['1', null, undefined, {}]) {
          const placed = placeAll(call.args);
          placed.values[i] = bad;
          refuses(call, placed, [ShapeError]);
        }
      });
    });

    test.each(fakes)('refuses %s', (_what, make) => {
      for (const { spec, put } of arrayPlaces(call.args)) {
        if (spec.n === 0) continue;
        const placed = placeAll(call.args);
        put(placed.values, make(spec));
        refuses(call, placed, [BufferError]);
      }
    });

    test('refuses null exactly where nothing may be missing', () => {
      for (const { spec, put } of arrayPlaces(call.args)) {
        const placed = placeAll(call.args);
        put(placed.values, null);
        if (spec.optional) expect(() => call.run(addon, placed.values)).not.toThrow();
        else refuses(call, placed, [BufferError, ShapeError]); // a strided plan without its layout has no shape
      }
      call.args.forEach((arg, i) => {
        if (arg.kind !== 'list') return;
        const placed = placeAll(call.args);
        placed.values[i] = null;
        if (arg.optional) expect(() => call.run(addon, placed.values)).not.toThrow();
        else refuses(call, placed, [BufferError]);
      });
    });

    test('refuses an array that is an element too short', () => {
      for (const { spec, put, at } of arrayPlaces(call.args)) {
        if (spec.gives || spec.n === 0) continue;
        const placed = placeAll(call.args);
        put(placed.values, placed.arrays[at].array.subarray(0, spec.n - 1));
        // A layout that is too short cannot be read: a matter of shape.
        const { message } = refuses(call, placed, [BufferError, ShapeError]);
        if (!/layout/.test(message))
          expect(message).toMatch(new RegExp(`at least ${spec.n} elements: got ${spec.n - 1}$`));
      }
    });

    test('refuses a list that lacks an array', () => {
      call.args.forEach((arg, i) => {
        if (arg.kind !== 'list' || arg.counts) return;
        const placed = placeAll(call.args);
        (placed.values[i] as unknown[]).pop();
        refuses(call, placed, [ShapeError]);
      });
    });

    test('refuses outputs that overlap anything in part', () => {
      const places = arrayPlaces(call.args);
      for (const a of places) {
        for (const b of places) {
          if (a.spec.role === 'in' || a === b || Math.min(a.spec.n, b.spec.n) < 3) continue;
          const placed = placeAll(call.args);
          const bytes = Math.max(a.spec.n * a.spec.type.BYTES_PER_ELEMENT, b.spec.n * b.spec.type.BYTES_PER_ELEMENT);
          const buffer = new ArrayBuffer(bytes + 64);
          const first = new a.spec.type(buffer, 0, a.spec.n);
          const second = new b.spec.type(buffer, b.spec.type.BYTES_PER_ELEMENT, b.spec.n);
          for (const [{ spec, at }, view] of [
            [a, first],
            [b, second],
          ] as const) {
            if (spec.role === 'in' && spec.values) view.set(placed.arrays[at].array as never);
          }
          // What an array of sizes holds decides whether the call is legal at all.
          if (b.spec.values && b.spec.type.name === 'Int32Array' && b.spec.role === 'in') continue;
          a.put(placed.values, first);
          b.put(placed.values, second);
          expect(refuses(call, placed, [BufferError]).message).toMatch(/overlap in memory$/);
        }
      }
    });

    test('works in place where it may', () => {
      const places = arrayPlaces(call.args);
      for (const y of places) {
        for (const x of places) {
          if (y.spec.role !== 'inPlace' || x.spec.role !== 'in' || x.spec.type !== y.spec.type || x.spec.n !== y.spec.n)
            continue;
          const apart = placeAll(call.args);
          call.run(addon, apart.values);
          const placed = placeAll(call.args);
          y.put(placed.values, placed.arrays[x.at].array);
          call.run(addon, placed.values);
          expect([...placed.arrays[x.at].array]).toEqual([...apart.arrays[y.at].array]);
        }
      }
    });
  });
});
