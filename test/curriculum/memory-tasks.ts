/** What the experiments of chapter F share: a reader of sequences, its training, and how it is scored. */

import {
  argmax,
  backendInfo,
  crossEntropy,
  type data,
  eq,
  mseLoss,
  nn,
  noGrad,
  optim,
  reshape,
  select,
  type Tensor,
  transpose,
} from '../../src/index.ts';

/** Training takes seconds on the addon and minutes without it. */
export const SLOW = backendInfo().backend !== 'native';
export const SLOW_REASON = 'trains for minutes on the TypeScript backend';

export interface ReaderOptions {
  readonly kind: 'lstm' | 'rnn';
  readonly hidden: number;
  /** Different ids, which are embedded; without them the inputs are numbers. */
  readonly vocabulary?: number;
  readonly features: number;
  readonly outputs: number;
}

/** Reads ids or numbers [T, B, …] step by step, and answers at every step. */
export class Reader extends nn.Module {
  readonly embedding: nn.Embedding | null;
  readonly rnn: nn.LSTM | nn.RNN;
  readonly head: nn.Linear;

  constructor({ kind, hidden, vocabulary, features, outputs }: ReaderOptions) {
    super();
    this.embedding = vocabulary === undefined ? null : new nn.Embedding(vocabulary, features);
    this.rnn = kind === 'lstm' ? new nn.LSTM(features, hidden) : new nn.RNN(features, hidden);
    this.head = new nn.Linear(hidden, outputs);
  }

  embed(x: Tensor): Tensor {
    return this.embedding === null ? x : this.embedding.forward(x);
  }

  forward(x: Tensor): Tensor {
    return this.head.forward(this.rnn.forward(this.embed(x))[0]);
  }

  /** The same with the forget gates [T, B, H], some of them held. */
  withForget(x: Tensor, clamp: nn.GateClamp<nn.LstmGate>[] = []): [answers: Tensor, forget: Tensor] {
    const [y, , [gates]] = (this.rnn as nn.LSTM).forwardGates(this.embed(x), undefined, { clamp });
    return [this.head.forward(y), gates.f];
  }
}

/** Sets the biases of input and forget gates, unit by unit; PyTorch's two biases enter as their sum. */
function gateBiases(lstm: nn.LSTM, input: ((unit: number) => number) | null, forget: (unit: number) => number): void {
  const { hiddenSize: h } = lstm;
  for (let unit = 0; unit < h; unit++) {
    if (input !== null) lstm.bias_ih_l0.data[unit] = input(unit);
    lstm.bias_ih_l0.data[h + unit] = forget(unit);
    lstm.bias_hh_l0.data[h + unit] = 0;
  }
}

/** Gates that begin open: the state is kept for about e^bias steps. */
export function forgetBias(reader: Reader, bias: number): Reader {
  gateBiases(reader.rnn as nn.LSTM, null, () => bias);
  return reader;
}

/** Units that begin with memories of all lengths up to `lag` (Tallec, Ollivier, Can recurrent neural networks warp time?, 2018). */
export function spreadMemory(reader: Reader, lag: number): Reader {
  const lstm = reader.rnn as nn.LSTM;
  const bias = (unit: number): number => Math.log(1 + (lag * unit) / lstm.hiddenSize);
  gateBiases(lstm, (unit) => -bias(unit), bias);
  return reader;
}

export interface Training {
  readonly lr: number;
  readonly steps: number;
  readonly batch: number;
  /** Stop when the mean loss of twenty steps is below this. */
  readonly until?: number;
}

/** Adam with gradients clipped to norm 1, on batches made anew for every step. Returns the steps it took. */
export function train(
  reader: Reader,
  { lr, steps, batch, until = 0 }: Training,
  loss: (samples: number, seed: number) => Tensor,
): number {
  const optimizer = new optim.Adam(reader.parameters(), { lr });
  let recent = Infinity;
  for (let step = 1; step <= steps; step++) {
    const error = loss(batch, 1000 + step);
    optimizer.zeroGrad();
    error.backward();
    optim.clipGradNorm_(reader.parameters(), 1);
    optimizer.step();
    recent = step === 1 ? error.item() : 0.95 * recent + 0.05 * error.item();
    if (recent < until) return step;
  }
  return steps;
}

/** x and y of a set of sequences, steps first. */
export function stepsFirst({ tensors }: data.TensorDataset): [x: Tensor, y: Tensor] {
  return [transpose(tensors[0], 0, 1), transpose(tensors[1], 0, 1)];
}

/** The mean cross-entropy of what is asked. */
export function answerLoss(answers: Tensor, y: Tensor): Tensor {
  return crossEntropy(reshape(answers, [-1, answers.shape[2]]), reshape(y, [-1]));
}

/** The squared error of the last answer. */
export function lastError(reader: Reader, { tensors: [x, y] }: data.TensorDataset): Tensor {
  return mseLoss(select(reader.forward(transpose(x, 0, 1)), 0, -1), y);
}

/** The share of right answers, of those asked for that `counts` picks. */
export function accuracy(answers: Tensor, y: Tensor, counts: (at: number) => boolean = () => true): number {
  const right = noGrad(() => eq(argmax(answers, 2), y));
  let [hits, asked] = [0, 0];
  for (let at = 0; at < y.size; at++) {
    if (y.data[at] < 0 || !counts(at)) continue;
    asked++;
    hits += Number(right.data[at]);
  }
  return hits / asked;
}
