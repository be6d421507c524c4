/** Ready-made models. */

export { CharLSTM, type CharLSTMOptions } from './char-lstm.ts';
export { type GenerateOptions, generate, generateStream } from './generate.ts';
