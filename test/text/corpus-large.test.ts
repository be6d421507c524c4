/** A corpus past the longest JavaScript string, in the memory that its ids take. */

import { spawnSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../io/folder.ts';

/** More bytes than a string has room for (2²⁹ − 24); NUL is a character like any other, and the file takes no disk. */
const SIZE = 600_000_000;
/** For one byte a character, beside what an idle process of the library takes. */
const BESIDE_MB = 64;

test.runIf(process.env.LANEGRAD_LONG === '1')('600 MB of text in a heap of 256 MB', { timeout: 300_000 }, () => {
  const path = join(temporaryFolder(), 'text');
  writeFileSync(path, 'begin ');
  truncateSync(path, SIZE);
  const code = `import { Corpus } from '${resolve('dist/text/corpus.js')}';
      const idle = process.memoryUsage.rss();
      let peak = 0;
      const corpus = await Corpus.read(['${path}'], { onProgress: () => { peak = Math.max(peak, process.memoryUsage.rss()); } });
      console.log(JSON.stringify([corpus.size, corpus.vocabulary.size, corpus.ids.BYTES_PER_ELEMENT, (peak - idle) / 1e6]));`;
  const args = ['--max-old-space-size=256', '--input-type=module', '-e', code];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(stderr).toBe('');
  const [size, vocabulary, bytes, peak] = JSON.parse(stdout) as number[];
  expect([size, vocabulary, bytes]).toEqual([SIZE, 7, 1]);
  expect(peak).toBeLessThan(SIZE / 1e6 + BESIDE_MB);
});
