/** Autograd: recording, the engine, and scopes. */

export { type BackwardOptions, backward, type GradOptions, grad } from './engine.ts';
export { enableGrad, isGradEnabled, noGrad, setGradEnabled } from './mode.ts';
export { scope } from './scope.ts';
