import { describe, expect, test } from 'vitest';
import { Generator } from '../../src/core/rng.ts';
import { ConfigError, ShapeError } from '../../src/errors.ts';
import { GRU, type GruGate, LSTM, type LstmGate, type LstmState } from '../../src/nn/index.ts';
import {
  gradcheck,
  gradgradcheck,
  mean,
  narrow,
  randn,
  select,
  tensor,
  transpose,
  zeros,
} from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';

const dtype = 'float64';
const draw = (...shape: number[]): Tensor =>
  randn(shape, { dtype, requiresGrad: true, generator: new Generator(shape.length) });

function expectClose(got: Tensor, want: Tensor): void {
  expect(got.shape).toEqual(want.shape);
  for (const [i, value] of [...want.data].entries()) expect(got.data[i]).toBeCloseTo(value, 12);
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Every number of a call that clamps nothing that it changes, step by step: another way to the same tensors. */
const NOTHING = { gate: 'f', value: 0, units: [] } as const;
const NO_RESET = { gate: 'r', value: 0, units: [] } as const;

describe('an LSTM’s gates', () => {
  test('by the equations, from the weights', () => {
    const lstm = new LSTM(2, 3, { dtype });
    const x = draw(4, 1, 2);
    const [y, , [gates]] = lstm.forwardGates(x);
    const { weight_ih_l0: w, weight_hh_l0: u, bias_ih_l0: a, bias_hh_l0: b } = lstm;
    const [h, c] = [
      [0, 0, 0],
      [0, 0, 0],
    ];
    for (let t = 0; t < 4; t++) {
      const sums = Array.from({ length: 12 }, (_, row) => {
        let total = a.data[row] + b.data[row];
        for (let j = 0; j < 2; j++) total += w.data[row * 2 + j] * x.data[t * 2 + j];
        for (let j = 0; j < 3; j++) total += u.data[row * 3 + j] * h[j];
        return total;
      });
      for (let k = 0; k < 3; k++) {
        const [i, f, g, o] = [sigmoid(sums[k]), sigmoid(sums[3 + k]), Math.tanh(sums[6 + k]), sigmoid(sums[9 + k])];
        c[k] = f * c[k] + i * g;
        h[k] = o * Math.tanh(c[k]);
        const got = [gates.i, gates.f, gates.g, gates.o, gates.c, y].map(({ data }) => data[t * 3 + k]);
        for (const [n, value] of [i, f, g, o, c[k], h[k]].entries()) expect(got[n]).toBeCloseTo(value, 12);
      }
    }
  });

  test.each([{}, { numLayers: 2, bidirectional: true }, { numLayers: 2, batchFirst: true, bias: false }])(
    'outputs are those of forward to the bit, and a walk step by step gives the same: %j',
    (options) => {
      const lstm = new LSTM(2, 3, { ...options, dtype });
      const rows = (options.numLayers ?? 1) * (options.bidirectional ? 2 : 1);
      const [x, batch] = [draw(4, 5, 2), options.batchFirst ? 4 : 5];
      const state: LstmState = { h: draw(rows, batch, 3), c: draw(rows, batch, 3) };
      const lengths = options.batchFirst ? [5, 1, 3, 2] : [2, 4, 1, 3, 4];
      for (const given of [undefined, lengths]) {
        const [want, end] = lstm.forward(x, state, { lengths: given });
        const [y, after, gates] = lstm.forwardGates(x, state, { lengths: given });
        expect([[...y.data], [...after.c.data]]).toEqual([[...want.data], [...end.c.data]]);
        const [again, same, steps] = lstm.forwardGates(x, state, { lengths: given, clamp: NOTHING });
        for (const [got, wanted] of [
          [again, want],
          [same.h, end.h],
          [same.c, end.c],
        ])
          expectClose(got, wanted);
        expect(gates).toHaveLength(rows);
        for (const [row, gate] of gates.entries()) {
          expect(Object.keys(gate)).toEqual(['i', 'f', 'g', 'o', 'c']);
          for (const name of ['i', 'f', 'g', 'o', 'c'] as const) expectClose(steps[row][name], gate[name]);
        }
      }
    },
  );

  test('gradients pass through gates and cell states', () => {
    const lstm = new LSTM(1, 1, { dtype, bidirectional: true });
    const [x, h, c] = [draw(3, 2, 1), draw(2, 2, 1), draw(2, 2, 1)];
    const all = (clamped: boolean) => (): Tensor[] => {
      const clamp = clamped ? [{ gate: 'f', value: 0.3, steps: [1] } as const, NOTHING] : [];
      const [y, end, gates] = lstm.forwardGates(x, { h, c }, { lengths: [3, 2], clamp });
      return [y, end.h, end.c, ...gates.flatMap((gate) => Object.values(gate))];
    };
    for (const clamped of [false, true]) expect(gradcheck(all(clamped), [x, h, c, ...lstm.parameters()])).toBe(true);
    expect(gradgradcheck(() => mean(lstm.forwardGates(x)[2][0].f), [x, lstm.weight_hh_l0])).toBe(true);
  });

  test('a single sequence has no batch axis in its gates either', () => {
    const lstm = new LSTM(2, 3, { dtype });
    const x = draw(4, 2, 2);
    const [, , [single]] = lstm.forwardGates(select(x, 1, 1));
    const [, , [batch]] = lstm.forwardGates(x);
    expectClose(single.f, select(batch.f, 1, 1));
    expectClose(single.c, select(batch.c, 1, 1));
  });
});

describe('clamps', () => {
  test('of units and steps', () => {
    const lstm = new LSTM(2, 3, { dtype });
    const x = draw(4, 2, 2);
    const [, , [free]] = lstm.forwardGates(x);
    const [, , [held]] = lstm.forwardGates(x, undefined, {
      clamp: { gate: 'f', value: 0.25, steps: [2], units: [0, 2] },
    });
    for (let t = 0; t < 4; t++) {
      for (let b = 0; b < 2; b++) {
        for (let k = 0; k < 3; k++) {
          const at = (t * 2 + b) * 3 + k;
          if (t === 2 && k !== 1) expect(held.f.data[at]).toBe(0.25);
          else if (t <= 2) expect(held.f.data[at]).toBeCloseTo(free.f.data[at], 12);
          else expect(held.f.data[at]).not.toBe(free.f.data[at]);
        }
      }
    }
  });

  test('forgetting everything once is beginning anew, but for h', () => {
    const lstm = new LSTM(2, 3, { dtype });
    const x = draw(6, 2, 2);
    const [y] = lstm.forwardGates(x, undefined, { clamp: { gate: 'f', value: 0, steps: [3] } });
    const [, state] = lstm.forward(narrow(x, 0, 0, 3));
    const [rest] = lstm.forward(narrow(x, 0, 3, 3), { h: state.h, c: zeros([1, 2, 3], { dtype }) });
    expectClose(narrow(y, 0, 3, 3), rest);
  });

  test('by sequence, in both layouts', () => {
    const lstm = new LSTM(2, 3, { dtype });
    const turned = new LSTM(2, 3, { dtype, batchFirst: true });
    turned.loadStateDict(lstm.stateDict());
    const x = draw(4, 2, 2);
    const at = tensor([0, 1, 0, 0, 1, 0, 0, 0], { shape: [4, 2], dtype: 'bool' });
    const [y, , [gates]] = lstm.forwardGates(x, undefined, { clamp: { gate: 'o', value: 0, steps: at } });
    for (const [t, b, zero] of [
      [0, 0, false],
      [0, 1, true],
      [2, 0, true],
      [2, 1, false],
    ] as const)
      expect(select(select(y, 0, t), 0, b).data.every((v) => v === 0)).toBe(zero);
    const [z, , [others]] = turned.forwardGates(transpose(x, 0, 1), undefined, {
      clamp: { gate: 'o', value: 0, steps: transpose(at, 0, 1) },
    });
    expectClose(transpose(z, 0, 1), y);
    expectClose(transpose(others.o, 0, 1), gates.o);
  });

  test('of one layer and direction leave the others as they are', () => {
    const lstm = new LSTM(2, 3, { dtype, numLayers: 2, bidirectional: true });
    const x = draw(4, 2, 2);
    const [, , free] = lstm.forwardGates(x);
    const [, , held] = lstm.forwardGates(x, undefined, { clamp: { gate: 'i', value: 1, layer: 1, reverse: true } });
    for (const row of [0, 1, 2]) expect([...held[row].i.data]).toEqual([...free[row].i.data]);
    expect(held[3].i.data.every((v) => v === 1)).toBe(true);
  });

  test('that make no sense are refused', () => {
    const lstm = new LSTM(2, 3);
    const x = zeros([4, 2, 2]);
    const clamped = (clamp: object) => () =>
      lstm.forwardGates(x, undefined, {
        clamp: { gate: 'f', value: 0, ...clamp } as { gate: LstmGate; value: number },
      });
    for (const clamp of [{ gate: 'r' }, { layer: 1 }, { units: [3] }, { steps: [4] }, { value: '0' }])
      expect(clamped(clamp)).toThrow(ConfigError);
    expect(clamped({ steps: zeros([4, 3], { dtype: 'bool' }) })).toThrow(ShapeError);
    expect(clamped({ steps: zeros([4, 2]) })).toThrow(/do not fit/);
  });
});

describe('a GRU’s gates', () => {
  test('outputs are those of forward to the bit, and a walk step by step gives the same', () => {
    const gru = new GRU(2, 3, { dtype, numLayers: 2, bidirectional: true });
    const [x, h] = [draw(4, 2, 2), draw(4, 2, 3)];
    const lengths = [4, 3];
    const [want, end] = gru.forward(x, h, { lengths });
    const [y, after, gates] = gru.forwardGates(x, h, { lengths });
    const [again, same, steps] = gru.forwardGates(x, h, { lengths, clamp: NO_RESET });
    expect([...y.data]).toEqual([...want.data]);
    for (const [got, wanted] of [
      [after, end],
      [again, want],
      [same, end],
    ])
      expectClose(got, wanted);
    for (const [row, gate] of gates.entries()) {
      for (const name of ['r', 'z', 'n'] as const) expectClose(steps[row][name], gate[name]);
    }
  });

  test('by the equations, from the weights', () => {
    const gru = new GRU(2, 3, { dtype });
    const [x, h] = [draw(1, 1, 2), draw(1, 1, 3)];
    const [y, , [{ r, z, n }]] = gru.forwardGates(x, h);
    const { weight_ih_l0: w, weight_hh_l0: u, bias_ih_l0: a, bias_hh_l0: b } = gru;
    for (let k = 0; k < 3; k++) {
      const [inputs, states] = [
        [0, 1, 2].map(
          (g) => a.data[g * 3 + k] + w.data[(g * 3 + k) * 2] * x.data[0] + w.data[(g * 3 + k) * 2 + 1] * x.data[1],
        ),
        [0, 1, 2].map(
          (g) => b.data[g * 3 + k] + [0, 1, 2].reduce((s, j) => s + u.data[(g * 3 + k) * 3 + j] * h.data[j], 0),
        ),
      ];
      const [reset, update] = [0, 1].map((g) => sigmoid(inputs[g] + states[g]));
      const candidate = Math.tanh(inputs[2] + reset * states[2]);
      const want = [reset, update, candidate, (1 - update) * candidate + update * h.data[k]];
      expect([r, z, n, y].map(({ data }) => data[k])).toEqual(want.map((value) => expect.closeTo(value, 12)));
    }
  });

  test('clamped: z = 1 keeps the state for ever, and gradients are right', () => {
    const gru = new GRU(2, 2, { dtype });
    const [x, h] = [draw(3, 2, 2), draw(1, 2, 2)];
    const [, end] = gru.forwardGates(x, h, { clamp: { gate: 'z', value: 1 } });
    expectClose(end, h);
    const call = (): Tensor[] => {
      const clamp: { gate: GruGate; value: number; steps: number[] }[] = [{ gate: 'r', value: 0.5, steps: [1] }];
      const [y, , [gates]] = gru.forwardGates(x, h, { clamp });
      return [y, ...Object.values(gates)];
    };
    expect(gradcheck(call, [x, h, ...gru.parameters()])).toBe(true);
  });
});
