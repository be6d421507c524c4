/** Golden derivatives: Jacobians, Hessians, double backward, n-th derivatives. */

import { expect } from 'vitest';
import {
  add,
  hessian,
  hvp,
  jacobian,
  jvp,
  square,
  sum,
  type TensorFunction,
  valueAndGrad,
  vjp,
} from '../src/ops/index.ts';
import type { Tensor } from '../src/tensor.ts';
import { testCase, testSkipped } from './support/expression-cases.ts';
import {
  expectValues,
  type FixtureCase,
  type FloatDType,
  loadFamily,
  type Names,
  toTensor,
} from './support/fixtures.ts';
import { evaluate, parsePython, type Value } from './support/python.ts';
import { missingNames, torchHost } from './support/torch.ts';

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

const absent: string[] = [];

const family = loadFamily<AutogradCase>('autograd');

type Results = Record<string, ArrayLike<number>>;

/** What is asked of the function of a case, by the functional API alone. */
function derive(fixture: AutogradCase, dtype: FloatDType): Results {
  const { kind, inputs, constants = {}, direction = {}, cotangent } = fixture;
  const read = (at: Names) => Object.values(at).map((name) => toTensor(family.tensor(name), dtype));
  const names = Object.keys(inputs);
  const [xs, along] = [read(inputs), read(direction)];
  const expression = parsePython(fixture.function);
  const fixed = Object.keys(constants).map((name, i) => [name, read(constants)[i]] as const);
  const fn = (...leaves: Tensor[]): Tensor => {
    const scope = new Map<string, Value>([...names.map((name, i) => [name, leaves[i]] as const), ...fixed]);
    return evaluate(expression, scope, torchHost) as Tensor;
  };
  const results: Results = {};
  const give = (label: string, found: readonly Tensor[]) => {
    for (const [i, tensor] of found.entries()) results[`${label}.${names[i]}`] = tensor.data;
  };

  if (kind === 'derivatives') {
    let derivative: TensorFunction<Tensor> = fn;
    results.values = fixture.values!.map((_, k) => {
      const before = derivative;
      if (k > 0) derivative = (x) => valueAndGrad(before, x, { createGraph: true })[1];
      return derivative(xs[0]).item();
    });
  } else if (kind === 'jacobian') {
    give('jacobian', jacobian(fn, xs));
    const [value, product] = jvp(fn, xs, along);
    Object.assign(results, { value: value.data, jvp: product.data });
    give('vjp', vjp(fn, xs, toTensor(family.tensor(cotangent!), dtype))[1]);
  } else {
    const [value, gradients] = valueAndGrad(fn, xs);
    results.value = value.data;
    give('gradient', gradients);
    if (kind === 'double_backward') {
      const penaltyOf: TensorFunction<Tensor> = (...leaves) =>
        valueAndGrad(fn, leaves, { createGraph: true })[1]
          .map((g) => sum(square(g)))
          .reduce((total, term) => add(total, term));
      const [penalty, found] = valueAndGrad(penaltyOf, xs);
      results.penalty = penalty.data;
      give('penalty_gradient', found);
    } else {
      for (const [a, rows] of hessian(fn, xs).entries()) {
        for (const [b, block] of rows.entries()) results[`hessian.${names[a]},${names[b]}`] = block.data;
      }
      give('hvp', hvp(fn, xs, along)[1]);
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
  const needs = () => missingNames(parsePython(fixture.function));
  testCase(fixture.id, needs, skipped, (dtype) => check(fixture, dtype));
}
testSkipped('autograd', skipped, absent);
