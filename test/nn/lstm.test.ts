import { describe, expect, test } from 'vitest';
import { Generator } from '../../src/core/rng.ts';
import { ConfigError, ShapeError } from '../../src/errors.ts';
import { detachState, LSTM, type LstmState } from '../../src/nn/index.ts';
import { gradcheck, gradgradcheck, narrow, randn, select, transpose, zeros } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';

const dtype = 'float64';
const draw = (...shape: number[]): Tensor =>
  randn(shape, { dtype, requiresGrad: true, generator: new Generator(shape.length) });

function expectEqual(got: Tensor, want: Tensor): void {
  expect(got.shape).toEqual(want.shape);
  for (const [i, value] of [...want.data].entries()) expect(got.data[i]).toBeCloseTo(value, 12);
}

function expectStates(got: LstmState, want: LstmState): void {
  expectEqual(got.h, want.h);
  expectEqual(got.c, want.c);
}

describe('shapes and names', () => {
  test('are PyTorch’s', () => {
    const lstm = new LSTM(3, 4, { numLayers: 2, bidirectional: true });
    const shapes = Object.entries(lstm.stateDict()).map(([name, { shape }]) => `${name} ${shape}`);
    expect(shapes).toEqual([
      'weight_ih_l0 16,3',
      'weight_hh_l0 16,4',
      'bias_ih_l0 16',
      'bias_hh_l0 16',
      'weight_ih_l0_reverse 16,3',
      'weight_hh_l0_reverse 16,4',
      'bias_ih_l0_reverse 16',
      'bias_hh_l0_reverse 16',
      'weight_ih_l1 16,8',
      'weight_hh_l1 16,4',
      'bias_ih_l1 16',
      'bias_hh_l1 16',
      'weight_ih_l1_reverse 16,8',
      'weight_hh_l1_reverse 16,4',
      'bias_ih_l1_reverse 16',
      'bias_hh_l1_reverse 16',
    ]);
    expect(lstm.parameters().every(({ data }) => data.every((w) => Math.abs(w) <= 0.5))).toBe(true);
    const [y, { h, c }] = lstm.forward(zeros([5, 2, 3]));
    expect([y.shape, h.shape, c.shape]).toEqual([
      [5, 2, 8],
      [4, 2, 4],
      [4, 2, 4],
    ]);
    expect(lstm.initHidden(7).h.shape).toEqual([4, 7, 4]);
    expect(new LSTM(1, 2, { bias: false }).namedParameters().map(([name]) => name)).toEqual([
      'weight_ih_l0',
      'weight_hh_l0',
    ]);
    expect(String(new LSTM(3, 4, { numLayers: 2, dropout: 0.5, batchFirst: true }))).toBe(
      'LSTM(3, 4, numLayers: 2, batchFirst: true, dropout: 0.5) · 304 parameters',
    );
  });

  test('what does not fit is refused', () => {
    const lstm = new LSTM(3, 4);
    expect(() => lstm.forward(zeros([5, 2, 4]))).toThrow(ShapeError);
    expect(() => lstm.forward(zeros([3]))).toThrow(ShapeError);
    const { h } = lstm.initHidden(2);
    expect(() => lstm.forward(zeros([5, 3, 3]), { h, c: h })).toThrow(/state\.h does not fit: got \[1, 2, 4\]/);
    expect(() => lstm.forward(zeros([5, 2, 3]), { h, c: zeros([1, 2, 3]) })).toThrow(/state\.c/);
    for (const options of [{ numLayers: 0 }, { dropout: 2 }])
      expect(() => new LSTM(1, 1, options)).toThrow(ConfigError);
  });
});

describe('what it computes', () => {
  const x = draw(6, 2, 3);

  test('carrying the state over two halves is walking the whole', () => {
    const lstm = new LSTM(3, 4, { numLayers: 2, dtype });
    const [whole, end] = lstm.forward(x);
    const [first, middle] = lstm.forward(narrow(x, 0, 0, 2));
    const [second, after] = lstm.forward(narrow(x, 0, 2, 4), detachState(middle));
    expectEqual(first, narrow(whole, 0, 0, 2));
    expectEqual(second, narrow(whole, 0, 2, 4));
    expectStates(after, end);
    expect(detachState(end).h.requiresGrad).toBe(false);
  });

  test('one layer ends in the last output', () => {
    const [y, { h }] = new LSTM(3, 4, { dtype }).forward(x);
    expectEqual(select(h, 0, 0), select(y, 0, -1));
  });

  test('batchFirst only turns x and y', () => {
    const lstm = new LSTM(3, 4, { bidirectional: true, dtype });
    const turned = new LSTM(3, 4, { bidirectional: true, batchFirst: true, dtype });
    turned.loadStateDict(lstm.stateDict());
    const [y, end] = lstm.forward(x);
    const [z, same] = turned.forward(transpose(x, 0, 1));
    expectEqual(transpose(z, 0, 1), y);
    expectStates(same, end);
  });

  test('a single sequence is a batch of one without its axis', () => {
    const lstm = new LSTM(3, 4, { numLayers: 2, bidirectional: true, batchFirst: true, dtype });
    const single = select(x, 1, 0);
    const start = { h: draw(4, 4), c: draw(4, 4) };
    const [y, { h }] = lstm.forward(single, start);
    expect([y.shape, h.shape, lstm.initHidden().h.shape]).toEqual([
      [6, 8],
      [4, 4],
      [4, 4],
    ]);
    const [zeroStart] = lstm.forward(single);
    const [batched] = lstm.forward(transpose(narrow(x, 1, 0, 1), 0, 1));
    expectEqual(zeroStart, select(batched, 0, 0));
  });

  test('the way back is the way forth over the reversed sequence', () => {
    const both = new LSTM(3, 4, { bidirectional: true, dtype });
    const forth = new LSTM(3, 4, { dtype });
    const { stateDict } = { stateDict: both.stateDict() };
    forth.loadStateDict(
      Object.fromEntries(Object.keys(forth.stateDict()).map((name) => [name, stateDict[`${name}_reverse`]])),
    );
    const [y] = both.forward(narrow(x, 0, 0, 1));
    const [z] = forth.forward(narrow(x, 0, 0, 1));
    expectEqual(narrow(y, 2, 4, 4), z);
  });

  test('dropout acts between layers, in training alone', () => {
    const plain = new LSTM(3, 4, { numLayers: 2, dtype });
    const dropping = new LSTM(3, 4, { numLayers: 2, dropout: 0.5, dtype });
    dropping.loadStateDict(plain.stateDict());
    const [want] = plain.forward(x);
    expect([...dropping.forward(x)[0].data]).not.toEqual([...want.data]);
    expect([...dropping.eval().forward(x)[0].data]).toEqual([...want.data]);
    const single = new LSTM(3, 4, { dropout: 0.5, dtype });
    expect([...single.forward(x)[0].data]).toEqual([...single.forward(x)[0].data]);
  });
});

describe('gradients', () => {
  test.each([
    { numLayers: 2 },
    { numLayers: 1, bidirectional: true, bias: false },
    { numLayers: 2, bidirectional: true, batchFirst: true },
  ])('%j', (options) => {
    const lstm = new LSTM(2, 3, { ...options, dtype });
    const rows = (options.bidirectional ? 2 : 1) * options.numLayers;
    const [x, h, c] = [
      draw(2, 3, 2),
      draw(rows, options.batchFirst ? 2 : 3, 3),
      draw(rows, options.batchFirst ? 2 : 3, 3),
    ];
    const call = (): Tensor[] => {
      const [y, end] = lstm.forward(x, { h, c });
      return [y, end.h, end.c];
    };
    expect(gradcheck(call, [x, h, c, ...lstm.parameters()])).toBe(true);
  });

  test('of gradients', () => {
    const lstm = new LSTM(2, 2, { numLayers: 2, dtype });
    const x = draw(2, 1, 2);
    expect(gradgradcheck(() => lstm.forward(x)[0], [x, ...lstm.parameters()])).toBe(true);
  });
});
