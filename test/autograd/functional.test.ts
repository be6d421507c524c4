import { describe, expect, expectTypeOf, test } from 'vitest';
import { grad, noGrad } from '../../src/autograd/index.ts';
import { AutogradError, ConfigError, DTypeError, ShapeError } from '../../src/errors.ts';
import {
  argmax,
  exp,
  hessian,
  hvp,
  jacobian,
  jvp,
  matmul,
  mul,
  ones,
  randn,
  sign,
  stack,
  sum,
  tanh,
  tensor,
  valueAndGrad,
  vjp,
  zeros,
} from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';

const f64 = (values: number | number[] | number[][]): Tensor => tensor(values, { dtype: 'float64' });
const list = (t: Tensor): number[] => [...t.data];
const at = (v: Tensor, i: number): Tensor => v.select(0, i);
/** (xy, x + y²) by two arguments. */
const F = (x: Tensor, y: Tensor): Tensor => stack([x.mul(y), x.add(y.square())]);

describe('forms', () => {
  test('one input and one output give a tensor, lists give lists, outputs outside', () => {
    const [x, y] = [f64(2), f64(3)];
    const one = jacobian((a) => stack([a, a.square()]), x);
    const byInput = jacobian(F, [x, y]);
    const byOutput = jacobian((a) => [a.mul(2), stack([a, a])], x);
    const both = jacobian((a: Tensor, b: Tensor) => [a.mul(b), a.sub(b)], [x, y]);
    expectTypeOf(one).toEqualTypeOf<Tensor>();
    expectTypeOf(byInput).toEqualTypeOf<Tensor[]>();
    expectTypeOf(byOutput).toEqualTypeOf<Tensor[]>();
    expectTypeOf(both).toEqualTypeOf<Tensor[][]>();
    expect(list(one)).toEqual([1, 4]);
    expect(byInput.map(list)).toEqual([
      [3, 1],
      [2, 6],
    ]);
    expect(byOutput.map(list)).toEqual([[2], [1, 1]]);
    expect(both.map((row) => row.map(list))).toEqual([
      [[3], [2]],
      [[1], [-1]],
    ]);
  });

  test('a Jacobian has the shape of the output and then that of the input', () => {
    const [a, b] = [f64([[1, 2, 3]]), f64([[1], [2], [3]])];
    const [da, db] = jacobian((p: Tensor, q: Tensor) => matmul(p, q), [a, b]);
    expect([da.shape, db.shape]).toEqual([
      [1, 1, 1, 3],
      [1, 1, 3, 1],
    ]);
    expect(jacobian((p) => p.slice(0, 0, 0), f64([1, 2])).shape).toEqual([0, 2]);
    expect(jacobian((p) => p.mul(2), zeros([0], { dtype: 'float64' })).shape).toEqual([0, 0]);
  });

  test('values and products', () => {
    const [x, y] = [f64(2), f64(3)];
    const [value, gradient] = valueAndGrad((a: Tensor, b: Tensor) => a.mul(b).sum(), [x, y]);
    expect([value.item(), gradient.map(list)]).toEqual([6, [[3], [2]]]);
    const [out, along] = vjp(F, [x, y], f64([1, 10]));
    expect([list(out), along.map(list)]).toEqual([
      [6, 11],
      [[13], [62]],
    ]);
    const [same, push] = jvp(F, [x, y], [f64(1), f64(-1)]);
    expect([list(same), list(push)]).toEqual([
      [6, 11],
      [1, -5],
    ]);
    const [outs, pushes] = jvp((a: Tensor) => [a.exp(), argmax(a), a.mul(0).detach()], f64([0, 0]), f64([1, 2]));
    expect(outs.map((t) => t.dtype)).toEqual(['float64', 'int32', 'float64']);
    expect(pushes.map(list)).toEqual([[1, 2], [0], [0, 0]]);
  });

  test('a Hessian by blocks, and its product with a vector', () => {
    const f = (a: Tensor, b: Tensor): Tensor => a.square().mul(b).sum();
    const [x, y] = [f64([1, 2]), f64([3, 4])];
    const blocks = hessian(f, [x, y]);
    expectTypeOf(blocks).toEqualTypeOf<Tensor[][]>();
    expect(blocks.map((row) => row.map(list))).toEqual([
      [
        [6, 0, 0, 8],
        [2, 0, 0, 4],
      ],
      [
        [2, 0, 0, 4],
        [0, 0, 0, 0],
      ],
    ]);
    const [value, product] = hvp(f, [x, y], [f64([1, 0]), f64([0, 1])]);
    expect([value.item(), product.map(list)]).toEqual([
      19,
      [
        [6, 4],
        [2, 0],
      ],
    ]);
    expect(hessian((a: Tensor) => a.sum(), x).toArray()).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });
});

test('the inputs are left as they are, also inside noGrad', () => {
  const x = tensor([1, 2], { dtype: 'float64', requiresGrad: true });
  const [value, gradient] = noGrad(() => valueAndGrad((a) => exp(a).sum(), x));
  expect([x.grad, value.requiresGrad, gradient.requiresGrad]).toEqual([null, false, false]);
  expect(list(gradient)).toEqual([Math.exp(1), Math.exp(2)]);
  const plain = f64([1]);
  jacobian((a) => a.mul(2), plain);
  expect([plain.requiresGrad, plain.grad]).toEqual([false, null]);
});

test('one tensor in two places gets a partial derivative for each', () => {
  const x = f64(3);
  expect(jacobian((a: Tensor, b: Tensor) => a.square().mul(b), [x, x]).map(list)).toEqual([[18], [9]]);
});

test('with createGraph the derivative can be differentiated by the inputs', () => {
  const x = tensor([0.3, -0.2], { dtype: 'float64', requiresGrad: true });
  const cube = (a: Tensor): Tensor => a.mul(a).mul(a);
  const [, first] = valueAndGrad((a) => cube(a).sum(), x, { createGraph: true });
  const second = grad(first.sum(), [x])[0];
  const [, push] = jvp(cube, x, ones([2], { dtype: 'float64' }), { createGraph: true });
  for (const found of [second, grad(push.sum(), [x])[0]]) {
    for (const [i, v] of list(x).entries()) expect(found.data[i]).toBeCloseTo(6 * v, 14);
  }
  const third = hessian((a: Tensor) => cube(a).sum(), x, { createGraph: true });
  expect(list(grad(third.sum(), [x])[0])).toEqual([6, 6]);
});

test('through a fused operation and through one without a second derivative', () => {
  const [x, v] = [randn([3, 4], { dtype: 'float64' }), randn([3, 4], { dtype: 'float64' })];
  const f = (a: Tensor): Tensor => a.softmax(-1);
  const [, product] = jvp(f, x, v);
  const whole = jacobian(f, x)
    .reshape([12, 12])
    .matmul(v.reshape([12]));
  for (let i = 0; i < 12; i++) expect(product.data[i]).toBeCloseTo(whole.data[i], 12);
  expect(list(jvp(sign, f64([1, -2]), f64([1, 1]))[1])).toEqual([0, 0]);
});

test('a vector times a Jacobian times a vector is the same from both sides', () => {
  const [x, w] = [randn([4, 3], { dtype: 'float64' }), randn([3, 2], { dtype: 'float64' })];
  const f = (a: Tensor, b: Tensor): Tensor => tanh(matmul(a, b)).flatten();
  const [u, v] = [
    randn([8], { dtype: 'float64' }),
    [randn([4, 3], { dtype: 'float64' }), randn([3, 2], { dtype: 'float64' })],
  ];
  const forward = sum(mul(u, jvp(f, [x, w], v)[1])).item();
  const backward = vjp(f, [x, w], u)[1].reduce((total, g, i) => total + sum(mul(g, v[i])).item(), 0);
  expect(forward).toBeCloseTo(backward, 12);
});

describe('refusals', () => {
  const x = f64([1, 2]);
  test('values of many elements, and outputs that do not depend on an input', () => {
    expect(() => valueAndGrad((a) => a.mul(2), x)).toThrow(/valueAndGrad: .* one tensor of one element: got \[2\]/);
    expect(() => hessian((a: Tensor) => a.mul(2), x)).toThrow(AutogradError);
    expect(() => vjp((a) => a.mul(2), x)).toThrow(AutogradError);
    const f = (a: Tensor, _: Tensor): Tensor => a.sum();
    expect(list(valueAndGrad(f, [x, x])[1][1])).toEqual([0, 0]);
    expect(() => valueAndGrad(f, [x, x], { strict: true })).toThrow(/do not depend on input 1/);
    expect(() => jacobian(() => ones([2]), x, { strict: true })).toThrow(AutogradError);
    expect(list(jacobian((a) => at(a, 0).detach(), x))).toEqual([0, 0]);
  });

  test('directions that do not fit', () => {
    expect(() => jvp(exp, x, f64([1]))).toThrow(/jvp: the direction must have the shape of input 0: got \[1\]/);
    expect(() => jvp(exp, x, ones([2]))).toThrow(DTypeError);
    expect(() => hvp((a: Tensor) => a.sum(), x, [x, x])).toThrow(ShapeError);
    expect(() => vjp(exp, x, f64([1, 2, 3]))).toThrow(/shape of output 0/);
  });

  test('what is no function, no tensor, no float', () => {
    expect(() => jacobian(3 as never, x)).toThrow(ConfigError);
    expect(() => jacobian(exp, [])).toThrow(ConfigError);
    expect(() => jacobian(exp, 3 as never)).toThrow(ConfigError);
    expect(() => jacobian(() => 3 as never, x)).toThrow(DTypeError);
    expect(() => jacobian(exp, tensor([1], { dtype: 'int32' }))).toThrow(DTypeError);
  });
});
