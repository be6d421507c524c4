/** What a training is told: from the command line, and for one that goes on also from its checkpoint. */

import { resolve } from 'node:path';
import { ConfigError } from '../errors.ts';
import { type Horizon, schedules } from '../train/index.ts';
import { count, fraction, fromSaved, interval, nonNegative, oneOf, positive, type Rule, seed } from './values.ts';

/** Everything a training is told, as a checkpoint keeps it. Exactly one of epochs, steps and minutes is not null. */
export interface TrainConfig {
  readonly files: readonly string[];
  readonly hidden: number;
  readonly layers: number;
  readonly embed: number;
  readonly dropout: number;
  readonly seq: number;
  readonly batch: number;
  readonly val: number;
  readonly seed: string;
  readonly lr: number;
  readonly schedule: keyof typeof schedules;
  readonly clip: number;
  readonly weightDecay: number;
  readonly epochs: number | null;
  readonly steps: number | null;
  readonly minutes: number | null;
  readonly checkpointEvery: string;
}

/** The options that were given; the names are those of commander. */
export type TrainFlags = Partial<{ [K in keyof Omit<TrainConfig, 'files'>]: NonNullable<TrainConfig[K]> }>;

type Rules = { readonly [K in keyof Omit<TrainConfig, 'files'>]: Rule<NonNullable<TrainConfig[K]>> };

export const trainRules: Rules = {
  hidden: count(),
  layers: count(),
  embed: count(),
  dropout: fraction,
  seq: count(),
  batch: count(),
  val: fraction,
  seed,
  lr: positive,
  schedule: oneOf(Object.keys(schedules) as (keyof typeof schedules)[]),
  clip: nonNegative,
  weightDecay: nonNegative,
  epochs: count(),
  steps: count(),
  minutes: positive,
  checkpointEvery: interval,
};

export const trainDefaults = {
  hidden: 256,
  layers: 1,
  embed: 64,
  dropout: 0,
  seq: 64,
  batch: 32,
  val: 0.1,
  seed: '1',
  lr: 4e-3,
  schedule: 'cosine',
  clip: 5,
  // A text is read a dozen times in minutes: without decay the model learns it by heart (README, Performance).
  weightDecay: 0.1,
  epochs: 10,
  checkpointEvery: '60s',
} as const satisfies TrainFlags;

const horizons = ['epochs', 'steps', 'minutes'] as const;
/** What a run cannot change: its model, its place in the data, its draws and its optimizer are made of these. */
const fixed = ['hidden', 'layers', 'embed', 'dropout', 'seq', 'batch', 'val', 'seed', 'weightDecay'] as const;

/** `--checkpoint-every` for `checkpointEvery`. */
export function optionName(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The one way that the end is given, the others null; null if none is. @throws ConfigError if two are */
function givenHorizon(flags: TrainFlags): Pick<TrainConfig, 'epochs' | 'steps' | 'minutes'> | null {
  const given = horizons.filter((name) => flags[name] !== undefined);
  if (given.length === 0) return null;
  if (given.length > 1) {
    const got = given.map(optionName).join(' and ');
    throw new ConfigError({ op: 'train', problem: 'the end is given twice', got, expected: 'one of them' });
  }
  const { epochs = null, steps = null, minutes = null } = flags;
  return { epochs, steps, minutes };
}

/** The configuration of a new run. @throws ConfigError if there is no text, or two ends */
export function newConfig(files: readonly string[], flags: TrainFlags): TrainConfig {
  if (files.length === 0) {
    const hint = 'as in: lanegrad train book.txt --out runs/book; or go on with a run by --out DIR --resume';
    throw new ConfigError({ op: 'train', problem: 'no text to learn from', hint });
  }
  const { epochs } = trainDefaults;
  const horizon = givenHorizon(flags) ?? { epochs, steps: null, minutes: null };
  return { ...trainDefaults, ...flags, ...horizon, files: files.map((file) => resolve(file)) };
}

/** The configuration that a checkpoint keeps. @throws ConfigError naming what is wrong with it */
export function savedConfig(value: unknown): TrainConfig {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigError({ op: 'resume', problem: 'this checkpoint was not written by lanegrad train' });
  }
  const saved = value as Record<string, unknown>;
  const config: Record<string, unknown> = {};
  for (const [key, rule] of Object.entries<Rule<unknown>>(trainRules)) {
    const own = Object.hasOwn(saved, key) ? saved[key] : undefined;
    const absent = own === null && (horizons as readonly string[]).includes(key);
    config[key] = absent ? null : fromSaved(key, rule, own);
  }
  for (const key of Object.keys(saved)) {
    if (key !== 'files' && !Object.hasOwn(trainRules, key)) {
      const expected = ['files', ...Object.keys(trainRules)].join(', ');
      throw new ConfigError({
        op: 'resume',
        problem: 'the saved configuration has an unknown key',
        got: key,
        expected,
      });
    }
  }
  const { files } = saved;
  if (!Array.isArray(files) || !files.every((file) => typeof file === 'string')) {
    throw new ConfigError({ op: 'resume', problem: 'the saved configuration names no files' });
  }
  if (horizons.filter((name) => config[name] !== null).length !== 1) {
    throw new ConfigError({ op: 'resume', problem: `the saved configuration has not one of ${horizons.join(', ')}` });
  }
  return { ...config, files } as unknown as TrainConfig;
}

/**
 * The configuration of a run that goes on: the saved one, with what was given and may change.
 *
 * @throws ConfigError  if something was given that a run cannot change, or two ends
 */
export function resumedConfig(saved: TrainConfig, files: readonly string[], flags: TrainFlags): TrainConfig {
  for (const key of fixed) {
    if (flags[key] !== undefined && flags[key] !== saved[key]) {
      throw new ConfigError({
        op: optionName(key),
        problem: 'a run cannot change this',
        got: flags[key],
        expected: `${saved[key]}, as it began`,
      });
    }
  }
  const paths = files.length === 0 ? saved.files : files.map((file) => resolve(file));
  return { ...saved, ...flags, ...(givenHorizon(flags) ?? {}), files: paths };
}

/** The end in steps or seconds. */
export function horizonOf({ epochs, steps, minutes }: TrainConfig, stepsPerEpoch: number): Horizon {
  if (minutes !== null) return { seconds: 60 * minutes };
  return { steps: steps ?? (epochs as number) * stepsPerEpoch };
}
