/** ONNX Runtime in Node.js: products and LSTM layers. It cannot train there. */

import { createRequire } from 'node:module';
import type { CharModelSize } from '../workloads.ts';
import { onnxModel } from './onnx-model.ts';
import { type Prepared, serve } from './serve.ts';
import { evenly, type LayerSize, meanMagnitude, type Work } from './works.ts';

interface OrtTensor {
  readonly data: Float32Array;
}
interface Session {
  run(feeds: Record<string, OrtTensor>, fetches?: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
}
interface Ort {
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> };
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => OrtTensor;
}

// By require, so that the checks of types need no peer installed.
const ort = createRequire(import.meta.url)('onnxruntime-node') as Ort;

/** Products in one call of the session: its cost is not that of a product. */
const MOST_NODES = 64;
const FLOPS_A_CALL = 2e8;

function session(model: Uint8Array, threads: number, optimized: boolean): Promise<Session> {
  return ort.InferenceSession.create(model, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // Of several equal products the optimizer would leave one.
    graphOptimizationLevel: optimized ? 'all' : 'disabled',
  });
}

async function gemm({ m, n, k, transA, transB, threads }: Extract<Work, { kind: 'gemm' }>): Promise<Prepared> {
  const times = Math.max(1, Math.min(MOST_NODES, Math.round(FLOPS_A_CALL / (2 * m * n * k))));
  const aDims = transA ? [k, m] : [m, k];
  const bDims = transB ? [n, k] : [k, n];
  const plain = !transA && !transB;
  const created = await session(
    onnxModel({
      nodes: Array.from({ length: times }, (_, i) => ({
        op: plain ? 'MatMul' : 'Gemm',
        inputs: ['a', 'b'],
        outputs: [`c${i}`],
        ...(plain ? {} : { attributes: { transA: Number(transA), transB: Number(transB) } }),
      })),
      inputs: [
        { name: 'a', dims: aDims },
        { name: 'b', dims: bDims },
      ],
      outputs: [{ name: `c${times - 1}`, dims: [m, n] }],
    }),
    threads,
    false,
  );
  const c = new Float32Array(m * n);
  const feeds = {
    a: new ort.Tensor('float32', evenly(m * k, 1), aDims),
    b: new ort.Tensor('float32', evenly(k * n, 2), bDims),
  };
  const fetches = { [`c${times - 1}`]: new ort.Tensor('float32', c, [m, n]) };
  const run = () => created.run(feeds, fetches);
  await run();
  return { run, times, check: meanMagnitude(c), drop: () => created.release() };
}

/** Gates in the order i, f, g, o to ONNX's i, o, f, c. */
function reordered(gates: Float32Array, hidden: number, width: number): Float32Array {
  const block = hidden * width;
  const out = new Float32Array(gates.length);
  [0, 3, 1, 2].forEach((from, to) => {
    out.set(gates.subarray(from * block, (from + 1) * block), to * block);
  });
  return out;
}

async function layer({ inputs, hidden, batch, steps }: LayerSize, threads: number): Promise<Prepared> {
  const scale = 1 / Math.sqrt(hidden);
  const [wIh, wHh, bIh, bHh] = [inputs, hidden, 1, 1].map((width, i) =>
    reordered(evenly(4 * hidden * width, i, scale), hidden, width),
  );
  const created = await session(
    onnxModel({
      nodes: [{ op: 'LSTM', inputs: ['x', 'w', 'r', 'b'], outputs: ['y'], attributes: { hidden_size: hidden } }],
      inputs: [{ name: 'x', dims: [steps, batch, inputs] }],
      outputs: [{ name: 'y', dims: [steps, 1, batch, hidden] }],
      weights: [
        { name: 'w', dims: [1, 4 * hidden, inputs], data: wIh },
        { name: 'r', dims: [1, 4 * hidden, hidden], data: wHh },
        { name: 'b', dims: [1, 8 * hidden], data: Float32Array.from([...bIh, ...bHh]) },
      ],
    }),
    threads,
    true,
  );
  const y = new Float32Array(steps * batch * hidden);
  const feeds = { x: new ort.Tensor('float32', evenly(steps * batch * inputs, 9), [steps, batch, inputs]) };
  const fetches = { y: new ort.Tensor('float32', y, [steps, 1, batch, hidden]) };
  const run = () => created.run(feeds, fetches);
  await run();
  return { run, check: meanMagnitude(y), drop: () => created.release() };
}

/** The layers alone, one call each for a character: neither embedding nor head nor sampling. */
async function layersOfCharacter({ embed, hidden, layers }: CharModelSize, threads: number): Promise<Prepared> {
  const sizes = Array.from({ length: layers }, (_, i) => (i === 0 ? embed : hidden));
  const all = await Promise.all(sizes.map((inputs) => layer({ inputs, hidden, batch: 1, steps: 1 }, threads)));
  return {
    run: async () => {
      for (const { run } of all) await run();
    },
    drop: () => Promise.all(all.map(({ drop }) => drop?.())),
  };
}

serve({
  prepare(work) {
    if (work.kind === 'gemm') return gemm(work);
    if (work.kind === 'lstm') return layer(work, work.threads);
    if (work.kind === 'generate') return layersOfCharacter(work, work.threads);
    throw new Error('cannot train');
  },
});
