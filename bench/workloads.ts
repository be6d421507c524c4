/** Sizes that several benchmarks share, ours and those of the peers. */

/** A training step or a generation: V 65 characters, E embedding, H hidden units, L layers, B sequences, T steps. */
export interface CharModelSize {
  readonly embed: number;
  readonly hidden: number;
  readonly layers: number;
}

export interface TrainSize extends CharModelSize {
  readonly batch: number;
  readonly steps: number;
}

export const VOCAB = 65;

export const trainSizes: readonly TrainSize[] = [
  { embed: 64, hidden: 128, layers: 1, batch: 32, steps: 64 },
  { embed: 64, hidden: 256, layers: 1, batch: 32, steps: 64 },
  { embed: 64, hidden: 256, layers: 2, batch: 32, steps: 64 },
  { embed: 128, hidden: 512, layers: 2, batch: 64, steps: 128 },
  { embed: 64, hidden: 128, layers: 2, batch: 50, steps: 50 },
  { embed: 256, hidden: 1024, layers: 1, batch: 32, steps: 64 },
];

export const generateSizes: readonly CharModelSize[] = [
  { embed: 64, hidden: 128, layers: 1 },
  { embed: 64, hidden: 256, layers: 2 },
  { embed: 128, hidden: 512, layers: 2 },
];

export function sizeName(size: CharModelSize & Partial<TrainSize>): string {
  const { embed, hidden, layers, batch, steps } = size;
  return `E${embed} H${hidden} L${layers}${batch === undefined ? '' : ` B${batch} T${steps}`}`;
}

export type Cell = 'LSTM' | 'GRU' | 'RNN';
const GATES = { LSTM: 4, GRU: 3, RNN: 1 } as const;

/** Weights that multiply in a step of one sequence; two flops each. */
export function multiplyingWeights({ embed, hidden, layers }: CharModelSize, cell: Cell = 'LSTM'): number {
  return hidden * VOCAB + GATES[cell] * hidden * (embed + hidden + (layers - 1) * (hidden + hidden));
}

/** Flops of a training step: three times the forward products. */
export function trainFlops(size: TrainSize, cell: Cell = 'LSTM'): number {
  return 3 * 2 * multiplyingWeights(size, cell) * size.batch * size.steps;
}

const squares = [64, 128, 256, 512, 1024, 2048].map((n) => [n, n, n] as const);

/** m × n × k of the products that count. */
export const gemmShapes: readonly (readonly [m: number, n: number, k: number])[] = [
  ...squares,
  [32, 2048, 512],
  [64, 4096, 1024],
  [4096, 1024, 2048],
  [1, 2048, 512],
  [8, 2048, 512],
  [7, 33, 65],
];

export const gemmForms = [
  { form: 'NN', transA: false, transB: false },
  { form: 'NT', transA: false, transB: true },
  { form: 'TN', transA: true, transB: false },
  { form: 'TT', transA: true, transB: true },
] as const;
