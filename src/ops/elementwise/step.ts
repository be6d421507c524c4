/** What happens at a threshold: the step of a neuron, and what lets only larger values pass. */

import type { Tensor } from '../../tensor.ts';
import { registerOp } from '../define.ts';
import { mul } from './arithmetic.ts';
import { le, ne, where } from './compare.ts';
import { reach } from './unary.ts';

export interface StepOptions {
  /** Where the step is. Default 0. */
  threshold?: number;
  /** Without it the step itself counts as reached (x ≥ threshold); with it x must lie above. Default false. */
  strict?: boolean;
}

/**
 * 1 where x reaches the threshold, else 0, NaN too.
 *
 * Shapes:   x [...] → y [...]
 * Gradient: 0, which is why a perceptron has a rule of its own and descent cannot train it
 * Source:   McCulloch, Pitts, A logical calculus of the ideas immanent in nervous activity, 1943
 */
export function step(x: Tensor, { threshold = 0, strict = false }: StepOptions = {}): Tensor {
  const reached = reach(x, threshold, 1);
  return strict ? mul(reached, ne(x, threshold)) : reached;
}

registerOp({
  name: 'step',
  tolerance: 0,
  edges: [0, -0, 0.5, -0.5, 1e-40, 3e38, Infinity, -Infinity, NaN],
  cases: [
    (s) => ({ inputs: [s.distinct([3, 5], 0.1)], call: (x) => step(x, { threshold: 0.03 }) }),
    (s) => ({ inputs: [s.distinct([33], 0.1)], call: (x) => step(x, { threshold: -0.53, strict: true }) }),
    (s) => ({ inputs: [s.distinct([], 0.1)], call: (x) => step(x) }),
  ],
});

/**
 * x where it lies above the threshold, else `value`; NaN stays NaN.
 *
 * Shapes:   x [...] → y [...]
 * Gradient: dx = dy above the threshold, else 0
 */
export function threshold(x: Tensor, at: number, value: number): Tensor {
  return where(le(x, at), value, x);
}

registerOp({
  name: 'threshold',
  tolerance: 0,
  edges: [0, -0, 0.5, -0.5, 1e-40, 3e38, Infinity, -Infinity, NaN],
  cases: [
    (s) => ({ inputs: [s.distinct([3, 5], 0.1)], call: (x) => threshold(x, 0.03, -2) }),
    (s) => ({ inputs: [s.distinct([], 0.1)], call: (x) => threshold(x, -0.53, 0) }),
  ],
});
