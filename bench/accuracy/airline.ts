/**
 * Monthly airline passengers, the last three years forecast a month ahead: an LSTM against the last value and the value
 * of the same month a year before.
 *
 * npx tsx bench/accuracy/airline.ts [--json]
 */

import { data, manualSeed } from '../../src/index.ts';
import { dataPath } from './data.ts';
import { forecast, rmse } from './forecaster.ts';
import { report } from './report.ts';

const YEAR = 12;
const TEST = 36;

const table = await data.readCsv(dataPath('flights/flights.csv'), { types: { passengers: 'number' } });
const passengers = Array.from(table.column('passengers') as Float64Array);
const logs = passengers.map(Math.log);

/** What is known before month t: a year of growth over the year before, and of change from month to month. */
const windowBefore = (t: number) =>
  Array.from({ length: YEAR }, (_, i) => {
    const m = t - YEAR + i;
    return [logs[m] - logs[m - YEAR], logs[m] - logs[m - 1]];
  });
const months = Array.from({ length: passengers.length - 2 * YEAR }, (_, i) => 2 * YEAR + i);
const [train, test] = [months.slice(0, -TEST), months.slice(-TEST)];
manualSeed(1);
const growth = await forecast(
  { steps: train.map(windowBefore), targets: train.map((t) => logs[t] - logs[t - YEAR]) },
  test.map(windowBefore),
  { hidden: 16, epochs: 150, batchSize: 16, lr: 0.01, weightDecay: 0.05 },
);
const wanted = test.map((t) => passengers[t]);
const error = rmse(
  test.map((t, i) => passengers[t - YEAR] * Math.exp(growth[i])),
  wanted,
);
const last = rmse(
  test.map((t) => passengers[t - 1]),
  wanted,
);
const seasonal = rmse(
  test.map((t) => passengers[t - YEAR]),
  wanted,
);
report(
  'airline',
  [
    { what: 'RMSE of the LSTM over that of the last value', value: error / last, target: 1, is: 'at most' },
    { what: 'RMSE of the LSTM over that of the seasonal value', value: error / seasonal, target: 1, is: 'at most' },
  ],
  {
    'RMSE in thousands: LSTM, last value, seasonal value': [error, last, seasonal].map((e) => e.toFixed(2)).join(', '),
  },
);
