/** One LSTM layer, step by step in float64, as its equations are printed; the gradient by the chain rule over them. */

import type { LstmDims } from '../../../src/backend/arguments.ts';

/** Float64 copies of the inputs of one call; biases summed. */
export interface LayerInputs {
  readonly x: Float64Array;
  readonly wIh: Float64Array;
  readonly wHh: Float64Array;
  readonly bias: Float64Array;
  readonly h0: Float64Array;
  readonly c0: Float64Array;
}

interface Cell {
  readonly i: number;
  readonly f: number;
  readonly g: number;
  readonly o: number;
  readonly cPrev: number;
  readonly c: number;
}

export interface LayerOutputs {
  readonly y: Float64Array;
  readonly hN: Float64Array;
  readonly cN: Float64Array;
  /** cells[t][b·H + j] */
  readonly cells: Cell[][];
  /** The state that step t starts from. */
  readonly hPrev: Float64Array[];
}

export interface LayerGrads {
  readonly dx: Float64Array;
  readonly dwIh: Float64Array;
  readonly dwHh: Float64Array;
  readonly db: Float64Array;
  readonly dh0: Float64Array;
  readonly dc0: Float64Array;
}

const logistic = (z: number) => 1 / (1 + Math.exp(-z));

function walkedSteps({ steps, reverse }: LstmDims): number[] {
  const order = Array.from({ length: steps }, (_, t) => t);
  return reverse ? order.reverse() : order;
}

export function layerForward(dims: LstmDims, { x, wIh, wHh, bias, h0, c0 }: LayerInputs): LayerOutputs {
  const { steps, batch: B, inputs: I, hidden: H } = dims;
  const y = new Float64Array(steps * B * H);
  const cells: Cell[][] = [];
  const hPrev: Float64Array[] = [];
  let [h, c] = [h0.slice(), c0.slice()];
  for (const t of walkedSteps(dims)) {
    const [hNext, cNext] = [new Float64Array(B * H), new Float64Array(B * H)];
    cells[t] = [];
    hPrev[t] = h;
    for (let b = 0; b < B; b++) {
      const preActivation = (row: number) => {
        let sum = bias[row];
        for (let k = 0; k < I; k++) sum += wIh[row * I + k] * x[(t * B + b) * I + k];
        for (let k = 0; k < H; k++) sum += wHh[row * H + k] * h[b * H + k];
        return sum;
      };
      for (let j = 0; j < H; j++) {
        const i = logistic(preActivation(j));
        const f = logistic(preActivation(H + j));
        const g = Math.tanh(preActivation(2 * H + j));
        const o = logistic(preActivation(3 * H + j));
        const cPrev = c[b * H + j];
        const cell = f * cPrev + i * g;
        cells[t][b * H + j] = { i, f, g, o, cPrev, c: cell };
        cNext[b * H + j] = cell;
        hNext[b * H + j] = o * Math.tanh(cell);
        y[(t * B + b) * H + j] = hNext[b * H + j];
      }
    }
    [h, c] = [hNext, cNext];
  }
  return { y, hN: h, cN: c, cells, hPrev };
}

export function layerBackward(
  dims: LstmDims,
  inputs: LayerInputs,
  { cells, hPrev }: LayerOutputs,
  dy: Float64Array,
  dhN: Float64Array,
  dcN: Float64Array,
): LayerGrads {
  const { steps, batch: B, inputs: I, hidden: H } = dims;
  const grads = {
    dx: new Float64Array(steps * B * I),
    dwIh: new Float64Array(4 * H * I),
    dwHh: new Float64Array(4 * H * H),
    db: new Float64Array(4 * H),
  };
  let [dh, dc] = [dhN.slice(), dcN.slice()];
  for (const t of walkedSteps(dims).reverse()) {
    const [dhPrev, dcPrev] = [new Float64Array(B * H), new Float64Array(B * H)];
    for (let b = 0; b < B; b++) {
      for (let j = 0; j < H; j++) {
        const { i, f, g, o, cPrev, c } = cells[t][b * H + j];
        const dhHere = dh[b * H + j] + dy[(t * B + b) * H + j];
        const tanhC = Math.tanh(c);
        const dcHere = dc[b * H + j] + dhHere * o * (1 - tanhC ** 2);
        const pre = [
          dcHere * g * i * (1 - i),
          dcHere * cPrev * f * (1 - f),
          dcHere * i * (1 - g ** 2),
          dhHere * tanhC * o * (1 - o),
        ];
        dcPrev[b * H + j] = dcHere * f;
        for (let gate = 0; gate < 4; gate++) {
          const row = gate * H + j;
          grads.db[row] += pre[gate];
          for (let k = 0; k < I; k++) {
            grads.dx[(t * B + b) * I + k] += pre[gate] * inputs.wIh[row * I + k];
            grads.dwIh[row * I + k] += pre[gate] * inputs.x[(t * B + b) * I + k];
          }
          for (let k = 0; k < H; k++) {
            dhPrev[b * H + k] += pre[gate] * inputs.wHh[row * H + k];
            grads.dwHh[row * H + k] += pre[gate] * hPrev[t][b * H + k];
          }
        }
      }
    }
    [dh, dc] = [dhPrev, dcPrev];
  }
  return { ...grads, dh0: dh, dc0: dc };
}
