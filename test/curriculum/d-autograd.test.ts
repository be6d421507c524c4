/** Curriculum D: computation graphs and differentiation, each by its figures. */

import { describe, expect, test } from 'vitest';
import {
  add,
  grad,
  graph,
  hessian,
  jacobian,
  jvp,
  linalg,
  matmul,
  maximum,
  minimum,
  mul,
  noGrad,
  optim,
  sigmoid,
  stack,
  sum,
  type Tensor,
  tensor,
  valueAndGrad,
  vjp,
} from '../../src/index.ts';

const f64 = (values: number | number[] | number[][], requiresGrad = false): Tensor =>
  tensor(values, { dtype: 'float64', requiresGrad });
const leaf = (values: number | number[] | number[][]): Tensor => f64(values, true);
const at = (v: Tensor, i: number): Tensor => v.select(0, i);
const list = (t: Tensor | null): number[] => [...(t?.data ?? [])];

function expectClose(got: ArrayLike<number>, want: readonly number[], tolerance = 5e-7): void {
  expect(got.length).toBe(want.length);
  for (let i = 0; i < want.length; i++) expect(Math.abs(got[i] - want[i])).toBeLessThanOrEqual(tolerance);
}

/** D3: three sigmoid units of two inputs, bias first, and a linear output of the same form. */
const HIDDEN = [
  [0.01, 0.02, 0.03],
  [0.03, 0.01, 0.02],
  [0.02, 0.03, 0.01],
];
const OUTPUT = [0.01, 0.02, 0.03, 0.04];
const DATA = [
  { x: [1, 2], y: 8 },
  { x: [1, 3], y: 11 },
  { x: [2, 2], y: 10 },
];

function network(W: Tensor, v: Tensor, x: readonly number[]): Tensor {
  const hidden = sigmoid(matmul(W, f64([1, ...x])));
  return at(v, 0).add(v.slice(0, 1).dot(hidden));
}

test('D1: the graph of the 3-2-1 sigmoid network, with values, gradients and the order of both passes', async () => {
  const [W, v] = [leaf(HIDDEN), leaf(OUTPUT)];
  const prediction = network(W, v, DATA[0].x);
  const loss = prediction.sub(DATA[0].y).square();
  const drawn = graph(loss, { names: { W, v, prediction, loss } });
  const named = (name: string) => drawn.nodes.find((node) => node.name === name)!;
  expectClose([named('prediction').value as number, named('loss').value as number], [0.056749, 63.095235]);
  expect(named('loss').gradient).toBe(1);
  const [dW, dv] = grad(loss, [W, v]);
  expect([named('W').gradient, named('v').gradient]).toEqual([dW.toArray(), dv.toArray()]);
  expect(
    drawn.nodes.every(({ kind, value, gradient }) => value !== null && (kind === 'constant' || gradient !== null)),
  ).toBe(true);

  const forward = drawn.nodes.filter((node) => node.forward !== null);
  for (const { from, to } of drawn.edges) {
    const [a, b] = [from, to].map((id) => drawn.nodes.find((node) => node.id === id)!);
    if (a.forward !== null) expect(a.forward).toBeLessThan(b.forward as number);
    if (a.backward !== null) expect(a.backward).toBeGreaterThan(b.backward as number);
  }
  expect(new Set(forward.map((node) => node.forward)).size).toBe(forward.length);

  const svg = (await drawn.toSvg()).replaceAll('&#45;', '-');
  for (const shown of ['sigmoid', 'prediction', '0.056749', '63.095', '-15.887']) expect(svg).toContain(shown);
  expect(svg.match(/class="node"/g)?.length).toBe(drawn.nodes.length);
});

describe('D2: what flows back through', () => {
  const backflow = (fn: (...xs: Tensor[]) => Tensor, values: readonly number[], dy = 7): number[] => {
    const xs = values.map((value) => leaf(value));
    return grad(fn(...xs), xs, { seeds: f64(dy) }).map((g) => g.item());
  };
  test.each([
    ['adding a constant', (x: Tensor) => x.add(5), [3], [7]],
    ['a sum', (x: Tensor, y: Tensor) => x.add(y), [3, 4], [7, 7]],
    ['multiplying by a constant', (x: Tensor) => x.mul(5), [3], [35]],
    ['a product', (x: Tensor, y: Tensor) => x.mul(y), [3, 4], [28, 21]],
    ['a maximum', (x: Tensor, y: Tensor) => maximum(x, y), [3, 4], [0, 7]],
    ['a minimum', (x: Tensor, y: Tensor) => minimum(x, y), [3, 4], [7, 0]],
    ['a maximum at a tie', (x: Tensor, y: Tensor) => maximum(x, y), [4, 4], [3.5, 3.5]],
    ['a minimum at a tie', (x: Tensor, y: Tensor) => minimum(x, y), [4, 4], [3.5, 3.5]],
  ])('%s', (_, fn, values, want) => {
    expect(backflow(fn as (...xs: Tensor[]) => Tensor, values)).toEqual(want);
  });
});

describe('D3: the network of three sigmoid units', () => {
  const losses = [63.095235, 119.746005, 98.858811];
  const dv = [-57.657759, -30.388171, -30.14025, -30.040986];
  const dW = [
    [-0.287435, -0.386563, -0.683906],
    [-0.431531, -0.580372, -1.026796],
    [-0.575537, -0.773896, -1.369581],
  ];

  test('predictions, losses, and the gradients summed over the data', () => {
    const [W, v] = [leaf(HIDDEN), leaf(OUTPUT)];
    const predictions = DATA.map(({ x }) => network(W, v, x));
    expectClose(
      predictions.map((p) => p.item()),
      [0.056749, 0.057148, 0.057223],
    );
    const each = predictions.map((p, i) => p.sub(DATA[i].y).square());
    expectClose(
      each.map((loss) => loss.item()),
      losses,
    );
    for (const loss of each) loss.backward();
    expectClose(list(v.grad), dv);
    expectClose(list(W.grad), dW.flat());
  });

  test('the same out of scalars alone, number by number', () => {
    const w = HIDDEN.map((row) => row.map((value) => leaf(value)));
    const v = OUTPUT.map((value) => leaf(value));
    let total = f64(0);
    for (const { x, y } of DATA) {
      let prediction = v[0];
      for (const [i, [bias, a, b]] of w.entries()) {
        const unit = sigmoid(bias.add(a.mul(x[0])).add(b.mul(x[1])));
        prediction = prediction.add(v[i + 1].mul(unit));
      }
      total = total.add(prediction.sub(y).square());
    }
    total.backward();
    expectClose(
      v.map((each) => each.grad!.item()),
      dv,
    );
    expectClose(
      w.flat().map((each) => each.grad!.item()),
      dW.flat(),
    );
  });

  test('and by the chain rule of Jacobians: loss by prediction, by activation, by sum, by weights', () => {
    const total = new Float64Array(9);
    for (const { x, y } of DATA) {
      const input = f64([1, ...x]);
      const [W, v] = [f64(HIDDEN), f64(OUTPUT)];
      const z = matmul(W, input);
      const a = sigmoid(z);
      const prediction = at(v, 0).add(v.slice(0, 1).dot(a));
      const dLoss = jacobian((p) => p.sub(y).square(), prediction).reshape([1, 1]);
      const dPrediction = jacobian((h) => at(v, 0).add(v.slice(0, 1).dot(h)), a).reshape([1, 3]);
      const dActivation = jacobian(sigmoid, z);
      const dSum = jacobian((m) => matmul(m, input), W).reshape([3, 9]);
      const chain = [dLoss, dPrediction, dActivation, dSum].reduce((product, factor) => matmul(product, factor));
      for (const [i, value] of list(chain).entries()) total[i] += value;
    }
    expectClose(total, dW.flat());
  });
});

test('D4: ∇(2x + 3y)² = (8x + 12y, 12x + 18y)', () => {
  for (const [x, y] of [
    [1, 2],
    [-3, 5],
    [0, 0],
    [0.5, -0.25],
  ]) {
    // biome-ignore format: points
    const [, gradient] = valueAndGrad((a: Tensor, b: Tensor) => a.mul(2).add(b.mul(3)).square(), [f64(x), f64(y)]);
    expect(gradient.map((g) => g.item() + 0)).toEqual([8 * x + 12 * y, 12 * x + 18 * y]);
  }
});

test('D5: the Jacobian of (x² + 2y, 3x + 4y²), directly and by the chain rule', () => {
  const F = (p: Tensor): Tensor =>
    stack([at(p, 0).square().add(at(p, 1).mul(2)), at(p, 0).mul(3).add(at(p, 1).square().mul(4))]);
  const G = (x: Tensor): Tensor => stack([x, x.square()]);
  expect(jacobian(F, f64([1, 2])).toArray()).toEqual([[2, 2], [3, 16]]); // biome-ignore format: a matrix
  expect(jacobian(F, f64([2, 2])).toArray()).toEqual([[4, 2], [3, 16]]); // biome-ignore format: a matrix
  const x = f64(2);
  expect(jacobian((s: Tensor) => F(G(s)), x).toArray()).toEqual([12, 131]);
  expect(matmul(jacobian(F, G(x)), jacobian(G, x)).toArray()).toEqual([12, 131]);
});

describe('D6: the chain rule for two functions of several variables', () => {
  const compositions: [string, (p: Tensor) => Tensor, (p: Tensor) => Tensor, (x: number, y: number) => number[][]][] = [
    [
      'F = (2xy, y − z), G = (x − 4y, xy, x + y)',
      (p) => stack([at(p, 0).mul(at(p, 1)).mul(2), at(p, 1).sub(at(p, 2))]),
      (p) => stack([at(p, 0).sub(at(p, 1).mul(4)), at(p, 0).mul(at(p, 1)), at(p, 0).add(at(p, 1))]),
      (x, y) => [
        [4 * x * y - 8 * y * y, 2 * x * x - 16 * x * y],
        [y - 1, x - 1],
      ],
    ],
    [
      'F = (3xy, y − z), G = (x − 5y, xy, x − y)',
      (p) => stack([at(p, 0).mul(at(p, 1)).mul(3), at(p, 1).sub(at(p, 2))]),
      (p) => stack([at(p, 0).sub(at(p, 1).mul(5)), at(p, 0).mul(at(p, 1)), at(p, 0).sub(at(p, 1))]),
      (x, y) => [
        [6 * x * y - 15 * y * y, 3 * x * x - 30 * x * y],
        [y - 1, x + 1],
      ],
    ],
  ];
  test.each(compositions)('%s', (_, F, G, derivative) => {
    for (const [x, y] of [
      [1, 2],
      [-3, 4],
      [2, 0],
      [5, -1],
    ]) {
      // biome-ignore format: points
      const p = f64([x, y]);
      const want = derivative(x, y);
      expect(jacobian((q: Tensor) => F(G(q)), p).toArray()).toEqual(want);
      expect(matmul(jacobian(F, G(p)), jacobian(G, p)).toArray()).toEqual(want);
    }
  });
});

describe('D7: the functional API', () => {
  const A = f64([[2, 1], [0, 3]]); // biome-ignore format: a matrix

  test('gradient, Jacobian and Hessian of a function of a vector', () => {
    const quadratic = (x: Tensor): Tensor => x.dot(matmul(A, x));
    const x = f64([1, -2]);
    const [value, gradient] = valueAndGrad(quadratic, x);
    expect([value.item(), gradient.toArray()]).toEqual([12, [2, -11]]); // (A + Aᵀ)x
    expect(hessian(quadratic, x).toArray()).toEqual([[4, 1], [1, 6]]); // biome-ignore format: a matrix
    expect(jacobian((z: Tensor) => matmul(A, z), x).toArray()).toEqual(A.toArray());
    expect(jvp((z: Tensor) => matmul(A, z), x, f64([1, 1]))[1].toArray()).toEqual([3, 3]);
    expect(vjp((z: Tensor) => matmul(A, z), x, f64([1, 1]))[1].toArray()).toEqual([2, 4]);
  });

  test('a number by a matrix: the gradient has its shape', () => {
    const X = f64([[1, 2], [3, 4], [5, 6]]); // biome-ignore format: a matrix
    const [value, gradient] = valueAndGrad((m: Tensor) => sum(mul(m, matmul(m, A))), X);
    // ∂ tr(XᵀXA)/∂X = X(A + Aᵀ)
    expect(gradient.toArray()).toEqual(matmul(X, add(A, A.transpose(0, 1))).toArray());
    expect(gradient.shape).toEqual([3, 2]);
    expect(value.item()).toBe(2 * 35 + 44 + 3 * 56);
    expect(jacobian((m: Tensor) => matmul(m, A), X).shape).toEqual([3, 2, 3, 2]);
  });
});

describe('D8: descent on 100w₁² + w₂²', () => {
  const f = (w: Tensor): Tensor => at(w, 0).square().mul(100).add(at(w, 1).square());
  const [large, small] = [200, 2];

  /** The points of `steps` steps from (1, 1). */
  function path(steps: number, optimizer: (w: Tensor) => { step(): void }): [number, number][] {
    const w = leaf([1, 1]);
    const opt = optimizer(w);
    return Array.from({ length: steps }, () => {
      w.grad = null;
      f(w).backward();
      opt.step();
      return [w.data[0], w.data[1]];
    });
  }
  const descent = (steps: number, lr: number, momentum = 0) => path(steps, (w) => new optim.SGD([w], { lr, momentum }));
  const loss = ([a, b]: readonly [number, number]): number => noGrad(() => f(f64([a, b])).item());

  test('the Hessian has the eigenvalues 200 and 2: condition number 100', () => {
    const H = hessian(f, f64([1, 1]));
    expect(H.toArray()).toEqual([[large, 0], [0, small]]); // biome-ignore format: a matrix
    const { eigenvalues } = linalg.eigh(H);
    expectClose(list(eigenvalues), [small, large], 1e-12);
    expectClose([linalg.cond(H).item()], [100], 1e-10);
  });

  test('zigzags where the rate is near its bound, and diverges past .01', () => {
    const zigzag = descent(20, 0.0095);
    for (let i = 1; i < zigzag.length; i++) expect(Math.sign(zigzag[i][0])).toBe(-Math.sign(zigzag[i - 1][0]));
    expect(loss(zigzag.at(-1)!)).toBeLessThan(loss(zigzag[0]));
    const past = descent(200, 0.0101);
    expect(Math.abs(past.at(-1)![0])).toBeGreaterThan(40);
    expect(Math.abs(descent(200, 0.01).at(-1)![0])).toBeCloseTo(1, 10);
  });

  test('at η = 2/202 both coordinates shrink by .980198 a step', () => {
    let before: readonly [number, number] = [1, 1];
    for (const point of descent(50, 2 / (large + small))) {
      expectClose([Math.abs(point[0] / before[0]), point[1] / before[1]], [0.980198, 0.980198]);
      before = point;
    }
  });

  test('the best momentum shrinks by .818182 a step, ten times as fast; Adam gets there too', () => {
    const root = (Math.sqrt(large) - Math.sqrt(small)) / (Math.sqrt(large) + Math.sqrt(small));
    expectClose([root], [0.818182]);
    const rate = 4 / (Math.sqrt(large) + Math.sqrt(small)) ** 2;
    const points = descent(300, rate, root ** 2);
    // Both roots meet: k·ρᵏ, whose steps shrink by ρ(1 + 1/k).
    for (const axis of [0, 1]) {
      const ratio = Math.abs(points[299][axis] / points[298][axis]);
      expect(Math.abs(ratio - root * (1 + 1 / 299))).toBeLessThan(0.01);
    }
    const after = (points: readonly [number, number][]): number => loss(points[99]);
    expect(after(points)).toBeLessThan(1e-10 * after(descent(100, 2 / (large + small))));
    expect(loss(path(400, (w) => new optim.Adam([w], { lr: 0.05 })).at(-1)!)).toBeLessThan(1e-4);
  });
});
