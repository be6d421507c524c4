/**
 * The golden fixtures: values and gradients that PyTorch computed (`test/fixtures/README.md`). LANEGRAD_FIXTURES names
 * another folder of the same format. The safetensors reader here is the tests' own, so that a fault in the library's
 * cannot hide.
 */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DType, newArray } from '../../src/core/dtype.ts';
import type { Shape } from '../../src/core/shape.ts';
import { type Tensor, wrapArray } from '../../src/tensor.ts';

const OWN_FOLDER = join(dirname(fileURLToPath(import.meta.url)), '..', 'fixtures');

/** Whether the fixtures are those of the repository, for which the lists of skipped names are complete. */
export const ownFixtures = !process.env.LANEGRAD_FIXTURES;
export const fixturesFolder = process.env.LANEGRAD_FIXTURES || OWN_FOLDER;

export type FloatDType = 'float32' | 'float64';
export const floatDTypes: readonly FloatDType[] = ['float32', 'float64'];

export interface FixtureTensor {
  readonly kind: 'F32' | 'F64' | 'I64' | 'BOOL';
  readonly shape: Shape;
  readonly values: readonly number[] | Float32Array | Float64Array | Uint8Array;
}

/** Names of tensors by their place in the call. */
export type Names = Readonly<Record<string, string>>;

/** Fields that the cases of every family share. */
export interface FixtureCase {
  readonly id: string;
  readonly note?: string;
}

export interface Family<C extends FixtureCase> {
  readonly cases: readonly C[];
  tensor(name: string): FixtureTensor;
}

interface HeaderEntry {
  readonly dtype: FixtureTensor['kind'];
  readonly shape: number[];
  readonly data_offsets: readonly [number, number];
}

const VIEWS = {
  F32: (bytes: ArrayBuffer) => new Float32Array(bytes),
  F64: (bytes: ArrayBuffer) => new Float64Array(bytes),
  I64: (bytes: ArrayBuffer) => Array.from(new BigInt64Array(bytes), Number),
  BOOL: (bytes: ArrayBuffer) => new Uint8Array(bytes),
} as const;

function readTensors(path: string): (name: string) => FixtureTensor {
  const file = readFileSync(path);
  const headerEnd = 8 + Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, headerEnd)) as Record<string, HeaderEntry>;
  return (name) => {
    const entry = Object.hasOwn(header, name) ? header[name] : undefined;
    if (entry === undefined) throw new Error(`${path} has no tensor ${name}`);
    const [begin, end] = entry.data_offsets;
    const bytes = Uint8Array.from(file.subarray(headerEnd + begin, headerEnd + end)).buffer;
    return { kind: entry.dtype, shape: entry.shape, values: VIEWS[entry.dtype](bytes) };
  };
}

/** The cases of one family; none if the folder has no such index. */
export function loadFamily<C extends FixtureCase>(family: string): Family<C> {
  const index = join(fixturesFolder, `${family}.json`);
  if (!existsSync(index)) return { cases: [], tensor: () => never(family) };
  const { cases, file } = JSON.parse(readFileSync(index, 'utf8')) as { cases: C[]; file: string };
  return { cases, tensor: readTensors(join(fixturesFolder, file)) };
}

function never(family: string): never {
  throw new Error(`there is no family ${family} in ${fixturesFolder}`);
}

/** A tensor of the library: floats in the dtype under test, I64 as int32. */
export function toTensor({ kind, shape, values }: FixtureTensor, dtype: FloatDType, requiresGrad = false): Tensor {
  const into: DType = kind === 'I64' ? 'int32' : kind === 'BOOL' ? 'bool' : dtype;
  const array = newArray(into, values.length);
  array.set(values);
  return wrapArray(array, shape, into).requiresGrad_(requiresGrad);
}

/** The README's tolerances for one output or gradient. */
export interface Tolerance {
  readonly dtype: FloatDType;
  /** The largest error that PyTorch made in float32. */
  readonly torchError?: number;
  /** Compare relative errors alone: for results near 0 of small arguments. */
  readonly relative?: boolean;
  /** How far PyTorch itself is off in float64, relative to the value. */
  readonly torchRelativeError?: number;
  /** Of an ill-conditioned problem: how much it magnifies rounding errors. */
  readonly condition?: number;
}

function allowed(tolerance: Tolerance, want: number): number {
  const { dtype, torchError = 0, relative = false, torchRelativeError = 0, condition = 1 } = tolerance;
  if (dtype === 'float64') return condition * (1e-10 + (1e-8 + torchRelativeError) * Math.abs(want));
  if (relative) return 1e-5 * Math.abs(want);
  return 4 * torchError + 1e-5 * (1 + Math.abs(want));
}

/** @throws Error  naming the first element of `got` that lies outside `tolerance(want)`, or that is another non-finite */
export function expectValues(
  label: string,
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  tolerance: (want: number) => number,
): void {
  if (got.length !== want.length) throw new Error(`${label}: got ${got.length} values, expected ${want.length}`);
  for (let i = 0; i < want.length; i++) {
    // NaN is NaN and nothing else is; an infinity is equal to itself alone.
    if (Object.is(got[i], want[i]) || got[i] === want[i]) continue;
    const error = Math.abs(got[i] - want[i]);
    if (!Number.isFinite(want[i]) || !(error <= tolerance(want[i]))) {
      throw new Error(`${label}: element ${i}: got ${got[i]}, expected ${want[i]} (± ${tolerance(want[i])})`);
    }
  }
}

/** Compares shape and values; floats within the tolerance, integers and booleans exactly. */
export function expectTensor(label: string, got: Tensor, want: FixtureTensor, tolerance: Tolerance): void {
  if (got.shape.join() !== want.shape.join()) {
    throw new Error(`${label}: got the shape [${got.shape}], expected [${want.shape}]`);
  }
  const exact = want.kind === 'I64' || want.kind === 'BOOL';
  const float = got.dtype === 'float32' || got.dtype === 'float64';
  if (float === exact) throw new Error(`${label}: got ${got.dtype}, expected ${want.kind}`);
  expectValues(label, got.data, want.values, exact ? () => 0 : (value) => allowed(tolerance, value));
}

/** As `expectTensor` for a gradient; null, as no path from the loss leaves it, stands for zeros. */
export function expectGradient(label: string, leaf: Tensor, want: FixtureTensor, tolerance: Tolerance): void {
  if (leaf.grad !== null) expectTensor(label, leaf.grad, want, tolerance);
  else expectValues(`${label} (none)`, new Float64Array(leaf.size), want.values, (value) => allowed(tolerance, value));
}
