/** Properties of attention. */

import * as fc from 'fast-check';
import * as ops from '../../../src/ops/index.ts';
import { bools, broadcasting, calls, floats, length } from '../draw.ts';
import { type Proof, property } from '../prove.ts';
import * as reference from '../reference/attention.ts';
import { common } from '../reference/value.ts';

interface Attention extends reference.Attention {
  readonly shapes: readonly number[][];
  readonly mask: number[] | null;
}

const attentions: fc.Arbitrary<Attention> = fc
  .record({
    leads: broadcasting(3, 2),
    sizes: fc.tuple(length, length, length, length),
    odd: fc.nat({ max: 15 }),
    masking: fc.constantFrom('none', 'causal', 'floats', 'bool', 'shared'),
    scale: fc.constantFrom(null, null, 0.3),
  })
  .map(({ leads: [a, b, c], sizes: [l, s, e, f], odd, masking, scale }) => {
    const shapes = [
      [...a, l, e],
      [...b, s, odd === 0 ? e + 1 : e],
      [...c, odd === 1 ? s + 1 : s, f],
    ];
    const lead = common(a, b) ?? [];
    const mask = masking === 'shared' ? [l, s] : ['floats', 'bool'].includes(masking) ? [...lead, l, s] : null;
    return { shapes, mask, isCausal: masking === 'causal', boolean: masking === 'bool', scale };
  });

export const attention: readonly Proof[] = [
  property<Attention>({
    name: 'scaledDotProductAttention',
    draw: calls(attentions, ({ shapes, mask, boolean }) => [
      ...shapes.map((shape) => floats(shape)),
      ...(mask === null ? [] : [boolean ? bools(mask) : floats(mask)]),
    ]),
    call: ([q, k, v, attnMask], { isCausal, scale }) =>
      ops.scaledDotProductAttention(q, k, v, { attnMask, isCausal, scale: scale ?? undefined, needWeights: true }),
    reference: ([q, k, v, mask], options) => reference.attention(q, k, v, mask, options),
    gradientTolerance: 1e-4,
  }),
];
