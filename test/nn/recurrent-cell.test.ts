import { describe, expect, test } from 'vitest';
import { Generator } from '../../src/core/rng.ts';
import { ConfigError, ShapeError } from '../../src/errors.ts';
import { GRU, GRUCell, LSTM, LSTMCell, type LstmState, RNN, RNNCell } from '../../src/nn/index.ts';
import { gradcheck, randn, select, stack, zeros } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';

const dtype = 'float64';
const draw = (...shape: number[]): Tensor =>
  randn(shape, { dtype, requiresGrad: true, generator: new Generator(shape.length) });

/** The weights of a layer under the names of a cell. */
function cellState(layer: RNN | GRU | LSTM): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(layer.stateDict()).map(([name, value]) => [name.replace(/_l0$/, ''), value]),
  );
}

function expectEqual(got: Tensor, want: Tensor): void {
  expect(got.shape).toEqual(want.shape);
  for (const [i, value] of [...want.data].entries()) expect(got.data[i]).toBeCloseTo(value, 12);
}

describe.each([
  ['GRU', (bias: boolean) => [new GRU(3, 4, { bias, dtype }), new GRUCell(3, 4, { bias, dtype })] as const],
  ['RNN', (bias: boolean) => [new RNN(3, 4, { bias, dtype }), new RNNCell(3, 4, { bias, dtype })] as const],
  [
    'RNN of relu',
    (bias: boolean) => {
      const options = { bias, dtype, nonlinearity: 'relu' } as const;
      return [new RNN(3, 4, options), new RNNCell(3, 4, options)] as const;
    },
  ],
] as const)('%s', (_, make) => {
  test.each([true, false])('steps of the cell are the layer, with bias: %s', (bias) => {
    const [layer, cell] = make(bias);
    cell.loadStateDict(cellState(layer));
    const [x, h0] = [draw(5, 2, 3), draw(1, 2, 4)];
    const [y, end] = layer.forward(x, h0);
    let h: Tensor = select(h0, 0, 0);
    const outputs = Array.from({ length: 5 }, (_, t) => {
      h = cell.forward(select(x, 0, t), h);
      return h;
    });
    expectEqual(stack(outputs, 0), y);
    expectEqual(h, select(end, 0, 0));
  });

  test('a single input is a batch of one without its axis, and no state is one of zeros', () => {
    const [, cell] = make(true);
    const x = draw(2, 3);
    const whole = cell.forward(x);
    expectEqual(cell.forward(x, zeros([2, 4], { dtype })), whole);
    expectEqual(cell.forward(select(x, 0, 1)), select(whole, 0, 1));
    expectEqual(cell.forward(select(x, 0, 1), zeros([4], { dtype })), select(whole, 0, 1));
    const h = draw(4);
    expect(gradcheck(() => cell.forward(select(x, 0, 0), h), [x, h, ...cell.parameters()])).toBe(true);
  });

  test('what does not fit is refused', () => {
    const [, cell] = make(true);
    for (const shape of [[2, 4], [2], [1, 2, 3]]) expect(() => cell.forward(zeros(shape))).toThrow(ShapeError);
    expect(() => cell.forward(zeros([2, 3]), zeros([1, 4]))).toThrow(/h does not fit: got \[1, 4\]/);
  });
});

test('an LSTM’s cell steps as the layer does, its state of two parts', () => {
  const layer = new LSTM(3, 4, { dtype });
  const cell = new LSTMCell(3, 4, { dtype });
  cell.loadStateDict(cellState(layer));
  const x = draw(5, 2, 3);
  const [y, end] = layer.forward(x);
  let state: LstmState | undefined;
  for (let t = 0; t < 5; t++) {
    state = cell.forward(select(x, 0, t), state);
    expectEqual(state.h, select(y, 0, t));
  }
  expectEqual(state!.c, select(end.c, 0, 0));
  const single = cell.forward(draw(3), { h: draw(4), c: draw(4) });
  expect([single.h.shape, single.c.shape]).toEqual([[4], [4]]);
  expect(() => cell.forward(zeros([2, 3]), { h: zeros([2, 4]), c: zeros([2, 3]) })).toThrow(/state\.c does not fit/);
});

test('names, shapes and options', () => {
  const shapes = Object.entries(new LSTMCell(3, 4).stateDict()).map(([name, { shape }]) => `${name} ${shape}`);
  expect(shapes).toEqual(['weight_ih 16,3', 'weight_hh 16,4', 'bias_ih 16', 'bias_hh 16']);
  expect(String(new GRUCell(3, 4, { bias: false }))).toBe('GRUCell(3, 4, bias: false) · 84 parameters');
  expect(String(new RNNCell(3, 4, { nonlinearity: 'relu' }))).toContain('nonlinearity: relu');
  expect(() => new RNNCell(3, 4, { nonlinearity: 'sin' as 'tanh' })).toThrow(ConfigError);
  expect(() => new LSTMCell(0, 4)).toThrow(ConfigError);
});
