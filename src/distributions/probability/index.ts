/** Finite probability: sample spaces, events as sets, Bayes' rule, random variables. */

export { type BayesTerms, bayes, posterior, posteriorOfEvents, totalProbability } from './bayes.ts';
export { type JointTable, marginals, RandomVariable } from './random-variable.ts';
export { Event, mutuallyIndependent, pairwiseIndependent, SampleSpace } from './sample-space.ts';
