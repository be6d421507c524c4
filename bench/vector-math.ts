/**
 * Elementwise functions, rows, reductions and optimizer steps against the bandwidth measured beside them: ns an element,
 * GB/s, and the fraction. Bytes are what the algorithm has to read and write at least; the yardstick is a read, or
 * where anything is written a copy, of as much memory. Kernels run on arrays that exist already.
 *
 * npx tsx --import ./bench/compiled.ts bench/vector-math.ts [--json] [--ts]
 */

import type { Backend } from '../src/backend/backend.ts';
import { BinaryOp, ReduceOp, UnaryOp } from '../src/backend/opcodes.ts';
import { backendInfo, kernelsFor, setBackend, setNumThreads } from '../src/backend/select.ts';
import { planBroadcast } from '../src/core/shape.ts';
import { floats } from './arrays.ts';
import { interleaved, report } from './harness.ts';
import { copyBandwidth, readBandwidth } from './yardstick.ts';

const WIDTH = 1024;
const sizes = [
  ['L2', 2 ** 16],
  ['L3', 2 ** 20],
  ['4 Mi', 2 ** 22],
  ['DRAM', 2 ** 25],
] as const;

interface Work {
  readonly name: string;
  /** Bytes an element, read and written. */
  readonly read: number;
  readonly written: number;
  /** Bytes of memory an element, where that is less than what is read and written. */
  readonly resident?: number;
  readonly run: () => void;
}

function worksOf(k: Backend, n: number): Work[] {
  const rows = n / WIDTH;
  const x = floats(n, (i) => 3 * Math.sin(i * 0.37));
  const positive = floats(n, (i) => 1 + Math.abs(x[i]));
  const [y, dy, m, v] = [floats(n), floats(n, (i) => Math.cos(i)), floats(n), floats(n)];
  const perRow = () => floats(rows);
  const perColumn = (value: number) => floats(WIDTH, () => value);
  const [mean, rstd, losses, lse, dLosses] = [perRow(), perRow(), perRow(), perRow(), perRow().fill(1 / rows)];
  const [weight, bias, dWeight, dBias] = [perColumn(1), perColumn(0), perColumn(0), perColumn(0)];
  const one = floats(1);
  const targets = Int32Array.from({ length: rows }, (_, i) => (i * 7) % WIDTH);
  const adam = { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, decoupled: false, maximize: false };
  const corrected = { ...adam, biasCorrection1: 0.5, biasCorrection2: 0.5 };
  const plain = { lr: 1e-3, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false, first: false };
  const same = planBroadcast('bench', [n], [n]);
  const byColumn = planBroadcast('bench', [rows, WIDTH], [WIDTH]);
  k.layerNorm(x, weight, bias, y, mean, rstd, rows, WIDTH, 1e-5);
  k.crossEntropy(x, targets, losses, lse, rows, WIDTH, -100);

  const unary = (name: keyof typeof UnaryOp, from = x): Work => ({
    name,
    read: 4,
    written: 4,
    run: () => k.unary(UnaryOp[name], from, y, 0, 0),
  });
  const reduction = (name: 'sum' | 'max', outer: number, length: number, inner: number, what: string): Work => {
    const out = floats(outer * inner);
    return {
      name: `${name} ${what}`,
      read: 4,
      written: 0,
      run: () => k.reduce(ReduceOp[name], x, out, outer, length, inner),
    };
  };
  const softmaxes = ([false, true] as const).flatMap((log): Work[] => {
    const name = log ? 'logSoftmax' : 'softmax';
    return [
      { name, read: 4, written: 4, run: () => k.softmax(log, x, y, rows, WIDTH) },
      { name: `${name} one row`, read: 4, written: 4, run: () => k.softmax(log, x, y, 1, n) },
      { name: `${name} backward`, read: 8, written: 4, run: () => k.softmaxBackward(log, x, dy, y, rows, WIDTH) },
    ];
  });
  return [
    ...(['neg', 'relu', 'exp', 'tanh', 'sigmoid', 'softplus', 'erf', 'gelu', 'expm1'] as const).map((name) =>
      unary(name),
    ),
    ...(['log', 'log1p', 'sqrt'] as const).map((name) => unary(name, positive)),
    { name: 'add', read: 8, written: 4, run: () => k.binary(BinaryOp.add, same, x, dy, y) },
    { name: 'add to rows', read: 4, written: 4, run: () => k.binary(BinaryOp.add, byColumn, x, bias, y) },
    { name: 'pow', read: 8, written: 4, run: () => k.binary(BinaryOp.pow, same, positive, x, y) },
    ...softmaxes,
    {
      name: 'layerNorm',
      read: 4,
      written: 4,
      run: () => k.layerNorm(x, weight, bias, y, mean, rstd, rows, WIDTH, 1e-5),
    },
    {
      name: 'layerNorm one row',
      read: 4,
      written: 4,
      run: () => k.layerNorm(x, null, null, y, one, one.slice(), 1, n, 1e-5),
    },
    {
      name: 'layerNorm backward',
      read: 8,
      written: 4,
      run: () => k.layerNormBackward(x, weight, mean, rstd, dy, y, dWeight, dBias, rows, WIDTH),
    },
    reduction('sum', 1, n, 1, 'of all'),
    reduction('sum', rows, WIDTH, 1, 'of rows'),
    reduction('max', rows, WIDTH, 1, 'of rows'),
    reduction('sum', 1, rows, WIDTH, 'of columns'),
    reduction('max', 1, rows, WIDTH, 'of columns'),
    {
      name: 'crossEntropy',
      read: 4,
      written: 0,
      run: () => k.crossEntropy(x, targets, losses, lse, rows, WIDTH, -100),
    },
    {
      name: 'crossEntropy backward',
      read: 4,
      written: 4,
      run: () => k.crossEntropyBackward(x, targets, lse, dLosses, y, rows, WIDTH, -100),
    },
    { name: 'adam', read: 16, written: 12, resident: 16, run: () => k.adam([y], [dy], [m], [v], null, corrected) },
    { name: 'sgd', read: 8, written: 4, resident: 8, run: () => k.sgd([y], [dy], null, plain) },
    {
      name: 'sgd with momentum',
      read: 12,
      written: 8,
      resident: 12,
      run: () => k.sgd([y], [dy], [m], { ...plain, momentum: 0.9 }),
    },
    { name: 'sumSquares', read: 4, written: 0, run: () => k.sumSquares([x]) },
    { name: 'scale', read: 4, written: 4, resident: 4, run: () => k.scale([m], 1) },
  ];
}

/**
 * Norms of channels, x [batch, channels, inner]: images of 32 × 32, of 7 × 7, and features. What needs the statistics of the
 * whole batch reads everything twice; a group or a plane is small enough to be read once.
 */
function normsOf(k: Backend, n: number): Work[] {
  const x = floats(n, (i) => 3 * Math.sin(i * 0.37));
  const [y, dy] = [floats(n), floats(n, (i) => Math.cos(i))];
  const images = (what: string, channels: number, inner: number, groups: number): Work[] => {
    const batch = Math.floor(n / (channels * inner));
    const dims = { batch, channels, inner, groups: 0 };
    const [weight, bias, dWeight, dBias] = [1, 0, 0, 0].map((value) => floats(channels, () => value));
    const run = { x, weight, bias, mean: floats(channels), rstd: floats(channels, () => 0.5) };
    const grouped = (sets: number) => {
      const own = { ...run, mean: floats(batch * sets), rstd: floats(batch * sets, () => 0.5) };
      return { dims: { ...dims, groups: sets }, own, members: (channels / sets) * inner };
    };
    const backward = (name: string, of: typeof dims, given: typeof run, fixed: boolean): Work => ({
      name: `${name} backward ${what}`,
      read: of.groups > 0 || fixed ? 8 : 16,
      written: 4,
      resident: 12,
      run: () => k.channelNormBackward(of, { ...given, dy, fixed }, { dx: y, dWeight, dBias }),
    });
    const inGroups = (name: string, sets: number): Work[] => {
      const { dims: of, own, members } = grouped(sets);
      const forward = () => {
        k.moments(x.subarray(0, batch * channels * inner), own.mean, own.rstd, batch * sets, members, 1);
        k.channelNorm(of, own, y);
      };
      return [{ name: `${name} ${what}`, read: 4, written: 4, run: forward }, backward(name, of, own, false)];
    };
    const training = (): void => {
      k.batchMoments(x, run.mean, run.rstd, batch, channels, inner);
      k.channelNorm(dims, run, y);
    };
    return [
      { name: `batchNorm ${what}`, read: 8, written: 4, resident: 8, run: training },
      backward('batchNorm', dims, run, false),
      { name: `batchNorm evaluation ${what}`, read: 4, written: 4, run: () => k.channelNorm(dims, run, y) },
      ...(groups === 0 ? [] : inGroups('groupNorm', groups)),
      ...(inner === 1 ? [] : inGroups('instanceNorm', channels)),
    ];
  };
  return [...images('32 × 32', 16, 1024, 4), ...images('7 × 7', 64, 49, 8), ...images('features', 256, 1, 0)];
}

/** As many calls in a row as take about a millisecond: a call of the L2 size takes less than the clock can tell. */
function repeated(run: () => void): { run: () => void; calls: number } {
  const start = performance.now();
  run();
  const calls = Math.max(1, Math.ceil(1 / Math.max(performance.now() - start, 1e-3)));
  return {
    calls,
    run: () => {
      for (let i = 0; i < calls; i++) run();
    },
  };
}

function measure(label: string, n: number, threads: number, rounds: number): Record<string, unknown>[] {
  setNumThreads(threads);
  const works = [...worksOf(kernelsFor('float32'), n), ...normsOf(kernelsFor('float32'), n)];
  const wanted = process.argv
    .find((arg) => arg.startsWith('--only='))
    ?.slice(7)
    .split(',');
  const chosen = works.filter(({ name }) => wanted === undefined || wanted.includes(name));
  return chosen.map(({ name, read, written, resident = read + written, run }) => {
    run();
    const { run: loop, calls } = repeated(run);
    const yardstick = () => {
      const bytes = n * resident;
      return written === 0 ? readBandwidth(bytes, threads) : copyBandwidth(bytes / 2, threads);
    };
    // The yardstick before and after: the machine may have slowed down or recovered in between.
    const before = yardstick();
    setNumThreads(threads);
    const [{ median, fastest }] = interleaved([{ name, run: loop }], { rounds, warmup: 1 });
    const limit = Math.max(before, yardstick());
    const seconds = fastest / calls;
    const rate = (n * (read + written)) / seconds;
    return {
      size: label,
      threads,
      name,
      'ns an element': Number(((seconds / n) * 1e9).toFixed(3)),
      'median ns': Number(((median / calls / n) * 1e9).toFixed(3)),
      'GB/s': Number((rate / 1e9).toFixed(1)),
      'of bandwidth': Number((rate / limit).toFixed(2)),
    };
  });
}

const onTs = process.argv.includes('--ts');
if (onTs) setBackend('ts');
const threads = onTs ? [1] : [...new Set([1, backendInfo().threads])];
const rows = sizes
  .filter(([label]) => !onTs || label !== 'DRAM')
  .flatMap(([label, n]) => threads.flatMap((count) => measure(label, n, count, onTs ? 3 : 9)));
report('vector-math', rows, { by: ['size', 'name', 'threads'], time: 'ns an element', ratios: ['of bandwidth'] });
