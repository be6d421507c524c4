import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { manualSeed } from '../../src/core/rng.ts';
import { CheckpointError, DivergenceError, StateDictError } from '../../src/errors.ts';
import { type Checkpoint, loadCheckpoint, saveCheckpoint } from '../../src/io/checkpoint.ts';
import { CharLSTM } from '../../src/models/char-lstm.ts';
import { detachState } from '../../src/nn/index.ts';
import { crossEntropy } from '../../src/ops/index.ts';
import { Adam, SGD } from '../../src/optim/index.ts';
import { wrapArray } from '../../src/tensor.ts';
import { Corpus } from '../../src/text/corpus.ts';
import { TrainingStreams } from '../../src/text/streams.ts';
import { flattenLogits } from '../../src/train/evaluate-language.ts';
import { LanguageTask } from '../../src/train/language-task.ts';
import { temporaryFolder } from '../io/folder.ts';

const TEXT = 'the quick brown fox jumps over the lazy dog; pack my box with five dozen liquor jugs. '.repeat(12);

interface Setup {
  task: LanguageTask;
  model: CharLSTM;
  streams: TrainingStreams;
}

function setUp({ text = TEXT, dropout = 0, clip = 5, batch = 4, seq = 20, hidden = 16, sgd = false } = {}): Setup {
  manualSeed(7);
  const corpus = Corpus.fromText(text);
  const model = new CharLSTM({ vocab: corpus.vocabulary, embed: 8, hidden, layers: 2, dropout });
  const streams = new TrainingStreams(corpus.ids, { batch, seq });
  const optimizer = sgd ? new SGD(model.parameters(), { lr: 1 }) : new Adam(model.parameters(), { lr: 1e-2 });
  const documents = { ...model.documents(), note: 'mine' };
  return {
    task: new LanguageTask({ model, vocab: corpus.vocabulary.size, optimizer, train: streams, clip, documents }),
    model,
    streams,
  };
}

const weightsOf = (model: CharLSTM) => Object.values(model.stateDict()).flatMap((tensor) => Array.from(tensor.data));

/** Through a file, as a checkpoint goes. */
function throughFile(checkpoint: Checkpoint): Checkpoint {
  const path = join(temporaryFolder(), 'a.safetensors');
  saveCheckpoint(path, checkpoint);
  return loadCheckpoint(path);
}

describe('LanguageTask', () => {
  test('learns a text by heart', () => {
    const { task } = setUp({ hidden: 32 });
    let loss = Infinity;
    for (let step = 0; step < 150; step++) loss = task.step(step, 1e-2).loss;
    expect(loss).toBeLessThan(0.5);
  });

  test('carries the state through an epoch and begins each without one', () => {
    const { task, model, streams } = setUp();
    let state = model.initHidden(streams.batch);
    for (let step = 0; step < 2 * streams.stepsPerEpoch; step++) {
      const { ids, targets, steps, batch, fresh } = streams.at(step);
      if (fresh) state = model.initHidden(batch);
      const [logits, next] = model.forward(wrapArray(ids, [steps, batch], 'int32'), state);
      const loss = crossEntropy(flattenLogits(logits), wrapArray(targets, [targets.length], 'int32')).item();
      state = detachState(next);
      // A rate of 0 leaves the model as it is, so both walk the same course.
      expect(task.step(step, 0).loss).toBe(loss);
    }
  });

  test('takes the rate that it is given, and clips the gradient', () => {
    const [free, clipped] = [setUp({ sgd: true, clip: Infinity }), setUp({ sgd: true, clip: 0.01 })];
    const before = weightsOf(free.model);
    const moved = ({ model }: Setup) =>
      Math.sqrt(weightsOf(model).reduce((sum, w, i) => sum + (w - before[i]) ** 2, 0));
    const { gradNorm } = free.task.step(0, 0.5);
    expect(clipped.task.step(0, 0.5).gradNorm).toBe(gradNorm);
    expect(moved(free)).toBeCloseTo(0.5 * gradNorm, 5);
    expect(moved(clipped)).toBeCloseTo(0.5 * 0.01, 5);
  });

  test.each([0, 1, 5, 12])('goes on from a file after %d steps with the same bits, dropout included', (done) => {
    const whole = setUp({ dropout: 0.3 });
    for (let step = 0; step < done; step++) whole.task.step(step, 1e-2);
    const saved = throughFile(whole.task.snapshot());
    expect(saved.documents.note).toBe('mine');
    for (let step = done; step < done + 6; step++) whole.task.step(step, 1e-2);
    const want = throughFile(whole.task.snapshot());

    const other = setUp({ dropout: 0.3 });
    for (let step = 0; step < 3; step++) other.task.step(step, 1e-3);
    other.task.restore(saved);
    for (let step = done; step < done + 6; step++) other.task.step(step, 1e-2);
    const got = throughFile(other.task.snapshot());
    expect(got.weights).toEqual(want.weights);
    expect(got.train).toEqual(want.train);
    expect(got.documents).toEqual(want.documents);
  });

  test('every tensor of the training stands under a name of its own', () => {
    const { task, model } = setUp();
    expect(Object.keys(task.snapshot().train)).toEqual([]);
    task.step(0, 1e-2);
    const names = model
      .namedParameters()
      .flatMap(([name]) => [`optimizer.${name}.exp_avg`, `optimizer.${name}.exp_avg_sq`]);
    expect(Object.keys(task.snapshot().train).sort()).toEqual([...names, 'state.c', 'state.h'].sort());
  });

  test('a text of one distinct character is learned at no cost', () => {
    const { task } = setUp({ text: 'a'.repeat(200), batch: 2, seq: 10 });
    for (let step = 0; step < 5; step++) expect(task.step(step, 1e-2)).toEqual({ loss: 0, gradNorm: 0 });
  });

  test.each([
    ['the weights', (model: CharLSTM) => model.head.weight.data.fill(Number.NaN, 3, 4)],
    ['the embedding', (model: CharLSTM) => model.emb.weight.data.fill(Infinity)],
  ])('what is no number in %s stops the step before anything is updated', (_, spoil) => {
    const { task, model } = setUp();
    task.step(0, 1e-2);
    spoil(model);
    const before = weightsOf(model);
    expect(() => task.step(1, 0.125)).toThrow(DivergenceError);
    expect(() => task.step(1, 0.125)).toThrow(
      /step 2: loss NaN, learning rate 0\.125, gradient norm NaN.*first bad gradient: \w+.*smaller/,
    );
    expect(weightsOf(model)).toEqual(before);
    expect(() => task.checkFinite()).toThrow(/is no longer finite/);
  });

  test('a rate beyond all reason is noticed although the loss stays a number', () => {
    const { task } = setUp();
    expect(() => {
      for (let step = 0; step < 10; step++) task.step(step, 1e9);
    }).toThrow(DivergenceError);
  });

  test.each<[string, (checkpoint: Checkpoint) => void, new (...args: never[]) => Error]>([
    ['no optimizer', ({ documents }) => delete documents.optimizer, CheckpointError],
    ['no counts', ({ documents }) => (documents.optimizer = { paramGroups: [] }), CheckpointError],
    ['half a state', ({ train }) => delete train['state.c'], CheckpointError],
    [
      'a state of another batch',
      ({ train }) => (train['state.h'] = train['state.c'] = wrapArray(new Float32Array(32), [2, 1, 16], 'float32')),
      CheckpointError,
    ],
    ['a missing weight', ({ weights }) => delete weights['head.bias'], StateDictError],
    ['a missing moment', ({ train }) => delete train['optimizer.head.bias.exp_avg'], StateDictError],
  ])('a checkpoint with %s is refused', (_, spoil, type) => {
    const { task } = setUp();
    task.step(0, 1e-2);
    const saved = throughFile(task.snapshot());
    spoil(saved);
    expect(() => setUp().task.restore(saved)).toThrow(type);
  });
});
