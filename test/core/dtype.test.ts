import { describe, expect, test } from 'vitest';
import {
  checkDType,
  type DType,
  dtypes,
  floatOf,
  isDType,
  isFloat,
  newArray,
  promote,
  sumOf,
} from '../../src/core/dtype.ts';
import { DTypeError } from '../../src/errors.ts';

const names = Object.keys(dtypes) as DType[];

describe('the table', () => {
  test.each(names)('%s: its array has its size and starts at zero', (name) => {
    const { bytes, array } = dtypes[name];
    expect(array.BYTES_PER_ELEMENT).toBe(bytes);
    const made = newArray(name, 5);
    expect(made).toBeInstanceOf(array);
    expect([...made]).toEqual([0, 0, 0, 0, 0]);
    expect(newArray(name, 0).length).toBe(0);
  });

  test('safetensors names', () => {
    expect(names.map((name) => dtypes[name].safetensors)).toEqual(['F32', 'F64', 'I32', 'U8', 'BOOL']);
  });

  test('floats', () => {
    expect(names.filter(isFloat)).toEqual(['float32', 'float64']);
  });
});

describe('names from outside', () => {
  test('known names pass', () => {
    for (const name of names) {
      expect(isDType(name)).toBe(true);
      expect(checkDType('zeros', name)).toBe(name);
    }
  });

  test.each(['float16', 'Float32', '', 'toString', '__proto__', 'constructor', 32, null, undefined, ['float32']])(
    '%j is none',
    (value) => {
      expect(isDType(value)).toBe(false);
      expect(() => checkDType('zeros', value)).toThrow(DTypeError);
    },
  );

  test('the message names the operation, what came and what is known', () => {
    expect(() => checkDType('zeros', 'half')).toThrow(
      'zeros: unknown dtype: got half, expected float32 | float64 | int32 | uint8 | bool',
    );
  });
});

describe('promotion', () => {
  const order: DType[] = ['bool', 'uint8', 'int32', 'float32', 'float64'];

  test('the wider of two, whichever comes first', () => {
    for (const [i, a] of order.entries()) {
      for (const [j, b] of order.entries()) expect(promote(a, b)).toBe(order[Math.max(i, j)]);
    }
  });

  test('of a quotient and of a sum', () => {
    expect(order.map(floatOf)).toEqual(['float32', 'float32', 'float32', 'float32', 'float64']);
    expect(order.map(sumOf)).toEqual(['int32', 'int32', 'int32', 'float32', 'float64']);
  });
});
