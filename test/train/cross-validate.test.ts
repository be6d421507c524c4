import { describe, expect, test } from 'vitest';
import { type Dataset, kFold, TensorDataset } from '../../src/data/index.ts';
import { crossEntropy, crossValidate, manualSeed, type Tensor, tensor } from '../../src/index.ts';
import { Accuracy } from '../../src/metrics/index.ts';
import type { CrossValidateOptions } from '../../src/train/index.ts';
import { adam, quadrants, toyModel } from './toy.ts';

const { x, y } = quadrants(60);
const dataset = new TensorDataset(tensor(x), tensor(y, { dtype: 'int32' }));
type Options = CrossValidateOptions<Tensor, Tensor[], Tensor[]>;
const options = (): Options => ({
  k: 4,
  seed: 2,
  batchSize: 8,
  loss: crossEntropy,
  optimizer: adam,
  epochs: 2,
  metrics: [new Accuracy()],
});

describe('crossValidate', () => {
  test('every fold, the mean and the spread, as a table', async () => {
    const result = await crossValidate(() => toyModel(), dataset, { ...options(), stratify: y });
    expect(result.folds.map(({ fold }) => fold)).toEqual([1, 2, 3, 4]);
    const losses = result.folds.map(({ loss }) => loss);
    const mean = losses.reduce((a, b) => a + b, 0) / 4;
    expect(result.mean.loss).toBeCloseTo(mean, 12);
    expect(result.std.loss).toBeCloseTo(Math.sqrt(losses.reduce((a, b) => a + (b - mean) ** 2, 0) / 3), 12);
    expect(result.mean.accuracy).toBeGreaterThan(0.4);
    const lines = String(result).split('\n');
    expect(lines.map((line) => line.trim().split(/ +/)[0])).toEqual(['fold', '1', '2', '3', '4', 'mean', 'std']);
    expect(result.folds[0].history.epochs).toHaveLength(2);
  });

  test('the same again, whatever was drawn before, and the generator stays where it was', async () => {
    const values = async (seed: number) => {
      const { mean } = await crossValidate(() => toyModel(), dataset, { ...options(), seed });
      return mean;
    };
    const first = await values(2);
    const generator = manualSeed(77);
    generator.words(5);
    const state = generator.getState();
    expect(await values(2)).toEqual(first);
    expect(generator.getState()).toEqual(state);
    expect(await values(3)).not.toEqual(first);
  });

  test('what is prepared is learned from the training part alone, and the rest goes through it', async () => {
    const parts: number[][] = [];
    const seen: number[] = [];
    const prepare = (train: Dataset<Tensor[], Tensor[]>) => {
      const values = Array.from({ length: train.length }, (_, i) => train.get(i)[0].toArray() as number[]);
      parts.push(values.map(([a]) => a));
      return ([input, target]: Tensor[]) => {
        seen.push(input.shape[0]);
        return [input.mul(2), target];
      };
    };
    await crossValidate(() => toyModel(), dataset, { ...options(), epochs: 1, prepare });
    for (const [i, { train }] of kFold(dataset, { k: 4, seed: 2 }).entries()) {
      expect(parts[i]).toEqual([...train.indices].map((index) => (dataset.get(index)[0].toArray() as number[])[0]));
      expect(parts[i]).toHaveLength(45);
    }
    expect(seen.reduce((a, b) => a + b, 0)).toBe(4 * 60);
  });

  test('a part of the training samples is watched, and neither prepared by nor held out', async () => {
    const parts: number[] = [];
    const run = (more: Partial<Options>) =>
      crossValidate(() => toyModel(), dataset, {
        ...options(),
        epochs: 3,
        prepare: (train) => {
          parts.push(train.length);
          return (batch) => batch;
        },
        ...more,
      });
    const { folds } = await run({
      validation: 0.2,
      stratify: y,
      earlyStopping: { monitor: 'accuracy', mode: 'max', patience: 1, restoreBest: true },
    });
    expect(parts).toEqual([36, 36, 36, 36]);
    for (const { history } of folds) {
      for (const row of history.epochs) expect(row).toMatchObject({ validationLoss: expect.any(Number) });
      expect(history.best!.value).toBe(Math.max(...history.epochs.map(({ metrics }) => metrics.accuracy)));
    }
    const watching = run({ earlyStopping: { monitor: 'validationLoss' } });
    await expect(watching).rejects.toThrow(/must not be watched: got validationLoss, expected trainLoss.*`validation`/);
    await expect(run({ validation: 45 })).rejects.toThrow(/testSize/);
  });

  test('refusals and the signal', async () => {
    const model = toyModel();
    const optimizer = adam(model);
    const run = (more: Partial<Options>) => crossValidate(() => toyModel(), dataset, { ...options(), ...more });
    await expect(run({ optimizer })).rejects.toThrow(/`optimizer` must be a function/);
    await expect(run({ k: 100 })).rejects.toThrow(/100/);
    const controller = new AbortController();
    const onFold = () => controller.abort(new Error('enough'));
    await expect(run({ signal: controller.signal, onFold })).rejects.toThrow('enough');
  });
});
