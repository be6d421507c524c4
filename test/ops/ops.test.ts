/** What every operation must pass, out of the cases it brings along. */

import { describe, expect, test } from 'vitest';
import { gradcheckError, gradgradcheck, type OpProof, registeredOps } from '../../src/ops/index.ts';
import '../../src/linalg/index.ts';
import { Tensor } from '../../src/tensor.ts';
import { sampler } from '../support/sampler.ts';

const differentiable = (op: OpProof): boolean => op.differentiable !== false;

describe.each(registeredOps().map((op) => [op.name, op] as const))('%s', (name, op) => {
  test('brings cases', () => {
    expect(op.cases.length).toBeGreaterThan(0);
  });

  for (const [i, build] of op.cases.entries()) {
    const prepare = () => {
      const { inputs, call } = build(sampler(name, i, 'float64'));
      for (const x of inputs) if (x.dtype === 'float64') x.requiresGrad = true;
      return { inputs, call };
    };

    test(`case ${i}: the inputs are left as they are`, () => {
      const { inputs, call } = prepare();
      const before = inputs.map((x) => [...x.data]);
      call(...inputs);
      expect(inputs.map((x) => [...x.data])).toEqual(before);
    });

    if (!differentiable(op)) {
      test(`case ${i}: has no gradient`, () => {
        const { inputs, call } = prepare();
        const y = call(...inputs);
        for (const t of y instanceof Tensor ? [y] : y) expect(t.requiresGrad).toBe(false);
      });
      continue;
    }

    test(`case ${i}: gradient`, () => {
      const { inputs, call } = prepare();
      expect(gradcheckError(call, inputs)).toBeLessThanOrEqual(1);
    });

    test(`case ${i}: gradient of the gradient`, () => {
      const { inputs, call } = prepare();
      expect(gradgradcheck(call, inputs)).toBe(true);
    });
  }
});
