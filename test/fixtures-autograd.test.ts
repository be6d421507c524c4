/** Golden derivatives: Jacobians, Hessians, double backward, n-th derivatives. */

import { expect } from 'vitest';
import { grad } from '../src/autograd/index.ts';
import { add, mul, reshape, select, square, sum } from '../src/ops/index.ts';
import type { Tensor } from '../src/tensor.ts';
import { lacking, testCase, testSkipped } from './support/expression-cases.ts';
import {
  expectValues,
  type FixtureCase,
  type FloatDType,
  loadFamily,
  type Names,
  toTensor,
} from './support/fixtures.ts';
import { evaluate, parsePython, type Value } from './support/python.ts';
import { torchHost } from './support/torch.ts';

interface AutogradCase extends FixtureCase {
  readonly kind: 'jacobian' | 'hessian' | 'double_backward' | 'derivatives';
  readonly function: string;
  readonly inputs: Names;
  readonly constants?: Names;
  readonly outputs?: Names;
  readonly direction?: Names;
  readonly cotangent?: string;
  readonly values?: readonly number[];
}

const absent = ['cumprod', 'cumsum', 'linalg.inv', 'logdet', 'norm', 'prod', 'sin'];

const family = loadFamily<AutogradCase>('autograd');

type Results = Record<string, ArrayLike<number>>;

/** For each element of `y`, its gradient with respect to each input: rows of the Jacobians. */
function jacobianOf(y: Tensor, inputs: readonly Tensor[]): Float64Array[] {
  const rows = inputs.map((input) => new Float64Array(y.size * input.size));
  if (!y.requiresGrad) return rows;
  for (let k = 0; k < y.size; k++) {
    const found = grad(select(reshape(y, [y.size]), 0, k), inputs, { retainGraph: true, allowUnused: true });
    for (const [i, gradient] of found.entries()) if (gradient) rows[i].set(gradient.data, k * inputs[i].size);
  }
  return rows;
}

/** Σ over the inputs of ⟨a, b⟩. */
function inner(a: readonly Tensor[], b: readonly Tensor[]): Tensor {
  return a.map((each, i) => sum(mul(each, b[i]))).reduce((total, term) => add(total, term));
}

function derive(fixture: AutogradCase, dtype: FloatDType): Results {
  const { kind, inputs, constants = {}, direction = {}, cotangent } = fixture;
  const read = (names: Names, requiresGrad: boolean) =>
    Object.entries(names).map(([name, at]) => [name, toTensor(family.tensor(at), dtype, requiresGrad)] as const);
  const leaves = read(inputs, true);
  const names = leaves.map(([name]) => name);
  const xs = leaves.map(([, x]) => x);
  const along = read(direction, false).map(([, d]) => d);
  const scope = new Map<string, Value>([...leaves, ...read(constants, false)]);
  const value = evaluate(parsePython(fixture.function), scope, torchHost) as Tensor;
  const results: Results = { value: value.data };
  const give = (label: string, found: readonly (Tensor | null)[]) => {
    for (const [i, gradient] of found.entries()) {
      results[`${label}.${names[i]}`] = gradient?.data ?? new Float64Array(xs[i].size);
    }
  };

  if (kind === 'derivatives') {
    let current = value;
    results.values = fixture.values!.map((_, k) => {
      if (k > 0) current = grad(current, xs, { createGraph: true })[0];
      return current.item();
    });
  } else if (kind === 'jacobian') {
    const jacobians = jacobianOf(value, xs);
    for (const [i, name] of names.entries()) results[`jacobian.${name}`] = jacobians[i];
    results.jvp = Float64Array.from({ length: value.size }, (_, k) =>
      jacobians.reduce((total, rows, i) => {
        const { size, data } = along[i];
        for (let j = 0; j < size; j++) total += rows[k * size + j] * data[j];
        return total;
      }, 0),
    );
    const seed = toTensor(family.tensor(cotangent!), dtype);
    give('vjp', grad(value, xs, { seeds: seed, allowUnused: true }));
  } else {
    const first = grad(value, xs, { createGraph: true });
    give('gradient', first);
    if (kind === 'double_backward') {
      const penalty = first.map((g) => sum(square(g))).reduce((total, term) => add(total, term));
      results.penalty = penalty.data;
      give('penalty_gradient', grad(penalty, xs, { allowUnused: true }));
    } else {
      for (const [a, nameA] of names.entries()) {
        const rows = jacobianOf(first[a], xs);
        for (const [b, nameB] of names.entries()) results[`hessian.${nameA},${nameB}`] = rows[b];
      }
      give('hvp', grad(inner(first, along), xs, { allowUnused: true }));
    }
  }
  return results;
}

function check(fixture: AutogradCase, dtype: FloatDType): void {
  const found = derive(fixture, dtype);
  const tolerance = (want: number) =>
    dtype === 'float32' ? 1e-4 * (1 + Math.abs(want)) : 1e-10 + 1e-8 * Math.abs(want);
  const wanted: [string, ArrayLike<number>][] = fixture.values
    ? [['values', fixture.values]]
    : Object.entries(fixture.outputs!).map(([name, at]) => [name, family.tensor(at).values]);
  for (const [name, want] of wanted) {
    expect(Object.keys(found)).toContain(name);
    expectValues(name, found[name], want, tolerance);
  }
}

const skipped = new Set<string>();
for (const fixture of family.cases) {
  const needs = () => lacking(family, fixture.function, { ...fixture.inputs, ...fixture.constants });
  testCase(fixture.id, needs, skipped, (dtype) => check(fixture, dtype));
}
testSkipped('autograd', skipped, absent);
