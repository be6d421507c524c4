/** LBFGS against trajectories of PyTorch 1.13 in float64: the loss a step began with, the weights after it, calls so far. */

import { describe, expect, test } from 'vitest';
import { backward } from '../../src/autograd/index.ts';
import { ConfigError, StateDictError } from '../../src/errors.ts';
import { add, mul, pow, select, square, sub, sum, tensor } from '../../src/ops/index.ts';
import { LBFGS, type LBFGSOptions } from '../../src/optim/index.ts';
import type { Tensor } from '../../src/tensor.ts';

type Loss = (w: Tensor) => Tensor;
const at = (w: Tensor, i: number): Tensor => select(w, 0, i);

const rosenbrock: Loss = (w) => add(square(sub(1, at(w, 0))), mul(square(sub(at(w, 1), square(at(w, 0)))), 100));
const quartic: Loss = (w) =>
  add(sum(pow(sub(w, tensor([1, -2, 0.5], { dtype: 'float64' })), 4)), square(sub(mul(at(w, 0), at(w, 1)), 0.3)));

const cases: [string, Loss, number[], Partial<LBFGSOptions>, number[][]][] = [
  [
    'Rosenbrock, line search',
    rosenbrock,
    [-1.5, 2],
    { lineSearchFn: 'strong_wolfe' },
    [
      [12.5, -0.08511855589860293, -0.028757058413769698, 25],
      [1.3070983150500495, 0.9995835472529905, 0.9991550319577943, 50],
      [1.884048137837783e-7, 0.9999979943196398, 0.9999973438921637, 53],
    ],
  ],
  [
    'Rosenbrock, short memory',
    rosenbrock,
    [-1.5, 2],
    { lineSearchFn: 'strong_wolfe', historySize: 2, maxIter: 7 },
    [
      [12.5, -1.3905953788106162, 1.915290619927266, 8],
      [5.749041472754488, -0.7160312196932839, 0.46754424472812056, 16],
      [3.1486737606502593, -0.0613869337106443, -0.022935334452904795, 24],
    ],
  ],
  [
    'Rosenbrock, fixed steps',
    rosenbrock,
    [-1.5, 2],
    { lr: 0.001, maxIter: 4, historySize: 3 },
    [
      [12.5, -1.4990245418097703, 2.000316990103712, 4],
      [12.334054327088747, -1.4987343775826882, 2.000418898168553, 8],
      [12.284741226196214, -1.4984468605712842, 2.000525666030209, 12],
    ],
  ],
  [
    'quartic, line search',
    quartic,
    [2, 1, -1],
    { lineSearchFn: 'strong_wolfe', historySize: 2, maxIter: 7 },
    [
      [89.9525, 0.22766315112090427, -1.3598736586673084, 0.08136363965362381, 8],
      [0.9260405292659035, 0.20614102684041313, -1.5874741107636365, 0.37862679751071937, 16],
      [0.8197791492782123, 0.2049091397045874, -1.598310331939297, 0.4669773706705856, 24],
    ],
  ],
  [
    'quartic, half steps',
    quartic,
    [2, 1, -1],
    { lr: 0.5, lineSearchFn: 'strong_wolfe', maxIter: 3 },
    [
      [89.9525, 1.9494186969963732, 0.22008887095643537, -0.8583339234402039, 3],
      [28.526470535081998, 1.8706316788577595, -0.31156713956193116, -0.6076068197273921, 6],
      [10.986060298261414, 1.6765438047499546, -0.6503770660869561, -0.3490831928807492, 9],
    ],
  ],
];

/** A parameter, its optimizer, and a closure that counts its calls. */
function setUp(loss: Loss, start: number[], options: Partial<LBFGSOptions>) {
  const w = tensor(start, { dtype: 'float64', requiresGrad: true });
  const optimizer = new LBFGS([w], options);
  const calls = { count: 0 };
  const step = (): number =>
    optimizer
      .step(() => {
        calls.count++;
        optimizer.zeroGrad();
        const value = loss(w);
        backward(value);
        return value;
      })
      .item();
  return { w, optimizer, calls, step };
}

describe.each(cases)('%s', (_, loss, start, options, want) => {
  test('takes PyTorch’s steps', () => {
    const { w, calls, step } = setUp(loss, start, options);
    for (const row of want) {
      const got = [step(), ...w.data, calls.count];
      expect(got.at(-1)).toBe(row.at(-1));
      for (const [i, value] of row.entries())
        expect(Math.abs(got[i] - value)).toBeLessThan(1e-7 * (1 + Math.abs(value)));
    }
  });

  test('goes on bit for bit', () => {
    const whole = setUp(loss, start, options);
    whole.step();
    const resumed = setUp(loss, [...whole.w.data], options);
    resumed.optimizer.loadStateDict(whole.optimizer.stateDict());
    for (let i = 0; i < 2; i++) {
      expect(resumed.step()).toBe(whole.step());
      expect([...resumed.w.data]).toEqual([...whole.w.data]);
    }
  });
});

test('float32 weights and several of them, one without a gradient', () => {
  const a = tensor([3], { requiresGrad: true });
  const b = tensor([-1, 4], { requiresGrad: true });
  const idle = tensor([7], { requiresGrad: true });
  const optimizer = new LBFGS([a, b, idle], { lineSearchFn: 'strong_wolfe' });
  optimizer.step(() => {
    optimizer.zeroGrad();
    const loss = add(sum(square(sub(a, 1))), sum(square(sub(b, tensor([2, 0.5])))));
    backward(loss);
    return loss;
  });
  for (const [got, want] of [
    [a.item(), 1],
    [b.data[0], 2],
    [b.data[1], 0.5],
  ])
    expect(got).toBeCloseTo(want, 5);
  expect(idle.item()).toBe(7);
});

test('at a minimum nothing moves, and the closure is called once', () => {
  const { w, calls, step } = setUp(rosenbrock, [1, 1], {});
  expect(step()).toBe(0);
  expect([...w.data, calls.count]).toEqual([1, 1, 1]);
});

test('refuses two groups, no closure, and a state of other parameters', () => {
  const make = (n: number): Tensor => tensor(new Array(n).fill(1), { dtype: 'float64', requiresGrad: true });
  expect(() => new LBFGS([{ params: [make(1)] }, { params: [make(1)] }])).toThrow(ConfigError);
  expect(() => new LBFGS([make(1)]).step()).toThrow(/needs a closure/);
  expect(() => new LBFGS([make(1)], { lineSearchFn: 'armijo' as never })).toThrow(/lineSearchFn must be/);
  const { optimizer, step } = setUp(rosenbrock, [-1.5, 2], { maxIter: 3 });
  step();
  const other = new LBFGS([make(3)]);
  expect(() => other.loadStateDict(optimizer.stateDict())).toThrow(StateDictError);
  expect(other.stateDict().state).toEqual({});
});
