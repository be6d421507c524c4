/** Properties of layers with parameters. */

import * as fc from 'fast-check';
import * as ops from '../../../src/ops/index.ts';
import { calls, floats, length, shapes } from '../draw.ts';
import { type Proof, property } from '../prove.ts';
import * as reference from '../reference/layer.ts';

interface Shapes {
  readonly shapes: number[][];
}

/** One time in ten an operand does not fit. */
const bilinears: fc.Arbitrary<Shapes> = fc
  .tuple(shapes(0, 2), fc.tuple(length, length, length), fc.boolean(), fc.nat({ max: 40 }))
  .map(([lead, [out, in1, in2], bias, odd]) => ({
    shapes: [
      [...lead, in1],
      odd === 0 ? [2, ...lead, in2] : [...lead, in2],
      odd === 1 ? [out, in1 + 1, in2] : odd === 2 ? [out, in1] : [out, in1, in2],
      ...(bias ? [odd === 3 ? [out + 1] : [out]] : []),
    ],
  }));

export const layer: readonly Proof[] = [
  property<Shapes>({
    name: 'bilinear',
    draw: calls(bilinears, (o) => o.shapes.map((shape) => floats(shape))),
    call: ([x1, x2, w, b = null as never]) => ops.bilinear(x1, x2, w, b),
    reference: ([x1, x2, w, b]) => reference.bilinear(x1, x2, w, b ?? null),
    sparse: true,
    gradientTolerance: 1e-4,
  }),
];
