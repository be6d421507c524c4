import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { CharLSTM } from '../../src/models/char-lstm.ts';
import * as nn from '../../src/nn/index.ts';
import { randn, zeros } from '../../src/ops/index.ts';
import { Vocabulary } from '../../src/text/vocabulary.ts';

const net = () =>
  new nn.Sequential(
    new nn.Conv2d(1, 8, 3, { padding: 1 }),
    new nn.BatchNorm2d(8),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(8 * 4 * 4, 10),
  );

test('rows and totals of a convolutional net', () => {
  const { rows, totals } = nn.summary(net(), [2, 1, 8, 8]);
  expect(rows.map(({ name, type, outputShapes: [shape], parameters }) => [name, type, shape, parameters])).toEqual([
    ['', 'Sequential', [2, 10], 80 + 16 + 1290],
    ['0', 'Conv2d', [2, 8, 8, 8], 80],
    ['1', 'BatchNorm2d', [2, 8, 8, 8], 16],
    ['2', 'ReLU', [2, 8, 8, 8], 0],
    ['3', 'MaxPool2d', [2, 8, 4, 4], 0],
    ['4', 'Flatten', [2, 128], 0],
    ['5', 'Linear', [2, 10], 1290],
  ]);
  expect(rows.map((row) => row.multiplyAdds)).toEqual([12_800, 9216, 1024, 0, 0, 0, 2560]);
  expect(totals).toEqual({
    parameters: 1386,
    trainable: 1386,
    multiplyAdds: 12_800,
    parameterBytes: 4 * (1386 + 16 + 1),
    activationBytes: 4 * (3 * 1024 + 2 * 256 + 20),
  });
});

test('the printed table', () => {
  const model = new nn.Sequential(new nn.Linear(4, 3), new nn.Tanh(), new nn.Linear(3, 2));
  model[0].requiresGrad_(false);
  expect(inspect(nn.summary(model, [1, 4]))).toBe(
    [
      'layer        output  parameters  multiply-adds',
      '──────────────────────────────────────────────',
      'Sequential   [1, 2]          23             18',
      '  0: Linear  [1, 3]          15             12',
      '  1: Tanh    [1, 3]           –              –',
      '  2: Linear  [1, 2]           8              6',
      '──────────────────────────────────────────────',
      '23 parameters, 15 of them frozen, 18 multiply-adds',
      '92 B of parameters, 32 B of activations',
    ].join('\n'),
  );
});

describe('inputs', () => {
  test('ids, by dtype or as a tensor', () => {
    const model = new nn.Embedding(10, 4);
    expect(nn.summary(model, [2, 3], { dtype: 'int32' }).rows[0].outputShapes).toEqual([[2, 3, 4]]);
    expect(nn.summary(model, zeros([5], { dtype: 'int32' })).rows[0].outputShapes).toEqual([[5, 4]]);
  });

  test('several, as shapes and as tensors', () => {
    const model = new nn.Bilinear(3, 4, 5);
    const { rows } = nn.summary(model, [
      [2, 3],
      [2, 4],
    ]);
    expect(rows[0].outputShapes).toEqual([[2, 5]]);
    expect(rows[0].multiplyAdds).toBe(2 * 5 * (3 * 4 + 4));
    expect(nn.summary(model, [randn([7, 3]), randn([7, 4])]).rows[0].inputShapes).toEqual([
      [7, 3],
      [7, 4],
    ]);
  });

  test('a recurrent model: every tensor of the output, and the work of every step', () => {
    const { rows } = nn.summary(new nn.LSTM(3, 4, { numLayers: 2, bidirectional: true }), [5, 2, 3]);
    expect(rows[0].outputShapes).toEqual([
      [5, 2, 8],
      [4, 2, 4],
      [4, 2, 4],
    ]);
    expect(rows[0].multiplyAdds).toBe(5 * 2 * 2 * (16 * 3 + 16 * 4 + 16 * 8 + 16 * 4));
  });

  test('attention: projections, scores, and the mixture', () => {
    const { totals } = nn.summary(new nn.MultiheadAttention(8, 2, { batchFirst: true }), [
      [3, 5, 8],
      [3, 7, 8],
      [3, 7, 8],
    ]);
    expect(totals.multiplyAdds).toBe(3 * (5 * 64 + 2 * 7 * 64 + 2 * 5 * 7 * 8 + 5 * 64));
  });

  test('a character model', () => {
    const model = new CharLSTM({ vocab: Vocabulary.fromText('abcdef'), embed: 4, hidden: 8 });
    const { rows, totals } = nn.summary(model, [3, 2], { dtype: 'int32' });
    expect(rows.map((row) => row.type)).toEqual(['CharLSTM', 'Embedding', 'LSTM', 'Linear']);
    expect(totals.parameters).toBe(model.parameters().reduce((sum, p) => sum + p.size, 0));
  });
});

test('the model is left as it was, also where forward throws', () => {
  const model = net();
  model[1].train(false);
  const before = Object.values(model.stateDict()).map((t) => t.toArray());
  nn.summary(model, [2, 1, 8, 8]);
  expect(() => nn.summary(model, [2, 3, 8, 8])).toThrow();
  expect(model.modules().some((module) => Object.hasOwn(module, 'forward'))).toBe(false);
  expect(model.children().map((module) => module.training)).toEqual([true, false, true, true, true, true]);
  expect(Object.values(model.stateDict()).map((t) => t.toArray())).toEqual(before);
  expect(() => nn.summary(model, 'shape' as never)).toThrow();
});

test('a module that is called twice has two rows and its parameters once', () => {
  class Twice extends nn.Module {
    readonly layer = new nn.Linear(3, 3);
    forward(x: ReturnType<typeof zeros>) {
      return this.layer.forward(this.layer.forward(x));
    }
  }
  const { rows, totals } = nn.summary(new Twice(), [1, 3]);
  expect(rows.map((row) => row.name)).toEqual(['', 'layer', 'layer']);
  expect([totals.parameters, totals.multiplyAdds]).toEqual([12, 18]);
});
