/** The work that is given to every peer, and the words in which it is asked for: one JSON object a line. */

import type { Cell, CharModelSize, TrainSize } from '../workloads.ts';

export type Work =
  | { kind: 'gemm'; m: number; n: number; k: number; transA: boolean; transB: boolean; threads: number }
  | ({ kind: 'lstm'; threads: number } & LayerSize)
  | ({ kind: 'train'; cell: Cell; threads: number } & TrainSize)
  | ({ kind: 'generate'; threads: number } & CharModelSize)
  | { kind: 'tanh' | 'exp'; elements: number; threads: number }
  | { kind: 'mlp' | 'cnn' | 'xor' | 'add'; threads: number };

export interface LayerSize {
  readonly inputs: number;
  readonly hidden: number;
  readonly batch: number;
  readonly steps: number;
}

/** One of them a line, answered by one line. */
export type Request =
  | { readonly prepare: Work; readonly id: string }
  /** Seconds that one call takes, the mean of a round of calls. */
  | { readonly run: string }
  | { readonly drop: string }
  /** Flop/s of fused multiply-adds in registers; only ours knows it. */
  | { readonly peak: number }
  /** Bytes of resident memory before the first of so many training steps, and at the peak. */
  | { readonly memory: Work; readonly steps: number };

export interface Answer {
  /** Why the peer cannot do this. */
  readonly none?: string;
  readonly seconds?: number;
  /** A number that every peer computes from its result, to see that they did the same. */
  readonly check?: number;
  readonly peak?: number;
  readonly before?: number;
  readonly most?: number;
}

export const layerSizes: readonly LayerSize[] = [
  { inputs: 64, hidden: 128, batch: 32, steps: 64 },
  { inputs: 64, hidden: 256, batch: 32, steps: 64 },
  { inputs: 512, hidden: 512, batch: 64, steps: 128 },
  { inputs: 256, hidden: 1024, batch: 32, steps: 64 },
];

export function layerFlops({ inputs, hidden, batch, steps }: LayerSize): number {
  return 8 * hidden * (inputs + hidden) * batch * steps;
}

const GOLDEN = 0.6180339887498949;

/** The same numbers for every peer, spread evenly over ±`scale`. */
export function evenly(length: number, seed: number, scale = 1): Float32Array {
  return Float32Array.from({ length }, (_, i) => ((((i + seed * 1000) * GOLDEN) % 1) * 2 - 1) * scale);
}

export function meanMagnitude(values: Float32Array): number {
  return values.reduce((sum, value) => sum + Math.abs(value), 0) / values.length;
}
