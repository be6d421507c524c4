/** The harness itself: what it must refuse, and that it reads Python as Python does. */

import { describe, expect, test } from 'vitest';
import { tensor } from '../../src/ops/index.ts';
import { expectGradient, expectTensor, expectValues, type FixtureTensor } from './fixtures.ts';
import { evaluate, parsePython, type Value } from './python.ts';
import { missingNames, torchHost } from './torch.ts';

const fixture = (values: number[], kind: FixtureTensor['kind'] = 'F64'): FixtureTensor => ({
  kind,
  shape: [values.length],
  values,
});

describe('comparison', () => {
  test.each([
    ['a wrong value', [1, 2.001]],
    ['NaN for a number', [1, Number.NaN]],
    ['infinity for a number', [1, Infinity]],
    ['too few', [1]],
  ])('refuses %s', (_, got) => {
    expect(() => expectValues('x', got, [1, 2], () => 1e-5)).toThrow(/^x: /);
  });

  test('refuses a number for NaN, and the wrong infinity', () => {
    expect(() => expectValues('x', [0], [Number.NaN], () => 1)).toThrow(/expected NaN/);
    expect(() => expectValues('x', [-Infinity], [Infinity], () => 1)).toThrow();
    expect(() => expectValues('x', [1e300], [Infinity], () => Infinity)).toThrow();
    expectValues('x', [Number.NaN, Infinity, 0], [Number.NaN, Infinity, -0], () => 0);
  });

  test('refuses another shape or kind of number', () => {
    const compare = (got: ReturnType<typeof tensor>, want: FixtureTensor) => () =>
      expectTensor('x', got, want, { dtype: 'float32' });
    expect(compare(tensor([[1, 2]]), fixture([1, 2]))).toThrow(/shape \[1,2\], expected \[2\]/);
    expect(compare(tensor([1, 2]), fixture([1, 2], 'I64'))).toThrow(/float32, expected I64/);
    expect(compare(tensor([1, 2], { dtype: 'int32' }), fixture([1, 2]))).toThrow(/int32, expected F64/);
    expect(compare(tensor([1, 3], { dtype: 'int32' }), fixture([1, 2], 'I64'))).toThrow(/element 1/);
    expect(compare(tensor([1, 2]), fixture([1, 2]))).not.toThrow();
  });

  test('keeps to the tolerances of the README', () => {
    const compare = (got: number, want: number, tolerance: object) => () =>
      expectTensor('x', tensor([got], { dtype: 'float64' }), fixture([want]), { dtype: 'float32', ...tolerance });
    expect(compare(1 + 1.9e-5, 1, {})).not.toThrow();
    expect(compare(1 + 2.1e-5, 1, {})).toThrow();
    expect(compare(1 + 2.1e-5, 1, { torchError: 1e-6 })).not.toThrow();
    expect(compare(2e-6, 1e-6, { relative: true })).toThrow();
    expect(compare(1 + 2e-8, 1, { dtype: 'float64' })).toThrow();
    expect(compare(1 + 1e-8, 1, { dtype: 'float64' })).not.toThrow();
  });

  test('takes a missing gradient for zeros, and for nothing else', () => {
    const leaf = tensor([1], { requiresGrad: true });
    expectGradient('x', leaf, fixture([0]), { dtype: 'float32' });
    expect(() => expectGradient('x', leaf, fixture([1]), { dtype: 'float32' })).toThrow(/none/);
  });
});

describe('expressions', () => {
  const run = (source: string, names: Record<string, Value> = {}): Value =>
    evaluate(parsePython(source), new Map(Object.entries(names)), torchHost);

  test.each([
    ['1 + 2 * 3 ** 2', 19],
    ['-2 ** 2', -4],
    ['2 ** -1', 0.5],
    ['8 / 4 / 2', 1],
    ['10 - 3 - 2', 5],
    ['(1 + 2) * 3', 9],
    ['1e-3', 0.001],
    ['(lambda a, b: a - b)(5, 3)', 2],
    ['(lambda i, f: i / f)(*[6, 3])', 2],
    ['[4, 5, 6][1]', 5],
    ['tuple(a * b for a, b in [[1, 2], [3, 4]])', [2, 12]],
    ["p if p in ('fro', 'nuc') else float(p)", 'fro', { p: 'fro' }],
    ["p if p in ('fro', 'nuc') else float(p)", Infinity, { p: 'inf' }],
    ['1 if 2 < 1 else 3', 3],
    ["__import__('functools').reduce(lambda a, _: a + 2, range(3), x)", 7, { x: 1 }],
    ['(1,)', [1]],
    ['()', []],
    ['[x + 1 for x in range(2)]', [1, 2]],
  ] as [string, Value, Record<string, Value>?][])('%s', (source, want, names) => {
    expect(run(source, names)).toEqual(want);
  });

  test('subscripts, methods and keywords reach the library', () => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const array = (source: string): unknown => (run(source, { x }) as typeof x).toArray();
    expect(array('x[1, ::2]')).toEqual([4, 6]);
    expect(array('x[:, -1]')).toEqual([3, 6]);
    expect(array('x[0][None, 1:]')).toEqual([[2, 3]]);
    expect(array('x[..., 1][x[..., 1] > 2]')).toEqual([5]);
    expect(array('torch.sum(x, dim=0, keepdim=True)')).toEqual([[5, 7, 9]]);
    expect(array('x.t() @ x[:, 0]')).toEqual([17, 22, 27]);
    expect(array('1 - x.permute(1, 0)[0]')).toEqual([0, -3]);
  });

  test.each(['1 +', 'f(', 'a b', 'x[', '1 ? 2', 'lambda: ', "'open"])('%j is refused', (source) => {
    expect(() => parsePython(source)).toThrow(SyntaxError);
  });

  test('what the library lacks is named', () => {
    const missing = (source: string): string[] => missingNames(parsePython(source));
    expect(missing('torch.sum(x.exp()) + F.relu(x).pdist()')).toEqual(['pdist']);
    expect(missing('torch.special.i0(A) @ x.nothing')).toEqual(['special.i0', 'nothing']);
    expect(missing('(lambda z: z.chunk(2))(x)[0].dtype')).toEqual([]);
  });
});
