/**
 * Daily minimum temperatures in Melbourne, the last two years forecast a day ahead: an LSTM against the last value and
 * that of the same day a year before.
 *
 * npx tsx bench/accuracy/melbourne.ts [--json]
 */

import { data, manualSeed } from '../../src/index.ts';
import { dataPath } from './data.ts';
import { forecast, rmse } from './forecaster.ts';
import { report } from './report.ts';

const YEAR = 365;
const WEEKS = 28;

const table = await data.readCsv(dataPath('daily-min-temperatures/daily-min-temperatures.csv'), {
  types: { Temp: 'number' },
});
const degrees = Array.from(table.column('Temp') as Float64Array);

/** What is known before day t: four weeks, each day with the season it fell in. */
const windowBefore = (t: number) =>
  Array.from({ length: WEEKS }, (_, i) => {
    const day = t - WEEKS + i;
    const season = (2 * Math.PI * (day % YEAR)) / YEAR;
    return [degrees[day], Math.sin(season), Math.cos(season)];
  });
const days = Array.from({ length: degrees.length - YEAR }, (_, i) => YEAR + i);
const [train, test] = [days.slice(0, -2 * YEAR), days.slice(-2 * YEAR)];
manualSeed(1);
const found = await forecast(
  { steps: train.map(windowBefore), targets: train.map((t) => degrees[t]) },
  test.map(windowBefore),
  { hidden: 32, epochs: 15, batchSize: 32, lr: 3e-3 },
);
const wanted = test.map((t) => degrees[t]);
const error = rmse(found, wanted);
const last = rmse(
  test.map((t) => degrees[t - 1]),
  wanted,
);
const seasonal = rmse(
  test.map((t) => degrees[t - YEAR]),
  wanted,
);
report(
  'melbourne',
  [
    { what: 'RMSE of the LSTM over that of the last value', value: error / last, target: 1, is: 'at most' },
    { what: 'RMSE of the LSTM over that of the seasonal value', value: error / seasonal, target: 1, is: 'at most' },
  ],
  { 'RMSE in °C: LSTM, last value, seasonal value': [error, last, seasonal].map((e) => e.toFixed(3)).join(', ') },
);
