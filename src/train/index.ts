/** Training: fit, evaluation, the loop, what a language model needs of it, and the run folder. */

export type { Metric } from '../metrics/index.ts';
export type { Batches } from './batches.ts';
export { type CrossValidateOptions, CrossValidation, crossValidate, type FoldResult } from './cross-validate.ts';
export {
  type EvaluateOptions,
  type Evaluation,
  evaluate,
  type PredictOptions,
  predict,
} from './evaluate.ts';
export { type EvaluateLanguageModelOptions, evaluateLanguageModel, type LanguageModel } from './evaluate-language.ts';
export { fit } from './fit.ts';
export type {
  BatchRecord,
  CheckpointOptions,
  FitCallback,
  FitData,
  FitOptions,
  FitState,
  Schedule,
} from './fit-options.ts';
export { type EpochRecord, History, type StopReason } from './history.ts';
export { type Horizon, type Position, type ScheduleName, schedules } from './horizon.ts';
export { LanguageTask, type LanguageTaskOptions } from './language-task.ts';
export { runTraining, type StepResult, type TrainingOptions, type TrainingResult, type TrainingTask } from './loop.ts';
export {
  addGradients,
  computeBy,
  type LossFunction,
  type Model,
  type Share,
  type StepFunction,
  type StepOutcome,
} from './losses.ts';
export {
  createReporter,
  formatCount,
  formatDuration,
  type Reporter,
  silentReporter,
  type TrainingProgress,
} from './progress.ts';
export { TrainingRecord } from './record.ts';
export { RunFolder } from './run-folder.ts';
export {
  type SearchOptions,
  SearchResult,
  search,
  type Trial,
  type TrialContext,
  type TrialOutcome,
} from './search.ts';
export { type Choice, integer, logUniform, type Range, type Space, uniform } from './search-space.ts';
export type { EarlyStoppingOptions, MonitorMode, StopOptions } from './stopping.ts';
