/** The recurrent layers, forward and backward, against the references in `recurrent-reference.ts`. */

import { describe, expect, test } from 'vitest';
import type { LstmGradsIn, LstmInputs, LstmOutputs, RecurrentDims } from '../../../src/backend/arguments.ts';
import type { Backend } from '../../../src/backend/backend.ts';
import type { FloatArray } from '../../../src/core/dtype.ts';
import { expectClose, expectExact, expectWithin, FLOAT32_EPS, type Harness, Random, SIZES } from './harness.ts';
import {
  type Cell,
  gruCell,
  type LayerGrads,
  type LayerInputs,
  type LayerOutputs,
  layerBackward,
  layerForward,
  lstmCell,
  reluCell,
  tanhCell,
} from './recurrent-reference.ts';

type GradName = keyof LayerGrads;
type Grads = Readonly<Record<GradName, FloatArray | null>>;

/** A kind of layer, called as if it had all that an LSTM has. */
interface Kind {
  readonly cell: Cell;
  readonly grads: readonly GradName[];
  /** Gates forget: the error saturates at any length of sequence, and large weights do no harm. */
  readonly bounded: boolean;
  workspaceSize(k: Backend, dims: RecurrentDims): number;
  forward(k: Backend, dims: RecurrentDims, inputs: LstmInputs, out: LstmOutputs): void;
  backward(
    k: Backend,
    dims: RecurrentDims,
    inputs: LstmInputs,
    state: LstmOutputs,
    given: LstmGradsIn,
    out: Grads,
  ): void;
}

const lstm: Kind = {
  cell: lstmCell,
  grads: ['dx', 'dwIh', 'dwHh', 'db', 'dh0', 'dc0'],
  bounded: true,
  workspaceSize: (k, dims) => k.lstmWorkspaceSize(dims),
  forward: (k, dims, inputs, out) => k.lstm(dims, inputs, out),
  backward: (k, dims, inputs, { y, workspace }, given, out) => k.lstmBackward(dims, inputs, y, workspace, given, out),
};

const gru: Kind = {
  cell: gruCell,
  grads: ['dx', 'dwIh', 'dwHh', 'dbIh', 'dbHh', 'dh0'],
  bounded: true,
  workspaceSize: (k, dims) => k.gruWorkspaceSize(dims),
  forward: (k, dims, inputs, out) => k.gru(dims, inputs, out),
  backward: (k, dims, inputs, { y, workspace }, given, out) => k.gruBackward(dims, inputs, y, workspace, given, out),
};

const plain = (relu: boolean): Kind => ({
  cell: relu ? reluCell : tanhCell,
  grads: ['dx', 'dwIh', 'dwHh', 'db', 'dh0'],
  bounded: !relu,
  workspaceSize: () => 0,
  forward: (k, dims, inputs, out) => k.rnn(dims, relu, inputs, out),
  backward: (k, dims, inputs, { y }, given, out) => k.rnnBackward(dims, relu, inputs, y, given, out),
});

const dimsOf = (steps: number, batch: number, inputs: number, hidden: number, reverse = false): RecurrentDims => ({
  steps,
  batch,
  inputs,
  hidden,
  reverse,
});

/** Every tail of every extent in turn, and a few whole problems. */
const PROBLEMS: RecurrentDims[] = [
  ...SIZES.filter((n) => n > 0 && n < 100).map((hidden) => dimsOf(3, 3, 5, hidden, hidden % 2 === 0)),
  ...SIZES.filter((n) => n < 100).map((batch) => dimsOf(2, batch, 4, 17, batch % 2 === 0)),
  ...SIZES.filter((n) => n < 100).map((inputs) => dimsOf(2, 5, inputs, 9, inputs % 2 === 1)),
  ...[0, 1, 2, 17].map((steps) => dimsOf(steps, 4, 6, 16, steps === 2)),
  dimsOf(1, 1, 1, 1),
  dimsOf(2, 1, 257, 257),
  dimsOf(2, 9, 300, 70, true),
  dimsOf(5, 33, 40, 65),
  dimsOf(30, 2, 3, 33, true),
];

interface Layer {
  readonly dims: RecurrentDims;
  readonly inputs: LstmInputs;
  readonly reference: LayerInputs;
}

function makeLayer(
  h: Harness,
  { cell: { gates } }: Kind,
  dims: RecurrentDims,
  seed: number,
  { bIh: hasBIh = true, bHh: hasBHh = true, spread = 1 } = {},
): Layer {
  const random = new Random(seed);
  const { steps: T, batch: B, inputs: I, hidden: H } = dims;
  const bound = spread / Math.sqrt(H);
  const x = h.uniform(random, T * B * I, -2, 2);
  const wIh = h.uniform(random, gates * H * I, -bound, bound);
  const wHh = h.uniform(random, gates * H * H, -bound, bound);
  const bIh = hasBIh ? h.uniform(random, gates * H, -bound, bound) : null;
  const bHh = hasBHh ? h.uniform(random, gates * H, -bound, bound) : null;
  const h0 = h.uniform(random, B * H);
  const c0 = h.uniform(random, B * H);
  const wide = (array: FloatArray | null) => Float64Array.from(array ?? new Float64Array(gates * H));
  return {
    dims,
    inputs: { x, wIh, wHh, bIh, bHh, h0, c0 },
    reference: {
      x: wide(x),
      wIh: wide(wIh),
      wHh: wide(wHh),
      bIh: wide(bIh),
      bHh: wide(bHh),
      h0: wide(h0),
      c0: wide(c0),
    },
  };
}

function runForward(h: Harness, kind: Kind, { dims, inputs }: Layer): LstmOutputs {
  const cells = dims.batch * dims.hidden;
  const out = {
    y: h.out(dims.steps * cells),
    hN: h.out(cells),
    cN: h.out(cells),
    workspace: h.out(kind.workspaceSize(h.backend, dims)),
  };
  kind.forward(h.backend, dims, inputs, out);
  return out;
}

function checkForward(h: Harness, kind: Kind, got: LstmOutputs, want: LayerOutputs, label: string): void {
  // States lie within ±1 but for the positive part, whose error grows with them.
  const largest = want.y.reduce((most, v) => Math.max(most, Math.abs(v)), 1);
  const bound = (h.tolerance.array === Float32Array ? 2e-6 : 1e-13) * largest;
  expectWithin(`y, ${label}`, got.y, want.y, bound);
  expectWithin(`hN, ${label}`, got.hN, want.hN, bound);
  if (kind === lstm) expectWithin(`cN, ${label}`, got.cN, want.cN, bound);
}

const labelOf = (d: RecurrentDims) =>
  `T ${d.steps} B ${d.batch} I ${d.inputs} H ${d.hidden}${d.reverse ? ' reversed' : ''}`;
const labelled = PROBLEMS.map((dims) => [labelOf(dims), dims] as const);

function forwardBlock(h: Harness, kind: Kind): void {
  test.each(labelled)('%s', (label, dims) => {
    const layer = makeLayer(h, kind, dims, 71);
    checkForward(h, kind, runForward(h, kind, layer), layerForward(kind.cell, dims, layer.reference), label);
  });

  test.each([
    { bIh: false, bHh: false },
    { bIh: false, bHh: true },
    { bIh: true, bHh: false },
  ])('without biases, and with one of the two: %j', (biases) => {
    for (const dims of [dimsOf(3, 9, 7, 17), dimsOf(3, 1, 7, 17)]) {
      const layer = makeLayer(h, kind, dims, 72, biases);
      checkForward(h, kind, runForward(h, kind, layer), layerForward(kind.cell, dims, layer.reference), labelOf(dims));
    }
  });

  test.runIf(kind.bounded)('saturated gates: weights forty times as large', () => {
    const dims = dimsOf(4, 4, 9, 33);
    const layer = makeLayer(h, kind, dims, 74, { spread: 40 });
    const { y, hN, cN } = runForward(h, kind, layer);
    const want = layerForward(kind.cell, dims, layer.reference);
    const bound = h.tolerance.array === Float32Array ? 2e-4 : 1e-12;
    expectWithin('y', y, want.y, bound);
    expectWithin('hN', hN, want.hN, bound);
    if (kind === lstm) expectWithin('cN', cN, want.cN, bound);
  });

  test('no steps: the state passes through', () => {
    const layer = makeLayer(h, kind, dimsOf(0, 3, 4, 5), 75);
    const { hN, cN } = runForward(h, kind, layer);
    expectExact('hN', hN, layer.inputs.h0);
    if (kind === lstm) expectExact('cN', cN, layer.inputs.c0);
  });

  test('a NaN of one sequence stays in it', () => {
    const dims = dimsOf(3, 9, 4, 17);
    const layer = makeLayer(h, kind, dims, 76);
    layer.inputs.x[(1 * 9 + 4) * 4] = Number.NaN;
    const { y } = runForward(h, kind, layer);
    const rows = Array.from({ length: 27 }, (_, r) =>
      Number(Array.from(y.subarray(r * 17, r * 17 + 17)).some(Number.isNaN)),
    );
    const want = Array.from({ length: 27 }, (_, r) => Number(r % 9 === 4 && r >= 9));
    expectExact('rows with a NaN', rows, want);
  });
}

function gradArrays(h: Harness, { cell, grads }: Kind, dims: RecurrentDims): Record<GradName, FloatArray> {
  const { steps: T, batch: B, inputs: I, hidden: H } = dims;
  const rows = cell.gates * H;
  const sizes: Record<GradName, number> = {
    dx: T * B * I,
    dwIh: rows * I,
    dwHh: rows * H,
    db: rows,
    dbIh: rows,
    dbHh: rows,
    dh0: B * H,
    dc0: B * H,
  };
  const entries = grads.map((name) => [name, h.out(sizes[name])]);
  return Object.fromEntries(entries) as Record<GradName, FloatArray>;
}

function makeUpstream(h: Harness, { steps, batch, hidden }: RecurrentDims, seed: number): LstmGradsIn {
  const random = new Random(seed);
  const cells = batch * hidden;
  return { dy: h.uniform(random, steps * cells), dhN: h.uniform(random, cells), dcN: h.uniform(random, cells) };
}

function wantedGrads(kind: Kind, { dims, reference }: Layer, { dy, dhN, dcN }: LstmGradsIn): LayerGrads {
  const cells = dims.batch * dims.hidden;
  const wide = (array: FloatArray | null, n: number) =>
    array === null ? new Float64Array(n) : Float64Array.from(array);
  const given = [wide(dy, dims.steps * cells), wide(dhN, cells), wide(dcN, cells)] as const;
  return layerBackward(kind.cell, dims, reference, layerForward(kind.cell, dims, reference), ...given);
}

function checkBackward(h: Harness, kind: Kind, layer: Layer, upstream: LstmGradsIn, label: string): void {
  const { dims } = layer;
  const state = runForward(h, kind, layer);
  const out = gradArrays(h, kind, dims);
  kind.backward(h.backend, dims, layer.inputs, state, upstream, out);
  const want = wantedGrads(kind, layer, upstream);
  const eps = h.tolerance.array === Float32Array ? FLOAT32_EPS : 2 ** -50;
  const bound = 8 * Math.ceil(Math.log2(4 * dims.hidden * Math.max(1, dims.steps) + 1)) * eps;
  for (const name of kind.grads) {
    expectClose(`${name}, ${label}`, out[name], want[name], bound);
    // And no element far off, which a norm over thousands would hide.
    const largest = want[name].reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    expectWithin(`${name}, ${label}`, out[name], want[name], 4 * bound * largest);
  }
}

function backwardBlock(h: Harness, kind: Kind): void {
  test.each(labelled)('%s', (label, dims) => {
    checkBackward(h, kind, makeLayer(h, kind, dims, 77), makeUpstream(h, dims, 78), label);
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
      checkBackward(h, kind, makeLayer(h, kind, dims, 80), upstream, `given ${given}`);
    }
  });

  test('each gradient is the same bits without the others', () => {
    for (const dims of [dimsOf(3, 5, 6, 17), dimsOf(2, 9, 17, 32, true), dimsOf(1, 1, 3, 5)]) {
      const layer = makeLayer(h, kind, dims, 81);
      const upstream = makeUpstream(h, dims, 82);
      const run = (wanted: (name: GradName) => boolean) => {
        const state = runForward(h, kind, layer);
        const arrays = gradArrays(h, kind, dims);
        const out = Object.fromEntries(kind.grads.map((name) => [name, wanted(name) ? arrays[name] : null]));
        kind.backward(h.backend, dims, layer.inputs, state, upstream, out as Grads);
        return arrays;
      };
      const whole = run(() => true);
      for (const name of kind.grads) {
        expectExact(`${name} alone`, run((other) => other === name)[name], whole[name]);
        const others = run((other) => other !== name);
        for (const other of kind.grads)
          if (other !== name) expectExact(`${other} without ${name}`, others[other], whole[other]);
      }
      run(() => false);
    }
  });

  describe('the reference itself', () => {
    test('its gradient is the central difference of its forward', () => {
      const dims = dimsOf(3, 2, 3, 4, true);
      const layer = makeLayer(h, kind, dims, 83);
      const { reference } = layer;
      const upstream = makeUpstream(h, dims, 84);
      const grads = wantedGrads(kind, layer, upstream);
      const dotWith = (a: Float64Array, b: FloatArray | null) => a.reduce((s, v, i) => s + v * (b?.[i] ?? 0), 0);
      const objective = () => {
        const { y, hN, cN } = layerForward(kind.cell, dims, reference);
        return dotWith(y, upstream.dy) + dotWith(hN, upstream.dhN) + (kind === lstm ? dotWith(cN, upstream.dcN) : 0);
      };
      const pairs: [Float64Array, Float64Array][] = [
        [reference.x, grads.dx],
        [reference.wIh, grads.dwIh],
        [reference.wHh, grads.dwHh],
        [reference.bIh, grads.dbIh],
        [reference.bHh, grads.dbHh],
        [reference.h0, grads.dh0],
      ];
      if (kind === lstm) pairs.push([reference.c0, grads.dc0]);
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

/** Forward and backward write into exactly what this size promises: the guards watch the workspace's ends. */
function workspaceSizeBlock(h: Harness, kind: Kind): void {
  test('a whole number that grows with steps, batch and hidden', () => {
    for (const dims of PROBLEMS) {
      const size = kind.workspaceSize(h.backend, dims);
      expect(Number.isSafeInteger(size) && size >= 0).toBe(true);
      expect(kind.workspaceSize(h.backend, { ...dims, steps: dims.steps + 1 })).toBeGreaterThanOrEqual(size);
    }
  });
}

type Block = (h: Harness) => void;

export const lstmBlock: Block = (h) => forwardBlock(h, lstm);
export const lstmBackwardBlock: Block = (h) => backwardBlock(h, lstm);
export const lstmWorkspaceSizeBlock: Block = (h) => workspaceSizeBlock(h, lstm);
export const gruBlock: Block = (h) => forwardBlock(h, gru);
export const gruBackwardBlock: Block = (h) => backwardBlock(h, gru);
export const gruWorkspaceSizeBlock: Block = (h) => workspaceSizeBlock(h, gru);

const plainKinds = [
  ['tanh', plain(false)],
  ['relu', plain(true)],
] as const;

export const rnnBlock: Block = (h) => {
  for (const [name, kind] of plainKinds) describe(name, () => forwardBlock(h, kind));
};
export const rnnBackwardBlock: Block = (h) => {
  for (const [name, kind] of plainKinds) describe(name, () => backwardBlock(h, kind));
};
