/** Native against TypeScript, on every ISA this machine has: outputs and gradients of every case, and the edges. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { grad } from '../../src/autograd/index.ts';
import { backendInfo, type Isa, setBackend } from '../../src/backend/select.ts';
import { mul, type OpCase, type OpProof, registeredOps, sum, tensor } from '../../src/ops/index.ts';
import { filled } from '../../src/ops/reduction/broadcast.ts';
import '../../src/linalg/index.ts';
import { Tensor } from '../../src/tensor.ts';
import { expectClose } from '../support/close.ts';
import { nativeIsas, onIsa } from '../support/native.ts';
import { mulberry, sampler } from '../support/sampler.ts';

const isas = nativeIsas();
const before = backendInfo().backend;
const DEFAULT_TOLERANCE = 2e-6;

/** Outputs, and the gradients of Σ outputs·weights. */
function runAll(op: OpProof, { inputs, call }: OpCase): { outputs: Tensor[]; gradients: (Tensor | null)[] } {
  const floats = inputs.filter((x) => x.dtype === 'float32');
  for (const x of floats) x.requiresGrad = op.differentiable !== false;
  const y = call(...inputs);
  const outputs = y instanceof Tensor ? [y] : [...y];
  const terms = outputs.filter((t) => t.requiresGrad).map((t, i) => sum(mul(t, weights(t, i))));
  return { outputs, gradients: terms.length === 0 ? [] : grad(terms, floats, { allowUnused: true }) };
}

function weights(t: Tensor, place: number): Tensor {
  const draw = mulberry(place + 1);
  const w = filled(t.shape, 0, t.dtype);
  for (let i = 0; i < w.size; i++) w.data[i] = draw() - 0.3;
  return w;
}

function compare(op: OpProof, what: string, build: () => OpCase, isa: Isa): void {
  setBackend('ts');
  const want = runAll(op, build());
  const got = onIsa(isa, () => runAll(op, build()));
  const tolerance = op.tolerance ?? DEFAULT_TOLERANCE;
  want.outputs.forEach((w, i) => {
    expectClose(got.outputs[i], w, tolerance, `${op.name} ${what}, output ${i}, ${isa} against ts`);
  });
  // A gradient holds sums over broadcast axes, also where the operation itself is exact.
  want.gradients.forEach((w, i) => {
    const g = got.gradients[i];
    if (w === null || g === null) expect(g).toBe(w);
    else
      expectClose(g, w, Math.max(tolerance, DEFAULT_TOLERANCE), `${op.name} ${what}, gradient ${i}, ${isa} against ts`);
  });
}

describe.skipIf(isas.length === 0).each(isas)('%s', (isa) => {
  beforeAll(() => setBackend('ts'));
  afterAll(() => setBackend(before));

  for (const op of registeredOps()) {
    test(op.name, () => {
      op.cases.forEach((build, i) => {
        compare(op, `case ${i}`, () => build(sampler(op.name, i, 'float32')), isa);
      });
    });

    if (op.edges === undefined || op.edges.length === 0) continue;
    test(`${op.name}: edges`, () => {
      const [first] = op.cases;
      const values = op.edges ?? [];
      const arity = first(sampler(op.name, 0, 'float32')).inputs.length;
      // Every value, and with two inputs every pair of values; forward alone, as the gradients there are conventions.
      const columns =
        arity === 1 ? [values] : [values.flatMap((v) => values.map(() => v)), values.flatMap(() => values)];
      if (arity > 2) return;
      const run = (): Tensor[] => {
        const { call } = first(sampler(op.name, 0, 'float32'));
        const y = call(...columns.map((c) => tensor(new Float32Array(c))));
        return y instanceof Tensor ? [y] : [...y];
      };
      setBackend('ts');
      const want = run();
      const got = onIsa(isa, run);
      want.forEach((w, i) => {
        expectClose(got[i], w, op.tolerance ?? DEFAULT_TOLERANCE, `${op.name} edges, ${isa} against ts`);
      });
    });
  }
});

test.skipIf(isas.length > 0)('parity needs the native addon, which is not there', () => {});
