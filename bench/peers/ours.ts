/** lanegrad as one of the peers. */

import { noGrad, scope } from '../../src/autograd/index.ts';
import { UnaryOp } from '../../src/backend/opcodes.ts';
import { kernelsFor, setBackend, setNumThreads } from '../../src/backend/select.ts';
import { CharLSTM } from '../../src/models/char-lstm.ts';
import { generate } from '../../src/models/generate.ts';
import { Linear, LSTM, Module, Sigmoid, Tanh } from '../../src/nn/index.ts';
import { conv2d, crossEntropy, maxPool2d, mseLoss, randint, randn, relu, tensor } from '../../src/ops/index.ts';
import { Adam, SGD } from '../../src/optim/index.ts';
import type { Tensor } from '../../src/tensor.ts';
import { Vocabulary } from '../../src/text/vocabulary.ts';
import { floats } from '../arrays.ts';
import { trainingStep } from '../char-training.ts';
import { VOCAB } from '../workloads.ts';
import { fmaPeak } from '../yardstick.ts';
import { type Prepared, serve } from './serve.ts';
import { evenly, type LayerSize, meanMagnitude, type Work } from './works.ts';

const GENERATED = 256;

function even(length: number, seed: number, scale?: number): Float32Array {
  const values = evenly(length, seed, scale);
  return floats(length, (i) => values[i]);
}

function gemm({ m, n, k, transA, transB }: Extract<Work, { kind: 'gemm' }>): Prepared {
  const kernels = kernelsFor('float32');
  const [a, b, c] = [even(m * k, 1), even(k * n, 2), floats(m * n)];
  const run = () => kernels.gemm(transA, transB, m, n, k, a, b, c, false, null, 1, 0, 0, 0);
  run();
  return { run, check: meanMagnitude(c) };
}

function lstm({ inputs, hidden, batch, steps }: LayerSize): Prepared {
  const layer = new LSTM(inputs, hidden);
  const scale = 1 / Math.sqrt(hidden);
  layer.parameters().forEach((parameter, i) => {
    parameter.data.set(evenly(parameter.data.length, i, scale));
  });
  const x = tensor(evenly(steps * batch * inputs, 9), { shape: [steps, batch, inputs] });
  const forward = () => noGrad(() => layer.forward(x)[0]);
  const run = () => scope(() => void forward());
  return { run, check: meanMagnitude(forward().data as Float32Array) };
}

function generation(size: Extract<Work, { kind: 'generate' }>): Prepared {
  const vocab = Vocabulary.fromCodePoints(Array.from({ length: VOCAB }, (_, i) => 32 + i));
  const model = new CharLSTM({ vocab, embed: size.embed, hidden: size.hidden, layers: size.layers });
  return { run: () => generate(model, { seedText: 'A', length: GENERATED, temperature: 0.8 }), times: GENERATED };
}

function vector(kind: 'tanh' | 'exp', elements: number): Prepared {
  const kernels = kernelsFor('float32');
  const [x, y] = [even(elements, 1, 4), floats(elements)];
  const run = () => kernels.unary(UnaryOp[kind], x, y, 0, 0);
  run();
  return { run, check: meanMagnitude(y) };
}

class Xor extends Module {
  first = new Linear(2, 8);
  second = new Linear(8, 1);
  bend = new Tanh();
  squash = new Sigmoid();
  forward(x: Tensor): Tensor {
    return this.squash.forward(this.second.forward(this.bend.forward(this.first.forward(x))));
  }
}

function xor(): Prepared {
  const net = new Xor();
  const adam = new Adam(net.parameters(), { lr: 0.01 });
  const x = tensor([0, 0, 0, 1, 1, 0, 1, 1], { shape: [4, 2] });
  const target = tensor([0, 1, 1, 0], { shape: [4, 1] });
  const run = () =>
    scope(() => {
      adam.zeroGrad({ recycle: true });
      mseLoss(net.forward(x), target).backward();
      adam.step();
    });
  return { run };
}

function mlp(): Prepared {
  const [first, second] = [new Linear(784, 256), new Linear(256, 10)];
  const sgd = new SGD([...first.parameters(), ...second.parameters()], { lr: 0.01 });
  const [x, target] = [randn([128, 784]), randint(0, 10, [128])];
  const run = () =>
    scope(() => {
      sgd.zeroGrad({ recycle: true });
      crossEntropy(second.forward(relu(first.forward(x))), target).backward();
      sgd.step();
    });
  return { run };
}

function cnn(): Prepared {
  const shapes = [[16, 1, 5, 5], [16], [32, 16, 5, 5], [32]];
  const filters = shapes.map((shape) => randn(shape, { requiresGrad: true }));
  filters.forEach(({ data }) => {
    data.forEach((value, i) => {
      data[i] = 0.05 * Number(value);
    });
  });
  const [w1, b1, w2, b2] = filters;
  const head = new Linear(32 * 7 * 7, 10);
  const adam = new Adam([...filters, ...head.parameters()], { lr: 1e-3 });
  const [x, target] = [randn([64, 1, 28, 28]), randint(0, 10, [64])];
  const run = () =>
    scope(() => {
      adam.zeroGrad({ recycle: true });
      const first = maxPool2d(relu(conv2d(x, w1, b1, { padding: 2 })), 2);
      const second = maxPool2d(relu(conv2d(first, w2, b2, { padding: 2 })), 2);
      crossEntropy(head.forward(second.reshape([64, -1])), target).backward();
      adam.step();
    });
  return { run };
}

function add(): Prepared {
  const [a, b] = [1, 2].map((seed) => tensor(evenly(16, seed), { requiresGrad: true }));
  return { run: () => a.add(b) };
}

function prepare(work: Work): Prepared {
  switch (work.kind) {
    case 'gemm':
      return gemm(work);
    case 'lstm':
      return lstm(work);
    case 'train':
      return { run: trainingStep(work, work.cell) };
    case 'generate':
      return generation(work);
    case 'tanh':
    case 'exp':
      return vector(work.kind, work.elements);
    case 'xor':
      return xor();
    case 'mlp':
      return mlp();
    case 'add':
      return add();
    case 'cnn':
      return cnn();
  }
}

setBackend('native');
serve({
  prepare(work) {
    setNumThreads(work.threads);
    const prepared = prepare(work);
    const run = () => {
      setNumThreads(work.threads);
      prepared.run();
    };
    return { ...prepared, run };
  },
  peak: fmaPeak,
});
