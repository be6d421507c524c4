/** What the methods of a backend (`seam/`) take together: sizes, weights, gradients, options. */

import type { FloatArray } from '../core/dtype.ts';

/**
 * Planes [inner] of x [batch, channels, inner], and whose statistics they share: with groups 0 those of their channel
 * over the whole batch, else those of their group of channels in their sample. There are channels, or batch·groups.
 */
export interface ChannelNormDims {
  readonly batch: number;
  readonly channels: number;
  readonly inner: number;
  readonly groups: number;
}

/** weight and bias [channels]; mean and rstd, one for each set of statistics. */
export interface ChannelNormInputs {
  readonly x: FloatArray;
  readonly weight: FloatArray | null;
  readonly bias: FloatArray | null;
  readonly mean: FloatArray;
  readonly rstd: FloatArray;
}

export interface ChannelNormGradsIn extends Omit<ChannelNormInputs, 'bias'> {
  readonly dy: FloatArray;
  /** The statistics do not depend on x. */
  readonly fixed: boolean;
}

/** dWeight and dBias [channels]; null where none is wanted. */
export interface ChannelNormGradsOut {
  readonly dx: FloatArray | null;
  readonly dWeight: FloatArray | null;
  readonly dBias: FloatArray | null;
}

/** Sizes of one recurrent layer in one direction: T steps, B sequences, I inputs, H hidden units. */
export interface RecurrentDims {
  readonly steps: number;
  readonly batch: number;
  readonly inputs: number;
  readonly hidden: number;
  /** Walk the sequence from its last step to its first. */
  readonly reverse: boolean;
}

/**
 * x [T, B, I], wIh [G·H, I], wHh [G·H, H], biases [G·H], h0 [B, H]. Gates, in their order: r, z, n of the GRU; the plain
 * layer has one.
 */
export interface RecurrentInputs {
  readonly x: FloatArray;
  readonly wIh: FloatArray;
  readonly wHh: FloatArray;
  readonly bIh: FloatArray | null;
  readonly bHh: FloatArray | null;
  readonly h0: FloatArray;
}

/** Gate order i, f, g, o; c0 [B, H]. */
export interface LstmInputs extends RecurrentInputs {
  readonly c0: FloatArray;
}

/** y [T, B, H] in the order of x also when reversed; hN [B, H], the state after the last step walked. */
export interface RecurrentOutputs {
  readonly y: FloatArray;
  readonly hN: FloatArray;
}

/** A workspace of `gruWorkspaceSize(dims)` elements, opaque, for the backward call. */
export interface GruOutputs extends RecurrentOutputs {
  readonly workspace: FloatArray;
}

/** cN [B, H]; a workspace of `lstmWorkspaceSize(dims)` elements, opaque, for the backward call. */
export interface LstmOutputs extends RecurrentOutputs {
  readonly cN: FloatArray;
  readonly workspace: FloatArray;
}

/** Gradients of the outputs; null stands for zeros. */
export interface RecurrentGradsIn {
  readonly dy: FloatArray | null;
  readonly dhN: FloatArray | null;
}

export interface LstmGradsIn extends RecurrentGradsIn {
  readonly dcN: FloatArray | null;
}

/** Gradients of the inputs, overwritten; null where none is wanted. */
export interface RecurrentGradsOut {
  readonly dx: FloatArray | null;
  readonly dwIh: FloatArray | null;
  readonly dwHh: FloatArray | null;
  readonly dh0: FloatArray | null;
}

/** db serves both biases, which enter as their sum. */
export interface RnnGradsOut extends RecurrentGradsOut {
  readonly db: FloatArray | null;
}

/** The biases of n act apart, so each has its own gradient. */
export interface GruGradsOut extends RecurrentGradsOut {
  readonly dbIh: FloatArray | null;
  readonly dbHh: FloatArray | null;
}

/** db serves both biases, which enter as their sum. */
export interface LstmGradsOut extends RecurrentGradsOut {
  readonly db: FloatArray | null;
  readonly dc0: FloatArray | null;
}

/**
 * How a window goes over a plane; one-dimensional ones have height 1. Output (y, x) meets the window's element (i, j) at
 * the input's (y·strideY − padTop + i·dilationY, x·strideX − padLeft + j·dilationX).
 */
export interface WindowDims {
  readonly inHeight: number;
  readonly inWidth: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly strideY: number;
  readonly strideX: number;
  readonly padTop: number;
  readonly padLeft: number;
  readonly dilationY: number;
  readonly dilationX: number;
}

/** Sizes of a convolution (cross-correlation); what lies outside the input, on any side, counts as zeros. */
export interface ConvDims extends WindowDims {
  readonly batch: number;
  /** Divides both numbers of channels; each group is a convolution of its own. */
  readonly groups: number;
  readonly inChannels: number;
  readonly outChannels: number;
}

/** Sizes of a pooling; what lies outside the input is left out. */
export interface PoolDims extends WindowDims {
  readonly planes: number;
}

/**
 * Weighted sums of neighbours along one axis, as a band matrix: output i of n is Σ weights[t·n + i]·x[spans[i] + t] over
 * the t below spans[n + i], which is at most `taps`. Weights behind that are 0; elements outside the axis count as 0.
 */
export interface Band {
  readonly taps: number;
  readonly spans: Int32Array;
  readonly weights: FloatArray;
}

/** x [planes, inHeight, inWidth] → y [planes, outHeight, outWidth]; an axis without a band keeps its size. */
export interface ResampleDims {
  readonly planes: number;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly outHeight: number;
  readonly outWidth: number;
}

/** One Adam step; `biasCorrection1 = 1 − β1^t`, `biasCorrection2 = 1 − β2^t`, computed by the caller in float64. */
export interface AdamStep {
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  /** Decay the weights themselves (AdamW) and not the gradient (Adam). */
  readonly decoupled: boolean;
  readonly maximize: boolean;
  readonly biasCorrection1: number;
  readonly biasCorrection2: number;
}

export interface SgdStep {
  readonly lr: number;
  readonly momentum: number;
  readonly dampening: number;
  readonly weightDecay: number;
  readonly nesterov: boolean;
  readonly maximize: boolean;
  /** The momentum buffers hold nothing yet: the first step takes the gradient undamped. */
  readonly first: boolean;
}

/** The numbers of a step of `update`; a rule reads those that its formula names. Corrections of bias are in them. */
export interface UpdateStep {
  /** What the direction is multiplied by. */
  readonly rate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  /** λ of the L2 penalty, added to the gradient as λ·p. */
  readonly weightDecay: number;
  /** What is left of p before it moves. */
  readonly keep: number;
  readonly momentum: number;
  readonly correction: number;
  readonly average: number;
  readonly grow: number;
  readonly shrink: number;
  readonly low: number;
  readonly high: number;
  readonly adaptive: boolean;
  readonly maximize: boolean;
}

/** Lists of one to three states of every parameter; null where a rule does without. */
export type UpdateStates = readonly [
  readonly FloatArray[],
  (readonly FloatArray[] | null)?,
  (readonly FloatArray[] | null)?,
];

/** The weights of a character LSTM: embedding [V, E], per layer wIh, wHh, bIh, bHh, head [V, H] and bias [V]. */
export interface CharSamplerWeights {
  readonly vocab: number;
  readonly embed: number;
  readonly hidden: number;
  readonly embedding: FloatArray;
  readonly layers: readonly {
    readonly wIh: FloatArray;
    readonly wHh: FloatArray;
    readonly bIh: FloatArray;
    readonly bHh: FloatArray;
  }[];
  readonly headWeight: FloatArray;
  readonly headBias: FloatArray;
}

export interface SamplingRule {
  /** Divides the logits; 0 takes the largest (the first of equals). */
  readonly temperature: number;
  /** Keep the k largest logits; 0 keeps all. Ties at the border: the smaller ids stay. */
  readonly topK: number;
  /** Keep the smallest set of most probable ids whose probabilities reach p (at least one); 1 keeps all. */
  readonly topP: number;
}
