/**
 * Least squares by dimension: the normal equation, QR and descent, in time and in the memory they need beside the data.
 * A solver forms matrices of d × d or n × d in float64; a step of descent keeps d numbers.
 *
 * npx tsx bench/least-squares.ts [--json]
 */

import { type models as kinds, models, randn, sub } from '../src/index.ts';
import { report } from './harness.ts';
import { significant } from './statistics.ts';

const SAMPLES = 2000;
const DIMENSIONS = [10, 50, 200, 500];
const works: Readonly<Record<string, { options: kinds.LinearRegressionOptions; bytes: (d: number) => number }>> = {
  'normal equation': { options: { solver: 'cholesky', bias: false }, bytes: (d) => 8 * (SAMPLES * d + 2 * d * d) },
  QR: { options: { solver: 'qr', bias: false }, bytes: (d) => 8 * (2 * SAMPLES * d + d * d) },
  'descent, 20 epochs': {
    options: { solver: 'descent', bias: false, lr: 0.01, batchSize: 50, epochs: 20 },
    bytes: (d) => 4 * (2 * d + 50 * d),
  },
};

const rows = [];
for (const d of DIMENSIONS) {
  const x = randn([SAMPLES, d]);
  const truth = randn([d]);
  const y = x.matmul(truth);
  for (const [solver, { options, bytes }] of Object.entries(works)) {
    const begun = process.hrtime.bigint();
    const model = await new models.LinearRegression(options).fit(x, y);
    const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
    const error = sub(model.weight, truth).norm().div(truth.norm()).item();
    rows.push({
      d,
      solver,
      ms: significant(1000 * seconds),
      KiB: Math.round(bytes(d) / 1024),
      'relative error': significant(error),
    });
  }
}
report('least-squares', rows, { by: ['d', 'solver'], time: 'ms' });
