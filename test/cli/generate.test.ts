import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { CharLSTM } from '../../src/models/char-lstm.ts';
import { generate } from '../../src/models/generate.ts';
import { suiteFolder } from '../io/folder.ts';
import { folderWithText, lanegrad, main, sampleText, TINY } from './run.ts';

describe('a trained model', { timeout: 60_000 }, () => {
  const cwd = folderWithText(suiteFolder());
  beforeAll(async () => {
    const { code, stderr } = await lanegrad(
      ['train', 'text.txt', '--out', 'run', ...TINY, '--steps', '60', '--lr', '0.02'],
      { cwd },
    );
    if (code !== 0) throw new Error(stderr);
  });

  const text = async (...args: string[]) => {
    const { code, stdout, stderr } = await lanegrad(['generate', 'run', ...args], { cwd });
    expect([code, stderr]).toEqual([0, '']);
    return stdout;
  };

  test('writes the text alone on standard output: what a program writes in three lines', async () => {
    const model = CharLSTM.load(join(cwd, 'run'));
    const options = { seedText: 'the ', length: 600, temperature: 0.8, topK: 10, topP: 0.95, seed: 7 };
    const args = [
      '--seed-text',
      'the ',
      '--length',
      '600',
      '--temperature',
      '0.8',
      '--top-k',
      '10',
      '--top-p',
      '0.95',
      '--seed',
      '7',
    ];
    expect(await text(...args)).toBe(generate(model, options));
  });

  test('lengths are of characters; defaults; each time another text without a seed', async () => {
    expect(Array.from(await text('--length', '10'))).toHaveLength(10);
    expect(await text('--length', '0', '--seed-text', 'the')).toBe('the');
    const [a, b] = [await text(), await text()];
    expect(Array.from(a)).toHaveLength(500);
    expect(a).not.toBe(b);
    expect(await text('--seed', '0')).toBe(await text('--seed', '0'));
  });

  test('takes a checkpoint file as well as a folder', async () => {
    const { stdout } = await lanegrad(['generate', 'run/best.safetensors', '--length', '20', '--seed', '1'], { cwd });
    expect(Array.from(stdout)).toHaveLength(20);
  });

  test('a reader that has seen enough is no error', () => {
    const script = `${process.execPath} ${main} generate run --length 2000000 | head -c 10`;
    const env = { ...process.env, LANEGRAD_QUIET: '1' };
    const run = spawnSync('bash', ['-o', 'pipefail', '-c', script], { cwd, encoding: 'latin1', env });
    // In bytes: head may cut a character in two.
    expect([run.status, run.stdout.length, run.stderr]).toEqual([0, 10, '']);
  });

  test('eval: nats, bits and perplexity of a text it knows the characters of', async () => {
    writeFileSync(join(cwd, 'seen.txt'), sampleText(30));
    writeFileSync(join(cwd, 'noise.txt'), Array.from(sampleText(30)).reverse().join(''));
    const measure = async (file: string) => {
      const { code, stdout } = await lanegrad(['eval', 'run', file, '--json'], { cwd });
      expect(code).toBe(0);
      return JSON.parse(stdout) as { chars: number; nats: number; bits: number; perplexity: number };
    };
    const seen = await measure('seen.txt');
    expect(Object.keys(seen)).toEqual(['chars', 'nats', 'bits', 'perplexity']);
    expect(seen.chars).toBe(Array.from(sampleText(30)).length - 1);
    expect(seen.bits).toBeCloseTo(seen.nats / Math.log(2), 12);
    expect(seen.perplexity).toBeCloseTo(Math.exp(seen.nats), 9);
    expect((await measure('noise.txt')).nats).toBeGreaterThan(seen.nats + 0.5);
    const { stdout } = await lanegrad(['eval', 'run', 'seen.txt'], { cwd });
    expect(stdout).toMatch(
      /^[\d,]+ characters predicted: \d\.\d{4} nats, \d\.\d{4} bits a character, perplexity \d+\.\d{3}\n$/,
    );
  });
});

describe('info', () => {
  test('tells the whole story, for people and as JSON', async () => {
    const options = { cwd: process.cwd() };
    const { code, stdout } = await lanegrad(['info', '--json'], options);
    expect(code).toBe(0);
    const info = JSON.parse(stdout) as Record<string, unknown>;
    for (const key of ['package', 'version', 'node', 'cpu', 'backend', 'isa', 'threads', 'reason', 'attempts'])
      expect(info).toHaveProperty(key);
    expect(info).toMatchObject({ package: 'lanegrad', node: process.version });
    const people = await lanegrad(['info'], options);
    expect(people.stdout).toContain(`backend  ${String(info.backend)}`);
  });

  test('says why TypeScript computes', async () => {
    const { stdout } = await lanegrad(['info'], { cwd: process.cwd(), env: { LANEGRAD_BACKEND: 'ts' } });
    expect(stdout).toMatch(/^backend {2}ts: the TypeScript backend was asked for$/m);
    const broken = { LANEGRAD_BACKEND: 'auto', LANEGRAD_NATIVE_PATH: '/nowhere/lanegrad.node' };
    const missing = await lanegrad(['info', '--json'], { cwd: process.cwd(), env: broken });
    expect(JSON.parse(missing.stdout)).toMatchObject({ backend: 'ts', attempts: [{ path: '/nowhere/lanegrad.node' }] });
  });
});
