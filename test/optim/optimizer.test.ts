import { afterEach, describe, expect, test, vi } from 'vitest';
import { backward, scope } from '../../src/autograd/index.ts';
import { kernelsFor } from '../../src/backend/select.ts';
import { AutogradError, ConfigError, DTypeError, ShapeError, StateDictError } from '../../src/errors.ts';
import { Linear, Parameter } from '../../src/nn/index.ts';
import { mul, ones, sum, tensor } from '../../src/ops/index.ts';
import * as optim from '../../src/optim/index.ts';
import { Adam, AdamW, type Optimizer, SGD } from '../../src/optim/index.ts';
import type { Tensor } from '../../src/tensor.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

function leaf(values: number[], gradient: number[] | null, dtype: 'float32' | 'float64' = 'float64'): Tensor {
  const made = tensor(values, { dtype, requiresGrad: true });
  made.grad = gradient === null ? null : tensor(gradient, { dtype });
  return made;
}

const values = (x: Tensor): number[] => [...x.data];

describe('groups', () => {
  test('each has its own options, and the optimizer’s where it names none', () => {
    const [a, b] = [leaf([1], [1]), leaf([1], [1])];
    const optimizer = new SGD([{ params: [a] }, { params: [b], lr: 0.5, weightDecay: 1 }], { lr: 0.1 });
    optimizer.step();
    expect([a.item(), b.item()]).toEqual([0.9, 0]);
    expect(optimizer.paramGroups.map(({ lr, weightDecay, momentum }) => [lr, weightDecay, momentum])).toEqual([
      [0.1, 0, 0],
      [0.5, 1, 0],
    ]);
    optimizer.paramGroups[0].lr = 0.2;
    const late = leaf([1], [1]);
    optimizer.addParamGroup({ params: [late], lr: 0.3 });
    optimizer.step();
    expect(a.item()).toBeCloseTo(0.7, 12);
    expect(late.item()).toBeCloseTo(0.7, 12);
  });

  test('do not share the arrays among their options', () => {
    const { paramGroups } = new Adam([{ params: [leaf([1], null)] }, { params: [leaf([1], null)] }]);
    paramGroups[0].betas[0] = 0.5;
    expect(paramGroups[1].betas).toEqual([0.9, 0.999]);
  });

  test.each([
    [
      'an unknown option',
      () => new Adam([leaf([1], null)], { learningRate: 1 } as never),
      /unknown option learningRate/,
    ],
    ['an unknown option of a group', () => new SGD([{ params: [leaf([1], null)], nestrov: true } as never]), /nestrov/],
    ['a negative rate', () => new SGD([leaf([1], null)], { lr: -1 }), /lr must be a number ≥ 0, not -1/],
    ['a rate that is no number', () => new SGD([leaf([1], null)], { lr: Number.NaN }), /lr must be/],
    ['a decay rate of 1', () => new Adam([leaf([1], null)], { betas: [0.9, 1] }), /betas must be two numbers in/],
    ['Nesterov without momentum', () => new SGD([leaf([1], null)], { nesterov: true }), /Nesterov needs momentum/],
    ['no parameters', () => new SGD([]), /there are no parameters/],
    ['no list of parameters', () => new SGD([{ lr: 1 } as never]), /list of params/],
  ])('%s is a ConfigError', (_, make, message) => {
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(message);
  });

  test('refuse what cannot be optimized', () => {
    const x = leaf([1], null);
    expect(() => new SGD([x, x])).toThrow(/given twice/);
    expect(() => new SGD([{ params: [x] }, { params: [x] }])).toThrow(/given twice/);
    expect(() => new SGD([mul(x, 2)])).toThrow(AutogradError);
    expect(() => new SGD([tensor([1], { dtype: 'int32' })])).toThrow(DTypeError);
    expect(() => new SGD([x, 'y' as never])).toThrow(DTypeError);
  });
});

describe('step', () => {
  test('is one kernel call a group and dtype, over all its parameters', () => {
    const kernels = vi.spyOn(kernelsFor('float32'), 'adam');
    const params = [1, 2, 3].map((v) => leaf([v], [1], 'float32'));
    new Adam([{ params: params.slice(0, 2) }, { params: params.slice(2) }]).step();
    expect(kernels.mock.calls.map(([arrays]) => arrays.length)).toEqual([2, 1]);
  });

  test('updates both float types in one group', () => {
    const [a, b] = [leaf([1], [1], 'float32'), leaf([1], [1], 'float64')];
    new SGD([a, b], { lr: 0.5 }).step();
    expect([a.item(), b.item()]).toEqual([0.5, 0.5]);
  });

  test('leaves a parameter without a gradient as it is, its state too', () => {
    const [a, b] = [leaf([1], [1]), leaf([1], null)];
    const optimizer = new Adam([a, b], { lr: 0.1, weightDecay: 1 });
    optimizer.step();
    expect(b.item()).toBe(1);
    expect(Object.keys(optimizer.stateDict().state)).toEqual(['0']);
  });

  test('corrects the bias by the steps of each parameter, not of the optimizer', () => {
    const [early, late] = [leaf([0], [1]), leaf([0], null)];
    const optimizer = new Adam([early, late], { lr: 0.1 });
    optimizer.step();
    early.grad = null;
    late.grad = tensor([1], { dtype: 'float64' });
    optimizer.step();
    expect(late.item()).toBe(early.item());
    early.grad = tensor([1], { dtype: 'float64' });
    optimizer.step();
    expect(optimizer.stateDict().state).toMatchObject({ 0: { step: 2 }, 1: { step: 2 } });
  });

  test('the first momentum of a late parameter is its gradient, undamped', () => {
    const [a, b] = [leaf([0], [1]), leaf([0], null)];
    const optimizer = new SGD([a, b], { lr: 1, momentum: 0.5, dampening: 0.5 });
    optimizer.step();
    b.grad = tensor([1], { dtype: 'float64' });
    optimizer.step();
    expect([a.item(), b.item()]).toEqual([-2, -1]);
  });

  test('counts the write, so that a graph over the old values refuses', () => {
    const x = leaf([3], [1]);
    const loss = sum(mul(x, x));
    new SGD([x]).step();
    expect(() => backward(loss)).toThrow(AutogradError);
  });

  test('refuses a gradient of another shape or dtype', () => {
    const x = leaf([1, 2], null);
    x.grad = ones([2, 1], { dtype: 'float64' });
    expect(() => new SGD([x]).step()).toThrow(ShapeError);
    x.grad = ones([2]);
    expect(() => new SGD([x]).step()).toThrow(ShapeError);
    expect(values(x)).toEqual([1, 2]);
  });

  test('its state outlives the scope of the step', () => {
    const layer = new Linear(128, 128);
    const optimizer = new Adam(layer.parameters());
    for (let i = 0; i < 2; i++) {
      scope(() => {
        optimizer.zeroGrad();
        backward(sum(layer.forward(ones([2, 128]))));
        optimizer.step();
      });
    }
    const { state } = optimizer.stateDict();
    expect((state[0].exp_avg as Tensor).data).toHaveLength(128 * 128);
  });

  test('AdamW shrinks the weights, Adam adds to the gradient', () => {
    const decay = { lr: 0.1, weightDecay: 0.5 };
    const [adam, adamW] = [leaf([1], [0]), leaf([1], [0])];
    new Adam([adam], decay).step();
    new AdamW([adamW], decay).step();
    expect(adam.item()).toBeCloseTo(0.9, 6);
    expect(adamW.item()).toBeCloseTo(0.95, 12);
    expect(new AdamW([leaf([1], null)]).paramGroups[0].weightDecay).toBe(0.01);
  });
});

describe('state dict', () => {
  type Make = (params: Tensor[]) => Optimizer;
  const makers: [string, Make][] = [
    ['SGD', (params) => new SGD(params, { lr: 0.1, momentum: 0.9, nesterov: true })],
    ['Adam', (params) => new Adam(params, { lr: 0.1, amsgrad: true })],
    ['AdamW', (params) => new AdamW(params, { lr: 0.1 })],
    ['Adagrad', (params) => new optim.Adagrad(params, { lrDecay: 0.1, initialAccumulatorValue: 0.1 })],
    ['RMSprop', (params) => new optim.RMSprop(params, { centered: true, momentum: 0.9 })],
    ['Adadelta', (params) => new optim.Adadelta(params)],
    ['Adamax', (params) => new optim.Adamax(params)],
    ['NAdam', (params) => new optim.NAdam(params, { decoupledWeightDecay: true, weightDecay: 0.1 })],
    ['RAdam', (params) => new optim.RAdam(params, { lr: 0.1, betas: [0.9, 0.9] })],
    ['Rprop', (params) => new optim.Rprop(params)],
    ['ASGD', (params) => new optim.ASGD(params, { t0: 2, lambd: 0.1 })],
  ];
  const gradientAt = (t: number): number[] => [Math.sin(t), Math.cos(3 * t)];

  function run(optimizer: Optimizer, params: Tensor[], from: number, to: number): void {
    for (let t = from; t < to; t++) {
      for (const p of params) p.grad = tensor(gradientAt(t), { dtype: p.dtype });
      optimizer.step();
    }
  }

  test.each(makers)('%s goes on bit for bit', (_, make) => {
    const params = [leaf([1, 2], null, 'float32'), leaf([3, 4], null)];
    const whole = make(params);
    run(whole, params, 0, 4);
    const copies = params.map((p) => leaf(values(p), null, p.dtype as 'float32'));
    const resumed = make(copies);
    resumed.paramGroups[0].lr = 7;
    resumed.loadStateDict(whole.stateDict());
    run(whole, params, 4, 8);
    run(resumed, copies, 4, 8);
    expect(copies.map(values)).toEqual(params.map(values));
  });

  test('is arranged as PyTorch’s', () => {
    const params = [leaf([1], [1]), leaf([1], [1])];
    const optimizer = new Adam([{ params: [params[0]] }, { params: [params[1]], lr: 5 }], { amsgrad: true });
    optimizer.step();
    const { state, paramGroups } = optimizer.stateDict();
    expect(Object.keys(state[1])).toEqual(['step', 'exp_avg', 'exp_avg_sq', 'max_exp_avg_sq']);
    expect(paramGroups.map((group) => group.params)).toEqual([[0], [1]]);
    expect(paramGroups[1]).toMatchObject({ lr: 5, betas: [0.9, 0.999], amsgrad: true });
    expect(JSON.parse(JSON.stringify(paramGroups))).toEqual(paramGroups);
    const sgd = new SGD([leaf([1], [1])], { momentum: 0.5 });
    sgd.step();
    expect(Object.keys(sgd.stateDict().state[0])).toEqual(['momentum_buffer']);
  });

  test('loading copies: two optimizers share nothing', () => {
    const [a, b] = [leaf([1], [1]), leaf([1], [1])];
    const first = new Adam([a]);
    first.step();
    const second = new Adam([b]);
    second.loadStateDict(first.stateDict());
    second.step();
    expect(first.stateDict().state[0].step).toBe(1);
    const [m1, m2] = [first, second].map((o) => o.stateDict().state[0].exp_avg as Tensor);
    expect(m1.item()).not.toBe(m2.item());
  });

  test('names every fault and changes nothing', () => {
    const saved = new Adam([leaf([1], [1]), leaf([1, 2], [1, 1])]);
    saved.step();
    const dict = saved.stateDict();
    const good = structuredClone(dict.paramGroups);
    dict.paramGroups = [{ ...good[0], speed: 3 }];
    dict.state[0] = { step: 1.5, exp_avg: ones([2]), momentum_buffer: ones([1]) };
    const target = new Adam([leaf([1], null), leaf([1, 2], null)]);
    const load = (): void => target.loadStateDict(dict);
    expect(load).toThrow(StateDictError);
    for (const fault of [
      /group 0: unknown option speed/,
      /unexpected 0\.momentum_buffer/,
      /wrong 0\.step \(1\.5\)/,
      /wrong 0\.exp_avg \(\[2\], not \[1\]\)/,
      /missing 0\.exp_avg_sq/,
    ]) {
      expect(load).toThrow(fault);
    }
    expect(target.stateDict().state).toEqual({});
    expect(() => new Adam([leaf([1], null)]).loadStateDict(saved.stateDict())).toThrow(/2 parameters, not 1/);
    expect(() => target.loadStateDict({ state: {}, paramGroups: [] })).toThrow(/0 groups, not 1/);
    const odd = { ...good[0], initialLr: 'x' };
    expect(() => target.loadStateDict({ state: {}, paramGroups: [odd] })).toThrow(/initialLr is no rate/);
    for (const none of [null, {}, { state: {}, paramGroups: 1 }, { state: {}, paramGroups: [{}] }]) {
      expect(() => target.loadStateDict(none as never)).toThrow(/not the state of an optimizer/);
    }
    expect(() => target.loadStateDict({ state: { 0: null as never }, paramGroups: good })).toThrow(/is no state/);
  });
});

test('zeroGrad forgets all gradients', () => {
  const params = [new Parameter(ones([1])), new Parameter(ones([1]))];
  for (const p of params) p.grad = ones([1]);
  new SGD(params).zeroGrad();
  expect(params.map(({ grad }) => grad)).toEqual([null, null]);
});

test('zeroGrad with recycle gives the memory of gradients back, and one still held is no stale data', () => {
  const weight = ones([64, 128], { requiresGrad: true });
  const optimizer = new SGD([weight], { lr: 0.1 });
  const gradientOf = (factor: number): Tensor => {
    backward(sum(mul(weight, factor)));
    return weight.grad!;
  };
  const first = gradientOf(2);
  const memory = first.data.buffer;
  optimizer.zeroGrad({ recycle: true });
  expect(weight.grad).toBeNull();
  expect(() => first.data).toThrow(expect.objectContaining({ code: 'ERR_SCOPE_ENDED' }));
  expect(ones([64, 128]).data.buffer).toBe(memory);
  expect(values(gradientOf(3)).every((x) => x === 3)).toBe(true);
});
