/** Curriculum F1, F2 (the gradient through time) and F6: recurrent layers by their equations, and what memory is. */

import { describe, expect, test } from 'vitest';
import {
  add,
  chunk,
  flip,
  grad,
  linear,
  manualSeed,
  mul,
  nn,
  randn,
  relu,
  select,
  sigmoid,
  stack,
  sub,
  sum,
  type Tensor,
  tanh,
  zeros,
} from '../../src/index.ts';
import { forgetBias, Reader } from './memory-tasks.ts';

function expectClose(got: Tensor, want: Tensor, tolerance: number): void {
  expect(got.shape).toEqual(want.shape);
  for (const [i, value] of [...want.data].entries())
    expect(Math.abs(got.data[i] - value)).toBeLessThanOrEqual(tolerance);
}

type Step = (x: Tensor, h: Tensor, c: Tensor) => [h: Tensor, c: Tensor];

describe('F1: cells and layers from the equations, equal to the fused ones', () => {
  const [T, B, I, H] = [12, 4, 5, 6];
  const x = randn([T, B, I], { requiresGrad: true });

  /** A layer as a course writes it. */
  function layer(step: Step): Tensor {
    let [h, c] = [zeros([B, H]), zeros([B, H])];
    const outputs: Tensor[] = [];
    for (let t = 0; t < T; t++) {
      [h, c] = step(select(x, 0, t), h, c);
      outputs.push(h);
    }
    return stack(outputs, 0);
  }

  const rnn = new nn.RNN(I, H);
  const rectified = new nn.RNN(I, H, { nonlinearity: 'relu' });
  const gru = new nn.GRU(I, H);
  const lstm = new nn.LSTM(I, H);
  const plain =
    (net: nn.RNN, f: (x: Tensor) => Tensor): Step =>
    (xt, h, c) => [
      f(add(linear(xt, net.weight_ih_l0, net.bias_ih_l0), linear(h, net.weight_hh_l0, net.bias_hh_l0))),
      c,
    ];
  const equations: [string, nn.RNN | nn.GRU | nn.LSTM, Step][] = [
    ['RNN: h′ = tanh(W·x + U·h + b)', rnn, plain(rnn, tanh)],
    ['RNN of relu', rectified, plain(rectified, relu)],
    [
      'GRU: r, z = σ(…), n = tanh(W·x + r·(U·h)), h′ = (1 − z)·n + z·h',
      gru,
      (xt, h, c) => {
        const [xr, xz, xn] = chunk(linear(xt, gru.weight_ih_l0, gru.bias_ih_l0), 3, 1);
        const [hr, hz, hn] = chunk(linear(h, gru.weight_hh_l0, gru.bias_hh_l0), 3, 1);
        const [r, z] = [sigmoid(add(xr, hr)), sigmoid(add(xz, hz))];
        const n = tanh(add(xn, mul(r, hn)));
        return [add(mul(sub(1, z), n), mul(z, h)), c];
      },
    ],
    [
      'LSTM: i, f, o = σ(…), g = tanh(…), c′ = f·c + i·g, h′ = o·tanh c′',
      lstm,
      (xt, h, c) => {
        const sums = add(linear(xt, lstm.weight_ih_l0, lstm.bias_ih_l0), linear(h, lstm.weight_hh_l0, lstm.bias_hh_l0));
        const [i, f, g, o] = chunk(sums, 4, 1);
        const after = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
        return [mul(sigmoid(o), tanh(after)), after];
      },
    ],
  ];

  test.each(equations)('%s', (_, net, step) => {
    const fused = net.forward(x)[0] as Tensor;
    const written = layer(step);
    expectClose(fused, written, 1e-6);
    const weights = randn(fused.shape);
    const leaves = [x, ...net.parameters()];
    const [got, want] = [fused, written].map((y) => grad(sum(mul(y, weights)), leaves));
    for (const [i, gradient] of want.entries()) expectClose(got[i], gradient, 2e-5);
  });

  test('cells step as the layers do', () => {
    const cells = [new nn.RNNCell(I, H), new nn.GRUCell(I, H)] as const;
    for (const [n, cell] of cells.entries()) {
      const net = [rnn, gru][n];
      const renamed = Object.entries(net.stateDict()).map(([name, value]) => [name.replace('_l0', ''), value]);
      cell.loadStateDict(Object.fromEntries(renamed));
      expectClose(
        layer((xt, h, c) => [cell.forward(xt, h), c]),
        net.forward(x)[0],
        1e-6,
      );
    }
    const cell = new nn.LSTMCell(I, H);
    const renamed = Object.entries(lstm.stateDict()).map(([name, value]) => [name.replace('_l0', ''), value]);
    cell.loadStateDict(Object.fromEntries(renamed));
    const stepped = layer((xt, h, c) => {
      const state = cell.forward(xt, { h, c });
      return [state.h, state.c];
    });
    expectClose(stepped, lstm.forward(x)[0], 1e-6);
  });
});

describe('F2: the gradient through time', () => {
  /** The norm of the last output's gradient in the input of each step, the last step first. */
  function norms(reader: Reader, T: number): number[] {
    const x = randn([T, 8, 16], { requiresGrad: true });
    const last = select(reader.rnn.forward(x)[0] as Tensor, 0, -1);
    const [dx] = grad(sum(mul(last, randn(last.shape))), [x]);
    return Array.from({ length: T }, (_, s) => Math.hypot(...select(dx, 0, T - 1 - s).data));
  }

  test('decays in a plain RNN, and is kept by an LSTM whose forget gates are open', () => {
    manualSeed(11);
    const size = { hidden: 32, features: 16, outputs: 1 } as const;
    const rnn = norms(new Reader({ kind: 'rnn', ...size }), 100);
    const lstm = norms(forgetBias(new Reader({ kind: 'lstm', ...size }), 4), 100);
    expect(rnn[20] / rnn[0]).toBeLessThan(1e-4);
    expect(rnn[99] / rnn[0]).toBeLessThan(1e-15);
    expect(lstm[20] / lstm[0]).toBeGreaterThan(0.15);
    expect(lstm[99] / lstm[0]).toBeGreaterThan(0.01);
  });
});

describe('F6: a feed-forward net has no memory', () => {
  test('swapped inputs give swapped outputs; those of an RNN change', () => {
    const net = new nn.Sequential(new nn.Linear(3, 8), new nn.Tanh(), new nn.Linear(8, 2));
    const x = randn([2, 1, 3]);
    expect([...flip(net.forward(flip(x, 0)), 0).data]).toEqual([...net.forward(x).data]);
    const rnn = new nn.RNN(3, 2);
    const [y] = rnn.forward(x);
    const swapped = flip(rnn.forward(flip(x, 0))[0], 0);
    for (const t of [0, 1])
      expect(Math.abs(select(swapped, 0, t).data[0] - select(y, 0, t).data[0])).toBeGreaterThan(1e-3);
  });
});
