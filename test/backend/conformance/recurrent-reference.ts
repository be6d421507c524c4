/** Recurrent layers, step by step in float64, as their equations are printed; gradients by the chain rule over them. */

import type { RecurrentDims } from '../../../src/backend/arguments.ts';

/** Float64 copies of the inputs of one call; a missing bias is zeros, and a layer without a cell state ignores c0. */
export interface LayerInputs {
  readonly x: Float64Array;
  readonly wIh: Float64Array;
  readonly wHh: Float64Array;
  readonly bIh: Float64Array;
  readonly bHh: Float64Array;
  readonly h0: Float64Array;
  readonly c0: Float64Array;
}

interface State {
  readonly h: number;
  readonly c: number;
}

/** What a state does to the loss: through the gates of its step, and directly through the state before. */
interface CellGrads extends State {
  readonly input: readonly number[];
  readonly recurrent: readonly number[];
}

/** One unit's step. `input` and `recurrent` hold, gate by gate, the sums over x and over h with their biases. */
export interface Cell {
  readonly gates: number;
  forward(input: readonly number[], recurrent: readonly number[], before: State): State;
  /** The gradients of what `forward` took, from those of the state it gave. */
  backward(input: readonly number[], recurrent: readonly number[], before: State, after: State): CellGrads;
}

const logistic = (z: number) => 1 / (1 + Math.exp(-z));

function lstmGates(input: readonly number[], recurrent: readonly number[]): number[] {
  return input.map((sum, gate) => (gate === 2 ? Math.tanh : logistic)(sum + recurrent[gate]));
}

export const lstmCell: Cell = {
  gates: 4,
  forward(input, recurrent, { c }) {
    const [i, f, g, o] = lstmGates(input, recurrent);
    const cell = f * c + i * g;
    return { h: o * Math.tanh(cell), c: cell };
  },
  backward(input, recurrent, before, { h: dh, c: dcLater }) {
    const [i, f, g, o] = lstmGates(input, recurrent);
    const tanhC = Math.tanh(f * before.c + i * g);
    const dc = dcLater + dh * o * (1 - tanhC ** 2);
    const pre = [dc * g * i * (1 - i), dc * before.c * f * (1 - f), dc * i * (1 - g ** 2), dh * tanhC * o * (1 - o)];
    return { input: pre, recurrent: pre, h: 0, c: dc * f };
  },
};

function gruGates(input: readonly number[], recurrent: readonly number[]): [r: number, z: number, n: number] {
  const [r, z] = [0, 1].map((gate) => logistic(input[gate] + recurrent[gate]));
  return [r, z, Math.tanh(input[2] + r * recurrent[2])];
}

export const gruCell: Cell = {
  gates: 3,
  forward(input, recurrent, { h }) {
    const [, z, n] = gruGates(input, recurrent);
    return { h: (1 - z) * n + z * h, c: 0 };
  },
  backward(input, recurrent, { h }, { h: dh }) {
    const [r, z, n] = gruGates(input, recurrent);
    const dn = dh * (1 - z) * (1 - n ** 2);
    const dr = dn * recurrent[2] * r * (1 - r);
    const dz = dh * (h - n) * z * (1 - z);
    return { input: [dr, dz, dn], recurrent: [dr, dz, dn * r], h: dh * z, c: 0 };
  },
};

function plainCell(f: (z: number) => number, slope: (h: number) => number): Cell {
  return {
    gates: 1,
    forward: ([input], [recurrent]) => ({ h: f(input + recurrent), c: 0 }),
    backward([input], [recurrent], _before, { h: dh }) {
      const pre = [dh * slope(f(input + recurrent))];
      return { input: pre, recurrent: pre, h: 0, c: 0 };
    },
  };
}

export const tanhCell = plainCell(Math.tanh, (h) => 1 - h ** 2);
export const reluCell = plainCell(
  (z) => (z <= 0 ? 0 : z),
  (h) => Number(h > 0),
);

interface UnitStep {
  readonly input: readonly number[];
  readonly recurrent: readonly number[];
  readonly before: State;
}

export interface LayerOutputs {
  readonly y: Float64Array;
  readonly hN: Float64Array;
  readonly cN: Float64Array;
  /** units[t][b·H + j] */
  readonly units: UnitStep[][];
  /** The state h that step t starts from. */
  readonly hPrev: Float64Array[];
}

/** `db` is the gradient of the sum of the biases, for the layers that know only that. */
export type LayerGrads = Readonly<
  Record<'dx' | 'dwIh' | 'dwHh' | 'dbIh' | 'dbHh' | 'db' | 'dh0' | 'dc0', Float64Array>
>;

function walkedSteps({ steps, reverse }: RecurrentDims): number[] {
  const order = Array.from({ length: steps }, (_, t) => t);
  return reverse ? order.reverse() : order;
}

export function layerForward(cell: Cell, dims: RecurrentDims, inputs: LayerInputs): LayerOutputs {
  const { steps, batch: B, inputs: I, hidden: H } = dims;
  const { x, wIh, wHh, bIh, bHh, h0, c0 } = inputs;
  const y = new Float64Array(steps * B * H);
  const units: UnitStep[][] = [];
  const hPrev: Float64Array[] = [];
  let [h, c] = [h0.slice(), c0.slice()];
  for (const t of walkedSteps(dims)) {
    const [hNext, cNext] = [new Float64Array(B * H), new Float64Array(B * H)];
    units[t] = [];
    hPrev[t] = h;
    for (let b = 0; b < B; b++) {
      const product = (bias: number, w: Float64Array, row: number, v: Float64Array, at: number, n: number) => {
        let sum = bias;
        for (let k = 0; k < n; k++) sum += w[row * n + k] * v[at + k];
        return sum;
      };
      for (let j = 0; j < H; j++) {
        const rows = Array.from({ length: cell.gates }, (_, gate) => gate * H + j);
        const input = rows.map((row) => product(bIh[row], wIh, row, x, (t * B + b) * I, I));
        const recurrent = rows.map((row) => product(bHh[row], wHh, row, h, b * H, H));
        const before = { h: h[b * H + j], c: c[b * H + j] };
        const after = cell.forward(input, recurrent, before);
        units[t][b * H + j] = { input, recurrent, before };
        cNext[b * H + j] = after.c;
        hNext[b * H + j] = after.h;
        y[(t * B + b) * H + j] = after.h;
      }
    }
    [h, c] = [hNext, cNext];
  }
  return { y, hN: h, cN: c, units, hPrev };
}

export function layerBackward(
  cell: Cell,
  dims: RecurrentDims,
  inputs: LayerInputs,
  { units, hPrev }: LayerOutputs,
  dy: Float64Array,
  dhN: Float64Array,
  dcN: Float64Array,
): LayerGrads {
  const { steps, batch: B, inputs: I, hidden: H } = dims;
  const rows = cell.gates * H;
  const dx = new Float64Array(steps * B * I);
  const [dwIh, dwHh] = [new Float64Array(rows * I), new Float64Array(rows * H)];
  const [dbIh, dbHh] = [new Float64Array(rows), new Float64Array(rows)];
  let [dh, dc] = [dhN.slice(), dcN.slice()];
  for (const t of walkedSteps(dims).reverse()) {
    const [dhPrev, dcPrev] = [new Float64Array(B * H), new Float64Array(B * H)];
    for (let b = 0; b < B; b++) {
      for (let j = 0; j < H; j++) {
        const { input, recurrent, before } = units[t][b * H + j];
        const after = { h: dh[b * H + j] + dy[(t * B + b) * H + j], c: dc[b * H + j] };
        const grads = cell.backward(input, recurrent, before, after);
        dhPrev[b * H + j] += grads.h;
        dcPrev[b * H + j] = grads.c;
        for (let gate = 0; gate < cell.gates; gate++) {
          const row = gate * H + j;
          dbIh[row] += grads.input[gate];
          dbHh[row] += grads.recurrent[gate];
          for (let k = 0; k < I; k++) {
            dx[(t * B + b) * I + k] += grads.input[gate] * inputs.wIh[row * I + k];
            dwIh[row * I + k] += grads.input[gate] * inputs.x[(t * B + b) * I + k];
          }
          for (let k = 0; k < H; k++) {
            dhPrev[b * H + k] += grads.recurrent[gate] * inputs.wHh[row * H + k];
            dwHh[row * H + k] += grads.recurrent[gate] * hPrev[t][b * H + k];
          }
        }
      }
    }
    [dh, dc] = [dhPrev, dcPrev];
  }
  return { dx, dwIh, dwHh, dbIh, dbHh, db: dbIh, dh0: dh, dc0: dc };
}
