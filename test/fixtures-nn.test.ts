/** Golden values and gradients of modules: the family `nn`. */

import { backward } from '../src/autograd/index.ts';
import type { Module } from '../src/nn/index.ts';
import * as nn from '../src/nn/index.ts';
import type { Extreme } from '../src/ops/index.ts';
import type { Tensor } from '../src/tensor.ts';
import {
  camelCase,
  namedOutputs,
  readOptions,
  seededLoss,
  singleConstants,
  testCase,
  testSkipped,
} from './support/expression-cases.ts';
import {
  expectGradient,
  expectTensor,
  type FixtureCase,
  type FloatDType,
  loadFamily,
  type Names,
  toTensor,
} from './support/fixtures.ts';
import { type Callable, evaluate, parsePython, type Value } from './support/python.ts';
import { torchHost } from './support/torch.ts';

interface ModuleCase extends FixtureCase {
  readonly module: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly train: boolean;
  readonly call: string;
  readonly call_options?: Readonly<Record<string, unknown>>;
  readonly inputs: Names;
  readonly params: Names;
  readonly buffers?: Names;
  readonly buffers_after?: Names;
  readonly outputs: Names;
  readonly seed: Names;
  readonly grads: Names;
  readonly param_grads: Names;
  readonly torch_f32_error?: Readonly<
    Record<'outputs' | 'grads' | 'param_grads', Readonly<Record<string, number>> | undefined>
  >;
}

/** Modules that the library does not have yet. */
const absent: readonly string[] = [];

const family = loadFamily<ModuleCase>('nn');

type Build = (options: Record<string, unknown>) => Module & { forward(...args: never[]): unknown };

/** The options that PyTorch takes by name and the library by position; the rest are an options object. */
function build(Class: new (...args: never[]) => unknown, ...positional: string[]): Build {
  return (options) => {
    const { ...named } = options;
    const args = positional.map((name) => {
      const value = named[name];
      delete named[name];
      return value;
    });
    return new Class(...([...args, named] as never[])) as ReturnType<Build>;
  };
}

const conv = ['inChannels', 'outChannels', 'kernelSize'];

const builders: Record<string, Build> = {
  AdaptiveAvgPool1d: build(nn.AdaptiveAvgPool1d, 'outputSize'),
  AdaptiveAvgPool2d: build(nn.AdaptiveAvgPool2d, 'outputSize'),
  AdaptiveMaxPool1d: build(nn.AdaptiveMaxPool1d, 'outputSize'),
  AdaptiveMaxPool2d: build(nn.AdaptiveMaxPool2d, 'outputSize'),
  AvgPool1d: build(nn.AvgPool1d, 'kernelSize'),
  AvgPool2d: build(nn.AvgPool2d, 'kernelSize'),
  BatchNorm1d: build(nn.BatchNorm1d, 'numFeatures'),
  BatchNorm2d: build(nn.BatchNorm2d, 'numFeatures'),
  Bilinear: build(nn.Bilinear, 'in1Features', 'in2Features', 'outFeatures'),
  Conv1d: build(nn.Conv1d, ...conv),
  Conv2d: build(nn.Conv2d, ...conv),
  ConvTranspose1d: build(nn.ConvTranspose1d, ...conv),
  ConvTranspose2d: build(nn.ConvTranspose2d, ...conv),
  Dropout: build(nn.Dropout, 'p'),
  Embedding: build(nn.Embedding, 'numEmbeddings', 'embeddingDim'),
  GRU: build(nn.GRU, 'inputSize', 'hiddenSize'),
  GRUCell: build(nn.GRUCell, 'inputSize', 'hiddenSize'),
  GroupNorm: build(nn.GroupNorm, 'numGroups', 'numChannels'),
  InstanceNorm1d: build(nn.InstanceNorm1d, 'numFeatures'),
  InstanceNorm2d: build(nn.InstanceNorm2d, 'numFeatures'),
  LSTM: build(nn.LSTM, 'inputSize', 'hiddenSize'),
  LSTMCell: build(nn.LSTMCell, 'inputSize', 'hiddenSize'),
  LayerNorm: build(nn.LayerNorm, 'normalizedShape'),
  Linear: build(nn.Linear, 'inFeatures', 'outFeatures'),
  MaxPool1d: build(nn.MaxPool1d, 'kernelSize'),
  MaxPool2d: build(nn.MaxPool2d, 'kernelSize'),
  MultiheadAttention: build(nn.MultiheadAttention, 'embedDim', 'numHeads'),
  RNN: build(nn.RNN, 'inputSize', 'hiddenSize'),
  RNNCell: build(nn.RNNCell, 'inputSize', 'hiddenSize'),
  TransformerDecoderLayer: build(nn.TransformerDecoderLayer, 'dModel', 'nhead'),
  TransformerEncoderLayer: build(nn.TransformerEncoderLayer, 'dModel', 'nhead'),
  CELU: build(nn.CELU, 'alpha'),
  ELU: build(nn.ELU, 'alpha'),
  Flatten: build(nn.Flatten, 'startDim', 'endDim'),
  GELU: build(nn.GELU),
  Hardshrink: build(nn.Hardshrink, 'lambd'),
  Hardsigmoid: build(nn.Hardsigmoid),
  Hardswish: build(nn.Hardswish),
  Hardtanh: build(nn.Hardtanh, 'minVal', 'maxVal'),
  Identity: build(nn.Identity),
  LeakyReLU: build(nn.LeakyReLU, 'negativeSlope'),
  LogSigmoid: build(nn.LogSigmoid),
  LogSoftmax: build(nn.LogSoftmax, 'dim'),
  Mish: build(nn.Mish),
  PReLU: build(nn.PReLU),
  ReLU: build(nn.ReLU),
  ReLU6: build(nn.ReLU6),
  SELU: build(nn.SELU),
  SiLU: build(nn.SiLU),
  Sigmoid: build(nn.Sigmoid),
  Softmax: build(nn.Softmax, 'dim'),
  Softplus: build(nn.Softplus),
  Softshrink: build(nn.Softshrink, 'lambd'),
  Softsign: build(nn.Softsign),
  Tanh: build(nn.Tanh),
  Tanhshrink: build(nn.Tanhshrink),
  Threshold: build(nn.Threshold, 'threshold', 'value'),
};

/** The parameters by position that the library takes by name, in PyTorch's order behind the tensors. */
const calls: Record<string, [tensors: number, names: readonly string[]]> = {
  MultiheadAttention: [3, ['keyPaddingMask', 'needWeights', 'attnMask', 'averageAttnWeights']],
  TransformerDecoderLayer: [2, ['tgtMask', 'memoryMask', 'tgtKeyPaddingMask', 'memoryKeyPaddingMask']],
  TransformerEncoderLayer: [1, ['srcMask', 'srcKeyPaddingMask']],
};

/**
 * The module as the expression calls it: an LSTM takes and gives its state as a pair, attention its masks by name, a maximum comes
 * with its places.
 */
function callable(module: ReturnType<Build>): Callable {
  if (module instanceof nn.LSTM || module instanceof nn.LSTMCell) {
    return ([x, state]) => {
      const [h, c] = (state ?? []) as Tensor[];
      const found = module.forward(x as Tensor, state == null ? undefined : { h, c });
      if (!Array.isArray(found)) return [found.h, found.c];
      return [found[0], [found[1].h, found[1].c]];
    };
  }
  const [tensors, names] = calls[module.constructor.name] ?? [Infinity, []];
  return (args, keywords) => {
    const options = Object.fromEntries([
      ...args.slice(tensors).map((value, i) => [names[i], value]),
      ...Object.entries(keywords).map(([name, value]) => [camelCase(name), value]),
    ]);
    const given = [...args.slice(0, tensors), ...(tensors === Infinity ? [] : [options])];
    const y = module.forward(...(given as never[])) as Tensor | Value[] | Extreme;
    return 'indices' in y ? [y.values, y.indices] : y;
  };
}

function check(fixture: ModuleCase, dtype: FloatDType): void {
  const { inputs, params, buffers = {}, outputs, seed, grads, param_grads, torch_f32_error: errors } = fixture;
  const options = Object.entries(readOptions(fixture.options)).map(([name, value]) => [camelCase(name), value]);
  // Modules that hold nothing take no dtype.
  const holds = Object.keys(params).length + Object.keys(buffers).length > 0;
  const module = builders[fixture.module]({ ...Object.fromEntries(options), ...(holds ? { dtype } : {}) });
  const load = (names: Names) => Object.entries(names).map(([name, at]) => [name, toTensor(family.tensor(at), dtype)]);
  module.loadStateDict(Object.fromEntries([...load(params), ...load(buffers)]));
  module.train(fixture.train);
  const leaves = Object.entries(inputs).map(
    ([name, at]) => [name, toTensor(family.tensor(at), dtype, Object.hasOwn(grads, name))] as const,
  );
  const scope = new Map<string, Value>([
    ...leaves,
    ...Object.entries(readOptions(fixture.call_options ?? {})),
    ['m', callable(module)],
  ]);
  const found = namedOutputs(evaluate(parsePython(fixture.call), scope, torchHost), outputs);
  for (const [name, at] of Object.entries(outputs)) {
    expectTensor(name, found[name], family.tensor(at), { dtype, torchError: errors?.outputs?.[name] });
  }
  const state = module.stateDict();
  for (const [name, at] of Object.entries(fixture.buffers_after ?? {})) {
    expectTensor(`${name} after the call`, state[name], family.tensor(at), { dtype });
  }
  backward(seededLoss(family, found, seed, dtype));
  for (const [name, leaf] of leaves) {
    if (!Object.hasOwn(grads, name)) continue;
    const torchError = errors?.grads?.[name];
    const torchRelativeError = singleConstants[fixture.module];
    expectGradient(`gradient of ${name}`, leaf, family.tensor(grads[name]), { dtype, torchError, torchRelativeError });
  }
  const parameters = new Map(module.namedParameters());
  for (const [name, at] of Object.entries(param_grads)) {
    const torchError = errors?.param_grads?.[name];
    expectGradient(`gradient of ${name}`, parameters.get(name)!, family.tensor(at), { dtype, torchError });
  }
}

const skipped = new Set<string>();
for (const fixture of family.cases) {
  const needs = () => (Object.hasOwn(builders, fixture.module) ? [] : [fixture.module]);
  testCase(fixture.id, needs, skipped, (dtype) => check(fixture, dtype));
}
testSkipped('nn', skipped, absent, nn);
