import { describe, expect, test } from 'vitest';
import { Generator } from '../../src/core/rng.ts';
import { ConfigError, ShapeError } from '../../src/errors.ts';
import * as nn from '../../src/nn/index.ts';
import { matmul, zeros } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';

const { init } = nn;
const generator = () => new Generator(11);

function moments(x: Tensor): { mean: number; std: number; most: number } {
  const values = [...x.data];
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const std = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
  return { mean, std, most: Math.max(...values.map(Math.abs)) };
}

type Fill = (x: Tensor) => Tensor;

/** [out, in, kernel] of fan-in 120·5 and fan-out 80·5. */
const shape = [80, 120, 5];
const [fanIn, fanOut] = [600, 400];

const uniforms: readonly (readonly [string, Fill, number])[] = [
  ['xavierUniform_', (x) => init.xavierUniform_(x, { generator: generator() }), Math.sqrt(6 / (fanIn + fanOut))],
  ['with a gain', (x) => init.xavierUniform_(x, { gain: 3, generator: generator() }), 3 * Math.sqrt(6 / 1000)],
  ['kaimingUniform_', (x) => init.kaimingUniform_(x, { generator: generator() }), Math.sqrt(6 / fanIn)],
  [
    'by fan-out of tanh',
    (x) => init.kaimingUniform_(x, { mode: 'fanOut', nonlinearity: 'tanh', generator: generator() }),
    (5 / 3) * Math.sqrt(3 / fanOut),
  ],
  ['lecunUniform_', (x) => init.lecunUniform_(x, { generator: generator() }), Math.sqrt(3 / fanIn)],
  ['uniform_', (x) => init.uniform_(x, -0.4, 0.4, { generator: generator() }), 0.4],
];

test.each(uniforms)('%s keeps its bound and fills it', (_, fill, bound) => {
  const { mean, std, most } = moments(fill(zeros(shape)));
  expect(most).toBeLessThanOrEqual(bound * (1 + 1e-6));
  expect(most).toBeGreaterThan(0.999 * bound);
  expect(Math.abs(mean)).toBeLessThan(0.01 * bound);
  expect(std / (bound / Math.sqrt(3))).toBeCloseTo(1, 1);
});

const normals: readonly (readonly [string, Fill, number])[] = [
  ['xavierNormal_', (x) => init.xavierNormal_(x, { generator: generator() }), Math.sqrt(2 / 1000)],
  ['kaimingNormal_', (x) => init.kaimingNormal_(x, { generator: generator() }), Math.sqrt(2 / fanIn)],
  ['of a slope', (x) => init.kaimingNormal_(x, { a: 1, generator: generator() }), Math.sqrt(1 / fanIn)],
  ['lecunNormal_', (x) => init.lecunNormal_(x, { generator: generator() }), Math.sqrt(1 / fanIn)],
  ['normal_', (x) => init.normal_(x, 0, 0.7, { generator: generator() }), 0.7],
];

test.each(normals)('%s has its deviation', (_, fill, std) => {
  const seen = moments(fill(zeros(shape)));
  expect(seen.std / std).toBeCloseTo(1, 1);
  expect(Math.abs(seen.mean)).toBeLessThan(0.02 * std);
  expect(seen.most).toBeGreaterThan(3.5 * std);
});

describe('truncNormal_', () => {
  test('keeps to its ends, and to the variance of what is left', () => {
    const seen = moments(init.truncNormal_(zeros(shape), { generator: generator() }));
    expect(seen.most).toBeLessThanOrEqual(2);
    // 1 − 2·2·φ(2)/(Φ(2) − Φ(−2))
    expect(seen.std ** 2).toBeCloseTo(0.7737, 2);
  });

  test('far out on either side', () => {
    for (const sign of [1, -1]) {
      const [low, high] = [8 * sign, 9 * sign].sort((a, b) => a - b);
      const { data } = init.truncNormal_(zeros([1000], { dtype: 'float64' }), { low, high, generator: generator() });
      const mean = [...data].reduce((a, b) => a + b, 0) / 1000;
      // E[z | z > 8] = φ(8)/Φ(−8)
      expect(mean * sign).toBeCloseTo(8.1212, 1);
      expect(new Set(data).size).toBeGreaterThan(990);
    }
  });

  test('refuses ends that leave nothing', () => {
    expect(() => init.truncNormal_(zeros([3]), { low: 1, high: 1 })).toThrow(ConfigError);
    expect(() => init.truncNormal_(zeros([3]), { std: 0 })).toThrow(ConfigError);
  });
});

test.each([[[6, 4]], [[4, 6]], [[5, 5]], [[4, 2, 3]]])('orthogonal_ of %s', (sizes) => {
  const x = init.orthogonal_(zeros(sizes, { dtype: 'float64' }), { gain: 2, generator: generator() });
  const w = x.reshape([sizes[0], -1]);
  const [rows, columns] = w.shape;
  const product = rows <= columns ? matmul(w, w, { transB: true }) : matmul(w, w, { transA: true });
  const n = Math.min(rows, columns);
  const want = Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 4 : 0));
  expect([...product.data]).toEqual(want.map((v) => expect.closeTo(v, 12)));
});

test('orthogonal_ is one of all orthogonal matrices: either sign, either determinant', () => {
  const draw = new Generator(5);
  const signs = Array.from({ length: 40 }, () => {
    const { data } = init.orthogonal_(zeros([2, 2], { dtype: 'float64' }), { generator: draw });
    return `${Math.sign(data[0])} ${Math.sign(data[0] * data[3] - data[1] * data[2])}`;
  });
  expect(new Set(signs).size).toBe(4);
});

test('eye_, dirac_, zeros_, ones_, constant_', () => {
  expect(init.eye_(zeros([2, 3])).toArray()).toEqual([[1, 0, 0], [0, 1, 0]]); // biome-ignore format: a table
  const conv = new nn.Conv1d(4, 4, 3, { padding: 1, groups: 2, bias: false });
  init.dirac_(conv.weight, { groups: 2 });
  const x = init.normal_(zeros([2, 4, 7]));
  expect(conv.forward(x).toArray()).toEqual(x.toArray());
  expect(init.constant_(zeros([2]), 3).toArray()).toEqual([3, 3]);
  expect(init.ones_(zeros([2])).toArray()).toEqual([1, 1]);
  expect(init.zeros_(init.ones_(zeros([2]))).toArray()).toEqual([0, 0]);
  expect(() => init.eye_(zeros([2]))).toThrow(ShapeError);
  expect(() => init.dirac_(zeros([2, 2]))).toThrow(ShapeError);
  expect(() => init.dirac_(zeros([3, 2, 2]), { groups: 2 })).toThrow(ConfigError);
});

test('gains are those of PyTorch', () => {
  const gains = (['linear', 'sigmoid', 'tanh', 'relu', 'leakyRelu', 'selu'] as const).map((of) =>
    init.calculateGain(of),
  );
  expect(gains).toEqual([1, 1, 5 / 3, Math.SQRT2, Math.sqrt(2 / 1.0001), 0.75]);
  expect(() => init.calculateGain('gelu' as never)).toThrow(ConfigError);
  expect(() => init.kaimingNormal_(zeros([2, 2]), { mode: 'fan_in' as never })).toThrow(ConfigError);
  expect(() => init.xavierNormal_(zeros([2]))).toThrow(ShapeError);
});

test('forgetGateBias_ of a layer, in every direction, and of a cell', () => {
  const lstm = init.forgetGateBias_(new nn.LSTM(2, 3, { numLayers: 2, bidirectional: true }), 2);
  for (const [name, bias] of lstm.namedParameters().filter(([at]) => at.startsWith('bias'))) {
    expect([...bias.data.slice(3, 6)]).toEqual(new Array(3).fill(name.includes('_ih_') ? 2 : 0));
    expect([...bias.data.slice(0, 3)]).not.toContain(2);
  }
  const cell = init.forgetGateBias_(new nn.LSTMCell(2, 3));
  expect([...cell.bias_ih!.data.slice(3, 6)]).toEqual([1, 1, 1]);
  expect(() => init.forgetGateBias_(new nn.GRU(2, 3))).toThrow(ConfigError);
  expect(() => init.forgetGateBias_(new nn.LSTM(2, 3, { bias: false }))).toThrow(ConfigError);
});

test('a parameter keeps asking for its gradient, and the same seed gives the same values', () => {
  const { weight } = new nn.Linear(3, 2);
  expect(init.kaimingNormal_(weight, { generator: generator() })).toBe(weight);
  expect(weight.requiresGrad && weight.node === null).toBe(true);
  expect(weight.toArray()).toEqual(init.kaimingNormal_(zeros([2, 3]), { generator: generator() }).toArray());
});
