/** Neural-network modules. */

export { Flatten, GELU, Identity, LogSoftmax, ReLU, Sigmoid, Softmax, Tanh } from './activation.ts';
export { type Layer, ModuleDict, ModuleList, Sequential } from './containers.ts';
export { Dropout } from './dropout.ts';
export { Embedding, type EmbeddingOptions } from './embedding.ts';
export { GRU, type GruOptions } from './gru.ts';
export { LayerNorm, type LayerNormOptions } from './layer-norm.ts';
export { Linear, type LinearOptions } from './linear.ts';
export {
  BCEWithLogitsLoss,
  type BCEWithLogitsLossOptions,
  CrossEntropyLoss,
  type CrossEntropyLossOptions,
  MSELoss,
  type Reduction,
} from './loss.ts';
export { detachState, LSTM, type LstmOptions, type LstmState } from './lstm.ts';
export type { FloatDType } from './make-parameter.ts';
export { type LoadOptions, Module } from './module.ts';
export { Parameter } from './parameter.ts';
export { RNN, type RnnOptions } from './rnn.ts';
export type { LoadReport, StateDict } from './state-dict.ts';
