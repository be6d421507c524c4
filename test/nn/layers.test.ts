import { describe, expect, test } from 'vitest';
import { backward } from '../../src/autograd/index.ts';
import { Generator, manualSeed } from '../../src/core/rng.ts';
import { ConfigError, ShapeError } from '../../src/errors.ts';
import * as nn from '../../src/nn/index.ts';
import {
  binaryCrossEntropyWithLogits,
  crossEntropy,
  gradcheck,
  gradgradcheck,
  mseLoss,
  ones,
  randn,
  sum,
  tensor,
} from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';

const dtype = 'float64';
const input = (...shape: number[]): Tensor =>
  randn(shape, { dtype, requiresGrad: true, generator: new Generator(shape.length) });
const values = (x: Tensor): number[] => [...x.data];

/** Gradients of the input and of every parameter, against central differences. */
function checkGradients(module: nn.Module & { forward(x: Tensor): Tensor }, x: Tensor): void {
  const leaves = [...(x.requiresGrad ? [x] : []), ...module.parameters()];
  expect(gradcheck(() => module.forward(x), leaves)).toBe(true);
}

describe('Linear', () => {
  test('gradients', () => checkGradients(new nn.Linear(3, 2, { dtype }), input(4, 3)));

  test('starts with U(±1/√in), the same for the same seed', () => {
    manualSeed(5);
    const [a, b] = [new nn.Linear(400, 30), new nn.Linear(400, 30)];
    const weights = values(a.weight);
    expect(Math.max(...weights.map(Math.abs))).toBeLessThanOrEqual(1 / 20);
    expect(Math.max(...weights)).toBeGreaterThan(0.99 / 20);
    const variance = weights.reduce((total, w) => total + w * w, 0) / weights.length;
    expect(variance).toBeCloseTo(1 / 20 ** 2 / 3, 5);
    manualSeed(5);
    const again = new nn.Linear(400, 30);
    expect(values(again.weight)).toEqual(weights);
    expect(values(b.weight)).not.toEqual(weights);
  });

  test.each([0, -1, 1.5, Number.NaN, '3'])('refuses %s features', (size) => {
    expect(() => new nn.Linear(size as number, 1)).toThrow(ConfigError);
    expect(() => new nn.Linear(1, size as number)).toThrow(ConfigError);
  });

  test('refuses parameters that are no floats, and inputs that do not fit', () => {
    expect(() => new nn.Linear(1, 1, { dtype: 'int32' as never })).toThrow(ConfigError);
    expect(() => new nn.Linear(3, 1).forward(ones([2, 4]))).toThrow(ShapeError);
  });
});

describe('Embedding', () => {
  const ids = tensor([[0, 2], [2, 1]], { dtype: 'int32' }); // biome-ignore format: a table

  test('gradients, with and without a padding row', () => {
    for (const paddingIdx of [null, 2]) {
      const module = new nn.Embedding(4, 3, { paddingIdx, dtype });
      const loss = () => module.forward(ids);
      if (paddingIdx === null) expect(gradcheck(loss, module.parameters())).toBe(true);
      backward(sum(loss()));
      const rows = Array.from({ length: 4 }, (_, row) => module.weight.grad!.data[3 * row]);
      expect(rows).toEqual(paddingIdx === null ? [1, 1, 2, 0] : [1, 1, 0, 0]);
    }
  });

  test('scaleGradByFreq takes the mean over the occurrences of an id', () => {
    const module = new nn.Embedding(4, 3, { scaleGradByFreq: true, dtype });
    const y = module.forward(ids);
    expect(y.at(0, 1).toArray()).toEqual(module.weight.at(2).toArray());
    backward(sum(y));
    expect(Array.from({ length: 4 }, (_, row) => module.weight.grad!.data[3 * row])).toEqual([1, 1, 1, 0]);
  });

  test('maxNorm shortens the rows that are looked up, and no others', () => {
    const module = new nn.Embedding(4, 3, { maxNorm: 0.5, dtype });
    module.loadStateDict({ weight: ones([4, 3], { dtype }) });
    module.forward(ids);
    const norms = Array.from({ length: 4 }, (_, row) => Math.hypot(...module.weight.data.slice(3 * row, 3 * row + 3)));
    expect(norms).toEqual([0.5, 0.5, 0.5, Math.sqrt(3)].map((norm) => expect.closeTo(norm, 6)));
    expect(() => new nn.Embedding(4, 3, { maxNorm: 0 })).toThrow(ConfigError);
  });

  test('starts with N(0, 1), the padding row at zero', () => {
    const { weight, paddingIdx } = new nn.Embedding(300, 40, { paddingIdx: -1 });
    expect(paddingIdx).toBe(299);
    expect(values(weight).slice(-40)).toEqual(new Array(40).fill(0));
    const drawn = values(weight).slice(0, -40);
    expect(drawn.reduce((total, w) => total + w * w, 0) / drawn.length).toBeCloseTo(1, 1);
    expect(() => new nn.Embedding(3, 2, { paddingIdx: 3 })).toThrow(ConfigError);
  });

  test('refuses ids that have no row', () => {
    expect(() => new nn.Embedding(3, 2).forward(tensor([3], { dtype: 'int32' }))).toThrow(
      expect.objectContaining({ code: 'ERR_INDEX' }),
    );
  });
});

describe('LayerNorm', () => {
  test('gradients, in all its forms', () => {
    checkGradients(new nn.LayerNorm(4, { dtype }), input(3, 4));
    checkGradients(new nn.LayerNorm([2, 3], { dtype, bias: false }), input(2, 2, 3));
    checkGradients(new nn.LayerNorm(4, { dtype, elementwiseAffine: false, eps: 1e-3 }), input(3, 4));
  });

  test('names what it learns as PyTorch does', () => {
    expect(Object.keys(new nn.LayerNorm(2).stateDict())).toEqual(['weight', 'bias']);
    expect(Object.keys(new nn.LayerNorm(2, { bias: false }).stateDict())).toEqual(['weight']);
    expect(new nn.LayerNorm(2, { elementwiseAffine: false }).parameters()).toEqual([]);
    expect(() => new nn.LayerNorm([])).toThrow(ConfigError);
    expect(() => new nn.LayerNorm(2, { eps: -1 })).toThrow(ConfigError);
  });
});

describe('activations', () => {
  test('are their operations', () => {
    const x = tensor([[-1, 0, 2]]);
    const rounded = (layer: nn.Layer) => values(layer.forward(x)).map((v) => Number(v.toFixed(4)));
    expect(rounded(new nn.Identity())).toEqual([-1, 0, 2]);
    expect(rounded(new nn.ReLU())).toEqual([0, 0, 2]);
    expect(rounded(new nn.Tanh())).toEqual([-0.7616, 0, 0.964]);
    expect(rounded(new nn.GELU())).toEqual([-0.1587, 0, 1.9545]);
    expect(rounded(new nn.GELU({ approximate: 'tanh' }))).toEqual([-0.1588, 0, 1.9546]);
    expect(rounded(new nn.Sigmoid())).toEqual([0.2689, 0.5, 0.8808]);
    expect(rounded(new nn.Softmax(1))).toEqual([0.042, 0.1142, 0.8438]);
    expect(rounded(new nn.LogSoftmax())).toEqual([-3.1698, -2.1698, -0.1698]);
    expect(new nn.Flatten().forward(ones([2, 3, 4])).shape).toEqual([2, 12]);
    expect(new nn.Flatten(0, 1).forward(ones([2, 3, 4])).shape).toEqual([6, 4]);
  });

  test('print their options', () => {
    const net = new nn.Sequential(new nn.Softmax(1), new nn.Flatten(), new nn.Dropout(0.1), new nn.LayerNorm([2, 3]));
    expect(String(net)).toBe(
      'Sequential(\n  (0): Softmax(dim: 1)\n  (1): Flatten(startDim: 1, endDim: -1)\n  (2): Dropout(p: 0.1)\n' +
        '  (3): LayerNorm([2, 3], eps: 0.00001) · 12\n) · 12 parameters',
    );
  });
});

describe('losses', () => {
  const logits = input(3, 4);
  const ids = tensor([1, 3, 0], { dtype: 'int32' });
  const target = randn([3, 4], { dtype, generator: new Generator(9) });

  test('are their functions with the options kept', () => {
    const weight = tensor([1, 2, 3, 4], { dtype });
    const options = { weight, ignoreIndex: 3, reduction: 'sum', labelSmoothing: 0.1 } as const;
    expect(new nn.CrossEntropyLoss(options).forward(logits, ids).item()).toBe(
      crossEntropy(logits, ids, options).item(),
    );
    expect(new nn.CrossEntropyLoss().forward(logits, ids).item()).toBe(crossEntropy(logits, ids).item());
    expect(values(new nn.MSELoss({ reduction: 'none' }).forward(logits, target))).toEqual(
      values(mseLoss(logits, target, { reduction: 'none' })),
    );
    const binary = { weight, posWeight: weight, reduction: 'mean' } as const;
    expect(new nn.BCEWithLogitsLoss(binary).forward(logits, target).item()).toBe(
      binaryCrossEntropyWithLogits(logits, target, binary).item(),
    );
  });

  test('their weights are buffers under PyTorch’s names', () => {
    const weight = ones([4]);
    expect(Object.keys(new nn.CrossEntropyLoss({ weight }).stateDict())).toEqual(['weight']);
    const bce = new nn.BCEWithLogitsLoss({ weight, posWeight: weight });
    expect(Object.keys(bce.stateDict())).toEqual(['weight', 'pos_weight']);
    expect(bce.parameters()).toEqual([]);
  });

  test('gradgradcheck', () => {
    const loss = new nn.CrossEntropyLoss();
    expect(gradgradcheck((x) => loss.forward(x, ids), [logits])).toBe(true);
  });
});
