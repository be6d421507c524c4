/** Dropout. */

import { nextSampleDraw } from '../../autograd/samples.ts';
import { kernelsFor } from '../../backend/select.ts';
import { defaultGenerator, Generator } from '../../core/rng.ts';
import { checkAxis } from '../../core/shape.ts';
import { ConfigError } from '../../errors.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { rand } from '../create.ts';
import { checkFloat, registerOp } from '../define.ts';
import { mul } from '../elementwise/arithmetic.ts';
import { to } from '../elementwise/cast.ts';
import { reach } from '../elementwise/unary.ts';
import { reshape, transpose } from '../movement/movement.ts';
import { filled } from '../reduction/broadcast.ts';

export interface DropoutOptions {
  /** Without training nothing is dropped. Default true. */
  training?: boolean;
  generator?: Generator;
  /**
   * The axis along which samples lie, each with one row or as many as the others, as in [B, …], [B·heads, …] and [B·T, …]
   * (axis 0, the default) or [T, B, …] (axis 1); null where all samples share `x`, as weights are. Only within
   * `withSamples` does it matter: what is dropped of a sample then does not depend on the samples beside it.
   */
  sampleAxis?: number | null;
}

/** Blocks of four words that each sample has to itself; a batch may then have 2²⁵ samples. */
const BLOCKS_A_SAMPLE = 2 ** 28;

/**
 * Uniform draws in the shape of x. Within `withSamples` each sample has a row of draws of its own, which neither its
 * place among the samples at hand nor their number has a part in; where the axis cannot be told apart by samples, all
 * samples have the same.
 */
function drawFor(x: Tensor, generator: Generator, sampleAxis: number | null): Tensor {
  const place = nextSampleDraw(generator);
  if (place === null) return rand(x.shape, { generator });
  const { first, count, seedLo, seedHi, streamLo, streamHi } = place;
  const axis = sampleAxis === null || x.rank === 0 ? null : checkAxis('dropout', sampleAxis, x.rank);
  const shared = axis === null || count === 0 || x.shape[axis] % count !== 0;
  const [from, rows] = shared ? [0, 1] : [first, count];
  const width = x.size / rows;
  const kernels = kernelsFor('float32');
  const draws = emptyTensor(x.shape, 'float32');
  for (let row = 0; row < rows; row++) {
    const words = draws.data.subarray(row * width, (row + 1) * width) as Float32Array;
    kernels.uniform(seedLo, seedHi, streamLo, streamHi, (from + row) * BLOCKS_A_SAMPLE, words);
  }
  const outer = shared ? 1 : x.shape.slice(0, axis).reduce((product, n) => product * n, 1);
  if (outer <= 1) return draws;
  return reshape(transpose(reshape(draws, [rows, outer, width / outer]), 0, 1), x.shape);
}

/**
 * `x` with each element set to 0 with probability p, the others scaled by 1/(1 − p), so that the expectation stays.
 *
 * Shapes:   x [...] → y [...]
 * Gradient: dx = dy where kept, scaled likewise
 * Source:   Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014
 * @throws ConfigError  if p is no probability
 */
export function dropout(
  x: Tensor,
  p = 0.5,
  { training = true, generator = defaultGenerator, sampleAxis = 0 }: DropoutOptions = {},
): Tensor {
  checkFloat('dropout', x);
  if (!(p >= 0 && p <= 1)) {
    throw new ConfigError({ op: 'dropout', problem: 'p must be a probability', got: p, expected: '0 to 1' });
  }
  if (!training || p === 0) return x;
  if (p === 1) return mul(x, filled(x.shape, 0, x.dtype));
  const scale = 1 / (1 - p);
  // Drawn in float32 whatever the dtype: the same elements are dropped in float64, and scaled in its precision.
  if (x.dtype === 'float32') return mul(x, reach(drawFor(x, generator, sampleAxis), p, scale));
  return mul(x, mul(to(reach(drawFor(x, generator, sampleAxis), p, 1), x.dtype), scale));
}

registerOp({
  name: 'dropout',
  cases: [(s) => ({ inputs: [s.normal([4, 5])], call: (x) => dropout(x, 0.3, { generator: new Generator(7) }) })],
});
