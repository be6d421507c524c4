/** Distributions: sampling, densities and their gradients, entropies, divergences. */

export { Bernoulli } from './bernoulli.ts';
export type { ProbabilityOptions } from './binary.ts';
export { Categorical } from './categorical.ts';
export { Distribution, type DistributionOptions, type SampleOptions, type Values } from './distribution.ts';
export { Exponential } from './exponential.ts';
export { hasClosedKl, type KlOptions, kl } from './kl.ts';
export { Laplace } from './laplace.ts';
export { Normal } from './normal.ts';
export { Uniform } from './uniform.ts';
