/**
 * The functions of the addon for LSTM, GRU and the plain layer over whole sequences.
 * What holds for all of them: `../addon.ts`.
 */

import type { FloatArray } from '../../../core/dtype.ts';

type Optional<T> = T | null;
type RecurrentSizes = [steps: number, batch: number, inputs: number, hidden: number, reverse: boolean];
type RecurrentOperands = [
  x: FloatArray,
  wIh: FloatArray,
  wHh: FloatArray,
  bIh: Optional<FloatArray>,
  bHh: Optional<FloatArray>,
  h0: FloatArray,
];
type LstmOperands = [...RecurrentOperands, c0: FloatArray];
type RecurrentProducts = [dx: Optional<FloatArray>, dwIh: Optional<FloatArray>, dwHh: Optional<FloatArray>];

export interface RecurrentFunctions {
  lstmWorkspaceSize(...sizes: RecurrentSizes): number;
  lstm(
    ...args: [...RecurrentSizes, ...LstmOperands, y: FloatArray, hN: FloatArray, cN: FloatArray, workspace: FloatArray]
  ): void;
  lstmBackward(
    ...args: [
      ...RecurrentSizes,
      ...LstmOperands,
      y: FloatArray,
      workspace: FloatArray,
      dy: Optional<FloatArray>,
      dhN: Optional<FloatArray>,
      dcN: Optional<FloatArray>,
      ...RecurrentProducts,
      db: Optional<FloatArray>,
      dh0: Optional<FloatArray>,
      dc0: Optional<FloatArray>,
    ]
  ): void;
  gruWorkspaceSize(...sizes: RecurrentSizes): number;
  gru(...args: [...RecurrentSizes, ...RecurrentOperands, y: FloatArray, hN: FloatArray, workspace: FloatArray]): void;
  gruBackward(
    ...args: [
      ...RecurrentSizes,
      ...RecurrentOperands,
      y: FloatArray,
      workspace: FloatArray,
      dy: Optional<FloatArray>,
      dhN: Optional<FloatArray>,
      ...RecurrentProducts,
      dbIh: Optional<FloatArray>,
      dbHh: Optional<FloatArray>,
      dh0: Optional<FloatArray>,
    ]
  ): void;
  rnn(...args: [...RecurrentSizes, relu: boolean, ...RecurrentOperands, y: FloatArray, hN: FloatArray]): void;
  rnnBackward(
    ...args: [
      ...RecurrentSizes,
      relu: boolean,
      ...RecurrentOperands,
      y: FloatArray,
      dy: Optional<FloatArray>,
      dhN: Optional<FloatArray>,
      ...RecurrentProducts,
      db: Optional<FloatArray>,
      dh0: Optional<FloatArray>,
    ]
  ): void;
}
