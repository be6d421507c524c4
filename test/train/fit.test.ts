import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DivergenceError } from '../../src/errors.ts';
import {
  backward,
  crossEntropy,
  dropout,
  fit,
  manualSeed,
  mseLoss,
  nn,
  ones,
  optim,
  StepDraws,
  scope,
  type Tensor,
  tensor,
  withSamples,
  zeros,
} from '../../src/index.ts';
import { loadCheckpoint } from '../../src/io/checkpoint.ts';
import type { FitOptions, History, Metric, TrainingProgress } from '../../src/train/index.ts';
import { temporaryFolder } from '../io/folder.ts';
import { adam, bitsOf, ToyLoader, toyModel } from './toy.ts';

type Options = FitOptions<Tensor, Tensor[]>;
const base: Options = { loss: crossEntropy, optimizer: adam, seed: 9 };

class Accuracy implements Metric {
  readonly name = 'accuracy';
  #right = 0;
  #seen = 0;

  update(output: Tensor, target: Tensor): void {
    const classes = output.argmax(1).toArray() as number[];
    const wanted = target.toArray() as number[];
    this.#right += classes.filter((c, i) => c === wanted[i]).length;
    this.#seen += classes.length;
  }

  compute(): number {
    return this.#right / this.#seen;
  }

  reset(): void {
    this.#right = 0;
    this.#seen = 0;
  }
}

/** Without times. */
const courseOf = (history: History) => history.epochs.map(({ seconds: _s, waitedSeconds: _w, ...row }) => row);

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
    // A batch that is no list has no samples to count: its parts of the loss are as large, and all batches are.
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

describe('accumulated batches', () => {
  test('one step of the mean over all of them', async () => {
    const [whole, parts] = [toyModel(0), toyModel(0)];
    // Seven batches of unequal size, by threes: three steps.
    const loader = new ToyLoader(50, 8);
    const optimizer = (model: nn.Module) => new optim.SGD(model.parameters(), { lr: 0.1 });
    const history = await fit(parts, loader, { ...base, optimizer, accumulate: 3 });
    expect(history.steps).toBe(3);
    const large = new ToyLoader(50, 24);
    const same = await fit(whole, large, { ...base, optimizer });
    expect(same.steps).toBe(3);
    expect(history.epochs[0].trainLoss).toBeCloseTo(same.epochs[0].trainLoss, 6);
    const [a, b] = [whole, parts].map((model) => model.parameters().flatMap(({ data }) => [...data]));
    for (const [i, w] of a.entries()) expect(b[i]).toBeCloseTo(w, 6);
  });

  test('drop the elements that the whole batch drops', async () => {
    const masks: number[][] = [];
    class Mask extends nn.Module {
      readonly w = new nn.Parameter(ones([1]));

      forward(x: Tensor): Tensor {
        const kept = dropout(x, 0.5);
        masks.push(...(kept.toArray() as number[][]));
        return kept.mul(this.w).sum([1]);
      }
    }
    const batch = (n: number) => [ones([n, 6]), zeros([n])];
    const optimizer = (model: nn.Module) => new optim.SGD(model.parameters(), { lr: 0 });
    const draw = async (sizes: number[], accumulate: number) => {
      masks.length = 0;
      await fit(new Mask(), sizes.map(batch), { loss: mseLoss, optimizer, seed: 4, accumulate });
      return masks.map(String);
    };
    const whole = await draw([7, 7], 1);
    expect(new Set(whole).size).toBeGreaterThan(7);
    expect(await draw([4, 3, 2, 5], 2)).toEqual(whole);
    expect(await draw([1, 1, 5, 5, 1, 1], 3)).toEqual(whole);
  });

  test('two processes with a share each, summed in their order, have the bits of one that accumulates', async () => {
    const epochs = 2;
    const loader = new ToyLoader(44, 4);
    const options = { ...base, epochs, accumulate: 2, clipGradNorm: 0.5 };
    const one = toyModel(0.4);
    await fit(one, loader, options);

    // What a later data-parallel run does: each rank computes the gradient of its own batch alone.
    const ranks = [0, 1].map(() => {
      const model = toyModel(0.4);
      return { model, optimizer: adam(model) };
    });
    const gradientsOf = ({ model }: (typeof ranks)[0], rank: number, batches: Tensor[][]): Tensor[] => {
      const counts = batches.map(([x]) => x.shape[0]);
      const total = counts.reduce((a, b) => a + b, 0);
      const draws = new StepDraws();
      if (rank >= batches.length) return model.parameters().map(({ shape }) => zeros(shape));
      model.zeroGrad();
      const [x, y] = batches[rank];
      const samples = { first: rank * counts[0], count: counts[rank], draws };
      scope(() => {
        const loss = withSamples(samples, () => crossEntropy(model.forward(x), y));
        backward(counts[rank] === total ? loss : loss.mul(counts[rank] / total));
      });
      return model.parameters().map(({ grad }) => grad!.mul(1));
    };
    const states = [manualSeed(9).getState(), manualSeed(9).getState()];
    for (let epoch = 0; epoch < epochs; epoch++) {
      const batches: Tensor[][] = [];
      for await (const batch of loader.epoch(epoch)) batches.push(batch);
      for (let i = 0; i < batches.length; i += 2) {
        const gradients = ranks.map((rank, r) => {
          const generator = manualSeed(0).setState(states[r]);
          const found = gradientsOf(rank, r, batches.slice(i, i + 2));
          states[r] = generator.getState();
          return found;
        });
        const summed = gradients[0].map((g, p) => g.add(gradients[1][p]));
        for (const { model, optimizer } of ranks) {
          for (const [p, parameter] of model.parameters().entries()) parameter.grad = summed[p].mul(1);
          optim.clipGradNorm_(model.parameters(), 0.5);
          optimizer.step();
        }
      }
    }
    expect(states[1]).toEqual(states[0]);
    expect(bitsOf(ranks[0].model)).toBe(bitsOf(one));
    expect(bitsOf(ranks[1].model)).toBe(bitsOf(one));
  });
});

describe('fit ends', () => {
  /** A model whose loss is what the schedule of a test says. */
  class Scripted extends nn.Module {
    readonly w = new nn.Parameter(tensor([0]));
    readonly #losses: readonly number[];

    constructor(losses: readonly number[]) {
      super();
      this.#losses = losses;
    }

    /** Step by step the weight is one more, and the loss the next. */
    forward(x: Tensor): Tensor {
      const step = Math.round(this.w.item()) - (this.training ? 0 : 1);
      return x
        .mul(0)
        .add(this.#losses[step])
        .add(this.w.mul(0))
        .sub(this.training ? this.w.sub(this.w.detach()) : 0);
    }
  }
  const batches = [[ones([1]), ones([1])]];
  const optimizer = (model: nn.Module) => new optim.SGD(model.parameters(), { lr: 1 });
  const scripted = async (losses: number[], options: Partial<Options>) => {
    const model = new Scripted(losses);
    const history = await fit(
      model,
      { train: batches, validation: batches },
      {
        loss: (output: Tensor) => output.sum(),
        optimizer,
        epochs: losses.length,
        ...options,
      },
    );
    return { history, weight: model.w.item() };
  };

  test('early stopping: so many epochs without a better one, and the best weights', async () => {
    const losses = [5, 4, 3, 3.5, 3, 2.95, 2.99, 9, 1];
    const ends = async (options: object) => {
      const { history, weight } = await scripted(losses, { earlyStopping: options });
      return [history.epochs.length, history.reason, history.best!.epoch, weight];
    };
    expect(await ends({ patience: 2 })).toEqual([5, 'early stopping', 3, 5]);
    expect(await ends({ patience: 2, restoreBest: true })).toEqual([5, 'early stopping', 3, 3]);
    expect(await ends({ patience: 3 })).toEqual([9, 'epochs', 9, 9]);
    expect(await ends({ patience: 3, minDelta: 0.1 })).toEqual([6, 'early stopping', 3, 6]);
    expect(await ends({ patience: 3, mode: 'max', restoreBest: true })).toEqual([4, 'early stopping', 1, 1]);
  });

  test('a loss that stands still, a target, a callback', async () => {
    const losses = [5, 4, 3.9, 3.8, 2, 1.95, 1.9, 0.5];
    const ends = async (options: Partial<Options>) => {
      const { history } = await scripted(losses, options);
      return [history.epochs.length, history.reason];
    };
    expect(await ends({ stop: { change: 0.15 } })).toEqual([3, 'loss change']);
    expect(await ends({ stop: { change: 0.15, epochs: 2 } })).toEqual([4, 'loss change']);
    expect(await ends({ stop: { change: 0.15, epochs: 3 } })).toEqual([8, 'epochs']);
    expect(await ends({ stop: { target: 2 } })).toEqual([5, 'target']);
    const callbacks = {
      onEpochEnd: async ({ epoch }: { epoch: number }, state: { stop(): void }) => epoch === 6 && state.stop(),
    };
    expect(await ends({ callbacks: callbacks as never })).toEqual([6, 'callback']);
  });

  test('callbacks in order, in the middle of an epoch too', async () => {
    const calls: string[] = [];
    const note =
      (name: string) =>
      (...args: { step?: number; epoch?: number }[]) => {
        const { epoch, step } = args.at(-1)!;
        calls.push(`${name} ${epoch}.${step}`);
      };
    const callbacks = [
      {
        onTrainBegin: note('begin'),
        onEpochBegin: note('epoch'),
        onBatchEnd: note('batch'),
        onEpochEnd: note('closed'),
        onTrainEnd: note('end'),
      },
      { onBatchEnd: (_: unknown, state: { step: number; stop(): void }) => state.step === 4 && state.stop() },
    ];
    const history = await fit(toyModel(), new ToyLoader(24, 8), { ...base, epochs: 3, callbacks: callbacks as never });
    expect(calls.join(', ')).toBe(
      'begin 1.0, epoch 1.1, batch 1.1, batch 1.2, batch 1.3, closed 1.3, epoch 2.4, batch 2.4, end 2.4',
    );
    expect(history).toMatchObject({ reason: 'callback', steps: 4 });
  });

  test('divergence names the place, and the last good checkpoint stays', async () => {
    const folder = join(temporaryFolder(), 'run');
    const losses = [5, 4, 3, Number.NaN, 1];
    const diverging = scripted(losses, { checkpoint: folder });
    await expect(diverging).rejects.toThrow(DivergenceError);
    const { history } = loadCheckpoint(folder).documents.fit as { history: unknown[] };
    expect(history).toHaveLength(3);
    expect(loadCheckpoint(folder).weights.w.item()).toBe(3);
    await expect(scripted(losses, { checkpoint: { folder, resume: true } })).rejects.toThrow(
      /diverged in epoch 4, step 4: the loss is NaN.*is kept in/,
    );
    expect(loadCheckpoint(folder).weights.w.item()).toBe(3);
  });

  test('a gradient or a weight that is not finite', async () => {
    const model = toyModel();
    const step = (m: nn.Module) => m.parameters()[0].sum().sub(m.parameters()[0].sum().detach()).sqrt();
    await expect(fit(model, batches, { optimizer, step, clipGradNorm: 1 })).rejects.toThrow(
      /diverged in epoch 1, step 1: .*gradient norm (NaN|Infinity), first in 0.weight/,
    );
    const folder = join(temporaryFolder(), 'run');
    await expect(fit(toyModel(), batches, { optimizer, step, checkpoint: folder })).rejects.toThrow(/no longer finite/);
    expect((loadCheckpoint(folder).documents.progress as { step: number }).step).toBe(0);
  });
});

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
      /cut into other batches.*6 batches by 1.*5 by 1/,
    );
    await expect(again({ checkpoint, schedule: (o) => new optim.ExponentialLR(o, 0.9) })).rejects.toThrow(
      /no state of a schedule/,
    );
    expect(existsSync(join(folder, '.lock'))).toBe(false);
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
    // Two steps of 15 ms pass the 20 ms after which it yields: between any three, others had their turn.
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
    const short = { length: 3, epoch: () => [[ones([1, 2]), zeros([1], { dtype: 'int32' })]] };
    await expect(fit(toyModel(), short, base)).rejects.toThrow(
      /epoch 0 ended before its time: got 1 batches, expected 3/,
    );
  });
});
