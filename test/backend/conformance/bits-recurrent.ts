/** What the digests of `bits.ts` are taken of, for the recurrent layers. */

import type { RecurrentDims } from '../../../src/backend/arguments.ts';
import type { Backend } from '../../../src/backend/backend.ts';
import { type Add, draw } from './bits-data.ts';

const LAYERS: RecurrentDims[] = [
  { steps: 3, batch: 1, inputs: 5, hidden: 17, reverse: false },
  { steps: 4, batch: 7, inputs: 33, hidden: 31, reverse: true },
  { steps: 5, batch: 33, inputs: 40, hidden: 65, reverse: false },
  { steps: 6, batch: 16, inputs: 64, hidden: 128, reverse: false },
  { steps: 2, batch: 3, inputs: 20, hidden: 257, reverse: false },
];

export const recurrentTraces = {
  lstm(k: Backend, add: Add) {
    for (const dims of LAYERS) add(...runLstm(k, dims).outputs);
  },
  lstmBackward(k: Backend, add: Add) {
    for (const dims of LAYERS) {
      const { inputs, outputs } = runLstm(k, dims);
      const [y, , , workspace] = outputs;
      const out = { ...layerGrads(dims, 4), db: new Float32Array(4 * dims.hidden), dc0: stateArray(dims) };
      k.lstmBackward(dims, inputs, y, workspace, { ...upstream(dims), dcN: draw(46, cellsOf(dims)) }, out);
      add(...Object.values(out));
    }
  },
  gru(k: Backend, add: Add) {
    for (const dims of LAYERS) add(...runGru(k, dims).outputs);
  },
  gruBackward(k: Backend, add: Add) {
    for (const dims of LAYERS) {
      const { inputs, outputs } = runGru(k, dims);
      const [y, , workspace] = outputs;
      const [dbIh, dbHh] = [new Float32Array(3 * dims.hidden), new Float32Array(3 * dims.hidden)];
      const out = { ...layerGrads(dims, 3), dbIh, dbHh };
      k.gruBackward(dims, inputs, y, workspace, upstream(dims), out);
      add(...Object.values(out));
    }
  },
  rnn(k: Backend, add: Add) {
    for (const dims of LAYERS) for (const relu of [false, true]) add(...runRnn(k, dims, relu).outputs);
  },
  rnnBackward(k: Backend, add: Add) {
    for (const dims of LAYERS) {
      for (const relu of [false, true]) {
        const { inputs, outputs } = runRnn(k, dims, relu);
        const out = { ...layerGrads(dims, 1), db: new Float32Array(dims.hidden) };
        k.rnnBackward(dims, relu, inputs, outputs[0], upstream(dims), out);
        add(...Object.values(out));
      }
    }
  },
};

const cellsOf = ({ batch, hidden }: RecurrentDims) => batch * hidden;
const stateArray = (dims: RecurrentDims) => new Float32Array(cellsOf(dims));
const sequenceArray = (dims: RecurrentDims) => new Float32Array(dims.steps * cellsOf(dims));

function layerInputs(dims: RecurrentDims, gates: number) {
  const { steps: T, batch: B, inputs: I, hidden: H } = dims;
  const bound = 1 / Math.sqrt(H);
  return {
    x: draw(37, T * B * I),
    wIh: draw(38, gates * H * I, -bound, bound),
    wHh: draw(39, gates * H * H, -bound, bound),
    bIh: draw(40, gates * H, -bound, bound),
    bHh: draw(41, gates * H, -bound, bound),
    h0: draw(42, B * H),
  };
}

function layerGrads(dims: RecurrentDims, gates: number) {
  const { steps: T, batch: B, inputs: I, hidden: H } = dims;
  const [dx, dwIh, dwHh] = [T * B * I, gates * H * I, gates * H * H].map((n) => new Float32Array(n));
  return { dx, dwIh, dwHh, dh0: stateArray(dims) };
}

function upstream(dims: RecurrentDims) {
  return { dy: draw(44, dims.steps * cellsOf(dims)), dhN: draw(45, cellsOf(dims)) };
}

function runLstm(k: Backend, dims: RecurrentDims) {
  const inputs = { ...layerInputs(dims, 4), c0: draw(43, cellsOf(dims)) };
  const [y, hN, cN] = [sequenceArray(dims), stateArray(dims), stateArray(dims)];
  const workspace = new Float32Array(k.lstmWorkspaceSize(dims));
  k.lstm(dims, inputs, { y, hN, cN, workspace });
  return { inputs, outputs: [y, hN, cN, workspace] };
}

function runGru(k: Backend, dims: RecurrentDims) {
  const inputs = layerInputs(dims, 3);
  const [y, hN, workspace] = [sequenceArray(dims), stateArray(dims), new Float32Array(k.gruWorkspaceSize(dims))];
  k.gru(dims, inputs, { y, hN, workspace });
  return { inputs, outputs: [y, hN, workspace] };
}

function runRnn(k: Backend, dims: RecurrentDims, relu: boolean) {
  const inputs = layerInputs(dims, 1);
  const [y, hN] = [sequenceArray(dims), stateArray(dims)];
  k.rnn(dims, relu, inputs, { y, hN });
  return { inputs, outputs: [y, hN] };
}
