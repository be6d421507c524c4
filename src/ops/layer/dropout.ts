/** Dropout. */

import { BLOCKS_A_SAMPLE, nextSampleDraw } from '../../autograd/samples.ts';
import { kernelsFor } from '../../backend/select.ts';
import { defaultGenerator, Generator } from '../../core/rng.ts';
import { checkAxis, sizeOf } from '../../core/shape.ts';
import { ConfigError, ShapeError } from '../../errors.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { rand } from '../create.ts';
import { checkFloat, registerOp } from '../define.ts';
import { mul } from '../elementwise/arithmetic.ts';
import { to } from '../elementwise/cast.ts';
import { reach } from '../elementwise/unary.ts';
import { filled } from '../reduction/broadcast.ts';

export interface DropoutOptions {
  /** Without training nothing is dropped. Default true. */
  training?: boolean;
  generator?: Generator;
  /**
   * The axis along which samples lie, each with one row or as many as the others, as in [B, …], [B·heads, …] and [B·T, …]
   * (axis 0, the default) or [T, B, …] (axis 1); null where all samples share `x`, as weights are. Only within
   * `withSamples` does it matter: what is dropped of a sample then does not depend on the samples beside it. A whole batch
   * whose axis is no multiple of its samples is drawn for as one tensor; a share of one is refused.
   */
  sampleAxis?: number | null;
}

/**
 * Uniform draws in the shape of x. Within `withSamples` each sample has a row of draws of its own, which neither its
 * place among the samples at hand nor their number has a part in; what all samples share has the same draws in every share.
 */
function drawFor(x: Tensor, generator: Generator, sampleAxis: number | null): Tensor {
  const place = nextSampleDraw(generator);
  if (place === null) return rand(x.shape, { generator });
  const { first, count, whole, seedLo, seedHi, streamLo, streamHi } = place;
  const axis = sampleAxis === null || x.rank === 0 ? null : checkAxis('dropout', sampleAxis, x.rank);
  const draws = emptyTensor(x.shape, 'float32');
  const words = draws.data as Float32Array;
  const kernels = kernelsFor('float32');
  const even = axis !== null && (x.shape[axis] === 0 || x.shape[axis] % count === 0);
  if (axis !== null && !even && !whole) throw unevenShare(x, axis, count);
  if (axis === null || !even) kernels.uniform(seedLo, seedHi, streamLo, streamHi, 0, words);
  else if (x.size > 0) {
    const outer = sizeOf(x.shape.slice(0, axis));
    const inner = x.size / outer / count;
    const from = { seedLo, seedHi, streamLo, streamHi, block: first * BLOCKS_A_SAMPLE };
    kernels.uniformRows(from, BLOCKS_A_SAMPLE, outer, count, inner, words);
  }
  return draws;
}

function unevenShare(x: Tensor, axis: number, count: number): ShapeError {
  return new ShapeError({
    op: 'dropout',
    problem: `axis ${axis} cannot be told apart by the ${count} samples of this share of a batch`,
    got: x.shape,
    expected: 'the same number of rows for each sample',
    hint: 'say by `sampleAxis` where the samples lie; null where all of them share the tensor',
  });
}

/**
 * `x` with each element set to 0 with probability p, the others scaled by 1/(1 − p), so that the expectation stays.
 *
 * Shapes:   x [...] → y [...]
 * Gradient: dx = dy where kept, scaled likewise
 * Source:   Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014
 * @throws ConfigError  if p is no probability
 * @throws ShapeError   in a share of a batch, if its samples cannot be told apart along `sampleAxis`
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
