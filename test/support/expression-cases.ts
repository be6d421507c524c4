/** Families whose cases are expressions over tensors: `ops`, `losses`, `linalg`. */

import { expect, test } from 'vitest';
import { backward } from '../../src/autograd/index.ts';
import * as ops from '../../src/ops/index.ts';
import { add, mul, sum } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';
import {
  expectGradient,
  expectTensor,
  type Family,
  type FixtureCase,
  type FloatDType,
  floatDTypes,
  loadFamily,
  type Names,
  ownFixtures,
  toTensor,
} from './fixtures.ts';
import { evaluate, parsePython, type Value } from './python.ts';
import { missingNames, torchHost } from './torch.ts';

export interface ExpressionCase extends FixtureCase {
  readonly op: string;
  /** Missing where the result is not one expression: a null space, the parts of an eigendecomposition. */
  readonly expr?: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly inputs: Names;
  readonly outputs: Names;
  readonly seed?: Names;
  readonly grads?: Names;
  readonly torch_f32_error?: Readonly<Record<'outputs' | 'grads', Readonly<Record<string, number>> | undefined>>;
}

/** The index writes infinity as a string. */
export function readOptions(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [name, value === 'inf' ? Infinity : value]));
}

/** PyTorch's option and parameter names as the library's. */
export function camelCase(name: string): string {
  return name.replace(/_+(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** Σ over the seeded outputs of Σ output·seed, as the README defines the loss. */
export function seededLoss(
  family: Family<FixtureCase>,
  outputs: Readonly<Record<string, Tensor>>,
  seed: Names,
  dtype: FloatDType,
): Tensor {
  const terms = Object.entries(seed).map(([name, at]) => sum(mul(outputs[name], toTensor(family.tensor(at), dtype))));
  return terms.reduce((total, term) => add(total, term));
}

/** What an expression gave, by the names of the outputs in their order. */
export function namedOutputs(value: Value, names: Names): Record<string, Tensor> {
  const list = Array.isArray(value) ? (value as Tensor[]) : [value as Tensor];
  expect(list.length).toBe(Object.keys(names).length);
  return Object.fromEntries(Object.keys(names).map((name, i) => [name, list[i]]));
}

/**
 * Gradients that PyTorch computes in float64 from a constant it holds in float32, by the relative error they have from it, as
 * functions and as modules: hardsigmoid's 1/6, and celu's 1/α, an error of an exponent up to 8.
 */
export const singleConstants: Readonly<Record<string, number>> = {
  CELU: 5e-7,
  Hardsigmoid: 3e-8,
  celu: 5e-7,
  hardsigmoid: 3e-8,
};

/** The inputs of a case as tensors of the library. */
function leavesOf(family: Family<ExpressionCase>, { inputs, grads = {} }: ExpressionCase, dtype: FloatDType) {
  return Object.entries(inputs).map(
    ([name, at]) => [name, toTensor(family.tensor(at), dtype, Object.hasOwn(grads, name))] as const,
  );
}

/** What the expression of a case gives, by the names of the outputs. */
export function evaluateCase(
  family: Family<ExpressionCase>,
  fixture: ExpressionCase,
  dtype: FloatDType,
  leaves = leavesOf(family, fixture, dtype),
): Record<string, Tensor> {
  const scope = new Map<string, Value>([...leaves, ...Object.entries(readOptions(fixture.options))]);
  return namedOutputs(evaluate(parsePython(fixture.expr!), scope, torchHost), fixture.outputs);
}

/** How a case is checked whose outputs are not unique, or that has no expression. */
export type Checker = (family: Family<ExpressionCase>, fixture: ExpressionCase, dtype: FloatDType) => void;

/** The condition number that the note of an ill-conditioned case names; 1 for any other. */
function conditionOf(note: string | undefined): number {
  return Number(/condition number (\S+)/.exec(note ?? '')?.[1] ?? 1);
}

function runCase(family: Family<ExpressionCase>, fixture: ExpressionCase, dtype: FloatDType): void {
  const { outputs, seed = {}, grads = {}, torch_f32_error: errors, note } = fixture;
  const leaves = leavesOf(family, fixture, dtype);
  const found = evaluateCase(family, fixture, dtype, leaves);
  const condition = conditionOf(note);
  const relative = note?.includes('small arguments');
  for (const [name, at] of Object.entries(outputs)) {
    const torchError = errors?.outputs?.[name];
    expectTensor(name, found[name], family.tensor(at), { dtype, relative, torchError, condition });
  }
  if (Object.keys(grads).length === 0) return;
  const loss = seededLoss(family, found, seed, dtype);
  if (loss.requiresGrad) backward(loss);
  for (const [name, leaf] of leaves) {
    if (!Object.hasOwn(grads, name)) continue;
    const torchError = errors?.grads?.[name];
    const torchRelativeError = singleConstants[fixture.op];
    const tolerance = { dtype, relative, torchError, torchRelativeError, condition };
    expectGradient(`gradient of ${name}`, leaf, family.tensor(grads[name]), tolerance);
  }
}

/**
 * For the repository's own fixtures: exactly the names in `absent` were skipped, and `library` exports none of them, so
 * that no case is skipped unseen and what is new gets its row.
 */
export function testSkipped(
  family: string,
  skipped: ReadonlySet<string>,
  absent: readonly string[],
  library: object = ops,
): void {
  test.runIf(ownFixtures)(`${family}: exactly these names have no counterpart`, () => {
    expect([...skipped].sort()).toEqual([...absent].sort());
    const exported = absent.filter((name) => camelCase(name) in library);
    expect(exported).toEqual([]);
  });
}

/**
 * One test a dtype for a case, or, if it needs names the library lacks, a skipped one under those names, which are added
 * to `skipped`. What goes wrong in finding out is a failure of the case, not of the file.
 */
export function testCase(
  id: string,
  needs: () => readonly string[],
  skipped: Set<string>,
  run: (dtype: FloatDType) => void,
): void {
  let missing: readonly string[] = [];
  let trouble: unknown;
  try {
    missing = needs();
  } catch (error) {
    trouble = error;
  }
  for (const name of missing) skipped.add(name);
  for (const dtype of floatDTypes) {
    if (missing.length > 0) test.skip(`${id} ${dtype}: no ${missing.join(', ')}`, () => {});
    else {
      test(`${id} ${dtype}`, () => {
        if (trouble !== undefined) throw trouble;
        run(dtype);
      });
    }
  }
}

/** All cases of a family of expressions; operations in `checkers` by those. */
export function testExpressions(
  name: string,
  absent: readonly string[],
  checkers: Readonly<Record<string, Checker>> = {},
): void {
  const family = loadFamily<ExpressionCase>(name);
  const skipped = new Set<string>();
  for (const fixture of family.cases) {
    const { id, op, expr } = fixture;
    const check = Object.hasOwn(checkers, op) ? checkers[op] : runCase;
    const needs = () => {
      if (expr !== undefined) return missingNames(parsePython(expr));
      return check === runCase ? [op] : [];
    };
    testCase(id, needs, skipped, (dtype) => check(family, fixture, dtype));
  }
  testSkipped(name, skipped, absent);
}
