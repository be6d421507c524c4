/**
 * One training step of a character LSTM (forward, loss, backward, clip to norm 5, Adam) by size, backend and threads.
 * GF/s counts three times the forward products; the peak is that of as many threads, measured before and after.
 *
 * npx tsx bench/train-step.ts [--json] [--ts]
 */

import { backendInfo, setBackend, setNumThreads } from '../src/backend/select.ts';
import { trainingStep } from './char-training.ts';
import { interleaved, report, timeColumns } from './harness.ts';
import { significant } from './statistics.ts';
import { sizeName, trainFlops, trainSizes } from './workloads.ts';
import { fmaPeak } from './yardstick.ts';

const onTs = process.argv.includes('--ts');
if (onTs) setBackend('ts');
const threads = backendInfo().backend === 'native' ? [1, 2] : [1];
// TypeScript takes seconds for a step of the others.
const sizes = onTs ? trainSizes.filter(({ hidden }) => hidden <= 128) : trainSizes;
const rows = sizes.flatMap((size) => {
  const before = threads.map(fmaPeak);
  const subjects = threads.map((count) => {
    const step = trainingStep(size);
    return {
      name: String(count),
      run: () => {
        setNumThreads(count);
        step();
      },
    };
  });
  const rounds = onTs ? 5 : size.hidden >= 512 ? 9 : 21;
  return interleaved(subjects, { rounds, warmup: onTs ? 1 : 3 }).map((timing, i) => {
    const rate = trainFlops(size) / timing.median;
    return {
      size: sizeName(size),
      threads: threads[i],
      ...timeColumns(timing, 'ms'),
      'chars/s': Math.round((size.batch * size.steps) / timing.median),
      'GF/s': significant(rate / 1e9),
      'of peak': significant(rate / Math.max(before[i], fmaPeak(threads[i]))),
    };
  });
});
report('train-step', rows, { by: ['size', 'threads'], time: 'ms', ratios: ['of peak'] });
