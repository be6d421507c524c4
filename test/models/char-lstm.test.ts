import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { backward } from '../../src/autograd/index.ts';
import { defaultGenerator, manualSeed } from '../../src/core/rng.ts';
import { CheckpointError, ConfigError, ShapeError } from '../../src/errors.ts';
import { CHECKPOINT_FILE, saveCheckpoint } from '../../src/io/checkpoint.ts';
import { CharLSTM, type CharLSTMOptions } from '../../src/models/char-lstm.ts';
import { detachState } from '../../src/nn/index.ts';
import { crossEntropy, gradcheck, reshape, select, tensor, transpose, zeros } from '../../src/ops/index.ts';
import { Adam } from '../../src/optim/index.ts';
import { Vocabulary } from '../../src/text/vocabulary.ts';

const sizes = { vocab: 5, embed: 3, hidden: 4, layers: 2 };
const int32 = (values: number[] | number[][]) => tensor(values, { dtype: 'int32' });
const ids = int32([
  [0, 1],
  [2, 4],
  [3, 3],
]);

const make = (options: Partial<CharLSTMOptions> = {}): CharLSTM => new CharLSTM({ ...sizes, ...options });

describe('forward', () => {
  test('gives logits of the next character after each, and the state at the end', () => {
    const model = make();
    const [logits, { h, c }] = model.forward(ids, model.initHidden(2));
    expect([logits.shape, h.shape, c.shape]).toEqual([
      [3, 2, 5],
      [2, 2, 4],
      [2, 2, 4],
    ]);
    const [single, state] = model.forward(select(ids, 1, 0));
    expect([single.shape, state.h.shape]).toEqual([
      [3, 5],
      [2, 4],
    ]);
    for (const [i, value] of [...select(logits, 1, 0).data].entries()) expect(single.data[i]).toBeCloseTo(value, 6);
  });

  test('with the batch first only ids and logits are turned', () => {
    const model = make();
    const turned = make({ batchFirst: true });
    turned.loadStateDict(model.stateDict());
    const [logits, { h }] = turned.forward(transpose(ids, 0, 1));
    const [want, end] = model.forward(ids);
    expect([...transpose(logits, 0, 1).data]).toEqual([...want.data]);
    expect([...h.data]).toEqual([...end.h.data]);
    expect(turned.forward(select(ids, 1, 0))[0].shape).toEqual([3, 5]);
  });

  test('a state that is carried makes two calls one', () => {
    const model = make({ dtype: 'float64' });
    const [whole] = model.forward(ids);
    const [, middle] = model.forward(select(ids, 0, 0).reshape([1, 2]));
    const [rest] = model.forward(select(ids, 0, 1).reshape([1, 2]), detachState(middle));
    for (const [i, value] of [...select(whole, 0, 1).data].entries()) expect(rest.data[i]).toBeCloseTo(value, 12);
  });

  test('dropout acts on the way up, in training alone', () => {
    const model = make({ dropout: 0.5, layers: 1 });
    const draw = (): number[] => [...model.forward(ids)[0].data];
    expect(draw()).not.toEqual(draw());
    model.eval();
    expect(draw()).toEqual(draw());
  });

  test('ids and states that do not fit are refused', () => {
    const model = make();
    expect(() => model.forward(int32([5]))).toThrow(expect.objectContaining({ code: 'ERR_INDEX' }));
    expect(() => model.forward(ids, model.initHidden(3))).toThrow(ShapeError);
  });
});

describe('construction', () => {
  test.each([
    { hidden: 0 },
    { hidden: -1 },
    { hidden: Number.NaN },
    { layers: 1.5 },
    { embed: '8' as never },
    { vocab: 0 },
    { dropout: 2 },
  ])('%j is refused by name', (options) => {
    const [name] = Object.keys(options);
    expect(() => make(options)).toThrow(ConfigError);
    expect(() => make(options)).toThrow(new RegExp(`^CharLSTM: ${name} must be`));
  });

  test('has the names of the fixtures, in their order', () => {
    expect(Object.keys(make({ layers: 1 }).stateDict())).toEqual([
      'emb.weight',
      'lstm.weight_ih_l0',
      'lstm.weight_hh_l0',
      'lstm.bias_ih_l0',
      'lstm.bias_hh_l0',
      'head.weight',
      'head.bias',
    ]);
    expect(inspect(make({ layers: 1 }))).toBe(
      [
        'CharLSTM(',
        '  (emb): Embedding(5, 3) · 15',
        '  (lstm): LSTM(3, 4) · 144',
        '  (head): Linear(4, 5) · 25',
        ') · 184 parameters',
      ].join('\n'),
    );
  });

  test('knows its characters, or says that it does not', () => {
    const vocabulary = Vocabulary.fromText('abc');
    const model = make({ vocab: vocabulary });
    expect(model.vocabulary).toBe(vocabulary);
    expect(model.head.outFeatures).toBe(3);
    expect(() => make().vocabulary).toThrow(ConfigError);
  });
});

describe('learning', () => {
  test('gradients', () => {
    const model = make({ layers: 1, dtype: 'float64' });
    const target = int32([1, 2, 0, 4, 4, 3]);
    const loss = () => crossEntropy(reshape(model.forward(ids)[0], [6, 5]), target);
    expect(gradcheck(loss, model.parameters())).toBe(true);
  });

  test('learns a short text by heart', () => {
    manualSeed(1);
    const vocabulary = Vocabulary.fromText('to be or not to be');
    const text = tensor(vocabulary.encode('to be or not to be'));
    const model = new CharLSTM({ vocab: vocabulary, embed: 8, hidden: 24 });
    const optimizer = new Adam(model.parameters(), { lr: 0.02 });
    const [x, y] = [text.slice(0, 0, -1), text.slice(0, 1)];
    let loss = 0;
    for (let step = 0; step < 80; step++) {
      optimizer.zeroGrad();
      const error = crossEntropy(model.forward(x)[0], y);
      backward(error);
      optimizer.step();
      loss = error.item();
    }
    expect(loss).toBeLessThan(0.1);
  });
});

describe('sampler', () => {
  const greedy = { temperature: 0, topK: 0, topP: 1 };

  test('is a snapshot that walks as the model does', () => {
    const model = make();
    const [logits] = model.forward(int32([1, 3, 2]));
    const best = [0, 1, 2].map((t) => select(logits, 0, t).argmax().item());
    const sampler = model.sampler();
    for (const parameter of model.parameters()) parameter.data.fill(0);
    const next = [1, 2, 3].map((given) => {
      const walked = new Int32Array([1, 3, 2, 0]).slice(0, given + 1);
      sampler.run(walked, given, given, new Float64Array(given), greedy, new Float32Array(16));
      return walked[given];
    });
    expect(next).toEqual(best);
  });
});

describe('checkpoints', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lanegrad-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const save = (model: CharLSTM, changes: object = {}): void => {
    const documents = { ...model.documents(), ...changes };
    saveCheckpoint(join(folder, CHECKPOINT_FILE), {
      weights: model.stateDict(),
      train: { 'state.h': zeros([1]) },
      documents,
    });
  };

  test.each(['float32', 'float64'] as const)('a %s model comes back as it was', (dtype) => {
    const vocab = Vocabulary.fromText('héllo 😀');
    const model = make({ vocab, dropout: 0.25, batchFirst: true, dtype });
    save(model);
    const before = defaultGenerator.getState();
    const loaded = CharLSTM.load(folder);
    expect(defaultGenerator.getState()).toEqual(before);
    expect(loaded.training).toBe(false);
    expect(loaded.documents()).toEqual(model.documents());
    expect(loaded.vocabulary.decode([0, 5])).toBe(vocab.decode([0, 5]));
    for (const [name, { data }] of Object.entries(model.stateDict())) {
      expect(loaded.stateDict()[name].data).toEqual(data);
    }
    expect(CharLSTM.load(join(folder, CHECKPOINT_FILE)).batchFirst).toBe(true);
  });

  test('of a model that only knows ids', () => {
    save(make());
    expect(CharLSTM.load(folder).emb.numEmbeddings).toBe(5);
  });

  const { model: described } = make().documents();
  test.each([
    ['no description', { model: null }, CheckpointError, /holds no CharLSTM/],
    ['another model', { model: { ...described, type: 'Transformer' } }, CheckpointError, /holds no CharLSTM/],
    ['a text for a description', { model: 'CharLSTM' }, CheckpointError, /holds no CharLSTM/],
    ['sizes beyond its weights', { model: { ...described, hidden: 1e9 } }, CheckpointError, /not of the sizes/],
    ['more layers than weights', { model: { ...described, layers: 3 } }, CheckpointError, /not of the sizes/],
    ['no number of layers', { model: { ...described, layers: null } }, CheckpointError, /not of the sizes/],
    ['fewer layers than weights', { model: { ...described, layers: 1 } }, Error, /unexpected .*lstm\.weight_ih_l1/],
    ['another vocabulary', { vocabulary: 'ab' }, CheckpointError, /another size/],
    ['no vocabulary', { vocabulary: 3 }, ConfigError, /a saved vocabulary is a string/],
    ['a dropout above 1', { model: { ...described, dropout: 2 } }, ConfigError, /dropout/],
  ])('with %s is refused', (_, changes, error, message) => {
    save(make(), changes);
    expect(() => CharLSTM.load(folder)).toThrow(error);
    expect(() => CharLSTM.load(folder)).toThrow(message);
  });

  test('of a folder without one is refused', () => {
    expect(() => CharLSTM.load(folder)).toThrow(CheckpointError);
  });
});
