/**
 * A step of each optimizer over a million parameters in several tensors, ms and the share of the bandwidth: the bytes are
 * those that the step has to read and write, the yardstick a copy of as much memory. Beside it the step of a model of many
 * tiny tensors, in µs and for each of its tensors.
 *
 * npx tsx --import ./bench/compiled.ts bench/optim.ts [--json] [--ts]
 */

import { backendInfo, setBackend, setNumThreads } from '../src/backend/select.ts';
import { tensor } from '../src/ops/index.ts';
import * as optim from '../src/optim/index.ts';
import type { Tensor } from '../src/tensor.ts';
import { floats } from './arrays.ts';
import { interleaved, report } from './harness.ts';
import { significant } from './statistics.ts';
import { copyBandwidth } from './yardstick.ts';

/** Weights and biases of a perceptron with two hidden layers: 1 059 210 parameters. */
const LARGE = [[784, 784], [784], [512, 784], [512], [80, 512], [80], [10, 80], [10]];
const TINY = Array.from({ length: 100 }, (_, i) => [1 + (i % 16)]);

type Make = (params: Tensor[]) => optim.Optimizer;
/** The states of a parameter: each is read and written, as the parameter is; the gradient is read. */
const optimizers: readonly (readonly [name: string, states: number, make: Make])[] = [
  ['SGD', 0, (p) => new optim.SGD(p)],
  ['SGD, momentum', 1, (p) => new optim.SGD(p, { momentum: 0.9 })],
  ['Adagrad', 1, (p) => new optim.Adagrad(p)],
  ['RMSprop', 1, (p) => new optim.RMSprop(p)],
  ['RMSprop, centered, momentum', 3, (p) => new optim.RMSprop(p, { centered: true, momentum: 0.9 })],
  ['Adadelta', 2, (p) => new optim.Adadelta(p)],
  ['Adam', 2, (p) => new optim.Adam(p)],
  ['Adam, AMSGrad', 3, (p) => new optim.Adam(p, { amsgrad: true })],
  ['AdamW', 2, (p) => new optim.AdamW(p)],
  ['Adamax', 2, (p) => new optim.Adamax(p)],
  ['NAdam', 2, (p) => new optim.NAdam(p)],
  ['RAdam', 2, (p) => new optim.RAdam(p)],
  ['Rprop', 2, (p) => new optim.Rprop(p)],
  ['ASGD', 1, (p) => new optim.ASGD(p)],
];

function parametersOf(shapes: readonly (readonly number[])[]): Tensor[] {
  return shapes.map((shape) => {
    const n = shape.reduce((product, d) => product * d, 1);
    const parameter = tensor(
      floats(n, (i) => Math.sin(i)),
      { requiresGrad: true },
    )
      .reshape(shape)
      .detach();
    parameter.requiresGrad_(true);
    parameter.grad = tensor(floats(n, (i) => Math.cos(i) / 100)).reshape(shape);
    return parameter;
  });
}

if (process.argv.includes('--ts')) setBackend('ts');
const { backend, threads: most } = backendInfo();
const rows: Record<string, unknown>[] = [];
for (const threads of backend === 'native' ? [...new Set([1, most])] : [1]) {
  setNumThreads(threads);
  for (const [name, states, make] of optimizers) {
    const [large, tiny] = [parametersOf(LARGE), parametersOf(TINY)];
    const [big, small] = [make(large), make(tiny)];
    const [step, short] = interleaved(
      [
        { name: 'large', run: () => big.step() },
        {
          name: 'tiny',
          run: () => {
            for (let i = 0; i < 20; i++) small.step();
          },
        },
      ],
      { rounds: 15, warmup: 5, turn: 0.005 },
    );
    const bytes = 4 * (3 + 2 * states) * large.reduce((n, { size }) => n + size, 0);
    rows.push({
      optimizer: name,
      threads,
      ms: significant(step.median * 1e3),
      'GB/s': significant(bytes / step.median / 1e9),
      'of bandwidth': significant(bytes / step.median / copyBandwidth(bytes / 2, threads), 2),
      'tiny µs': significant((short.median / 20) * 1e6),
      'tiny ns a tensor': significant((short.median / 20 / TINY.length) * 1e9),
    });
  }
}
report('optim', rows, { by: ['optimizer', 'threads'], time: 'ms', ratios: ['of bandwidth'] });
