/** Distributions by name and arguments, as the table of PyTorch's figures has them. */

import type { Distribution, DistributionOptions } from '../../src/distributions/index.ts';
import * as distributions from '../../src/distributions/index.ts';
import { tensor } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';
import { firstDifference } from '../support/close.ts';
import figures from './torch-figures.json' with { type: 'json' };

export { figures };

/** Infinities and NaN stand in the table as strings. */
export type Figure = number | string | readonly Figure[];
export type Argument = Figure | Readonly<Record<string, Figure>>;

export interface DistributionFigures {
  readonly name: string;
  readonly args: readonly Argument[];
  readonly batchShape: readonly number[];
  readonly values: Figure;
  readonly logProb: Figure;
  readonly mean?: Figure;
  readonly variance?: Figure;
  readonly mode?: Figure;
  readonly entropy?: Figure;
  readonly cdf?: Figure;
}

export interface KlFigures {
  readonly p: string;
  readonly pArgs: readonly Argument[];
  readonly q: string;
  readonly qArgs: readonly Argument[];
  readonly kl: Figure;
}

/** In float64. */
export function valuesOf(figure: Figure): Tensor {
  const read = (x: Figure): never => (Array.isArray(x) ? x.map(read) : Number(x)) as never;
  return tensor(read(figure), { dtype: 'float64' });
}

type Make = new (...args: unknown[]) => Distribution;

/** Made of float64 tensors, so that no figure is lost. */
export function make(name: string, args: readonly Argument[], options: DistributionOptions = {}): Distribution {
  const all = args.map((arg) =>
    typeof arg === 'object' && !Array.isArray(arg)
      ? Object.fromEntries(Object.entries(arg).map(([form, value]) => [form, valuesOf(value)]))
      : valuesOf(arg as Figure),
  );
  return new (distributions as unknown as Record<string, Make>)[name](...all, options);
}

/** @throws Error  naming the first figure that differs by more than `tolerance` of it */
export function expectFigures(got: Tensor, want: Figure, tolerance: number, what: string): void {
  const expected = valuesOf(want);
  if (got.shape.join() !== expected.shape.join())
    throw new Error(`${what}: got [${got.shape}], not [${expected.shape}]`);
  const fault = firstDifference(got.data, expected.data, tolerance, tolerance);
  if (fault !== null) throw new Error(`${what}: ${fault}`);
}

/** The parameters of a distribution that can be differentiated. */
export function parametersOf(args: readonly Argument[]): Tensor[] {
  return args.flatMap((arg) =>
    typeof arg === 'object' && !Array.isArray(arg) ? Object.values(arg).map(valuesOf) : [valuesOf(arg as Figure)],
  );
}
