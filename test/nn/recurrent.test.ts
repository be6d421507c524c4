/** GRU and RNN; what they share with the LSTM is also in `lstm.test.ts`. */

import { describe, expect, test } from 'vitest';
import { backward } from '../../src/autograd/index.ts';
import { Generator } from '../../src/core/rng.ts';
import { ConfigError, ShapeError } from '../../src/errors.ts';
import { GRU, RNN, type RnnOptions } from '../../src/nn/index.ts';
import {
  gradcheck,
  gradgradcheck,
  gruLayer,
  narrow,
  randn,
  rnnLayer,
  select,
  tensor,
  transpose,
  zeros,
} from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';

const dtype = 'float64';
const draw = (...shape: number[]): Tensor =>
  randn(shape, { dtype, requiresGrad: true, generator: new Generator(shape.length) });

function expectEqual(got: Tensor, want: Tensor): void {
  expect(got.shape).toEqual(want.shape);
  for (const [i, value] of [...want.data].entries()) expect(got.data[i]).toBeCloseTo(value, 12);
}

type Options = Omit<RnnOptions, 'nonlinearity'>;

describe.each([
  ['GRU', 3, (inputs: number, hidden: number, options?: Options) => new GRU(inputs, hidden, options)],
  ['RNN', 1, (inputs: number, hidden: number, options?: Options) => new RNN(inputs, hidden, options)],
  [
    'RNN',
    1,
    (inputs: number, hidden: number, options?: Options) =>
      new RNN(inputs, hidden, { ...options, nonlinearity: 'relu' }),
  ],
] as const)('%s', (name, gates, make) => {
  test('shapes and names are PyTorch’s', () => {
    const net = make(3, 4, { numLayers: 2, bidirectional: true });
    const shapes = Object.entries(net.stateDict()).map(([key, { shape }]) => `${key} ${shape}`);
    const rows = gates * 4;
    const layer = (index: number, inputs: number) =>
      ['', '_reverse'].flatMap((suffix) => [
        `weight_ih_l${index}${suffix} ${rows},${inputs}`,
        `weight_hh_l${index}${suffix} ${rows},4`,
        `bias_ih_l${index}${suffix} ${rows}`,
        `bias_hh_l${index}${suffix} ${rows}`,
      ]);
    expect(shapes).toEqual([...layer(0, 3), ...layer(1, 8)]);
    expect(net.parameters().every(({ data }) => data.every((w) => Math.abs(w) <= 0.5))).toBe(true);
    const [y, h] = net.forward(zeros([5, 2, 3]));
    expect([y.shape, h.shape, net.initHidden(7).shape, net.initHidden().shape]).toEqual([
      [5, 2, 8],
      [4, 2, 4],
      [4, 7, 4],
      [4, 4],
    ]);
    expect(make(1, 2, { bias: false }).namedParameters()).toHaveLength(2);
    expect(String(make(3, 4, { numLayers: 2, dropout: 0.5, batchFirst: true }))).toMatch(
      new RegExp(`^${name}\\(3, 4, numLayers: 2, batchFirst: true, dropout: 0.5.*\\) · ${gates * 76}`),
    );
  });

  test('what does not fit is refused', () => {
    const net = make(3, 4);
    expect(() => net.forward(zeros([5, 2, 4]))).toThrow(ShapeError);
    expect(() => net.forward(zeros([3]))).toThrow(ShapeError);
    expect(() => net.forward(zeros([5, 3, 3]), zeros([1, 2, 4]))).toThrow(/h does not fit: got \[1, 2, 4\]/);
    for (const options of [{ numLayers: 0 }, { dropout: 2 }]) expect(() => make(1, 1, options)).toThrow(ConfigError);
  });

  const x = draw(6, 2, 3);

  test('carrying the state over two halves is walking the whole, and the last output is the state', () => {
    const net = make(3, 4, { numLayers: 2, dtype });
    const [whole, end] = net.forward(x);
    const [first, middle] = net.forward(narrow(x, 0, 0, 2));
    const [second, after] = net.forward(narrow(x, 0, 2, 4), middle.detach());
    expectEqual(first, narrow(whole, 0, 0, 2));
    expectEqual(second, narrow(whole, 0, 2, 4));
    expectEqual(after, end);
    expectEqual(select(end, 0, 1), select(whole, 0, -1));
  });

  test('batchFirst only turns x and y; a single sequence is a batch of one without its axis', () => {
    const net = make(3, 4, { bidirectional: true, dtype });
    const turned = make(3, 4, { bidirectional: true, batchFirst: true, dtype });
    turned.loadStateDict(net.stateDict());
    const [y, end] = net.forward(x);
    const [z, same] = turned.forward(transpose(x, 0, 1));
    expectEqual(transpose(z, 0, 1), y);
    expectEqual(same, end);
    const [single, state] = net.forward(select(x, 1, 0), select(net.initHidden(1), 1, 0));
    expectEqual(single, select(y, 1, 0));
    expectEqual(state, select(end, 1, 0));
  });

  test('dropout acts between layers, in training alone', () => {
    const plain = make(3, 4, { numLayers: 2, dtype });
    const dropping = make(3, 4, { numLayers: 2, dropout: 0.5, dtype });
    dropping.loadStateDict(plain.stateDict());
    const [want] = plain.forward(x);
    expect([...dropping.forward(x)[0].data]).not.toEqual([...want.data]);
    expect([...dropping.eval().forward(x)[0].data]).toEqual([...want.data]);
  });

  test.each([
    { numLayers: 2 },
    { numLayers: 1, bidirectional: true, bias: false },
    { numLayers: 2, bidirectional: true, batchFirst: true },
  ])('gradients: %j', (options) => {
    const net = make(2, 3, { ...options, dtype });
    const rows = (options.bidirectional ? 2 : 1) * options.numLayers;
    const [input, h] = [draw(2, 3, 2), draw(rows, options.batchFirst ? 2 : 3, 3)];
    expect(gradcheck(() => net.forward(input, h), [input, h, ...net.parameters()])).toBe(true);
  });

  test('gradients of gradients', () => {
    const net = make(2, 2, { numLayers: 2, dtype });
    const input = draw(2, 1, 2);
    expect(gradgradcheck(() => net.forward(input)[0], [input, ...net.parameters()])).toBe(true);
  });

  test('a graph that is kept can be walked twice', () => {
    const net = make(3, 4, { dtype });
    const loss = net.forward(x)[0].sum();
    backward(loss, undefined, { retainGraph: true });
    const once = net.parameters().map(({ grad }) => [...grad!.data]);
    loss.backward();
    net.parameters().forEach(({ grad }, i) => {
      expectEqual(
        tensor(
          Array.from(grad!.data, (g) => g / 2),
          { dtype },
        ),
        tensor(once[i], { dtype }),
      );
    });
  });
});

test('the nonlinearity is one of two, and is printed where it is not the default', () => {
  expect(() => new RNN(1, 1, { nonlinearity: 'sin' as 'tanh' })).toThrow(ConfigError);
  expect(String(new RNN(1, 2, { nonlinearity: 'relu' }))).toContain('nonlinearity: relu');
  const [x, h] = [zeros([1, 1, 1]), zeros([1, 1])];
  const w = zeros([1, 1]);
  expect(() => rnnLayer(x, h, w, w, null, null, { nonlinearity: 'sin' as 'tanh' })).toThrow(ConfigError);
});

test('a GRU’s two biases of n act apart: the reset gate scales one of them', () => {
  const [x, h, w] = [zeros([1, 1, 1], { dtype }), zeros([1, 1], { dtype }), zeros([3, 1], { dtype })];
  const apart = tensor([0, -50, 0.7], { dtype });
  const none = tensor([0, 0, 0], { dtype });
  // With r = ½ and z = 0, n is all of h′.
  expect(gruLayer(x, h, w, w, apart, none).hN.item()).toBeCloseTo(Math.tanh(0.7), 12);
  expect(gruLayer(x, h, w, w, none, apart).hN.item()).toBeCloseTo(Math.tanh(0.35), 12);
});

test.each([
  ['wIh', [1, 2], [1, 1], [1]],
  ['wHh', [1, 1], [1, 2], [1]],
  ['bHh', [1, 1], [1, 1], [2]],
])('layers refuse a %s that does not fit', (name, wIh, wHh, bHh) => {
  const [x, h] = [zeros([2, 1, 1]), zeros([1, 1])];
  const layer = () => rnnLayer(x, h, zeros(wIh), zeros(wHh), null, zeros(bHh));
  expect(layer).toThrow(ShapeError);
  expect(layer).toThrow(`${name} does not fit`);
  expect(() => rnnLayer(zeros([0, 1, 1]), h, h, h)).toThrow(/no step/);
  expect(() => gruLayer(zeros([1, 1]), h, h, h)).toThrow(/three axes/);
});
