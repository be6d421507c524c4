/** Native against TypeScript, on every ISA this machine has: outputs and gradients of every case, and the edges. */

import { afterAll, beforeAll, describe, test } from 'vitest';
import { grad } from '../../src/autograd/index.ts';
import { backendInfo, setBackend } from '../../src/backend/select.ts';
import { filled } from '../../src/ops/broadcast.ts';
import { mul, type OpCase, type OpProof, registeredOps, sum, tensor } from '../../src/ops/index.ts';
import { Tensor } from '../../src/tensor.ts';
import { expectClose } from '../support/close.ts';
import { nativeIsas, onIsa } from '../support/native.ts';
import { mulberry, sampler } from '../support/sampler.ts';

const isas = nativeIsas();
const before = backendInfo().backend;
const DEFAULT_TOLERANCE = 2e-6;

/** Outputs, and the gradients of Σ outputs·weights. */
function runAll(op: OpProof, { inputs, call }: OpCase): Tensor[] {
  const floats = inputs.filter((x) => x.dtype === 'float32');
  for (const x of floats) x.requiresGrad = op.differentiable !== false;
  const y = call(...inputs);
  const outputs = y instanceof Tensor ? [y] : [...y];
  const terms = outputs.filter((t) => t.requiresGrad).map((t, i) => sum(mul(t, weights(t, i))));
  if (terms.length === 0) return outputs;
  const seeds = terms.map(() => filled([], 1, 'float32'));
  const gradients = grad(terms, floats, {
    seeds: seeds.map((s, i) => (terms[i].dtype === 'float32' ? s : null)),
    allowUnused: true,
  });
  return [...outputs, ...gradients.filter((g) => g !== null)];
}

function weights(t: Tensor, place: number): Tensor {
  const draw = mulberry(place + 1);
  const w = filled(t.shape, 0, t.dtype);
  for (let i = 0; i < w.size; i++) w.data[i] = draw() - 0.3;
  return w;
}

function compare(op: OpProof, what: string, build: () => OpCase, isa: string): void {
  setBackend('ts');
  const want = runAll(op, build());
  const got = onIsa(isa, () => runAll(op, build()));
  want.forEach((w, i) => {
    expectClose(got[i], w, op.tolerance ?? DEFAULT_TOLERANCE, `${op.name} ${what}, result ${i}, ${isa} against ts`);
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
