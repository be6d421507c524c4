/** Padded batches of sequences of several lengths: as each sequence alone, which is what PyTorch's packed sequences give. */

import { describe, expect, test } from 'vitest';
import { backward } from '../../src/autograd/index.ts';
import { Generator } from '../../src/core/rng.ts';
import { ConfigError, DTypeError, ShapeError } from '../../src/errors.ts';
import { GRU, LSTM, RNN, type RnnOptions } from '../../src/nn/index.ts';
import { gradcheck, mul, narrow, randn, select, sum, tensor, transpose, zeros } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';

const dtype = 'float64';
const draw = (...shape: number[]): Tensor =>
  randn(shape, { dtype, requiresGrad: true, generator: new Generator(shape.length) });

function expectClose(got: Tensor, want: Tensor): void {
  expect(got.shape).toEqual(want.shape);
  for (const [i, value] of [...want.data].entries()) expect(got.data[i]).toBeCloseTo(value, 11);
}

type Options = Omit<RnnOptions, 'nonlinearity'>;
type Net = RNN | GRU | LSTM;

/** Outputs and final states, however a layer names them. */
function run(net: Net, x: Tensor, states?: readonly Tensor[], lengths?: readonly number[] | Tensor): Tensor[] {
  if (net instanceof LSTM) {
    const [y, { h, c }] = net.forward(x, states && { h: states[0], c: states[1] }, { lengths });
    return [y, h, c];
  }
  return net.forward(x, states?.[0], { lengths });
}

describe.each([
  ['LSTM', 2, (options: Options): Net => new LSTM(3, 4, options)],
  ['GRU', 1, (options: Options): Net => new GRU(3, 4, options)],
  ['RNN', 1, (options: Options): Net => new RNN(3, 4, options)],
] as const)('%s', (_, states, make) => {
  const options = { numLayers: 2, bidirectional: true, dtype } as const;
  const [T, B] = [6, 5];

  test.each([[[6, 5, 3, 3, 1]], [[3, 1, 6, 3, 5]], [[2, 2, 2, 2, 2]], [[6, 6, 6, 6, 6]], [[1, 6, 1, 6, 1]]])(
    'of lengths %j are each sequence alone, gradients too',
    (lengths) => {
      const net = make(options);
      const x = draw(T, B, 3);
      const starts = Array.from({ length: states }, () => draw(4, B, 4));
      const weights = [draw(T, B, 8), ...starts.map(() => draw(4, B, 4))].map((t) => t.detach());
      const leaves = [x, ...starts, ...net.parameters()];
      const outputs = run(net, x, starts, lengths);
      const gradients = () =>
        leaves.map((leaf) => {
          const { grad } = leaf;
          leaf.grad = null;
          return grad!;
        });
      backward(outputs.map((t, i) => sum(mul(t, weights[i]))).reduce((a, b) => a.add(b)));
      const got = gradients();
      const alone = lengths.map((length, b) => {
        const own = run(
          net,
          narrow(select(x, 1, b), 0, 0, length),
          starts.map((s) => select(s, 1, b)),
        );
        const [y, ...ends] = own;
        expectClose(narrow(select(outputs[0], 1, b), 0, 0, length), y);
        expect(
          select(outputs[0], 1, b)
            .data.slice(length * 8)
            .every((v) => v === 0),
        ).toBe(true);
        for (const [i, end] of ends.entries()) expectClose(select(outputs[i + 1], 1, b), end);
        const parts = [
          narrow(select(weights[0], 1, b), 0, 0, length),
          ...ends.map((__, i) => select(weights[i + 1], 1, b)),
        ];
        return own.map((t, i) => sum(mul(t, parts[i]))).reduce((p, q) => p.add(q));
      });
      backward(alone.reduce((p, q) => p.add(q)));
      for (const [i, want] of gradients().entries()) expectClose(got[i], want);
    },
  );

  test('that differ much are walked in spans, to the same end', () => {
    const net = make(options);
    const lengths = Array.from({ length: 36 }, (_, b) => (b % 3 === 0 ? 60 : 2 + (b % 5)));
    const x = draw(60, 36, 3);
    const outputs = run(net, x, undefined, lengths);
    backward(outputs.map((t) => sum(mul(t, t))).reduce((a, b) => a.add(b)));
    const got = net.parameters().map(({ grad }) => grad!);
    net.zeroGrad();
    const alone = lengths.map((length, b) => run(net, narrow(select(x, 1, b), 0, 0, length)));
    for (const [b, [y, ...ends]] of alone.entries()) {
      expectClose(narrow(select(outputs[0], 1, b), 0, 0, lengths[b]), y);
      for (const [i, end] of ends.entries()) expectClose(select(outputs[i + 1], 1, b), end);
    }
    backward(alone.flatMap((own) => own.map((t) => sum(mul(t, t)))).reduce((a, b) => a.add(b)));
    for (const [i, { grad }] of net.parameters().entries()) {
      for (const [j, want] of grad!.data.entries()) expect(got[i].data[j]).toBeCloseTo(want, 9);
    }
  });

  test('in the other layout, lengths in a tensor, with no state given', () => {
    const net = make({ ...options, bias: false });
    const turned = make({ ...options, bias: false, batchFirst: true });
    turned.loadStateDict(net.stateDict());
    const x = draw(T, B, 3);
    const lengths = tensor([4, 2, 5, 1, 3], { dtype: 'int32' });
    const want = run(net, x, undefined, lengths);
    const [y, ...ends] = run(turned, transpose(x, 0, 1), undefined, lengths);
    expectClose(transpose(y, 0, 1), want[0]);
    for (const [i, end] of ends.entries()) expectClose(end, want[i + 1]);
  });

  test('gradients against differences', () => {
    const net = make({ dtype });
    const x = draw(3, 2, 3);
    expect(gradcheck(() => run(net, x, undefined, [1, 3]), [x, ...net.parameters()])).toBe(true);
  });

  test('what is behind the end counts for nothing', () => {
    const net = make(options);
    const x = draw(T, 2, 3).detach();
    const other = x.mul(1);
    other.data.fill(Number.NaN, 4 * 2 * 3);
    const [before, after] = [x, other].map((input) => run(net, input, undefined, [4, 3]));
    for (const [i, t] of before.entries()) expect([...after[i].data]).toEqual([...t.data]);
  });

  test('lengths that do not fit are refused', () => {
    const net = make({});
    const x = zeros([3, 2, 3]);
    for (const lengths of [
      [0, 3],
      [4, 3],
      [1.5, 2],
    ])
      expect(() => run(net, x, undefined, lengths)).toThrow(ConfigError);
    expect(() => run(net, x, undefined, [3])).toThrow(ShapeError);
    expect(() => run(net, zeros([3, 3]), undefined, [3])).toThrow(/lengths are those of a batch/);
    expect(() => run(net, x, undefined, zeros([2]))).toThrow(DTypeError);
  });
});
