/** Dropout. */

import { defaultGenerator, Generator } from '../../core/rng.ts';
import { ConfigError } from '../../errors.ts';
import type { Tensor } from '../../tensor.ts';
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
  { training = true, generator = defaultGenerator }: DropoutOptions = {},
): Tensor {
  checkFloat('dropout', x);
  if (!(p >= 0 && p <= 1)) {
    throw new ConfigError({ op: 'dropout', problem: 'p must be a probability', got: p, expected: '0 to 1' });
  }
  if (!training || p === 0) return x;
  if (p === 1) return mul(x, filled(x.shape, 0, x.dtype));
  const scale = 1 / (1 - p);
  // Drawn in float32 whatever the dtype: the same elements are dropped in float64, and scaled in its precision.
  if (x.dtype === 'float32') return mul(x, reach(rand(x.shape, { generator }), p, scale));
  return mul(x, mul(to(reach(rand(x.shape, { generator }), p, 1), x.dtype), scale));
}

registerOp({
  name: 'dropout',
  cases: [(s) => ({ inputs: [s.normal([4, 5])], call: (x) => dropout(x, 0.3, { generator: new Generator(7) }) })],
});
