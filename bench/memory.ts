/**
 * Resident memory of a training step: its peak above what the process had before its first step, and how much more there
 * is after a thousand steps than after the first hundred. Each size in a fresh process, so that nothing was touched before.
 *
 * npx tsx --import ./bench/compiled.ts bench/memory.ts [--json] [--ts]
 */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { backendInfo, setBackend } from '../src/backend/select.ts';
import { report } from './harness.ts';
import { peakResidentBytes, resetPeak, residentBytes } from './resident.ts';
import { significant } from './statistics.ts';
import { multiplyingWeights, sizeName, type TrainSize, trainSizes, VOCAB } from './workloads.ts';

const MIB = 1024 * 1024;
/** TypeScript takes half a minute for a step of the largest size; the second step has all that stays from the first. */
const PEAK_STEPS = { native: 10, ts: 2 } as const;
const GROWTH = { from: 100, to: 1100 } as const;

interface Measured {
  readonly before: number;
  readonly peak: number;
  /** Missing where a thousand steps take too long. */
  readonly growth?: number;
}

/** In the child: steps, and what they took. */
async function measureHere(size: TrainSize, longRun: boolean): Promise<Measured> {
  const { trainingStep } = await import('./char-training.ts');
  const step = trainingStep(size);
  resetPeak();
  const before = residentBytes();
  const steps = PEAK_STEPS[backendInfo().backend];
  for (let i = 0; i < steps; i++) step();
  const peak = peakResidentBytes();
  if (!longRun) return { before, peak };
  for (let i = steps; i < GROWTH.from; i++) step();
  const early = residentBytes();
  for (let i = GROWTH.from; i < GROWTH.to; i++) step();
  return { before, peak, growth: residentBytes() - early };
}

function measure(index: number, flags: readonly string[]): Measured {
  const script = fileURLToPath(import.meta.url);
  const run = spawnSync(process.execPath, [...process.execArgv, script, '--child', String(index), ...flags], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (run.status !== 0) throw new Error(`the measured process ended with ${run.status ?? run.signal}`);
  return JSON.parse(run.stdout) as Measured;
}

/** What a step cannot do without: weights, gradients, two moments, and what the layers save for the gradient. */
function leastBytes(size: TrainSize): number {
  const { embed, hidden, layers, batch, steps } = size;
  const weights = VOCAB * embed + multiplyingWeights(size) + 8 * hidden * layers + VOCAB;
  const saved = embed + layers * 6 * hidden + 2 * VOCAB;
  return 4 * (4 * weights + batch * steps * saved);
}

const onTs = process.argv.includes('--ts');
if (onTs) setBackend('ts');
const child = process.argv.indexOf('--child');
if (child >= 0) {
  const size = trainSizes[Number(process.argv[child + 1])];
  process.stdout.write(JSON.stringify(await measureHere(size, process.argv.includes('--long'))));
} else {
  const chosen = [0, 2, 3];
  const rows = chosen.map((index) => {
    const size = trainSizes[index];
    const long = index === 0 && !onTs ? ['--long'] : [];
    const { before, peak, growth } = measure(index, [...(onTs ? ['--ts'] : []), ...long]);
    const least = leastBytes(size);
    return {
      size: sizeName(size),
      'before MiB': significant(before / MIB),
      'peak above MiB': significant((peak - before) / MIB),
      'least MiB': significant(least / MIB),
      'least ÷ peak above': significant(least / (peak - before)),
      [`growth over ${GROWTH.to - GROWTH.from} steps, MiB`]:
        growth === undefined ? undefined : significant(growth / MIB),
    };
  });
  report('memory', rows, { by: ['size'], time: 'peak above MiB', ratios: ['least ÷ peak above'] });
}
