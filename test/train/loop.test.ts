import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CheckpointError, DivergenceError } from '../../src/errors.ts';
import { type Checkpoint, loadCheckpoint } from '../../src/io/checkpoint.ts';
import { wrapArray } from '../../src/tensor.ts';
import { runTraining, type TrainingOptions, type TrainingTask } from '../../src/train/loop.ts';
import { type Reporter, silentReporter, type TrainingProgress } from '../../src/train/progress.ts';
import { TrainingRecord } from '../../src/train/record.ts';
import { RunFolder } from '../../src/train/run-folder.ts';
import { filesIn, temporaryFolder } from '../io/folder.ts';

/** A task whose weight is the sum of its rates, and whose losses are given. */
class CountingTask implements TrainingTask {
  readonly itemsPerStep = 100;
  readonly stepsPerEpoch = 8;
  readonly rates: number[] = [];
  readonly validated: number[] = [];
  weight = 0;
  steps = 0;
  onStep: (index: number) => void = () => {};
  lossAt = (index: number): number => 5 - index / 100;
  validationAt: (steps: number) => number | null = (steps) => 5 - steps / 100;
  validation? = {
    items: 50,
    run: async () => {
      this.validated.push(this.steps);
      return this.validationAt(this.steps);
    },
  };

  step(index: number, lr: number) {
    expect(index).toBe(this.steps);
    this.onStep(index);
    this.rates.push(lr);
    this.weight += lr;
    this.steps++;
    return { loss: this.lossAt(index), gradNorm: 1 };
  }

  checkFinite(): void {
    if (!Number.isFinite(this.weight)) throw new DivergenceError('not finite');
  }

  snapshot(): Checkpoint {
    const weights = { w: wrapArray(Float64Array.of(this.weight), [1], 'float64') };
    return { weights, train: {}, documents: { counting: this.steps } };
  }

  static restore({ weights, documents }: Checkpoint): CountingTask {
    const task = new CountingTask();
    task.weight = weights.w.item();
    task.steps = documents.counting as number;
    return task;
  }
}

async function trainIn(path: string, task: CountingTask, options: Partial<TrainingOptions> = {}) {
  const resumed = options.record !== undefined;
  const folder = resumed ? RunFolder.reopen(path) : RunFolder.create(path);
  try {
    return await runTraining(task, {
      horizon: { steps: 40 },
      rateAt: (progress) => 0.5 * (1 - progress),
      folder,
      reporter: silentReporter,
      checkpointEvery: { steps: 7 },
      ...options,
    });
  } finally {
    folder.close();
  }
}

type Line = { step: number; loss?: number; validationLoss?: number; saved?: true; lr?: number; epoch?: number };

function metricsIn(path: string): Line[] {
  const text = readFileSync(join(path, 'metrics.jsonl'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

/** Metrics without times, and without what was saved: those depend on the moment. */
const course = (path: string) =>
  metricsIn(path)
    .filter((line) => line.saved === undefined)
    .map((line) => ({ ...line, seconds: 0 }));

function abortAt(task: CountingTask, step: number): AbortSignal {
  const controller = new AbortController();
  task.onStep = (index) => {
    if (index === step) controller.abort();
  };
  return controller.signal;
}

describe('runTraining', () => {
  test('takes the steps to the end at the rates of the schedule', async () => {
    const path = temporaryFolder();
    const task = new CountingTask();
    const result = await trainIn(path, task);
    expect(task.rates).toEqual(Array.from({ length: 40 }, (_, i) => 0.5 * (1 - i / 40)));
    expect(result).toMatchObject({
      steps: 40,
      items: 4000,
      interrupted: false,
      validationLoss: 4.6,
      bestValidationLoss: 4.6,
    });
    expect(result.trainLoss).toBeCloseTo(5 - 19.5 / 100, 12);
    expect(result.itemsPerSecond).toBeCloseTo(4000 / result.seconds, 6);
  });

  test('metrics at every tenth step and the last, validation in ten parts, checkpoints as asked and at both ends', async () => {
    const path = temporaryFolder();
    const task = new CountingTask();
    await trainIn(path, task, { horizon: { steps: 25 } });
    const lines = metricsIn(path);
    expect(lines.filter((line) => line.loss !== undefined).map((line) => line.step)).toEqual([10, 20, 25]);
    expect(lines.find((line) => line.step === 20 && line.loss !== undefined)).toMatchObject({
      epoch: 2.5,
      loss: 5 - 14.5 / 100,
      gradNorm: 1,
    });
    expect(task.validated).toEqual([3, 5, 8, 10, 13, 15, 18, 20, 23, 25]);
    expect(lines.filter((line) => line.saved).map((line) => line.step)).toEqual([0, 7, 14, 21, 25]);
    expect(filesIn(path)).toEqual([
      'best.safetensors',
      'checkpoint.safetensors',
      'metrics.jsonl',
      'previous.safetensors',
    ]);
  });

  test('a short training does not wait for long validations', async () => {
    const task = new CountingTask();
    task.validation!.items = 1500;
    await trainIn(temporaryFolder(), task);
    expect(task.validated).toEqual([20, 40]);
    const tiny = new CountingTask();
    tiny.validation!.items = 1e9;
    await trainIn(temporaryFolder(), tiny);
    expect(tiny.validated).toEqual([40]);
  });

  test('nothing kept for validation', async () => {
    const path = temporaryFolder();
    const task = new CountingTask();
    delete task.validation;
    expect(await trainIn(path, task)).toMatchObject({ validationLoss: null, bestValidationLoss: null });
    expect(filesIn(path)).not.toContain('best.safetensors');
  });

  test('the best state stays when later ones are worse', async () => {
    const path = temporaryFolder();
    const task = new CountingTask();
    task.validationAt = (steps) => Math.abs(steps - 16);
    const result = await trainIn(path, task);
    expect(result).toMatchObject({ validationLoss: 24, bestValidationLoss: 0 });
    expect(loadCheckpoint(join(path, 'best.safetensors')).documents.counting).toBe(16);
    expect(loadCheckpoint(path).documents.counting).toBe(40);
  });

  test.each([0, 1, 4, 6, 7, 13, 19, 20, 38, 39])(
    'interrupted in step %d and gone on with: the same course to the bit',
    async (step) => {
      const [whole, parts] = [temporaryFolder(), temporaryFolder()];
      await trainIn(whole, new CountingTask());
      const task = new CountingTask();
      const stopped = await trainIn(parts, task, { signal: abortAt(task, step) });
      expect(stopped).toMatchObject(
        step === 39 ? { steps: 40, interrupted: false } : { steps: step + 1, interrupted: true },
      );
      const saved = loadCheckpoint(parts);
      const resumed = await trainIn(parts, CountingTask.restore(saved), { record: TrainingRecord.restore(saved) });
      expect(resumed).toMatchObject({ steps: 40, interrupted: false });
      const [a, b] = [whole, parts].map((path) => loadCheckpoint(path));
      expect(b.weights).toEqual(a.weights);
      expect(b.train).toEqual(a.train);
      expect(course(parts)).toEqual(course(whole));
      expect(resumed.seconds).toBeGreaterThanOrEqual(stopped.seconds);
    },
  );

  test('a validation that the interruption broke off is done when the training goes on', async () => {
    const [whole, parts] = [temporaryFolder(), temporaryFolder()];
    await trainIn(whole, new CountingTask());
    const task = new CountingTask();
    const signal = abortAt(task, 19);
    task.validationAt = (steps) => (steps === 20 ? null : 5 - steps / 100);
    expect(await trainIn(parts, task, { signal })).toMatchObject({ steps: 20, interrupted: true });
    const saved = loadCheckpoint(parts);
    const again = CountingTask.restore(saved);
    await trainIn(parts, again, { record: TrainingRecord.restore(saved) });
    expect(again.validated[0]).toBe(20);
    expect(course(parts)).toEqual(course(whole));
  });

  test('metrics after the checkpoint are written again, as a death leaves them', async () => {
    const path = temporaryFolder();
    const task = new CountingTask();
    await trainIn(path, task, { signal: abortAt(task, 19) });
    const before = course(path);
    appendFileSync(join(path, 'metrics.jsonl'), '{"step":30,"loss":9}\n{"step":40,"lo');
    const saved = loadCheckpoint(path);
    await trainIn(path, CountingTask.restore(saved), { record: TrainingRecord.restore(saved) });
    const steps = metricsIn(path).map((line) => line.step);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(course(path).slice(0, before.length)).toEqual(before);
    expect(
      course(path)
        .filter((line) => line.loss !== undefined)
        .map((line) => line.step),
    ).toEqual([10, 20, 30, 40]);
  });

  test('a finished training has nothing left to do, and a longer end goes on from it', async () => {
    const path = temporaryFolder();
    await trainIn(path, new CountingTask());
    const before = readFileSync(join(path, 'checkpoint.safetensors'));
    const saved = loadCheckpoint(path);
    const idle = CountingTask.restore(saved);
    expect(await trainIn(path, idle, { record: TrainingRecord.restore(saved) })).toMatchObject({
      steps: 40,
      validationLoss: 4.6,
    });
    expect(idle.rates).toEqual([]);
    expect(readFileSync(join(path, 'checkpoint.safetensors')).equals(before)).toBe(true);
    const longer = CountingTask.restore(saved);
    await trainIn(path, longer, { record: TrainingRecord.restore(saved), horizon: { steps: 50 } });
    expect(longer.rates[0]).toBeCloseTo(0.5 * (1 - 40 / 50), 15);
    expect(longer.steps).toBe(50);
  });

  test('an end in seconds: the schedule follows training time, validation and saving left out', async () => {
    const path = temporaryFolder();
    const task = new CountingTask();
    const wait = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    task.onStep = () => wait(10);
    const seen: number[] = [];
    task.validation!.run = async () => {
      seen.push(task.steps);
      wait(150);
      return 1;
    };
    const began = performance.now();
    const result = await trainIn(path, task, { horizon: { seconds: 0.4 } });
    expect(result.seconds).toBeGreaterThanOrEqual(0.4);
    expect(result.seconds).toBeLessThan(0.4 + 0.3);
    expect(result.steps).toBeLessThanOrEqual(41);
    expect((performance.now() - began) / 1000 - result.seconds).toBeGreaterThan(0.14 * seen.length);
    // Each validation costs more than a quarter of the training between two tenths, so most of them are passed over.
    expect(seen.length).toBeLessThan(5);
    expect(seen.at(-1)).toBe(task.steps);
    expect(task.rates.every((rate, i) => i === 0 || rate < task.rates[i - 1])).toBe(true);
  });

  test('seconds are saved and continued', async () => {
    const path = temporaryFolder();
    const task = new CountingTask();
    const signal = abortAt(task, 3);
    task.validation = undefined;
    await trainIn(path, task, { horizon: { seconds: 1000 }, signal });
    const saved = loadCheckpoint(path);
    const record = TrainingRecord.restore(saved);
    record.seconds = 900;
    const again = CountingTask.restore(saved);
    again.validation = undefined;
    const stop = abortAt(again, 4);
    const result = await trainIn(path, again, { horizon: { seconds: 1000 }, record, signal: stop });
    expect(result.seconds).toBeGreaterThan(900);
    expect(again.rates[0]).toBeCloseTo(0.5 * (1 - 900 / 1000), 6);
  });

  test('divergence stops the training and leaves the last checkpoint', async () => {
    const path = temporaryFolder();
    const task = new CountingTask();
    task.onStep = (index) => {
      if (index === 16) throw new DivergenceError('diverged');
    };
    await expect(trainIn(path, task)).rejects.toThrow(DivergenceError);
    expect(loadCheckpoint(path).documents.counting).toBe(14);
  });

  test('weights that are not finite are never saved', async () => {
    const path = temporaryFolder();
    const task = new CountingTask();
    task.onStep = (index) => {
      if (index === 10) task.weight = Number.NaN;
    };
    await expect(trainIn(path, task)).rejects.toThrow(DivergenceError);
    expect(loadCheckpoint(path).documents.counting).toBe(7);
  });

  test('a validation loss that is no number stops the training', async () => {
    const task = new CountingTask();
    task.validationAt = () => Number.NaN;
    await expect(trainIn(temporaryFolder(), task)).rejects.toThrow(/validation loss at step 4 is NaN/);
  });

  test('a checkpoint that cannot be written on the way is said, and tried again', async () => {
    const path = temporaryFolder();
    const notes: string[] = [];
    const reporter: Reporter = { ...silentReporter, note: (text) => notes.push(text) };
    const folder = RunFolder.create(path);
    const save = folder.save.bind(folder);
    let full = false;
    folder.save = (checkpoint) => {
      if (full) throw new CheckpointError('the disk is full');
      save(checkpoint);
    };
    const task = new CountingTask();
    task.onStep = (index) => {
      full = index > 5 && index < 20;
    };
    await runTraining(task, {
      horizon: { steps: 40 },
      rateAt: () => 1,
      folder,
      reporter,
      checkpointEvery: { steps: 7 },
    });
    folder.close();
    expect(notes).toEqual(['the disk is full; training goes on', 'the disk is full; training goes on']);
    expect(
      metricsIn(path)
        .filter((line) => line.saved)
        .map((line) => line.step),
    ).toEqual([0, 21, 28, 35, 40]);
  });

  test('the first and the last checkpoint must be written', async () => {
    for (const failing of [0, 40]) {
      const folder = RunFolder.create(temporaryFolder());
      const save = folder.save.bind(folder);
      const task = new CountingTask();
      folder.save = (checkpoint) => {
        if (task.steps === failing) throw new CheckpointError('the disk is full');
        save(checkpoint);
      };
      const training = runTraining(task, {
        horizon: { steps: 40 },
        rateAt: () => 1,
        folder,
        reporter: silentReporter,
        checkpointEvery: { steps: 7 },
      });
      await expect(training).rejects.toThrow(/the disk is full/);
      expect(task.steps).toBe(failing);
      folder.close();
    }
  });

  test('a folder that another process took over is not written any more', async () => {
    const path = temporaryFolder();
    const folder = RunFolder.create(path);
    const task = new CountingTask();
    task.onStep = (index) => {
      if (index === 8) readFileSync(join(path, '.lock'));
      if (index === 9) appendFileSync(join(path, '.lock'), ' ');
    };
    const training = runTraining(task, {
      horizon: { steps: 40 },
      rateAt: () => 1,
      folder,
      reporter: silentReporter,
      checkpointEvery: { steps: 7 },
    });
    await expect(training).rejects.toMatchObject({ code: 'ERR_LOCKED' });
    expect(loadCheckpoint(path).documents.counting).toBe(7);
  });

  test('other work has its turn while it trains', async () => {
    const task = new CountingTask();
    task.onStep = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await trainIn(temporaryFolder(), task);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(4);
  });

  test('progress says where it stands', async () => {
    const seen: TrainingProgress[] = [];
    const reporter: Reporter = { update: (state) => seen.push(state), note() {}, stop() {} };
    await trainIn(temporaryFolder(), new CountingTask(), { reporter });
    expect(seen.at(-1)).toMatchObject({ step: 40, totalSteps: 40, progress: 1, validationLoss: 4.6, secondsLeft: 0 });
    expect(seen.find((state) => state.step === 10)).toMatchObject({ progress: 0.25, loss: 5 - 4.5 / 100 });
  });
});
