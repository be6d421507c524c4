/**
 * PM2.5 in Beijing an hour ahead, 2014 forecast from what 2010 to 2013 taught: an LSTM against the last value.
 *
 * npx tsx bench/accuracy/beijing.ts [--json]
 */

import { data, manualSeed } from '../../src/index.ts';
import { dataPath } from './data.ts';
import { forecast, rmse } from './forecaster.ts';
import { report } from './report.ts';

const HOURS = 24;
const WEATHER = ['DEWP', 'TEMP', 'PRES', 'Iws', 'Is', 'Ir'];
const WINDS = ['NE', 'NW', 'SE', 'cv'];

const types = Object.fromEntries(['pm2.5', ...WEATHER].map((name) => [name, 'number' as const]));
const table = await data.readCsv(dataPath('beijing-pm25/pollution.csv'), { types });
const column = (name: string) => table.column(name) as Float64Array;
const pm = column('pm2.5');
const years = column('year');
const weather = WEATHER.map(column);
const winds = table.column('cbwd') as readonly string[];

/** Log of the particles (its change is what wind and rain do), the weather, and the time of day. */
const hour = (t: number) => [
  Math.log1p(pm[t]),
  ...weather.map((values) => values[t]),
  ...WINDS.map((wind) => Number(winds[t] === wind)),
  Math.sin((2 * Math.PI * (t % 24)) / 24),
  Math.cos((2 * Math.PI * (t % 24)) / 24),
];
const features = Array.from({ length: pm.length }, (_, t) => hour(t));
const windowBefore = (t: number) => features.slice(t - HOURS, t);
/** Hours whose value and whole day before were measured. */
const measured = Array.from({ length: pm.length - HOURS }, (_, i) => HOURS + i).filter((t) =>
  pm.subarray(t - HOURS, t + 1).every(Number.isFinite),
);
const train = measured.filter((t) => years[t] < 2014);
const test = measured.filter((t) => years[t] === 2014);
manualSeed(1);
const change = await forecast(
  { steps: train.map(windowBefore), targets: train.map((t) => pm[t] - pm[t - 1]) },
  test.map(windowBefore),
  { hidden: 32, epochs: 8, batchSize: 128, lr: 3e-3 },
);
const wanted = test.map((t) => pm[t]);
const error = rmse(
  test.map((t, i) => pm[t - 1] + change[i]),
  wanted,
);
const last = rmse(
  test.map((t) => pm[t - 1]),
  wanted,
);
report(
  'beijing',
  [{ what: 'RMSE of the LSTM over that of the last value', value: error / last, target: 1, is: 'at most' }],
  {
    'RMSE in µg/m³: LSTM, last value': [error, last].map((e) => e.toFixed(2)).join(', '),
  },
);
