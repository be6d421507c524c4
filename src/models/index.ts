/** Ready-made models. */

export { BidirectionalLM, type BidirectionalLMOptions } from './bidirectional-lm.ts';
export { CharLSTM, type CharLSTMOptions } from './char-lstm.ts';
export { type ConditionalGenerateOptions, ConditionalLM, type ConditionalLMOptions } from './conditional-lm.ts';
export { type GenerateOptions, generate, generateStream } from './generate.ts';
