/** Which work is put to which peers, and under which heading. */

import { type Cell, gemmForms, gemmShapes, generateSizes, sizeName, trainFlops, trainSizes } from '../workloads.ts';
import { contest, type Outcome, type PeerProcess } from './contest.ts';
import type { Row, Section } from './tables.ts';
import { layerFlops, layerSizes, type Work } from './works.ts';

/** The peers that are there; `ours` always is. */
export interface Peers {
  readonly ours: PeerProcess;
  readonly torch?: PeerProcess;
  readonly onnx: PeerProcess;
  /** Started when asked for: each of them is needed once and holds much memory. */
  readonly tfjs: (backend: 'wasm' | 'cpu') => PeerProcess;
  readonly brain: () => PeerProcess;
  /** A process that has done nothing yet. */
  readonly fresh: (peer: 'ours' | 'torch') => PeerProcess | undefined;
}

const THREADS = [1, 2] as const;
const MEMORY_STEPS = 5;

type Unthreaded<W> = W extends unknown ? Omit<W, 'threads'> : never;

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** The peak before and after, so that a machine that wakes up in between does not count as a faster program. */
async function row(
  peers: Peers,
  others: readonly (PeerProcess | undefined)[],
  name: string,
  work: Unthreaded<Work>,
  flops?: number,
): Promise<Row> {
  progress(name);
  const peaksNow = async (): Promise<number[]> => {
    const peaks: number[] = [];
    for (const threads of THREADS) peaks.push((await peers.ours.ask({ peak: threads })).peak ?? Number.NaN);
    return peaks;
  };
  const before = flops === undefined ? [] : await peaksNow();
  const present = [peers.ours, ...others].filter((peer) => peer !== undefined);
  const entries = present.flatMap((peer) => THREADS.map((threads) => ({ peer, work: { ...work, threads } as Work })));
  const outcomes = await contest(entries);
  if (flops === undefined) return { work: name, outcomes };
  const after = await peaksNow();
  return { work: name, flops, outcomes, peaks: before.map((peak, i) => Math.max(peak, after[i])) };
}

async function gemmSection(peers: Peers): Promise<Section> {
  const rows: Row[] = [];
  for (const [m, n, k] of gemmShapes) {
    for (const { form, transA, transB } of gemmForms) {
      const name = `${m}×${n}×${k} ${form}`;
      rows.push(
        await row(peers, [peers.onnx, peers.torch], name, { kind: 'gemm', m, n, k, transA, transB }, 2 * m * n * k),
      );
    }
  }
  return {
    title: 'Products',
    unit: 'GF/s',
    rows: rows.map((one) => ({
      ...one,
      outcomes: one.outcomes.map((outcome) =>
        outcome.peer === 'PyTorch' ? { ...outcome, peer: 'OpenBLAS' } : outcome,
      ),
    })),
    byThreads: true,
    wonAt: 0.95,
    note: 'm×n×k, each operand as it is (N) or transposed (T).',
  };
}

/** 512³ by TensorFlow.js, whose cpu backend takes a quarter of a second for it. */
async function tfjsProducts(peers: Peers): Promise<Section> {
  const work = { kind: 'gemm', m: 512, n: 512, k: 512, transA: false, transB: false, threads: 1 } as const;
  const outcomes: Outcome[] = await contest([{ peer: peers.ours, work }]);
  for (const backend of ['wasm', 'cpu'] as const) {
    progress(`512×512×512 by tfjs ${backend}`);
    const peer = peers.tfjs(backend);
    outcomes.push(
      ...(
        await contest([
          { peer: peers.ours, work },
          { peer, work },
        ])
      ).slice(1),
    );
    peer.close();
  }
  const rows = [{ work: '512×512×512 NN', flops: 2 * 512 ** 3, outcomes }];
  return { title: 'A product by TensorFlow.js', unit: 'GF/s', rows, byThreads: true };
}

async function layerSection(peers: Peers): Promise<Section> {
  const rows: Row[] = [];
  for (const size of layerSizes) {
    const { inputs, hidden, batch, steps } = size;
    const name = `I${inputs} H${hidden} B${batch} T${steps}`;
    rows.push(await row(peers, [peers.onnx, peers.torch], name, { kind: 'lstm', ...size }, layerFlops(size)));
  }
  return { title: 'LSTM layer, forward', unit: 'GF/s', rows, byThreads: true, wonAt: 0.92 };
}

async function trainSection(peers: Peers, cell: Cell): Promise<Section> {
  const rows: Row[] = [];
  // The others are there to show that the cell does not matter.
  for (const size of cell === 'LSTM' ? trainSizes : trainSizes.slice(0, 3)) {
    const work = { kind: 'train', cell, ...size } as const;
    rows.push(await row(peers, [peers.torch], sizeName(size), work, trainFlops(size, cell)));
  }
  return {
    title: `Training step of a character model, ${cell}`,
    unit: 'ms',
    rows,
    note: 'Forward, loss, backward, clip to norm 5, Adam; 65 characters.',
  };
}

/** The first size by those who take seconds for it: one round each. */
async function slowTraining(peers: Peers): Promise<Section> {
  const work: Work = { kind: 'train', cell: 'LSTM', ...trainSizes[0], threads: 1 };
  const outcomes: Outcome[] = await contest([{ peer: peers.ours, work }]);
  for (const start of [() => peers.tfjs('wasm'), () => peers.tfjs('cpu'), peers.brain]) {
    const peer = start();
    progress(`${sizeName(trainSizes[0])} by ${peer.name}`);
    outcomes.push(...(await contest([{ peer, work }], 1)));
    peer.close();
  }
  return {
    title: 'The same step by TensorFlow.js and brain.js',
    unit: 'ms',
    rows: [{ work: sizeName(trainSizes[0]), outcomes }],
    note: 'TensorFlow.js does not clip; brain.js reads as many characters in a cell without state. One thread, one round.',
  };
}

async function generateSection(peers: Peers): Promise<Section> {
  const rows: Row[] = [];
  for (const size of generateSizes)
    rows.push(await row(peers, [peers.torch, peers.onnx], sizeName(size), { kind: 'generate', ...size }));
  return {
    title: 'Generating a character',
    unit: 'µs',
    rows,
    note: 'Sampling included; ONNX Runtime: the LSTM layers alone, a call each.',
  };
}

async function smallSection(peers: Peers): Promise<Section> {
  const works: [string, Unthreaded<Work>][] = [
    ['MLP 784-256-10, batch 128, SGD step', { kind: 'mlp' }],
    ['CNN 5×5×16, pool, 5×5×32, pool, linear, batch 64, Adam step', { kind: 'cnn' }],
    ['XOR MLP 2-8-1, Adam step', { kind: 'xor' }],
    ['a + b, 16 elements, recorded', { kind: 'add' }],
    ['tanh of 4 M', { kind: 'tanh', elements: 1 << 22 }],
    ['exp of 4 M', { kind: 'exp', elements: 1 << 22 }],
  ];
  const rows: Row[] = [];
  for (const [name, work] of works) rows.push(await row(peers, [peers.torch], name, work));
  return { title: 'Small and elementwise work', unit: 'µs', rows };
}

/** Bytes stand where other sections have seconds: less is better there too. */
async function memorySection(peers: Peers): Promise<Section> {
  const rows: Row[] = [];
  for (const size of [trainSizes[0], trainSizes[2], trainSizes[3]]) {
    progress(`memory of ${sizeName(size)}`);
    const outcomes: Outcome[] = [];
    for (const kind of ['ours', 'torch'] as const) {
      for (const threads of kind === 'ours' ? THREADS : [1]) {
        const peer = peers.fresh(kind);
        if (peer === undefined) continue;
        const work: Work = { kind: 'train', cell: 'LSTM', ...size, threads };
        const { before, most, none } = await peer.ask({ memory: work, steps: MEMORY_STEPS });
        outcomes.push({ peer: peer.name, threads, none, seconds: none === undefined ? most! - before! : undefined });
        peer.close();
      }
    }
    rows.push({ work: sizeName(size), outcomes });
  }
  return {
    title: 'Memory of the training step',
    unit: 'MiB',
    rows,
    note: `Peak of ${MEMORY_STEPS} steps above what the process had resident before the first one; PyTorch on one thread.`,
  };
}

/** Everything, in the order of the page. */
export const sections: Readonly<Record<string, (peers: Peers) => Promise<Section>>> = {
  products: gemmSection,
  'products-tfjs': tfjsProducts,
  lstm: layerSection,
  train: (peers) => trainSection(peers, 'LSTM'),
  'train-slow': slowTraining,
  'train-gru': (peers) => trainSection(peers, 'GRU'),
  'train-rnn': (peers) => trainSection(peers, 'RNN'),
  generate: generateSection,
  small: smallSection,
  memory: memorySection,
};
