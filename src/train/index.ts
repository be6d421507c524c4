/** Training: the loop, what a language model needs of it, and the run folder. */

export { type EvaluateLanguageModelOptions, evaluateLanguageModel, type LanguageModel } from './evaluate-language.ts';
export { type Horizon, type Position, type ScheduleName, schedules } from './horizon.ts';
export { LanguageTask, type LanguageTaskOptions } from './language-task.ts';
export { runTraining, type StepResult, type TrainingOptions, type TrainingResult, type TrainingTask } from './loop.ts';
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
