/**
 * Small work, where what counts is everything around the arithmetic: recording, allocation, collection, the crossing
 * into the addon. Every figure includes the collector's work, because a round is long enough for it to run.
 *
 * npx tsx --import ./bench/compiled.ts bench/small-ops.ts [--json] [--ts]
 */

import { backward, noGrad } from '../src/autograd/index.ts';
import { backendInfo, setBackend, setNumThreads } from '../src/backend/select.ts';
import { manualSeed } from '../src/core/rng.ts';
import { Linear, Module, Sigmoid, Tanh } from '../src/nn/index.ts';
import { crossEntropy, mseLoss, randint, randn, relu, sum, tanh, tensor } from '../src/ops/index.ts';
import { Adam, SGD } from '../src/optim/index.ts';
import { interleaved, report, type Subject } from './harness.ts';
import { significant } from './statistics.ts';
import { scriptSeconds } from './yardstick.ts';

interface Work {
  readonly name: string;
  /** How many times `once` runs in a round, and how many operations it is. */
  readonly times: number;
  readonly operations: number;
  readonly once: () => void;
}

const SIZES = [16, 32, 64, 128, 256] as const;
const CHAIN = 10;

function additions(): Work[] {
  return SIZES.flatMap((n) => {
    const [a, b] = [randn([n]), randn([n])];
    const [ra, rb] = [randn([n], { requiresGrad: true }), randn([n], { requiresGrad: true })];
    return [
      { name: `a + b recorded, ${n}`, times: 20_000, operations: 1, once: () => void ra.add(rb) },
      { name: `a + b, ${n}`, times: 20_000, operations: 1, once: () => noGrad(() => void a.add(b)) },
    ];
  });
}

function singles(): Work[] {
  const x = randn([16], { requiresGrad: true });
  const row = randn([16], { requiresGrad: true });
  const matrix = randn([4, 16], { requiresGrad: true });
  return [
    { name: 'tanh recorded, 16', times: 20_000, operations: 1, once: () => void tanh(x) },
    { name: 'x · 2 recorded, 16', times: 20_000, operations: 1, once: () => void x.mul(2) },
    { name: '[4, 16] + [16] recorded', times: 20_000, operations: 1, once: () => void matrix.add(row) },
    { name: 'sum recorded, [4, 16]', times: 20_000, operations: 1, once: () => void matrix.sum() },
  ];
}

/** (((x·a + b)·a + b) …), summed, and its gradient. */
function chain(): Work {
  const [x, a, b] = [0, 1, 2].map(() => randn([16], { requiresGrad: true }));
  return {
    name: `chain of ${CHAIN} × (mul, add), sum, backward, 16`,
    times: 500,
    operations: 2 * (2 * CHAIN + 1),
    once: () => {
      let y = x;
      for (let i = 0; i < CHAIN; i++) y = y.mul(a).add(b);
      backward(sum(y));
      x.grad = a.grad = b.grad = null;
    },
  };
}

class Xor extends Module {
  first = new Linear(2, 8);
  second = new Linear(8, 1);
  bend = new Tanh();
  squash = new Sigmoid();
  forward(x: ReturnType<typeof tensor>): ReturnType<typeof tensor> {
    return this.squash.forward(this.second.forward(this.bend.forward(this.first.forward(x))));
  }
}

/** Linear, tanh, linear, sigmoid, squared error over the four rows; backward, Adam. */
function xorStep(): Work {
  const net = new Xor();
  const adam = new Adam(net.parameters(), { lr: 0.01 });
  const x = tensor([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ]);
  const target = tensor([[0], [1], [1], [0]]);
  return {
    name: 'XOR 2-8-1, Adam step',
    times: 500,
    operations: 1,
    once: () => {
      adam.zeroGrad();
      backward(mseLoss(net.forward(x), target));
      adam.step();
    },
  };
}

/** 784-256-10, batch 128: cross-entropy, SGD. */
function mlpStep(): Work {
  const [first, second] = [new Linear(784, 256), new Linear(256, 10)];
  const sgd = new SGD([...first.parameters(), ...second.parameters()], { lr: 0.01 });
  const [x, target] = [randn([128, 784]), randint(0, 10, [128])];
  return {
    name: 'MLP 784-256-10, batch 128, SGD step',
    times: backendInfo().backend === 'native' ? 20 : 1,
    operations: 1,
    once: () => {
      sgd.zeroGrad();
      backward(crossEntropy(second.forward(relu(first.forward(x))), target));
      sgd.step();
    },
  };
}

if (process.argv.includes('--ts')) setBackend('ts');
if (backendInfo().backend === 'native') setNumThreads(2);
manualSeed(1);

const works = [...additions(), ...singles(), chain(), xorStep(), mlpStep()];
const subjects: Subject[] = works.map(({ name, times, once }) => ({
  name,
  run: () => {
    for (let i = 0; i < times; i++) once();
  },
}));
const script = scriptSeconds();
const rows = interleaved(subjects, { rounds: 15, warmup: 3 }).map(({ name, median, fastest }, i) => {
  const { times, operations } = works[i];
  return {
    work: name,
    'µs (median)': Number(((median / times) * 1e6).toFixed(3)),
    'µs (fastest)': Number(((fastest / times) * 1e6).toFixed(3)),
    'ns an operation': Math.round((median / times / operations) * 1e9),
    'of script': significant(script / (median / times / operations)),
  };
});
report('small-ops', rows, { by: ['work'], time: 'µs (median)', ratios: ['of script'] });
