/**
 * One training step of a character model (forward, loss, backward, clip to norm 5, Adam) by cell, size, backend and threads.
 * GF/s counts three times the forward products; the peak is that of as many threads, measured before and after.
 *
 * npx tsx --import ./bench/compiled.ts bench/train-step.ts [--json] [--ts]
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
const works = (['LSTM', 'GRU', 'RNN'] as const).flatMap((cell) =>
  // Three sizes tell how the other cells stand beside the LSTM; TypeScript takes seconds for a step of more than 128 units.
  (cell === 'LSTM' ? trainSizes : trainSizes.slice(0, 3))
    .filter(({ hidden }) => !onTs || hidden <= 128)
    .map((size) => ({ cell, size })),
);
const rows = works.flatMap(({ cell, size }) => {
  const before = threads.map(fmaPeak);
  const subjects = threads.map((count) => {
    const step = trainingStep(size, cell);
    return {
      name: String(count),
      run: () => {
        setNumThreads(count);
        step();
      },
    };
  });
  const rounds = onTs ? 3 : 7;
  return interleaved(subjects, { rounds, warmup: onTs ? 1 : 2, turn: onTs ? 0 : 0.2 }).map((timing, i) => {
    const rate = trainFlops(size, cell) / timing.median;
    return {
      cell,
      size: sizeName(size),
      threads: threads[i],
      ...timeColumns(timing, 'ms'),
      'chars/s': Math.round((size.batch * size.steps) / timing.median),
      'GF/s': significant(rate / 1e9),
      'of peak': significant(rate / Math.max(before[i], fmaPeak(threads[i]))),
    };
  });
});
report('train-step', rows, { by: ['cell', 'size', 'threads'], time: 'ms', ratios: ['of peak'] });
