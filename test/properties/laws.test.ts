/** Laws of gradients that hold across operations, in float64: sums of functions, parts of a batch, what is shared. */

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { grad } from '../../src/autograd/index.ts';
import * as ops from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';
import { mulberry } from '../support/sampler.ts';
import { normal, seeds } from './draw.ts';
import { RUNS } from './prove.ts';

const smooth: readonly ((x: Tensor) => Tensor)[] = [
  ops.tanh,
  ops.sigmoid,
  ops.exp,
  ops.sin,
  ops.square,
  (x) => ops.softmax(x, -1),
  (x) => ops.cumsum(x, 0),
  (x) => ops.logsumexp(x, 0, { keepdim: true }),
  (x) => ops.matmul(x, ops.transpose(x, 0, 1)),
  (x) => ops.layerNorm(x, [x.shape[1]]),
];

function drawn(shape: readonly number[], draw: () => number): Tensor {
  const size = shape.reduce((n, d) => n * d, 1);
  return ops.tensor(new Float64Array(normal(draw, size, true)), { shape, dtype: 'float64' });
}

function expectNear(got: Tensor, want: Tensor): void {
  expect(got.shape).toEqual(want.shape);
  for (let i = 0; i < want.size; i++) {
    expect(Math.abs(got.data[i] - want.data[i])).toBeLessThanOrEqual(1e-10 * (1 + Math.abs(want.data[i])));
  }
}

const runs = { seed: RUNS.seed, numRuns: RUNS.values };
const pick = fc.nat({ max: smooth.length - 1 });
const side = fc.integer({ min: 1, max: 4 });

test('the gradient of a·f + b·g is a times that of f and b times that of g', () => {
  fc.assert(
    fc.property(pick, pick, side, side, seeds, (f, g, rows, columns, seed) => {
      const draw = mulberry(seed);
      const x = drawn([rows, columns], draw).requiresGrad_();
      const [a, b] = [draw() - 0.5, draw() + 0.5];
      const [first, second] = [() => ops.sum(smooth[f](x)), () => ops.sum(smooth[g](x))];
      const [both] = grad(ops.add(ops.mul(first(), a), ops.mul(second(), b)), [x]);
      const [df] = grad(first(), [x]);
      const [dg] = grad(second(), [x]);
      expectNear(both, ops.add(ops.mul(df, a), ops.mul(dg, b)));
    }),
    runs,
  );
});

test('the gradient of a batch is the sum of those of its parts', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 6 }),
      side,
      side,
      fc.integer({ min: 2, max: 4 }),
      seeds,
      (n, inputs, hidden, classes, seed) => {
        const draw = mulberry(seed);
        const shapes = [[hidden, inputs], [hidden], [classes, hidden], [classes]];
        const parameters = shapes.map((shape) => drawn(shape, draw).requiresGrad_());
        const [w1, b1, w2, b2] = parameters;
        const x = drawn([n, inputs], draw);
        const ids = ops.tensor(Int32Array.from({ length: n }, () => Math.floor(draw() * classes)));
        const cut = 1 + Math.floor(draw() * (n - 1));
        const lossOf = (from: number, to: number): Tensor => {
          const middle = ops.tanh(ops.linear(ops.slice(x, 0, from, to), w1, b1));
          return ops.crossEntropy(ops.linear(middle, w2, b2), ops.slice(ids, 0, from, to), { reduction: 'sum' });
        };
        const whole = grad(lossOf(0, n), parameters);
        const head = grad(lossOf(0, cut), parameters);
        const rest = grad(lossOf(cut, n), parameters);
        whole.forEach((g, i) => {
          expectNear(g, ops.add(head[i], rest[i]));
        });
      },
    ),
    runs,
  );
});

test('a tensor that is used twice gets both gradients', () => {
  fc.assert(
    fc.property(pick, side, side, seeds, (f, rows, columns, seed) => {
      const draw = mulberry(seed);
      const value = drawn([rows, columns], draw);
      const shared = value.detach().requiresGrad_();
      const [a, b] = [ops.mul(value, 1).requiresGrad_(), ops.mul(value, 1).requiresGrad_()];
      const product = (x: Tensor, y: Tensor): Tensor => ops.sum(ops.mul(smooth[f](x), smooth[f](y)));
      const [together] = grad(product(shared, shared), [shared]);
      const [da, db] = grad(product(a, b), [a, b]);
      expectNear(together, ops.add(da, db));
    }),
    runs,
  );
});
