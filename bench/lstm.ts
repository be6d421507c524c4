/**
 * Recurrent layers alone, forward and forward with backward, by layer, size and threads. GF/s counts 2·G·H·(I + H)·B·T
 * flops forward (G gates) and three times as many with backward; the peak is that of as many threads, measured before
 * and after.
 *
 * npx tsx --import ./bench/compiled.ts bench/lstm.ts [--json] [--ts]
 */

import type { Backend } from '../src/backend/backend.ts';
import { backendInfo, kernelsFor, setBackend, setNumThreads } from '../src/backend/select.ts';
import { floats } from './arrays.ts';
import { interleaved, report, type Subject, timeColumns } from './harness.ts';
import { significant } from './statistics.ts';
import { fmaPeak } from './yardstick.ts';

type Kind = 'lstm' | 'gru' | 'rnn';

/** I inputs, H hidden units, B sequences, T steps. */
interface Size {
  readonly inputs: number;
  readonly hidden: number;
  readonly batch: number;
  readonly steps: number;
}

const GATES: Readonly<Record<Kind, number>> = { lstm: 4, gru: 3, rnn: 1 };
const layers = Object.keys(GATES) as Kind[];
const batched: readonly Size[] = [
  { inputs: 64, hidden: 128, batch: 32, steps: 64 },
  { inputs: 64, hidden: 256, batch: 32, steps: 64 },
  { inputs: 256, hidden: 256, batch: 32, steps: 64 },
  { inputs: 512, hidden: 512, batch: 64, steps: 128 },
  { inputs: 256, hidden: 1024, batch: 32, steps: 64 },
];
const single: readonly Size[] = [
  { inputs: 256, hidden: 256, batch: 1, steps: 64 },
  { inputs: 512, hidden: 512, batch: 1, steps: 64 },
];

function drawn(n: number, bound = 1): Float32Array {
  return floats(n, () => (Math.random() * 2 - 1) * bound);
}

/** The two calls of one layer over arrays of their own. */
function callsOf(k: Backend, kind: Kind, size: Size): { forward: () => void; backward: () => void } {
  const { inputs: I, hidden: H, batch: B, steps: T } = size;
  const dims = { ...size, reverse: false };
  const rows = GATES[kind] * H;
  const [bound, state] = [1 / Math.sqrt(H), B * H];
  const inputs = {
    x: drawn(T * B * I),
    wIh: drawn(rows * I, bound),
    wHh: drawn(rows * H, bound),
    bIh: drawn(rows, bound),
    bHh: drawn(rows, bound),
    h0: drawn(state),
    c0: drawn(state),
  };
  const workspaces = { lstm: k.lstmWorkspaceSize(dims), gru: k.gruWorkspaceSize(dims), rnn: 0 };
  const out = { y: floats(T * state), hN: floats(state), cN: floats(state), workspace: floats(workspaces[kind]) };
  const { y, workspace } = out;
  const given = { dy: drawn(T * state), dhN: drawn(state), dcN: drawn(state) };
  const grads = {
    dx: floats(T * B * I),
    dwIh: floats(rows * I),
    dwHh: floats(rows * H),
    db: floats(rows),
    dbIh: floats(rows),
    dbHh: floats(rows),
    dh0: floats(state),
    dc0: floats(state),
  };
  if (kind === 'lstm') {
    return {
      forward: () => k.lstm(dims, inputs, out),
      backward: () => k.lstmBackward(dims, inputs, y, workspace, given, grads),
    };
  }
  if (kind === 'gru') {
    return {
      forward: () => k.gru(dims, inputs, out),
      backward: () => k.gruBackward(dims, inputs, y, workspace, given, grads),
    };
  }
  return {
    forward: () => k.rnn(dims, false, inputs, out),
    backward: () => k.rnnBackward(dims, false, inputs, y, given, grads),
  };
}

const onTs = process.argv.includes('--ts');
if (onTs) setBackend('ts');
const threads = backendInfo().backend === 'native' ? [1, 2] : [1];
const work = onTs
  ? batched.slice(0, 1).map((size) => ({ size, kinds: layers }))
  : [
      ...batched.map((size) => ({ size, kinds: layers })),
      ...single.map((size) => ({ size, kinds: ['lstm'] as const })),
    ];
const rows = work.flatMap(({ size, kinds }) => {
  const { inputs, hidden, batch, steps } = size;
  const peaks = threads.map(fmaPeak);
  const k = kernelsFor('float32');
  const runs = kinds.flatMap((layer) => {
    const { forward, backward } = callsOf(k, layer, size);
    const flops = 2 * GATES[layer] * hidden * (inputs + hidden) * batch * steps;
    const both = () => {
      forward();
      backward();
    };
    return threads.flatMap((count, at) => [
      { layer, pass: 'forward', run: forward, flops, count, at },
      { layer, pass: 'forward + backward', run: both, flops: 3 * flops, count, at },
    ]);
  });
  const subjects = runs.map(({ layer, run, count }): Subject => {
    return {
      name: layer,
      run: () => {
        setNumThreads(count);
        run();
      },
    };
  });
  const rounds = onTs ? 3 : hidden >= 512 && batch > 1 ? 7 : 21;
  const timings = interleaved(subjects, { rounds, warmup: onTs ? 1 : 3 });
  const best = threads.map((count, i) => Math.max(peaks[i], fmaPeak(count)));
  return timings.map((timing, i) => {
    const { layer, pass, flops, count, at } = runs[i];
    const rate = flops / timing.median;
    return {
      layer,
      size: `I${inputs} H${hidden} B${batch} T${steps}`,
      pass,
      threads: count,
      ...timeColumns(timing, 'ms'),
      'GF/s': significant(rate / 1e9),
      'of peak': significant(rate / best[at]),
    };
  });
});
report('lstm', rows, { by: ['layer', 'size', 'pass', 'threads'], time: 'ms', ratios: ['of peak'] });
