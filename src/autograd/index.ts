/** Autograd: recording, the engine, hooks, recomputation, scopes. */

export { type AnomalyOptions, detectAnomaly, setAnomalyMode } from './anomaly.ts';
export { checkpoint } from './checkpoint.ts';
export { type BackwardOptions, backward, type GradOptions, grad } from './engine.ts';
export {
  type HookHandle,
  registerHook,
  registerPostAccumulateGradHook,
  retainGrad,
} from './hooks.ts';
export { enableGrad, isGradEnabled, noGrad, setGradEnabled } from './mode.ts';
export type { GradientHook } from './node.ts';
export { type Samples, StepDraws, withSamples } from './samples.ts';
export { scope } from './scope.ts';
