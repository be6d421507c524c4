/** Ready-made models. */

export { BidirectionalLM, type BidirectionalLMOptions } from './bidirectional-lm.ts';
export { CharLSTM, type CharLSTMOptions } from './char-lstm.ts';
export { type ConditionalGenerateOptions, ConditionalLM, type ConditionalLMOptions } from './conditional-lm.ts';
export type { DescentOptions, Minimizer } from './descent.ts';
export { Discriminant } from './discriminant.ts';
export type { Estimator } from './estimator.ts';
export { type GenerateOptions, generate, generateStream } from './generate.ts';
export { LinearRegression, type LinearRegressionOptions, type LinearSolver } from './linear-regression.ts';
export { LogisticRegression, type LogisticRegressionOptions } from './logistic-regression.ts';
export { type BinaryEstimator, OneVsOne, OneVsRest } from './multiclass.ts';
export { Perceptron, type PerceptronOptions, type PerceptronUpdate } from './perceptron.ts';
export { SoftmaxRegression, type SoftmaxRegressionOptions } from './softmax-regression.ts';
