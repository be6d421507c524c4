/**
 * A plain synchronous loop of small training steps, with nothing that helps the collector: no scope, no fit, no pause.
 * Prints in MB, as one JSON object, the resident memory as medians of an early and a late part of the steps, and under
 * `--expose-gc` what is alive at the end of either.
 *
 *   node scripts/memory-loop.mjs STEPS EARLY_FROM EARLY_TO LATE_FROM
 */

import { setTimeout } from 'node:timers/promises';
import { crossEntropy, manualSeed, models, optim, tensor } from '../dist/index.js';

const [steps, earlyFrom, earlyTo, lateFrom] = process.argv.slice(2).map(Number);
const [VOCAB, STEPS, BATCH] = [30, 16, 8];

manualSeed(1);
const model = new models.CharLSTM({ vocab: VOCAB, embed: 16, hidden: 32, layers: 2 });
const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
const rows = (shift) =>
  Array.from({ length: STEPS }, (_, t) => Array.from({ length: BATCH }, (_, b) => (t * t + b + shift) % VOCAB));
const [ids, next] = [rows(0), rows(1)].map((table) => tensor(table, { dtype: 'int32' }));

const resident = new Float64Array(steps);
/** By step. */
const alive = new Map();
for (let step = 0; step < steps; step++) {
  optimizer.zeroGrad();
  const [logits] = model.forward(ids);
  const loss = crossEntropy(logits.reshape([-1, VOCAB]), next.reshape([-1]));
  loss.backward();
  optim.clipGradNorm_(model.parameters(), 5);
  optimizer.step();
  resident[step] = process.memoryUsage.rss() / 1e6;
  if (globalThis.gc && (step === earlyTo - 1 || step === steps - 1)) {
    // The memory of arrays is given back by another thread, later.
    for (let i = 0; i < 3; i++) {
      globalThis.gc();
      await setTimeout(50);
    }
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    alive.set(step + 1, (heapUsed + arrayBuffers) / 1e6);
  }
}

const median = (from, to) => resident.slice(from, to).sort()[(to - from) >> 1];
const [early, late] = [median(earlyFrom, earlyTo), median(lateFrom, steps)];
console.log(JSON.stringify({ early, late, aliveEarly: alive.get(earlyTo), aliveLate: alive.get(steps) }));
