import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  horizonOf,
  newConfig,
  resumedConfig,
  savedConfig,
  type TrainConfig,
  type TrainFlags,
} from '../../src/cli/train-config.ts';
import { ConfigError } from '../../src/errors.ts';

const config = newConfig(['a.txt'], { steps: 200 });
const json = (value: unknown) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>;

describe('newConfig', () => {
  test('the defaults of the manual', () => {
    expect(newConfig(['a.txt', '/b'], {})).toEqual({
      files: [resolve('a.txt'), '/b'],
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
      weightDecay: 0.1,
      epochs: 10,
      steps: null,
      minutes: null,
      checkpointEvery: '60s',
    });
  });

  test('one end takes the place of the default one; two are refused', () => {
    expect(newConfig(['a'], { minutes: 3 })).toMatchObject({ epochs: null, steps: null, minutes: 3 });
    expect(() => newConfig(['a'], { steps: 5, minutes: 3 })).toThrow(/given twice: got --steps and --minutes/);
    expect(() => newConfig([], {})).toThrow(/no text/);
  });

  test('the end in steps or seconds', () => {
    expect(horizonOf(config, 7)).toEqual({ steps: 200 });
    expect(horizonOf(newConfig(['a'], { epochs: 3 }), 7)).toEqual({ steps: 21 });
    expect(horizonOf(newConfig(['a'], { minutes: 0.5 }), 7)).toEqual({ seconds: 30 });
  });
});

describe('savedConfig', () => {
  test('comes back through JSON', () => {
    expect(savedConfig(json(config))).toEqual(config);
  });

  test.each([null, undefined, 'text', 7, [], [1]])('%j is none', (value) => {
    expect(() => savedConfig(value)).toThrow(ConfigError);
  });

  test.each(Object.keys(config))('without %s it is refused', (key) => {
    const { [key]: _, ...rest } = json(config);
    expect(() => savedConfig(rest)).toThrow(ConfigError);
  });

  test.each<[string, unknown]>([
    ['hidden', '256'],
    ['hidden', 0],
    ['hidden', 1.5],
    ['lr', null],
    ['schedule', 'toString'],
    ['schedule', 'stairs'],
    ['seed', 1],
    ['steps', null],
    ['epochs', 3],
    ['files', 'a.txt'],
    ['files', [1]],
    ['checkpointEvery', 60],
  ])('with %s of %j it is refused', (key, value) => {
    expect(() => savedConfig({ ...json(config), [key]: value })).toThrow(ConfigError);
  });

  test('unknown keys and those of prototypes are refused, and poison nothing', () => {
    expect(() => savedConfig({ ...json(config), hiden: 3 })).toThrow(/unknown key: got hiden, expected files, hidden/);
    const hostile = JSON.parse(`${JSON.stringify(config).slice(0, -1)},"__proto__":{"polluted":true}}`) as unknown;
    expect(() => savedConfig(hostile)).toThrow(/unknown key: got __proto__/);
    expect(({} as { polluted?: true }).polluted).toBeUndefined();
    const inherited = Object.create(json(config)) as unknown;
    expect(() => savedConfig(inherited)).toThrow(ConfigError);
  });
});

describe('resumedConfig', () => {
  test('what is not given stays', () => {
    expect(resumedConfig(config, [], {})).toEqual(config);
  });

  test('the end, the rate and what does not touch the course so far may change', () => {
    const flags: TrainFlags = { minutes: 5, lr: 1e-3, schedule: 'linear', clip: 1, checkpointEvery: '5' };
    expect(resumedConfig(config, ['b.txt'], flags)).toEqual({
      ...config,
      ...flags,
      steps: null,
      epochs: null,
      files: [resolve('b.txt')],
    });
  });

  test.each<[keyof TrainConfig, unknown]>([
    ['hidden', 128],
    ['layers', 2],
    ['embed', 32],
    ['dropout', 0.1],
    ['seq', 32],
    ['batch', 16],
    ['val', 0],
    ['seed', '2'],
  ])('%s may not', (key, value) => {
    expect(() => resumedConfig(config, [], { [key]: value })).toThrow(/a run cannot change this/);
    expect(resumedConfig(config, [], { [key]: config[key] })).toEqual(config);
  });
});
