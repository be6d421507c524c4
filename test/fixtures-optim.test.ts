/** Golden trajectories of optimizers, learning-rate schedules and gradient clipping: the family `optim`. */

import { test } from 'vitest';
import { backward } from '../src/autograd/index.ts';
import * as optim from '../src/optim/index.ts';
import type { Tensor } from '../src/tensor.ts';
import { camelCase, readOptions, testCase, testSkipped } from './support/expression-cases.ts';
import {
  expectTensor,
  expectValues,
  type FixtureCase,
  type FixtureTensor,
  type FloatDType,
  loadFamily,
  type Names,
  toTensor,
} from './support/fixtures.ts';
import { evaluate, parsePython, type Value } from './support/python.ts';
import { torchHost } from './support/torch.ts';

type Options = Readonly<Record<string, unknown>>;

interface OptimizerCase extends FixtureCase {
  readonly kind: 'optimizer';
  readonly optimizer: string;
  readonly options: Options;
  readonly formula: string;
  readonly steps: number;
  readonly params0: Names;
  readonly data: Names;
  readonly params: Names;
  readonly grads: Names;
  readonly losses: string;
  readonly torch_f32_error?: { readonly params: Readonly<Record<string, number>> };
}

interface SchedulerCase extends FixtureCase {
  readonly kind: 'scheduler';
  readonly scheduler: string;
  readonly options: Options;
  readonly base_lr: number;
  readonly steps: number;
  readonly lrs: readonly number[];
  readonly momenta?: readonly number[];
  readonly metrics?: readonly number[];
}

interface ClipCase extends FixtureCase {
  readonly kind: 'clip';
  readonly function: string;
  readonly options: Options;
  readonly inputs: Names;
  readonly outputs: Names;
  readonly total_norm?: number;
}

const family = loadFamily<OptimizerCase | SchedulerCase | ClipCase>('optim');

const { ASGD, Adadelta, Adagrad, Adam, AdamW, Adamax, NAdam, RAdam, RMSprop, Rprop, SGD } = optim;
const optimizers = { ASGD, Adadelta, Adagrad, Adam, AdamW, Adamax, NAdam, RAdam, RMSprop, Rprop, SGD } as const;

function makeOptimizer({ optimizer, options }: OptimizerCase, params: Tensor[]): optim.Optimizer {
  const Class = optimizers[optimizer as keyof typeof optimizers] as new (
    params: Tensor[],
    options: object,
  ) => optim.Optimizer;
  return new Class(params, optionsOf(options));
}

/** PyTorch's options by the library's names. */
function optionsOf(options: Options): Record<string, never> {
  return Object.fromEntries(
    Object.entries(readOptions(options)).map(([name, value]) => [camelCase(name), value]),
  ) as Record<string, never>;
}

function leavesOf(names: Names, dtype: FloatDType): Map<string, Tensor> {
  return new Map(Object.entries(names).map(([name, at]) => [name, toTensor(family.tensor(at), dtype, true)]));
}

/** Entry t of a tensor of steps. */
function at(tensor: FixtureTensor, t: number): FixtureTensor {
  const shape = tensor.shape.slice(1);
  const size = shape.reduce((product, d) => product * d, 1);
  return { ...tensor, shape, values: tensor.values.slice(t * size, (t + 1) * size) };
}

/** The optimizer alone: PyTorch's gradients in, its parameters out. */
function checkTrajectory(fixture: OptimizerCase, dtype: FloatDType): void {
  const leaves = leavesOf(fixture.params0, dtype);
  const optimizer = makeOptimizer(fixture, [...leaves.values()]);
  for (let t = 0; t < fixture.steps; t++) {
    for (const [name, leaf] of leaves) leaf.grad = toTensor(at(family.tensor(fixture.grads[name]), t), dtype);
    optimizer.step();
    for (const [name, leaf] of leaves) {
      const want = at(family.tensor(fixture.params[name]), t + 1);
      const torchError = fixture.torch_f32_error?.params[name];
      expectTensor(`${name} after step ${t + 1}`, leaf.detach(), want, { dtype, torchError });
    }
  }
}

/** The whole loop, gradients from the formula, in float64. */
function checkLoop(fixture: OptimizerCase): void {
  const leaves = leavesOf(fixture.params0, 'float64');
  const data = Object.entries(fixture.data).map(
    ([name, place]) => [name, toTensor(family.tensor(place), 'float64')] as const,
  );
  const scope = new Map<string, Value>([...leaves, ...data]);
  const optimizer = makeOptimizer(fixture, [...leaves.values()]);
  const losses = Array.from({ length: fixture.steps }, () => {
    optimizer.zeroGrad();
    const loss = evaluate(parsePython(fixture.formula), scope, torchHost) as Tensor;
    backward(loss);
    optimizer.step();
    return loss.item();
  });
  const tolerance = (want: number) => 1e-10 + 1e-8 * Math.abs(want);
  expectValues('losses', losses, family.tensor(fixture.losses).values, tolerance);
  for (const [name, leaf] of leaves) {
    const want = at(family.tensor(fixture.params[name]), fixture.steps);
    expectTensor(`${name} at the end`, leaf.detach(), want, { dtype: 'float64' });
  }
}

type Schedule = optim.LRScheduler | optim.ReduceLROnPlateau;
type BuildSchedule = (optimizer: optim.SGD, options: Record<string, never>) => Schedule;

/** A factor as Python in t. */
function factorOf(source: string): (t: number) => number {
  const factor = parsePython(source);
  return (t) => evaluate(factor, new Map([['t', t]]), torchHost) as number;
}

function partsOf(o: optim.SGD, parts: readonly [string, Options][]): optim.LRScheduler[] {
  return parts.map(([name, options]) => schedulers[name](o, optionsOf(options)) as optim.LRScheduler);
}

const schedulers: Record<string, BuildSchedule> = {
  ChainedScheduler: (o, { schedulers: parts }) => new optim.ChainedScheduler(o, partsOf(o, parts)),
  ConstantLR: (o, options) => new optim.ConstantLR(o, options),
  CosineAnnealingLR: (o, { TMax, ...options }) => new optim.CosineAnnealingLR(o, TMax, options),
  CosineAnnealingWarmRestarts: (o, { T0, TMult, ...options }) =>
    new optim.CosineAnnealingWarmRestarts(o, T0, { tMult: TMult, ...options }),
  CyclicLR: (o, options) => new optim.CyclicLR(o, options as unknown as optim.CyclicOptions),
  ExponentialLR: (o, { gamma }) => new optim.ExponentialLR(o, gamma),
  LambdaLR: (o, { lambda }) => new optim.LambdaLR(o, factorOf(lambda)),
  LinearLR: (o, options) => new optim.LinearLR(o, options),
  MultiStepLR: (o, { milestones, ...options }) => new optim.MultiStepLR(o, milestones, options),
  MultiplicativeLR: (o, { lambda }) => new optim.MultiplicativeLR(o, factorOf(lambda)),
  OneCycleLR: (o, { maxLr, ...options }) => new optim.OneCycleLR(o, maxLr, options as unknown as optim.OneCycleOptions),
  PolynomialLR: (o, options) => new optim.PolynomialLR(o, options),
  ReduceLROnPlateau: (o, options) => new optim.ReduceLROnPlateau(o, options),
  SequentialLR: (o, { schedulers: parts, milestones }) => new optim.SequentialLR(o, partsOf(o, parts), milestones),
  StepLR: (o, { stepSize, ...options }) => new optim.StepLR(o, stepSize, options),
};

/** The schedules a case needs: those of a sequence too. */
function schedulesIn({ scheduler, options }: SchedulerCase): string[] {
  const parts = (options.schedulers ?? []) as [string, Options][];
  return [scheduler, ...parts.map(([name]) => name)];
}

function checkSchedule(fixture: SchedulerCase, dtype: FloatDType): void {
  const leaf = toTensor({ kind: 'F32', shape: [1], values: [0] }, dtype, true);
  const optimizer = new optim.SGD([leaf], { lr: fixture.base_lr, momentum: 0.9 });
  const schedule = schedulers[fixture.scheduler](optimizer, optionsOf(fixture.options));
  const [group] = optimizer.paramGroups;
  const seen = [[group.lr, group.momentum]];
  for (let t = 0; t < fixture.steps; t++) {
    if (schedule instanceof optim.ReduceLROnPlateau) schedule.step(fixture.metrics![t]);
    else schedule.step();
    seen.push([group.lr, group.momentum]);
  }
  // A rate of exactly 0, the end of a cosine, is reached within a rounding of the base rate.
  const tolerance = (want: number) => 1e-9 * Math.abs(want) + 1e-15 * fixture.base_lr;
  expectValues(
    'rates',
    seen.map(([lr]) => lr),
    fixture.lrs,
    tolerance,
  );
  if (fixture.momenta === undefined) return;
  expectValues(
    'momenta',
    seen.map(([, momentum]) => momentum),
    fixture.momenta,
    tolerance,
  );
}

const clippings: Record<string, (params: Tensor[], options: Record<string, never>) => number | undefined> = {
  clip_grad_norm_: (params, { maxNorm, ...options }) => optim.clipGradNorm_(params, maxNorm, options),
  clip_grad_value_: (params, { clipValue }) => {
    optim.clipGradValue_(params, clipValue);
    return undefined;
  },
};

function checkClip(fixture: ClipCase, dtype: FloatDType): void {
  const gradients = leavesOf(fixture.inputs, dtype);
  const params = [...gradients.values()].map((gradient) => {
    const leaf = toTensor({ kind: 'F32', shape: gradient.shape, values: new Float32Array(gradient.size) }, dtype, true);
    leaf.grad = gradient.detach();
    return leaf;
  });
  const norm = clippings[fixture.function](params, optionsOf(fixture.options));
  if (fixture.total_norm !== undefined) {
    const tolerance = (want: number) => (dtype === 'float32' ? 1e-5 : 1e-8) * want;
    expectValues('total norm', [norm!], [fixture.total_norm], tolerance);
  }
  for (const [i, place] of Object.values(fixture.outputs).entries()) {
    expectTensor(`gradient ${i}`, params[i].grad!, family.tensor(place), { dtype });
  }
}

const skipped = new Set<string>();
for (const fixture of family.cases) {
  const { id } = fixture;
  if (fixture.kind === 'optimizer') {
    const needs = () => (Object.hasOwn(optimizers, fixture.optimizer) ? [] : [fixture.optimizer]);
    testCase(id, needs, skipped, (dtype) => checkTrajectory(fixture, dtype));
    test.runIf(needs().length === 0)(`${id} whole loop`, () => checkLoop(fixture));
  } else if (fixture.kind === 'scheduler') {
    const needs = () => schedulesIn(fixture).filter((name) => !Object.hasOwn(schedulers, name));
    testCase(id, needs, skipped, (dtype) => checkSchedule(fixture, dtype));
  } else {
    const needs = () => (Object.hasOwn(clippings, fixture.function) ? [] : [fixture.function]);
    testCase(id, needs, skipped, (dtype) => checkClip(fixture, dtype));
  }
}
testSkipped('optim', skipped, [], optim);
