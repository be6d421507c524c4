/**
 * Characters written by `generate`, sampling included, by size and backend. What bounds it is reading every weight once a
 * character: the limit is the bytes of the weights over the bandwidth of the cache level they lie in.
 *
 * npx tsx --import ./bench/compiled.ts bench/generate.ts [--json] [--ts]
 */

import { backendInfo, setBackend, setNumThreads } from '../src/backend/select.ts';
import { manualSeed } from '../src/core/rng.ts';
import { CharLSTM } from '../src/models/char-lstm.ts';
import { generate } from '../src/models/generate.ts';
import { Vocabulary } from '../src/text/vocabulary.ts';
import { interleaved, report, timeColumns } from './harness.ts';
import { significant } from './statistics.ts';
import { generateSizes, multiplyingWeights, sizeName, VOCAB } from './workloads.ts';
import { readBandwidth } from './yardstick.ts';

const onTs = process.argv.includes('--ts');
if (onTs) setBackend('ts');
const length = onTs ? 256 : 2048;
const threads = backendInfo().backend === 'native' ? [1, 2] : [1];
const vocab = Vocabulary.fromCodePoints(Array.from({ length: VOCAB }, (_, i) => 32 + i));
const rows = generateSizes.flatMap((size) => {
  manualSeed(1);
  const model = new CharLSTM({ vocab, ...size });
  const bytes = 4 * multiplyingWeights(size);
  const subjects = threads.map((count) => ({
    name: String(count),
    run: () => {
      setNumThreads(count);
      generate(model, { seedText: 'A', length, temperature: 0.8, seed: 1 });
    },
  }));
  return interleaved(subjects, { rounds: onTs ? 5 : 15 }).map((timing, i) => ({
    size: sizeName(size),
    threads: threads[i],
    ...timeColumns(timing, 'µs', length),
    'GB/s': significant((bytes * length) / timing.median / 1e9),
    'of bandwidth': significant((bytes * length) / timing.median / readBandwidth(bytes, threads[i])),
  }));
});
report('generate', rows, { by: ['size', 'threads'], time: 'µs', ratios: ['of bandwidth'] });
