/** Neural-network modules. */

export {
  GELU,
  Identity,
  LeakyReLU,
  LogSigmoid,
  LogSoftmax,
  PReLU,
  type PReLUOptions,
  ReLU,
  Sigmoid,
  Softmax,
  Softplus,
  type SoftplusOptions,
  Tanh,
} from './activation.ts';
export {
  CELU,
  ELU,
  GLU,
  Hardshrink,
  Hardsigmoid,
  Hardswish,
  Hardtanh,
  Mish,
  ReLU6,
  SELU,
  SiLU,
  Softshrink,
  Softsign,
  Tanhshrink,
  Threshold,
} from './activation-shapes.ts';
export {
  BatchNorm1d,
  BatchNorm2d,
  type BatchNormModuleOptions,
  InstanceNorm1d,
  InstanceNorm2d,
  type InstanceNormModuleOptions,
} from './batch-norm.ts';
export { Bilinear, type BilinearOptions } from './bilinear.ts';
export { type Layer, ModuleDict, ModuleList, Sequential } from './containers.ts';
export { Conv1d, Conv2d, type ConvModuleOptions, type PaddingMode } from './conv.ts';
export { ConvTranspose1d, ConvTranspose2d, type ConvTransposeModuleOptions } from './conv-transpose.ts';
export { AlphaDropout, Dropout, Dropout1d, Dropout2d } from './dropout.ts';
export { Embedding, type EmbeddingOptions } from './embedding.ts';
export { Flatten, Unflatten } from './flatten.ts';
export type { GateClamp } from './gates.ts';
export { GroupNorm, type GroupNormModuleOptions } from './group-norm.ts';
export { GRU, type GruGate, type GruGates, type GruOptions } from './gru.ts';
export * as init from './initialisers.ts';
export { LayerNorm, type LayerNormOptions } from './layer-norm.ts';
export { Linear, type LinearOptions } from './linear.ts';
export { BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, NLLLoss } from './loss.ts';
export { CTCLoss, GaussianNLLLoss, KLDivLoss, PoissonNLLLoss } from './loss-likelihood.ts';
export {
  CosineEmbeddingLoss,
  HingeEmbeddingLoss,
  MarginRankingLoss,
  MultiLabelMarginLoss,
  MultiLabelSoftMarginLoss,
  MultiMarginLoss,
  SoftMarginLoss,
  TripletMarginLoss,
} from './loss-margin.ts';
export { HuberLoss, L1Loss, MSELoss, SmoothL1Loss } from './loss-regression.ts';
export { detachState, LSTM, type LstmGate, type LstmGates, type LstmOptions, type LstmState } from './lstm.ts';
export type { FloatDType } from './make-parameter.ts';
export { type LoadOptions, Module } from './module.ts';
export {
  MultiheadAttention,
  type MultiheadAttentionCall,
  type MultiheadAttentionOptions,
} from './multihead-attention.ts';
export type { Lengths } from './packing.ts';
export { Parameter } from './parameter.ts';
export {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveMaxPool1d,
  AdaptiveMaxPool2d,
  AvgPool1d,
  AvgPool2d,
  MaxPool1d,
  MaxPool2d,
  type MaxPoolModuleOptions,
  type Pooled,
} from './pooling.ts';
export {
  LearnedPositionalEncoding,
  type LearnedPositionalEncodingOptions,
  type PositionalEncodingOptions,
  SinusoidalPositionalEncoding,
  sinusoidalPositions,
} from './positional-encoding.ts';
export type { GateOptions, SequenceOptions } from './recurrent.ts';
export { GRUCell, LSTMCell, type RecurrentCellOptions, RNNCell, type RnnCellOptions } from './recurrent-cell.ts';
export { RNN, type RnnOptions } from './rnn.ts';
export type { LoadReport, StateDict } from './state-dict.ts';
export {
  type CountsWork,
  type Runnable,
  Summary,
  type SummaryOptions,
  type SummaryRow,
  type SummaryTotals,
  summary,
} from './summary.ts';
export { TransformerDecoder, TransformerEncoder, type TransformerOptions } from './transformer.ts';
export {
  type DecoderMasks,
  type EncoderMasks,
  TransformerDecoderLayer,
  TransformerEncoderLayer,
  type TransformerLayerOptions,
} from './transformer-layer.ts';
export { Upsample, type UpsampleOptions } from './upsample.ts';
