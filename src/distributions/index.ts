/** Distributions: sampling, densities and their gradients, entropies, divergences. */

export { Bernoulli } from './bernoulli.ts';
export { Beta } from './beta.ts';
export type { ProbabilityOptions } from './binary.ts';
export { Binomial } from './binomial.ts';
export { Categorical } from './categorical.ts';
export { Distribution, type DistributionOptions, type SampleOptions, type Values } from './distribution.ts';
export { Exponential } from './exponential.ts';
export { Gamma } from './gamma.ts';
export { hasClosedKl, type KlOptions, kl } from './kl.ts';
export { Laplace } from './laplace.ts';
export { type CovarianceOptions, MultivariateNormal } from './multivariate-normal.ts';
export { Normal } from './normal.ts';
export { Poisson } from './poisson.ts';
export { Uniform } from './uniform.ts';
