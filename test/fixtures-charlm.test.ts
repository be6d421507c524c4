/** Golden trajectories of a whole model: the family `charlm`. Losses, gradients, weights and text, on the same batch. */

import { describe, expect, test } from 'vitest';
import { backward, noGrad } from '../src/autograd/index.ts';
import { CharLSTM } from '../src/models/char-lstm.ts';
import type { LstmState } from '../src/nn/index.ts';
import { argmax, crossEntropy, reshape, select, tensor } from '../src/ops/index.ts';
import { Adam, clipGradNorm_ } from '../src/optim/index.ts';
import type { Tensor } from '../src/tensor.ts';
import {
  expectTensor,
  expectValues,
  type FixtureCase,
  type FloatDType,
  floatDTypes,
  loadFamily,
  type Names,
  toTensor,
} from './support/fixtures.ts';

interface CharlmCase extends FixtureCase {
  readonly config: Readonly<Record<'vocab' | 'embed' | 'hidden' | 'layers' | 'lr' | 'clip' | 'steps', number>>;
  readonly initial: Names;
  readonly inputs: Readonly<Record<'x' | 'y', string>>;
  readonly initial_logits: string;
  readonly first_grads: Names;
  readonly losses: readonly number[];
  readonly grad_norms: readonly number[];
  readonly final_loss: number;
  readonly final: Names;
  readonly prompt_ids: readonly number[];
  readonly prompt_logits: string;
  readonly generated_ids: readonly number[];
}

const family = loadFamily<CharlmCase>('charlm');

/** The model with PyTorch's weights; x is [B, T], so the batch comes first. */
function modelOf({ config }: CharlmCase, weights: Names, dtype: FloatDType): CharLSTM {
  const { vocab, embed, hidden, layers } = config;
  const model = new CharLSTM({ vocab, embed, hidden, layers, batchFirst: true, dtype });
  const dict = Object.entries(weights).map(([name, at]) => [name, toTensor(family.tensor(at), dtype)]);
  model.loadStateDict(Object.fromEntries(dict));
  return model;
}

function lossOf(logits: Tensor, targets: Tensor): Tensor {
  const vocab = logits.shape[2];
  return crossEntropy(reshape(logits, [logits.size / vocab, vocab]), reshape(targets, [targets.size]));
}

/** Relative, loose where float32 has had time to drift from float64. */
function drift(dtype: FloatDType, step: number): number {
  if (dtype === 'float64') return 1e-8;
  return step < 5 ? 1e-4 : 1e-3;
}

/** Steps over which a float32 trajectory is held against a float64 one. */
const COMPARABLE_STEPS = 20;
/** How far its loss may have drifted at the end of a longer one. */
const DRIFTED = 0.02;

describe.each(floatDTypes)('%s', (dtype) => {
  test.each(family.cases)('$id: the untrained model', (fixture) => {
    const model = modelOf(fixture, fixture.initial, dtype);
    const [logits] = model.forward(toTensor(family.tensor(fixture.inputs.x), dtype));
    expectTensor('logits', logits, family.tensor(fixture.initial_logits), { dtype });
    backward(lossOf(logits, toTensor(family.tensor(fixture.inputs.y), dtype)));
    for (const [name, parameter] of model.namedParameters()) {
      expectTensor(`gradient of ${name}`, parameter.grad!, family.tensor(fixture.first_grads[name]), { dtype });
    }
  });

  test.each(family.cases)('$id: the trajectory', (fixture) => {
    const { lr, clip, steps } = fixture.config;
    const model = modelOf(fixture, fixture.initial, dtype);
    const optimizer = new Adam(model.parameters(), { lr });
    const [x, y] = [fixture.inputs.x, fixture.inputs.y].map((at) => toTensor(family.tensor(at), dtype));
    const comparable = dtype === 'float64' ? steps : Math.min(steps, COMPARABLE_STEPS);
    for (let t = 0; t < steps; t++) {
      optimizer.zeroGrad();
      const loss = lossOf(model.forward(x)[0], y);
      backward(loss);
      const norm = clipGradNorm_(model.parameters(), clip);
      optimizer.step();
      if (t >= comparable) continue;
      const tolerance = (want: number) => drift(dtype, t) * want;
      expectValues(`loss at step ${t}`, [loss.item()], [fixture.losses[t]], tolerance);
      expectValues(`norm at step ${t}`, [norm], [fixture.grad_norms[t]], (want) => 10 * tolerance(want));
    }
    const final = lossOf(model.forward(x)[0], y).item();
    expectValues(
      'final loss',
      [final],
      [fixture.final_loss],
      (want) => (comparable < steps ? DRIFTED : drift(dtype, steps)) * want,
    );
    if (comparable < steps) return;
    const tolerance = (want: number) => 10 * drift(dtype, steps) * (1 + Math.abs(want));
    for (const [name, parameter] of model.namedParameters()) {
      expectValues(name, parameter.data, family.tensor(fixture.final[name]).values, tolerance);
    }
  });

  test.each(family.cases)('$id: the text, by the model and by its sampler', (fixture) => {
    const model = modelOf(fixture, fixture.final, dtype).eval();
    const { prompt_ids: prompt, generated_ids: generated } = fixture;
    noGrad(() => {
      const [logits, start] = model.forward(tensor([...prompt], { dtype: 'int32' }));
      expectTensor('prompt logits', logits, family.tensor(fixture.prompt_logits), { dtype });
      let state: LstmState = start;
      let next = argmax(select(logits, 0, -1)).item();
      const written = generated.map(() => {
        const id = next;
        const [after, end] = model.forward(tensor([id], { dtype: 'int32' }), state);
        state = end;
        next = argmax(select(after, 0, -1)).item();
        return id;
      });
      expect(written).toEqual([...generated]);
    });

    const steps = prompt.length - 1 + generated.length;
    const ids = new Int32Array(steps + 1);
    ids.set(prompt);
    const state = dtype === 'float32' ? Float32Array : Float64Array;
    const { layers, hidden } = fixture.config;
    const rule = { temperature: 0, topK: 0, topP: 1 };
    model.sampler().run(ids, prompt.length, steps, new Float64Array(steps), rule, new state(2 * layers * hidden));
    expect([...ids.subarray(prompt.length)]).toEqual([...generated]);
  });
});

test('the index was read', () => {
  expect(family.cases.map(({ losses, config }) => losses.length === config.steps)).not.toContain(false);
});
