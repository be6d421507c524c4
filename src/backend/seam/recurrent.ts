/**
 * The part of the seam for LSTM, GRU and the plain layer over whole sequences.
 * Rules and numeric contract: `backend.ts`.
 */

import type { FloatArray } from '../../core/dtype.ts';
import type {
  GruGradsOut,
  GruOutputs,
  LstmGradsIn,
  LstmGradsOut,
  LstmInputs,
  LstmOutputs,
  RecurrentDims,
  RecurrentGradsIn,
  RecurrentInputs,
  RecurrentOutputs,
  RnnGradsOut,
} from '../arguments.ts';

export interface RecurrentKernels {
  /** Elements of the workspace that `lstm` fills and `lstmBackward` reads. */
  lstmWorkspaceSize(dims: RecurrentDims): number;
  /** i, f, o = σ(·), g = tanh(·) of x·wIhᵀ + bIh + bHh + h·wHhᵀ; c = f·c + i·g; h = o·tanh(c). */
  lstm(dims: RecurrentDims, inputs: LstmInputs, out: LstmOutputs): void;
  /** Gradients through the whole sequence; the workspace is consumed (its content is undefined afterwards). */
  lstmBackward(
    dims: RecurrentDims,
    inputs: LstmInputs,
    y: FloatArray,
    workspace: FloatArray,
    given: LstmGradsIn,
    out: LstmGradsOut,
  ): void;

  /** Elements of the workspace that `gru` fills and `gruBackward` reads. */
  gruWorkspaceSize(dims: RecurrentDims): number;
  /** r, z = σ(·) of x·wIhᵀ + bIh + h·wHhᵀ + bHh; n = tanh(x·wInᵀ + bIn + r·(h·wHnᵀ + bHn)); h = n + z·(h − n). */
  gru(dims: RecurrentDims, inputs: RecurrentInputs, out: GruOutputs): void;
  /** Gradients through the whole sequence; the workspace is consumed (its content is undefined afterwards). */
  gruBackward(
    dims: RecurrentDims,
    inputs: RecurrentInputs,
    y: FloatArray,
    workspace: FloatArray,
    given: RecurrentGradsIn,
    out: GruGradsOut,
  ): void;

  /** h = f(x·wIhᵀ + bIh + h·wHhᵀ + bHh), f = tanh or, with `relu`, the positive part. */
  rnn(dims: RecurrentDims, relu: boolean, inputs: RecurrentInputs, out: RecurrentOutputs): void;
  /** Gradients through the whole sequence; everything they need besides the inputs is in y. */
  rnnBackward(
    dims: RecurrentDims,
    relu: boolean,
    inputs: RecurrentInputs,
    y: FloatArray,
    given: RecurrentGradsIn,
    out: RnnGradsOut,
  ): void;
}
