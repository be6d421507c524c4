import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DataLoader, TensorDataset } from '../../src/data/index.ts';
import { DivergenceError } from '../../src/errors.ts';
import { crossEntropy, fit, Generator, nn, optim, search, type Tensor, tensor } from '../../src/index.ts';
import {
  integer,
  logUniform,
  type SearchOptions,
  type SearchResult,
  type TrialContext,
  uniform,
} from '../../src/train/index.ts';
import { temporaryFolder } from '../io/folder.ts';
import { quadrants } from './toy.ts';

/** Without times. */
const tableOf = ({ trials }: SearchResult<never>) => trials.map(({ seconds: _, ...trial }) => trial);

describe('search', () => {
  test('a grid: every point, the best first', async () => {
    const order: number[][] = [];
    const result = await search({ a: [1, 2], b: [10, 20, 30] }, ({ a, b }) => {
      order.push([a, b]);
      return Math.abs(a * b - 41);
    });
    expect(order).toEqual([
      [1, 10],
      [1, 20],
      [1, 30],
      [2, 10],
      [2, 20],
      [2, 30],
    ]);
    expect(result.trials.map(({ trial }) => trial)).toEqual([4, 2, 5, 1, 3, 0]);
    expect(result.best).toMatchObject({ trial: 4, choice: { a: 2, b: 20 }, value: 1 });
    const lines = String(result)
      .split('\n')
      .map((line) => line.trim().split(/ +/));
    expect(lines[0]).toEqual(['trial', 'a', 'b', 'value', 'seconds']);
    expect(lines[1].slice(0, 4)).toEqual(['4', '2', '20', '1']);
  });

  test('the largest value, and what diverged last', async () => {
    const run = ({ a }: { a: number }) => {
      if (a === 3) throw new DivergenceError('gone');
      return { value: a, metrics: { half: a / 2 } };
    };
    const result = await search({ a: [1, 3, 2] }, run, { mode: 'max' });
    expect(result.trials.map(({ trial }) => trial)).toEqual([2, 0, 1]);
    expect(result.trials[2].value).toBeNaN();
    expect(result.trials[0].metrics).toEqual({ half: 1 });
    await expect(search({ a: [1] }, () => Promise.reject(new Error('a mistake')))).rejects.toThrow('a mistake');
  });

  test('at random: each trial by its seed and number alone', async () => {
    const space = {
      rate: logUniform(1e-4, 1e-1),
      width: integer(2, 5),
      p: uniform(0, 0.5),
      act: ['tanh', 'relu'],
    } as const;
    const seen: { rate: number; width: number; p: number; act: string; draw: number }[] = [];
    const run = (choice: { rate: number; width: number; p: number; act: string }, { seed }: TrialContext) => {
      seen.push({ ...choice, draw: Number(seed % 1000n) });
      return choice.rate;
    };
    await search(space, run, { kind: 'random', trials: 200, seed: 3 });
    const all = seen.splice(0);
    await search(space, run, { kind: 'random', trials: 5, seed: 3 });
    expect(seen).toEqual(all.slice(0, 5));
    const share = (test: (c: (typeof all)[0]) => boolean) => all.filter(test).length / all.length;
    // Within five standard deviations of what is drawn from.
    for (const [found, expected] of [
      [share((c) => c.rate < 1e-3), 1 / 3],
      [share((c) => c.width === 2), 1 / 4],
      [share((c) => c.width === 5), 1 / 4],
      [share((c) => c.p < 0.25), 1 / 2],
      [share((c) => c.act === 'tanh'), 1 / 2],
    ]) {
      expect(Math.abs(found - expected)).toBeLessThan(5 * Math.sqrt((expected * (1 - expected)) / all.length));
    }
    expect(all.every((c) => c.rate >= 1e-4 && c.rate < 1e-1 && c.p >= 0 && c.p < 0.5)).toBe(true);
    expect(all.every((c) => Number.isInteger(c.width) && c.width >= 2 && c.width <= 5)).toBe(true);
  });

  test('refusals', async () => {
    const run = () => 1;
    await expect(search({}, run)).rejects.toThrow(/the space is empty/);
    await expect(search({ a: [] }, run)).rejects.toThrow(/nothing to choose a from/);
    await expect(search({ a: uniform(0, 1) }, run)).rejects.toThrow(/expected a list of values/);
    await expect(search({ a: [1] }, run, { kind: 'random' })).rejects.toThrow(/trials must be a positive integer/);
    await expect(search({ a: [1] }, run, { kind: 'best' as never })).rejects.toThrow(/unknown kind/);
    await expect(search({ a: [1] }, () => 'good' as never)).rejects.toThrow(/a trial gave no value: got good/);
    await expect(search({ a: [1] }, (_, { train }) => train.length)).rejects.toThrow(/no data to split/);
    expect(() => logUniform(0, 1)).toThrow(/logUniform: this is no range: got \[0, 1\], expected 0 < low < high/);
    expect(() => integer(1.5, 2)).toThrow(/integers low < high/);
    expect(() => uniform(2, 1)).toThrow(/low < high/);
  });
});

describe('a search over trainings', () => {
  const { x, y } = quadrants(80);
  const data = new TensorDataset(tensor(x), tensor(y, { dtype: 'int32' }));
  const space = { lr: logUniform(1e-3, 1e-1), dropout: [0, 0.2] };
  type Choice = { lr: number; dropout: number };
  type Options = SearchOptions<Tensor[], Tensor[]>;
  /** Stops in the given step of a trial, as a signal does. */
  const training =
    (stopIn?: { trial: number; step: number; controller: AbortController }, calls: number[] = []) =>
    async (
      { lr, dropout }: Choice,
      { trial, checkpoint, signal, train, validation, seed }: TrialContext<Tensor[], Tensor[]>,
    ) => {
      calls.push(trial);
      const model = new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Dropout(dropout), new nn.Linear(8, 2));
      const loaders = {
        train: new DataLoader(train, { batchSize: 16, shuffle: true, seed }),
        validation: new DataLoader(validation, { batchSize: 16 }),
      };
      const history = await fit(model, loaders, {
        loss: crossEntropy,
        optimizer: (m) => new optim.Adam(m.parameters(), { lr }),
        epochs: 3,
        signal,
        checkpoint: checkpoint && { ...checkpoint, every: { steps: 1 } },
        callbacks: {
          onBatchEnd: (_, { step }) => {
            if (stopIn?.trial === trial && stopIn.step === step) stopIn.controller.abort();
          },
        },
      });
      return { value: history.epochs.at(-1)?.validationLoss ?? Number.NaN, model };
    };
  const options: Options = { kind: 'random', trials: 4, seed: 5, data };
  const bits = (result: SearchResult<never>) =>
    Object.entries(result.bestWeights)
      .sort()
      .map(([name, tensor]) => [name, Buffer.from((tensor.data as Float32Array).slice().buffer).toString('hex')]);

  test('goes on where it was interrupted: no finished trial again, the same table and weights', async () => {
    const whole = (await search(space, training(), options)) as SearchResult<never>;
    expect(whole.trials).toHaveLength(4);
    expect(Object.keys(whole.bestWeights)).toHaveLength(4);
    for (const [trial, step] of [
      [0, 1],
      [1, 7],
      [3, 12],
    ]) {
      const folder = join(temporaryFolder(), 'search');
      const controller = new AbortController();
      const stopIn = { trial, step, controller };
      const first = await search(space, training(stopIn), { ...options, folder, signal: controller.signal });
      expect(first).toMatchObject({ interrupted: true });
      expect(first.trials).toHaveLength(trial);
      expect(existsSync(join(folder, '.lock'))).toBe(false);
      const calls: number[] = [];
      const got = (await search(space, training(undefined, calls), {
        ...options,
        folder,
        resume: true,
      })) as SearchResult<never>;
      expect(calls).toEqual([0, 1, 2, 3].slice(trial));
      expect(tableOf(got)).toEqual(tableOf(whole));
      expect(bits(got)).toEqual(bits(whole));
      calls.length = 0;
      const again = (await search(space, training(undefined, calls), {
        ...options,
        folder,
        resume: true,
      })) as SearchResult<never>;
      expect(calls).toEqual([]);
      expect(tableOf(again)).toEqual(tableOf(whole));
      expect(bits(again)).toEqual(bits(whole));
      // Of a finished trial its result and its course are left.
      for (const name of ['trial-0001', 'trial-0004'])
        expect(readdirSync(join(folder, name))).toEqual(['metrics.jsonl']);
    }
  });

  test('what stands in the folder, and what is refused', async () => {
    const folder = join(temporaryFolder(), 'deep', 'search');
    await search({ a: [1, 2] }, ({ a }) => (a === 1 ? Infinity : a), { folder });
    expect(readdirSync(folder).sort()).toEqual(['search.json', 'trial-0001.safetensors', 'trial-0002.safetensors']);
    const again = (more: SearchOptions, a: number[] = [1, 2]) => search({ a }, () => 0, { folder, ...more });
    await expect(again({})).rejects.toThrow(/belongs to a search already.*resume: true/);
    await expect(again({ resume: true }, [1, 2, 3])).rejects.toThrow(
      /another space: got a: 1 \| 2 \| 3, expected a: 1 \| 2/,
    );
    await expect(again({ resume: true, seed: 4 })).rejects.toThrow(/another seed/);
    const { trials } = await again({ resume: true });
    expect(trials.map(({ value }) => value)).toEqual([2, Infinity]);
  });

  test('what stands in a trial’s folder beside its states stays', async () => {
    const folder = join(temporaryFolder(), 'search');
    const run = (_: unknown, { checkpoint }: TrialContext) => {
      mkdirSync(checkpoint!.folder);
      if (existsSync(join(folder, 'trial-0001.safetensors'))) return 2;
      writeFileSync(join(checkpoint!.folder, 'mine.txt'), '');
      writeFileSync(join(checkpoint!.folder, 'checkpoint.safetensors'), '');
      return 1;
    };
    await search({ a: [1, 2] }, run, { folder });
    expect(readdirSync(join(folder, 'trial-0001'))).toEqual(['mine.txt']);
    expect(existsSync(join(folder, 'trial-0002'))).toBe(false);
    // As if the process had ended between the result and the removal.
    writeFileSync(join(folder, 'trial-0001', 'checkpoint.safetensors'), '');
    await search({ a: [1, 2] }, run, { folder, resume: true });
    expect(readdirSync(join(folder, 'trial-0001'))).toEqual(['mine.txt']);
  });

  test('split once for all trials', async () => {
    const seen = new Set<string>();
    await search(
      { a: [1, 2, 3] },
      (_, { train, validation }) => {
        seen.add(`${train.indices} / ${validation.indices}`);
        expect([train.length, validation.length]).toEqual([60, 20]);
        return new Generator(1).uniform53(1)[0];
      },
      { data, validation: 0.25, stratify: y },
    );
    expect(seen.size).toBe(1);
  });
});
