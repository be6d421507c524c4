/** A training that was interrupted goes on as if nothing had been. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fit, manualSeed, type nn, optim } from '../../src/index.ts';
import { loadCheckpoint } from '../../src/io/checkpoint.ts';
import { Accuracy } from '../../src/metrics/index.ts';
import type { History } from '../../src/train/index.ts';
import { temporaryFolder } from '../io/folder.ts';
import { base, bitsOf, type ToyOptions as Options, ToyLoader, toyModel } from './toy.ts';

/** Without times. */
const courseOf = (history: History) => history.epochs.map(({ seconds: _s, waitedSeconds: _w, ...row }) => row);

describe('fit goes on', () => {
  const epochs = 4;
  const data = () => ({ train: new ToyLoader(40, 8), validation: new ToyLoader(20, 8, 4) });
  const options = (): Options => ({
    ...base,
    epochs,
    metrics: [new Accuracy()],
    schedule: (o) => new optim.ExponentialLR(o, 0.9),
    earlyStopping: { patience: 2, monitor: 'accuracy', mode: 'max', restoreBest: true },
    accumulate: 2,
  });
  const abortAfter = (steps: number) => {
    const controller = new AbortController();
    const callbacks = {
      onBatchEnd: (_: unknown, { step }: { step: number }) => void (step === steps && controller.abort()),
    };
    return { signal: controller.signal, callbacks };
  };

  test.each([1, 2, 3, 4, 5, 6, 8])('from step %d with the same bits', async (steps) => {
    const whole = toyModel();
    const wholeFolder = join(temporaryFolder(), 'whole');
    const want = await fit(whole, data(), { ...options(), checkpoint: wholeFolder });
    const folder = join(temporaryFolder(), 'parts');
    const first = await fit(toyModel(), data(), { ...options(), ...abortAfter(steps), checkpoint: folder });
    expect(first).toMatchObject({ interrupted: true, steps });
    manualSeed(1234);
    const model = toyModel(0.2);
    for (const parameter of model.parameters()) parameter.data.fill(7);
    const loaders = data();
    const got = await fit(model, loaders, { ...options(), checkpoint: { folder, resume: true } });
    expect(courseOf(got)).toEqual(courseOf(want));
    expect([got.reason, got.best, got.steps]).toEqual([want.reason, want.best, want.steps]);
    expect(bitsOf(model)).toBe(bitsOf(whole));
    expect(loaders.train.asked[0]).toEqual([Math.floor(steps / 3), 2 * (steps % 3)]);
    const [a, b] = [wholeFolder, folder].map((path) => loadCheckpoint(path));
    expect(b.weights).toEqual(a.weights);
    expect(b.train).toEqual(a.train);
    for (const name of ['fit', 'schedule', 'generator', 'optimizer'])
      expect(b.documents[name]).toEqual(a.documents[name]);
  });

  test('a validation that was broken off is done again', async () => {
    const whole = toyModel();
    const want = await fit(whole, data(), options());
    const controller = new AbortController();
    const folder = join(temporaryFolder(), 'run');
    const loaders = data();
    const { validation } = loaders;
    const epoch = validation.epoch.bind(validation);
    validation.epoch = async function* (n, from) {
      for await (const batch of epoch(n, from)) {
        controller.abort();
        yield batch;
      }
    };
    const first = await fit(toyModel(), loaders, { ...options(), signal: controller.signal, checkpoint: folder });
    expect(first).toMatchObject({ interrupted: true, steps: 3, epochs: [] });
    const model = toyModel();
    const got = await fit(model, data(), { ...options(), checkpoint: { folder, resume: true } });
    expect(courseOf(got)).toEqual(courseOf(want));
    expect(bitsOf(model)).toBe(bitsOf(whole));
  });

  test('to a later end; a finished training has nothing left to do', async () => {
    const folder = join(temporaryFolder(), 'run');
    const short = { ...base, checkpoint: { folder, resume: true } };
    await fit(toyModel(), new ToyLoader(40, 8), { ...short, epochs: 2 });
    const again = new ToyLoader(40, 8);
    const idle = toyModel();
    const idleHistory = await fit(idle, again, { ...short, epochs: 2 });
    expect(again.asked).toEqual([]);
    expect(idleHistory.epochs).toHaveLength(2);
    const [longer, whole] = [toyModel(), toyModel()];
    await fit(longer, new ToyLoader(40, 8), { ...short, epochs: 4 });
    await fit(whole, new ToyLoader(40, 8), { ...base, epochs: 4 });
    expect(bitsOf(longer)).toBe(bitsOf(whole));
    expect(bitsOf(idle)).not.toBe(bitsOf(whole));
  });

  test('with an optimizer that looks for its step', async () => {
    const lbfgs = (model: nn.Module) =>
      new optim.LBFGS(model.parameters(), { maxIter: 4, historySize: 5, lineSearchFn: 'strong_wolfe' });
    const whole = toyModel(0.1);
    const searching = { ...base, epochs: 3, optimizer: lbfgs, accumulate: 2 };
    const want = await fit(whole, new ToyLoader(40, 8), searching);
    expect(want.epochs[2].trainLoss).toBeLessThan(want.epochs[0].trainLoss);
    const folder = join(temporaryFolder(), 'run');
    await fit(toyModel(0.1), new ToyLoader(40, 8), { ...searching, ...abortAfter(4), checkpoint: folder });
    const model = toyModel(0.1);
    const got = await fit(model, new ToyLoader(40, 8), { ...searching, checkpoint: { folder, resume: true } });
    expect(courseOf(got)).toEqual(courseOf(want));
    expect(bitsOf(model)).toBe(bitsOf(whole));
  });

  test('what stands in the folder', async () => {
    const folder = join(temporaryFolder(), 'run');
    await fit(toyModel(), data(), { ...options(), checkpoint: folder });
    const lines = readFileSync(join(folder, 'metrics.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const closed = lines.filter((line) => line.validationLoss !== undefined);
    expect(closed.map((line) => line.epoch)).toEqual(Array.from({ length: closed.length }, (_, i) => i + 1));
    expect(closed[0]).toMatchObject({ step: 3, accuracy: expect.any(Number), trainLoss: expect.any(Number) });
    expect(existsSync(join(folder, 'best.safetensors'))).toBe(true);
    expect(existsSync(join(folder, '.lock'))).toBe(false);
  });

  test('refusals', async () => {
    const folder = join(temporaryFolder(), 'run');
    await fit(toyModel(), new ToyLoader(40, 8), { ...base, checkpoint: folder });
    const again = (more: Partial<Options>, loader = new ToyLoader(40, 8)) =>
      fit(toyModel(), loader, { ...base, ...more });
    await expect(again({ checkpoint: folder })).rejects.toThrow(/holds a run already.*resume: true/);
    const checkpoint = { folder, resume: true };
    await expect(again({ checkpoint, epochs: 2 }, new ToyLoader(48, 8))).rejects.toThrow(
      /cut into other batches: got batches 6, expected batches 5/,
    );
    await expect(again({ checkpoint, schedule: (o) => new optim.ExponentialLR(o, 0.9) })).rejects.toThrow(
      /no state of a schedule/,
    );
    expect(existsSync(join(folder, '.lock'))).toBe(false);
  });
});
