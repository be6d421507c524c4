/** Optimizers, learning-rate schedules, clipping, penalties, averages of weights. */

export { accumulateGradients } from './accumulate.ts';
export { Adam, type AdamOptions, AdamW } from './adam.ts';
export {
  Adamax,
  type AdamaxOptions,
  NAdam,
  type NAdamOptions,
  RAdam,
  type RAdamOptions,
} from './adam-variants.ts';
export {
  Adadelta,
  type AdadeltaOptions,
  Adagrad,
  type AdagradOptions,
  RMSprop,
  type RMSpropOptions,
} from './adaptive.ts';
export { ASGD, type ASGDOptions } from './asgd.ts';
export { type ClipNormOptions, clipGradNorm_, clipGradValue_ } from './clip.ts';
export { EMA, type EMAOptions, type EMAStateDict } from './ema.ts';
export { LBFGS, type LBFGSOptions } from './lbfgs.ts';
export { Optimizer, type ParamGroup, type ParamGroupInput, type ParamsInput } from './optimizer.ts';
export { l1Penalty, l2Penalty, proximalL1_ } from './penalty.ts';
export { type PlateauOptions, type PlateauStateDict, ReduceLROnPlateau } from './plateau.ts';
export { Rprop, type RpropOptions } from './rprop.ts';
export {
  ConstantLR,
  cosine,
  ExponentialLR,
  InverseSqrtLR,
  LambdaLR,
  LinearLR,
  LRScheduler,
  type LrFactor,
  MultiplicativeLR,
  MultiStepLR,
  PolynomialLR,
  type ScheduledGroup,
  type ScheduledOptimizer,
  type ScheduleStateDict,
  StepLR,
} from './schedule.ts';
export { ChainedScheduler, SequentialLR, WarmupLR } from './schedule-composed.ts';
export {
  CosineAnnealingLR,
  CosineAnnealingWarmRestarts,
  CyclicLR,
  type CyclicOptions,
  OneCycleLR,
  type OneCycleOptions,
} from './schedule-cyclic.ts';
export { SGD, type SGDOptions } from './sgd.ts';
export type { OptimizerStateDict, ParameterState } from './state.ts';
