import { describe, expect, test } from 'vitest';
import { ConfigError, StateDictError } from '../../src/errors.ts';
import { zeros } from '../../src/ops/index.ts';
import * as optim from '../../src/optim/index.ts';

function twoGroups(): optim.SGD {
  const leaf = () => zeros([1], { requiresGrad: true });
  return new optim.SGD([{ params: [leaf()] }, { params: [leaf()], lr: 0.01 }], { lr: 0.1, momentum: 0.9 });
}

type Make = (optimizer: optim.SGD) => optim.LRScheduler;

const schedules: [string, Make][] = [
  ['LambdaLR', (o) => new optim.LambdaLR(o, [(t) => 1 / (t + 1), (t) => 0.5 ** t])],
  ['StepLR', (o) => new optim.StepLR(o, 3, { gamma: 0.5 })],
  ['MultiStepLR', (o) => new optim.MultiStepLR(o, [2, 5])],
  ['ExponentialLR', (o) => new optim.ExponentialLR(o, 0.9)],
  ['LinearLR', (o) => new optim.LinearLR(o)],
  ['ConstantLR', (o) => new optim.ConstantLR(o)],
  ['PolynomialLR', (o) => new optim.PolynomialLR(o, { totalIters: 7, power: 2 })],
  ['CosineAnnealingLR', (o) => new optim.CosineAnnealingLR(o, 6, { etaMin: 1e-3 })],
  ['CosineAnnealingWarmRestarts', (o) => new optim.CosineAnnealingWarmRestarts(o, 2, { tMult: 2 })],
  ['OneCycleLR', (o) => new optim.OneCycleLR(o, [0.5, 0.05], { totalSteps: 20 })],
  ['MultiplicativeLR', (o) => new optim.MultiplicativeLR(o, [(t) => 1 - 1 / (t + 1), () => 0.9])],
  ['InverseSqrtLR', (o) => new optim.InverseSqrtLR(o, { warmupSteps: 3 })],
  [
    'CyclicLR',
    (o) =>
      new optim.CyclicLR(o, { baseLr: [0.01, 0.001], maxLr: 0.5, stepSizeUp: 3, stepSizeDown: 2, mode: 'triangular2' }),
  ],
  [
    'ChainedScheduler',
    (o) =>
      new optim.ChainedScheduler(o, [
        new optim.ConstantLR(o, { factor: 0.1, totalIters: 3 }),
        new optim.CosineAnnealingLR(o, 4, { etaMin: 1e-3 }),
        new optim.ExponentialLR(o, 0.9),
      ]),
  ],
  ['WarmupLR', (o) => new optim.WarmupLR(o, new optim.StepLR(o, 2, { gamma: 0.5 }), { steps: 3, startFactor: 0.1 })],
  [
    'a cycle after warm-up',
    (o) => new optim.WarmupLR(o, new optim.OneCycleLR(o, 0.5, { totalSteps: 9 }), { steps: 3 }),
  ],
  [
    'SequentialLR',
    (o) =>
      new optim.SequentialLR(o, [new optim.LinearLR(o, { totalIters: 4 }), new optim.CosineAnnealingLR(o, 8)], [4]),
  ],
];

const look = ({ paramGroups }: optim.SGD): number[] => paramGroups.flatMap(({ lr, momentum }) => [lr, momentum]);

describe.each(schedules)('%s', (_, make) => {
  test('is resumed at any step from plain data', () => {
    const whole = twoGroups();
    const schedule = make(whole);
    for (let stop = 0; stop < 10; stop++) {
      const resumed = twoGroups();
      // A rate that was already scheduled is not taken for the rate to schedule.
      resumed.paramGroups[0].lr = 123;
      const copy = make(resumed);
      copy.loadStateDict(JSON.parse(JSON.stringify(schedule.stateDict())));
      expect(look(resumed)).toEqual(look(whole));
      copy.step();
      schedule.step();
      expect(look(resumed)).toEqual(look(whole));
      expect(copy.stepsTaken).toBe(stop + 1);
    }
  });

  test('refuses a state of other groups', () => {
    const schedule = make(twoGroups());
    for (const state of [
      { stepsTaken: 1, baseLrs: [1] },
      { stepsTaken: -1, baseLrs: [1, 1] },
      { stepsTaken: 1.5, baseLrs: [1, 1] },
      { stepsTaken: 1, baseLrs: [1, null as never] },
      { stepsTaken: 1 } as never,
    ]) {
      expect(() => schedule.loadStateDict(state)).toThrow(StateDictError);
    }
    expect(schedule.stepsTaken).toBe(0);
  });
});

test('every group keeps its own base rate', () => {
  const optimizer = twoGroups();
  const schedule = new optim.StepLR(optimizer, 1, { gamma: 0.5 });
  schedule.step();
  expect(schedule.getLastLr()).toEqual([0.05, 0.005]);
  expect(schedule.baseLrs).toEqual([0.1, 0.01]);
});

test('a second schedule starts from the rates before the first', () => {
  const optimizer = twoGroups();
  new optim.LinearLR(optimizer, { startFactor: 0.1 });
  expect(optimizer.paramGroups[0].lr).toBeCloseTo(0.01, 12);
  expect(new optim.ExponentialLR(optimizer, 0.5).baseLrs).toEqual([0.1, 0.01]);
});

test('the base rates are part of the optimizer’s state', () => {
  const optimizer = twoGroups();
  new optim.StepLR(optimizer, 1).step();
  const other = twoGroups();
  other.loadStateDict(optimizer.stateDict());
  expect(new optim.StepLR(other, 1).baseLrs).toEqual([0.1, 0.01]);
});

test('OneCycleLR cycles Adam’s first β, and ends with its cycle', () => {
  const adam = new optim.Adam([zeros([1], { requiresGrad: true })]);
  const schedule = new optim.OneCycleLR(adam, 0.1, { totalSteps: 4 });
  expect(adam.paramGroups[0].betas).toEqual([0.95, 0.999]);
  for (let t = 0; t < 4; t++) schedule.step();
  expect(() => schedule.step()).toThrow(/the cycle is over/);
  const product = new optim.OneCycleLR(
    new optim.SGD([zeros([1], { requiresGrad: true })], { lr: 1, momentum: 0.9 }),
    0.1,
    {
      epochs: 2,
      stepsPerEpoch: 2,
    },
  );
  for (let step = 0; step < 3; step++) product.step();
  expect(product.getLastLr()[0]).toBeCloseTo(0.1 / 25 / 1e4, 12);
  const options = { totalSteps: 4, cycleMomentum: false };
  new optim.OneCycleLR(adam, 0.1, options);
  expect(() => new optim.OneCycleLR({ paramGroups: [{ lr: 1 }] }, 0.1, { totalSteps: 4 })).toThrow(/no momentum/);
});

test.each([
  ['a step size of 0', () => new optim.StepLR(twoGroups(), 0)],
  ['half a period', () => new optim.CosineAnnealingLR(twoGroups(), 1.5)],
  ['one function for two groups', () => new optim.LambdaLR(twoGroups(), [() => 1])],
  ['epochs without their steps', () => new optim.OneCycleLR(twoGroups(), 0.1, { epochs: 3 })],
  ['one largest rate for two groups', () => new optim.OneCycleLR(twoGroups(), [0.1], { totalSteps: 3 })],
  ['a sequence without its milestone', () => new optim.SequentialLR(twoGroups(), [], [])],
  ['a cycle without momentum', () => new optim.CyclicLR({ paramGroups: [{ lr: 1 }] }, { baseLr: 0, maxLr: 1 })],
  ['a cycle of an unknown mode', () => new optim.CyclicLR(twoGroups(), { baseLr: 0, maxLr: 1, mode: 'sine' as never })],
  ['one base rate for two groups', () => new optim.CyclicLR(twoGroups(), { baseLr: [0], maxLr: 1 })],
  ['a warm-up of no steps', () => new optim.WarmupLR(twoGroups(), new optim.StepLR(twoGroups(), 1), { steps: 0 })],
  ['a chain of nothing', () => new optim.ChainedScheduler(twoGroups(), [])],
  ['one least rate for two groups', () => new optim.ReduceLROnPlateau(twoGroups(), { minLr: [0.1] })],
  ['a factor of 1', () => new optim.ReduceLROnPlateau(twoGroups(), { factor: 1 })],
])('%s is a ConfigError', (_, make) => {
  expect(make).toThrow(ConfigError);
});

test('ReduceLROnPlateau goes on from its state', () => {
  const metrics = [3, 2, 2, 2, 2, Number.NaN, 2, 1, 1, 1];
  const whole = twoGroups();
  const plateau = new optim.ReduceLROnPlateau(whole, { patience: 1, cooldown: 1, factor: 0.5 });
  for (const metric of metrics.slice(0, 5)) plateau.step(metric);
  const resumed = twoGroups();
  const copy = new optim.ReduceLROnPlateau(resumed, { patience: 1, cooldown: 1, factor: 0.5 });
  copy.loadStateDict(JSON.parse(JSON.stringify(plateau.stateDict())));
  for (const metric of metrics.slice(5)) {
    plateau.step(metric);
    copy.step(metric);
    expect(copy.getLastLr()).toEqual(plateau.getLastLr());
  }
  expect(plateau.getLastLr()[0]).toBeLessThan(0.1);
  expect(() => copy.loadStateDict({ ...plateau.stateDict(), lrs: [1] })).toThrow(StateDictError);
});

test('cosine falls from 1 to 0 and stays there', () => {
  expect([-1, 0, 0.5, 1, 2].map((p) => Number(optim.cosine(p).toFixed(12)))).toEqual([1, 1, 0.5, 0, 0]);
  expect(optim.cosine(0.25)).toBeCloseTo((2 + Math.SQRT2) / 4, 12);
});
