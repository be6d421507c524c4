/**
 * The public surface. Tensors and what is done to them stand at the top; the other rooms are namespaces. Importing this
 * registers the operations and does nothing else: the backend is chosen at the first operation.
 */

export {
  type AnomalyOptions,
  type BackwardOptions,
  backward,
  checkpoint,
  detectAnomaly,
  enableGrad,
  type GradientHook,
  type GradOptions,
  grad,
  type HookHandle,
  isGradEnabled,
  noGrad,
  registerHook,
  registerPostAccumulateGradHook,
  retainGrad,
  type Samples,
  StepDraws,
  scope,
  setAnomalyMode,
  withSamples,
} from './autograd/index.ts';
export {
  type BackendChoice,
  type BackendInfo,
  backendInfo,
  getNumThreads,
  type Isa,
  setBackend,
  setIsa,
  setNumThreads,
} from './backend/select.ts';
export type { DType } from './core/dtype.ts';
export { defaultGenerator, Generator, type GeneratorState, manualSeed } from './core/rng.ts';
export type { Shape } from './core/shape.ts';
export * as data from './data/index.ts';
export * as distributions from './distributions/index.ts';
export * as information from './distributions/information.ts';
export * as probability from './distributions/probability/index.ts';
export {
  AutogradError,
  BackendError,
  BufferError,
  CheckpointError,
  ConfigError,
  CorpusError,
  DataError,
  DivergenceError,
  DTypeError,
  LanegradError,
  LimitError,
  LinAlgError,
  ShapeError,
  StateDictError,
} from './errors.ts';
export * as io from './io/index.ts';
export * as linalg from './linalg/index.ts';
export * as metrics from './metrics/index.ts';
export * as models from './models/index.ts';
export { CharLSTM, generate, generateStream } from './models/index.ts';
export * as nn from './nn/index.ts';

// Its side effects, which a bundler would drop otherwise: methods of Tensor, the engine's own operations.
import './ops/index.ts';

export * from './ops/public.ts';
export * as optim from './optim/index.ts';
export { Tensor } from './tensor.ts';
export * as text from './text/index.ts';
export * as train from './train/index.ts';
export { crossValidate, evaluate, fit, predict, search } from './train/index.ts';
export { type DotOptions, Graph, type GraphEdge, type GraphOptions, type GraphVertex, graph } from './viz/index.ts';
