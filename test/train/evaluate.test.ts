import { describe, expect, test } from 'vitest';
import { DataLoader, TensorDataset } from '../../src/data/index.ts';
import {
  crossEntropy,
  evaluate,
  isGradEnabled,
  manualSeed,
  nn,
  predict,
  randn,
  type Tensor,
  tensor,
} from '../../src/index.ts';
import { Accuracy } from '../../src/metrics/index.ts';
import { quadrants, toyModel } from './toy.ts';

const { x: points, y: classes } = quadrants(50);
const x = tensor(points);
const y = tensor(classes, { dtype: 'int32' });

describe('evaluate', () => {
  test('the mean over all samples, however they are batched', async () => {
    const model = toyModel();
    model.eval();
    const want = crossEntropy(model.forward(x), y).item();
    model.train();
    for (const batchSize of [50, 7, 1]) {
      const loader = new DataLoader(new TensorDataset(x, y), { batchSize });
      const result = await evaluate(model, loader, { loss: crossEntropy, metrics: [new Accuracy()] });
      expect(result.loss).toBeCloseTo(want, 6);
      expect(result.samples).toBe(50);
      expect(result.metrics.accuracy).toBeGreaterThan(0.2);
    }
    expect(await evaluate(model, [[x, y]])).toEqual({ loss: null, metrics: {}, samples: 50 });
  });

  test('nothing is dropped, nothing recorded, and every module is left in its mode', async () => {
    const seen: [boolean, boolean][] = [];
    class Watched extends nn.Module {
      readonly inner = toyModel(0.9);

      forward(input: Tensor): Tensor {
        seen.push([isGradEnabled(), this.inner.children()[2].training]);
        return this.inner.forward(input);
      }
    }
    const model = new Watched();
    model.inner.children()[0].eval();
    const modes = () => model.modules().map((module) => module.training);
    const before = modes();
    const [a, b] = [
      await evaluate(model, [[x, y]], { loss: crossEntropy }),
      await evaluate(model, [[x, y]], { loss: crossEntropy }),
    ];
    expect(a).toEqual(b);
    expect(seen).toEqual([
      [false, false],
      [false, false],
    ]);
    expect(modes()).toEqual(before);
    await expect(evaluate(model, [[tensor([[1]]), y]], { loss: crossEntropy })).rejects.toThrow();
    expect(modes()).toEqual(before);
  });

  test('the signal', async () => {
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    await expect(evaluate(toyModel(), [[x, y]], { signal: controller.signal })).rejects.toThrow('enough');
  });

  test('metrics want to see something', async () => {
    const step = (model: nn.Module) => model.parameters()[0].sum();
    await expect(evaluate(toyModel(), [[x, y]], { step, metrics: [new Accuracy()] })).rejects.toThrow(
      /metrics need an output and a target/,
    );
  });
});

describe('predict', () => {
  test('the outputs of all samples, in parts of any size', async () => {
    const model = toyModel();
    model.eval();
    const want = model.forward(x).toArray();
    model.train();
    for (const batchSize of [256, 50, 8, 1]) {
      const got = await predict(model, x, { batchSize });
      expect(got.shape).toEqual([50, 2]);
      for (const [i, row] of (got.toArray() as number[][]).entries()) {
        for (const [j, value] of row.entries()) expect(value).toBeCloseTo((want as number[][])[i][j], 6);
      }
      expect(got.requiresGrad).toBe(false);
    }
    expect(model.training).toBe(true);
  });

  test('batches of a loader: the target is left out, unless there is none', async () => {
    const model = toyModel();
    const want = (await predict(model, x)).toArray();
    expect((await predict(model, [[x, y]])).toArray()).toEqual(want);
    expect((await predict(model, [x])).toArray()).toEqual(want);
    class Sum extends nn.Module {
      forward(a: Tensor, b: Tensor): Tensor {
        return a.add(b);
      }
    }
    manualSeed(3);
    const a = randn([3, 2]);
    expect(
      (
        await predict(
          new Sum(),
          [
            [a, a],
            [a, a],
          ],
          { targets: false },
        )
      ).shape,
    ).toEqual([6, 2]);
  });

  test('refusals', async () => {
    await expect(predict(toyModel(), x, { batchSize: 0 })).rejects.toThrow(/batchSize must be a positive integer/);
    await expect(predict(new nn.LSTM(2, 3) as never, [randn([4, 1, 2])])).rejects.toThrow(/no tensor/);
    await expect(predict(toyModel(), [3] as never)).rejects.toThrow(/a tensor or a list of tensors/);
  });
});
