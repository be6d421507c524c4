/**
 * The properties of an operation, against its reference: values on both backends and in float64, success exactly where
 * the reference says the call is legal, inputs left as they are, outputs in memory of their own, gradients equal to the
 * differences of the reference, and gradients linear in the seed and additive over sums.
 *
 * LANEGRAD_SEED changes the seed, LANEGRAD_LONG the number of runs; a failure prints seed and path.
 */

import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { grad } from '../../src/autograd/index.ts';
import { backendInfo, setBackend } from '../../src/backend/select.ts';
import type { DType } from '../../src/core/dtype.ts';
import { tensor } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';
import { withSmallWork } from '../support/native.ts';
import { mulberry } from '../support/sampler.ts';
import { callFault, type FloatName, overlap } from './compare.ts';
import { type Drawn, type Operand, valuesOf, whole } from './draw.ts';
import { Illegal, type Value } from './reference/value.ts';

export interface Property<O> {
  /** The public name, which messages begin with. */
  readonly name: string;
  /** What tells several properties of one operation apart. */
  readonly title?: string;
  /** The registered operations that this proves, if not the one of that name. */
  readonly proves?: readonly string[];
  readonly draw: fc.Arbitrary<Drawn<O>>;
  readonly call: (inputs: Tensor[], options: O) => Tensor | readonly Tensor[];
  readonly reference: (inputs: Value[], options: O) => Value | readonly Value[] | Illegal;
  /** False where there is no gradient, or the differences of the reference do not tell it. */
  readonly differentiable?: boolean;
  /** The output may share the memory of an input, as its documentation says. */
  readonly views?: boolean;
  /** Runs also on int32 in place of the floats. */
  readonly integers?: boolean;
  /** Zeros are most of what it gives. */
  readonly sparse?: boolean;
  /** Allowed difference of gradients in float32 from those in float64, relative to their norm. */
  readonly gradientTolerance?: number;
}

export interface Runs {
  readonly values: number;
  readonly gradients: number;
  readonly seed: number;
}

const long = process.env.LANEGRAD_LONG ? 20 : 1;
export const RUNS: Runs = {
  values: 200 * long,
  gradients: 30 * long,
  seed: Number(process.env.LANEGRAD_SEED ?? 4711),
};

type BackendName = 'ts' | 'native';
export const backends: readonly BackendName[] = backendInfo().isas.length > 0 ? ['ts', 'native'] : ['ts'];

/** With all work in the addon, small work too. */
function on<T>(backend: BackendName, run: () => T): T {
  setBackend(backend);
  return backend === 'native' ? withSmallWork(0, run) : run();
}

const listOf = <T extends Tensor | Value>(y: T | readonly T[]): readonly T[] => (Array.isArray(y) ? y : [y as T]);

function make(operands: readonly Operand[], values: number[][], dtype: DType): Tensor[] {
  return operands.map((o, i) => tensor(new Float64Array(values[i]), { dtype: o.dtype ?? dtype, shape: o.shape }));
}

function bits(x: Tensor): string {
  const { buffer, byteOffset, byteLength } = x.data;
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}

function fail(what: string): never {
  throw new Error(what);
}

function differentiated(operands: readonly Operand[], inputs: Tensor[]): Tensor[] {
  return inputs.filter((x, i) => operands[i].dtype === undefined && x.size > 0).map((x) => x.requiresGrad_());
}

/** Weights of the outputs: each element counts differently. */
function seedsFor(outputs: readonly Tensor[], seed: number): Tensor[] {
  const draw = mulberry(seed ^ 0x5eed);
  return outputs.map((y) =>
    tensor(
      Float64Array.from({ length: y.size }, () => Math.fround(draw() - 0.3)),
      { dtype: y.dtype, shape: y.shape },
    ),
  );
}

/** One run of the value property. @throws Error naming the first fault */
export function checkValues<O>(p: Property<O>, drawn: Drawn<O>): Value[] | Illegal {
  const onIntegers = p.integers === true && drawn.seed % 4 === 0;
  const operands = onIntegers
    ? drawn.operands.map((o) => (o.dtype === undefined ? { ...o, fill: whole(-4, 5) } : o))
    : drawn.operands;
  const values = valuesOf({ ...drawn, operands }, false);
  const found = p.reference(
    operands.map(({ shape }, i) => ({ shape, data: values[i] })),
    drawn.options,
  );
  const want = found instanceof Illegal ? found : [...listOf<Value>(found)];
  const runs: (readonly [BackendName, DType])[] = onIntegers
    ? backends.map((b) => [b, 'int32'] as const)
    : [...backends.map((b) => [b, 'float32'] as const), ['ts', 'float64']];
  for (const [backend, dtype] of runs) {
    const inputs = make(operands, values, dtype);
    const before = inputs.map(bits);
    let got: readonly Tensor[] | { thrown: unknown };
    try {
      got = on(backend, () => listOf<Tensor>(p.call(inputs, drawn.options)));
    } catch (thrown) {
      got = { thrown };
    }
    const fault = callFault(got, want, p.name, dtype as FloatName, onIntegers ? 'int32' : 'float');
    if (fault !== null) fail(`${p.name}, ${backend}, ${dtype}: ${fault}`);
    inputs.forEach((x, i) => {
      if (bits(x) !== before[i]) fail(`${p.name}, ${backend}, ${dtype}: input ${i} was changed`);
    });
    if ('thrown' in got || p.views === true) continue;
    for (const y of got) {
      const shared = inputs.findIndex((x) => overlap(x, y));
      if (shared >= 0) fail(`${p.name}, ${backend}, ${dtype}: an output lies in the memory of input ${shared}`);
    }
  }
  return want;
}

/** The differences of Σ outputs·weights of the reference, by some elements of input `i`. */
function slopes<O>(
  p: Property<O>,
  drawn: Drawn<O>,
  values: number[][],
  weights: readonly Tensor[],
  i: number,
): [element: number, slope: number][] {
  const eps = 1e-6;
  const total = (): number => {
    const found = p.reference(
      drawn.operands.map(({ shape }, j) => ({ shape, data: values[j] })),
      drawn.options,
    );
    if (found instanceof Illegal) fail(`${p.name}: the reference calls it illegal after a step`);
    let sum = 0;
    listOf<Value>(found)
      .filter((y) => (y.dtype ?? 'float') === 'float')
      .forEach((y, k) => {
        for (let e = 0; e < y.data.length; e++) sum += y.data[e] * weights[k].data[e];
      });
    return sum;
  };
  return someOf(values[i].length, drawn.seed).map((e) => {
    const centre = values[i][e];
    const at = (v: number): number => {
      values[i][e] = v;
      return total();
    };
    const slope = (at(centre + eps) - at(centre - eps)) / (2 * eps);
    values[i][e] = centre;
    return [e, slope];
  });
}

/** A few places out of `n`: the references are too slow for all of them. */
function someOf(n: number, seed: number): number[] {
  const draw = mulberry(seed ^ 0xe1e);
  return n <= ELEMENTS
    ? Array.from({ length: n }, (_, i) => i)
    : Array.from({ length: ELEMENTS }, () => Math.floor(draw() * n));
}

interface Gradients {
  readonly wanted: Tensor[];
  readonly outputs: readonly Tensor[];
  readonly by: (seeds: readonly Tensor[]) => (Tensor | null)[];
  /** The outputs of the same call on the same leaves, recorded once more. */
  readonly again: () => readonly Tensor[];
}

/** The outputs that carry a gradient, and the gradients of the float inputs by seeds for them. */
function differentiate<O>(p: Property<O>, drawn: Drawn<O>, values: number[][], dtype: FloatName): Gradients {
  const inputs = make(drawn.operands, values, dtype);
  const wanted = differentiated(drawn.operands, inputs);
  const again = () => listOf<Tensor>(p.call(inputs, drawn.options)).filter((y) => y.dtype === dtype);
  const outputs = again();
  const connected = outputs.map((y) => y.requiresGrad);
  return {
    wanted,
    outputs,
    again,
    by: (seeds) => {
      const roots = outputs.filter((_, i) => connected[i]);
      if (roots.length === 0 || wanted.length === 0) return wanted.map(() => null);
      return grad(roots, wanted, { seeds: seeds.filter((_, i) => connected[i]), retainGraph: true, allowUnused: true });
    },
  };
}

const ATOL = 1e-7;
const RTOL = 1e-5;
/** Elements an input whose gradients are held against differences in one run. */
const ELEMENTS = 8;

/** One run of the gradient properties; false where there is nothing to differentiate. @throws Error at the first fault */
export function checkGradients<O>(p: Property<O>, drawn: Drawn<O>): boolean {
  const values = valuesOf(drawn, true);
  const found = p.reference(
    drawn.operands.map(({ shape }, i) => ({ shape, data: values[i] })),
    drawn.options,
  );
  // Where a value is no number there is no slope to hold the gradient against.
  if (found instanceof Illegal || listOf<Value>(found).some((y) => y.data.some(Number.isNaN))) return false;
  const inDouble = on('ts', () => differentiate(p, drawn, values, 'float64'));
  const { wanted, outputs } = inDouble;
  if (wanted.length === 0 || outputs.every((y) => y.size === 0)) return false;
  const seeds = seedsFor(outputs, drawn.seed);
  const gradients = inDouble.by(seeds);
  const places = drawn.operands.flatMap((o, i) => (o.dtype === undefined && values[i].length > 0 ? [i] : []));
  places.forEach((i, k) => {
    slopes(p, drawn, values, seeds, i).forEach(([e, slope]) => {
      const got = gradients[k]?.data[e] ?? 0;
      const allowed = ATOL + RTOL * Math.abs(slope);
      if (!(Math.abs(got - slope) <= allowed))
        fail(`${p.name}: gradient of input ${i}, element ${e}: got ${got}, differences give ${slope}`);
    });
  });
  checkLaws(p, inDouble, seeds, gradients, drawn.seed);
  for (const backend of backends) {
    on(backend, () => {
      const single = differentiate(p, drawn, values, 'float32');
      single.by(seedsFor(single.outputs, drawn.seed)).forEach((g, k) => {
        const fault = normFault(g?.data ?? [], gradients[k]?.data ?? [], p.gradientTolerance ?? 1e-5);
        if (fault !== null) fail(`${p.name}, ${backend}, float32: gradient of input ${places[k]}: ${fault}`);
      });
    });
  }
  return true;
}

/** Both empty for a gradient that is null. */
function normFault(got: ArrayLike<number>, want: ArrayLike<number>, tolerance: number): string | null {
  let [difference, norm] = [0, 0];
  for (let i = 0; i < Math.max(got.length, want.length); i++) {
    difference = Math.hypot(difference, (got[i] ?? 0) - (want[i] ?? 0));
    norm = Math.hypot(norm, want[i] ?? 0);
  }
  // Near 0 what counts are the terms it is made of, which are not far from 1.
  return difference <= tolerance * (norm + 0.1) ? null : `${difference} from the one in float64, whose norm is ${norm}`;
}

/**
 * backward(a·s + b·t) = a·backward(s) + b·backward(t), and the gradient of f + g is that of f plus that of g, where g is f
 * recorded once more.
 */
function checkLaws<O>(
  p: Property<O>,
  { outputs, by, wanted, again }: Gradients,
  s: Tensor[],
  ofS: readonly (Tensor | null)[],
  seed: number,
): void {
  const t = seedsFor(outputs, seed + 1);
  const [a, b] = [1.5, -0.75];
  const mixed = s.map((x, k) =>
    tensor(
      Float64Array.from(x.data, (v, i) => a * v + b * t[k].data[i]),
      { dtype: 'float64', shape: x.shape },
    ),
  );
  const [ofT, ofMixed] = [by(t), by(mixed)];
  const expectSame = (what: string, got: (k: number, i: number) => number, want: (k: number, i: number) => number) => {
    wanted.forEach((x, k) => {
      let scale = 0;
      for (let i = 0; i < x.size; i++) scale = Math.max(scale, Math.abs(want(k, i)));
      for (let i = 0; i < x.size; i++) {
        const [g, w] = [got(k, i), want(k, i)];
        if (!(Math.abs(g - w) <= 1e-10 * (1 + scale)))
          fail(`${p.name}: ${what}: input ${k}, element ${i}: ${g}, not ${w}`);
      }
    });
  };
  const of = (g: readonly (Tensor | null)[]) => (k: number, i: number) => g[k]?.data[i] ?? 0;
  expectSame('backward is not linear in its seed', of(ofMixed), (k, i) => a * of(ofS)(k, i) + b * of(ofT)(k, i));
  const carries = (_: Tensor, k: number): boolean => outputs[k].requiresGrad;
  if (!outputs.some(carries)) return;
  const kept = (seeds: readonly Tensor[]): Tensor[] => seeds.filter(carries);
  const both = grad([...kept(outputs), ...kept(again())], wanted, {
    seeds: [...kept(s), ...kept(t)],
    retainGraph: true,
    allowUnused: true,
  });
  expectSame('the gradient of a sum is not the sum of gradients', of(both), (k, i) => of(ofS)(k, i) + of(ofT)(k, i));
}

const BACKEND_BEFORE = backendInfo().backend;

function titleOf<O>({ name, title }: Property<O>): string {
  return title === undefined ? name : `${name}: ${title}`;
}

/** The tests of one operation. */
export function prove<O>(p: Property<O>, runs: Runs = RUNS): void {
  describe(titleOf(p), () => {
    afterAll(() => setBackend(BACKEND_BEFORE));

    test('values, refusals, memory', () => {
      let [legal, elements, zeros] = [0, 0, 0];
      const property = fc.property(p.draw, (drawn) => {
        const want = checkValues(p, drawn);
        if (want instanceof Illegal) return;
        legal++;
        for (const y of want) {
          elements += y.data.length;
          zeros += y.data.filter((v) => v === 0).length;
        }
      });
      fc.assert(property, { seed: runs.seed, numRuns: runs.values });
      // A property that compares next to nothing is not to be trusted.
      expect(legal, 'legal calls').toBeGreaterThan(runs.values / 4);
      expect(elements, 'elements compared').toBeGreaterThan(runs.values / 2);
      if (p.sparse !== true) expect(zeros, 'zeros among them').toBeLessThan(0.9 * elements);
    });

    if (p.differentiable === false) return;
    test('gradients', () => {
      let checked = 0;
      const property = fc.property(p.draw, (drawn) => {
        if (checked < runs.gradients && checkGradients(p, drawn)) checked++;
      });
      // More than are compared, since illegal and empty calls have none.
      fc.assert(property, { seed: runs.seed, numRuns: 4 * runs.gradients });
      expect(checked, 'gradients compared').toBeGreaterThanOrEqual(20);
    });
  });
}

/** A property among others, whatever its options are. */
export interface Proof {
  readonly title: string;
  /** The registered operations it proves. */
  readonly proves: readonly string[];
  /** Declares its tests. */
  readonly declare: () => void;
}

export function property<O>(p: Property<O>): Proof {
  return { title: titleOf(p), proves: p.proves ?? [p.name], declare: () => prove(p) };
}
