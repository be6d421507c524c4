/** The properties themselves: every kind of error that is planted must be found, and nothing else. */

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ShapeError } from '../../src/errors.ts';
import { add, defineOp, exp, mul, reshape, tensor } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';
import { callFault, faultOf } from './compare.ts';
import { type Drawn, floats, normal } from './draw.ts';
import { checkGradients, checkValues, type Property } from './prove.ts';
import { Illegal, ulps, type Value } from './reference/value.ts';

const drawn = (...shapes: number[][]): Drawn<null> => ({
  operands: shapes.map((shape) => floats(shape, normal)),
  options: null,
  // Odd: not a run on integers.
  seed: 12345,
});

/** The property of addition of equal shapes, with another implementation. */
function addition(call: (a: Tensor, b: Tensor) => Tensor): Property<null> {
  return {
    name: 'add',
    draw: fc.constant(drawn([2, 3], [2, 3])),
    call: ([a, b]) => call(a, b),
    reference: ([a, b]) =>
      a.shape.join() === b.shape.join()
        ? { shape: a.shape, data: a.data.map((v, i) => v + b.data[i]) }
        : new Illegal([a.shape, b.shape]),
  };
}

describe('what a property finds', () => {
  const fits = drawn([2, 3], [2, 3]);
  const differs = drawn([2, 3], [4]);

  test('nothing where there is nothing', () => {
    checkValues(addition(add), fits);
    checkValues(addition(add), differs);
    expect(checkGradients(addition(add), fits)).toBe(true);
  });

  const values: [string, (a: Tensor, b: Tensor) => Tensor, Drawn<null>, RegExp][] = [
    ['a value that is off', (a, b) => add(add(a, b), 1e-6), fits, /element 0: got/],
    ['another shape', (a, b) => reshape(add(a, b), [3, 2]), fits, /shape \[3, 2\], expected \[2, 3\]/],
    ['another dtype', (a, b) => add(a, b).to('int32'), fits, /dtype int32, expected float32/],
    [
      'an input that is changed',
      (a, b) => {
        const y = add(a, b);
        b.data[1] = 7;
        return y;
      },
      fits,
      /input 1 was changed/,
    ],
    ['a call that is refused without reason', () => refuse('add: no'), fits, /refused a legal call/],
    ['a call that is not refused', (a) => a, differs, /must be refused/],
    ['an error of another class', () => refuse('add: [2, 3] and [4]', Error), differs, /expected a ShapeError/],
    ['an error that names another operation', () => refuse('sub: [2, 3] and [4]'), differs, /does not name add/],
    ['an error without the shapes', () => refuse('add: shapes differ: [2, 3]'), differs, /does not name \[4\]/],
  ];
  test.each(values)('%s', (_, call, call_, message) => {
    expect(() => checkValues(addition(call), call_)).toThrow(message);
  });

  test('a view that nobody documented', () => {
    const same: Property<null> = { ...addition((a) => a.detach()), reference: ([a]) => ({ ...a }) };
    expect(() => checkValues(same, fits)).toThrow(/in the memory of input 0/);
    checkValues({ ...same, views: true }, fits);
  });

  /** An addition whose backward is `rule`. */
  function wrong(name: string, rule: (dy: Tensor) => Tensor): (a: Tensor, b: Tensor) => Tensor {
    const op = defineOp({
      name,
      forward: (_, [a, b]) => add(a!.detach(), b!.detach()),
      backward: (_, [dy]) => [rule(dy!), dy],
      cases: [],
    });
    return (a, b) => op.run([a, b], undefined);
  }

  test('a gradient that is off by a part in ten thousand', () => {
    const off = addition(wrong('planted factor', (dy) => mul(dy, 1.0001)));
    expect(() => checkGradients(off, fits)).toThrow(/gradient of input 0, element \d: got .* differences give/);
  });

  test('a gradient that is not linear in its seed', () => {
    // The differences are taken at one seed: a rule that is right there alone passes them.
    let calls = 0;
    const once = addition(wrong('planted kink', (dy) => (calls++ === 0 ? dy : add(dy, 1e-3))));
    expect(() => checkGradients(once, fits)).toThrow(/not linear/);
  });

  test('a gradient that differs in float32', () => {
    const off = addition(wrong('planted float32', (dy) => (dy.dtype === 'float32' ? mul(dy, 1.001) : dy)));
    expect(() => checkGradients(off, fits)).toThrow(/ts, float32: gradient of input 0/);
  });
});

function refuse(message: string, Type: new (message: string) => Error = ShapeError): never {
  throw new Type(message);
}

describe('the comparison of values', () => {
  const value = (v: number, bound?: number): Value => ({
    shape: [1],
    data: [v],
    bound: bound === undefined ? undefined : [bound],
  });
  const fault = (got: number, want: Value): string | null =>
    faultOf(tensor(new Float32Array([got])), want, 'float32', 'float');
  const next = (v: number, places: number): number => v + places * 2 ** -23;

  test('to the bit where nothing else is allowed', () => {
    expect(fault(Math.fround(0.1), value(0.1))).toBeNull();
    expect(fault(next(1, 1), value(1))).not.toBeNull();
  });

  test('so many places and no more', () => {
    expect(fault(next(1, 2), value(1, ulps(2, 1)))).toBeNull();
    expect(fault(next(1, 3), value(1, ulps(2, 1)))).not.toBeNull();
    expect(fault(next(1.75, -3), value(1.75, ulps(2, 1.75)))).not.toBeNull();
  });

  test.each([
    [NaN, 1],
    [1, NaN],
    [Infinity, NaN],
    [Infinity, -Infinity],
    [Infinity, 1],
    [1, Infinity],
    [3e38, Infinity],
    [0, 1e-30],
  ])('%d is not %d', (got, want) => {
    expect(fault(got, value(want, ulps(4, want)))).not.toBeNull();
  });

  test.each([NaN, Infinity, -Infinity, 0])('%d is itself', (v) => {
    expect(fault(v, value(v, 1))).toBeNull();
    expect(fault(v, value(v))).toBeNull();
  });

  test('as many outputs as there are', () => {
    expect(callFault([], [value(1)], 'f', 'float32', 'float')).toMatch(/0 outputs/);
  });
});

test('an exponential that is four places off', () => {
  const p: Property<null> = {
    name: 'exp',
    draw: fc.constant(drawn([200])),
    call: ([x]) => exp(x),
    reference: ([x]) => ({
      shape: x.shape,
      data: x.data.map((v) => Math.exp(v) * (1 + 4 * 2 ** -23)),
      bound: x.data.map((v) => ulps(2, Math.exp(v))),
    }),
  };
  expect(() => checkValues(p, drawn([200]))).toThrow(/exp, ts, float32/);
});
