/** Real text, end to end: Tiny Shakespeare. The trainings are long, and ask for speeds that two cores reach. */

import { describe, expect, test } from 'vitest';
import { backendInfo } from '../../src/backend/select.ts';
import { Corpus } from '../../src/text/corpus.ts';
import { EvaluationStreams, splitText } from '../../src/text/streams.ts';
import { temporaryFolder } from '../io/folder.ts';
import { dataFile } from '../support/data.ts';
import { lanegrad, long } from './run.ts';

const file = dataFile('tinyshakespeare/input.txt');
const MINUTE = 60_000;

describe.skipIf(file === null)('Tiny Shakespeare', () => {
  test('is read whole: its characters, its vocabulary, its split', async () => {
    const { ids, size, vocabulary, sha256 } = await Corpus.read([file!]);
    expect([size, vocabulary.size, ids.constructor.name]).toEqual([1_115_394, 65, 'Uint8Array']);
    expect(sha256).toBe('86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed');
    expect(vocabulary.decode(ids.subarray(0, 14))).toBe('First Citizen:');
    const { trainSize } = splitText(size, 0.1);
    expect(trainSize).toBe(1_003_854);
    expect(new EvaluationStreams(ids, trainSize).predictions).toBe(size - trainSize);
  });

  describe.skipIf(!long || backendInfo().backend === 'ts')('on two cores with the addon', () => {
    async function train(cwd: string, ...options: string[]) {
      const args = ['train', file!, '--out', 'run', '--json', ...options];
      const { code, stdout, stderr } = await lanegrad(args, { cwd });
      expect(code, stderr).toBe(0);
      return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as { valLoss: number; charsPerSecond: number };
    }

    test('three minutes of 256 units: 1.52 nats, 30,000 characters a second; it writes a play', {
      timeout: 6 * MINUTE,
    }, async () => {
      const cwd = temporaryFolder();
      const { valLoss, charsPerSecond } = await train(cwd, '--hidden', '256', '--minutes', '3');
      console.log(`hidden 256: ${valLoss.toFixed(4)} nats, ${Math.round(charsPerSecond)} characters a second`);
      expect(valLoss).toBeLessThanOrEqual(1.52);
      expect(charsPerSecond).toBeGreaterThanOrEqual(30_000);
      const { stdout } = await lanegrad(['generate', 'run', '--length', '4000', '--seed', '1'], { cwd });
      // Names of speakers stand alone on their lines, and end in a colon.
      expect(stdout.match(/^[A-Z][A-Za-z ]+:$/gm)!.length).toBeGreaterThan(5);
    });

    test('128 units: 60,000 characters a second', { timeout: 3 * MINUTE }, async () => {
      const { charsPerSecond } = await train(temporaryFolder(), '--hidden', '128', '--minutes', '0.5');
      console.log(`hidden 128: ${Math.round(charsPerSecond)} characters a second`);
      expect(charsPerSecond).toBeGreaterThanOrEqual(60_000);
    });
  });
});
