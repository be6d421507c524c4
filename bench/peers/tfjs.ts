/** TensorFlow.js, on WebAssembly (`wasm`) or plain JavaScript (`cpu`), by the first argument. */

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type TrainSize, VOCAB } from '../workloads.ts';
import { type Prepared, serve } from './serve.ts';
import { evenly, meanMagnitude, type Work } from './works.ts';

interface TfTensor {
  dataSync(): Float32Array;
  dispose(): void;
}
interface TfModel {
  add(layer: unknown): void;
  compile(options: object): void;
  trainOnBatch(x: TfTensor, y: TfTensor): Promise<number>;
}
interface Tf {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  tensor2d(values: Float32Array | Int32Array, shape: readonly number[], dtype?: string): TfTensor;
  tensor3d(values: Float32Array, shape: readonly number[]): TfTensor;
  matMul(a: TfTensor, b: TfTensor, transA: boolean, transB: boolean): TfTensor;
  sequential(): TfModel;
  readonly layers: Readonly<Record<'embedding' | 'lstm' | 'dense', (options: object) => unknown>>;
  readonly train: { adam(rate: number): unknown };
}

const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs') as Tf;
const wasmPath = require.resolve('@tensorflow/tfjs-backend-wasm');
const wasm = require(wasmPath) as { setWasmPaths(folder: string): void };

function gemm({ m, n, k, transA, transB }: Extract<Work, { kind: 'gemm' }>): Prepared {
  const a = tf.tensor2d(evenly(m * k, 1), transA ? [k, m] : [m, k]);
  const b = tf.tensor2d(evenly(k * n, 2), transB ? [n, k] : [k, n]);
  const product = (): Float32Array => {
    const c = tf.matMul(a, b, transA, transB);
    const data = c.dataSync();
    c.dispose();
    return data;
  };
  return { run: () => void product(), check: meanMagnitude(product()) };
}

/** Its fit has no clipping: forward, loss, backward, Adam. */
function trainingStep({ embed, hidden, layers, batch, steps }: TrainSize): Prepared {
  const model = tf.sequential();
  model.add(tf.layers.embedding({ inputDim: VOCAB, outputDim: embed, inputLength: steps }));
  for (let i = 0; i < layers; i++)
    model.add(
      tf.layers.lstm({
        units: hidden,
        returnSequences: true,
        recurrentActivation: 'sigmoid',
        recurrentInitializer: 'glorotUniform',
      }),
    );
  model.add(tf.layers.dense({ units: VOCAB, activation: 'softmax' }));
  model.compile({ optimizer: tf.train.adam(1e-3), loss: 'sparseCategoricalCrossentropy' });
  const ids = Int32Array.from({ length: batch * steps }, (_, i) => (i * 7) % VOCAB);
  const x = tf.tensor2d(ids, [batch, steps], 'int32');
  const y = tf.tensor3d(Float32Array.from(ids), [batch, steps, 1]);
  return { run: () => model.trainOnBatch(x, y) };
}

const backend = process.argv[2];
wasm.setWasmPaths(`${join(dirname(wasmPath))}/`);
await tf.setBackend(backend);
await tf.ready();
serve({
  prepare(work) {
    if (work.kind === 'gemm') return gemm(work);
    if (work.kind === 'train') return trainingStep(work);
    throw new Error('not asked');
  },
});
