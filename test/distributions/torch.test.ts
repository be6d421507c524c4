/** Against torch.distributions 1.13: densities, moments, entropies and divergences. */

import { describe, expect, test } from 'vitest';
import { type Distribution, hasClosedKl, kl, MultivariateNormal } from '../../src/distributions/index.ts';
import { type DistributionFigures, expectFigures, figures, type KlFigures, make, valuesOf } from './figures.ts';

const cases = figures.cases as unknown as readonly DistributionFigures[];
const divergences = figures.kl as unknown as readonly KlFigures[];

const TOLERANCE = 1e-12;

describe.each(cases.map((row, i) => [`${i} ${row.name}`, row] as const))('%s', (_, row) => {
  const build = (dtype: 'float32' | 'float64' = 'float64'): Distribution => make(row.name, row.args, { dtype });

  test('shapes, density and moments', () => {
    const d = build();
    expect(d.batchShape).toEqual(row.batchShape);
    expectFigures(d.logProb(valuesOf(row.values)), row.logProb, TOLERANCE, 'logProb');
    for (const name of ['mean', 'variance', 'mode'] as const) {
      const want = row[name];
      if (want !== undefined) expectFigures(d[name].to('float64'), want, TOLERANCE, name);
    }
  });

  test('entropy and distribution function', () => {
    const d = build();
    if (row.entropy !== undefined) expectFigures(d.entropy(), row.entropy, TOLERANCE, 'entropy');
    if (row.cdf !== undefined) expectFigures(d.cdf(valuesOf(row.values)), row.cdf, TOLERANCE, 'cdf');
    expect(row.entropy === undefined && row.cdf === undefined && row.name !== 'Poisson').toBe(false);
  });

  test('in float32', () => {
    const d = build('float32');
    const got = d.logProb(valuesOf(row.values).to('float32'));
    expect(got.dtype).toBe('float32');
    expectFigures(got.to('float64'), row.logProb, 2e-4, 'logProb');
  });
});

test.each(divergences.map((row) => [`KL(${row.p} ‖ ${row.q})`, row] as const))('%s', (_, row) => {
  const [p, q] = [make(row.p, row.pArgs), make(row.q, row.qArgs)];
  expect(hasClosedKl(p, q)).toBe(true);
  expectFigures(kl(p, q), row.kl, TOLERANCE, 'kl');
});

describe('MultivariateNormal', () => {
  const { loc, covarianceMatrix, precisionMatrix, scaleTril, ...want } = figures.multivariate;
  const forms = [{ covarianceMatrix }, { precisionMatrix }, { scaleTril: scaleTril[0] }];

  test.each(forms)('from %o', (form) => {
    const d = new MultivariateNormal(loc, form, { dtype: 'float64' });
    expect([d.batchShape, d.eventShape]).toEqual([[2], [2]]);
    expectFigures(d.logProb(valuesOf(want.value)), want.logProb, TOLERANCE, 'logProb');
    expectFigures(d.entropy(), want.entropy, TOLERANCE, 'entropy');
    expectFigures(d.variance, want.variance, TOLERANCE, 'variance');
    expectFigures(d.precisionMatrix, precisionMatrix, TOLERANCE, 'precisionMatrix');
    expectFigures(d.scaleTril, scaleTril, TOLERANCE, 'scaleTril');
    const other = new MultivariateNormal(want.other.loc, { scaleTril: want.other.scaleTril }, { dtype: 'float64' });
    expectFigures(other.covarianceMatrix, want.otherCovariance, TOLERANCE, 'covarianceMatrix');
    expectFigures(kl(d, other), want.kl, TOLERANCE, 'kl');
  });
});
