/** The LSTM layer, forward and backward, against the reference in `lstm-reference.ts`. */

import { describe, expect, test } from 'vitest';
import type { LstmDims, LstmGradsOut, LstmInputs, LstmOutputs } from '../../../src/backend/arguments.ts';
import type { FloatArray } from '../../../src/core/dtype.ts';
import { expectClose, expectExact, expectWithin, FLOAT32_EPS, type Harness, Random, SIZES } from './harness.ts';
import { type LayerGrads, type LayerInputs, type LayerOutputs, layerBackward, layerForward } from './lstm-reference.ts';

const dimsOf = (steps: number, batch: number, inputs: number, hidden: number, reverse = false): LstmDims => ({
  steps,
  batch,
  inputs,
  hidden,
  reverse,
});

/** Every tail of every extent in turn, and a few whole problems. */
const PROBLEMS: LstmDims[] = [
  ...SIZES.filter((n) => n > 0 && n < 100).map((hidden) => dimsOf(3, 3, 5, hidden, hidden % 2 === 0)),
  ...SIZES.filter((n) => n < 100).map((batch) => dimsOf(2, batch, 4, 17, batch % 2 === 0)),
  ...SIZES.filter((n) => n < 100).map((inputs) => dimsOf(2, 5, inputs, 9, inputs % 2 === 1)),
  ...[0, 1, 2, 17].map((steps) => dimsOf(steps, 4, 6, 16, steps === 2)),
  dimsOf(1, 1, 1, 1),
  dimsOf(2, 1, 257, 257),
  dimsOf(5, 33, 40, 65),
  dimsOf(30, 2, 3, 33, true),
];

interface Layer {
  readonly dims: LstmDims;
  readonly inputs: LstmInputs;
  readonly reference: LayerInputs;
}

function makeLayer(h: Harness, dims: LstmDims, seed: number, { biases = true, spread = 1 } = {}): Layer {
  const random = new Random(seed);
  const { steps: T, batch: B, inputs: I, hidden: H } = dims;
  const bound = spread / Math.sqrt(H);
  const x = h.uniform(random, T * B * I, -2, 2);
  const wIh = h.uniform(random, 4 * H * I, -bound, bound);
  const wHh = h.uniform(random, 4 * H * H, -bound, bound);
  const bIh = biases ? h.uniform(random, 4 * H, -bound, bound) : null;
  const bHh = biases ? h.uniform(random, 4 * H, -bound, bound) : null;
  const h0 = h.uniform(random, B * H);
  const c0 = h.uniform(random, B * H);
  const wide = (array: FloatArray) => Float64Array.from(array);
  const bias = Float64Array.from({ length: 4 * H }, (_, j) => (bIh?.[j] ?? 0) + (bHh?.[j] ?? 0));
  return {
    dims,
    inputs: { x, wIh, wHh, bIh, bHh, h0, c0 },
    reference: { x: wide(x), wIh: wide(wIh), wHh: wide(wHh), bias, h0: wide(h0), c0: wide(c0) },
  };
}

function runForward(h: Harness, { dims, inputs }: Layer): LstmOutputs {
  const cells = dims.batch * dims.hidden;
  const out = {
    y: h.out(dims.steps * cells),
    hN: h.out(cells),
    cN: h.out(cells),
    workspace: h.out(h.backend.lstmWorkspaceSize(dims)),
  };
  h.backend.lstm(dims, inputs, out);
  return out;
}

function checkForward(h: Harness, got: LstmOutputs, want: LayerOutputs, label: string): void {
  // Gates forget: the error of h and c saturates, so one bound holds at any length of sequence.
  const bound = h.tolerance.array === Float32Array ? 2e-6 : 1e-13;
  expectWithin(`y, ${label}`, got.y, want.y, bound);
  expectWithin(`hN, ${label}`, got.hN, want.hN, bound);
  expectWithin(`cN, ${label}`, got.cN, want.cN, bound);
}

const labelOf = (d: LstmDims) => `T ${d.steps} B ${d.batch} I ${d.inputs} H ${d.hidden}${d.reverse ? ' reversed' : ''}`;

export function lstmBlock(h: Harness): void {
  test.each(PROBLEMS.map((dims) => [labelOf(dims), dims] as const))('%s', (label, dims) => {
    const layer = makeLayer(h, dims, 71);
    checkForward(h, runForward(h, layer), layerForward(dims, layer.reference), label);
  });

  test('without biases, and with one of the two', () => {
    const dims = dimsOf(3, 5, 7, 17);
    const bare = makeLayer(h, dims, 72, { biases: false });
    checkForward(h, runForward(h, bare), layerForward(dims, bare.reference), 'none');
    for (const missing of ['bIh', 'bHh'] as const) {
      const layer = makeLayer(h, dims, 73);
      const kept = missing === 'bIh' ? layer.inputs.bHh : layer.inputs.bIh;
      const reference = { ...layer.reference, bias: Float64Array.from(kept ?? []) };
      const got = runForward(h, { ...layer, inputs: { ...layer.inputs, [missing]: null } });
      checkForward(h, got, layerForward(dims, reference), `without ${missing}`);
    }
  });

  test('saturated gates: weights forty times as large', () => {
    const dims = dimsOf(6, 4, 9, 33);
    const layer = makeLayer(h, dims, 74, { spread: 40 });
    const { y, hN, cN } = runForward(h, layer);
    const want = layerForward(dims, layer.reference);
    const bound = h.tolerance.array === Float32Array ? 2e-4 : 1e-12;
    expectWithin('y', y, want.y, bound);
    expectWithin('hN', hN, want.hN, bound);
    expectWithin('cN', cN, want.cN, bound);
  });

  test('no steps: the state passes through', () => {
    const layer = makeLayer(h, dimsOf(0, 3, 4, 5), 75);
    const { hN, cN } = runForward(h, layer);
    expectExact('hN', hN, layer.inputs.h0);
    expectExact('cN', cN, layer.inputs.c0);
  });

  test('a NaN of one sequence stays in it', () => {
    const dims = dimsOf(3, 9, 4, 17);
    const layer = makeLayer(h, dims, 76);
    layer.inputs.x[(1 * 9 + 4) * 4] = Number.NaN;
    const { y } = runForward(h, layer);
    const rows = Array.from({ length: 27 }, (_, r) =>
      Number(Array.from(y.subarray(r * 17, r * 17 + 17)).some(Number.isNaN)),
    );
    const want = Array.from({ length: 27 }, (_, r) => Number(r % 9 === 4 && r >= 9));
    expectExact('rows with a NaN', rows, want);
  });
}

const GRADS = ['dx', 'dwIh', 'dwHh', 'db', 'dh0', 'dc0'] as const;

function gradArrays(
  h: Harness,
  { steps: T, batch: B, inputs: I, hidden: H }: LstmDims,
): Record<keyof LstmGradsOut, FloatArray> {
  return {
    dx: h.out(T * B * I),
    dwIh: h.out(4 * H * I),
    dwHh: h.out(4 * H * H),
    db: h.out(4 * H),
    dh0: h.out(B * H),
    dc0: h.out(B * H),
  };
}

interface Upstream {
  readonly dy: FloatArray | null;
  readonly dhN: FloatArray | null;
  readonly dcN: FloatArray | null;
}

function makeUpstream(h: Harness, { steps, batch, hidden }: LstmDims, seed: number): Upstream {
  const random = new Random(seed);
  const cells = batch * hidden;
  return { dy: h.uniform(random, steps * cells), dhN: h.uniform(random, cells), dcN: h.uniform(random, cells) };
}

function wantedGrads({ dims, reference }: Layer, { dy, dhN, dcN }: Upstream): LayerGrads {
  const cells = dims.batch * dims.hidden;
  const wide = (array: FloatArray | null, n: number) =>
    array === null ? new Float64Array(n) : Float64Array.from(array);
  const forward = layerForward(dims, reference);
  return layerBackward(dims, reference, forward, wide(dy, dims.steps * cells), wide(dhN, cells), wide(dcN, cells));
}

function checkBackward(h: Harness, layer: Layer, upstream: Upstream, label: string): void {
  const { dims } = layer;
  const { y, workspace } = runForward(h, layer);
  const out = gradArrays(h, dims);
  h.backend.lstmBackward(dims, layer.inputs, y, workspace, upstream, out);
  const want = wantedGrads(layer, upstream);
  const eps = h.tolerance.array === Float32Array ? FLOAT32_EPS : 2 ** -50;
  const bound = 8 * Math.ceil(Math.log2(4 * dims.hidden * Math.max(1, dims.steps) + 1)) * eps;
  for (const name of GRADS) {
    expectClose(`${name}, ${label}`, out[name], want[name], bound);
    // And no element far off, which a norm over thousands would hide.
    const largest = want[name].reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    expectWithin(`${name}, ${label}`, out[name], want[name], 4 * bound * largest);
  }
}

export function lstmBackwardBlock(h: Harness): void {
  test.each(PROBLEMS.map((dims) => [labelOf(dims), dims] as const))('%s', (label, dims) => {
    checkBackward(h, makeLayer(h, dims, 77), makeUpstream(h, dims, 78), label);
  });

  test('null for a gradient that is zero', () => {
    const dims = dimsOf(4, 5, 6, 17, true);
    const whole = makeUpstream(h, dims, 79);
    for (let given = 0; given < 8; given++) {
      const upstream = {
        dy: given & 1 ? whole.dy : null,
        dhN: given & 2 ? whole.dhN : null,
        dcN: given & 4 ? whole.dcN : null,
      };
      checkBackward(h, makeLayer(h, dims, 80), upstream, `given ${given}`);
    }
  });

  test('each gradient is the same bits without the others', () => {
    for (const dims of [dimsOf(3, 5, 6, 17), dimsOf(2, 9, 17, 32, true), dimsOf(1, 1, 3, 5)]) {
      const layer = makeLayer(h, dims, 81);
      const upstream = makeUpstream(h, dims, 82);
      const run = (wanted: (name: (typeof GRADS)[number]) => boolean) => {
        const { y, workspace } = runForward(h, layer);
        const arrays = gradArrays(h, dims);
        const out = Object.fromEntries(GRADS.map((name) => [name, wanted(name) ? arrays[name] : null]));
        h.backend.lstmBackward(dims, layer.inputs, y, workspace, upstream, out as unknown as LstmGradsOut);
        return arrays;
      };
      const whole = run(() => true);
      for (const name of GRADS) {
        expectExact(`${name} alone`, run((other) => other === name)[name], whole[name]);
        const others = run((other) => other !== name);
        for (const other of GRADS)
          if (other !== name) expectExact(`${other} without ${name}`, others[other], whole[other]);
      }
      run(() => false);
    }
  });

  describe('the reference itself', () => {
    test('its gradient is the central difference of its forward', () => {
      const dims = dimsOf(3, 2, 3, 4, true);
      const { reference } = makeLayer(h, dims, 83);
      const upstream = makeUpstream(h, dims, 84);
      const grads = wantedGrads({ dims, reference, inputs: {} as LstmInputs }, upstream);
      const dotWith = (a: Float64Array, b: FloatArray | null) => a.reduce((s, v, i) => s + v * (b?.[i] ?? 0), 0);
      const objective = () => {
        const { y, hN, cN } = layerForward(dims, reference);
        return dotWith(y, upstream.dy) + dotWith(hN, upstream.dhN) + dotWith(cN, upstream.dcN);
      };
      const pairs = [
        [reference.x, grads.dx],
        [reference.wIh, grads.dwIh],
        [reference.wHh, grads.dwHh],
        [reference.bias, grads.db],
        [reference.h0, grads.dh0],
        [reference.c0, grads.dc0],
      ];
      for (const [values, want] of pairs) {
        for (let i = 0; i < values.length; i++) {
          const value = values[i];
          values[i] = value + 1e-5;
          const above = objective();
          values[i] = value - 1e-5;
          const below = objective();
          values[i] = value;
          expect(Math.abs((above - below) / 2e-5 - want[i])).toBeLessThan(1e-8);
        }
      }
    });
  });
}

/** `lstm` and `lstmBackward` write into exactly what this size promises: the guards watch the workspace's ends. */
export function lstmWorkspaceSizeBlock(h: Harness): void {
  test('a whole number that grows with steps, batch and hidden', () => {
    for (const dims of PROBLEMS) {
      const size = h.backend.lstmWorkspaceSize(dims);
      expect(Number.isSafeInteger(size) && size >= 0).toBe(true);
      expect(h.backend.lstmWorkspaceSize({ ...dims, steps: dims.steps + 1 })).toBeGreaterThanOrEqual(size);
    }
  });
}
