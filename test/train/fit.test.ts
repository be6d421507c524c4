import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { crossEntropy, fit, nn, ones, optim, type Tensor } from '../../src/index.ts';
import { Accuracy } from '../../src/metrics/index.ts';
import type { TrainingProgress } from '../../src/train/index.ts';
import { adam, base, bitsOf, type ToyOptions as Options, ToyLoader, toyModel } from './toy.ts';

describe('fit', () => {
  test('learns, validates, measures, and prints its course', async () => {
    const model = toyModel();
    const data = { train: new ToyLoader(200, 16), validation: new ToyLoader(100, 32, 4) };
    const history = await fit(model, data, { ...base, epochs: 30, metrics: [new Accuracy()] });
    expect(history.epochs).toHaveLength(30);
    expect(history).toMatchObject({ steps: 30 * 13, reason: 'epochs', interrupted: false });
    const last = history.epochs[29];
    expect(last.metrics.accuracy).toBeGreaterThan(0.9);
    expect(last.trainLoss).toBeLessThan(0.5 * history.epochs[0].trainLoss);
    expect(last.validationLoss).toBeLessThan(0.4);
    expect(history.best!.value).toBe(Math.min(...history.epochs.map((row) => row.validationLoss!)));
    const lines = String(history).split('\n');
    expect(lines).toHaveLength(31);
    expect(lines[0].split(/ +/)).toEqual(['epoch', 'trainLoss', 'validationLoss', 'accuracy', 'lr', 'seconds']);
    expect(lines[30].trim().split(/ +/)[0]).toBe('30');
  });

  test('takes the steps of a loop that somebody writes', async () => {
    const [model, own] = [toyModel(0), toyModel(0)];
    const loader = new ToyLoader(50, 8);
    const history = await fit(model, loader, { ...base, epochs: 2 });
    const optimizer = adam(own);
    for (let epoch = 0; epoch < 2; epoch++) {
      let sum = 0;
      for await (const [x, y] of loader.epoch(epoch)) {
        optimizer.zeroGrad();
        const loss = crossEntropy(own.forward(x), y);
        loss.backward();
        optimizer.step();
        sum += loss.item() * x.shape[0];
      }
      expect(history.epochs[epoch].trainLoss).toBe(sum / 50);
    }
    expect(bitsOf(model)).toBe(bitsOf(own));
  });

  test("a list of batches, a loss as a module, a step of one's own: the same bits", async () => {
    const batches: Tensor[][] = [];
    for await (const batch of new ToyLoader(40, 8).epoch(0)) batches.push(batch);
    const models = [toyModel(), toyModel(), toyModel()];
    await fit(models[0], batches, { ...base, epochs: 2 });
    await fit(models[1], batches, { ...base, epochs: 2, loss: new nn.CrossEntropyLoss() });
    await fit(
      models[2],
      batches.map(([x, y]) => ({ x, y })),
      {
        optimizer: adam,
        seed: 9,
        epochs: 2,
        step: (model, { x, y }) => crossEntropy((model as nn.Sequential).forward(x), y),
      },
    );
    expect(bitsOf(models[1])).toBe(bitsOf(models[0]));
    expect(bitsOf(models[2])).toBe(bitsOf(models[0]));
  });

  test('the model is left in its mode, frozen parts in theirs, also while it trains', async () => {
    const model = toyModel();
    model.eval();
    const seen: boolean[] = [];
    const callbacks = { onBatchEnd: () => void seen.push(model.training) };
    await fit(model, new ToyLoader(16, 8), { ...base, callbacks });
    expect(seen).toEqual([true, true]);
    expect(model.training).toBe(false);
    model.train();
    const frozen = model.children()[2];
    frozen.eval();
    await fit(model, new ToyLoader(16, 8), {
      ...base,
      callbacks: { onBatchEnd: () => void seen.push(frozen.training) },
    });
    expect(seen.slice(2)).toEqual([false, false]);
    expect([model.training, frozen.training]).toEqual([true, false]);
  });

  test('schedules by step and by epoch, and one that watches the loss', async () => {
    const rates = async (options: Partial<Options>) => {
      const lrs: number[] = [];
      const callbacks = { onBatchEnd: ({ lr }: { lr: number }) => void lrs.push(lr) };
      await fit(toyModel(), new ToyLoader(24, 8), { ...base, epochs: 3, ...options, callbacks });
      return lrs;
    };
    const sgd = (model: nn.Module) => new optim.SGD(model.parameters(), { lr: 1 });
    const halving = (o: optim.Optimizer) => new optim.ExponentialLR(o, 0.5);
    expect(await rates({ optimizer: sgd, schedule: halving })).toEqual([1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]);
    expect(await rates({ optimizer: sgd, schedule: halving, scheduleBy: 'step' })).toEqual(
      Array.from({ length: 9 }, (_, i) => 0.5 ** i),
    );
    const plateau = (o: optim.Optimizer) => new optim.ReduceLROnPlateau(o, { patience: 0, factor: 0.5, threshold: 10 });
    expect(await rates({ optimizer: sgd, schedule: plateau })).toEqual([1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5]);
  });

  test('clipping', async () => {
    const norms: number[] = [];
    const optimizer = (model: nn.Module) => new optim.SGD(model.parameters(), { lr: 1 });
    const model = toyModel(0);
    const before = model.parameters().flatMap(({ data }) => [...data]);
    const callbacks = { onBatchEnd: ({ gradNorm }: { gradNorm?: number }) => void norms.push(gradNorm!) };
    await fit(model, new ToyLoader(8, 8), { ...base, optimizer, clipGradNorm: 1e-3, callbacks });
    const moved = model
      .parameters()
      .flatMap(({ data }) => [...data])
      .map((w, i) => w - before[i]);
    expect(norms[0]).toBeGreaterThan(1e-2);
    expect(Math.hypot(...moved)).toBeCloseTo(1e-3, 6);
  });
});

describe('fit lets others run', () => {
  test('the event loop turns between steps that take their time', async () => {
    const wait = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const seen: number[] = [];
    const callbacks = {
      onBatchEnd: () => {
        seen.push(turns);
        wait(15);
      },
    };
    await fit(toyModel(), new ToyLoader(40, 2), { ...base, callbacks });
    clearInterval(timer);
    // A step of 15 ms passes the 10 ms after which it yields; a timer is due at the turn after it at the latest.
    for (let i = 2; i < seen.length; i++) expect(seen[i]).toBeGreaterThan(seen[i - 2]);
  });

  test('progress through a reporter, stopped at the end', async () => {
    const seen: TrainingProgress[] = [];
    let stopped = 0;
    const progress = {
      update: (state: TrainingProgress) => void seen.push(state),
      note() {},
      stop: () => void stopped++,
    };
    await fit(toyModel(), new ToyLoader(40, 8), { ...base, epochs: 2, progress });
    expect(seen.at(-1)).toMatchObject({ step: 10, totalSteps: 10, progress: 1 });
    expect(stopped).toBe(1);
  });
});

describe('fit refuses', () => {
  const loader = new ToyLoader(16, 8);
  test.each<[string, Partial<Options>, RegExp]>([
    ['no loss', { loss: undefined }, /fit: there is no `loss`, and no `step`/],
    ['two losses', { step: () => ones([]) }, /leave one out/],
    ['no optimizer', { optimizer: undefined as never }, /there is no optimizer/],
    ['epochs', { epochs: 0 }, /epochs must be a positive integer: got 0/],
    ['accumulate', { accumulate: 1.5 }, /accumulate must be a positive integer/],
    ['clipGradNorm', { clipGradNorm: 0 }, /clipGradNorm must be positive/],
    ['a loss of several numbers', { loss: (x: Tensor) => x }, /the loss must be one number: got \[8, 2\]/],
    ['a loss that is no tensor', { loss: (() => 3) as never }, /the loss must be a tensor: got 3/],
    [
      'a monitor that is not measured',
      { earlyStopping: { monitor: 'f1' } },
      /not measured: got f1, expected trainLoss/,
    ],
    [
      'a metric without a mode',
      { metrics: [new Accuracy()], earlyStopping: { monitor: 'accuracy' } },
      /whether a small or a large accuracy is good/,
    ],
    ['patience', { earlyStopping: { patience: 0 } }, /earlyStopping.patience is out of range/],
    [
      'two metrics of one name',
      { metrics: [new Accuracy(), new Accuracy()] },
      /two metrics have one name: got accuracy/,
    ],
    ['an interval', { checkpoint: { folder: 'never', every: { steps: 0 } } }, /checkpoint.every.steps/],
  ])('%s', async (_, options, message) => {
    const model = toyModel();
    const before = bitsOf(model);
    await expect(fit(model, loader, { ...base, ...options })).rejects.toThrow(message);
    expect(bitsOf(model)).toBe(before);
    expect(existsSync('never')).toBe(false);
  });

  test('data that is none', async () => {
    await expect(fit(toyModel(), [], base)).rejects.toThrow(/there are no batches/);
    await expect(fit(toyModel(), 3 as never, base)).rejects.toThrow(/these are no batches: got 3/);
    await expect(fit(toyModel(), [ones([2])] as never, base)).rejects.toThrow(/a batch must be a list of tensors/);
    const whole = new ToyLoader(8, 8);
    const short = { length: 3, epoch: (n: number) => whole.epoch(n) };
    await expect(fit(toyModel(), short, base)).rejects.toThrow(
      /epoch 0 ended before its time: got 1 batches, expected 3/,
    );
  });
});
