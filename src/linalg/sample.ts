/** Inputs for the cases that prove the operations here: matrices far from where a gradient stops being defined. */

import type { Shape } from '../core/shape.ts';
import type { Sampler } from '../ops/define.ts';
import type { Tensor } from '../tensor.ts';

/** Normal draws with the size of the matrix added to its diagonal: never near a singular one. */
export function invertible(s: Sampler, shape: Shape): Tensor {
  const x = s.normal(shape);
  const n = shape[shape.length - 1];
  const data = x.data;
  for (let i = 0; i < data.length; i++) if (Math.floor(i / n) % n === i % n) data[i] += n + 1;
  return x;
}

/** Normal draws with rising steps added to the diagonal: eigenvalues and singular values lie apart. */
export function spread(s: Sampler, shape: Shape): Tensor {
  const x = s.normal(shape);
  const [rows, columns] = shape.slice(-2);
  const data = x.data;
  for (let i = 0; i < data.length; i++) {
    const [row, column] = [Math.floor(i / columns) % rows, i % columns];
    if (row === column) data[i] += 3 * (row + 1);
  }
  return x;
}
